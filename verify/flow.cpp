#include "verify/flow.h"

#include <algorithm>

namespace policyconv::verify {
namespace {

bool contains(const std::vector<Address>& addresses, const Address& address) {
  return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

}  // namespace

End end_of(const Cluster& cluster, const Address& address) {
  const auto pod = std::find_if(cluster.pods.begin(), cluster.pods.end(), [&](const Pod& candidate) {
    return is_endpoint(candidate) && contains(candidate.addresses, address);
  });
  if (pod != cluster.pods.end()) return PodEnd{static_cast<std::size_t>(pod - cluster.pods.begin())};
  const auto node = std::find_if(cluster.nodes.begin(), cluster.nodes.end(), [&](const Node& candidate) {
    return contains(candidate.internal, address) || contains(candidate.external, address) || contains(candidate.join, address);
  });
  if (node != cluster.nodes.end()) return NodeEnd{static_cast<std::size_t>(node - cluster.nodes.begin()), address};
  return AddressEnd{address};
}

std::optional<End> parse_end(const Cluster& cluster, std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view kind = text.substr(0, colon), name = text.substr(colon + 1);
  if (kind == "pod") {
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const Pod* pod = cluster.find_pod(name.substr(0, slash), name.substr(slash + 1));
    if (pod) return PodEnd{static_cast<std::size_t>(pod - cluster.pods.data())};
  } else if (kind == "node") {
    const std::size_t slash = name.find('/');
    const Node* node = cluster.find_node(name.substr(0, slash));
    if (node == nullptr) return std::nullopt;
    NodeEnd end{static_cast<std::size_t>(node - cluster.nodes.data())};
    if (slash == std::string_view::npos) return end;
    end.address = parse_address(name.substr(slash + 1));
    if (end.address && (contains(node->internal, *end.address) || contains(node->external, *end.address) ||
                        contains(node->join, *end.address)))
      return end;
  } else if (kind == "ip") {
    if (const auto address = parse_address(name)) return end_of(cluster, *address);
  }
  return std::nullopt;
}

std::string to_string(const Cluster& cluster, const End& end) {
  if (const auto* pod = std::get_if<PodEnd>(&end))
    return "pod:" + cluster.pods[pod->pod].ns + "/" + cluster.pods[pod->pod].name;
  if (const auto* node = std::get_if<NodeEnd>(&end))
    return "node:" + cluster.nodes[node->node].name + (node->address ? "/" + to_string(*node->address) : "");
  return "ip:" + to_string(std::get<AddressEnd>(end).address);
}

}  // namespace policyconv::verify
