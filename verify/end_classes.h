// Finding the classes of ends: pods that share every fact that the policies or the objects ask about, node addresses,
// and the pieces into which prefixes cut what is outside. Entrance: classify().
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ir/cluster.h"
#include "ir/semantics.h"
#include "verify/end_set.h"
#include "verify/ends.h"
#include "verify/manifest_acls.h"
#include "verify/source_labels.h"
#include "verify/source_rules.h"

namespace policyconv::verify {

/// What the pods of a class have in common.
struct PodClass {
  source::Identity identity;
  std::vector<ContainerPort> ports;  // named ones
  const ovn::Port* port = nullptr;   // of the first pod
  const Subnet* subnet = nullptr;    // nullptr: not known
  std::size_t vpc = 0;               // into EndClasses::pods_near
};

template <typename T>
using ByFamily = std::array<T, 2>;
template <typename T>
using ByDirection = std::array<T, 2>;

struct EndClasses {
  std::vector<EndClass> ends;                      // first those of pods
  std::vector<PodClass> pods;                      // parallel to the first ones
  std::vector<std::optional<std::size_t>> of_pod;  // class of each of Cluster::pods
  std::vector<ByFamily<EndSet>> pods_near;         // by VPC: pods of it, of its peers, and of VPCs not known
  ByDirection<ByFamily<EndSet>> outside;           // by the direction of the pods at the other end
  std::vector<std::size_t> nodes, services;        // the ends of these kinds

  /// Those that a pod of `subject` can exchange packets of this family with, in this direction of the subject. Services
  /// are left out: what matters of them is first packets only.
  [[nodiscard]] EndSet meeting(std::size_t subject, Direction direction, Family family, const Cluster& cluster) const;
};

/// Can this pod have its packets from or to this end of kind OwnNode or OtherNode?
[[nodiscard]] bool meets_node(const Cluster& cluster, std::size_t pod, const NodeEnd& end, EndKind kind,
                              Direction direction, Family family);

/// `cuts`: every prefix that policies or objects ask about. `port_names`: of ports that objects name one by one.
[[nodiscard]] EndClasses classify(const Cluster& cluster, const Semantics& semantics, const ovn::Northbound& northbound,
                                  const std::vector<Cidr>& cuts, const std::vector<std::string>& port_names);

}  // namespace policyconv::verify
