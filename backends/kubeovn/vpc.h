// One VPC as the backend needs it: which addresses are the cluster's own. Entrance: describe_vpcs().
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ir/cluster.h"
#include "ir/diagnostics.h"

namespace policyconv::kubeovn {

inline constexpr std::string_view default_vpc = "ovn-cluster";

struct Vpc {
  std::string name;
  std::vector<std::string> peers;          // VPCs peered with it, by either side, that have Subnets
  std::vector<const Subnet*> subnets;      // of the first network of pods (mostly provider ovn), without the join Subnet
  std::set<Family> families;               // never empty
  /// Everything in the cluster that is no node: Subnets of this VPC and its peers, the join Subnet, NodeLocal DNS,
  /// and (--node-cidr) ranges of nodes whose addresses are not known one by one. Smallest cover.
  std::vector<Cidr> ranges;
  /// Service addresses: the range if it is known, else those of the known Services. First packets of egress show them
  /// (K§2.4).
  std::vector<Cidr> services;
  /// Kube-OVN's default join and Service ranges where the input does not say them: kept out of allows, never opened.
  std::vector<Cidr> assumed;
  bool services_known = false;             // `services` is the whole range
  std::vector<Address> nodes;              // InternalIPs, ExternalIPs and join addresses of every node; sorted
  /// `nodes` as few prefixes, sorted: those in `ranges`, those beyond. API servers stay apart, since rules name them alone,
  /// too, and what two rules say of one address is known by equal prefixes.
  std::vector<Cidr> nodes_in_ranges, nodes_beyond_ranges;
  std::vector<Address> node_internal;      // InternalIPs alone
  std::vector<Address> node_local_dns;
  std::vector<Address> apiserver;
  /// Addresses inside `ranges` that Cilium counts as world all the same: Vips, an API server that is no node and no pod.
  std::vector<Address> world_inside;
  std::vector<const HeldAddress*> held;    // Vips and the like with an address inside `ranges`
  bool ranges_known = false;               // pod ranges and nodes are known, so outside can be told from inside
  bool nodes_known = false;

  [[nodiscard]] bool has(Family family) const { return families.count(family) != 0; }
  /// Is it one of the cluster's own addresses (range or node)?
  [[nodiscard]] bool inside(const Address& address) const;
};

/// The VPCs that have pod Subnets, and the default one, sorted by name. A dump that contradicts itself (pods or nodes
/// outside of what it lists) is reported, and counts as not knowing the ranges.
[[nodiscard]] std::vector<Vpc> describe_vpcs(const Cluster& cluster, Diagnostics& diagnostics);

}  // namespace policyconv::kubeovn
