#include "backends/kubeovn/expansion.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

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
      : state_(state), entries_(state.catalog.rules.size()), named_members_(state.groups.size()) {}

  bool run() {
    for (const ir::Rule& rule : state_.program.rules) {
      if (rule.origin == RuleId::None) continue;
      std::size_t& entries = entries_[static_cast<std::size_t>(rule.origin)];
      for (const std::size_t vpc : state_.groups[static_cast<std::size_t>(rule.subject)].vpcs)
        entries = saturating_sum(entries, count(rule.peer, state_.topology.vpcs[vpc]));
    }
    return report();
  }

 private:
  std::size_t count(const ir::Peer& peer, const Vpc& vpc) {
    if (const auto* outside = std::get_if<ir::Outside>(&peer)) return count(*outside, vpc);
    if (const auto* group = std::get_if<ir::GroupId>(&peer)) return 1 + vpc.peers.size() + named_members(*group);
    const std::size_t nodes = vpc.nodes.size() + vpc.node_internal.size() + vpc.node_local_dns.size();
    if (std::holds_alternative<ir::Anyone>(peer))
      return vpc.families.size() + vpc.ranges.size() + vpc.services.size() + nodes;
    switch (std::get<ir::Entity>(peer)) {
      case ir::Entity::Host:
      case ir::Entity::RemoteNode:
      case ir::Entity::Nodes:
        return nodes;
      case ir::Entity::Apiserver:
        return 2 * vpc.apiserver.size();
      case ir::Entity::Cluster:
        return vpc.ranges.size() + nodes + vpc.apiserver.size();
    }
    return 0;
  }

  /// Addresses in it that are the world's although they lie in the cluster's ranges get entries of their own.
  static std::size_t count(const ir::Outside& outside, const Vpc& vpc) {
    if (!vpc.has(outside.within.family)) return 0;
    const auto first = std::lower_bound(vpc.world_inside.begin(), vpc.world_inside.end(), first_address(outside.within));
    const auto last = std::upper_bound(first, vpc.world_inside.end(), last_address(outside.within));
    return count_prefixes(outside) + static_cast<std::size_t>(last - first);
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

  bool report() {
    std::map<RuleId, std::set<ir::Traffic>> beyond;
    for (std::size_t id = 0; id < entries_.size(); ++id)
      if (entries_[id] > state_.options.most_expansion) beyond[static_cast<RuleId>(id)];
    if (beyond.empty()) return false;
    for (const ir::Rule& rule : state_.program.rules)
      if (const auto at = beyond.find(rule.origin); at != beyond.end()) at->second.insert(rule.traffic);
    for (const auto& [id, kinds] : beyond) {
      const std::size_t entries = entries_[static_cast<std::size_t>(id)];
      state_.diagnostics.report_rule<Kind::TooMuchExpansion>(id, state_.catalog.rule(id).loc, state_.catalog.display(id), entries,
                                                             kinds.size(), (entries + kinds.size() - 1) / kinds.size(),
                                                             state_.options.most_expansion);
    }
    return true;
  }

  const LowerState& state_;
  std::vector<std::size_t> entries_;                      // by RuleId
  std::vector<std::optional<std::size_t>> named_members_;  // by GroupId
};

}  // namespace

bool expands_too_much(const LowerState& state) {
  return Counting(state).run();
}

}  // namespace policyconv::kubeovn
