#include "frontend/traffic.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

#include "frontend/traffic_syntax.h"

namespace policyconv::cilium {
namespace {

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lowered;
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

std::optional<std::uint8_t> icmp_type(const std::string& written, bool v6) {
  std::uint8_t number = 0;
  const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), number);
  if (error == std::errc() && end == written.data() + written.size()) return number;
  const IcmpName* const name = find_icmp_name(written);
  return !name ? std::nullopt : v6 ? name->v6 : name->v4;
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
    const auto& [text, loc, is_number] = *written.port;
    if (is_service_name(text)) {
      set_.named.push_back({lower_case(text), protocols, end_port, loc});
      return;
    }
    const PortNumber number = parse_port(text);
    if (!number.error.empty()) return unreadable(text, loc, protocols);
    if (text.size() > 1 && text.front() == '0')
      context_.diagnostics.report_rule<Kind::OctalPort>(where_.id, loc, text, number.value);
    add(protocols, range(number.value, end_port, loc));
  }

  void icmp(const IcmpField& field) {
    const bool v6 = field.family && field.family->value == "IPv6";
    const std::optional<std::uint8_t> type = field.type ? icmp_type(field.type->value, v6) : std::nullopt;
    if (!type) return;  // a plain number above 255, which no packet carries; validate() refuses anything else
    if (*type == 0) context_.diagnostics.report_rule<Kind::IcmpTypeZero>(where_.id, field.type->loc);
    ir::Traffic traffic{v6 ? Protocol::Icmp6 : Protocol::Icmp, {}, std::nullopt};
    if (*type != 0) traffic.icmp_type = *type;
    set_.fixed.push_back(traffic);
  }

  /// Reports what OVN cannot do with this entry; true if its ports are to be emitted all the same.
  bool plain_l4(const PortRule& entry) {
    bool plain = true;
    refuses_.reset();
    if (entry.rules) {
      const L7Rules& rules = *entry.rules;
      if (rules.http && !rules.http->empty()) plain &= accepted<Kind::HttpRule>(rules.loc);
      if (rules.dns && !rules.dns->empty()) {
        const bool all = std::any_of(rules.dns->begin(), rules.dns->end(), [](const Fqdn& name) {
          return name.match_pattern && name.match_pattern->value == "*";
        });
        if (all) plain &= accepted<Kind::DnsRuleAllNames>(rules.loc);
        else plain &= accepted<Kind::DnsRule>(rules.loc);
      }
      if (rules.kafka && !rules.kafka->empty()) plain &= accepted<Kind::KafkaRule>(rules.loc);
      if ((rules.l7proto && !rules.l7proto->value.empty()) || (rules.l7 && !rules.l7->empty()))
        plain &= accepted<Kind::CustomL7Rule>(rules.loc);
    }
    // Without default deny, Cilium adds a rule that admits every request: since 1.18, and in patches of 1.16 and 1.17 that
    // are not told apart here (C§2.1). It leaves what follows as it is.
    if (context_.semantics().cilium_minor >= 18) refuses_.reset();
    if (entry.server_names && !entry.server_names->empty()) plain &= accepted<Kind::ServerNames>(entry.loc);
    if (entry.terminating_tls) plain &= accepted<Kind::TlsInspection>(*entry.terminating_tls, "terminatingTLS");
    if (entry.originating_tls) plain &= accepted<Kind::TlsInspection>(*entry.originating_tls, "originatingTLS");
    if (entry.listener) plain &= accepted<Kind::EnvoyListener>(*entry.listener);
    if (!where_.isolates && refuses_) context_.diagnostics.report_rule<Kind::ProxyFilterLost>(where_.id, *refuses_);
    return plain;
  }

 private:
  /// Reports what guards some ports; true if the user accepts them without it.
  template <Kind kind, typename... Args>
  bool accepted(Loc loc, const Args&... args) {
    const bool open = context_.accepts(kind);
    std::string_view fate = "the ports they guard stay closed";
    if (open) fate = "the ports they guard are opened without them";
    else if (!where_.isolates) fate = "the policy closes nothing in this direction; where another policy does, the ports they guard stay closed";
    if (!open && kind != Kind::DnsRuleAllNames) refuses_ = loc;
    context_.diagnostics.report_rule<kind>(where_.id, loc, args..., fate);
    return open;
  }

  // Only deny rules before 1.17 get here, which Cilium did not check; the schema lets `70000` and `1-5` pass (C§1.3).
  void unreadable(const std::string& port, Loc loc, const std::vector<Protocol>& protocols) {
    const bool deny = where_.verdict == Verdict::Deny;
    context_.diagnostics.report_rule<Kind::PortUnreadable>(
        where_.id, loc, port, deny ? "the deny is widened to every port of the protocol" : "the allow is left out");
    if (deny) add(protocols, {});
  }

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
  std::optional<Loc> refuses_;  // what guards the present entry, and is neither kept nor given up by the user
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

std::size_t count_ports(const Rule& rule) {
  std::size_t count = 0;
  if (rule.to_ports)
    for (const PortRule& entry : *rule.to_ports)
      if (entry.ports)
        for (const PortProtocol& port : *entry.ports) count += expand(port.protocol, false).size();
  if (rule.icmps)
    for (const IcmpRule& entry : *rule.icmps) count += entry.fields ? entry.fields->size() : 0;
  return std::max<std::size_t>(count, 1);
}

}  // namespace policyconv::cilium
