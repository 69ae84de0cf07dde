#include "verify/manifest_acls.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace policyconv::verify::ovn {
namespace {

using kubeovn::SecurityGroup;
using kubeovn::SgName;
using kubeovn::SgProtocol;
using kubeovn::SgRule;

constexpr Direction directions[] = {Direction::Ingress, Direction::Egress};
constexpr std::string_view deny_all = "ovn.sg.kubeovn_deny_all";

/// K§2.3.
constexpr const char* base_ingress[] = {"arp", "icmp6.type == {130, 134, 135, 136} && icmp6.code == 0 && ip.ttl == 255",
                                        "udp.src == 67 && udp.dst == 68 && ip4",
                                        "udp.src == 547 && udp.dst == 546 && ip6", "ip.proto == 112"};
constexpr const char* base_egress[] = {"arp", "icmp6.type == {130, 133, 135, 136} && icmp6.code == 0 && ip.ttl == 255",
                                       "udp.src == 68 && udp.dst == 67 && ip4",
                                       "udp.src == 546 && udp.dst == 547 && ip6", "ip.proto == 112"};

/// K§2.1.
std::string port_group_of(std::string_view security_group) {
  std::string name = "ovn.sg." + std::string(security_group);
  std::replace(name.begin(), name.end(), '-', '.');
  return name;
}

const std::vector<SgRule>& rules_of(const SecurityGroup& object, Direction direction) {
  return direction == Direction::Ingress ? object.ingress : object.egress;
}

/// What of Kube-OVN's own validation a rule can fail in this form: one bad rule, and the whole SecurityGroup is not
/// programmed (K§1.1).
bool is_accepted(const SgRule& rule, const kubeovn::Release& release, const ByName<Group>& groups) {
  if (rule.priority < 1 || rule.priority > release.max_priority()) return false;
  const auto* remote = std::get_if<SgName>(&rule.remote);
  if (remote != nullptr && !groups.contains(port_group_of(remote->name))) return false;
  const bool needs_ports = rule.protocol == SgProtocol::Tcp || rule.protocol == SgProtocol::Udp;
  return !needs_ports || (rule.ports && rule.ports->first >= 1 && rule.ports->first <= rule.ports->last);
}

bool is_member(const Port& port, const Group& group) {
  return std::find(port.groups.begin(), port.groups.end(), &group) != port.groups.end();
}

Action action_of(std::string_view action) {
  if (action == "pass") return Action::Pass;
  return action == "drop" || action == "reject" ? Action::Drop : Action::Allow;
}

/// SecurityGroups of tier 1 are in OVN's tier 3 (K§1.1).
void place_in_tier(Acl& acl, const SecurityGroup& object) {
  acl.in_tier_2 = object.tier == 0;
  acl.in_tier_3 = object.tier == 1;
}

void sort_by_priority(std::vector<Acl>& acls) {
  std::stable_sort(acls.begin(), acls.end(), [](const Acl& a, const Acl& b) { return a.priority > b.priority; });
}

}  // namespace

bool covers(const SgRule& rule, Protocol protocol, std::uint16_t port) {
  switch (rule.protocol) {
    case SgProtocol::All:
      return true;
    case SgProtocol::Icmp:
      return protocol == (rule.family == Family::V4 ? Protocol::Icmp : Protocol::Icmp6);
    case SgProtocol::Tcp:
    case SgProtocol::Udp:
      break;
  }
  return protocol == (rule.protocol == SgProtocol::Tcp ? Protocol::Tcp : Protocol::Udp) &&
         rule.ports->first <= port && port <= rule.ports->last;
}

bool is_multicast(const Address& address) {
  if (address.family == Family::V6) return address.hi >> 56 == 0xff;
  return address.hi >> 60 == 0xe || address.hi >> 32 == 0xffffffff;
}

bool Group::contains(const Address& address) const {
  const std::vector<Address>& same_family = of(address.family);
  return std::binary_search(same_family.begin(), same_family.end(), address);
}

