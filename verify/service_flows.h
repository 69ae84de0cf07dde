// Flows through Service addresses. OVN looks at the first packet before it is translated and at the later ones after
// (K§2.4), so a Service address opens what its backends do not, or closes it. Entrance: ServiceFlows::differences().
#pragma once

#include <cstddef>
#include <vector>

#include "verify/end_classes.h"
#include "verify/rows.h"
#include "verify/space.h"

namespace policyconv::verify {

/// One port of one Service address.
struct ServiceEntrance {
  std::size_t service = 0, end = 0;  // into Cluster::services, and the class of the address
  Address address;
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;
  struct Backend {
    std::size_t end = 0;
    std::uint16_t port = 0;
    auto operator<=>(const Backend&) const = default;
  };
  std::vector<Backend> backends;  // of the address's family; also those that are not ready, since they may be soon
};

struct ServiceDifference {
  Change change = Change::Stricter;
  std::size_t entrance = 0;  // into ServiceFlows::entrances
  ServiceEntrance::Backend backend;
};

struct ServiceFlows {
  std::vector<ServiceEntrance> entrances;

  ServiceFlows(const Cluster& cluster, const EndClasses& classes);

  /// What only the Service addresses make different for these senders: what differs without them is not repeated.
  /// Looser: the first packet reaches a backend that the policies deny. Stricter: it is dropped although the backend
  /// itself could be reached. `rows` as in Space::Prepared.
  [[nodiscard]] std::vector<ServiceDifference> differences(std::size_t from, const Space& space,
                                                           const std::vector<ByDirection<Row>>& rows) const;
};

}  // namespace policyconv::verify
