// What Kube-OVN makes of the objects of a dump, side by side with OVN's northbound database. Entrance:
// compare_northbound().
#pragma once

#include "ir/diagnostics.h"
#include "plan/drift.h"
#include "plan/live_northbound.h"

namespace policyconv::plan {

/// ACLs, port groups and address sets of the groups that were emitted and are in the dump, and ACLs of their Subnets.
/// What the objects themselves have otherwise than emitted is not told here again. Tables that are not known are passed
/// over.
void compare_northbound(const Comparison& between, const Northbound& northbound, Diagnostics& diagnostics);

}  // namespace policyconv::plan
