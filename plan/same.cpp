#include "plan/same.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <variant>

namespace policyconv::plan {
namespace {

using kubeovn::SecurityGroup;
using kubeovn::SgRule;
using kubeovn::SubnetPatch;
using kubeovn::WrittenRule;

bool same_rule(const SgRule& a, const SgRule& b) {
  const auto content = [](const SgRule& rule) {
    return std::tie(rule.priority, rule.policy, rule.family, rule.protocol, rule.ports, rule.remote);
  };
  return content(a) == content(b);
}

std::vector<std::tuple<int, std::string, std::string>> written(const SecurityGroup& group, Direction direction) {
  std::vector<std::tuple<int, std::string, std::string>> all;
  for (const WrittenRule& rule : group.written)
    if (rule.direction == direction) all.emplace_back(rule.priority, rule.action, rule.match);
  return all;
}

using Entry = std::tuple<std::string, int, std::string, std::string>;
std::vector<Entry> entries_of(const SubnetPatch& patch) {
  std::vector<Entry> all;
  for (const ExistingAcl& acl : patch.kept) all.emplace_back(acl.direction, acl.priority, acl.match, acl.action);
  for (const kubeovn::SubnetAcl& acl : patch.acls)
    all.emplace_back(acl.direction == Direction::Ingress ? "to-lport" : "from-lport", acl.priority, acl.match,
                     acl.action == kubeovn::AclAction::Drop ? "drop" : "allow-related");
  return all;
}

/// Names of OVN in a match, "$ovn.sg.pc.web.associated.v4" among them.
void add_address_sets(std::string_view match, Peers& found) {
  for (std::size_t at = match.find('$'); at != std::string_view::npos; at = match.find('$', at + 1)) {
    const std::size_t end =
        match.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.", at + 1);
    found.emplace(match.substr(at + 1, end == std::string_view::npos ? end : end - at - 1));
  }
}

}  // namespace

bool opens(const SecurityGroup& group) {
  return group.role == kubeovn::Role::OpenIn || group.role == kubeovn::Role::OpenOut;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool same_names(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

bool same_rules(const SecurityGroup& a, const SecurityGroup& b, Direction direction) {
  const bool ingress = direction == Direction::Ingress;
  const std::vector<SgRule>&x = ingress ? a.ingress : a.egress, &y = ingress ? b.ingress : b.egress;
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), same_rule) &&
         written(a, direction) == written(b, direction) &&
         std::tie(a.allow_same_group, a.tier, a.rejected) == std::tie(b.allow_same_group, b.tier, b.rejected);
}

bool same_membership(const SecurityGroup& a, const SecurityGroup& b) {
  const auto membership = [](const SecurityGroup& group) {
    return std::tie(group.vpc, group.role, group.members, group.isolates_ingress, group.isolates_egress, group.unless);
  };
  return membership(a) == membership(b);
}

bool same_acls(const SubnetPatch& a, const SubnetPatch& b) {
  return entries_of(a) == entries_of(b);
}

Peers peers_of(const kubeovn::Manifest& manifest) {
  Peers peers, address_sets;
  for (const SecurityGroup& group : manifest.security_groups)
    for (const auto* rules : {&group.ingress, &group.egress})
      for (const SgRule& rule : *rules)
        if (const auto* remote = std::get_if<kubeovn::SgName>(&rule.remote)) peers.insert(remote->name);
  for (const SubnetPatch& patch : manifest.subnets) {
    for (const ExistingAcl& acl : patch.kept) add_address_sets(acl.match, address_sets);
    for (const kubeovn::SubnetAcl& acl : patch.acls) add_address_sets(acl.match, address_sets);
  }
  for (const SecurityGroup& group : manifest.security_groups)
    for (const Family family : {Family::V4, Family::V6})
      if (address_sets.contains(kubeovn::address_set_name(group.name, family))) peers.insert(group.name);
  return peers;
}

}  // namespace policyconv::plan
