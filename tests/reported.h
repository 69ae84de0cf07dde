// What verify reports about single packets: the region that holds a packet, if there is one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/judges.h"
#include "verify/space.h"

namespace policyconv::verify {

/// A flow and the packet that starts it.
struct Asked {
  Flow flow;
  Packet packet;
};

/// Any two ends of every pair of classes, with every probe.
inline std::vector<Asked> packets_of(const Space& space, const Cluster& cluster, const Probes& probes) {
  std::vector<Asked> all;
  const auto& ends = space.ends();
  for (std::size_t a = 0; a < ends.size(); ++a)
    for (std::size_t b = 0; b < ends.size(); ++b)
      for (const Family family : {Family::V4, Family::V6}) {
        if (!space.meet(a, b, family)) continue;
        const auto senders = members(ends[a]), receivers = members(ends[b]);
        // Another member of the same class, where there is one to choose.
        const End &from = senders.front(), &to = receivers.back();
        if (!fits(cluster, ends[a], from, ends[b], to)) continue;
        for (const auto& [protocol, port] : probes)
          if (protocol != (family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp))
            all.push_back({{from, to, protocol, port}, packet_of(cluster, from, to, family, protocol, port)});
      }
  return all;
}

/// Finds the region that holds a packet.
class Reported {
 public:
  Reported(const Space& space, const Cluster& cluster) : space_(space), cluster_(cluster), found_(compare(space)) {
    for (std::size_t i = 0; i < space.ends().size(); ++i) {
      const EndClass& end = space.ends()[i];
      for (const NodeEnd& node : end.nodes) nodes_[{end.kind, *node.address}] = i;
    }
  }

  /// "" if nothing is reported about it.
  [[nodiscard]] std::string about(const Asked& asked) const {
    const std::size_t from = class_of(asked.flow.from, asked.flow.to, asked.packet.source);
    const std::size_t to = class_of(asked.flow.to, asked.flow.from, asked.packet.destination);
    const Family family = asked.packet.source.family;
    std::string all;
    for (const Region& region : found_.regions)
      if (!region.service && (family == Family::V4 ? region.v4 : region.v6) && has(region.from, from) &&
          has(region.to, to) && holds(region.traffic, asked.flow.protocol, asked.flow.port, 50000))
        all += region.change == Change::Stricter ? "stricter" : region.change == Change::Undefined ? "undefined" : "looser";
    return all;
  }
  [[nodiscard]] const std::vector<Region>& regions() const { return found_.regions; }

 private:
  static bool has(const std::vector<std::size_t>& sorted, std::size_t i) {
    return std::binary_search(sorted.begin(), sorted.end(), i);
  }
  [[nodiscard]] std::size_t class_of(const End& end, const End& other, const Address& address) const {
    if (const auto* pod = std::get_if<PodEnd>(&end)) return *space_.class_of_pod(pod->pod);
    if (std::holds_alternative<NodeEnd>(end))
      return nodes_.at({is_own_node(cluster_, other, end) ? EndKind::OwnNode : EndKind::OtherNode, address});
    std::size_t closest = space_.ends().size();
    for (std::size_t i = 0; i < space_.ends().size(); ++i) {
      const EndClass& each = space_.ends()[i];
      if (each.kind == EndKind::Outside && contains(each.within, address) &&
          (closest == space_.ends().size() || each.within.length > space_.ends()[closest].within.length))
        closest = i;
    }
    return closest;
  }

  const Space& space_;
  const Cluster& cluster_;
  Differences found_;
  std::map<std::pair<EndKind, Address>, std::size_t> nodes_;
};

}  // namespace policyconv::verify
