#include "backends/kubeovn/vpc.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace policyconv::kubeovn {
namespace {

using Providers = std::set<std::string, std::less<>>;

/// Networks that pods have for their first one. Others are beside it, and policies say nothing about them.
Providers first_providers(const Cluster& cluster) {
  Providers found{"ovn"};
  for (const Pod& pod : cluster.pods) found.insert(provider_of(pod));
  return found;
}

bool is_pod_subnet(const Subnet& subnet, const Providers& providers) {
  return providers.count(subnet.provider) != 0 && subnet.name != "join";
}

template <typename T>
void sort_unique(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

bool in_any(const std::vector<Cidr>& cidrs, const Address& address) {
  return std::any_of(cidrs.begin(), cidrs.end(), [&](const Cidr& cidr) { return contains(cidr, address); });
}

/// Appends what is of one of the VPC's families.
void add(const Vpc& vpc, std::vector<Cidr>& list, const std::vector<Cidr>& more) {
  std::copy_if(more.begin(), more.end(), std::back_inserter(list), [&](const Cidr& cidr) { return vpc.has(cidr.family); });
}
void add(const Vpc& vpc, std::vector<Address>& list, const std::vector<Address>& more) {
  std::copy_if(more.begin(), more.end(), std::back_inserter(list), [&](const Address& address) { return vpc.has(address.family); });
}

// A peering is written on both sides, but a dump may show one of them only.
std::vector<std::string> peers_of(const std::string& name, const std::set<std::string>& names, const Cluster& cluster) {
  std::set<std::string> peers;
  for (const policyconv::Vpc& object : cluster.vpcs)
    for (const std::string& peer : object.peers) {
      if (object.name == name && names.count(peer) != 0) peers.insert(peer);
      if (peer == name && names.count(object.name) != 0) peers.insert(object.name);
    }
  peers.erase(name);
  return {peers.begin(), peers.end()};
}

void describe_nodes(const Cluster& cluster, Vpc& vpc) {
  for (const Node& node : cluster.nodes) {
    add(vpc, vpc.node_internal, node.internal);
    for (const std::vector<Address>* addresses : {&node.internal, &node.external, &node.join}) add(vpc, vpc.nodes, *addresses);
  }
  sort_unique(vpc.nodes);
  sort_unique(vpc.node_internal);
  vpc.nodes_known = !vpc.nodes.empty();
}

std::vector<Cidr> prefixes_of_nodes(const Vpc& vpc, bool in_ranges) {
  std::vector<Cidr> prefixes, apart;
  for (const Address& node : vpc.nodes) {
    if (in_any(vpc.ranges, node) != in_ranges) continue;
    const bool is_apiserver = std::binary_search(vpc.apiserver.begin(), vpc.apiserver.end(), node);
    (is_apiserver ? apart : prefixes).push_back(host_cidr(node));
  }
  prefixes = minimal_cover(std::move(prefixes));
  prefixes.insert(prefixes.end(), apart.begin(), apart.end());
  std::sort(prefixes.begin(), prefixes.end());
  return prefixes;
}

void describe_services(const Cluster& cluster, Vpc& vpc) {
  add(vpc, vpc.services, cluster.service_cidrs);
  vpc.services_known = !cluster.service_cidrs.empty();
  if (vpc.services_known) return;
  for (const Service& service : cluster.services)
    for (const Address& address : service.cluster_ips) add(vpc, vpc.services, {host_cidr(address)});
  vpc.services = minimal_cover(std::move(vpc.services));
  add(vpc, vpc.assumed, {*parse_cidr("10.96.0.0/12"), *parse_cidr("fd00:10:96::/112")});
}

// The Subnets of Cluster::pods and Cluster::held, found once for all VPCs: these may be hundreds.
struct Located {
  std::vector<const Subnet*> pods, held;
  explicit Located(const Cluster& cluster) {
    for (const Pod& pod : cluster.pods) pods.push_back(subnet_of(cluster, pod));
    for (const HeldAddress& each : cluster.held) held.push_back(cluster.find_subnet(each.subnet));
  }
};

// Addresses in the ranges that are neither pod nor node, as far as the dump tells who holds them.
void describe_held(const Cluster& cluster, const Located& located, Vpc& vpc) {
  const auto reachable = [&](const Subnet* subnet) {
    return !subnet || subnet->vpc == vpc.name || std::find(vpc.peers.begin(), vpc.peers.end(), subnet->vpc) != vpc.peers.end();
  };
  std::set<Address> pods;
  for (std::size_t at = 0; at < cluster.pods.size(); ++at) {
    const Pod& pod = cluster.pods[at];
    if (is_endpoint(pod) && reachable(located.pods[at]))
      pods.insert(pod.addresses.begin(), pod.addresses.end());
  }
  const auto outsider = [&](const Address& address) {
    const bool node = std::binary_search(vpc.nodes.begin(), vpc.nodes.end(), address) || (!vpc.nodes_known && in_any(cluster.node_cidrs, address));
    return vpc.inside(address) && pods.count(address) == 0 && !node;
  };
  std::copy_if(vpc.apiserver.begin(), vpc.apiserver.end(), std::back_inserter(vpc.world_inside), outsider);
  for (std::size_t at = 0; at < cluster.held.size(); ++at) {
    const HeldAddress& held = cluster.held[at];
    if (!reachable(located.held[at])) continue;
    const std::size_t before = vpc.world_inside.size();
    std::copy_if(held.addresses.begin(), held.addresses.end(), std::back_inserter(vpc.world_inside), outsider);
    if (vpc.world_inside.size() != before) vpc.held.push_back(&held);
  }
  sort_unique(vpc.world_inside);
}

Vpc describe(const std::string& name, const std::set<std::string>& names, const Providers& providers, const Cluster& cluster) {
  Vpc vpc;
  vpc.name = name;
  vpc.peers = peers_of(name, names, cluster);
  std::vector<Cidr> pod_ranges, join;
  for (const Subnet& subnet : cluster.subnets) {
    if (providers.count(subnet.provider) == 0) continue;
    const bool of_pods = is_pod_subnet(subnet, providers);
    if (of_pods && subnet.vpc == name) vpc.subnets.push_back(&subnet);
    const bool reachable = subnet.vpc == name || std::find(vpc.peers.begin(), vpc.peers.end(), subnet.vpc) != vpc.peers.end();
    std::vector<Cidr>& list = of_pods ? pod_ranges : join;
    if (reachable || !of_pods) list.insert(list.end(), subnet.cidrs.begin(), subnet.cidrs.end());
  }
  // Ranges of the command line stand in for objects that were not given.
  if (vpc.subnets.empty()) pod_ranges.insert(pod_ranges.end(), cluster.pod_cidrs.begin(), cluster.pod_cidrs.end());
  if (join.empty()) join = cluster.join_cidrs;

  for (const Subnet* subnet : vpc.subnets)
    for (const Cidr& range : subnet->cidrs) vpc.families.insert(range.family);
  if (vpc.subnets.empty())
    for (const Cidr& range : pod_ranges) vpc.families.insert(range.family);
  if (vpc.families.empty()) vpc.families = {Family::V4, Family::V6};

  describe_nodes(cluster, vpc);
  describe_services(cluster, vpc);
  vpc.node_local_dns = cluster.node_local_dns;
  vpc.apiserver = apiserver_addresses(cluster);
  vpc.ranges_known = !pod_ranges.empty() && (vpc.nodes_known || !cluster.node_cidrs.empty());
  if (!vpc.ranges_known) return vpc;
  add(vpc, vpc.ranges, pod_ranges);
  add(vpc, vpc.ranges, join);
  if (!vpc.nodes_known) add(vpc, vpc.ranges, cluster.node_cidrs);
  if (join.empty()) add(vpc, vpc.assumed, {*parse_cidr("100.64.0.0/16"), *parse_cidr("fd00:100:64::/112")});
  for (const Address& address : cluster.node_local_dns) add(vpc, vpc.ranges, {host_cidr(address)});
  vpc.ranges = minimal_cover(std::move(vpc.ranges));
  return vpc;
}

// Pods or nodes beyond what the dump lists prove that the lists are incomplete: an "outside" address might be a pod.
void check_complete(const Cluster& cluster, std::vector<Vpc>& vpcs, Diagnostics& diagnostics) {
  const auto forget = [&](auto&& concerned) {
    for (Vpc& vpc : vpcs)
      if (concerned(vpc)) vpc.ranges_known = false, vpc.ranges.clear(), vpc.world_inside.clear(), vpc.held.clear();
  };
  for (Vpc& vpc : vpcs) {
    const bool object = std::any_of(cluster.vpcs.begin(), cluster.vpcs.end(), [&](const policyconv::Vpc& o) { return o.name == vpc.name; });
    if (object || vpc.name == default_vpc || !vpc.ranges_known) continue;
    diagnostics.report<Kind::VpcObjectMissing>({}, vpc.name);
    forget([&](const Vpc& other) { return &other == &vpc; });
  }
  for (const Pod& pod : cluster.pods) {
    if (pod.finished) continue;
    if (!pod.node.empty() && !cluster.nodes.empty() && !cluster.find_node(pod.node)) {
      diagnostics.report<Kind::DumpIncomplete>(pod.loc, pod.ns + "/" + pod.name, "runs on node", pod.node);
      forget([](const Vpc&) { return true; });
      return;
    }
    if (pod.host_network || pod.addresses.empty() || subnet_of(cluster, pod)) continue;
    const bool covered = std::any_of(vpcs.begin(), vpcs.end(), [&](const Vpc& vpc) { return vpc.inside(pod.addresses.front()); });
    if (covered || cluster.subnets.empty()) continue;
    diagnostics.report<Kind::DumpIncomplete>(pod.loc, pod.ns + "/" + pod.name, "has address", to_string(pod.addresses.front()));
    forget([](const Vpc&) { return true; });
    return;
  }
}

}  // namespace

bool Vpc::inside(const Address& address) const {
  return std::binary_search(nodes.begin(), nodes.end(), address) || in_any(ranges, address);
}

std::vector<Vpc> describe_vpcs(const Cluster& cluster, Diagnostics& diagnostics) {
  std::set<std::string> names{std::string(default_vpc)};
  const Providers providers = first_providers(cluster);
  for (const Subnet& subnet : cluster.subnets)
    if (is_pod_subnet(subnet, providers)) names.insert(subnet.vpc);
  std::vector<Vpc> vpcs;
  for (const std::string& name : names) vpcs.push_back(describe(name, names, providers, cluster));
  const Located located(cluster);
  for (Vpc& vpc : vpcs) describe_held(cluster, located, vpc);
  check_complete(cluster, vpcs, diagnostics);
  for (Vpc& vpc : vpcs) {  // the ranges are settled
    vpc.nodes_in_ranges = prefixes_of_nodes(vpc, true);
    vpc.nodes_beyond_ranges = prefixes_of_nodes(vpc, false);
  }
  return vpcs;
}

}  // namespace policyconv::kubeovn
