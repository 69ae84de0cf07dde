// Objects that were emitted, side by side with those of a dump. Entrances: compare_groups(), compare_acls(),
// compare_others().
#pragma once

#include "backends/kubeovn/ownership.h"
#include "ir/diagnostics.h"
#include "plan/drift.h"

namespace policyconv::plan {

/// Also what Kube-OVN says in their status.
void compare_groups(const Comparison& between, const kubeovn::Ownership& ownership, Diagnostics& diagnostics);
void compare_acls(const Comparison& between, const kubeovn::Ownership& ownership, Diagnostics& diagnostics);
/// The node anchor and the admission policies.
void compare_others(const Comparison& between, Diagnostics& diagnostics);

/// What `live` says otherwise than `emitted`, in a few words; empty if nothing. Fields that the API server fills in
/// count as equal.
[[nodiscard]] std::string difference(const yaml::Node& emitted, const yaml::Node& live);

}  // namespace policyconv::plan
