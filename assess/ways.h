// The three ways out of a conflict of addresses, weighed for this cluster. Entrance: weigh().
#pragma once

#include "assess/dump.h"
#include "assess/findings.h"

namespace policyconv::assess {

/// Fills `ways`, `recommended`, `reasons` and `verdict` from everything else in the assessment. The rules, the first
/// that applies:
///  1. No rule is in force and nothing of Cilium is used but Hubble and Service addresses: Reorder if Cilium answers
///     Services (it may go on), else LeaveChaining.
///  2. Nothing presses: no conflict, none to come, no overlap, a chain that works. UniqueAddresses: stay, that is.
///  3. LeaveChaining if nothing blocks it and at least four of five rules keep their meaning.
///  4. UniqueAddresses if nothing blocks it.
///  5. The way with the fewest blockers, LeaveChaining before UniqueAddresses before Reorder.
/// Blocked: the recommended way has blockers. Work: something has to be done or accepted first. Ready: neither.
void weigh(Assessment& assessment, const Dump& dump);

/// Whether all was seen that could speak against the recommended way. What was not seen must not pass for fine.
[[nodiscard]] bool saw_everything(const Assessment& assessment, const Dump& dump);

}  // namespace policyconv::assess
