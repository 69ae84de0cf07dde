// Which pods move together, and what they carry on the way. Entrance: waves_of().
#pragma once

#include <string>
#include <vector>

#include "backends/kubeovn/manifest.h"

namespace policyconv::plan {

struct Wave {
  std::vector<std::string> namespaces;             // sorted; those with pods to bind
  std::vector<kubeovn::Binding> joining, enforced;  // of the same pods, in the order of the Manifest
};

struct Waves {
  std::vector<Wave> waves;
  /// Pods that carry groups of others, which close them already: open-in and open-out beside those would open them, so
  /// these pods get their final groups at once, when all others have joined.
  std::vector<kubeovn::Binding> beside_others;
  std::vector<kubeovn::Binding> leftovers;  // that an earlier run bound and that need no group any more
  std::vector<std::string> unknown;         // namespaces that were asked for and have no pod to bind; sorted
};

/// The namespaces in `wanted` go together and in this order, those left over one by one and by name; kube-system goes last
/// unless it is asked for, because most others depend on what runs there. A namespace that is named twice goes with the
/// first.
[[nodiscard]] Waves waves_of(const kubeovn::Manifest& manifest, const std::vector<std::vector<std::string>>& wanted);

}  // namespace policyconv::plan
