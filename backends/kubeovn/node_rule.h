// Kube-OVN's node rule lets a node into the addresses of its pods, and addresses know no VPC: where VPCs share
// addresses it lets nodes into pods that run elsewhere (K§4.3, K§7.1).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "backends/kubeovn/bands.h"
#include "backends/kubeovn/topology.h"
#include "ir/diagnostics.h"

namespace policyconv::kubeovn {

/// Just above the node rule. From 1.16 on below A1, so that what policies allow to nodes stays; up to 1.15 above it.
inline constexpr int keep_nodes_out_priority = 3001;

/// The other VPCs in which some address of this one may exist too.
[[nodiscard]] std::vector<std::string> sharing_addresses(const Vpc& vpc, const std::vector<Vpc>& all);

/// Pods of the default VPC cannot do without the node rule: those that share an address with a pod of another VPC on
/// another node are reported.
void report_shared_addresses(const Topology& topology, Diagnostics& diagnostics);

}  // namespace policyconv::kubeovn
