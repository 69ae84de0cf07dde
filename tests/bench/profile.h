// Policies and a cluster like those of a published production cluster (issue 4): 13,678 policies, 5,413 pods, 604
// namespaces. Entrance: generate().
#pragma once

#include <cstddef>
#include <string>

namespace policyconv::bench {

/// What was published, at scale 1.
struct Published {
  std::size_t policies = 13678, pods = 5413, namespaces = 604;
  std::size_t peers = 15423;         // elements of from and to
  std::size_t heaviest_peer = 3578;  // pods that the widest peer selects
  std::size_t deny_all = 495;        // policies that isolate a namespace and allow nothing
  std::size_t empty = 3559;          // policies that select no pod
  std::size_t selected = 13;         // pods that a policy selects, on average
};

struct Profile {
  Published expected;             // what is in the texts; `selected` is an average
  std::string policies, cluster;  // YAML
};

/// The published numbers divided by `part` (8, 4, 2, 1). The same seed gives the same bytes.
[[nodiscard]] Profile generate(std::size_t part, unsigned seed = 1);

}  // namespace policyconv::bench
