// How many entries source rules will become, without making them. Entrance: expands_too_much().
#pragma once

#include "backends/kubeovn/entries.h"

namespace policyconv::kubeovn {

/// Reports each source rule of which more entries would be made than `options.most_expansion`, counted from above.
[[nodiscard]] bool expands_too_much(const LowerState& state);

}  // namespace policyconv::kubeovn
