// Pods that do not exist yet: for each selector and each pair of selectors that labels can meet together, one pod that
// meets these and as few others as possible. Entrance: with_future_pods().
#pragma once

#include <cstddef>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/semantics.h"

namespace policyconv::verify {

struct Future {
  Cluster cluster;                  // with the new pods, sorted as ever
  kubeovn::Manifest manifest;       // with their bindings: the groups whose `members` they are, and the helpers. A
                                    // selector that isolates but has no group there binds nobody
  std::vector<std::size_t> future;  // the new pods: indices into cluster.pods, ascending
  /// Combinations that labels can meet: no selector, one, or two of them, in each class of namespaces.
  std::size_t candidates = 0;
  std::size_t over_budget = 0;      // of `candidates`: not looked at, because `budget` pods were there
  std::size_t without_address = 0;  // pods left out: the Subnet where they would land is full, or not known
};

/// Adds at most `budget` pods; single selectors come first. Left out is what a running pod in such a namespace and the
/// same Subnet already meets, down to the last selector in play. Namespaces that no selector in play tells apart, and
/// whose pods land in the same Subnet, are one class, and the first by name stands for it. `semantics` as for
/// SourceMeaning.
[[nodiscard]] Future with_future_pods(const cilium::Policies& policies, const Semantics& semantics,
                                      const kubeovn::Manifest& manifest, const Cluster& cluster, std::size_t budget);

}  // namespace policyconv::verify
