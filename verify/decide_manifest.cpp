// What OVN answers once Kube-OVN has programmed a Manifest. Entrance: ManifestMeaning::decide().
// The ACLs of one stage of a port are one priority list, whoever brought them: the highest priority wins, what nothing
// matches passes. Nearly all are in tier 2, or in one flat tier; where none of these matches, or one passes the packet
// on, tier 3 decides: SecurityGroups of tier 1, the base ACLs and deny-all again (K§4.1).
#include "verify/decide_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "verify/manifest_acls.h"

namespace policyconv::verify {
namespace {

using ovn::Acl;
using ovn::Action;
using ovn::Group;
using ovn::Port;

/// The ACLs that match at the highest priority at which any does.
struct Winners {
  std::vector<const Acl*> acls;

  [[nodiscard]] int priority() const { return acls.empty() ? -1 : acls.front()->priority; }
  [[nodiscard]] bool all(Action action) const {
    return std::all_of(acls.begin(), acls.end(), [&](const Acl* acl) { return acl->action == action; });
  }
  [[nodiscard]] bool tied() const { return !acls.empty() && !all(acls.front()->action); }
  void add(const Acl& acl) {
    if (acl.priority > priority()) acls.clear();
    acls.push_back(&acl);
  }
};

/// A packet in one ACL stage of a switch. `port` is the pod's port that it enters or leaves by, nullptr at the port of
/// the router, which is in no group; `sender` is the port on the same switch that it came from, if any.
struct Passage {
  const ovn::Switch& on;
  Direction direction;
  const Port* port = nullptr;
  const Port* sender = nullptr;
  MatchPacket packet;
};

bool hits(const Acl& acl, const MatchPacket& packet, Direction direction, const MatchNames& names) {
  if (acl.between) return acl.between->source == packet.source && acl.between->destination == packet.destination;
  if (acl.rule == nullptr) return acl.match->matches(packet, names).value_or(false);
  if (acl.rule->family != packet.family || !ovn::covers(*acl.rule, packet.protocol, packet.destination_port)) return false;
  const Address& peer = direction == Direction::Ingress ? packet.source : packet.destination;
  const auto* remote = std::get_if<Cidr>(&acl.rule->remote);
  if (remote == nullptr) return acl.remote != nullptr && acl.remote->contains(peer);
  // A prefix of the other family matches nothing (K§1.3), but OVN compares no bit with one of length 0 (measured).
  return remote->length == 0 || contains(*remote, peer);
}

/// Kube-OVN deletes user rules and base ACLs before it inserts the new ones; deny-all is another group (K§2.6).
bool is_emptied(const Group& group, Direction direction, const Rewriting* rewriting) {
  return rewriting != nullptr && rewriting->direction == direction && group.object != nullptr &&
         group.object->name == rewriting->security_group;
}

bool has_object(const Port& port) {
  return std::any_of(port.groups.begin(), port.groups.end(),
                     [](const Group* group) { return group->object != nullptr; });
}

enum class Tier : std::uint8_t { Two, Three };

Winners winners_of(const Passage& passage, const Rewriting* rewriting, const ovn::Northbound& northbound, Tier tier) {
  const Direction direction = passage.direction;
  Winners winners;
  const auto consider = [&](const std::vector<Acl>& acls) {
    for (const Acl& acl : acls) {
      if (acl.priority < winners.priority()) return;
      const bool in_tier = tier == Tier::Two ? acl.in_tier_2 : acl.in_tier_3;
      if (in_tier && hits(acl, passage.packet, direction, passage.on.names)) winners.add(acl);
    }
  };
  consider(northbound.discovery());
  consider(passage.on.unscoped.of(direction));
  if (direction == Direction::Ingress && passage.sender != nullptr && has_object(*passage.sender))
    consider(northbound.misplaced_base());
  if (passage.port == nullptr) return winners;

  bool has_base = false;
  for (const Group* group : passage.port->groups) {
    if (const auto at = passage.on.scoped.find(group); at != passage.on.scoped.end())
      consider(at->second.of(direction));
    if (is_emptied(*group, direction, rewriting)) continue;
    consider(group->acls.of(direction));
    has_base |= group->object != nullptr;
  }
  if (has_base) consider(northbound.base(direction));
  if (direction == Direction::Ingress) consider(passage.port->node_acls);
  return winners;
}

template <typename T>
void sort_unique(std::vector<T>& all) {
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

Decision decision_of(const Winners& winners) {
  if (winners.acls.empty()) return {Verdict::Allow, {}, "no security group"};
  Decision decision;
  decision.verdict = winners.all(Action::Allow) ? Verdict::Allow : Verdict::Deny;
  std::vector<std::string_view> reasons;
  for (const Acl* acl : winners.acls) {
    decision.rules.insert(decision.rules.end(), acl->origins.begin(), acl->origins.end());
    if (acl->loc != Loc{}) decision.places.push_back(acl->loc);
    if (std::find(reasons.begin(), reasons.end(), acl->about) == reasons.end()) reasons.push_back(acl->about);
  }
  sort_unique(decision.rules);
  sort_unique(decision.places);
  decision.reason = fmt::format("{}{}", winners.tied() ? "tie: " : "", fmt::join(reasons, ", "));
  return decision;
}

}  // namespace

struct ManifestMeaning::Prepared {
  const Cluster& cluster;
  ovn::Northbound northbound;
  bool tied = false;

