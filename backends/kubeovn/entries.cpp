#include "backends/kubeovn/entries.h"

#include <algorithm>
#include <tuple>

#include "ir/overloaded.h"

namespace policyconv::kubeovn {
namespace {

using ir::Entity;

class EntryLowering {
 public:
  EntryLowering(std::size_t vpc, const LowerState& state)
      : state_(state), index_(vpc), vpc_(state.topology.vpcs[vpc]) {}

  void lower(const ir::Rule& rule) {
    rule_ = &rule;
    traffic_ = rule.traffic;
    own_node_denied_ = false;
    // Dropped as a whole on every bound pod: by Subnet ACLs, or, without Subnets, because no rule ever admits it.
    if (traffic_.protocol == Protocol::Sctp && !state_.options.sctp) return;
    if (!fits()) return;
    std::visit(Overloaded{[&](ir::Anyone) { anyone(); }, [&](ir::GroupId group) { this->group(group); },
                          [&](const ir::Outside& outside) { this->outside(outside); },
                          [&](Entity entity) { this->entity(entity); }},
               rule.peer);
  }

  std::vector<Entry> take() {
    drop_cluster_below_allows();
    merge(entries_);
    return std::move(entries_);
  }

 private:
  [[nodiscard]] bool deny() const { return rule_->verdict == Verdict::Deny; }
  [[nodiscard]] Loc loc() const {
    return rule_->origin == RuleId::None ? Loc{} : state_.catalog.rule(rule_->origin).loc;
  }
  template <Kind kind, typename... Args>
  void report(const Args&... args) {
    state_.diagnostics.report_rule<kind>(rule_->origin, loc(), args...);
  }

  // SCTP and ICMP types need a Subnet ACL; where no Subnet is known the deny is widened to what a SecurityGroup can say.
  bool fits() {
    const bool acl_only = traffic_.protocol == Protocol::Sctp || traffic_.icmp_type;
    if (!acl_only || !vpc_.subnets.empty()) return true;
    const std::string what = ir_name(traffic_);
    if (!deny()) {
      report<Kind::NeedsSubnetAcl>(what, "the allow is left out");
      return false;
    }
    if (traffic_.icmp_type) traffic_.icmp_type.reset();
    else traffic_ = {};
    report<Kind::NeedsSubnetAcl>(what, traffic_.protocol == Protocol::Any ? "the deny is widened to every protocol"
                                                                         : "the deny is widened to every ICMP type");
    return true;
  }

  static std::string ir_name(const ir::Traffic& traffic) {
    return traffic.icmp_type ? fmt::format("ICMP type {}", *traffic.icmp_type) : "SCTP";
  }

  void add(Band band, Remote remote) { add(band, std::move(remote), traffic_); }

  void add(Band band, Remote remote, const ir::Traffic& traffic) {
    if (const auto* cidr = std::get_if<Cidr>(&remote))
      if (!vpc_.has(cidr->family) || !carries(traffic, cidr->family)) return;
    entries_.push_back({rule_->direction, band, traffic, std::move(remote), {rule_->origin}});
  }

  void inside(Remote remote) { add(deny() ? Band::DenyCluster : Band::AllowCluster, std::move(remote)); }
  void beyond(Remote remote) { add(deny() ? Band::DenyOutside : Band::AllowOutside, std::move(remote)); }

  // A deny of the own node must outrank the node ACL, which up to v1.15 only a Subnet ACL can (K§10.5).
  void own_node(const Cidr& cidr) {
    if (!deny() || rule_->direction != Direction::Ingress || state_.options.release.minor >= 16) return;
    if (!vpc_.subnets.empty()) return add(Band::DenyOwnNode, cidr);
    if (!own_node_denied_) report<Kind::OwnNodeNotDenied>();
    own_node_denied_ = true;
  }

  void everyone(Band band) {
    for (const Family family : vpc_.families) add(band, whole(family));
  }

  void anyone() {
    if (deny()) {
      everyone(Band::DenyCluster);
      // Node addresses alone, where they are known: everyone at that priority would also stop what must pass (band I).
      if (vpc_.node_internal.empty())
        for (const Family family : vpc_.families) own_node(whole(family));
      for (const Address& node : vpc_.node_internal) own_node(host_cidr(node));
      return;
    }
    everyone(Band::AllowOutside);
    if (vpc_.ranges_known) ranges_and_nodes();
    if (rule_->direction != Direction::Egress) return;
    if (traffic_.protocol == Protocol::Any)
      for (const Cidr& services : vpc_.services) add(Band::AllowCluster, services);
    else
      above_services_.push_back(traffic_);
  }

  // Join addresses lie in the join Subnet, which is one of the ranges.
  void ranges_and_nodes() {
    for (const Cidr& range : vpc_.ranges) inside(range);
    for (const Cidr& nodes : vpc_.nodes_beyond_ranges) inside(nodes);
  }

