#include "backends/kubeovn/api_rules.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace policyconv::kubeovn {
namespace {

constexpr std::int64_t any_integer = std::numeric_limits<std::int64_t>::max();

bool has_ports(const ApiRule& rule) { return rule.protocol == "tcp" || rule.protocol == "udp"; }
bool is_port(std::int64_t number) { return number >= 1 && number <= 65535; }

/// What is wrong with an address, as the controller checks it: lists of CIDRs pass since v1.16 (K§1.3).
std::string flaw_of(std::string_view address, const Release& release) {
  if (address.find('/') == std::string_view::npos)
    return parse_address(address) ? "" : fmt::format("invalid IP address `{}`", yaml::excerpt(address));
  for (std::string_view rest = address;;) {
    const std::size_t comma = release.minor >= 16 ? rest.find(',') : std::string_view::npos;
    if (!parse_cidr(rest.substr(0, comma))) return fmt::format("invalid CIDR `{}`", yaml::excerpt(address));
    if (comma == std::string_view::npos) return {};
    rest.remove_prefix(comma + 1);
  }
}

std::optional<Cidr> prefix_of(std::string_view address) {
  if (const auto host = parse_address(address)) return host_cidr(*host);
  return parse_cidr(address);
}

SgProtocol protocol_of(std::string_view name) {
  for (const SgProtocol protocol : {SgProtocol::Icmp, SgProtocol::Tcp, SgProtocol::Udp})
    if (to_string(protocol) == name) return protocol;
  return SgProtocol::All;  // also what is misspelt, and sctp (K§1.3)
}

std::string action_of(const ApiRule& rule, const Release& release) {
  if (rule.policy == "allow") return "allow";
  return rule.policy == "pass" && release.minor >= 16 ? "pass" : "drop";
}

/// newSgRuleACL (K§2.2): addresses are copied as they are.
std::string match_of(const ApiRule& rule, const std::string& group) {
  const bool in = rule.direction == Direction::Ingress, v4 = rule.ip_version == "ipv4";
  const char* ip = v4 ? "ip4" : "ip6";
  const std::string remote = rule.remote_type == "address"
                                 ? rule.remote_address
                                 : "$" + address_set_name(rule.remote_group, v4 ? Family::V4 : Family::V6);
  std::string match = fmt::format("{} == @{} && {} && {}.{} == {}", in ? "outport" : "inport", port_group_name(group), ip,
                                  ip, in ? "src" : "dst", remote);
  if (!rule.local_address.empty()) match += fmt::format(" && {}.{} == {}", ip, in ? "dst" : "src", rule.local_address);
  if (rule.protocol == "icmp") match += v4 ? " && icmp4" : " && icmp6";
  if (!has_ports(rule)) return match;
  match += fmt::format(" && {} <= {}.dst <= {}", rule.port_min, rule.protocol, rule.port_max);
  if (!rule.local_address.empty())
    match += fmt::format(" && {} <= {}.src <= {}", rule.source_min, rule.protocol, rule.source_max);
  return match;
}

}  // namespace

void report_pruned(const yaml::Node& node, const std::string& title, const std::vector<std::string_view>& known,
                   const Release& release, Diagnostics& diagnostics) {
  for (const auto& [key, value] : node.members)
    if (std::find(known.begin(), known.end(), key.scalar) == known.end())
      diagnostics.report<Kind::FieldPruned>(key.loc, yaml::excerpt(key.scalar), title, release.minor);
}

