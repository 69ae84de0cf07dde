#include "frontend/traffic.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>

namespace policyconv::cilium {
namespace {

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lowered;
}

// An IANA service name has at least one letter; everything else goes through Go's ParseUint with base 0 (C§2.3).
bool is_name(std::string_view port) {
  return port.size() <= 15 && std::any_of(port.begin(), port.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
}

std::optional<std::uint16_t> parse_number(std::string_view port) {
  std::string digits;
  for (const char c : port)
    if (c != '_') digits += c;
  const int base = digits.size() > 1 && digits.front() == '0' ? 8 : 10;
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// ANY and absent mean TCP, UDP and SCTP, never ICMP (C§2.3).
std::vector<Protocol> expand(const std::optional<Text>& protocol, bool network_policy) {
  const std::string name = protocol ? lower_case(protocol->value) : network_policy ? "tcp" : "any";
  if (name == "tcp") return {Protocol::Tcp};
  if (name == "udp") return {Protocol::Udp};
  if (name == "sctp") return {Protocol::Sctp};
  if (name == "any" || name.empty()) return {Protocol::Tcp, Protocol::Udp, Protocol::Sctp};
  return {};
}

struct IcmpName {
  std::string_view name;
  std::uint8_t type;
};
// pkg/policy/api/icmp.go
constexpr std::array<IcmpName, 14> icmp4_names{{{"EchoReply", 0}, {"DestinationUnreachable", 3}, {"Redirect", 5}, {"Echo", 8},
                                                {"EchoRequest", 8}, {"RouterAdvertisement", 9}, {"RouterSelection", 10},
                                                {"TimeExceeded", 11}, {"ParameterProblem", 12}, {"Timestamp", 13},
                                                {"TimestampReply", 14}, {"Photuris", 40}, {"ExtendedEchoRequest", 42},
                                                {"ExtendedEchoReply", 43}}};
constexpr std::array<IcmpName, 27> icmp6_names{{
    {"DestinationUnreachable", 1}, {"PacketTooBig", 2}, {"TimeExceeded", 3}, {"ParameterProblem", 4},
    {"EchoRequest", 128}, {"EchoReply", 129}, {"MulticastListenerQuery", 130}, {"MulticastListenerReport", 131},
    {"MulticastListenerDone", 132}, {"RouterSolicitation", 133}, {"RouterAdvertisement", 134},
    {"NeighborSolicitation", 135}, {"NeighborAdvertisement", 136}, {"RedirectMessage", 137}, {"RouterRenumbering", 138},
    {"ICMPNodeInformationQuery", 139}, {"ICMPNodeInformationResponse", 140},
    {"InverseNeighborDiscoverySolicitation", 141}, {"InverseNeighborDiscoveryAdvertisement", 142},
    {"HomeAgentAddressDiscoveryRequest", 144}, {"HomeAgentAddressDiscoveryReply", 145}, {"MobilePrefixSolicitation", 146},
    {"MobilePrefixAdvertisement", 147}, {"DuplicateAddressRequestCodeSuffix", 157},
    {"DuplicateAddressConfirmationCodeSuffix", 158}, {"ExtendedEchoRequest", 160}, {"ExtendedEchoReply", 161}}};

std::optional<std::uint8_t> icmp_type(const std::string& written, bool v6) {
  std::uint8_t number = 0;
  const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), number);
  if (error == std::errc() && end == written.data() + written.size()) return number;
  const auto find = [&](const auto& names) -> std::optional<std::uint8_t> {
    const auto at = std::find_if(names.begin(), names.end(), [&](const IcmpName& n) { return n.name == written; });
    return at == names.end() ? std::nullopt : std::optional(at->type);
  };
  return v6 ? find(icmp6_names) : find(icmp4_names);
}

class TrafficLowering {
 public:
  TrafficLowering(const RuleContext& where, LowerContext& context) : where_(where), context_(context) {}

  TrafficSet take() { return std::move(set_); }
  void everything() { set_.fixed.push_back({}); }

  void port(const PortProtocol& written, bool network_policy) {
    const std::vector<Protocol> protocols = expand(written.protocol, network_policy);
    if (protocols.empty()) {
      context_.diagnostics.report_rule<Kind::ExtendedProtocol>(where_.id, written.loc,
                                                               written.protocol ? written.protocol->value : "");
      return;
    }
    const bool ranges = context_.semantics().cilium_minor >= 16;
    const std::uint16_t end_port =
        ranges && written.end_port && *written.end_port > 0 && *written.end_port <= 65535
            ? static_cast<std::uint16_t>(*written.end_port) : std::uint16_t{0};
    if (!written.port || written.port->value.empty()) return add(protocols, {});
    if (is_name(written.port->value) && !(network_policy && written.port->number)) {
      for (const Protocol protocol : protocols)
        set_.named.push_back({lower_case(written.port->value), protocol, end_port, written.port->loc});
      return;
    }
    const std::optional<std::uint16_t> number = parse_number(written.port->value);
    if (!number) return;  // validate() has refused it
    if (written.port->value.size() > 1 && written.port->value.front() == '0')
      context_.diagnostics.report_rule<Kind::OctalPort>(where_.id, written.port->loc, written.port->value, *number);
    add(protocols, range(*number, end_port, written.port->loc));
  }

