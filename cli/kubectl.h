// A cluster as kubectl shows it: one call for each kind that a command reads, and no other. Secrets are never asked
// for. Failures are diagnostics like any other; nothing here throws.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::cli {

struct Kubectl {
  std::string program = "kubectl";     // sought on the PATH
  std::string context;                 // empty: the current one
  std::chrono::seconds patience{300};  // for one call
  unsigned jobs = 1;                   // calls at the same time
};

/// What a command needs of the cluster.
enum class Wanted : std::uint8_t { Migration, Assessment };

/// File numbers of Sources; a text is named after the call that printed it, `kubectl get pods`.
struct Fetched {
  std::vector<std::uint32_t> policies, facts;
};

/// Asks for each kind. What the cluster has no kind for is left out and said; everything else that goes wrong is an
/// error, and then nothing is returned, since half a cluster would look like a smaller one.
[[nodiscard]] Fetched fetch(const Kubectl& kubectl, Wanted wanted, Sources& sources, Diagnostics& diagnostics);

}  // namespace policyconv::cli
