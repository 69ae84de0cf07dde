// What the API server refuses by the schema of the custom resource definitions although Cilium's Sanitize would take it
// (C§10, tests/schemas). Such an object is never stored, so it means nothing. Entrance: check_schema().
//
// Two gaps are on purpose. The schema refuses bare addresses as CIDRs in every version, but Cilium itself took them
// before 1.20 (C§0.1) and files hold them; to enforce them errs on the strict side, so only what is no address at all
// counts here. And what the decoders report as errors of their own (unknown fields, wrong types) is not said again.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>
#include <vector>

#include "frontend/refusal.h"
#include "frontend/traffic_syntax.h"

namespace policyconv::cilium {
namespace {

/// ^(0-65535 by its digits)|(a service name)$. The pattern binds each half at one end only: a digit at the start is
/// enough, and so is a name at the end (C§1.3).
bool matches_port_pattern(std::string_view text) {
  if (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0) return true;
  for (std::size_t at = text.size(); at-- > 0;) {
    if (std::isalpha(static_cast<unsigned char>(text[at])) != 0) return true;
    const bool inner_dash = text[at] == '-' && at + 1 < text.size() && text[at + 1] != '-';
    if (!is_alphanumeric(text[at]) && !inner_dash) return false;
  }
  return false;
}

/// ^([-a-zA-Z0-9_]+[.]?)+$, with `star` also *.
bool is_dotted(std::string_view text, bool star) {
  return !text.empty() && text.front() != '.' && text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return is_alphanumeric(c) || c == '-' || c == '_' || c == '.' || (star && c == '*');
         });
}

/// The pattern of serverNames, which changed with 1.20 (C§0.1).
bool is_server_name(std::string_view name, int minor) {
  if (minor >= 20) return is_dotted(name, true);
  if (name.starts_with("**."))
    name.remove_prefix(3);
  else if (name.starts_with("*."))
    name.remove_prefix(2);
  return is_dotted(name, false);
}

/// A DNS-1123 subdomain of at most 253 characters.
bool is_object_name(std::string_view name) {
  const auto ok = [](char c) {
    return (is_alphanumeric(c) && std::isupper(static_cast<unsigned char>(c)) == 0) || c == '-' || c == '.';
  };
  const auto bad_edge = [](char c) { return c == '-' || c == '.'; };
  if (name.empty() || name.size() > 253 || bad_edge(name.front()) || bad_edge(name.back())) return false;
  if (!std::all_of(name.begin(), name.end(), ok)) return false;
  return name.find("..") == std::string_view::npos && name.find(".-") == std::string_view::npos &&
         name.find("-.") == std::string_view::npos;
}

class Schema {
 public:
  Schema(const Semantics& semantics, Refusal& refusal) : minor_(semantics.cilium_minor), refusal_(refusal) {}

  void check(const Spec& spec) {
    for (const auto* rules : {&spec.ingress, &spec.ingress_deny, &spec.egress, &spec.egress_deny})
      for (const Rule& one : elements(*rules)) rule(one);
  }

 private:
  void refuse(Loc where, std::string_view why) {
    refusal_.add(where, fmt::format("the API server refuses it: {}", why));
  }

  template <std::size_t size>
  void one_of(const Text& text, std::string_view field, const std::array<std::string_view, size>& allowed) {
    if (std::find(allowed.begin(), allowed.end(), text.value) == allowed.end())
      refuse(text.loc, fmt::format("{} {:?} is none of {}", field, text.value, fmt::join(allowed, ", ")));
  }

  void rule(const Rule& rule) {
    for (const auto* selectors : {&rule.endpoints, &rule.nodes, &rule.requires_})
      for (const Selector& one : elements(*selectors)) selector(one);
    if (minor_ >= 19 && given(rule.requires_))
      refuse(rule.requires_->front().loc, "fromRequires and toRequires must be empty since Cilium 1.19");
    for (const Text& one : elements(rule.cidr)) cidr(one);
    for (const CidrRule& one : elements(rule.cidr_set)) cidr_rule(one);
    for (const Text& one : elements(rule.entities)) entity(one);
    for (const ServiceRef& one : elements(rule.services))
      if (one.by_selector && one.by_selector->selector) selector(*one.by_selector->selector);
      else if (one.by_selector) refuse(one.loc, "k8sServiceSelector needs a selector");
    for (const Fqdn& one : elements(rule.fqdns)) fqdn(one, "toFQDNs");
    for (const PortRule& one : elements(rule.to_ports)) ports(one);
    for (const IcmpRule& entry : elements(rule.icmps))
      for (const IcmpField& one : elements(entry.fields)) icmp(one);
    if (rule.authentication)
      one_of(*rule.authentication, "authentication.mode",
             std::array<std::string_view, 3>{"disabled", "required", "test-always-fail"});
  }

  // Sanitize has seen all selectors but those of deny rules before 1.17; the same holds for CIDRs, families and ports.
  void selector(const Selector& selector) {
    constexpr std::array<std::string_view, 4> operators{"In", "NotIn", "Exists", "DoesNotExist"};
    for (const Expression& expression : selector.match_expressions)
      one_of({expression.op, expression.loc}, "operator", operators);
  }

  void cidr(const Text& text) {
    if (!parse_cidr(text.value) && !parse_address(text.value))
      refuse(text.loc, fmt::format("{:?} is no CIDR", text.value));
  }