  /// The stages that decide at one end, in order. A packet to or from another switch crosses the port of the router,
  /// where ACLs without a scope hit it a second time, in the other direction (K§10.3).
  std::vector<Passage> passages(const Packet& packet, Direction direction) const {
    const Port* from = northbound.port_of(packet.from_pod);
    const Port* to = northbound.port_of(packet.to_pod);
    const bool neighbours = from != nullptr && to != nullptr && from->on == to->on;
    if (direction == Direction::Egress) {
      std::vector<Passage> passages{{*from->on, Direction::Egress, from, nullptr, seen(packet, from->name, "")}};
      if (!neighbours && !ovn::is_multicast(packet.destination))
        passages.push_back(
            {*from->on, Direction::Ingress, nullptr, from, seen(packet, from->name, from->on->router_port)});
      return passages;
    }
    if (neighbours) return {{*to->on, Direction::Ingress, to, from, seen(packet, from->name, to->name)}};
    const std::string& router = to->on->router_port;
    return {{*to->on, Direction::Egress, nullptr, nullptr, seen(packet, router, "")},
            {*to->on, Direction::Ingress, to, nullptr, seen(packet, router, to->name)}};
  }

  static MatchPacket seen(const Packet& packet, std::string inport, std::string outport) {
    MatchPacket seen;
    seen.inport = std::move(inport);
    seen.outport = std::move(outport);
    seen.family = packet.source.family;
    seen.source = packet.source;
    seen.destination = packet.destination;
    seen.protocol = packet.protocol;
    if (packet.protocol == Protocol::Icmp || packet.protocol == Protocol::Icmp6) {
      seen.icmp_type = static_cast<std::uint8_t>(packet.port);
    } else {
      seen.source_port = packet.source_port;
      seen.destination_port = packet.port;
    }
    return seen;
  }
};

ManifestMeaning::ManifestMeaning(const kubeovn::Manifest& manifest, const Cluster& cluster)
    : prepared_(new Prepared{cluster, {manifest, cluster}}) {}
ManifestMeaning::~ManifestMeaning() = default;

std::optional<Decision> ManifestMeaning::decide(const Packet& packet, Direction direction,
                                                const Rewriting* rewriting) const {
  const ovn::Northbound& northbound = prepared_->northbound;
  if (northbound.port_of(direction == Direction::Ingress ? packet.to_pod : packet.from_pod) == nullptr)
    return std::nullopt;
  std::optional<Decision> of_pod;
  prepared_->tied = false;
  for (const Passage& passage : prepared_->passages(packet, direction)) {
    Winners winners = winners_of(passage, rewriting, northbound, Tier::Two);
    if (winners.all(Action::Pass)) winners = winners_of(passage, rewriting, northbound, Tier::Three);
    prepared_->tied |= winners.tied();
    Decision decision = decision_of(winners);
    if (decision.verdict == Verdict::Deny) {
      if (passage.port == nullptr) decision.reason += ", at the router";
      return decision;
    }
    if (passage.port != nullptr) of_pod = std::move(decision);
  }
  return of_pod;
}

bool ManifestMeaning::tied() const {
  return prepared_->tied;
}

std::vector<Packet> ManifestMeaning::packets(const Flow& flow) const {
  const Cluster& cluster = prepared_->cluster;
  const auto address_of = [&](const End& end, Family family) -> const Address* {
    if (const auto* bare = std::get_if<AddressEnd>(&end))
      return bare->address.family == family ? &bare->address : nullptr;
    const auto* node = std::get_if<NodeEnd>(&end);
    if (node != nullptr && node->address) return node->address->family == family ? &*node->address : nullptr;
    const auto* pod = std::get_if<PodEnd>(&end);
    const auto& all = pod ? cluster.pods[pod->pod].addresses : cluster.nodes[node->node].internal;
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const Address& address) { return address.family == family; });
    return at == all.end() ? nullptr : &*at;
  };
  const auto pod_of = [&](const End& end) -> std::optional<std::size_t> {
    const auto* pod = std::get_if<PodEnd>(&end);
    return pod && prepared_->northbound.port_of(pod->pod) ? std::optional(pod->pod) : std::nullopt;
  };
  std::vector<Packet> packets;
  for (const Family family : {Family::V4, Family::V6}) {
    const Address* from = address_of(flow.from, family);
    const Address* to = address_of(flow.to, family);
    const Protocol other_icmp = family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp;
    if (from == nullptr || to == nullptr || flow.protocol == other_icmp) continue;
    packets.push_back({*from, *to, pod_of(flow.from), pod_of(flow.to), flow.protocol, flow.port});
  }
  return packets;
}

}  // namespace policyconv::verify