  void group(ir::GroupId id) {
    const GroupFacts& facts = state_.groups[static_cast<std::size_t>(id)];
    std::vector<std::size_t> reachable{index_};
    for (const std::string& peer : vpc_.peers)
      if (const std::optional<std::size_t> index = state_.topology.vpc_index(peer)) reachable.push_back(*index);
    for (const std::size_t vpc : reachable)
      if (facts.vpcs.count(vpc) != 0) inside(GroupAt{id, vpc});
    for (const std::size_t member : facts.members) {
      const PlacedPod& pod = state_.topology.pods[member];
      if (pod.unbound == Unbound::No || std::find(reachable.begin(), reachable.end(), pod.vpc) == reachable.end()) continue;
      for (const Address& address : pod.pod->addresses) inside(host_cidr(address));
      state_.named_by_address.insert(member);
    }
  }

  void outside(const ir::Outside& outside) {
    if (!vpc_.ranges_known) {
      if (!deny()) return report<Kind::RangesUnknown>();
      report<Kind::DenyBeyondWorld>(to_string(outside.within));
    }
    const Family family = outside.within.family;
    if (!vpc_.has(family) || !carries(traffic_, family)) return;
    const std::vector<Cidr> prefixes = subtract(outside.within, outside.except);
    for (const Cidr& prefix : prefixes) {
      const auto range = std::find_if(vpc_.ranges.begin(), vpc_.ranges.end(), [&](const Cidr& r) { return contains(r, prefix); });
      if (range != vpc_.ranges.end() && !held_by_outsider(prefix)) {
        inside_range(prefix, *range);
        continue;
      }
      beyond(prefix);
      if (!deny()) allowed_outside_.push_back({rule_->direction, prefix, traffic_});
      for (const Address& address : vpc_.world_inside)
        if (contains(prefix, address)) inside(host_cidr(address));
    }
  }

  [[nodiscard]] bool held_by_outsider(const Cidr& prefix) const {
    return prefix.length == address_bits(prefix.family) &&
           std::binary_search(vpc_.world_inside.begin(), vpc_.world_inside.end(), first_address(prefix));
  }

  // All of it lies in the cluster's ranges, where only addresses that no pod and no node has would count as outside, and
  // which these are OVN cannot know.
  void inside_range(const Cidr& prefix, const Cidr& range) {
    report<Kind::OutsideWithinCluster>(to_string(prefix), to_string(range),
                                       deny() ? "the deny also stops pods and nodes in it" : "the allow has no effect");
    if (deny()) return inside(prefix);
    for (const Address& address : vpc_.world_inside)
      if (contains(prefix, address)) inside(host_cidr(address));
  }

  void entity(Entity entity) {
    switch (entity) {
      case Entity::Host: return host();
      case Entity::RemoteNode: return remote_node();
      case Entity::Nodes: return nodes();
      case Entity::Apiserver: return apiserver();
      case Entity::Cluster: return cluster();
    }
  }

  void host() {
    if (deny()) {
      if (rule_->direction == Direction::Ingress) report<Kind::HostDenyWidened>();
      else report<Kind::HostOnEgress>("the deny covers every node");
      return nodes();
    }
    if (rule_->direction == Direction::Ingress) return;  // let in by the node ACL, like under Cilium (C§7)
    report<Kind::HostOnEgress>("the allow is left out");
    node_local_dns();
  }

  void remote_node() {
    if (rule_->direction == Direction::Egress) {
      report<Kind::RemoteNodeOnEgress>(deny() ? "the deny covers every node" : "the allow is left out");
      if (deny()) each_node();
      return;
    }
    // Up to v1.15 the node ACL outranks the deny and lets the own node in, which is exactly what is asked.
    if (deny() && state_.options.release.minor >= 16) report<Kind::RemoteNodeDenyWidened>();
    each_node();
  }

  void nodes() {
    each_node();
    for (const Address& node : vpc_.node_internal) own_node(host_cidr(node));
    if (rule_->direction == Direction::Egress) node_local_dns();
  }

  void each_node() {
    if (!vpc_.nodes_known) {
      report<Kind::NodesUnknown>(deny() ? "the deny is widened to every peer" : "the allow is left out");
      if (deny()) anyone();
      return;
    }
    for (const Cidr& nodes : vpc_.nodes_in_ranges) inside(nodes);
    for (const Cidr& nodes : vpc_.nodes_beyond_ranges) inside(nodes);
  }

  // NodeLocal DNS answers on one address on every node: it is `host` wherever the pod runs.
  void node_local_dns() {
    for (const Address& address : vpc_.node_local_dns) inside(host_cidr(address));
  }

  void apiserver() {
    if (vpc_.apiserver.empty()) {
      report<Kind::ApiserverUnknown>(deny() ? "the deny is widened to every peer" : "the allow is left out");
      if (deny()) anyone();
      return;
    }
    for (const Address& address : vpc_.apiserver) {
      // Where inside and outside cannot be told apart, a deny goes above and an allow below everything that denies.
      const bool is_inside = vpc_.ranges_known ? vpc_.inside(address) : deny();
      if (is_inside) inside(host_cidr(address));
      else beyond(host_cidr(address));
      if (std::binary_search(vpc_.node_internal.begin(), vpc_.node_internal.end(), address)) own_node(host_cidr(address));
    }
  }

