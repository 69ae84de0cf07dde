// How many entries source rules will become, without making them. Entrance: expands_too_much().
#pragma once

#include "backends/kubeovn/entries.h"

namespace policyconv::kubeovn {

/// Reports each source rule of which more entries would be made than `options.most_expansion`. What the ranges of the
/// cluster add to an allow is not counted: at most their number for each prefix.
[[nodiscard]] bool expands_too_much(const LowerState& state);

}  // namespace policyconv::kubeovn
