// Both systems asked packet by packet, to hold what verify says of all packets against.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "verify/decide_manifest.h"
#include "verify/decide_source.h"
#include "verify/ends.h"
#include "verify/flow.h"
#include "verify/traffic.h"

namespace policyconv::verify {

/// What both systems say about one packet, end by end.
struct Judges {
  const Cluster& cluster;
  SourceMeaning source;
  ManifestMeaning manifest;

  Judges(const cilium::Policies& policies, const Cluster& cluster_, const Semantics& semantics,
         const kubeovn::Manifest& objects)
      : cluster(cluster_), source(policies, cluster_, semantics), manifest(objects, cluster_) {}

  [[nodiscard]] bool policies_pass(const Flow& flow) const { return source.decide(flow) == Verdict::Allow; }

  /// 'a' passes, 'd' does not, 't': some end's ACLs tie and the rest lets it pass.
  [[nodiscard]] char objects(const Packet& packet) const {
    bool tied = false;
    for (const Direction direction : {Direction::Egress, Direction::Ingress}) {
      const auto decision = manifest.decide(packet, direction);
      if (!decision) continue;
      if (manifest.tied()) tied = true;
      else if (decision->verdict == Verdict::Deny) return 'd';
    }
    return tied ? 't' : 'a';
  }
};

inline bool holds(const Traffic& traffic, Protocol protocol, std::uint16_t port, std::uint16_t source_port) {
  return std::any_of(traffic.begin(), traffic.end(), [&](const Packets& p) {
    return p.protocol == protocol && p.first <= port && port <= p.last && p.source_first <= source_port &&
           source_port <= p.source_last;
  });
}

inline const Address* address_of(const Cluster& cluster, const End& end, Family family) {
  if (const auto* bare = std::get_if<AddressEnd>(&end)) return bare->address.family == family ? &bare->address : nullptr;
  if (const auto* node = std::get_if<NodeEnd>(&end))
    return node->address->family == family ? &*node->address : nullptr;
  const auto& all = cluster.pods[std::get<PodEnd>(end).pod].addresses;
  const auto at = std::find_if(all.begin(), all.end(), [&](const Address& a) { return a.family == family; });
  return at == all.end() ? nullptr : &*at;
}

/// Members of a class as ends of flows; of what is outside the example.
inline std::vector<End> members(const EndClass& end) {
  std::vector<End> all;
  for (const std::size_t pod : end.pods) all.push_back(PodEnd{pod});
  for (const NodeEnd& node : end.nodes) all.push_back(node);
  if (end.kind == EndKind::Outside) all.push_back(AddressEnd{end.addresses.front()});
  return all;
}

inline bool is_own_node(const Cluster& cluster, const End& pod, const End& node) {
  return cluster.pods[std::get<PodEnd>(pod).pod].node == cluster.nodes[std::get<NodeEnd>(node).node].name;
}

/// Can there be packets between these two, as far as the kind of node end says?
inline bool fits(const Cluster& cluster, const EndClass& a, const End& from, const EndClass& b, const End& to) {
  if (std::holds_alternative<NodeEnd>(from)) return is_own_node(cluster, to, from) == (a.kind == EndKind::OwnNode);
  if (std::holds_alternative<NodeEnd>(to)) return is_own_node(cluster, from, to) == (b.kind == EndKind::OwnNode);
  const auto* p = std::get_if<PodEnd>(&from);
  const auto* q = std::get_if<PodEnd>(&to);
  return p == nullptr || q == nullptr || p->pod != q->pod;
}

/// The packet between two ends that have addresses of this family.
inline Packet packet_of(const Cluster& cluster, const End& from, const End& to, Family family, Protocol protocol,
                        std::uint16_t port) {
  const auto pod_of = [](const End& end) {
    const auto* pod = std::get_if<PodEnd>(&end);
    return pod ? std::optional(pod->pod) : std::nullopt;
  };
  return {*address_of(cluster, from, family), *address_of(cluster, to, family), pod_of(from), pod_of(to), protocol,
          port, 50000};
}

/// Packets for the pieces of traffic that objects ask about, both bounds of each, and `more`.
using Probes = std::vector<std::pair<Protocol, std::uint16_t>>;
inline Probes probes(const kubeovn::Manifest& manifest, const Probes& more) {
  std::set<std::pair<Protocol, std::uint16_t>> found = {{Protocol::Tcp, 1},    {Protocol::Udp, 65535},
                                                        {Protocol::Sctp, 7},   {Protocol::Icmp, 8},
                                                        {Protocol::Icmp6, 128}, {Protocol::Icmp, 0}};
  const auto add = [&](Protocol protocol, int port) {
    if (port >= 0 && port <= 65535) found.emplace(protocol, static_cast<std::uint16_t>(port));
  };
  for (const kubeovn::SecurityGroup& group : manifest.security_groups)
    for (const auto* rules : {&group.ingress, &group.egress})
      for (const kubeovn::SgRule& rule : *rules)
        if (rule.ports)
          for (const int port : {rule.ports->first - 1, int{rule.ports->first}, int{rule.ports->last}, rule.ports->last + 1})
            add(rule.protocol == kubeovn::SgProtocol::Tcp ? Protocol::Tcp : Protocol::Udp, port);
  for (const auto& [protocol, port] : more) add(protocol, port);
  for (const int type : {1, 3, 4, 11, 129, 137, 144, 160, 255}) {
    add(Protocol::Icmp, type);
    add(Protocol::Icmp6, type);
  }
  Probes all(found.begin(), found.end());
  std::erase_if(all, [](const auto& probe) {
    const auto [protocol, port] = probe;
    if (protocol == Protocol::Icmp6) return (port >= 130 && port <= 136) || port == 143;
    return port == 0 && protocol != Protocol::Icmp;
  });
  return all;
}

}  // namespace policyconv::verify
