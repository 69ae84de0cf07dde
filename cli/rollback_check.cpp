#include "cli/rollback_check.h"

#include <fmt/format.h>

#include <optional>
#include <ostream>
#include <utility>

#include "cli/deliver.h"
#include "cli/drift_report.h"
#include "cli/files.h"
#include "cli/inputs.h"
#include "frontend/parse.h"
#include "plan/live.h"
#include "plan/rollback_check.h"
#include "report/build.h"
#include "report/terminal.h"
#include "yaml/tree.h"

namespace policyconv::cli {
namespace {

std::optional<plan::Before> read_plan(const std::string& path, const Limits& limits, Diagnostics& diagnostics) {
  const std::optional<std::string> text = read_text(path, diagnostics, limits.file_megabytes);
  if (!text) return std::nullopt;
  std::string problem;
  std::optional<plan::Before> before = plan::read_before(*text, problem);
  if (!before) diagnostics.report<Kind::PlanUnreadable>({}, path, problem);
  return before;
}

Compared summary(const plan::Before& before, const plan::WrittenObjects& live) {
  return {"Is the cluster as it was before the plan?",
          "the cluster is as before the plan",
          {{"SecurityGroups", before.new_groups.size()},
           {"Subnets", before.subnets.size()},
           {"pods", before.pods.size()},
           {"pod templates", before.templates.size()}},
          plan::not_told(live)};
}

}  // namespace

int rollback_check(const RollbackCheckOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  Inputs inputs;
  Diagnostics& diagnostics = inputs.diagnostics;
  const std::optional<plan::Before> before = read_plan(options.plan, options.limits, diagnostics);
  inputs.sources.set_limits(options.limits);
  Reader reader(inputs.sources, in, diagnostics);
  inputs.cluster_files = reader.read(options.cluster_paths);
  inputs.trees = yaml::read_trees(inputs.sources, inputs.cluster_files, options.jobs);
  inputs.cluster =
      cilium::parse_cluster(inputs.sources, inputs.cluster_files, options.jobs, diagnostics, &inputs.trees);
  if (diagnostics.has_errors()) return report_errors(inputs, options.colour, err);
  Diagnostics found;
  const plan::WrittenObjects live =
      plan::read_objects(inputs.sources, inputs.cluster_files, before->release, &inputs.trees, diagnostics);
  plan::rollback_check(*before, live, inputs.cluster, found);
  if (diagnostics.has_errors()) return report_errors(inputs, options.colour, err);

  found.sort();
  report::Report made = report::make("rollback-check", {inputs.sources, {}, found}, {});
  raise_differences(made);
  made.status = difference_status(made);
  const bool colour = report::wants_colour(options.colour, out);
  write_stream(out, comparison_text(summary(*before, live), made, options.format, colour), diagnostics);
  return diagnostics.has_errors() ? report_errors(inputs, options.colour, err) : made.status;
}

}  // namespace policyconv::cli
