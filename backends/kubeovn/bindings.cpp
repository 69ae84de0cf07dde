#include "backends/kubeovn/bindings.h"

#include <algorithm>
#include <set>

#include <fmt/ranges.h>

#include "backends/kubeovn/names.h"

namespace policyconv::kubeovn {
namespace {

struct PodState {
  std::vector<std::string> groups;
  bool selected = false;  // as a subject: some policy is about it
  bool isolated[2] = {false, false};
};

void report_nowhere_known(const Pod& pod, const std::string& name, Diagnostics& diagnostics) {
  const auto replaced = pod.annotations.find("v1.multus-cni.io/default-network");
  const auto subnet = pod.annotations.find(provider_of(pod) + ".kubernetes.io/logical_switch");
  if (subnet == pod.annotations.end()) diagnostics.report<Kind::DefaultNetworkUnknown>(pod.loc, "Pod", name, replaced->second);
  else diagnostics.report<Kind::PodNowhereKnown>(pod.loc, name, subnet->second);
}

}  // namespace

std::vector<Binding> bind(const std::map<GroupAt, std::string>& names, const std::set<std::size_t>& vpcs,
                          const LowerState& state) {
  const Topology& topology = state.topology;
  std::vector<PodState> pods(topology.pods.size());
  for (const auto& [at, name] : names)
    for (const std::size_t member : state.groups[static_cast<std::size_t>(at.group)].members)
      if (topology.pods[member].vpc == at.vpc) pods[member].groups.push_back(name);
  const auto members = [&](ir::GroupId id) -> const std::vector<std::size_t>& {
    return state.groups[static_cast<std::size_t>(id)].members;
  };
  for (const ir::Isolation& isolation : state.program.isolations)
    for (const std::size_t member : members(isolation.subject)) {
      pods[member].selected = true;
      pods[member].isolated[static_cast<std::size_t>(isolation.direction)] = true;
    }
  std::set<ir::GroupId> subjects;
  for (const ir::Rule& rule : state.program.rules)
    if (subjects.insert(rule.subject).second)
      for (const std::size_t member : members(rule.subject)) pods[member].selected = true;

  std::vector<Binding> bindings;
  const auto add = [&](const Pod& pod, std::vector<std::string> groups) {
    Binding binding{pod.ns, pod.name, std::move(groups), provider_of(pod)};
    if (const auto now = pod.annotations.find(annotation_of(binding.provider)); now != pod.annotations.end())
      binding.before = now->second;
    bindings.push_back(std::move(binding));
  };
  std::map<const Subnet*, std::size_t> guarded;
  for (std::size_t i = 0; i < pods.size(); ++i) {
    PodState& pod = pods[i];
    const PlacedPod& placed = topology.pods[i];
    const std::string name = placed.pod->ns + "/" + placed.pod->name;
    switch (placed.unbound) {
      case Unbound::NotAnEndpoint: continue;
      case Unbound::Infrastructure:
        if (pod.selected) state.diagnostics.report<Kind::InfrastructurePod>(placed.pod->loc, name);
        continue;
      case Unbound::Foreign:
        if (pod.selected)
          state.diagnostics.report<Kind::ForeignSecurityGroups>(placed.pod->loc, name, fmt::format("{}", fmt::join(topology.ownership.foreign_groups(*placed.pod), ",")));
        continue;
      case Unbound::GuardedSubnet:
        if (pod.selected) ++guarded[placed.subnet];
        continue;
      case Unbound::NowhereKnown:
        if (pod.selected || !pod.groups.empty()) report_nowhere_known(*placed.pod, name, state.diagnostics);
        continue;
      case Unbound::No: break;
    }
    if (vpcs.count(placed.vpc) == 0 || (pod.groups.empty() && !pod.selected)) {
      // An earlier run bound it and no policy is left: the empty annotation takes the groups off again (K§3.4).
      if (topology.ownership.carries_ours(*placed.pod)) add(*placed.pod, {});
      continue;
    }
    const std::string& vpc = topology.vpcs[placed.vpc].name;
    std::sort(pod.groups.begin(), pod.groups.end());
    pod.groups.push_back(helper_name("base", vpc));
    if (!pod.isolated[static_cast<std::size_t>(Direction::Ingress)]) pod.groups.push_back(helper_name("open-in", vpc));
    if (!pod.isolated[static_cast<std::size_t>(Direction::Egress)]) pod.groups.push_back(helper_name("open-out", vpc));
    add(*placed.pod, std::move(pod.groups));
  }
  for (const auto& [subnet, count] : guarded)
    state.diagnostics.report<Kind::GuardedSubnet>(subnet->loc, subnet->name, topology.ownership.guard_of(*subnet), count);
  return bindings;
}

}  // namespace policyconv::kubeovn
