// The CiliumCIDRGroups of a run, prepared for rules that name many of them.
#pragma once

#include <string_view>
#include <vector>

#include "frontend/policy.h"
#include "ir/cluster.h"

namespace policyconv::cilium {

class CidrGroups {
 public:
  /// `groups` is sorted by name and must outlive the object.
  explicit CidrGroups(const std::vector<CidrGroup>& groups);

  /// nullptr: there is none of this name.
  [[nodiscard]] const CidrGroup* find(std::string_view name) const;
  /// Those that a rule selects by their labels, which carry the source `cidrgroup` (C§5); sorted by name.
  [[nodiscard]] std::vector<const CidrGroup*> select(const Selector& selector) const;

 private:
  const std::vector<CidrGroup>& groups_;
  std::vector<Labels> labels_;  // parallel to groups_
};

}  // namespace policyconv::cilium
