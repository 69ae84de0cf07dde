// Addresses that Cilium, which has one table of endpoints and one of addresses for the whole cluster, would have to tell
// apart and cannot (K§7.3). Whether VPCs are peered plays no part.
#pragma once

#include "assess/dump.h"
#include "assess/findings.h"

namespace policyconv::assess {

/// Addresses held more than once, ranges that overlap, and what one more gateway in every VPC would add. The work grows
/// as n log n with holders and ranges, and the findings with n.
[[nodiscard]] Conflicts find_conflicts(const Dump& dump);

}  // namespace policyconv::assess
