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

/// Is one of the findings that Cilium enforces nothing on new pods?
[[nodiscard]] bool enforces_nothing(const std::vector<HealthFinding>& findings);

/// Whether Cilium has an endpoint for some pod: that one stays guarded, however new ones are made.
[[nodiscard]] bool has_managed_pods(const Dump& dump);

/// What decides and the dump does not tell, as kubectl names it, the most telling first. Of what a cluster can be without,
/// policies above all, an empty list of that kind tells; a plain List does not.
[[nodiscard]] std::vector<std::string> missing_kinds(const Dump& dump);

}  // namespace policyconv::assess
