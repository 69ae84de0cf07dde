// What Cilium is used for in this cluster, and what becomes of each use. Entrance: features_in_use().
#pragma once

#include <string_view>
#include <vector>

#include "assess/dump.h"
#include "assess/findings.h"
#include "frontend/policy.h"
#include "ir/diagnostics.h"

namespace policyconv::assess {

/// Names of features that weigh() looks for.
inline constexpr std::string_view hubble = "Hubble", proxy_replacement = "kube-proxy replacement",
                                  socket_balancing = "Socket load balancing",
                                  unbound_pods = "Pods that the migration leaves out";

/// Features of policies first, one use for each rule that has it, by what became of the rule; then those of Cilium
/// itself, by cilium-config and objects. Only what is used is listed. `of_compiling` is what reading and both lowerings
/// reported.
[[nodiscard]] std::vector<Feature> features_in_use(const cilium::Policies& policies, const Diagnostics& of_compiling,
                                                   const Dump& dump);

/// The second part of it.
void add_features_of_cilium(const Dump& dump, std::vector<Feature>& features);

}  // namespace policyconv::assess
