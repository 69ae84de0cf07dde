// The order of rules in a SecurityGroup.
#pragma once

#include <algorithm>
#include <tuple>
#include <vector>

#include "backends/kubeovn/manifest.h"

namespace policyconv::kubeovn {

inline void sort_rules(std::vector<SgRule>& rules) {
  // Of those that are read, equal ones keep the order they have in the object.
  std::stable_sort(rules.begin(), rules.end(), [](const SgRule& a, const SgRule& b) {
    return std::tie(a.priority, a.family, a.remote, a.protocol, a.ports) <
           std::tie(b.priority, b.family, b.remote, b.protocol, b.ports);
  });
}
inline void sort_rules(SecurityGroup& group) {
  sort_rules(group.ingress);
  sort_rules(group.egress);
}

}  // namespace policyconv::kubeovn
