#include "cli/options_settle.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/collisions.h"
#include "cli/version.h"

namespace policyconv::cli {
namespace {

/// A problem of options that are fine one by one; empty if there is none.
std::string settle(InputOptions& input, const CLI::App& app) {
  input.semantics.default_local_cluster =
      input.default_local_cluster.value_or(semantics_of(input.semantics.cilium_minor).default_local_cluster);
  if (app.count("--context") > 0 && input.context.empty()) return "`--context` names no context";
  if (!input.from_cluster && !input.context.empty()) return "`--context` is about --from-cluster, which is missing";
  if (input.from_cluster && !(input.paths.empty() && input.cluster_paths.empty()))
    return "`--from-cluster` asks the cluster for policies and facts; leave out the files of both";
  return {};
}

/// Every file that is written must be one of its own, and standard output has one thing to carry.
std::string settle(const ReportOptions& options, const CLI::App& app, bool prints) {
  std::vector<std::string> targets;
  for (const ReportFile& file : options.files) targets.push_back(file.path);
  if (!options.write_baseline.empty()) targets.push_back(options.write_baseline);
  for (std::string& target : targets) {
    if (target == "-" && prints) return "a report cannot go to standard output, which has the result; name a file";
    if (target == "-" && &target == &targets.back() && !options.write_baseline.empty())
      return "`--write-baseline` names no file";
    if (target != "-" && std::filesystem::path(target).filename().empty())
      return fmt::format("`{}` names no file to write", target);
    target = std::filesystem::path(target).lexically_normal().string();
  }
  std::sort(targets.begin(), targets.end());
  const auto twice = std::adjacent_find(targets.begin(), targets.end());
  if (twice != targets.end()) return fmt::format("`{}` would be written twice", *twice);
  for (const char* name : {"--baseline", "--write-baseline", "--since-report"}) {
    const CLI::Option* option = app.get_option_no_throw(name);
    if (option != nullptr && option->count() > 0 && option->as<std::string>().empty())
      return fmt::format("`{}` names no file", name);
  }
  if (options.ratchet && options.since.empty())
    return "`--ratchet` compares with an earlier report; name it with --since-report";
  return {};
}

/// Whether what is written would be read by this run or the next one.
std::string settle_files(const InputOptions& input, const ReportOptions& reports, const std::string& output = {},
                         const std::string& more = {}) {
  std::vector<std::string> written = {reports.write_baseline, more}, read = input.paths;
  for (const ReportFile& file : reports.files) written.push_back(file.path);
  for (const auto* paths : {&input.cluster_paths, &input.object_paths}) read.insert(read.end(), paths->begin(), paths->end());
  return collision(written, read, output);
}

/// What goes with --tree, and what goes with nothing else.
std::string settle_tree(const MigrateOptions& options) {
  if (!options.tree) {
    if (options.keep_going) return "`--keep-going` is about the files of --tree, which is missing";
    if (options.shard_count > 1 || options.shard_index > 0)
      return "`--shard-count` splits the files of --tree, which is missing: policies of one cluster belong into one run";
    return {};
  }
  if (options.input.from_cluster) return "`--tree` is about files; leave out --from-cluster";
  if (options.output.empty()) return "`--tree` writes a folder for each file; name their directory with --output";
  if (options.emit == Emit::Ir) return "`--tree` writes objects; leave out `--emit ir`";
  if (options.verify) return "`--verify` is about one cluster; verify the folders of --tree one by one";
  if (options.shard_index >= options.shard_count)
    return fmt::format("`--shard-index` is {}, it must be below --shard-count {}", options.shard_index, options.shard_count);
  return {};
}

/// What is about the way from Cilium to these objects.
std::string settle_cut_over(MigrateOptions& options, const CLI::App& app) {
  for (const char* name : {"--wave", "--previous", "--admission", "--cost", "--max-acls"}) {
    if (app.count(name) == 0) continue;
    if (options.tree) return fmt::format("`--tree` is about files of different clusters; leave out `{}`", name);
    if (options.emit == Emit::Ir) return fmt::format("`{}` is about objects; leave out `--emit ir`", name);
  }
  if (!options.waves.empty() && options.output.empty())
    return "`--wave` is about the plan, which is written beside the objects; name a directory with --output";
  std::set<std::string_view> named;
  for (const std::vector<std::string>& wave : options.waves)
    for (const std::string& ns : wave)
      if (!named.insert(ns).second) return fmt::format("`--wave` names the namespace `{}` twice", ns);
  if (app.count("--previous") > 0 && options.previous.empty()) return "`--previous` names no directory";
  if (!options.previous.empty() && options.output.empty())
    return "`--previous` writes what changes beside the objects; name a directory with --output";
  std::error_code error;
  if (!options.previous.empty() && std::filesystem::equivalent(options.previous, options.output, error))
    return "`--output` is the directory of --previous, which says how to go back; name another one";
  if (options.make_before_break && options.previous.empty())
    return "`--make-before-break` is about the changes since --previous, which is missing";
  if (!options.admission)
    options.admission = options.output.empty() || options.tree ? kubeovn::AdmissionForm::None : kubeovn::AdmissionForm::Map;
  if (options.admission != kubeovn::AdmissionForm::Map || options.kubernetes_minor >= first_with_admission_map) return {};
  return fmt::format("Kubernetes 1.{} has no MutatingAdmissionPolicy, which came with 1.{}; choose `--admission kyverno` or "
                     "`--admission none`",
                     options.kubernetes_minor, first_with_admission_map);
}

template <typename Options>
std::string settle_judgement(Options& options, const CLI::App& app) {
  if (std::string problem = settle(options.input, app); !problem.empty()) return problem;
  if (std::string problem = settle_files(options.input, options.reports); !problem.empty()) return problem;
  return settle(options.reports, app, true);
}

}  // namespace

std::string settle(MigrateOptions& options, const CLI::App& app) {
  if (std::string problem = settle(options.input, app); !problem.empty()) return problem;
  if (std::string problem = settle_tree(options); !problem.empty()) return problem;
  if (std::string problem = settle_cut_over(options, app); !problem.empty()) return problem;
  options.tolerance.allow_looser = options.input.allow_looser;
  if (app.count("--output") > 0 && options.output.empty()) return "`--output` names no directory";
  if (options.emit == Emit::Ir && !options.output.empty())
    return "`--emit ir` prints to standard output; leave out `--output`";
  if (options.emit == Emit::Ir && options.verify) return "`--verify` is about objects; leave out `--emit ir`";
  if (std::string problem = settle_files(options.input, options.reports, options.output); !problem.empty()) return problem;
  return settle(options.reports, app, options.output.empty());
}

std::string settle(AssessOptions& options, const CLI::App& app) {
  if (std::string problem = settle(options.input, app); !problem.empty()) return problem;
  options.input.policies_required = false;
  options.input.cluster_paths = options.input.paths;
  const bool reads = options.input.from_cluster || !options.input.paths.empty();
  if (options.print_collect && reads) return "`--print-collect` reads nothing; leave out the files and --from-cluster";
  if (!options.print_collect && !reads)
    return "no dump given; name files or directories, or `-`; --print-collect prints a script that makes one, and "
           "--from-cluster asks the cluster";
  if (app.count("--plan") > 0 && std::filesystem::path(options.plan).filename().empty()) return "`--plan` names no file";
  if (app.count("--rehearsal") > 0 && options.rehearsal.empty()) return "`--rehearsal` names no directory";
  if (std::string problem = settle_files(options.input, options.reports, {}, options.plan); !problem.empty()) return problem;
  return settle(options.reports, app, true);
}

std::string settle(TraceOptions& options, const CLI::App& app) {
  return settle(options.input, app);
}

std::string settle(ExplainOptions& options, const CLI::App&) {
  return options.all && !options.codes.empty() ? "`--all` explains every code; leave out the codes" : "";
}

std::string settle(KrmOptions&, const CLI::App&) {
  return {};
}

std::string settle(MergeOptions& options, const CLI::App& app) { return settle(options.reports, app, false); }

std::string settle(VerifyOptions& options, const CLI::App& app) { return settle_judgement(options, app); }
std::string settle(ReplayOptions& options, const CLI::App& app) { return settle_judgement(options, app); }

std::string settle(DriftOptions& options, const CLI::App& app) { return settle(options.reports, app, true); }
std::string settle(RollbackCheckOptions&, const CLI::App&) { return {}; }

}  // namespace policyconv::cli
