// Entrance: FreeAddresses::take(). The lowest address first, as Kube-OVN hands them out.
#include "verify/free_addresses.h"

namespace policyconv::verify::future {
namespace {

Address after(Address address) {
  if (address.family == Family::V4) {
    address.hi += std::uint64_t{1} << 32;
    return address;
  }
  if (++address.lo == 0) ++address.hi;
  return address;
}

}  // namespace

// VPCs may use the same ranges; an address taken in one counts as taken in all.
FreeAddresses::FreeAddresses(const Cluster& cluster) {
  const auto take_all = [&](const std::vector<Address>& addresses) {
    taken_.insert(addresses.begin(), addresses.end());
  };
  for (const Pod& pod : cluster.pods) take_all(pod.addresses);
  for (const Subnet& subnet : cluster.subnets) take_all(subnet.gateways);
  for (const HeldAddress& held : cluster.held) take_all(held.addresses);
  for (const Service& service : cluster.services) take_all(service.cluster_ips);
  take_all(cluster.node_local_dns);
  for (const Node& node : cluster.nodes) {
    take_all(node.internal);
    take_all(node.external);
    take_all(node.join);
  }
  for (const EndpointSlice& slice : cluster.endpoint_slices) {
    take_all(slice.addresses);
    take_all(slice.not_ready);
  }
  for (const NatGateway& gateway : cluster.nat_gateways)
    if (const auto address = parse_address(gateway.lan_ip)) taken_.insert(*address);
}

std::optional<std::vector<Address>> FreeAddresses::take(const std::vector<Cidr>& ranges) {
  std::vector<Address> found;
  for (const Family family : {Family::V4, Family::V6}) {
    bool asked = false;
    std::optional<Address> address;
    for (const Cidr& range : ranges) {
      if (range.family != family) continue;
      asked = true;
      address = take(range);
      if (address) break;
    }
    if (asked && !address) return std::nullopt;
    if (address) found.push_back(*address);
  }
  return found.empty() ? std::nullopt : std::optional(std::move(found));
}

// The first address is the network's (or the router's, in IPv6), the last of IPv4 is the broadcast.
std::optional<Address> FreeAddresses::take(const Cidr& range) {
  const Address last = last_address(range);
  Address& next = next_.try_emplace(range, after(first_address(range))).first->second;
  for (; next < last && contains(range, next); next = after(next))
    if (taken_.insert(next).second) return next;
  return std::nullopt;
}

}  // namespace policyconv::verify::future
