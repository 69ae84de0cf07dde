#include "cli/run.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <ostream>
#include <sstream>
#include <utility>
#include <variant>

#include "cli/assess.h"
#include "cli/drift.h"
#include "cli/explain.h"
#include "cli/krm.h"
#include "cli/migrate.h"
#include "cli/options.h"
#include "cli/replay.h"
#include "cli/report_command.h"
#include "cli/rollback_check.h"
#include "cli/trace.h"
#include "cli/verify.h"

namespace policyconv::cli {
namespace {

struct Runner {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;

  int operator()(const MigrateOptions& options) const { return migrate(options, in, out, err); }
  int operator()(const VerifyOptions& options) const { return verify(options, in, out, err); }
  int operator()(const TraceOptions& options) const { return trace(options, in, out, err); }
  int operator()(const ReplayOptions& options) const { return replay(options, in, out, err); }
  int operator()(const AssessOptions& options) const { return assess(options, in, out, err); }
  int operator()(const DriftOptions& options) const { return drift(options, in, out, err); }
  int operator()(const RollbackCheckOptions& options) const { return rollback_check(options, in, out, err); }
  int operator()(const ExplainOptions& options) const { return explain(options, out, err); }
  int operator()(const KrmOptions&) const { return krm(in, out, err); }
  int operator()(const MergeOptions& options) const { return merge_reports(options, out, err); }
  int operator()(const Answer& answer) const {
    (answer.status == 0 ? out : err) << answer.text;
    return answer.status;
  }
};

/// Whether `rest`, which follows our name, makes it a command that people type, or the head of a message.
bool is_typed(std::string_view rest) {
  if (rest.starts_with(": ") || rest.starts_with(" -") || rest.starts_with(" COMMAND")) return true;
  if (!rest.starts_with(' ')) return false;
  rest.remove_prefix(1);
  return std::any_of(std::begin(commands), std::end(commands), [&](std::string_view command) {
    const bool follows = rest.starts_with(command);
    return follows &&
           (rest.size() == command.size() || std::isalnum(static_cast<unsigned char>(rest[command.size()])) == 0);
  });
}

/// Our own words with the name by which kubectl knows us.
std::string as_plugin(std::string_view text) {
  constexpr std::string_view name = "policyconv";
  std::string told;
  std::size_t from = 0;
  for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at + name.size())) {
    const bool begins = at == 0 || text[at - 1] == ' ' || text[at - 1] == '`' || text[at - 1] == '\n';
    if (!begins || !is_typed(text.substr(at + name.size()))) continue;
    told.append(text.substr(from, at - from)).append("kubectl ");
    from = at;
  }
  return told.append(text.substr(from));
}

}  // namespace

Invocation invocation_of(std::string_view program) {
  program.remove_prefix(program.find_last_of('/') + 1);  // npos + 1 is 0
  if (program == "kubectl-policyconv") return Invocation::KubectlPlugin;
  return program.ends_with("-krm") ? Invocation::Function : Invocation::Program;
}

int run(std::vector<std::string> args, std::istream& in, std::ostream& out, std::ostream& err, Invocation invocation) {
  if (invocation == Invocation::Function) args.insert(args.begin(), "krm");
  const Request request = parse_command_line(std::move(args));
  const bool is_words = std::holds_alternative<Answer>(request) || std::holds_alternative<ExplainOptions>(request);
  if (invocation != Invocation::KubectlPlugin || !is_words) return std::visit(Runner{in, out, err}, request);
  std::ostringstream said, complained;
  const int status = std::visit(Runner{in, said, complained}, request);
  out << as_plugin(said.str());
  err << as_plugin(complained.str());
  return status;
}

}  // namespace policyconv::cli
