// Ranges of which addresses can be taken twice. Entrance: find_overlaps().
#pragma once

#include <span>
#include <vector>

#include "assess/dump.h"
#include "assess/findings.h"

namespace policyconv::assess {

/// `today` and `coming` are sorted by address; each finding counts those inside of it.
[[nodiscard]] std::vector<Overlap> find_overlaps(const Dump& dump, std::span<const Conflict> today,
                                                 std::span<const ComingConflict> coming);

/// "Subnet net-a (VPC a)"
[[nodiscard]] std::string display(const DumpSubnet& subnet);

/// "a", "a and b", "a, b and 12 more": at most `shown` names.
[[nodiscard]] std::string listed(std::span<const std::string> names, std::size_t shown);

}  // namespace policyconv::assess
