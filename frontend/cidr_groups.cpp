#include "frontend/cidr_groups.h"

#include <algorithm>
#include <utility>

#include "frontend/selector.h"
#include "ir/membership.h"

namespace policyconv::cilium {

CidrGroups::CidrGroups(const std::vector<CidrGroup>& groups) : groups_(groups) {
  labels_.reserve(groups.size());
  for (const CidrGroup& group : groups) {
    Labels& labels = labels_.emplace_back();
    for (const LabelPair& label : group.labels) labels.emplace(label.key, label.value);
  }
}

const CidrGroup* CidrGroups::find(std::string_view name) const {
  const auto at = std::lower_bound(groups_.begin(), groups_.end(), name,
                                   [](const CidrGroup& group, std::string_view wanted) { return group.name < wanted; });
  return at != groups_.end() && at->name == name ? &*at : nullptr;
}

std::vector<const CidrGroup*> CidrGroups::select(const Selector& selector) const {
  std::vector<ir::Requirement> of_labels;
  for (SourcedRequirement& wanted : requirements(selector, "any")) {
    if (wanted.source == "any" || wanted.source == "cidrgroup") of_labels.push_back(std::move(wanted.requirement));
    else if (!ir::meets(wanted.requirement, Labels{})) return {};  // no CIDR group has labels of other sources
  }
  std::vector<const CidrGroup*> found;
  for (std::size_t i = 0; i < groups_.size(); ++i)
    if (ir::meets(of_labels, labels_[i])) found.push_back(&groups_[i]);
  return found;
}

}  // namespace policyconv::cilium
