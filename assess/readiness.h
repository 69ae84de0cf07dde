// What the migration makes of the rules, per namespace. Entrance: readiness().
#pragma once

#include <vector>

#include "assess/findings.h"
#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::assess {

/// What became of one source rule, by what the compiler said about it.
struct RuleOutcome {
  Effect effect = Effect::Note;  // Note: same meaning
  /// Refused, and each reason is something that chaining does not enforce either: L7, toFQDNs, SNI, TLS (C§11).
  bool never_enforced = false;
};

/// One for each rule of the catalog. `of_compiling` holds what reading and both lowerings reported.
[[nodiscard]] std::vector<RuleOutcome> outcomes(const Catalog& catalog, const Diagnostics& of_compiling);

/// Is this what Cilium does not enforce in a chain: L7 rules, toFQDNs, SNI, TLS interception, listeners (C§11)?
[[nodiscard]] bool never_enforced_in_chain(Kind kind);

/// Sorted by namespace; rules of clusterwide policies have none and come first.
[[nodiscard]] std::vector<NamespaceReadiness> readiness(const Catalog& catalog, const Diagnostics& of_compiling);

}  // namespace policyconv::assess
