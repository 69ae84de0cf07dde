// Texts to policies and cluster facts. Entrances: parse_policies(), parse_cluster().
#pragma once

#include <span>
#include <string>

#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/semantics.h"
#include "ir/source.h"
#include "yaml/tree.h"

namespace policyconv::cilium {

struct ParseOptions {
  Semantics semantics;
  std::string default_namespace = "default";  // for namespaced policies that name none, as kubectl -n
  unsigned jobs = 1;                          // threads that read
  const yaml::Trees* known = nullptr;         // files that were read already
};

/// Reads policies (and CiliumCIDRGroups) from `files`; documents may be single objects or `kind: List` (also
/// CiliumNetworkPolicyList etc.). Other known Kubernetes kinds in these files are reported as passed over; unknown
/// kinds and anything that is no Kubernetes object are errors; so are more rules than the limits of `sources` allow, and then
/// nothing is returned. Cilium's validation (validate.h) has been run: see
/// Policy::rejected. The result does not depend on the order of files or documents, nor on `jobs`.
[[nodiscard]] Policies parse_policies(const Sources& sources, std::span<const std::uint32_t> files,
                                      const ParseOptions& options, Diagnostics& diagnostics);

/// Reads the cluster objects of design.md section 2 from `files`; sets `given`. Policies in these files are passed
/// over; so are kinds that carry no facts we use. Two objects with the same kind, namespace and name: error.
[[nodiscard]] Cluster parse_cluster(const Sources& sources, std::span<const std::uint32_t> files, unsigned jobs,
                                    Diagnostics& diagnostics, const yaml::Trees* known = nullptr);

}  // namespace policyconv::cilium