Northbound::Northbound(const kubeovn::Manifest& manifest, const Cluster& cluster)
    : manifest_(manifest), cluster_(cluster), switches_(cluster.subnets.size() + 1), ports_(cluster.pods.size()) {
  discovery_.push_back(acl_of(65532, Action::Allow, "neighbour discovery", "nd || nd_rs || nd_ra || mldv1 || mldv2"));
  for (Switch& each : switches_) each.names = names_on(each);
  for (std::size_t i = 0; i < cluster.subnets.size(); ++i)
    switches_[i].router_port = fmt::format("{}-{}", cluster.subnets[i].name, cluster.subnets[i].vpc);
  create_groups();
  create_ports();
  program_nodes();
  bind();
  for (std::size_t i = 0; i < cluster.subnets.size(); ++i) program(cluster.subnets[i], switches_[i]);
}

const OvnMatch* Northbound::match_of(const std::string& text) {
  const auto [at, added] = matches_.try_emplace(text);
  if (added) at->second = OvnMatch::parse(text);
  return at->second ? &*at->second : nullptr;
}

Acl Northbound::acl_of(int priority, Action action, std::string about, const std::string& match) {
  Acl acl;
  acl.priority = priority;
  acl.action = action;
  acl.about = std::move(about);
  acl.match = match_of(match);
  return acl;
}

// --- SecurityGroups ----------------------------------------------------------------------------------------------

void Northbound::create_groups() {
  for (const SecurityGroup& object : manifest_.security_groups) groups_[port_group_of(object.name)].object = &object;

  // A remote group has to exist, not to be programmed, so groups leave only after all were judged.
  const auto is_bad = [&](const SgRule& rule) { return !is_accepted(rule, manifest_.release, groups_); };
  std::vector<std::string> rejected;
  for (const auto& [name, group] : groups_)
    if (!group.object->rejected.empty() || std::any_of(group.object->ingress.begin(), group.object->ingress.end(), is_bad) ||
        std::any_of(group.object->egress.begin(), group.object->egress.end(), is_bad))
      rejected.push_back(name);
  for (const std::string& name : rejected) groups_.erase(name);

  for (auto& [name, group] : groups_) {
    address_sets_[name + ".associated.v4"] = {&group, Family::V4};
    address_sets_[name + ".associated.v6"] = {&group, Family::V6};
    for (const Direction direction : directions) program(group, direction);
  }
  Acl drop = acl_of(2003, Action::Drop, "deny-all", "ip");
  drop.in_tier_3 = true;
  for (const Direction direction : directions) {
    groups_[std::string(deny_all)].acls.of(direction).push_back(drop);
    create_base(direction);
  }
  for (const auto& [name, group] : groups_) {  // northd derives these from every port group (K§2.1)
    address_sets_[name + "_ip4"] = {&group, Family::V4};
    address_sets_[name + "_ip6"] = {&group, Family::V6};
  }
}

void Northbound::program(Group& group, Direction direction) {
  std::vector<Acl>& acls = group.acls.of(direction);
  for (const SgRule& rule : rules_of(*group.object, direction)) {
    const bool allow = rule.policy == Verdict::Allow;
    Acl acl;
    acl.priority = manifest_.release.base() - rule.priority;
    acl.action = allow ? Action::Allow : Action::Drop;
    acl.about = fmt::format("{}{}{} in {} (OVN {})", rule.band, rule.band.empty() ? "" : " ", allow ? "allow" : "drop",
                            group.object->name, acl.priority);
    acl.origins = rule.origins;
    acl.rule = &rule;
    acl.loc = rule.loc;
    place_in_tier(acl, *group.object);
    if (const auto* remote = std::get_if<SgName>(&rule.remote))
      if (const auto at = groups_.find(port_group_of(remote->name)); at != groups_.end()) acl.remote = &at->second;
    acls.push_back(std::move(acl));
  }
  program_written(group, direction);
  sort_by_priority(acls);
}

