// What a live cluster has otherwise than it was emitted. Entrance: drift().
#pragma once

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/source.h"
#include "plan/live.h"

namespace policyconv::plan {

struct Comparison {
  const Sources& sources;
  const WrittenObjects& emitted;
  const kubeovn::Manifest& meant;  // the same groups with what they mean: who is to carry them
  const WrittenObjects& live;
  const Cluster& cluster;  // of the same dump as `live`
};

/// Reports every difference, with a command that takes it away, and notes about what the dump does not tell (PC50xx).
void drift(const Comparison& between, Diagnostics& diagnostics);

/// Whether a finding of drift() is a difference rather than a note.
[[nodiscard]] bool is_difference(Kind kind);

}  // namespace policyconv::plan
