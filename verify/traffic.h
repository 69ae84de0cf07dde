// Sets of traffic: protocols with intervals of destination ports, or of ICMP types.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/cluster.h"

namespace policyconv::verify {

/// First packets of connections that only differ in what no rule asks about.
struct Packets {
  Protocol protocol = Protocol::Tcp;               // Tcp, Udp, Sctp, Icmp or Icmp6
  std::uint16_t first = 0, last = 65535;           // destination ports; ICMP types (0-255)
  std::uint16_t source_first = 0, source_last = 65535;  // source ports; 0-65535 for ICMP
  auto operator<=>(const Packets&) const = default;
};

/// Sorted, disjoint; neighbours that could be one are one.
using Traffic = std::vector<Packets>;

/// Every packet that policies and ACLs decide about. Left out is what OVN and Cilium handle by themselves whatever the
/// policy: neighbour and multicast listener discovery (icmp6 130-136 and 143, K§4.1), so those types are in no set. Port 0
/// is in none either: nothing listens there, and no SecurityGroup rule can name it (K§1.1).
[[nodiscard]] Traffic all_traffic();

/// Brings pieces into the order and shape of a Traffic. They may overlap in no packet.
[[nodiscard]] Traffic merged(std::vector<Packets> pieces);
[[nodiscard]] std::optional<Packets> common(const Packets& a, const Packets& b);
[[nodiscard]] Traffic common(const Traffic& a, const Traffic& b);
/// What is in `a` and not in `b`.
[[nodiscard]] Traffic without(const Traffic& a, const Traffic& b);

/// "tcp 5433-5440, udp 53", "icmp type 8", "any" for all_traffic(), "tcp" for all ports; source ports as
/// "tcp 80 from ports 1-1023".
[[nodiscard]] std::string to_string(const Traffic& traffic);

}  // namespace policyconv::verify
