#include "backends/kubeovn/expansion.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "ir/expansion.h"

namespace policyconv::kubeovn {
namespace {

/// How many bits both begin with.
std::size_t common_bits(const Cidr& a, const Cidr& b) {
  const std::uint64_t high = a.hi ^ b.hi, low = a.lo ^ b.lo;
  const int same = high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(low);
  return std::min({static_cast<std::size_t>(same), std::size_t(a.length), std::size_t(b.length)});
}

/// How many prefixes subtract() makes of it. On the way down to each hole, every step that no other hole has in common with
/// it leaves its other half; where the ways part, the half that the last hole left is used up.
std::size_t count_prefixes(const ir::Outside& outside) {
  if (outside.except.empty()) return 1;
  std::size_t count = outside.except.front().length - outside.within.length;
  for (std::size_t i = 1; i < outside.except.size(); ++i)
    count += outside.except[i].length - common_bits(outside.except[i - 1], outside.except[i]) - 2;
  return count;
}

class Counting {
 public:
  explicit Counting(const LowerState& state)
      : state_(state), dropped_(state.catalog.rules.size()), named_members_(state.groups.size()) {}

  /// Calls `add` with each source rule, a kind of its traffic, and how many entries both have. What is dropped below allows
  /// has no kind.
  template <typename Add>
  void run(Add add) {
    for (const ir::Rule& rule : state_.program.rules) {
      // Makes no entry, see entries.cpp.
      if (rule.origin == RuleId::None || (rule.traffic.protocol == Protocol::Sctp && !state_.options.sctp)) continue;
      std::size_t own = 0, drops = 0, most_drops = 0;
      for (const std::size_t index : state_.groups[static_cast<std::size_t>(rule.subject)].vpcs) {
        const Vpc& vpc = state_.topology.vpcs[index];
        const std::size_t here = count(rule, vpc);
        own += here;
        if (here != 0) drops += count_drops(rule, vpc);
        most_drops += vpc.ranges.size() + vpc.assumed.size() + vpc.services.size();
      }
      // Only a Subnet ACL has a drop for each kind of traffic.
      const bool of_kind = needs_subnet_acl({rule.direction, Band::DropCluster, rule.traffic, {}, {}});
      add(rule.origin, &rule.traffic, of_kind ? own + drops : own);
      if (!of_kind && drops != 0) add(rule.origin, nullptr, shared_drops(rule, drops, most_drops));
    }
  }

 private:
  /// What a source rule has below the allows of one subject, whatever their traffic.
  struct Dropped {
    const ir::Rule* last = nullptr;
    std::size_t count = 0;
  };

  // How many more than those of the rules before, which stand by subject and then by peer: each range is dropped once.
  std::size_t shared_drops(const ir::Rule& rule, std::size_t drops, std::size_t most) {
    Dropped& known = dropped_[static_cast<std::size_t>(rule.origin)];
    const bool same_subject = known.last != nullptr && known.last->subject == rule.subject;
    const bool same_peer = same_subject && known.last->peer == rule.peer;
    const std::size_t before = same_subject ? known.count : 0;
    known = {&rule, same_peer ? before : std::min(before + drops, most)};
    return known.count - before;
  }

  std::size_t count(const ir::Rule& rule, const Vpc& vpc) {
    const bool deny = rule.verdict == Verdict::Deny, egress = rule.direction == Direction::Egress;
    if (const auto* outside = std::get_if<ir::Outside>(&rule.peer)) return count(*outside, rule, vpc);
    if (const auto* group = std::get_if<ir::GroupId>(&rule.peer)) return 1 + vpc.peers.size() + named_members(*group);
    const std::size_t denied_anyone = 2 * vpc.families.size() + vpc.node_internal.size();
    const std::size_t nodes = vpc.nodes.size() + vpc.node_internal.size() + vpc.node_local_dns.size();
    if (std::holds_alternative<ir::Anyone>(rule.peer)) {
      if (deny) return denied_anyone;
      return vpc.families.size() + (vpc.ranges_known ? vpc.ranges.size() + vpc.nodes.size() : 0) +
             (rule.traffic.protocol == Protocol::Any ? vpc.services.size() : 0);
    }
    // What is not known is denied with everyone.
    const std::size_t unknown = deny && (!vpc.nodes_known || !vpc.ranges_known || vpc.apiserver.empty()) ? denied_anyone : 0;
    switch (std::get<ir::Entity>(rule.peer)) {
      case ir::Entity::Host:
        return deny ? nodes + unknown : egress ? vpc.node_local_dns.size() : 0;
      case ir::Entity::RemoteNode:
        return deny || !egress ? nodes + unknown : 0;
      case ir::Entity::Nodes:
        return nodes + unknown;
      case ir::Entity::Apiserver:
        return 2 * vpc.apiserver.size() + unknown;
      case ir::Entity::Cluster:
        return vpc.ranges.size() + nodes + vpc.apiserver.size() + unknown;
    }
    return 0;
  }

