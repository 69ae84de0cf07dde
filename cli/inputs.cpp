#include "cli/inputs.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/read.h"
#include "cli/kubectl.h"
#include "cli/render.h"
#include "report/build.h"
#include "report/terminal.h"
#include "report/text.h"
#include "frontend/lower.h"
#include "frontend/parse.h"

namespace policyconv::cli {
namespace {

/// Calls of kubectl at the same time; more would look like an attack to an API server.
constexpr unsigned most_calls = 4;

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

Cluster read_cluster(const InputOptions& options, const std::vector<std::uint32_t>& files, Inputs& inputs) {
  Cluster cluster;
  if (!files.empty() || !options.cluster_paths.empty())
    cluster = cilium::parse_cluster(inputs.sources, files, options.jobs, inputs.diagnostics, &inputs.trees);
  add_ranges(options.ranges, cluster);
  return cluster;
}

/// Policies and facts as kubectl tells them.
void ask_cluster(const InputOptions& options, Inputs& inputs) {
  Kubectl kubectl;
  kubectl.context = options.context;
  kubectl.jobs = std::min(options.jobs, most_calls);
  // An assessment alone goes on without policies: it is about more than them.
  const Wanted wanted = options.policies_required ? Wanted::Migration : Wanted::Assessment;
  Fetched fetched = fetch(kubectl, wanted, inputs.sources, inputs.diagnostics);
  inputs.policy_files = std::move(fetched.policies);
  inputs.cluster_files = std::move(fetched.facts);
}

/// An empty input is an accident rather than a wish, unless what it holds was refused by name.
void require_policies(const Catalog& catalog, Diagnostics& diagnostics) {
  const auto& all = diagnostics.all();
  const bool explained = std::any_of(all.begin(), all.end(), [](const Diagnostic& found) {
    const Effect effect = definition(found.kind).effect;
    return effect == Effect::Error || effect == Effect::Refused;
  });
  if (catalog.policies.empty() && !explained) diagnostics.report<Kind::NoPolicies>({});
}

}  // namespace

void read_inputs(const InputOptions& options, std::istream& in, Inputs& inputs) {
  inputs.sources.set_limits(options.limits);
  Reader reader(inputs.sources, in, inputs.diagnostics);
  inputs.policy_files = reader.read(options.paths);
  inputs.object_files = reader.read_emitted(options.object_paths);
  inputs.cluster_files = reader.read(options.cluster_paths);
  if (options.from_cluster) ask_cluster(options, inputs);
  std::vector<std::uint32_t> shared;
  std::set_intersection(inputs.policy_files.begin(), inputs.policy_files.end(), inputs.cluster_files.begin(), inputs.cluster_files.end(),
                        std::back_inserter(shared));
  inputs.trees = yaml::read_trees(inputs.sources, shared, options.jobs);
  read_parsed(options, inputs);
}

void read_parsed(const InputOptions& options, Inputs& inputs) {
  inputs.policies = cilium::parse_policies(
      inputs.sources, inputs.policy_files, {options.semantics, options.default_namespace, options.jobs, &inputs.trees},
      inputs.diagnostics);
  suggest_rendering(inputs.sources, inputs.diagnostics);
  if (options.policies_required) require_policies(inputs.policies.catalog, inputs.diagnostics);
  inputs.cluster = read_cluster(options, inputs.cluster_files, inputs);
}

void add_ranges(const Ranges& ranges, Cluster& cluster) {
  append(cluster.pod_cidrs, ranges.pods);
  append(cluster.service_cidrs, ranges.services);
  append(cluster.node_cidrs, ranges.nodes);
  append(cluster.join_cidrs, ranges.joins);
  append(cluster.node_local_dns, ranges.node_local_dns);
}

ir::Program program_of(const InputOptions& options, const cilium::Policies& policies, const Cluster& cluster,
                       Diagnostics& diagnostics) {
  return cilium::lower(policies, cluster, {options.semantics, options.allow_looser, options.limits.expansion, options.jobs}, diagnostics);
}

ir::Program program_of(const InputOptions& options, Inputs& inputs) {
  return program_of(options, inputs.policies, inputs.cluster, inputs.diagnostics);
}

kubeovn::LowerOptions target_of(const InputOptions& options) {
  kubeovn::LowerOptions target{options.release, options.node_traffic, options.semantics.sctp, options.allow_looser};
  target.most_expansion = options.limits.expansion;
  target.jobs = options.jobs;
  return target;
}

kubeovn::Manifest compile(const InputOptions& options, const ir::Program& program, const Cluster& cluster,
                          const Catalog& catalog, Diagnostics& diagnostics) {
  return kubeovn::lower(program, cluster, catalog, target_of(options), diagnostics);
}

kubeovn::Manifest compile(const InputOptions& options, const ir::Program& program, Inputs& inputs) {
  return compile(options, program, inputs.cluster, inputs.policies.catalog, inputs.diagnostics);
}

std::optional<kubeovn::Manifest> objects_to_judge(const InputOptions& options, Inputs& inputs) {
  std::optional<kubeovn::Manifest> manifest;
  if (!options.object_paths.empty()) {
    manifest = kubeovn::read(inputs.sources, inputs.object_files, inputs.cluster_files, options.release, inputs.cluster,
                             inputs.diagnostics);
  } else if (!inputs.diagnostics.has_errors()) {
    manifest = compile(options, program_of(options, inputs), inputs);
  }
  if (inputs.diagnostics.has_errors()) return std::nullopt;
  return manifest;
}

int report_errors(Inputs& inputs, report::Colour colour, std::ostream& err) {
  inputs.diagnostics.sort();
  const report::Report made = report::make("", {inputs.sources, inputs.policies.catalog, inputs.diagnostics}, {});
  report::print_text(made, {report::wants_colour(colour, err), false, true}, err);
  return made.status;
}

}  // namespace policyconv::cli
