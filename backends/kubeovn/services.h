// Services on egress: the first packet shows the Service address, the later ones the backend (K§2.4), so each group needs
// a verdict on the Service address that follows from its verdicts on the backends (docs/design.md, section Services).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/kubeovn/entries.h"

namespace policyconv::kubeovn {

/// One backend. Without an address: any pod of the Service's selector, for a Service that has none today.
struct Backend {
  std::optional<Address> address;
  std::uint16_t port = 0;
  std::vector<std::size_t> pods;   // those that have the address, in any VPC: indices into Topology::pods
};

/// One port of one Service address.
struct ServiceAddress {
  std::string service;             // "shop/web"
  Address address;
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;
  std::vector<Backend> backends;   // of the address's family; empty: not known
  std::optional<ir::Group> selects;
};

/// Every ClusterIP:port of the cluster with its backends: from EndpointSlices (endpoints that are not ready
/// count, since they may be at any moment), else from the pods of the selector, else from the selector itself.
[[nodiscard]] std::vector<ServiceAddress> service_addresses(const Cluster& cluster, const Topology& topology);

/// Adds to the entries of one group in VPC `vpc` what they imply for the Service addresses: a drop where some backend is
/// denied, an allow where all are allowed, nothing otherwise. Losses and snapshots are reported.
void add_service_entries(std::vector<Entry>& entries, std::size_t vpc, const std::vector<ServiceAddress>& services,
                         const LowerState& state);

}  // namespace policyconv::kubeovn
