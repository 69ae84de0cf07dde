#include "cli/drift.h"

#include <fmt/format.h>

#include <ostream>
#include <utility>

#include "backends/kubeovn/read.h"
#include "cli/deliver.h"
#include "cli/drift_report.h"
#include "cli/files.h"
#include "cli/inputs.h"
#include "frontend/parse.h"
#include "plan/drift.h"
#include "plan/drift_northbound.h"
#include "plan/live.h"
#include "plan/live_northbound.h"
#include "report/build.h"
#include "report/terminal.h"
#include "yaml/tree.h"

namespace policyconv::cli {
namespace {

/// Everything that is compared.
struct Sides {
  plan::WrittenObjects emitted, live;
  kubeovn::Manifest meant;
  plan::Northbound northbound;
};

/// What the objects mean is known already to those who emitted them: of what is said about it, mistakes matter here.
void keep_errors(Diagnostics&& from, Diagnostics& to) {
  std::erase_if(from.all(), [](const Diagnostic& each) { return definition(each.kind).effect != Effect::Error; });
  to.append(std::move(from));
}

Sides read_sides(const DriftOptions& options, std::istream& in, Inputs& inputs) {
  Diagnostics& diagnostics = inputs.diagnostics;
  inputs.sources.set_limits(options.limits);
  Reader reader(inputs.sources, in, diagnostics);
  inputs.object_files = reader.read_emitted(options.object_paths);
  inputs.cluster_files = reader.read(options.cluster_paths);
  Sides sides;
  for (const std::uint32_t file : reader.read(options.northbound_paths))
    plan::read_northbound(inputs.sources, file, sides.northbound, diagnostics);
  inputs.trees = yaml::read_trees(inputs.sources, inputs.cluster_files, options.jobs);
  inputs.cluster =
      cilium::parse_cluster(inputs.sources, inputs.cluster_files, options.jobs, diagnostics, &inputs.trees);
  Diagnostics about_objects;
  sides.emitted = plan::read_objects(inputs.sources, inputs.object_files, {}, nullptr, about_objects);
  const kubeovn::Release release = plan::target_of(sides.emitted);
  sides.live = plan::read_objects(inputs.sources, inputs.cluster_files, release, &inputs.trees, about_objects);
  inputs.trees.clear();
  sides.meant = kubeovn::read(inputs.sources, inputs.object_files, {}, release, inputs.cluster, about_objects);
  keep_errors(std::move(about_objects), diagnostics);
  return sides;
}

Compared summary(const DriftOptions& options, const Sides& sides, const Cluster& cluster) {
  Compared compared{"Is the cluster as it was emitted?",
                    "the cluster is as emitted",
                    {{"SecurityGroups", sides.emitted.groups.size()},
                     {"Subnets", sides.emitted.subnets.size()},
                     {"pods", cluster.pods.size()},
                     {"other objects", sides.emitted.others.size()}},
                    {}};
  if (options.northbound_paths.empty())
    compared.not_seen.push_back(
        "what is in OVN itself: the status of a SecurityGroup tells what Kube-OVN wrote last, and nothing of "
        "rows that were lost or added since (--nb)");
  else
    for (const auto& [table, known] : {std::pair("ACL", sides.northbound.acls.has_value()),
                                       std::pair("Port_Group", sides.northbound.port_groups.has_value()),
                                       std::pair("Address_Set", sides.northbound.address_sets.has_value())})
      if (!known) compared.not_seen.push_back(fmt::format("the table {} of OVN: no file of --nb has it", table));
  return compared;
}

}  // namespace

int drift(const DriftOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  Inputs inputs;
  const Sides sides = read_sides(options, in, inputs);
  Diagnostics found;
  if (!inputs.diagnostics.has_errors()) {
    const plan::Comparison between{inputs.sources, sides.emitted, sides.meant, sides.live, inputs.cluster};
    plan::drift(between, found);
    plan::compare_northbound(between, sides.northbound, found);
  } else {
    found = std::move(inputs.diagnostics);
  }
  const bool failed = found.has_errors();
  found.sort();
  report::Report made = report::make("drift", {inputs.sources, {}, found, nullptr, false, inputs.object_files}, {});
  made.settings = {{"kube-ovn", fmt::format("1.{}", sides.meant.release.minor)}};
  raise_differences(made);
  made.status = deliver_beside_answer(made, options.reports, options.colour, out, err, difference_status);
  if (failed) return made.status;
  const bool colour = report::wants_colour(options.colour, out);
  Diagnostics of_writing;
  write_stream(out, comparison_text(summary(options, sides, inputs.cluster), made, options.format, colour), of_writing);
  if (!of_writing.has_errors()) return made.status;
  inputs.diagnostics = std::move(of_writing);
  return report_errors(inputs, options.colour, err);
}

}  // namespace policyconv::cli
