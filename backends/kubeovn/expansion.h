// How many entries source rules will become, without making them. Entrance: expands_too_much().
#pragma once

#include <cstddef>
#include <vector>

#include "backends/kubeovn/entries.h"

namespace policyconv::kubeovn {

/// How many entries entries_of() makes of each source rule, by RuleId; what keeps its allows off the cluster is among them.
/// Never less than are made. More are counted where a CIDR's exceptions lie in the cluster's own ranges, each of which may
/// cost a prefix for every bit, and where a peer is of one address family only.
[[nodiscard]] std::vector<std::size_t> count_entries(const LowerState& state);

/// Reports each source rule of which more entries would be made than `options.most_expansion`.
[[nodiscard]] bool expands_too_much(const LowerState& state);

}  // namespace policyconv::kubeovn
