// The cluster as the backend needs it: which pods live in which VPC, which can be bound, which addresses are the
// cluster's own. Entrance: Topology's constructor.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/program.h"

namespace policyconv::kubeovn {

inline constexpr std::string_view default_vpc = "ovn-cluster";
inline constexpr std::string_view security_groups_annotation = "ovn.kubernetes.io/security_groups";

/// One VPC: what its pods can meet.
struct Vpc {
  std::string name;
  std::vector<std::string> peers;          // VPCs peered with it, which exist
  std::vector<const Subnet*> subnets;      // of pods (provider ovn, not the join Subnet)
  std::set<Family> families;               // never empty
  /// Everything in the cluster that is no node: Subnets of this VPC and its peers, the join Subnet, NodeLocal DNS,
  /// and (--node-cidr) ranges of nodes whose addresses are not known one by one. Smallest cover.
  std::vector<Cidr> ranges;
  std::vector<Cidr> services;              // service CIDRs; first packets of egress show them (K§2.4)
  std::vector<Address> nodes;              // InternalIPs and join addresses of every node; sorted
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

/// Why a pod gets no binding. Infrastructure pods forward other pods' traffic (K§3.7).
enum class Unbound : std::uint8_t { No, Infrastructure, Foreign, GuardedSubnet, NotAnEndpoint };

/// What policyconv wrote in an earlier run, told from what others wrote.
class Ownership {
 public:
  explicit Ownership(const Cluster& cluster) : cluster_(cluster) {}
  /// Is this one of our groups? Decided by the label of the object if the dump has it, else by the shape of our names.
  [[nodiscard]] bool is_ours(std::string_view group) const;
  /// Is this ACL scoped to one of our groups, as all of ours are?
  [[nodiscard]] bool is_ours(const ExistingAcl& acl) const;
  /// Groups of the pod's annotation that are not ours.
  [[nodiscard]] std::vector<std::string> foreign_groups(const Pod& pod) const;
  [[nodiscard]] bool carries_ours(const Pod& pod) const;
  /// Why the restrictions of this Subnet rule out binding its pods ("is private", "has ACLs that drop"); empty: they do not.
  [[nodiscard]] std::string guard_of(const Subnet& subnet) const;

 private:
  const Cluster& cluster_;
};

struct PlacedPod {
  const Pod* pod = nullptr;
  const Subnet* subnet = nullptr;          // nullptr: not known
  std::size_t vpc = 0;                     // index into Topology::vpcs
  Unbound unbound = Unbound::No;
  Labels labels;                           // identity labels
};

class Topology {
 public:
  /// `cluster` must outlive the object.
  Topology(const Cluster& cluster, Diagnostics& diagnostics);

  Ownership ownership;
  std::vector<Vpc> vpcs;                   // sorted by name; at least the default one
  std::vector<PlacedPod> pods;             // parallel to Cluster::pods
  std::map<std::string, std::set<std::size_t>, std::less<>> namespace_vpcs;

  [[nodiscard]] const Vpc* find_vpc(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> vpc_index(std::string_view name) const;
  /// The VPCs in which pods of this group live or can be created.
  [[nodiscard]] std::set<std::size_t> vpcs_of(const ir::Group& group) const;
  /// Indices of the pods that are members, of any VPC; pods that are no endpoints are never members.
  [[nodiscard]] std::vector<std::size_t> members(const ir::Group& group) const;

 private:
  void place_namespaces(const Cluster& cluster);
  void place_pods(const Cluster& cluster);
  std::map<std::string, std::vector<std::size_t>, std::less<>> pods_by_namespace_;
};

}  // namespace policyconv::kubeovn
