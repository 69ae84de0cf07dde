// Ends of flows in classes: ends that neither the policies nor the objects can tell apart (design.md section 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ir/address.h"
#include "verify/flow.h"

namespace policyconv::verify {

enum class EndKind : std::uint8_t {
  Pods,       // pods with ports of their own
  OwnNode,    // an address of the node that the pod at the other end runs on
  OtherNode,  // an address of another node
  Outside,    // neither pod nor node, and in no range of the cluster unless something holds the address
  Service,    // a cluster IP: only as the destination of first packets (K§2.4)
};

struct EndClass {
  EndKind kind = EndKind::Pods;
  std::vector<std::size_t> pods;   // Pods: indices into Cluster::pods, ascending
  std::vector<NodeEnd> nodes;      // OwnNode, OtherNode: with the address
  Cidr within;                     // Outside: every address of it, except what other classes say more closely
  std::vector<Cidr> except;        // Outside: the prefixes inside `within` that are not part of this class
  std::vector<Address> addresses;  // one for each family that the class has (of `pods.front()`, for Pods)
  std::vector<std::size_t> services;  // Service: indices into Cluster::services
  bool is_held = false;            // Outside: one address inside the cluster's ranges that a Vip or a router on a VLAN holds

  [[nodiscard]] const Address* address(Family family) const {
    for (const Address& each : addresses)
      if (each.family == family) return &each;
    return nullptr;
  }
};

}  // namespace policyconv::verify
