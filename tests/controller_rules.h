// What Kube-OVN's controller and OVN demand of SecurityGroups and Subnet ACLs (K§1.1, K§1.3, K§5), as a list of
// violations. Written from the reference; used on everything the compiler emits.
#pragma once

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "verify/ovn_match.h"

namespace policyconv::testing {

inline std::vector<std::string> violations(const kubeovn::Manifest& manifest) {
  std::vector<std::string> found;
  std::set<std::string> names, ovn_names;
  for (const kubeovn::SecurityGroup& sg : manifest.security_groups) names.insert(sg.name);
  static const std::regex allowed_name("pc-[a-z0-9-]*[a-z0-9]");
  // Action by (direction, OVN priority): within a priority all actions must be equal, in whatever group (K§9.25).
  std::map<std::tuple<Direction, int>, Verdict> action_at;
  const auto same_action = [&](const std::string& where, Direction direction, int priority, Verdict action) {
    const auto [at, added] = action_at.try_emplace({direction, priority}, action);
    if (at->second != action) found.push_back(where + ": two actions at OVN priority " + std::to_string(priority));
  };
  for (const kubeovn::SecurityGroup& sg : manifest.security_groups) {
    if (!std::regex_match(sg.name, allowed_name) || sg.name.size() > 63) found.push_back("name " + sg.name);
    if (!ovn_names.insert(kubeovn::port_group_name(sg.name)).second) found.push_back("port group collides: " + sg.name);
    for (const auto& [rules, direction] : {std::pair(&sg.ingress, Direction::Ingress), std::pair(&sg.egress, Direction::Egress)}) {
      std::set<std::string> matches;
      for (const kubeovn::SgRule& rule : *rules) {
        std::string match = std::to_string(rule.priority) + (rule.family == Family::V4 ? " ip4 " : " ip6 ");
        match += kubeovn::to_string(rule.protocol);
        const std::string where = sg.name + " " + match;
        if (rule.priority < 1 || rule.priority > manifest.release.max_priority()) found.push_back("priority: " + where);
        if (manifest.release.base() - rule.priority == 3000) found.push_back("ties with the node ACL: " + where);
        const bool needs_ports = rule.protocol == kubeovn::SgProtocol::Tcp || rule.protocol == kubeovn::SgProtocol::Udp;
        if (needs_ports != rule.ports.has_value()) found.push_back("ports: " + where);
        if (rule.ports && (rule.ports->first < 1 || rule.ports->first > rule.ports->last)) found.push_back("port range: " + where);
        if (rule.ports) match += " " + std::to_string(rule.ports->first) + "-" + std::to_string(rule.ports->last);
        if (const auto* cidr = std::get_if<Cidr>(&rule.remote)) {
          if (cidr->family != rule.family) found.push_back("family: " + where);
          if (parse_cidr(to_string(*cidr)) != *cidr) found.push_back("not canonical: " + where);
          if (is_v4_mapped(*cidr)) found.push_back("IPv4-mapped: " + where);
          match += " " + to_string(*cidr);
        } else {
          const std::string& remote = std::get<kubeovn::SgName>(rule.remote).name;
          if (names.count(remote) == 0) found.push_back("remote group " + remote + " does not exist: " + where);
          match += " " + remote;
        }
        if (!matches.insert(match).second) found.push_back("duplicate: " + where);
        same_action(where, direction, manifest.release.base() - rule.priority, rule.policy);
      }
    }
  }
  for (const kubeovn::SubnetPatch& patch : manifest.subnets) {
    std::set<std::tuple<Direction, int, std::string>> seen;
    for (const kubeovn::SubnetAcl& acl : patch.acls) {
      const std::string where = patch.subnet + " `" + acl.match + "`";
      if (acl.priority < 0 || acl.priority > 32767) found.push_back("ACL priority: " + where);
      verify::MatchError error;
      if (!verify::OvnMatch::parse(acl.match, &error)) found.push_back("OVN does not parse: " + where + ": " + error.text);
      const std::string scope = acl.direction == Direction::Ingress ? "outport == @ovn.sg.pc." : "inport == @ovn.sg.pc.";
      if (acl.match.rfind(scope, 0) != 0) found.push_back("not scoped to a port group: " + where);
      if (std::count(acl.match.begin(), acl.match.end(), '@') != 1) found.push_back("several port groups: " + where);
      if (acl.match.find("||") != std::string::npos) found.push_back("alternatives: " + where);
      if (!seen.insert({acl.direction, acl.priority, acl.match}).second) found.push_back("duplicate ACL: " + where);
      same_action(where, acl.direction, acl.priority, acl.action == kubeovn::AclAction::Drop ? Verdict::Deny : Verdict::Allow);
    }
  }
  for (const kubeovn::Binding& binding : manifest.bindings)
    for (const std::string& group : binding.groups)
      if (names.count(group) == 0) found.push_back("pod " + binding.pod + " names missing group " + group);
  return found;
}

}  // namespace policyconv::testing
