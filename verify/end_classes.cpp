#include "verify/end_classes.h"

#include <algorithm>
#include <compare>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "verify/prefixes.h"
#include "verify/source_peers.h"

namespace policyconv::verify {
namespace {

constexpr Family families[] = {Family::V4, Family::V6};

std::size_t index(Family family) {
  return static_cast<std::size_t>(family);
}

template <typename T>
void append(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

std::vector<Address> addresses_of(const Node& node) {
  std::vector<Address> all = node.internal;
  append(all, node.external);
  append(all, node.join);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

const Address* first_of(const std::vector<Address>& addresses, Family family) {
  const auto at = std::find_if(addresses.begin(), addresses.end(), [&](const Address& a) { return a.family == family; });
  return at == addresses.end() ? nullptr : &*at;
}

/// What the objects can ask about one address: the closest prefix around it, and the address sets it is in.
struct Spot {
  std::size_t closest = static_cast<std::size_t>(-1);  // no such address
  std::vector<const ovn::Group*> sets;
  auto operator<=>(const Spot&) const = default;
};

class Classifier {
 public:
  Classifier(const Cluster& cluster, const Semantics& semantics, const ovn::Northbound& northbound,
             const std::vector<Cidr>& cuts, const std::vector<std::string>& port_names)
      : cluster_(cluster),
        semantics_(semantics),
        northbound_(northbound),
        cuts_(cuts),
        port_names_(port_names.begin(), port_names.end()),
        apiservers_(apiserver_addresses(cluster)) {
    for (const auto& [name, group] : northbound.groups())
      for (const std::vector<Address>& addresses : group.addresses)
        for (const Address& address : addresses) sets_[address].push_back(&group);
    for (auto& [address, groups] : sets_) {
      std::sort(groups.begin(), groups.end());
      groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    }
  }

  EndClasses classify() {
    number_vpcs();
    add_pods();
    add_nodes();
    add_outside();
    return std::move(result_);
  }

 private:
  [[nodiscard]] Spot spot_of(const Address* address) const {
    if (address == nullptr) return {};
    const auto at = sets_.find(*address);
    return {cuts_.closest(*address), at == sets_.end() ? std::vector<const ovn::Group*>() : at->second};
  }

  // --- VPCs ------------------------------------------------------------------------------------------------------

  void number_vpcs() {
    for (const Subnet& subnet : cluster_.subnets) vpcs_.emplace(subnet.vpc, 0);
    vpcs_.emplace("", 0);  // not known
    std::size_t next = 0;
    for (auto& [name, number] : vpcs_) number = next++;
    result_.pods_near.resize(vpcs_.size());
  }

  [[nodiscard]] bool are_near(const std::string& a, const std::string& b) const {
    if (a == b || a.empty() || b.empty()) return true;
    return std::any_of(cluster_.vpcs.begin(), cluster_.vpcs.end(), [&](const Vpc& vpc) {
      const auto peers_with = [&](const std::string& other) {
        return std::find(vpc.peers.begin(), vpc.peers.end(), other) != vpc.peers.end();
      };
      return (vpc.name == a && peers_with(b)) || (vpc.name == b && peers_with(a));
    });
  }

  // --- pods ------------------------------------------------------------------------------------------------------

  using PodKey = std::tuple<source::Identity, std::vector<ContainerPort>, std::vector<const ovn::Group*>,
                            const ovn::Switch*, std::string, Spot, Spot, std::vector<Address>, std::string>;

  /// Nodes other than its own that the node ACLs let in (K§7.1).
  [[nodiscard]] std::vector<Address> foreign_nodes(const Pod& pod, const ovn::Port& port) const {
    std::vector<Address> foreign;
    const Node* own = cluster_.find_node(pod.node);
    for (const ovn::Acl& acl : port.node_acls)
      if (own == nullptr ||
          std::find(own->internal.begin(), own->internal.end(), acl.between->source) == own->internal.end())
        foreign.push_back(acl.between->source);
    std::sort(foreign.begin(), foreign.end());
    return foreign;
  }

  void add_pods() {
    std::map<PodKey, std::size_t> numbers;
    result_.of_pod.resize(cluster_.pods.size());
    for (std::size_t i = 0; i < cluster_.pods.size(); ++i) {
      const ovn::Port* port = northbound_.port_of(i);
      if (port == nullptr) continue;
      const Pod& pod = cluster_.pods[i];
      PodClass facts{source::identity_of(cluster_, pod, semantics_), source::named_ports(pod), port,
                     subnet_of(cluster_, pod), 0};
      const std::string vpc = facts.subnet == nullptr ? "" : facts.subnet->vpc;
      facts.vpc = vpcs_.at(vpc);
      std::vector<const ovn::Group*> groups = port->groups;
      std::sort(groups.begin(), groups.end());
      std::vector<Address> foreign = foreign_nodes(pod, *port);
      foreign_.insert(foreign.begin(), foreign.end());
      const auto [at, added] = numbers.try_emplace(
          PodKey{facts.identity, facts.ports, std::move(groups), port->on, vpc,
                 spot_of(first_of(pod.addresses, Family::V4)), spot_of(first_of(pod.addresses, Family::V6)),
                 std::move(foreign), port_names_.contains(port->name) ? port->name : std::string()},
          result_.ends.size());
      if (added) add_pod_class(std::move(facts), vpc, pod);
      result_.ends[at->second].pods.push_back(i);
      result_.of_pod[i] = at->second;
    }
  }

  void add_pod_class(PodClass facts, const std::string& vpc, const Pod& first) {
    EndClass added;
    for (const Family family : families) {
      const Address* address = first_of(first.addresses, family);
      if (address == nullptr) continue;
      added.addresses.push_back(*address);
      for (const auto& [other, number] : vpcs_)
        if (are_near(vpc, other))
          result_.pods_near[number][index(family)].add(static_cast<std::uint32_t>(result_.ends.size()));
    }
    result_.ends.push_back(std::move(added));
    result_.pods.push_back(std::move(facts));
  }

  // --- nodes -----------------------------------------------------------------------------------------------------

  void add_node_classes(std::vector<NodeEnd> nodes, bool only_own) {
    for (const EndKind kind : {EndKind::OwnNode, EndKind::OtherNode}) {
      if (kind == EndKind::OtherNode && only_own) continue;
      EndClass added;
      added.kind = kind;
      added.nodes = nodes;
      added.addresses = {*nodes.front().address};
      result_.nodes.push_back(result_.ends.size());
      result_.ends.push_back(std::move(added));
    }
  }

  void add_nodes() {
    // The first InternalIP of a family is the one that the node ACL knows (K§10.4).
    using Key = std::tuple<Spot, bool, bool, std::optional<Address>>;
    std::map<std::pair<Family, Key>, std::vector<NodeEnd>> classes;
    for (std::size_t i = 0; i < cluster_.nodes.size(); ++i)
      for (const Address& address : addresses_of(cluster_.nodes[i])) {
        held_by_nodes_.insert(address);
        const Address* internal = first_of(cluster_.nodes[i].internal, address.family);
        const bool apiserver = std::binary_search(apiservers_.begin(), apiservers_.end(), address);
        const auto foreign = foreign_.contains(address) ? std::optional(address) : std::nullopt;
        classes[{address.family, Key{spot_of(&address), apiserver, internal && *internal == address, foreign}}]
            .push_back({i, address});
      }
    for (auto& [key, nodes] : classes) add_node_classes(std::move(nodes), false);
    // It has the same address on every node, so for a pod it is its own node (design.md section 6).
    for (const Address& dns : cluster_.node_local_dns) {
      std::vector<NodeEnd> nodes;
      for (std::size_t i = 0; i < cluster_.nodes.size(); ++i) nodes.push_back({i, dns});
      held_by_nodes_.insert(dns);
      if (!nodes.empty()) add_node_classes(std::move(nodes), true);
    }
  }

  // --- outside ---------------------------------------------------------------------------------------------------

  void add_outside() {
    const std::vector<Cidr> multicast = {*parse_cidr("224.0.0.0/4"), *parse_cidr("255.255.255.255/32"),
                                         *parse_cidr("ff00::/8"), *parse_cidr("ff02::1:2/128")};
    std::vector<Cidr> ranges;
    for (const Subnet& subnet : cluster_.subnets) append(ranges, subnet.cidrs);
    for (const auto* more : {&cluster_.pod_cidrs, &cluster_.service_cidrs, &cluster_.node_cidrs, &cluster_.join_cidrs})
      append(ranges, *more);

    // Pods and nodes are not outside. Gateways are ports of logical routers: nothing listens there, and whether a pod may
    // ping its router is left out on purpose (design.md section 8). One that is a machine of its own is in Cluster::held.
    std::set<Address> inside = held_by_nodes_;
    for (const Pod& pod : cluster_.pods)
      if (!pod.finished) inside.insert(pod.addresses.begin(), pod.addresses.end());
    std::map<Address, std::vector<std::size_t>> services;
    for (std::size_t i = 0; i < cluster_.services.size(); ++i)
      for (const Address& address : cluster_.services[i].cluster_ips) services[address].push_back(i);
    std::set<Address> held;
    for (const HeldAddress& each : cluster_.held) held.insert(each.addresses.begin(), each.addresses.end());
    for (const Subnet& subnet : cluster_.subnets)
      for (const Address& gateway : subnet.gateways)
        if (!held.contains(gateway)) inside.insert(gateway);

    std::vector<Cidr> all = multicast;
    for (std::size_t i = 0; i < cuts_.size(); ++i) all.push_back(cuts_[i]);
    append(all, ranges);
    for (const auto* known : {&inside, &held})
      for (const Address& address : *known) all.push_back(host_cidr(address));
    for (const auto& [address, which] : services) all.push_back(host_cidr(address));
    const Prefixes pieces(std::move(all));

    const std::set<Cidr> range_set(ranges.begin(), ranges.end()), multicast_set(multicast.begin(), multicast.end());
    std::vector<bool> in_range(pieces.size()), is_multicast(pieces.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const auto parent = pieces.parent(i);
      in_range[i] = range_set.contains(pieces[i]) || (parent && in_range[*parent]);
      is_multicast[i] = multicast_set.contains(pieces[i]) || (parent && is_multicast[*parent]);
      const bool is_address = pieces[i].length == address_bits(pieces[i].family);
      const Address address = first_address(pieces[i]);
      if (is_address && inside.contains(address)) continue;
      if (const auto at = services.find(address); is_address && at != services.end()) {
        add_service(address, at->second);
        continue;
      }
      const bool is_held = is_address && held.contains(address);
      // Nothing sends from an address inside of a range that nobody holds, and who will hold it is a pod.
      if (in_range[i] && !is_held) continue;
      if (const auto example = pieces.remainder(i)) add_outside(pieces, i, *example, is_held, is_multicast[i], range_set);
    }
  }

  void add_service(const Address& address, const std::vector<std::size_t>& services) {
    EndClass added;
    added.kind = EndKind::Service;
    added.addresses = {address};
    added.services = services;
    result_.services.push_back(result_.ends.size());
    result_.ends.push_back(std::move(added));
  }

  void add_outside(const Prefixes& pieces, std::size_t i, const Address& example, bool is_held, bool is_multicast,
                   const std::set<Cidr>& ranges) {
    EndClass added;
    added.kind = EndKind::Outside;
    added.within = pieces[i];
    for (const std::size_t child : pieces.children(i)) {
      const Cidr& inner = pieces[child];
      // Single addresses of pods and nodes are no part of "outside" anyway.
      if (inner.length < address_bits(inner.family) || ranges.contains(inner)) added.except.push_back(inner);
    }
    added.addresses = {example};
    added.is_held = is_held;
    const auto number = static_cast<std::uint32_t>(result_.ends.size());
    result_.outside[static_cast<std::size_t>(Direction::Egress)][index(example.family)].add(number);
    if (!is_multicast)  // nobody sends from there
      result_.outside[static_cast<std::size_t>(Direction::Ingress)][index(example.family)].add(number);
    result_.ends.push_back(std::move(added));
  }

  const Cluster& cluster_;
  const Semantics& semantics_;
  const ovn::Northbound& northbound_;
  Prefixes cuts_;
  std::set<std::string> port_names_;
  std::vector<Address> apiservers_;
  std::unordered_map<Address, std::vector<const ovn::Group*>, ovn::Hash> sets_;
  std::map<std::string, std::size_t> vpcs_;
  std::set<Address> foreign_, held_by_nodes_;
  EndClasses result_;
};

/// Can a pod of the class have its packets from or to this node end?
bool meets_node(const EndClass& pods, const EndClass& nodes, Direction direction, const Cluster& cluster) {
  const Family family = nodes.addresses.front().family;
  return std::any_of(pods.pods.begin(), pods.pods.end(), [&](std::size_t pod) {
    return std::any_of(nodes.nodes.begin(), nodes.nodes.end(), [&](const NodeEnd& end) {
      return meets_node(cluster, pod, end, nodes.kind, direction, family);
    });
  });
}

}  // namespace

bool meets_node(const Cluster& cluster, std::size_t pod, const NodeEnd& end, EndKind kind, Direction direction,
                Family family) {
  const Node& node = cluster.nodes[end.node];
  const bool own = node.name == cluster.pods[pod].node;
  if (own != (kind == EndKind::OwnNode) || first_of(cluster.pods[pod].addresses, family) == nullptr) return false;
  if (!own || direction == Direction::Egress) return true;
  // A node reaches its own pods from its first InternalIP (K§4.3), or answers as the NodeLocal DNS.
  const Address* internal = first_of(node.internal, family);
  const auto& dns = cluster.node_local_dns;
  return (internal != nullptr && *internal == *end.address) ||
         std::find(dns.begin(), dns.end(), *end.address) != dns.end();
}

EndSet EndClasses::meeting(std::size_t subject, Direction direction, Family family, const Cluster& cluster) const {
  const EndClass& own = ends[subject];
  if (own.address(family) == nullptr) return {};
  EndSet met = pods_near[pods[subject].vpc][index(family)];
  if (own.pods.size() == 1) met.remove(static_cast<std::uint32_t>(subject));  // a pod never meets itself
  met |= outside[static_cast<std::size_t>(direction)][index(family)];
  for (const std::size_t node : nodes)
    if (ends[node].addresses.front().family == family && meets_node(own, ends[node], direction, cluster))
      met.add(static_cast<std::uint32_t>(node));
  return met;
}

EndClasses classify(const Cluster& cluster, const Semantics& semantics, const ovn::Northbound& northbound,
                    const std::vector<Cidr>& cuts, const std::vector<std::string>& port_names) {
  return Classifier(cluster, semantics, northbound, cuts, port_names).classify();
}

}  // namespace policyconv::verify