/// Rules that are known by their match only, and what allowSameGroupTraffic adds (K§2.3).
void Northbound::program_written(Group& group, Direction direction) {
  const SecurityGroup& object = *group.object;
  const auto add = [&](int priority, std::string_view action, std::string_view about, const std::string& match, Loc loc) {
    Acl acl = acl_of(priority, action_of(action), fmt::format("{} in {} (OVN {})", about, object.name, priority), match);
    acl.loc = loc;
    place_in_tier(acl, object);
    if (acl.match != nullptr) group.acls.of(direction).push_back(std::move(acl));
  };
  for (const kubeovn::WrittenRule& rule : object.written)
    if (rule.direction == direction)
      add(manifest_.release.base() - rule.priority, rule.action, rule.action, rule.match, rule.loc);
  if (!object.allow_same_group) return;
  const bool in = direction == Direction::Ingress;
  const std::string name = port_group_of(object.name);
  for (const int version : {4, 6})
    add(2004, "allow", "same group",
        fmt::format("{} == @{} && ip{}.{} == ${}.associated.v{}", in ? "outport" : "inport", name, version,
                    in ? "src" : "dst", name, version),
        object.loc);
}

void Northbound::create_base(Direction direction) {
  const bool misplaced = direction == Direction::Egress && manifest_.release.minor <= 12;
  for (const char* match : direction == Direction::Ingress ? base_ingress : base_egress) {
    Acl acl = acl_of(2005, Action::Allow, "base ACL", match);
    acl.in_tier_3 = true;
    (misplaced ? misplaced_base_ : base_.of(direction)).push_back(std::move(acl));
  }
}

// --- ports -------------------------------------------------------------------------------------------------------

void Northbound::create_ports() {
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const Pod& pod = cluster_.pods[i];
    if (!is_endpoint(pod)) continue;
    Port& port = ports_[i];
    port.name = pod.name + "." + pod.ns;
    const Subnet* subnet = subnet_of(cluster_, pod);
    port.on =
        subnet == nullptr ? &switches_.back() : &switches_[static_cast<std::size_t>(subnet - cluster_.subnets.data())];
    port_names_[port.name] = &port;
  }
}

/// The node ACLs exist while some NetworkPolicy does (K§4.3). Each lets the first InternalIP of a node into the
/// addresses of the pods that run there, at every port of the switches where one of those is: so also into a pod of
/// another VPC that has such an address (K§7.1). They know no other address of the node (K§10.4).
void Northbound::program_nodes() {
  if (!manifest_.node_anchor) return;
  std::unordered_map<Address, std::set<std::string_view>, Hash> nodes_by_pod_address;
  ByName<std::set<const Switch*>> switches_by_node;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    if (ports_[i].on == nullptr) continue;
    const Pod& pod = cluster_.pods[i];
    for (const Address& address : pod.addresses) nodes_by_pod_address[address].insert(pod.node);
    switches_by_node[pod.node].insert(ports_[i].on);
  }
  for (std::size_t i = 0; i < ports_.size(); ++i)
    for (const Address& own : ports_[i].on == nullptr ? std::vector<Address>{} : cluster_.pods[i].addresses)
      for (const std::string_view name : nodes_by_pod_address[own]) {
        const Node* node = cluster_.find_node(name);
        if (node == nullptr || !switches_by_node.find(name)->second.contains(ports_[i].on)) continue;
        const auto same_family = [&](const Address& address) { return address.family == own.family; };
        const auto from = std::find_if(node->internal.begin(), node->internal.end(), same_family);
        if (from == node->internal.end()) continue;
        Acl acl;
        acl.priority = 3000;
        acl.action = Action::Allow;
        acl.about = "node ACL";
        acl.between = {*from, own};
        ports_[i].node_acls.push_back(std::move(acl));
      }
}

/// Deny-all takes every pod with a programmed group; names of groups that are not programmed are passed over (K§3.4).
void Northbound::bind() {
  for (const kubeovn::Binding& binding : manifest_.bindings) {
    const Pod* pod = cluster_.find_pod(binding.ns, binding.pod);
    if (pod == nullptr) continue;
    Port& port = ports_[static_cast<std::size_t>(pod - cluster_.pods.data())];
    if (port.on == nullptr) continue;
    for (const std::string& name : binding.groups) join(port, *pod, port_group_of(name));
    if (!port.groups.empty()) join(port, *pod, deny_all);
  }
  for (auto& [name, group] : groups_)
    for (std::vector<Address>& addresses : group.addresses) std::sort(addresses.begin(), addresses.end());
}

