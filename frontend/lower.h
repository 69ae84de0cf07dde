// Policies to a Program: label injection, directions, peers x traffic, version differences. Entrance: lower().
#pragma once

#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/limits.h"
#include "ir/program.h"
#include "ir/semantics.h"

namespace policyconv::cilium {

struct LowerOptions {
  Semantics semantics;
  /// Codes of the approximations the user accepts although they open something (design.md section 2).
  std::vector<std::string> allow_looser;
  /// Of one source rule at most so many rules are made; more is an error, found before any is.
  std::size_t most_expansion = Limits().expansion;
  unsigned jobs = 1;  // threads; never changes the result
};

/// What the policies mean. Rules that a Program cannot say are left out (allow) or widened (deny) and reported with
/// their rule id. The result is sorted and does not depend on the order of the input. It lacks rules if an error was reported:
/// then nothing may be made of it.
[[nodiscard]] ir::Program lower(const Policies& policies, const Cluster& cluster, const LowerOptions& options,
                                Diagnostics& diagnostics);

}  // namespace policyconv::cilium
