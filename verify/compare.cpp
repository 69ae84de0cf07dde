// The pairs of classes at which one end differs are looked at as whole flows, since the other end may hide it; what
// remains is put together into regions. Entrance: compare().
#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <tuple>
#include <utility>

#include "ir/parallel.h"
#include "verify/service_flows.h"
#include "verify/space_rows.h"

namespace policyconv::verify {
namespace {

constexpr Family families[] = {Family::V4, Family::V6};

/// How two classes differ: the key under which regions are put together.
struct Way {
  Change change = Change::Stricter;
  Traffic traffic;
  bool v4 = false, v6 = false;
  std::optional<std::size_t> entrance;  // of ServiceFlows
  auto operator<=>(const Way&) const = default;
};

Traffic without_icmp(Traffic traffic) {
  std::erase_if(traffic, [](const Packets& packets) {
    return packets.protocol == Protocol::Icmp || packets.protocol == Protocol::Icmp6;
  });
  return traffic;
}

/// One way for both families where they agree but for the protocol that ICMP has in each.
void add_ways(Change change, Traffic v4, Traffic v6, std::vector<Way>& ways) {
  if (!v4.empty() && !v6.empty() && without_icmp(v4) == without_icmp(v6)) {
    Traffic both = v4;
    for (const Packets& packets : v6)
      if (packets.protocol == Protocol::Icmp6) both.push_back(packets);
    ways.push_back({change, merged(std::move(both)), true, true, {}});
    return;
  }
  if (!v4.empty()) ways.push_back({change, std::move(v4), true, false, {}});
  if (!v6.empty()) ways.push_back({change, std::move(v6), false, true, {}});
}

}  // namespace

/// Numbers of classes of pods come first, so `from` is pods if it is less than `rows.size()`.
class Comparer {
 public:
  Comparer(const Space& space, const Progress& progress, const Wanted& wanted)
      : space_(space),
        all_(*space.prepared_),
        progress_(progress),
        wanted_(wanted),
        services_(all_.cluster, all_.classes) {}

  Differences compare() {
    find_candidates();
    std::vector<std::map<Way, EndSet>> found(all_.classes.ends.size());
    std::atomic<std::size_t> next = 0, pairs = 0;
    in_parallel(all_.jobs, all_.jobs, [&](std::size_t thread) {
      for (std::size_t from = next++; from < found.size(); from = next++) {
        pairs += compare_from(from, found[from]);
        if (thread == 0 && progress_ && from % 64 == 0)
          progress_(static_cast<double>(from) / static_cast<double>(found.size()));
      }
    });
    Differences differences;
    differences.pods = all_.rows.size();
    differences.pairs = pairs;
    add_regions(found, differences.regions);
    return differences;
  }

 private:
  [[nodiscard]] const Row& row(std::size_t subject, Direction direction) const {
    return all_.rows[subject][static_cast<std::size_t>(direction)];
  }

  /// Pairs of which one end differs, by the sender.
  void find_candidates() {
    candidates_.resize(all_.classes.ends.size());
    for (std::size_t i = 0; i < all_.rows.size(); ++i) {
      candidates_[i] |= differing(row(i, Direction::Egress));
      for (const std::uint32_t from : differing(row(i, Direction::Ingress)))
        candidates_[from].add(static_cast<std::uint32_t>(i));
    }
  }

  std::size_t compare_from(std::size_t from, std::map<Way, EndSet>& found) const {
    std::vector<Way> ways;
    for (const std::uint32_t to : candidates_[from]) {
      if (!is_wanted(from, to)) continue;
      ways.clear();
      compare(from, to, ways);
      for (Way& way : ways) found[std::move(way)].add(to);
    }
    if (from < all_.rows.size())
      for (const ServiceDifference& each : services_.differences(from, space_, all_.rows)) {
        if (!is_wanted(from, each.backend.end)) continue;
        const ServiceEntrance& entrance = services_.entrances[each.entrance];
        const Family family = entrance.address.family;
        const Packets packets{entrance.protocol, each.backend.port, each.backend.port, 0, 65535};
        found[Way{each.change, {packets}, family == Family::V4, family == Family::V6, each.entrance}].add(
            static_cast<std::uint32_t>(each.backend.end));
      }
    return candidates_[from].cardinality();
  }

  [[nodiscard]] bool is_wanted(std::size_t from, std::size_t to) const { return !wanted_ || wanted_(from, to); }

  void compare(std::size_t from, std::size_t to, std::vector<Way>& ways) const {
    std::array<std::array<Traffic, 2>, 4> by_change;
    for (const Family family : families) {
      if (!space_.meet(from, to, family)) continue;
      const auto f = static_cast<std::size_t>(family);
      const auto of = [&](Change change) -> Traffic& { return by_change[static_cast<std::size_t>(change)][f]; };
      Passing passing = space_.between(from, to, family);
      const Traffic looser = without(passing.objects, passing.policies);
      const Traffic exempt = space_.infrastructure(from, to, family);
      of(Change::Looser) = without(looser, exempt);
      of(Change::Infrastructure) = common(looser, exempt);
      if (space_.has_route(from, to))
        of(Change::Stricter) = without(without(passing.policies, passing.objects), passing.undefined);
      of(Change::Undefined) = std::move(passing.undefined);
    }
    for (std::size_t change = 0; change < by_change.size(); ++change)
      add_ways(static_cast<Change>(change), std::move(by_change[change][0]), std::move(by_change[change][1]), ways);
  }

  // --- regions ---------------------------------------------------------------------------------------------------

  using Ends = std::vector<std::size_t>;
  using Blocks = std::map<Ends, Ends>;  // `to` by `from`, or the other way round

