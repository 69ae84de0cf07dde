// One API object to cluster facts. Entrance: read_cluster_object(); frontend/cluster.cpp puts the facts together.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "yaml/objects.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"

namespace policyconv::cilium {

/// The v1 Endpoints of a Service, one slice per subset; they count only where no EndpointSlice tells the same.
struct LegacyEndpoints {
  std::string ns, name;
  std::vector<EndpointSlice> slices;
  Loc loc;
  bool operator==(const LegacyEndpoints&) const = default;
};

/// A Kube-OVN IP object and the pod (or VM) that it was allocated for, as it names them.
struct Allocation {
  std::string name, pod_ns, pod;
  HeldAddress held;
  Loc loc;
  bool operator==(const Allocation&) const = default;
};

/// What was read, in the order of the text. Which IP objects and Endpoints count depends on other objects.
struct ClusterFacts {
  Cluster cluster;
  std::vector<LegacyEndpoints> endpoints;
  std::vector<Allocation> allocations;
  std::size_t secrets = 0;                         // seen and left alone
  std::map<std::string, std::size_t> passed_over;  // kinds that nothing here knows
  std::map<std::string, std::size_t> policies;     // policies among the facts, by kind
};

/// Adds what the object says.
void read_cluster_object(const decode::ApiObject& object, ClusterFacts& facts, Diagnostics& diagnostics);

}  // namespace policyconv::cilium
