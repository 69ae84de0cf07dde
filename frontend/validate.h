// Cilium's own validation (Rule.Sanitize and CRD rules, C§10), in Cilium's words. Entrance: validate().
#pragma once

#include "frontend/policy.h"
#include "ir/semantics.h"

namespace policyconv::cilium {

/// Sets `rejected` and `rejected_at` if Cilium of that version refuses the object; nothing of it is then enforced.
/// Only the first error is kept, as Cilium does; two-name errors ("combining X and Y") have X and Y sorted.
void validate(Policy& policy, const Semantics& semantics);
void validate(NetworkPolicy& policy, const Semantics& semantics);

}  // namespace policyconv::cilium
