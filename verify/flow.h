// A flow and where it starts and ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
  /// One of the node's addresses; nullopt: its InternalIPs, whichever fits. Whether a node counts as the API server is a
  /// matter of the address.
  std::optional<Address> address = std::nullopt;
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
  std::string reason = {};  // "default deny", "own node", "not selected", "band A1 of pc-shop-web-...", ...
  std::vector<Loc> places = {};  // of the winning ACLs, if their objects were read. Sorted, unique
};

/// What holds `address`: the pod or the node that has it (InternalIP or join address), else the bare address.
/// Finished pods and hostNetwork pods hold nothing: the latter share the addresses of their node.
[[nodiscard]] End end_of(const Cluster& cluster, const Address& address);

/// Reads "pod:<namespace>/<name>", "node:<name>", "node:<name>/<address>" or "ip:<address>". nullopt if there is no such pod or node.
[[nodiscard]] std::optional<End> parse_end(const Cluster& cluster, std::string_view text);
/// The same text back.
[[nodiscard]] std::string to_string(const Cluster& cluster, const End& end);

}  // namespace policyconv::verify