  void cidr_rule(const CidrRule& rule) {
    if (rule.cidr.has_value() + rule.cidr_group_ref.has_value() + rule.cidr_group_selector.has_value() != 1)
      refuse(rule.loc, "exactly one of cidr, cidrGroupRef and cidrGroupSelector must be set");
    if (rule.cidr) cidr(*rule.cidr);
    for (const Text& except : rule.except) cidr(except);
    if (rule.cidr_group_ref && !is_object_name(rule.cidr_group_ref->value))
      refuse(rule.cidr_group_ref->loc, fmt::format("cidrGroupRef {:?} is no object name", rule.cidr_group_ref->value));
    if (rule.cidr_group_selector) selector(*rule.cidr_group_selector);
  }

  // Sanitize also takes world-ipv4 and world-ipv6 (C§0.1).
  void entity(const Text& text) {
    if (minor_ >= 20 && text.value == "cluster-mesh") return;
    one_of(text, "entity",
           std::array<std::string_view, 11>{"all", "world", "cluster", "host", "init", "ingress", "unmanaged",
                                            "remote-node", "health", "none", "kube-apiserver"});
  }

  void fqdn(const Fqdn& fqdn, std::string_view field) {
    if (minor_ >= 16 && fqdn.match_name.has_value() == fqdn.match_pattern.has_value())
      refuse(fqdn.loc, fmt::format("an element of {} must have exactly one of matchName and matchPattern", field));
    if (fqdn.match_name && !is_dotted(fqdn.match_name->value, false))
      refuse(fqdn.match_name->loc, fmt::format("matchName {:?} is no DNS name", fqdn.match_name->value));
    if (fqdn.match_pattern && !is_dotted(fqdn.match_pattern->value, true))
      refuse(fqdn.match_pattern->loc, fmt::format("matchPattern {:?} is no DNS pattern", fqdn.match_pattern->value));
  }

  void ports(const PortRule& entry) {
    for (const PortProtocol& one : elements(entry.ports)) {
      if (value_of(one.port).empty()) refuse(one.loc, "port must be specified");
      else if (!matches_port_pattern(one.port->value))
        refuse(one.port->loc, fmt::format("port {:?} is neither a number nor a name", one.port->value));
      if (one.protocol) protocol(*one.protocol);
      if (minor_ >= 16 && one.end_port && (*one.end_port < 0 || *one.end_port > 65535))
        refuse(one.loc, fmt::format("endPort {} is outside 0-65535", *one.end_port));
    }
    if (entry.rules) l7(*entry.rules);
    if (minor_ < 18 || !entry.server_names) return;
    if (entry.server_names->empty()) refuse(entry.loc, "serverNames must not be empty");
    for (const Text& name : *entry.server_names)
      if (name.value.size() > 255 || !is_server_name(name.value, minor_))
        refuse(name.loc, fmt::format("{:?} is no server name", name.value));
  }

  void protocol(const Text& text) {
    if (text.value.empty()) return refuse(text.loc, "protocol is empty");
    if (minor_ >= 19 && (text.value == "VRRP" || text.value == "IGMP")) return;
    constexpr std::array<std::string_view, 5> since_20{"GRE", "IPIP", "IPV6", "ESP", "AH"};
    if (minor_ >= 20 && std::find(since_20.begin(), since_20.end(), text.value) != since_20.end()) return;
    one_of(text, "protocol", std::array<std::string_view, 4>{"TCP", "UDP", "SCTP", "ANY"});
  }

  // 1.20 knows http and dns only, and prunes the others before it counts.
  void l7(const L7Rules& rules) {
    if (minor_ < 16) return;
    const int old_kinds = minor_ >= 20 ? 0 : rules.kafka.has_value() + rules.l7proto.has_value();
    if (rules.http.has_value() + rules.dns.has_value() + old_kinds != 1)
      refuse(rules.loc, "rules must have exactly one kind of L7 rules");
    for (const Fqdn& one : elements(rules.dns)) fqdn(one, "rules.dns");
  }

  void icmp(const IcmpField& field) {
    if (field.family) one_of(*field.family, "family", std::array<std::string_view, 2>{"IPv4", "IPv6"});
    if (!field.type) return refuse(field.loc, "an ICMP field must have a type");
    const std::string& type = field.type->value;
    unsigned number = 0;
    const auto [end, error] = std::from_chars(type.data(), type.data() + type.size(), number);
    if (error == std::errc() && end == type.data() + type.size()) {
      // Since 1.16 the pattern binds strings only; a larger plain number is stored and matches nothing.
      if (number > 255 && (minor_ < 16 || !field.type->number)) refuse(field.type->loc, "ICMP types end at 255");
      return;
    }
    const IcmpName* const name = find_icmp_name(type);
    // The schema knows all names but ExtendedEchoReply, which it misspells.
    if (minor_ < 16 || !name || name->name == "ExtendedEchoReply")
      return refuse(field.type->loc, fmt::format("{:?} is no ICMP type", type));
    const bool v6 = value_of(field.family) == "IPv6";
    // Not the schema but Cilium's decoder: the name exists, in the other family only.
    if (!(v6 ? name->v6 : name->v4))
      refusal_.add(field.type->loc, fmt::format("ICMP type {} not found in {}", type, v6 ? "IPv6" : "IPv4"));
  }

  int minor_;
  Refusal& refusal_;
};

}  // namespace

void check_schema(const Spec& spec, const Semantics& semantics, Refusal& refusal) {
  Schema(semantics, refusal).check(spec);
}

}  // namespace policyconv::cilium
