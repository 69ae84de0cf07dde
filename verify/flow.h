// A flow and where it starts and ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ir/address.h"
#include "ir/cluster.h"
#include "ir/source.h"

namespace policyconv::verify {

/// One end of a flow. Indices are into Cluster::pods and Cluster::nodes.
struct PodEnd {
  std::size_t pod = 0;
};
struct NodeEnd {
  std::size_t node = 0;
};
struct AddressEnd {  // neither a pod nor a node
  Address address;
};
using End = std::variant<PodEnd, NodeEnd, AddressEnd>;

/// The first packet of a connection. `port`: destination port after service translation; the type for ICMP.
struct Flow {
  End from, to;
  Protocol protocol = Protocol::Tcp;  // Tcp, Udp, Sctp, Icmp or Icmp6
  std::uint16_t port = 0;
};

/// What one end says, and why.
struct Decision {
  Verdict verdict = Verdict::Allow;
  /// Rules that decided: for a source decision every matching rule of the winning kind (all matching deny rules, or
  /// all matching allow rules); for a manifest decision the origins of the winning ACL. Sorted.
  std::vector<RuleId> rules;
  std::string reason;  // "default deny", "own node", "not selected", "band A1 of pc-shop-web-...", ...
};

}  // namespace policyconv::verify
