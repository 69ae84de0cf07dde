// Cilium's Rule.Sanitize (pkg/policy/api/rule_validation.go), check by check in its order and its words, as of 1.20;
// differences of older versions are those of C§0.1. Entrance: sanitize().
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <iterator>
#include <string_view>

#include "frontend/refusal.h"
#include "frontend/traffic_syntax.h"

namespace policyconv::cilium {
namespace {

constexpr std::size_t max_ports = 40, max_icmp_fields = 40;

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::transform(text.begin(), text.end(), lowered.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lowered;
}

std::string upper_case(std::string_view text) {
  std::string raised(text);
  std::transform(text.begin(), text.end(), raised.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return raised;
}

// --- ports -----------------------------------------------------------------------------------------------------------

/// In the order of Cilium's error message. Sanitize knows those without ports even where their flag is off.
struct ProtocolName {
  std::string_view name;
  int since = 0;
  bool has_ports = true;
};
constexpr ProtocolName protocol_names[] = {{"TCP"},
                                           {"UDP"},
                                           {"SCTP"},
                                           {"VRRP", 19, false},
                                           {"IGMP", 19, false},
                                           {"GRE", 20, false},
                                           {"IPIP", 20, false},
                                           {"IPV6", 20, false},
                                           {"ESP", 20, false},
                                           {"AH", 20, false},
                                           {"ANY"}};

const ProtocolName* find_protocol(std::string_view name, int minor) {
  const auto found = std::find_if(std::begin(protocol_names), std::end(protocol_names),
                                  [&](const ProtocolName& one) { return one.since <= minor && one.name == name; });
  return found == std::end(protocol_names) ? nullptr : found;
}

std::string protocol_error(const std::optional<Text>& protocol, int minor) {
  const std::string name = upper_case(value_of(protocol));
  if (name.empty() || find_protocol(name, minor)) return "";
  std::string known;
  for (const ProtocolName& one : protocol_names)
    if (one.since <= minor) known += (known.empty() ? "" : " | ") + lower_case(one.name);
  return fmt::format("invalid protocol {:?}, must be {{ {} }}", name, known);
}

/// The checks of one spec. Each function is one method of Cilium's API types.
class Sanitizer {
 public:
  Sanitizer(const Semantics& semantics, Refusal& refusal) : minor_(semantics.cilium_minor), refusal_(refusal) {}

  void check(const Spec& spec) {
    if (minor_ >= 17 && !given(spec.ingress) && !given(spec.ingress_deny) && !given(spec.egress) &&
        !given(spec.egress_deny))
      refuse(spec.loc, "rule must have at least one of Ingress, IngressDeny, Egress, EgressDeny");
    if (!spec.endpoint_selector && !spec.node_selector)
      refuse(spec.loc, "rule must have one of EndpointSelector or NodeSelector");
    if (spec.endpoint_selector && spec.node_selector)
      refuse(spec.node_selector->loc, "rule cannot have both EndpointSelector and NodeSelector");
    if (spec.endpoint_selector) selector(*spec.endpoint_selector);
    if (spec.node_selector) selector(*spec.node_selector);
    host_ = spec.node_selector.has_value();
    const bool sanitizes_denies = minor_ >= 17;
    for (const Rule& rule : elements(spec.ingress)) ingress(rule);
    if (sanitizes_denies)
      for (const Rule& rule : elements(spec.ingress_deny)) ingress_deny(rule);
    for (const Rule& rule : elements(spec.egress)) egress(rule);
    if (sanitizes_denies)
      for (const Rule& rule : elements(spec.egress_deny)) egress_deny(rule);
  }

 private:
  struct Member {
    std::string_view name;
    bool given;
  };

  void refuse(Loc where, std::string text) { refusal_.add(where, std::move(text)); }

  void ingress(const Rule& rule) {
    ingress_common(rule);
    if (const PortRule* with = l7_in(rule)) {
      if (host_) refuse(with->rules->loc, "L7 policy is not supported on host ingress yet");
      if (const PortRule* dns = dns_in(rule))
        refuse(dns->rules->loc, "L7 protocol DNS is not supported on ingress yet");
    }
    icmps_without_ports(rule);
    for (const PortRule& entry : elements(rule.to_ports)) ports(entry, true);
    icmps(rule);
  }

  void ingress_deny(const Rule& rule) {
    ingress_common(rule);
    icmps_without_ports(rule);
    for (const PortRule& entry : elements(rule.to_ports)) deny_ports(entry);
    icmps(rule);
  }

  void egress(const Rule& rule) {
    egress_common(rule);
    if (minor_ < 17 && given(rule.services) && given(rule.to_ports))
      refuse(rule.services->front().loc, "Combining ToServices and ToPorts is not supported yet");
    if (host_)
      for (const PortRule& entry : elements(rule.to_ports))
        if (entry.rules && given(entry.rules->http))
          refuse(entry.rules->loc, "L7 protocol HTTP is not supported on host egress yet");
    icmps_without_ports(rule);
    for (const PortRule& entry : elements(rule.to_ports)) ports(entry, false);
    icmps(rule);
    for (const Fqdn& fqdn : elements(rule.fqdns)) {
      if (!value_of(fqdn.match_name).empty() && !value_of(fqdn.match_pattern).empty())
        refuse(fqdn.loc, "only one of MatchName or MatchPattern is allowed in an FQDNSelector");
      dns_name(fqdn);
    }
  }

  void egress_deny(const Rule& rule) {
    egress_common(rule);
    icmps_without_ports(rule);
    for (const PortRule& entry : elements(rule.to_ports)) deny_ports(entry);
    icmps(rule);
  }

  void ingress_common(const Rule& rule) {
    one_member(rule, {{"FromCIDR", given(rule.cidr)},
                      {"FromCIDRSet", given(rule.cidr_set)},
                      {"FromEndpoints", given(rule.endpoints)},
                      {"FromEntities", given(rule.entities)},
                      {"FromGroups", minor_ >= 16 && given(rule.groups)},
                      {"FromNodes", has_nodes(rule)}});
    common(rule);
  }

  void egress_common(const Rule& rule) {
    one_member(rule, {{"ToCIDR", given(rule.cidr)},
                      {"ToCIDRSet", given(rule.cidr_set)},
                      {"ToEndpoints", given(rule.endpoints)},
                      {"ToEntities", given(rule.entities)},
                      {"ToFQDNs", given(rule.fqdns)},
                      {"ToGroups", given(rule.groups)},
                      {"ToNodes", has_nodes(rule)},
                      {"ToServices", given(rule.services)}});
    common(rule);
  }

  // Before 1.16 the API server pruned the unknown field.
  bool has_nodes(const Rule& rule) const { return minor_ >= 16 && given(rule.nodes); }

  // Cilium names two members in map order; we take the first two by name.
  void one_member(const Rule& rule, std::initializer_list<Member> sorted) {
    std::vector<std::string_view> names;
    for (const Member& member : sorted)
      if (member.given) names.push_back(member.name);
    if (names.size() > 1) refuse(rule.loc, fmt::format("combining {} and {} is not supported yet", names[0], names[1]));
  }

  void common(const Rule& rule) {
    for (const Selector& one : elements(rule.endpoints)) selector(one);
    if (minor_ <= 18)
      for (const Selector& one : elements(rule.requires_)) selector(one);
    if (has_nodes(rule)) {
      for (const Selector& one : *rule.nodes) selector(one);
      refuse(rule.nodes->front().loc,
             "FromNodes/ToNodes rules can only be applied when the \"enable-node-selector-labels\" flag is set");
    }
    for (const Text& one : elements(rule.cidr)) cidr(one);
    for (const CidrRule& one : elements(rule.cidr_set)) cidr_rule(one);
    for (const Text& one : elements(rule.entities)) entity(one);
  }

  void selector(const Selector& written, std::string_view context = "") {
    const Refusal error = selector_error(written);
    if (error) refuse(error.where, fmt::format("{}invalid label selector: {}", context, error.text));
  }

  void cidr(const Text& text) {
    if (text.value.empty()) refuse(text.loc, "IP must be specified");
    CidrError error;
    if (parse_cidr(text.value, &error)) return;
    if (minor_ >= 20 || !parse_address(text.value)) refuse(text.loc, "unable to parse CIDR: " + error.text);
  }

  void cidr_rule(const CidrRule& rule) {
    const bool by_cidr = !value_of(rule.cidr).empty(), by_name = !value_of(rule.cidr_group_ref).empty();
    if (rule.cidr_group_selector) selector(*rule.cidr_group_selector, "failed to sanitize cidrGroupSelector: ");
    const int members = by_cidr + by_name + rule.cidr_group_selector.has_value();
    if (members == 0) refuse(rule.loc, "one of cidr, cidrGroupRef, or cidrGroupSelector is required");
    if (members > 1) refuse(rule.loc, "more than one of cidr, cidrGroupRef, or cidrGroupSelector may not be set");
    if (!by_cidr || members > 1) return;
    CidrError error;
    const auto within = parse_cidr(rule.cidr->value, &error);
    if (!within)
      return refuse(rule.cidr->loc, fmt::format("unable to parse CIDRRule {:?}: {}", rule.cidr->value, error.text));
    for (const Text& text : rule.except) {
      const auto except = parse_cidr(text.value, &error);
      if (!except) return refuse(text.loc, error.text);
      // Cilium compares the address as written, before masking.
      const auto address = parse_address(std::string_view(text.value).substr(0, text.value.find('/')));
      const bool wider = minor_ >= 20 && except->length < within->length;
      if (wider || !address || !contains(*within, *address))
        refuse(text.loc, fmt::format("allow CIDR prefix {} does not contain exclude CIDR prefix {}", rule.cidr->value,
                                     text.value));
    }
  }

  void entity(const Text& text) {
    constexpr std::array<std::string_view, 11> known{"all",    "world",     "cluster",       "host",
                                                     "init",   "ingress",   "remote-node",   "none",
                                                     "health", "unmanaged", "kube-apiserver"};
    const bool supported = std::find(known.begin(), known.end(), text.value) != known.end() ||
                           (minor_ >= 15 && (text.value == "world-ipv4" || text.value == "world-ipv6")) ||
                           (minor_ >= 20 && text.value == "cluster-mesh");
    if (!supported) refuse(text.loc, "unsupported entity: " + text.value);
  }

  // --- L4 and L7 ---

  // Kafka and l7 left the API in 1.20.
  bool has_l7(const PortRule& entry) const {
    return entry.rules &&
           (entry.rules->http || entry.rules->dns || (minor_ < 20 && (entry.rules->kafka || entry.rules->l7)));
  }
  const PortRule* l7_in(const Rule& rule) const {
    for (const PortRule& entry : elements(rule.to_ports))
      if (has_l7(entry)) return &entry;
    return nullptr;
  }
  static bool has_dns(const PortRule& entry) { return entry.rules && given(entry.rules->dns); }
  static const PortRule* dns_in(const Rule& rule) {
    for (const PortRule& entry : elements(rule.to_ports))
      if (has_dns(entry)) return &entry;
    return nullptr;
  }

  void ports(const PortRule& entry, bool ingress) {
    const bool l7 = has_l7(entry), dns = has_dns(entry);
    if (ingress && dns) refuse(entry.rules->loc, "DNS rules are not allowed on ingress");
    if (given(entry.server_names) && l7 && !entry.terminating_tls)
      refuse(entry.server_names->front().loc, "ServerNames are not allowed with L7 rules without TLS termination");
    for (const Text& name : elements(entry.server_names))
      if (name.value.empty()) refuse(name.loc, "empty server name is not allowed");
    not_too_many(entry);
    bool zero = false;
    for (const PortProtocol& one : elements(entry.ports)) {
      zero |= port(one, dns);
      const std::string protocol = upper_case(value_of(one.protocol));
      if (l7 && !dns && protocol != "TCP")
        refuse(one.protocol ? one.protocol->loc : one.loc,
               fmt::format("L7 rules can only apply to TCP (not {}) except for DNS rules",
                           protocol.empty() ? "ANY" : protocol));
    }
    if (entry.listener && ingress) refuse(*entry.listener, "Listener is not allowed on ingress");
    if (entry.listener && l7) refuse(*entry.listener, "Listener is not allowed with L7 rules");
    if (l7 && zero) refuse(entry.rules->loc, "L7 rules can not be used when a port is 0");
    if (l7) l7_rules(*entry.rules, given(entry.ports));
  }

  void deny_ports(const PortRule& entry) {
    not_too_many(entry);
    for (const PortProtocol& one : elements(entry.ports)) port(one, false);
  }

  void not_too_many(const PortRule& entry) {
    if (elements(entry.ports).size() > max_ports)
      refuse((*entry.ports)[max_ports].loc, fmt::format("too many ports, the max is {}", max_ports));
  }

  /// True if the port is the number 0.
  bool port(const PortProtocol& one, bool dns) {
    const std::string_view text = value_of(one.port);
    const Loc where = one.port ? one.port->loc : one.loc;
    bool zero = false;
    if (text.empty()) {
      refuse(where, "port must be specified");
    } else if (!is_service_name(text)) {
      const ProtocolName* protocol = find_protocol(value_of(one.protocol), minor_);
      if (protocol && !protocol->has_ports && text != "0") refuse(where, "port must be empty or 0");
      const PortNumber number = parse_port(text);
      if (!number.error.empty()) refuse(where, "unable to parse port: " + number.error);
      zero = number.error.empty() && number.value == 0;
      if (dns && minor_ >= 16 && one.end_port.value_or(0) > number.value)
        refuse(where, "DNS rules do not support port ranges");
    }
    if (const std::string error = protocol_error(one.protocol, minor_); !error.empty())
      refuse(one.protocol->loc, error);
    return zero;
  }

  void l7_rules(const L7Rules& rules, bool has_ports) {
    for (const HttpRule& one : elements(rules.http)) http(one);
    if (rules.dns && !has_ports) refuse(rules.loc, "port 53 must be specified for DNS rules");
    for (const Fqdn& one : elements(rules.dns)) dns_name(one);
    const bool proto = minor_ < 20 && !value_of(rules.l7proto).empty(), kafka = minor_ < 20 && rules.kafka;
    if (minor_ < 20 && rules.l7 && !proto)
      refuse(rules.loc, "'l7' may only be specified when a 'l7proto' is also specified");
    if (rules.http.has_value() + rules.dns.has_value() + kafka + proto > 1)
      refuse(rules.loc, "multiple L7 protocol rule types specified in single rule");
  }

  void http(const HttpRule& rule) {
    for (const auto* pattern : {&rule.path, &rule.method})
      if (*pattern)
        if (std::string error = regexp_error((*pattern)->value); !error.empty())
          refuse((*pattern)->loc, std::move(error));
    for (const HeaderMatch& match : rule.header_matches) {
      constexpr std::array<std::string_view, 5> actions{"", "LOG", "ADD", "DELETE", "REPLACE"};
      if (value_of(match.name).empty()) refuse(match.loc, "Header name missing");
      if (std::find(actions.begin(), actions.end(), value_of(match.mismatch)) == actions.end())
        refuse(match.mismatch->loc, "Invalid header action: " + match.mismatch->value);
      if (match.has_secret && match.secret_name.empty()) refuse(match.loc, "Secret name missing");
    }
  }

  void dns_name(const Fqdn& fqdn) {
    dns_text("MatchName", fqdn.match_name, "-_.", "., -, _ characters");
    dns_text("MatchPattern", fqdn.match_pattern, "-_.*", "., -, _ and * characters");
  }

  void dns_text(std::string_view field, const std::optional<Text>& text, std::string_view marks,
                std::string_view allowed) {
    if (!text) return;
    if (text->value.size() > 255)
      refuse(text->loc, fmt::format("Invalid {}: {:?}. Must be <= 255 characters long.", field, text->value));
    if (!std::all_of(text->value.begin(), text->value.end(),
                     [&](char c) { return is_alphanumeric(c) || marks.find(c) != std::string_view::npos; }))
      refuse(text->loc, fmt::format("Invalid characters in {}: \"{}\". Only 0-9, a-z, A-Z and {} are allowed", field,
                                    text->value, allowed));
  }

  void icmps_without_ports(const Rule& rule) {
    if (given(rule.icmps) && given(rule.to_ports))
      refuse(rule.icmps->front().loc,
             "the ICMPs block may only be present without ToPorts. Define a separate rule to use ToPorts");
  }

  void icmps(const Rule& rule) {
    for (const IcmpRule& entry : elements(rule.icmps)) {
      const auto& fields = elements(entry.fields);
      if (fields.size() > max_icmp_fields)
        refuse(fields[max_icmp_fields].loc, fmt::format("too many types, the max is {}", max_icmp_fields));
      for (const IcmpField& field : fields) {
        const std::string_view family = value_of(field.family);
        if (!family.empty() && family != "IPv4" && family != "IPv6")
          refuse(field.family->loc, fmt::format("wrong family: {}", family));
      }
    }
  }

  int minor_;
  Refusal& refusal_;
  bool host_ = false;
};

}  // namespace

void sanitize(const Spec& spec, const Semantics& semantics, Refusal& refusal) {
  Sanitizer(semantics, refusal).check(spec);
}

}  // namespace policyconv::cilium
