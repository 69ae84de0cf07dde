#include "backends/kubeovn/membership.h"

#include <algorithm>

#include "ir/membership.h"

namespace policyconv::kubeovn {
namespace {

bool any_has(const SecurityGroup* helper, const Labels& identity, const std::vector<ContainerPort>& ports) {
  return helper != nullptr && std::any_of(helper->unless.begin(), helper->unless.end(), [&](const ir::Group& isolating) {
           return ir::is_member(isolating, identity, ports);
         });
}

}  // namespace

Membership::Membership(const Manifest& manifest) {
  for (const SecurityGroup& group : manifest.security_groups) {
    VpcGroups& vpc = vpcs_[group.vpc];
    switch (group.role) {
      case Role::Members:
        if (group.members) vpc.members.push_back(&group);
        break;
      case Role::Base: vpc.base = &group; break;
      case Role::OpenIn: vpc.open_in = &group; break;
      case Role::OpenOut: vpc.open_out = &group; break;
    }
  }
}

std::vector<std::string> Membership::groups_of(std::string_view vpc, const Labels& identity,
                                               const std::vector<ContainerPort>& ports, Stage stage) const {
  std::vector<std::string> names;
  const auto found = vpcs_.find(vpc);
  if (found == vpcs_.end()) return names;
  const VpcGroups& groups = found->second;
  bool isolated_in = any_has(groups.open_in, identity, ports), isolated_out = any_has(groups.open_out, identity, ports);
  bool is_selected = isolated_in || isolated_out;
  for (const SecurityGroup* group : groups.members) {
    if (!ir::is_member(*group->members, identity, ports)) continue;
    names.push_back(group->name);
    is_selected = true;
    isolated_in |= group->isolates_ingress;
    isolated_out |= group->isolates_egress;
  }
  if (!is_selected) return names;
  if (groups.base != nullptr) names.push_back(groups.base->name);
  if (groups.open_in != nullptr && (stage == Stage::Joining || !isolated_in)) names.push_back(groups.open_in->name);
  if (groups.open_out != nullptr && (stage == Stage::Joining || !isolated_out)) names.push_back(groups.open_out->name);
  return names;
}

}  // namespace policyconv::kubeovn
