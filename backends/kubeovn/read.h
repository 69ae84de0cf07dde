// Kube-OVN objects to a Manifest: those that policyconv wrote, also edited by hand, and those of others. Entrance: read().
#pragma once

#include <cstdint>
#include <span>

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::kubeovn {

/// What is in force once the objects of files `objects` are applied to the cluster of files `dump`, which `cluster` was
/// read from. Objects that Kube-OVN's controller refuses are kept, with the reason; what is not modelled is reported.
[[nodiscard]] Manifest read(const Sources& sources, std::span<const std::uint32_t> objects,
                            std::span<const std::uint32_t> dump, const Release& release, const Cluster& cluster,
                            Diagnostics& diagnostics);

}  // namespace policyconv::kubeovn
