// Entrance: find_overlaps(). Of two CIDRs that overlap one contains the other. Sorted by start, the longer range first,
// every range follows the ones around it, so one sweep with a stack finds them all without comparing pairs.
#include "assess/overlaps.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace policyconv::assess {
namespace {

constexpr std::size_t no_place = static_cast<std::size_t>(-1);
constexpr std::size_t shown_around = 16, shown_names = 3;

enum class RangeKind : std::uint8_t { Subnet, Service, PodCidr, Node };

struct Range {
  Cidr cidr;
  RangeKind kind = RangeKind::Subnet;
  std::string name;            // of the node, if of one
  const DumpSubnet* subnet = nullptr;
  Loc loc;
};

/// All ranges that are equal, and those of nodes and Services inside of which no smaller Subnet lies around them.
struct Place {
  Cidr cidr;
  std::size_t around = no_place;       // the next larger place
  std::vector<const Range*> subnets, others, inside;
};

std::string title(const Range& range) {
  switch (range.kind) {
    case RangeKind::Subnet:
      return display(*range.subnet);
    case RangeKind::Service:
      return "service range " + to_string(range.cidr);
    case RangeKind::PodCidr:
      return "podCIDR of node " + range.name;
    case RangeKind::Node:
      return fmt::format("address {} of node {}", to_string(first_address(range.cidr)), range.name);
  }
  return {};
}

std::vector<Range> ranges_of(const Dump& dump) {
  std::vector<Range> ranges;
  for (const DumpSubnet& subnet : dump.subnets)
    if (is_ovn(subnet))
      for (const Cidr& cidr : subnet.cidrs) ranges.push_back({cidr, RangeKind::Subnet, {}, &subnet, subnet.loc});
  for (const Cidr& cidr : dump.service_cidrs) ranges.push_back({cidr, RangeKind::Service, {}, nullptr, {}});
  for (const DumpNode& node : dump.nodes) {
    for (const Cidr& cidr : node.pod_cidrs) ranges.push_back({cidr, RangeKind::PodCidr, node.name, nullptr, node.loc});
    for (const Address& address : node.addresses)
      ranges.push_back({host_cidr(address), RangeKind::Node, node.name, nullptr, node.loc});
  }
  std::stable_sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::tie(a.cidr.family, a.cidr.hi, a.cidr.lo, a.cidr.length, a.kind) <
           std::tie(b.cidr.family, b.cidr.hi, b.cidr.lo, b.cidr.length, b.kind);
  });
  return ranges;
}

std::vector<Place> places_of(const std::vector<Range>& ranges) {
  std::vector<Place> places;
  std::size_t top = no_place;  // the chain of `around` from here is the stack
  for (const Range& range : ranges) {
    while (top != no_place && !contains(places[top].cidr, range.cidr)) top = places[top].around;
    if (top == no_place || places[top].cidr != range.cidr) {
      places.push_back({range.cidr, top, {}, {}, {}});
      top = places.size() - 1;
    }
    if (range.subnet) {
      places[top].subnets.push_back(&range);
      continue;
    }
    places[top].others.push_back(&range);
    std::size_t outer = top;
    while (outer != no_place && places[outer].subnets.empty()) outer = places[outer].around;
    if (outer != no_place) places[outer].inside.push_back(&range);
  }
  return places;
}

/// Kube-OVN's own Subnet for the ends of nodes, by its usual name; nodes have addresses there rightly.
bool is_join(const Range& range) { return range.subnet->name == "join"; }

template <typename T>
std::size_t count_inside(std::span<const T> sorted, const Cidr& cidr) {
  const auto first = std::lower_bound(sorted.begin(), sorted.end(), first_address(cidr),
                                      [](const T& one, const Address& address) { return one.address < address; });
  const auto last = std::upper_bound(first, sorted.end(), last_address(cidr),
                                     [](const Address& address, const T& one) { return address < one.address; });
  return static_cast<std::size_t>(last - first);
}

/// Where Cilium takes its own addresses from can be changed, where nodes and Services have theirs cannot.
std::string remedy_of(const Overlap& overlap, const std::vector<const Range*>& all) {
  const bool with_cilium =
      std::any_of(all.begin(), all.end(), [](const Range* range) { return range->kind == RangeKind::PodCidr; });
  if (overlap.kind == Kind::SubnetOverlapsNodes && !with_cilium)
    return "move the Subnet: recreate it with another range, and the pods in it";
  return std::string(definition(overlap.kind).help);
}

class Finder {
 public:
  Finder(const Dump& dump, std::span<const Conflict> today, std::span<const ComingConflict> coming)
      : dump_(dump), today_(today), coming_(coming) {}

