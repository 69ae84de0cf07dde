#include "ir/cluster.h"

#include <algorithm>
#include <array>

namespace policyconv {
namespace {

template <typename T>
const T* find_named(const std::vector<T>& sorted, std::string_view name) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), name,
                                   [](const T& element, std::string_view wanted) { return element.name < wanted; });
  return at != sorted.end() && at->name == name ? &*at : nullptr;
}

bool holds(const Subnet& subnet, const Address& address) {
  return std::any_of(subnet.cidrs.begin(), subnet.cidrs.end(),
                     [&](const Cidr& cidr) { return contains(cidr, address); });
}

}  // namespace

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::Any: return "any";
    case Protocol::Tcp: return "tcp";
    case Protocol::Udp: return "udp";
    case Protocol::Sctp: return "sctp";
    case Protocol::Icmp: return "icmp";
    case Protocol::Icmp6: return "icmp6";
  }
  return {};
}

const Namespace* Cluster::find_namespace(std::string_view name) const { return find_named(namespaces, name); }
const Subnet* Cluster::find_subnet(std::string_view name) const { return find_named(subnets, name); }
const Node* Cluster::find_node(std::string_view name) const { return find_named(nodes, name); }

const Pod* Cluster::find_pod(std::string_view ns, std::string_view name) const {
  const auto at = std::lower_bound(pods.begin(), pods.end(), std::pair(ns, name), [](const Pod& pod, const auto& wanted) {
    return std::pair<std::string_view, std::string_view>(pod.ns, pod.name) < wanted;
  });
  return at != pods.end() && at->ns == ns && at->name == name ? &*at : nullptr;
}

std::vector<Address> apiserver_addresses(const Cluster& cluster) {
  std::vector<Address> found;
  for (const EndpointSlice& slice : cluster.endpoint_slices)
    if (slice.ns == "default" && slice.service == "kubernetes")
      found.insert(found.end(), slice.addresses.begin(), slice.addresses.end());
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

const Subnet* subnet_of(const Cluster& cluster, const Pod& pod) {
  if (const auto named = pod.annotations.find("ovn.kubernetes.io/logical_switch"); named != pod.annotations.end())
    return cluster.find_subnet(named->second);
  if (pod.addresses.empty()) return nullptr;
  const Subnet* best = nullptr;
  int best_rank = 0;
  for (const Subnet& subnet : cluster.subnets) {
    if (subnet.provider != "ovn" || !holds(subnet, pod.addresses.front())) continue;
    const bool bound = std::find(subnet.namespaces.begin(), subnet.namespaces.end(), pod.ns) != subnet.namespaces.end();
    const int rank = bound ? 3 : subnet.is_default ? 2 : 1;
    if (rank > best_rank) best = &subnet, best_rank = rank;
  }
  return best;
}

}  // namespace policyconv
