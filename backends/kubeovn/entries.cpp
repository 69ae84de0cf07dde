#include "backends/kubeovn/entries.h"

#include <algorithm>
#include <tuple>

namespace policyconv::kubeovn {
namespace {

using ir::Entity;

template <typename... Ts>
struct overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

class EntryLowering {
 public:
  EntryLowering(std::size_t vpc, const LowerState& state)
      : state_(state), index_(vpc), vpc_(state.topology.vpcs[vpc]) {}

  void lower(const ir::Rule& rule) {
    rule_ = &rule;
    traffic_ = rule.traffic;
    own_node_denied_ = false;
    if (traffic_.protocol == Protocol::Sctp && !state_.options.sctp) return;  // dropped as a whole, on every bound pod
    if (!fits()) return;
    std::visit(overloaded{[&](ir::Anyone) { anyone(); }, [&](ir::GroupId group) { this->group(group); },
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
    // Without a Subnet nothing drops SCTP, which Cilium's datapath does: what an allow may admit is spelled out.
    if (traffic.protocol == Protocol::Any && verdict(band) == Verdict::Allow && !state_.options.sctp && vpc_.subnets.empty()) {
      for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Icmp, Protocol::Icmp6})
        add(band, remote, {protocol, {}, std::nullopt});
      return;
    }
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
      for (const Family family : vpc_.families) own_node(whole(family));
      return;
    }
    everyone(Band::AllowOutside);
    for (const Cidr& range : vpc_.ranges) add(Band::AllowCluster, range);
    if (vpc_.ranges_known)
      for (const Address& node : vpc_.nodes) add_node(node);
    if (rule_->direction == Direction::Egress && traffic_.protocol == Protocol::Any)
      for (const Cidr& services : vpc_.services) add(Band::AllowCluster, services);
    else
      above_services_ = above_services_ || rule_->direction == Direction::Egress;
  }

  // Join addresses lie in the join Subnet, which is one of the ranges.
  void add_node(const Address& node) {
    const bool in_range = std::any_of(vpc_.ranges.begin(), vpc_.ranges.end(),
                                      [&](const Cidr& range) { return contains(range, node); });
    if (!in_range) add(Band::AllowCluster, host_cidr(node));
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
      beyond(prefix);
      if (!deny()) allowed_outside_.push_back({rule_->direction, prefix});
      for (const Address& address : vpc_.world_inside)
        if (contains(prefix, address)) inside(host_cidr(address));
    }
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
    for (const Address& node : vpc_.nodes) inside(host_cidr(node));
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
    for (const Cidr& range : vpc_.ranges) inside(range);
    for (const Address& node : vpc_.nodes) inside(host_cidr(node));
    for (const Address& node : vpc_.node_internal) own_node(host_cidr(node));
    for (const Address& address : vpc_.apiserver)
      if (!vpc_.inside(address)) beyond(host_cidr(address));
    if (deny()) return;
    for (const HeldAddress* held : vpc_.held)
      report<Kind::HeldAddressInCluster>(to_string(held->addresses.front()), held->kind, held->name);
  }

  // Band B: the cluster ranges that an allow of outside addresses would open, and on egress the Service addresses,
  // which only exact VIP rules may open (band plan F4). Node addresses are the helper group's business.
  void drop_cluster_below_allows() {
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      const auto touched = [&](const Cidr& range) {
        return std::any_of(allowed_outside_.begin(), allowed_outside_.end(), [&](const auto& allowed) {
          return allowed.first == direction && overlaps(allowed.second, range);
        });
      };
      const auto drop = [&](const Cidr& range) {
        entries_.push_back({direction, Band::DropCluster, ir::Traffic{}, range, {}});
      };
      for (const Cidr& range : vpc_.ranges)
        if (touched(range)) drop(range);
      if (direction == Direction::Egress)
        for (const Cidr& services : vpc_.services)
          if (above_services_ || touched(services)) drop(services);
    }
  }

  const LowerState& state_;
  const std::size_t index_;
  const Vpc& vpc_;
  const ir::Rule* rule_ = nullptr;
  ir::Traffic traffic_;
  bool own_node_denied_ = false;
  bool above_services_ = false;  // an any-peer allow with ports reaches over the Service addresses
  std::vector<std::pair<Direction, Cidr>> allowed_outside_;
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
