#include "ir/cluster.h"

#include <algorithm>
#include <array>

namespace policyconv {
namespace {

constexpr std::string_view default_provider = "ovn";

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

// The controller takes the default network away from a pod as soon as the annotation is there, whatever it says; Multus
// wants exactly one network in it. A name without a namespace is one of the pod's.
std::string provider_of(const Pod& pod) {
  const auto replaced = pod.annotations.find("v1.multus-cni.io/default-network");
  if (replaced == pod.annotations.end()) return std::string(default_provider);
  std::string_view name = replaced->second;
  if (name.empty() || name.find_first_of(",[]{}\" ") != std::string_view::npos) return {};
  name = name.substr(0, name.find('@'));  // an interface
  const std::size_t slash = name.find('/');
  const std::string_view ns = slash == std::string_view::npos ? std::string_view(pod.ns) : name.substr(0, slash);
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  return std::string(name) + "." + std::string(ns) + ".ovn";
}

const Subnet* subnet_of(const Cluster& cluster, const Pod& pod) {
  const std::string provider = provider_of(pod);
  if (provider.empty()) return nullptr;
  if (const auto named = pod.annotations.find(provider + ".kubernetes.io/logical_switch"); named != pod.annotations.end())
    return cluster.find_subnet(named->second);
  const bool nowhere_yet = pod.addresses.empty();
  if (nowhere_yet && provider == default_provider) return nullptr;
  const Subnet* best = nullptr;
  int best_rank = 0;
  for (const Subnet& subnet : cluster.subnets) {
    if (subnet.provider != provider || (!nowhere_yet && !holds(subnet, pod.addresses.front()))) continue;
    const bool bound = std::find(subnet.namespaces.begin(), subnet.namespaces.end(), pod.ns) != subnet.namespaces.end();
    const int rank = bound ? 3 : subnet.is_default ? 2 : 1;
    if (rank > best_rank) best = &subnet, best_rank = rank;
  }
  return best;
}

}  // namespace policyconv
