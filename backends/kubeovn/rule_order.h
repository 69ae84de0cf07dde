// The order of rules in a SecurityGroup.
#pragma once

#include <algorithm>
#include <tuple>

#include "backends/kubeovn/manifest.h"

namespace policyconv::kubeovn {

inline void sort_rules(SecurityGroup& group) {
  const auto order = [](const SgRule& a, const SgRule& b) {
    return std::tie(a.priority, a.family, a.remote, a.protocol, a.ports) <
           std::tie(b.priority, b.family, b.remote, b.protocol, b.ports);
  };
  // Of those that are read, equal ones keep the order they have in the object.
  std::stable_sort(group.ingress.begin(), group.ingress.end(), order);
  std::stable_sort(group.egress.begin(), group.egress.end(), order);
}

}  // namespace policyconv::kubeovn
