// The L4 part of a rule: toPorts, icmps and NetworkPolicy ports to kinds of packets (C§2.3, C§2.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "frontend/peers.h"
#include "ir/program.h"

namespace policyconv::cilium {

/// A port written by name.
struct NamedPort {
  std::string name;
  std::vector<Protocol> protocols;  // one, or all that have ports
  std::uint16_t end_port = 0;  // 0: none
  Loc loc;
};

struct TrafficSet {
  std::vector<ir::Traffic> fixed;
  std::vector<NamedPort> named;
};

/// What packets a rule is about. Ports guarded by L7 rules, TLS, SNI or a listener are left out and reported, unless
/// the user accepts plain L4.
[[nodiscard]] TrafficSet lower_traffic(const Rule& rule, const RuleContext& where, LowerContext& context);
[[nodiscard]] TrafficSet lower_traffic(const NetworkPolicyRule& rule, const RuleContext& where, LowerContext& context);

/// How many ports, ranges and ICMP types a rule names, each with each of its protocols. Reports nothing.
[[nodiscard]] std::size_t count_ports(const Rule& rule);

}  // namespace policyconv::cilium
