// What verify and replay find, as diagnostics: for reports, baselines and code scanners. Their own texts say more.
#pragma once

#include "cli/judgement.h"
#include "cli/replay.h"
#include "cli/verify_report.h"
#include "ir/diagnostics.h"

namespace policyconv::cli {

/// One for each difference, and for each assertion that fails at the line of the assertion. A difference stands at the
/// source rule that decides, else at the policy that isolates the pod, else nowhere.
void add_findings(const Verified& verified, const Names& names, Diagnostics& diagnostics);
void add_findings(const Replayed& replayed, const Names& names, Diagnostics& diagnostics);

}  // namespace policyconv::cli
