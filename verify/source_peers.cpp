#include "verify/source_peers.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <utility>

namespace policyconv::verify::source {

std::vector<ContainerPort> named_ports(const Pod& pod) {
  std::map<std::string, ContainerPort> by_name;
  for (ContainerPort port : pod.ports) {
    std::transform(port.name.begin(), port.name.end(), port.name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    by_name[port.name] = port;
  }
  std::vector<ContainerPort> result;
  for (auto& [name, port] : by_name) result.push_back(std::move(port));
  return result;
}

std::vector<ContainerPort> unambiguous(std::vector<ContainerPort> ports) {
  std::sort(ports.begin(), ports.end());
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  const auto same_name = [](const ContainerPort& a, const ContainerPort& b) {
    return a.name == b.name && a.protocol == b.protocol;
  };
  std::vector<ContainerPort> result;
  for (auto first = ports.begin(); first != ports.end();) {
    const auto next = std::find_if_not(first, ports.end(), [&](const auto& port) { return same_name(*first, port); });
    if (next - first == 1) result.push_back(*first);
    first = next;
  }
  return result;
}

ReservedPeers::Reserved::Reserved(std::string_view name)
    : plain(reserved_identity({name})), apiserver(reserved_identity({name, "kube-apiserver"})) {}

ReservedPeers::ReservedPeers(const Semantics& semantics)
    : world_v4_(semantics.cilium_minor >= 15 ? "world-ipv4" : "world"),
      world_v6_(semantics.cilium_minor >= 15 ? "world-ipv6" : "world") {}

Peer ReservedPeers::node(bool own, bool apiserver) const {
  return {own ? Peer::Kind::Host : Peer::Kind::RemoteNode, apiserver, (own ? host_ : remote_node_).of(apiserver), {}, {}};
}

Peer ReservedPeers::outside(const Address& address, bool apiserver) const {
  const Reserved& world = address.family == Family::V4 ? world_v4_ : world_v6_;
  return {Peer::Kind::Outside, apiserver, world.of(apiserver), address, {}};
}

}  // namespace policyconv::verify::source
