// Assertions about flows, judged by the meaning of the policies and of the objects. Entrance: check().
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "verify/decide_manifest.h"
#include "verify/flow.h"
#include "verify/flow_syntax.h"
#include "verify/space.h"

namespace policyconv::verify {

/// A packet that does not do what is asserted.
struct Counterexample {
  Flow flow;
  Packet packet;
  Traffic traffic;            // everything between these two ends that does not
  bool is_undefined = false;  // ACLs tie: nobody knows what it does (K§2.6)
};

/// nullopt: the assertion holds.
struct Outcome {
  std::size_t assertion = 0;  // index
  std::optional<Counterexample> policies, objects;
};

/// Judges every assertion for all pairs that its ends name. Those that say nothing, because an end names nothing or the
/// two exchange no such packets, are reported and have no outcome. `future` as for select().
[[nodiscard]] std::vector<Outcome> check(const std::vector<Assertion>& assertions, const Space& space,
                                         const Cluster& cluster, const std::vector<std::size_t>& future,
                                         Diagnostics& diagnostics);

}  // namespace policyconv::verify