std::vector<ApiRule> read_rules(const decode::View& list, Direction direction, const std::string& title,
                                const Release& release, Diagnostics& diagnostics) {
  std::vector<std::string_view> known{"ipVersion",     "protocol",            "priority",     "remoteType", "remoteAddress",
                                      "remoteSecurityGroup", "portRangeMin", "portRangeMax", "policy"};
  const bool has_local = release.minor >= 16;
  if (has_local) known.insert(known.end(), {"localAddress", "sourcePortRangeMin", "sourcePortRangeMax"});
  std::vector<ApiRule> rules;
  for (const decode::View& written : list.items()) {
    const auto number = [&](std::string_view field) {
      return written[field].number(-any_integer - 1, any_integer).value_or(0);
    };
    ApiRule rule;
    rule.direction = direction;
    rule.path = fmt::format("spec.{}[{}]", direction == Direction::Ingress ? "ingressRules" : "egressRules", rules.size());
    rule.loc = written.loc();
    rule.ip_version = written["ipVersion"].text();
    rule.protocol = written["protocol"].text();
    rule.remote_type = written["remoteType"].text();
    rule.remote_address = written["remoteAddress"].text();
    rule.remote_group = written["remoteSecurityGroup"].text();
    rule.policy = written["policy"].text();
    rule.priority = number("priority");
    rule.port_min = number("portRangeMin");
    rule.port_max = number("portRangeMax");
    if (has_local) {
      rule.local_address = written["localAddress"].text();
      rule.source_min = number("sourcePortRangeMin");
      rule.source_max = number("sourcePortRangeMax");
    }
    report_pruned(written.node(), fmt::format("{} {}", title, rule.path), known, release, diagnostics);
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::string refusal(const ApiRule& rule, std::int64_t tier, const std::set<std::string, std::less<>>& groups,
                    const Release& release) {
  if (rule.ip_version != "ipv4" && rule.ip_version != "ipv6")
    return fmt::format("ipVersion is `{}`, it must be ipv4 or ipv6", yaml::excerpt(rule.ip_version));
  if (rule.priority < 1 || rule.priority > release.max_priority())
    return fmt::format("priority is {}, it must be from 1 to {}", rule.priority, release.max_priority());
  if (rule.remote_type == "securityGroup") {
    if (!groups.contains(rule.remote_group))
      return fmt::format("remoteSecurityGroup `{}` does not exist", yaml::excerpt(rule.remote_group));
  } else if (rule.remote_type != "address") {
    return fmt::format("remoteType is `{}`, it must be address or securityGroup", yaml::excerpt(rule.remote_type));
  } else if (const std::string flaw = flaw_of(rule.remote_address, release); !flaw.empty()) {
    return "remoteAddress: " + flaw;
  }
  if (!rule.local_address.empty())
    if (const std::string flaw = flaw_of(rule.local_address, release); !flaw.empty()) return "localAddress: " + flaw;
  if (has_ports(rule)) {
    if (!is_port(rule.port_min) || !is_port(rule.port_max))
      return fmt::format("ports are {}-{}, {} needs portRangeMin and portRangeMax from 1 to 65535", rule.port_min,
                         rule.port_max, rule.protocol);
    if (rule.port_min > rule.port_max)
      return fmt::format("portRangeMin {} is greater than portRangeMax {}", rule.port_min, rule.port_max);
    if (!rule.local_address.empty() && (!is_port(rule.source_min) || !is_port(rule.source_max)))
      return fmt::format("source ports are {}-{}, with localAddress they must be from 1 to 65535", rule.source_min,
                         rule.source_max);
  }
  if (rule.policy == "pass" && tier == 1) return "policy `pass` is not for tier 1, behind which there is no tier";
  return {};
}

void add_rule(const ApiRule& rule, SecurityGroup& group, const Release& release, Diagnostics& diagnostics) {
  const std::string action = action_of(rule, release);
  const Family family = rule.ip_version == "ipv4" ? Family::V4 : Family::V6;
  const bool is_address = rule.remote_type == "address";
  const std::optional<Cidr> prefix = is_address ? prefix_of(rule.remote_address) : std::nullopt;
  const bool fits = !is_address || (prefix && prefix->family == family);
  if (!fits && !(prefix && prefix->length == 0))  // OVN compares no bit with a prefix of length 0, whatever its family
    diagnostics.report<Kind::RuleWithoutEffect>(rule.loc, yaml::excerpt(rule.remote_address), rule.ip_version);
  if (!fits || !rule.local_address.empty() || action == "pass") {
    group.written.push_back(
        {rule.direction, static_cast<int>(rule.priority), action, match_of(rule, group.name), rule.loc});
    return;
  }
  SgRule exact;
  exact.priority = static_cast<int>(rule.priority);
  exact.policy = action == "allow" ? Verdict::Allow : Verdict::Deny;
  exact.family = family;
  exact.protocol = protocol_of(rule.protocol);
  if (has_ports(rule))
    exact.ports = {static_cast<std::uint16_t>(rule.port_min), static_cast<std::uint16_t>(rule.port_max)};
  if (prefix) exact.remote = *prefix;
  else exact.remote = SgName{rule.remote_group};
  exact.loc = rule.loc;
  (rule.direction == Direction::Ingress ? group.ingress : group.egress).push_back(std::move(exact));
}

}  // namespace policyconv::kubeovn
