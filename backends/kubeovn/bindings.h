// Which pods carry which SecurityGroups. Entrance: bind().
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "backends/kubeovn/entries.h"
#include "backends/kubeovn/manifest.h"

namespace policyconv::kubeovn {

/// The bindings of running pods: every group of `names` the pod is a member of, then `base`, then `open-in`/`open-out`
/// unless an isolation of that direction selects it. A pod that an earlier run bound and that needs no group any more gets
/// an empty list. Pods that must not be bound and are selected are reported.
/// Pods of VPCs outside of `vpcs` need no group.
[[nodiscard]] std::vector<Binding> bind(const std::map<GroupAt, std::string>& names, const std::set<std::size_t>& vpcs,
                                        const LowerState& state);

}  // namespace policyconv::kubeovn