  std::vector<Overlap> find() {
    const std::vector<Range> ranges = ranges_of(dump_);
    const std::vector<Place> places = places_of(ranges);
    for (const Place& place : places) {
      if (place.subnets.empty()) continue;
      add_around(places, place);
      for (const RangeKind kind : {RangeKind::Service, RangeKind::PodCidr, RangeKind::Node}) add_inside(place, kind);
    }
    return std::move(found_);
  }

 private:
  /// Subnets of one range, and what lies around them.
  void add_around(const std::vector<Place>& places, const Place& place) {
    std::vector<const Range*> all = place.subnets;
    for (std::size_t at = place.around; at != no_place; at = places[at].around)
      for (const auto* list : {&places[at].subnets, &places[at].others})
        for (const Range* range : *list)
          if (all.size() < place.subnets.size() + shown_around) all.push_back(range);
    if (all.size() < 2) return;
    const bool with_subnets = std::any_of(all.begin() + 1, all.end(), [](const Range* range) { return range->subnet; });
    Overlap overlap;
    overlap.common = place.cidr;
    overlap.held_twice = count_inside(today_, place.cidr);
    overlap.with_one_more_gateway = with_subnets && count_inside(coming_, place.cidr) > 0;
    // Interfaces beside eth0 are outside of the chain, so Subnets for those alone do not matter to Cilium.
    const auto firsts = std::count_if(all.begin(), all.end(), [](const Range* range) {
      return !range->subnet || is_first_network(*range->subnet);
    });
    if (overlap.held_twice > 0) overlap.severity = Severity::Blocker;
    else overlap.severity = firsts > 1 || overlap.with_one_more_gateway ? Severity::Warning : Severity::Note;
    overlap.kind = with_subnets ? Kind::SubnetsOverlap : Kind::SubnetOverlapsNodes;
    finish(std::move(overlap), all);
  }

  /// What nodes and Services have inside of a Subnet.
  void add_inside(const Place& place, RangeKind kind) {
    std::vector<const Range*> inside;
    for (const Range* range : place.inside)
      if (range->kind == kind) inside.push_back(range);
    if (kind == RangeKind::Node && std::any_of(place.subnets.begin(), place.subnets.end(),
                                               [](const Range* range) { return is_join(*range); }))
      return;
    if (inside.empty()) return;
    Overlap overlap;
    overlap.common = inside.size() == 1 ? inside.front()->cidr : place.cidr;
    if (kind == RangeKind::Node)
      overlap.of_nodes = static_cast<std::size_t>(std::count_if(
          inside.begin(), inside.end(), [&](const Range* range) { return has_endpoint(first_address(range->cidr)); }));
    overlap.held_twice = overlap.of_nodes;
    overlap.severity = overlap.held_twice > 0 ? Severity::Blocker : Severity::Warning;
    overlap.kind = Kind::SubnetOverlapsNodes;
    std::vector<const Range*> all{place.subnets.front()};
    all.insert(all.end(), inside.begin(), inside.end());
    finish(std::move(overlap), all);
  }

  [[nodiscard]] bool has_endpoint(const Address& address) const {
    auto at = std::lower_bound(dump_.holders.begin(), dump_.holders.end(), address,
                               [](const Holder& one, const Address& wanted) { return one.address < wanted; });
    for (; at != dump_.holders.end() && at->address == address; ++at)
      if (at->has_endpoint) return true;
    return false;
  }

  void finish(Overlap overlap, const std::vector<const Range*>& all) {
    for (const Range* range : all) overlap.ranges.push_back(title(*range));
    overlap.a = overlap.ranges.front();
    overlap.b = listed(std::span(overlap.ranges).subspan(1), shown_names);
    overlap.loc = all.front()->loc;
    overlap.text = fmt::format(fmt::runtime(definition(overlap.kind).text), overlap.a, overlap.b, to_string(overlap.common));
    overlap.remedy = remedy_of(overlap, all);
    found_.push_back(std::move(overlap));
  }

  const Dump& dump_;
  std::span<const Conflict> today_;
  std::span<const ComingConflict> coming_;
  std::vector<Overlap> found_;
};

}  // namespace

std::vector<Overlap> find_overlaps(const Dump& dump, std::span<const Conflict> today,
                                   std::span<const ComingConflict> coming) {
  return Finder(dump, today, coming).find();
}

std::string display(const DumpSubnet& subnet) { return fmt::format("Subnet {} (VPC {})", subnet.name, subnet.vpc); }

std::string listed(std::span<const std::string> names, std::size_t shown) {
  std::string text;
  const std::size_t whole = names.size() > shown ? shown : names.size();
  for (std::size_t i = 0; i < whole; ++i) {
    const bool last = i + 1 == names.size();
    text += (i == 0 ? "" : last ? " and " : ", ") + names[i];
  }
  if (whole < names.size()) text += fmt::format(" and {} more", names.size() - whole);
  return text;
}

}  // namespace policyconv::assess
