// Fewer rules that say the same. Entrance: minimise().
#pragma once

#include <cstddef>
#include <vector>

#include "backends/kubeovn/manifest.h"

namespace policyconv::kubeovn {

/// Replaces the rules of one direction of one group by as few as match the same packets, band by band: rules that another
/// rule of their band covers go, port ranges that touch are joined, and addresses become the smallest cover of prefixes.
/// Within a band all rules have one verdict, so neither order nor overlap matters there. What stays has the origins of all
/// that it stands for. Returns how many rules were saved. The order of the result is that of sort_rules().
std::size_t minimise(std::vector<SgRule>& rules);

}  // namespace policyconv::kubeovn