void Northbound::join(Port& port, const Pod& pod, std::string_view port_group) {
  const auto at = groups_.find(port_group);
  if (at == groups_.end() || is_member(port, at->second)) return;
  port.groups.push_back(&at->second);
  for (const Address& address : pod.addresses)
    at->second.addresses[static_cast<std::size_t>(address.family)].push_back(address);
  at->second.switches.insert(port.on);
}

const Port* Northbound::port_of(std::optional<std::size_t> pod) const {
  return pod && ports_[*pod].on != nullptr ? &ports_[*pod] : nullptr;
}

// --- Subnets -----------------------------------------------------------------------------------------------------

MatchNames Northbound::names_on(const Switch& here) const {
  const auto port_group = [this, &here](std::string_view name, std::string_view port) -> std::optional<bool> {
    const auto at = groups_.find(name);
    if (at == groups_.end() || !at->second.switches.contains(&here)) return std::nullopt;  // K§10.1
    const auto named = port_names_.find(port);
    return named != port_names_.end() && is_member(*named->second, at->second);
  };
  const auto address_set = [this](std::string_view name) {
    const auto at = address_sets_.find(name);
    return at == address_sets_.end() ? nullptr : &at->second.group->of(at->second.family);
  };
  return {port_group, address_set};
}

void Northbound::program(const Subnet& subnet, Switch& on) {
  const auto is_this = [&](const kubeovn::SubnetPatch& patch) { return patch.subnet == subnet.name; };
  const auto patch = std::find_if(manifest_.subnets.begin(), manifest_.subnets.end(), is_this);
  const bool patched = patch != manifest_.subnets.end();
  const std::vector<ExistingAcl>& existing = patched ? patch->kept : subnet.acls;
  const auto valid = [&](const ExistingAcl& acl) { return is_valid(acl); };
  if (!std::all_of(existing.begin(), existing.end(), valid)) return;  // one bad entry leaves the switch bare (K§5)

  const auto about = [&](int priority) { return fmt::format("Subnet ACL {} of {}", priority, subnet.name); };
  for (const ExistingAcl& acl : existing)
    add(acl_of(acl.priority, action_of(acl.action), about(acl.priority), acl.match), acl.loc,
        acl.direction == "to-lport" ? Direction::Ingress : Direction::Egress, on);
  if (patched)
    for (const kubeovn::SubnetAcl& acl : patch->acls) {
      const Action action = acl.action == kubeovn::AclAction::Drop ? Action::Drop : Action::Allow;
      Acl ours = acl_of(acl.priority, action, about(acl.priority), acl.match);
      ours.origins = acl.origins;
      add(std::move(ours), acl.loc, acl.direction, on);
    }
  for (const Direction direction : directions) {
    sort_by_priority(on.unscoped.of(direction));
    for (auto& [group, acls] : on.scoped) sort_by_priority(acls.of(direction));
  }
}

bool Northbound::is_valid(const ExistingAcl& acl) const {
  constexpr std::string_view actions[] = {"allow", "allow-related", "allow-stateless", "drop", "reject"};
  const bool has_action = std::find(std::begin(actions), std::end(actions), acl.action) != std::end(actions) ||
                          (acl.action == "pass" && manifest_.release.minor >= 16);
  const bool has_direction = acl.direction == "to-lport" || acl.direction == "from-lport";
  return has_action && has_direction && !acl.match.empty() && acl.priority >= 0 && acl.priority <= 32767;
}

void Northbound::add(Acl acl, Loc loc, Direction direction, Switch& on) {
  acl.loc = loc;
  if (acl.match == nullptr || !acl.match->matches({}, on.names)) return;  // void whatever the packet
  const auto scope = groups_.find(acl.match->scope(direction == Direction::Ingress ? "outport" : "inport"));
  Acls& acls = scope == groups_.end() ? on.unscoped : on.scoped[&scope->second];
  acls.of(direction).push_back(std::move(acl));
}

}  // namespace policyconv::verify::ovn
