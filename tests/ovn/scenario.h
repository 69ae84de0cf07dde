// Clusters and Kube-OVN objects that no policy produced, and packets that come near their edges.
#pragma once

#include <random>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "verify/decide_manifest.h"

namespace policyconv::real_ovn {

struct Scenario {
  Cluster cluster;
  kubeovn::Manifest manifest;
  std::vector<verify::Packet> packets;
};

/// Two VPCs with the same addresses, two Subnets in the first; SecurityGroups with any mixture of priorities, families,
/// protocols, overlapping CIDRs and remote groups, some of them invalid; Subnet ACLs with random matches, scoped or
/// not.
[[nodiscard]] Scenario random_scenario(unsigned seed);

}  // namespace policyconv::real_ovn
