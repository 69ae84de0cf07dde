// What Cilium knows of the ends of a flow: named ports of pods, and the identities of nodes and outside addresses.
// Part of the source meaning; written apart from the compiler.
#pragma once

#include <string_view>
#include <vector>

#include "ir/cluster.h"
#include "ir/semantics.h"
#include "verify/source_labels.h"
#include "verify/source_rules.h"

namespace policyconv::verify::source {

/// The named ports of a pod, names in lower case: Cilium keys them without regard to case, and of equal names the last
/// one counts.
[[nodiscard]] std::vector<ContainerPort> named_ports(const Pod& pod);

/// Leaves those names whose number is the same wherever they are defined (C§2.3: ambiguous names match nothing).
[[nodiscard]] std::vector<ContainerPort> unambiguous(std::vector<ContainerPort> ports);

/// Ends without a pod as a subject's node sees them. Must outlive the peers.
class ReservedPeers {
 public:
  explicit ReservedPeers(const Semantics& semantics);
  [[nodiscard]] Peer node(bool own, bool apiserver) const;
  [[nodiscard]] Peer outside(const Address& address, bool apiserver) const;

 private:
  /// A fixed identity in its two flavours.
  struct Reserved {
    Identity plain, apiserver;
    explicit Reserved(std::string_view name);
    [[nodiscard]] const Identity* of(bool is_apiserver) const { return is_apiserver ? &apiserver : &plain; }
  };
  Reserved host_{"host"}, remote_node_{"remote-node"}, world_v4_, world_v6_;
};

}  // namespace policyconv::verify::source