  void cluster() {
    if (!vpc_.ranges_known || !vpc_.nodes_known) {
      report<Kind::ClusterUnknown>(deny() ? "the deny is widened to every peer" : "the allow is left out");
      if (deny()) anyone();
      return;
    }
    ranges_and_nodes();
    for (const Address& node : vpc_.node_internal) own_node(host_cidr(node));
    for (const Address& address : vpc_.apiserver)
      if (!vpc_.inside(address)) beyond(host_cidr(address));
    for (const HeldAddress* held : vpc_.held) {
      const std::string address = to_string(held->addresses.front());
      if (deny()) report<Kind::HeldAddressDenied>(address, held->kind, held->name);
      else report<Kind::HeldAddressInCluster>(address, held->kind, held->name);
    }
  }

  // Band B: the cluster ranges that an allow of outside addresses would open, and on egress the Service addresses,
  // which only exact VIP rules may open (band plan F4). Node addresses are the helper group's business.
  // Whatever only a Subnet ACL can say has its drop there too: an SG is rewritten without its Subnet ACLs (K§2.6).
  void drop_cluster_below_allows() {
    const auto drop = [&](Direction direction, const Cidr& range, const ir::Traffic& traffic) {
      Entry entry{direction, Band::DropCluster, traffic, range, {}};
      if (!needs_subnet_acl(entry)) entry.traffic = {};
      if (vpc_.has(range.family) && carries(traffic, range.family)) entries_.push_back(std::move(entry));
    };
    const auto above = [&](const Allowed& allowed, const std::vector<Cidr>& ranges) {
      for (const Cidr& range : ranges)
        if (overlaps(allowed.prefix, range)) drop(allowed.direction, range, allowed.traffic);
    };
    for (const Allowed& allowed : allowed_outside_) {
      above(allowed, vpc_.ranges);
      above(allowed, vpc_.assumed);
      if (allowed.direction == Direction::Egress) above(allowed, vpc_.services);
    }
    for (const ir::Traffic& traffic : above_services_)
      for (const std::vector<Cidr>* ranges : {&vpc_.services, &vpc_.assumed})
        for (const Cidr& range : *ranges) drop(Direction::Egress, range, traffic);
  }

  /// An allow of outside addresses, which band B has to keep off the cluster.
  struct Allowed {
    Direction direction;
    Cidr prefix;
    ir::Traffic traffic;
  };

  const LowerState& state_;
  const std::size_t index_;
  const Vpc& vpc_;
  const ir::Rule* rule_ = nullptr;
  ir::Traffic traffic_;
  bool own_node_denied_ = false;
  std::vector<ir::Traffic> above_services_;  // of any-peer allows on egress: they reach over the Service addresses
  std::vector<Allowed> allowed_outside_;
  std::vector<Entry> entries_;
};

auto order(const Entry& entry) { return std::tie(entry.direction, entry.band, entry.traffic, entry.remote); }

}  // namespace

bool needs_subnet_acl(const Entry& entry) {
  return entry.traffic.protocol == Protocol::Sctp || entry.traffic.icmp_type || entry.band == Band::DenyOwnNode;
}

bool carries(const ir::Traffic& traffic, Family family) {
  return traffic.protocol != (family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp);
}

bool covers(const ir::Traffic& wide, const ir::Traffic& narrow) {
  if (wide.protocol == Protocol::Any) return true;
  if (wide.protocol != narrow.protocol) return false;
  if (wide.protocol == Protocol::Icmp || wide.protocol == Protocol::Icmp6)
    return !wide.icmp_type || wide.icmp_type == narrow.icmp_type;
  return wide.ports.first <= narrow.ports.first && narrow.ports.last <= wide.ports.last;
}

void merge(std::vector<Entry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return order(a) < order(b); });
  std::vector<Entry> merged;
  for (Entry& entry : entries) {
    if (!merged.empty() && order(merged.back()) == order(entry))
      merged.back().origins.insert(merged.back().origins.end(), entry.origins.begin(), entry.origins.end());
    else
      merged.push_back(std::move(entry));
  }
  for (Entry& entry : merged) {
    std::sort(entry.origins.begin(), entry.origins.end());
    entry.origins.erase(std::unique(entry.origins.begin(), entry.origins.end()), entry.origins.end());
  }
  entries = std::move(merged);
}

std::vector<Entry> entries_of(std::span<const ir::Rule> rules, std::size_t vpc, const LowerState& state) {
  EntryLowering lowering(vpc, state);
  for (const ir::Rule& rule : rules) lowering.lower(rule);
  return lowering.take();
}

}  // namespace policyconv::kubeovn
