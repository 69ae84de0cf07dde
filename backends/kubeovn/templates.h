// Which pod templates name which SecurityGroups. Entrance: bind_templates().
#pragma once

#include <vector>

#include "backends/kubeovn/manifest.h"
#include "backends/kubeovn/topology.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"

namespace policyconv::kubeovn {

/// For each workload whose pods are to carry groups of `manifest`: the groups of others that its template names already,
/// then what its pods need in the end. A template that an earlier run bound and that needs nothing any more keeps those of
/// others alone. Left out: workloads that another object owns, since that one decides; pods that are never bound (see
/// Unbound); Jobs, which cannot be changed; and, reported, those of which it is not clear where their pods will be.
[[nodiscard]] std::vector<TemplateBinding> bind_templates(const Manifest& manifest, const Cluster& cluster,
                                                          const Topology& topology, Diagnostics& diagnostics);

}  // namespace policyconv::kubeovn
