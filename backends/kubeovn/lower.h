// A Program to Kube-OVN objects: groups per VPC, bands, helper groups, Subnet ACLs, Services, bindings (docs/design.md).
// Entrance: lower().
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/limits.h"
#include "ir/program.h"

namespace policyconv::kubeovn {

/// How traffic from a pod's own node gets in (design.md section 6). Anchor: one NetworkPolicy that selects nothing keeps
/// Kube-OVN's node ACL alive. AllNodes: every node is let in (looser). None: nothing (stricter).
enum class NodeTraffic : std::uint8_t { Anchor, AllNodes, None };

struct LowerOptions {
  Release release;
  NodeTraffic node_traffic = NodeTraffic::Anchor;
  bool sctp = false;                      // Cilium runs with enable-sctp
  std::vector<std::string> allow_looser;  // codes of accepted approximations
  bool binds_new_pods = false;            // an admission policy will see to pods that do not exist yet
  std::size_t most_expansion = Limits().expansion;  // entries of one source rule; more is an error, found before any is made
  /// By VPC and selector: names of an earlier run, which groups keep.
  std::map<std::pair<std::string, ir::Group>, std::string> known_names = {};
  unsigned jobs = 1;  // threads; never changes the result
};

/// Objects that allow at most what `program` allows, and everything of it that Kube-OVN can say; each difference is
/// reported with the rule it concerns. Deterministic. Empty if there is an error among `diagnostics` or a new one; what can be
/// wrong here has been looked for even so.
[[nodiscard]] Manifest lower(const ir::Program& program, const Cluster& cluster, const Catalog& catalog,
                             const LowerOptions& options, Diagnostics& diagnostics);

}  // namespace policyconv::kubeovn
