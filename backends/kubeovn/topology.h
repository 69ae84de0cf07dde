// Where pods live and which of them can be bound. Entrance: Topology's constructor.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backends/kubeovn/ownership.h"
#include "backends/kubeovn/vpc.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/label_index.h"
#include "ir/program.h"

namespace policyconv::kubeovn {

/// Why a pod gets no binding. Infrastructure pods forward other pods' traffic (K§3.7); NowhereKnown: its Subnet is not in
/// the dump, so neither is its VPC, or perhaps its network is not one of Kube-OVN's.
enum class Unbound : std::uint8_t { No, Infrastructure, Foreign, GuardedSubnet, NowhereKnown, NotAnEndpoint };

/// A pod that forwards the traffic of others; known by its labels.
[[nodiscard]] bool is_infrastructure(const Cluster& cluster, const Pod& pod);

/// Where pods of the namespace are put that name no Subnet themselves: the Subnets of its annotation, which Kube-OVN writes;
/// without it those bound to the namespace, else the default one. Empty: the dump does not tell.
[[nodiscard]] std::vector<const Subnet*> subnets_of_namespace(const Cluster& cluster, std::string_view ns);

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
  /// The VPCs in which pods of this group, which has these members(), live or can be created.
  [[nodiscard]] std::set<std::size_t> vpcs_of(const ir::Group& group, const std::vector<std::size_t>& members) const;
  /// Sorted indices of the pods that are members, of any VPC; pods that are no endpoints are never members.
  [[nodiscard]] std::vector<std::size_t> members(const ir::Group& group) const;

 private:
  void place_namespaces(const Cluster& cluster);
  void place_pods(const Cluster& cluster);

  ir::LabelIndex endpoints_;               // indices into `pods`
};

}  // namespace policyconv::kubeovn
