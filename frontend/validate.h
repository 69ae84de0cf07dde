// What Cilium (Rule.Sanitize) or the API server before it (schemas, C§10) refuses, Cilium's part in its own words.
// Entrance: validate().
#pragma once

#include "frontend/policy.h"
#include "ir/semantics.h"

namespace policyconv::cilium {

/// Sets `rejected` and `rejected_at` if Cilium of that version or the API server refuses the object; nothing of it is
/// then enforced.
/// Only the first error is kept, as Cilium does; two-name errors ("combining X and Y") have X and Y sorted.
void validate(Policy& policy, const Semantics& semantics);
void validate(NetworkPolicy& policy, const Semantics& semantics);

}  // namespace policyconv::cilium
