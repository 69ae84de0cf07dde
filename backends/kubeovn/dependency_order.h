// In which order SecurityGroups are to be made, since a rule that names a missing one is refused (K§9.28). Entrance:
// dependency_order().
#pragma once

#include <cstddef>
#include <vector>

#include "backends/kubeovn/manifest.h"

namespace policyconv::kubeovn {

/// Indices into the list that was asked about.
struct DependencyOrder {
  /// Every group once: behind those that its rules name, and otherwise by name as far as that leaves a choice. Groups that
  /// name each other in a circle stand together, by name.
  std::vector<std::size_t> order;
  /// Those on circles of at least two, ascending: whichever is made first names one that does not exist yet. A group that
  /// names itself exists by the time its rules are looked at.
  std::vector<std::size_t> in_circles;
};

/// Groups that are named and not in the list are nobody's concern here. Linear in groups and rules, but for sorting names.
[[nodiscard]] DependencyOrder dependency_order(const std::vector<SecurityGroup>& groups);

}  // namespace policyconv::kubeovn
