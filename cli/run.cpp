#include "cli/run.h"

#include <ostream>
#include <utility>
#include <variant>

#include "cli/assess.h"
#include "cli/explain.h"
#include "cli/migrate.h"
#include "cli/options.h"
#include "cli/replay.h"
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
  int operator()(const ExplainOptions& options) const { return explain(options.codes, out, err); }
  int operator()(const Answer& answer) const {
    (answer.status == 0 ? out : err) << answer.text;
    return answer.status;
  }
};

}  // namespace

int run(std::vector<std::string> args, std::istream& in, std::ostream& out, std::ostream& err) {
  return std::visit(Runner{in, out, err}, parse_command_line(std::move(args)));
}

}  // namespace policyconv::cli