  static Ends list(const EndSet& set) {
    return {set.begin(), set.end()};
  }

  static Blocks grouped(const std::map<std::size_t, Ends>& lines) {
    std::map<Ends, Ends> by_content;
    for (const auto& [line, content] : lines) by_content[content].push_back(line);
    Blocks blocks;
    for (const auto& [content, same] : by_content) blocks[same] = content;
    return blocks;
  }

  /// All that differs in one way as rectangles: equal rows, or equal columns, whichever are fewer.
  void add_regions(const std::vector<std::map<Way, EndSet>>& found, std::vector<Region>& regions) const {
    std::map<Way, std::map<std::size_t, Ends>> rows;
    for (std::size_t from = 0; from < found.size(); ++from)
      for (const auto& [way, to] : found[from]) rows[way].emplace(from, list(to));
    for (const auto& [way, by_from] : rows) {
      std::map<std::size_t, Ends> by_to;
      for (const auto& [from, all] : by_from)
        for (const std::size_t to : all) by_to[to].push_back(from);
      const Blocks wide = grouped(by_from), high = grouped(by_to);
      if (wide.size() <= high.size())
        for (const auto& [from, to] : wide) regions.push_back(region(way, from, to));
      else
        for (const auto& [to, from] : high) regions.push_back(region(way, from, to));
    }
    std::sort(regions.begin(), regions.end(), [](const Region& a, const Region& b) {
      return std::tie(a.change, a.from, a.to, a.traffic, a.v4, a.v6, a.service) <
             std::tie(b.change, b.from, b.to, b.traffic, b.v4, b.v6, b.service);
    });
  }

  [[nodiscard]] Region region(const Way& way, const Ends& from, const Ends& to) const {
    Region region{way.change, from, to, way.traffic, way.v4, way.v6, {}, {}, {}};
    const Family family = way.v4 ? Family::V4 : Family::V6;
    for (const std::size_t sender : from)
      for (const std::size_t receiver : to) {
        if (!space_.meet(sender, receiver, family)) continue;
        set_example(region, sender, receiver, family);
        if (way.entrance) {
          const ServiceEntrance& entrance = services_.entrances[*way.entrance];
          region.service = entrance.service;
          region.example.destination = entrance.address;
          region.example.to_pod.reset();
          region.example.port = entrance.port;
        }
        return region;
      }
    return region;
  }

  void set_example(Region& region, std::size_t from, std::size_t to, Family family) const {
    const Protocol other_icmp = family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp;
    const auto packets = std::find_if(region.traffic.begin(), region.traffic.end(),
                                      [&](const Packets& each) { return each.protocol != other_icmp; });
    const auto [sender, receiver] = members(from, to, family);
    region.example_flow = {sender, receiver, packets->protocol, packets->first};
    Packet& packet = region.example;
    packet.source = address_of(sender, family);
    packet.destination = address_of(receiver, family);
    if (const auto* pod = std::get_if<PodEnd>(&sender)) packet.from_pod = pod->pod;
    if (const auto* pod = std::get_if<PodEnd>(&receiver)) packet.to_pod = pod->pod;
    packet.protocol = packets->protocol;
    packet.port = packets->first;
    packet.source_port = source_port_of(*packets);
  }

  [[nodiscard]] Address address_of(const End& end, Family family) const {
    if (const auto* bare = std::get_if<AddressEnd>(&end)) return bare->address;
    if (const auto* node = std::get_if<NodeEnd>(&end)) return *node->address;
    const std::vector<Address>& all = all_.cluster.pods[std::get<PodEnd>(end).pod].addresses;
    return *std::find_if(all.begin(), all.end(), [&](const Address& address) { return address.family == family; });
  }

  /// Members of two classes that can have packets for each other.
  [[nodiscard]] std::pair<End, End> members(std::size_t from, std::size_t to, Family family) const {
    const EndClass& a = all_.classes.ends[from];
    const EndClass& b = all_.classes.ends[to];
    if (a.kind == EndKind::Pods && b.kind == EndKind::Pods)
      return {PodEnd{a.pods.front()}, PodEnd{from == to ? b.pods[1] : b.pods.front()}};
    if (a.kind != EndKind::Pods) {
      const auto [pod, other] = member_and_peer(to, from, Direction::Ingress, family);
      return {other, pod};
    }
    return member_and_peer(from, to, Direction::Egress, family);
  }

  [[nodiscard]] std::pair<End, End> member_and_peer(std::size_t pods, std::size_t peer, Direction direction,
                                                    Family family) const {
    const EndClass& own = all_.classes.ends[pods];
    const EndClass& other = all_.classes.ends[peer];
    if (other.kind == EndKind::Outside || other.kind == EndKind::Service)
      return {PodEnd{own.pods.front()}, AddressEnd{other.addresses.front()}};
    for (const std::size_t pod : own.pods)
      for (const NodeEnd& node : other.nodes)
        if (meets_node(all_.cluster, pod, node, other.kind, direction, family)) return {PodEnd{pod}, node};
    return {PodEnd{own.pods.front()}, other.nodes.front()};
  }

  const Space& space_;
  const Space::Prepared& all_;
  const Progress& progress_;
  const Wanted& wanted_;
  ServiceFlows services_;
  std::vector<EndSet> candidates_;  // by sender
};

std::string_view to_string(Change change) {
  switch (change) {
    case Change::Looser:
      return "looser";
    case Change::Undefined:
      return "undefined";
    case Change::Stricter:
      return "stricter";
    case Change::Infrastructure:
      return "infrastructure";
  }
  return {};
}

Differences compare(const Space& space, const Progress& progress, const Wanted& wanted) {
  return Comparer(space, progress, wanted).compare();
}

}  // namespace policyconv::verify
