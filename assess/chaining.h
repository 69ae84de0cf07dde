// Whether Cilium is chained behind Kube-OVN the way that works (K§7.3, C§11), and what would surprise when it goes.
// Entrances: check_chaining(), missing_kinds().
#pragma once

#include <string>
#include <vector>

#include "assess/dump.h"
#include "assess/findings.h"

namespace policyconv::assess {

/// In the order of their codes. What the dump does not show is no finding.
[[nodiscard]] std::vector<HealthFinding> check_chaining(const Dump& dump);

/// Is one of the findings that Cilium enforces nothing on the pods?
[[nodiscard]] bool enforces_nothing(const std::vector<HealthFinding>& findings);

/// What every cluster with chaining has and the dump lacks, as kubectl names it, the most telling first. If no policy
/// at all is in the dump, the policies are named too: without them the cluster would look as if it needed none.
[[nodiscard]] std::vector<std::string> missing_kinds(const Dump& dump);

}  // namespace policyconv::assess
