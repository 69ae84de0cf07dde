#include "tests/ovn/controller.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string_view>

namespace policyconv::real_ovn {
namespace {

constexpr std::string_view annotation = "ovn.kubernetes.io/security_groups";  // behind "<nad>.<ns>." for attachments
constexpr const char* deny_all = "kubeovn_deny_all";

/// OVN names (K§2.1).
std::string dotted(std::string name) {
  std::replace(name.begin(), name.end(), '-', '.');
  return name;
}
std::string port_group_of(const std::string& group) {
  return dotted("ovn.sg." + group);
}
std::string address_set_of(const std::string& group, bool v4) {
  return dotted(fmt::format("ovn.sg.{}.associated.{}", group, v4 ? "v4" : "v6"));
}

std::string text(const YAML::Node& node, const char* field) {
  return node[field] && !node[field].IsNull() ? node[field].as<std::string>() : "";
}
int number(const YAML::Node& node, const char* field) {
  return node[field] ? node[field].as<int>() : 0;
}

std::vector<ApiRule> rules(const YAML::Node& list) {
  std::vector<ApiRule> rules;
  for (const YAML::Node& node : list)
    rules.push_back({text(node, "ipVersion"), text(node, "protocol"), text(node, "remoteType"),
                     text(node, "remoteAddress"), text(node, "remoteSecurityGroup"), text(node, "policy"),
                     number(node, "priority"), number(node, "portRangeMin"), number(node, "portRangeMax")});
  return rules;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

Reference acl(Rows& rows, bool ingress, int priority, const std::string& match, const std::string& action,
              bool after_lb = false) {
  Row row{
      {"direction", ingress ? "to-lport" : "from-lport"}, {"priority", priority}, {"match", match}, {"action", action}};
  if (after_lb) row["options"] = map_of({{"apply-after-lb", "true"}});
  return rows.add("ACL", row);
}

void port_group(Rows& rows, const std::string& name, const std::vector<Reference>& ports,
                const std::vector<Reference>& acls) {
  rows.add("Port_Group", {{"name", name}, {"ports", set_of(ports)}, {"acls", set_of(acls)}});
}

const std::string* first_of(const std::vector<std::string>& texts, bool v4) {
  const auto at = std::find_if(texts.begin(), texts.end(),
                               [&](const std::string& text) { return (text.find(':') == text.npos) == v4; });
  return at == texts.end() ? nullptr : &*at;
}

}  // namespace

Controller::Controller(int minor, const Cluster& cluster) : minor_(minor), cluster_(cluster) {
  for (const Subnet& subnet : cluster.subnets)
    for (const ExistingAcl& acl : subnet.acls)
      subnet_acls_[subnet.name].push_back({acl.direction, acl.match, acl.action, acl.priority});
}

void Controller::apply(const std::string& yaml) {
  for (const YAML::Node& object : YAML::LoadAll(yaml)) {
    const std::string kind = text(object, "kind");
    const YAML::Node metadata = object["metadata"], spec = object["spec"];
    const std::string name = text(metadata, "name");
    if (kind == "SecurityGroup") {
      groups_[name] = {rules(spec["ingressRules"]), rules(spec["egressRules"])};
    } else if (kind == "Subnet") {
      std::vector<ApiAcl>& acls = subnet_acls_[name];
      acls.clear();
      for (const YAML::Node& node : spec["acls"])
        acls.push_back({text(node, "direction"), text(node, "match"), text(node, "action"), number(node, "priority")});
    } else if (kind == "Pod") {
      for (const auto& each : metadata["annotations"])
        if (const auto key = each.first.as<std::string>(); key.ends_with(annotation))
          bindings_[{text(metadata, "namespace"), name}] = split(text(metadata["annotations"], key.c_str()));
    } else if (kind == "NetworkPolicy") {
      has_network_policy_ = true;
    } else {
      throw std::runtime_error("Kube-OVN does not know kind " + kind);
    }
  }
}

void Controller::program(Network& network, const Members& members,
                         const std::optional<verify::Rewriting>& rewriting) const {
  program_groups(network, members, rewriting);
  program_nodes(network);
  program_subnets(network);
}

// --- SecurityGroups ----------------------------------------------------------------------------------------------

/// validateSgRule (K§1.1). Addresses are not looked at here: whatever is wrong with them, OVN will find.
bool Controller::accepts(const ApiRule& rule) const {
  const bool ports = rule.protocol == "tcp" || rule.protocol == "udp";
  const auto is_port = [](int port) { return 1 <= port && port <= 65535; };
  return (rule.ip_version == "ipv4" || rule.ip_version == "ipv6") && 1 <= rule.priority &&
         rule.priority <= (minor_ >= 16 ? 16384 : 200) &&
         (rule.remote_type == "address" ||
          (rule.remote_type == "securityGroup" && groups_.contains(rule.remote_group))) &&
         (!ports || (is_port(rule.port_min) && is_port(rule.port_max) && rule.port_min <= rule.port_max));
}

/// The first bad rule rejects the whole object.
bool Controller::accepts(const ApiGroup& group) const {
  const auto good = [&](const ApiRule& rule) { return accepts(rule); };
  return std::all_of(group.ingress.begin(), group.ingress.end(), good) &&
         std::all_of(group.egress.begin(), group.egress.end(), good);
}

/// newSgRuleACL (K§2.2).
std::string Controller::match_of(const std::string& group, const ApiRule& rule, bool ingress) const {
  const bool v4 = rule.ip_version == "ipv4";
  const char* ip = v4 ? "ip4" : "ip6";
  std::string match =
      fmt::format("{} == @{} && {} && {}.{} == {}", ingress ? "outport" : "inport", port_group_of(group), ip, ip,
                  ingress ? "src" : "dst",
                  rule.remote_type == "address" ? rule.remote_address : "$" + address_set_of(rule.remote_group, v4));
  if (rule.protocol == "icmp") match += v4 ? " && icmp4" : " && icmp6";
  if (rule.protocol == "tcp" || rule.protocol == "udp")
    match += fmt::format(" && {} <= {}.dst <= {}", rule.port_min, rule.protocol, rule.port_max);
  return match;
}

/// User rules and base ACLs of one direction (K§2.3); those of tier 3 are left out, this OVN has one flat tier.
std::vector<Reference> Controller::acls_of(const std::string& name, const ApiGroup& group, bool ingress,
                                           Rows& rows) const {
  std::vector<Reference> acls;
  for (const ApiRule& rule : ingress ? group.ingress : group.egress)
    acls.push_back(acl(rows, ingress, (minor_ >= 16 ? 18484 : 2300) - rule.priority, match_of(name, rule, ingress),
                       rule.policy == "allow" ? "allow-related" : "drop"));
  const std::string scope = fmt::format("{} == @{} && ", ingress ? "outport" : "inport", port_group_of(name));
  const auto base = [&](const std::string& match) {
    // v1.12 installs both directions as to-lport (K§1.2).
    acls.push_back(acl(rows, ingress || minor_ <= 12, 2005, scope + match, "allow-related"));
  };
  base("arp");
  base(fmt::format("icmp6.type == {{130, {}, 135, 136}} && icmp6.code == 0 && ip.ttl == 255", ingress ? 134 : 133));
  base(fmt::format("udp.src == {} && udp.dst == {} && ip4", ingress ? 67 : 68, ingress ? 68 : 67));
  base(fmt::format("udp.src == {} && udp.dst == {} && ip6", ingress ? 547 : 546, ingress ? 546 : 547));
  base("ip.proto == 112");
  return acls;
}

Members Controller::members() const {
  Members members;
  for (const auto& [pod, names] : bindings_)
    for (const std::string& name : names) {
      const auto group = groups_.find(name);
      if (group == groups_.end() || !accepts(group->second)) continue;
      members.groups[pod].insert(name);
      members.isolated.insert(pod);
    }
  return members;
}

void Controller::program_groups(Network& network, const Members& members,
                                const std::optional<verify::Rewriting>& rewriting) const {
  Rows& rows = network.rows;
  const auto carries = [&](const Pod& pod, const std::string& group) {
    const auto at = members.groups.find({pod.ns, pod.name});
    return at != members.groups.end() && at->second.contains(group);
  };
  for (const auto& [name, group] : groups_) {
    if (!accepts(group)) continue;
    std::vector<Reference> ports, acls;
    std::set<std::string> v4, v6;
    for (std::size_t i = 0; i < cluster_.pods.size(); ++i) {
      if (!network.pods[i] || !carries(cluster_.pods[i], name)) continue;
      ports.push_back(network.pods[i]->row);
      for (const Address& address : cluster_.pods[i].addresses)
        (address.family == Family::V4 ? v4 : v6).insert(to_string(address));
    }
    for (const bool ingress : {true, false}) {
      const bool empty =
          rewriting && rewriting->security_group == name && (rewriting->direction == Direction::Ingress) == ingress;
      if (empty) continue;
      const std::vector<Reference> some = acls_of(name, group, ingress, rows);
      acls.insert(acls.end(), some.begin(), some.end());
    }
    port_group(rows, port_group_of(name), ports, acls);
    rows.add("Address_Set", {{"name", address_set_of(name, true)}, {"addresses", set_of({v4.begin(), v4.end()})}});
    rows.add("Address_Set", {{"name", address_set_of(name, false)}, {"addresses", set_of({v6.begin(), v6.end()})}});
  }
  std::vector<Reference> isolated;
  for (std::size_t i = 0; i < cluster_.pods.size(); ++i)
    if (network.pods[i] && members.isolated.contains({cluster_.pods[i].ns, cluster_.pods[i].name}))
      isolated.push_back(network.pods[i]->row);
  const std::string all = port_group_of(deny_all);
  port_group(rows, all, isolated,
             {acl(rows, true, 2003, fmt::format("outport == @{} && ip", all), "drop"),
              acl(rows, false, 2003, fmt::format("inport == @{} && ip", all), "drop")});
}

// --- nodes and Subnets -------------------------------------------------------------------------------------------

/// Pods of a node let it in while some NetworkPolicy exists (K§4.3), by its first InternalIP of each family.
void Controller::program_nodes(Network& network) const {
  if (!has_network_policy_) return;
  for (const Node& node : cluster_.nodes) {
    const std::string name = dotted("node-" + node.name);
    std::vector<Reference> ports, acls;
    for (std::size_t i = 0; i < cluster_.pods.size(); ++i)
      if (cluster_.pods[i].node == node.name && network.pods[i]) ports.push_back(network.pods[i]->row);
    std::vector<std::string> addresses;
    for (const Address& address : node.internal) addresses.push_back(to_string(address));
    for (const bool v4 : {true, false}) {
      const std::string* address = first_of(addresses, v4);
      if (address == nullptr) continue;
      const char* ip = v4 ? "ip4" : "ip6";
      acls.push_back(acl(network.rows, true, 3000,
                         fmt::format("{0}.src == {1} && {0}.dst == ${2}_{0}", ip, *address, name), "allow-related"));
      acls.push_back(acl(network.rows, false, 3000,
                         fmt::format("{0}.dst == {1} && {0}.src == ${2}_{0}", ip, *address, name), "allow-related",
                         true));
    }
    port_group(network.rows, name, ports, acls);
  }
}

/// One entry that OVN's schema refuses leaves the switch without any (K§5).
void Controller::program_subnets(Network& network) const {
  const auto fits_schema = [](const ApiAcl& acl) {
    const std::set<std::string> actions{"allow", "allow-related", "allow-stateless", "drop", "reject"};
    return actions.contains(acl.action) && (acl.direction == "to-lport" || acl.direction == "from-lport") &&
           !acl.match.empty() && 0 <= acl.priority && acl.priority <= 32767;
  };
  for (std::size_t i = 0; i < cluster_.subnets.size(); ++i) {
    const auto at = subnet_acls_.find(cluster_.subnets[i].name);
    if (at == subnet_acls_.end() || !std::all_of(at->second.begin(), at->second.end(), fits_schema)) continue;
    for (const ApiAcl& entry : at->second)
      network.switches[i].acls.push_back(
          acl(network.rows, entry.direction == "to-lport", entry.priority, entry.match, entry.action));
  }
}

}  // namespace policyconv::real_ovn