  void icmp(const IcmpField& field) {
    const bool v6 = field.family && field.family->value == "IPv6";
    const std::optional<std::uint8_t> type = field.type ? icmp_type(field.type->value, v6) : std::nullopt;
    if (!type) return;  // validate() has refused it
    if (*type == 0) context_.diagnostics.report_rule<Kind::IcmpTypeZero>(where_.id, field.type->loc);
    ir::Traffic traffic{v6 ? Protocol::Icmp6 : Protocol::Icmp, {}, std::nullopt};
    if (*type != 0) traffic.icmp_type = *type;
    set_.fixed.push_back(traffic);
  }

  /// Reports what OVN cannot do with this entry; true if its ports are to be emitted all the same.
  bool plain_l4(const PortRule& entry) {
    bool plain = true;
    const auto refuse = [&]<Kind kind>(std::integral_constant<Kind, kind>, Loc loc, const auto&... args) {
      const bool accepted = context_.accepts(kind);
      context_.diagnostics.report_rule<kind>(where_.id, loc, args...,
                                             accepted ? "the ports they guard are opened without them" : "the ports they guard stay closed");
      plain = plain && accepted;
    };
    if (entry.rules) {
      const L7Rules& rules = *entry.rules;
      if (rules.http && !rules.http->empty()) refuse(of<Kind::HttpRule>(), rules.loc);
      if (rules.dns && !rules.dns->empty()) {
        const bool all = std::any_of(rules.dns->begin(), rules.dns->end(), [](const Fqdn& name) {
          return name.match_pattern && name.match_pattern->value == "*";
        });
        if (all) refuse(of<Kind::DnsRuleAllNames>(), rules.loc);
        else refuse(of<Kind::DnsRule>(), rules.loc);
      }
      if (rules.kafka && !rules.kafka->empty()) refuse(of<Kind::KafkaRule>(), rules.loc);
      if ((rules.l7proto && !rules.l7proto->value.empty()) || (rules.l7 && !rules.l7->empty()))
        refuse(of<Kind::CustomL7Rule>(), rules.loc);
    }
    if (entry.server_names && !entry.server_names->empty()) refuse(of<Kind::ServerNames>(), entry.loc);
    if (entry.terminating_tls) refuse(of<Kind::TlsInspection>(), *entry.terminating_tls, "terminatingTLS");
    if (entry.originating_tls) refuse(of<Kind::TlsInspection>(), *entry.originating_tls, "originatingTLS");
    if (entry.listener) refuse(of<Kind::EnvoyListener>(), *entry.listener);
    return plain;
  }

 private:
  template <Kind kind>
  static std::integral_constant<Kind, kind> of() { return {}; }

  ir::PortRange range(std::uint16_t first, std::uint16_t end_port, Loc loc) {
    if (first == 0) {
      // Port 0 is a wildcard; with endPort N it is the range 0..N up to 1.19 (C§0.1).
      const bool bounded = end_port > 0 && context_.semantics().cilium_minor < 20;
      context_.diagnostics.report_rule<Kind::PortZero>(where_.id, loc,
                                                       bounded ? fmt::format("ports 0 to {}", end_port) : "every port");
      return bounded ? ir::PortRange{1, end_port} : ir::PortRange{};
    }
    if (end_port != 0 && end_port < first)
      context_.diagnostics.report_rule<Kind::EndPortNotAbove>(where_.id, loc, end_port, first, first);
    return {first, std::max(first, end_port)};
  }

  void add(const std::vector<Protocol>& protocols, ir::PortRange ports) {
    for (const Protocol protocol : protocols) set_.fixed.push_back({protocol, ports, std::nullopt});
  }

  const RuleContext& where_;
  LowerContext& context_;
  TrafficSet set_;
};

}  // namespace

TrafficSet lower_traffic(const Rule& rule, const RuleContext& where, LowerContext& context) {
  TrafficLowering lowering(where, context);
  const bool any_ports = rule.to_ports && !rule.to_ports->empty();
  const bool any_icmps = rule.icmps && !rule.icmps->empty();
  if (!any_ports && !any_icmps) {
    lowering.everything();
    return lowering.take();
  }
  std::size_t written = 0;
  if (any_ports)
    for (const PortRule& entry : *rule.to_ports) {
      if (!entry.ports || entry.ports->empty()) continue;
      written += entry.ports->size();
      if (!lowering.plain_l4(entry)) continue;
      for (const PortProtocol& port : *entry.ports) lowering.port(port, false);
    }
  if (any_icmps)
    for (const IcmpRule& entry : *rule.icmps) {
      if (!entry.fields) continue;
      written += entry.fields->size();
      for (const IcmpField& field : *entry.fields) lowering.icmp(field);
    }
  if (written == 0)
    context.diagnostics.report_rule<Kind::RuleSelectsNothing>(
        where.id, rule.loc, where.verdict == Verdict::Allow ? "allows" : "denies", "its list of ports has no port");
  return lowering.take();
}

TrafficSet lower_traffic(const NetworkPolicyRule& rule, const RuleContext& where, LowerContext& context) {
  TrafficLowering lowering(where, context);
  if (!rule.ports || rule.ports->empty()) lowering.everything();
  else
    for (const PortProtocol& port : *rule.ports) lowering.port(port, true);
  return lowering.take();
}

}  // namespace policyconv::cilium
