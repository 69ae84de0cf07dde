// The meaning of Kube-OVN objects, as OVN would answer (K§2-K§5). Shares no code with the compiler.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "verify/flow.h"

namespace policyconv::verify {

/// Which addresses a packet of the flow carries; needed because OVN matches addresses, not names.
struct Packet {
  Address source, destination;
  std::optional<std::size_t> from_pod, to_pod;  // set if that end is a pod's logical port
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;                       // destination port, or ICMP type
  std::uint16_t source_port = 50000;            // an ephemeral one; DHCP needs its own (68, 546)
};

/// A state in which one direction of one SecurityGroup has just been emptied by Kube-OVN's rewrite (K§2.6).
struct Rewriting {
  std::string security_group;
  Direction direction = Direction::Ingress;
};

/// One object serves one thread, because of tied().
class ManifestMeaning {
 public:
  /// The arguments must outlive the object. Builds port groups, address sets and ACLs as Kube-OVN's controller of
  /// `manifest.release` does: user rules, base ACLs, deny-all (by binding), node ACL (if node_anchor), Subnet ACLs of
  /// each pod's Subnet.
  ManifestMeaning(const kubeovn::Manifest& manifest, const Cluster& cluster);
  ~ManifestMeaning();
  ManifestMeaning(const ManifestMeaning&) = delete;
  ManifestMeaning& operator=(const ManifestMeaning&) = delete;

  /// The ACLs of the switch at one end: at the port of the pod, before load balancing on egress (K§2.4), and at the port
  /// of the router if the packet crosses it (K§10.3). nullopt if that end is no pod.
  [[nodiscard]] std::optional<Decision> decide(const Packet& packet, Direction direction,
                                               const Rewriting* rewriting = nullptr) const;
  /// True if, at the last decision, ACLs of different actions tied at the winning priority (K§2.6: undefined).
  [[nodiscard]] bool tied() const;

  /// Every packet a flow can be, one for each family its ends share (pod and node ends have no family of their own;
  /// node ends use the InternalIP). Empty if the ends share no family.
  [[nodiscard]] std::vector<Packet> packets(const Flow& flow) const;

 private:
  struct Prepared;
  std::unique_ptr<Prepared> prepared_;
};

}  // namespace policyconv::verify