  /// Addresses in it that are the world's although they lie in the cluster's ranges get entries of their own.
  static std::size_t count(const ir::Outside& outside, const ir::Rule& rule, const Vpc& vpc) {
    if (!vpc.has(outside.within.family) || !carries(rule.traffic, outside.within.family)) return 0;
    if (rule.verdict == Verdict::Deny) return count_prefixes(outside) + world_inside(outside, vpc);
    if (!vpc.ranges_known) return 0;
    return (is_own(outside, vpc) ? world_inside(outside, vpc) : count_prefixes(outside)) + world_inside(outside, vpc);
  }

  static std::size_t world_inside(const ir::Outside& outside, const Vpc& vpc) {
    const auto first = std::lower_bound(vpc.world_inside.begin(), vpc.world_inside.end(), first_address(outside.within));
    const auto last = std::upper_bound(first, vpc.world_inside.end(), last_address(outside.within));
    return static_cast<std::size_t>(last - first);
  }

  static bool is_own(const ir::Outside& outside, const Vpc& vpc) {
    return std::any_of(vpc.ranges.begin(), vpc.ranges.end(), [&](const Cidr& range) { return contains(range, outside.within); });
  }

  /// The ranges that are kept off what an allow opens, if it opens anything.
  static std::size_t count_drops(const ir::Rule& rule, const Vpc& vpc) {
    if (rule.verdict == Verdict::Deny) return 0;
    const bool egress = rule.direction == Direction::Egress;
    if (std::holds_alternative<ir::Anyone>(rule.peer))
      return egress && rule.traffic.protocol != Protocol::Any ? vpc.services.size() + vpc.assumed.size() : 0;
    const auto* const outside = std::get_if<ir::Outside>(&rule.peer);
    if (outside == nullptr) return 0;
    const auto in = [&](const std::vector<Cidr>& ranges) {
      const auto count = std::count_if(ranges.begin(), ranges.end(), [&](const Cidr& range) { return overlaps(range, outside->within); });
      return static_cast<std::size_t>(count);
    };
    return in(vpc.ranges) + in(vpc.assumed) + (egress ? in(vpc.services) : 0);
  }

  /// Addresses of members that are never bound, so that rules name them one by one.
  std::size_t named_members(ir::GroupId group) {
    std::optional<std::size_t>& known = named_members_[static_cast<std::size_t>(group)];
    if (known) return *known;
    known = 0;
    for (const std::size_t member : state_.groups[static_cast<std::size_t>(group)].members)
      if (const PlacedPod& pod = state_.topology.pods[member]; pod.unbound != Unbound::No) *known += pod.pod->addresses.size();
    return *known;
  }

  const LowerState& state_;
  std::vector<Dropped> dropped_;                           // by RuleId
  std::vector<std::optional<std::size_t>> named_members_;  // by GroupId
};

/// Of the rules of `beyond`.
void report(const std::set<RuleId>& beyond, const LowerState& state) {
  std::map<RuleId, std::map<ir::Traffic, std::size_t>> by_kind;
  std::map<RuleId, Expansion> expansions;
  Counting(state).run([&](RuleId id, const ir::Traffic* kind, std::size_t entries) {
    if (beyond.count(id) == 0 || entries == 0) return;
    if (kind != nullptr) by_kind[id][*kind] += entries;
    else ++expansions[id][entries];
  });
  for (const auto& [id, kinds] : by_kind)
    for (const auto& [kind, entries] : kinds) ++expansions[id][entries];
  for (const auto& [id, expansion] : expansions)
    report_too_much(id, expansion, state.options.most_expansion, state.catalog, state.diagnostics);
}

}  // namespace

std::vector<std::size_t> count_entries(const LowerState& state) {
  std::vector<std::size_t> counted(state.catalog.rules.size());
  Counting(state).run([&](RuleId id, const ir::Traffic*, std::size_t entries) {
    std::size_t& sum = counted[static_cast<std::size_t>(id)];
    sum = saturating_sum(sum, entries);
  });
  return counted;
}

bool expands_too_much(const LowerState& state) {
  const std::vector<std::size_t> counted = count_entries(state);
  std::set<RuleId> beyond;
  for (std::size_t id = 0; id < counted.size(); ++id)
    if (counted[id] > state.options.most_expansion) beyond.insert(static_cast<RuleId>(id));
  if (!beyond.empty()) report(beyond, state);
  return !beyond.empty();
}

}  // namespace policyconv::kubeovn
