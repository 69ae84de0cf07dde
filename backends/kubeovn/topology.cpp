#include "backends/kubeovn/topology.h"

#include <algorithm>
#include <iterator>

#include "ir/membership.h"

namespace policyconv::kubeovn {
namespace {

bool is_pod_subnet(const Subnet& subnet) { return subnet.provider == "ovn" && subnet.name != "join"; }

// VPC NAT gateways, vpc-dns and the like filter forwarded traffic if a group is bound to them (K§3.7, K§9.50).
bool is_infrastructure(const Pod& pod) {
  const auto starts = [&](std::string_view key, std::string_view prefix) {
    const auto label = pod.labels.find(key);
    return label != pod.labels.end() && label->second.starts_with(prefix);
  };
  return pod.labels.count("ovn.kubernetes.io/vpc-nat-gw") != 0 || pod.annotations.count("ovn.kubernetes.io/vpc_nat_gw") != 0 ||
         starts("app", "vpc-nat-gw-") || starts("app", "vpc-egress-gateway") || starts("k8s-app", "vpc-dns");
}

template <typename T>
void sort_unique(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

// Kube-OVN's own defaults, assumed where neither the dump nor the command line says anything.
std::vector<Cidr> assumed_services(const Cluster& cluster, const std::set<Family>& families) {
  std::vector<Cidr> assumed;
  if (families.count(Family::V4) != 0) assumed.push_back(*parse_cidr("10.96.0.0/12"));
  if (families.count(Family::V6) != 0) assumed.push_back(*parse_cidr("fd00:10:96::/112"));
  for (const Service& service : cluster.services)
    for (const Address& address : service.cluster_ips) assumed.push_back(host_cidr(address));
  return minimal_cover(std::move(assumed));
}

}  // namespace

namespace {

std::vector<std::string> annotated_groups(const Pod& pod) {
  std::vector<std::string> groups;
  const auto annotation = pod.annotations.find(security_groups_annotation);
  if (annotation == pod.annotations.end()) return groups;
  std::string_view rest = annotation->second;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view group = rest.substr(0, comma);
    while (group.starts_with(' ')) group.remove_prefix(1);
    while (group.ends_with(' ')) group.remove_suffix(1);
    if (!group.empty()) groups.emplace_back(group);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return groups;
}

// "pc-base-...", "pc-open-in-...", "pc-open-out-...", or "pc-...-" and twelve hexadecimal digits (names.h).
bool has_our_shape(std::string_view group) {
  for (const std::string_view helper : {"pc-base-", "pc-open-in-", "pc-open-out-"})
    if (group.starts_with(helper)) return true;
  constexpr std::size_t digits = 12;
  if (!group.starts_with("pc-") || group.size() < digits + 4 || group[group.size() - digits - 1] != '-') return false;
  const std::string_view tail = group.substr(group.size() - digits);
  return tail.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

bool Ownership::is_ours(std::string_view group) const {
  const auto& known = cluster_.security_groups;
  const auto at = std::find_if(known.begin(), known.end(), [&](const ExistingSecurityGroup& sg) { return sg.name == group; });
  return at != known.end() ? at->managed : has_our_shape(group);
}

bool Ownership::is_ours(const ExistingAcl& acl) const {
  for (const std::string_view scope : {"outport == @ovn.sg.", "inport == @ovn.sg."}) {
    if (!acl.match.starts_with(scope)) continue;
    std::string group = acl.match.substr(scope.size(), acl.match.find(' ', scope.size()) - scope.size());
    std::replace(group.begin(), group.end(), '.', '-');
    return is_ours(group);
  }
  return false;
}

std::vector<std::string> Ownership::foreign_groups(const Pod& pod) const {
  std::vector<std::string> groups = annotated_groups(pod);
  groups.erase(std::remove_if(groups.begin(), groups.end(), [&](const std::string& group) { return is_ours(group); }), groups.end());
  return groups;
}

bool Ownership::carries_ours(const Pod& pod) const {
  const std::vector<std::string> groups = annotated_groups(pod);
  return std::any_of(groups.begin(), groups.end(), [&](const std::string& group) { return is_ours(group); });
}

std::string Ownership::guard_of(const Subnet& subnet) const {
  if (subnet.is_private) return "is private";
  for (const ExistingAcl& acl : subnet.acls) {
    if (is_ours(acl)) continue;
    if (acl.action == "drop" || acl.action == "reject") return "has ACLs that drop";
    // An allow above deny-all (2003) would open what the policies close (K§9.45).
    if (acl.priority >= 2003) return "has ACLs that would outrank the policies";
  }
  return {};
}

bool Vpc::inside(const Address& address) const {
  return std::binary_search(nodes.begin(), nodes.end(), address) ||
         std::any_of(ranges.begin(), ranges.end(), [&](const Cidr& range) { return contains(range, address); });
}

namespace {

void describe_nodes(const Cluster& cluster, Vpc& vpc) {
  const auto add = [&](std::vector<Address>& list, const std::vector<Address>& addresses) {
    std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(list),
                 [&](const Address& address) { return vpc.has(address.family); });
  };
  for (const Node& node : cluster.nodes) {
    add(vpc.node_internal, node.internal);
    add(vpc.nodes, node.internal);
    add(vpc.nodes, node.join);
  }
  sort_unique(vpc.nodes);
  sort_unique(vpc.node_internal);
  vpc.nodes_known = !vpc.nodes.empty();
}

// Addresses in the ranges that are neither pod nor node, as far as the dump tells who holds them.
void describe_held(const Cluster& cluster, const std::set<Address>& pod_addresses, Vpc& vpc) {
  const auto outsider = [&](const Address& address) {
    return vpc.inside(address) && pod_addresses.count(address) == 0 &&
           !std::binary_search(vpc.nodes.begin(), vpc.nodes.end(), address);
  };
  std::copy_if(vpc.apiserver.begin(), vpc.apiserver.end(), std::back_inserter(vpc.world_inside), outsider);
  for (const HeldAddress& held : cluster.held) {
    const Subnet* subnet = cluster.find_subnet(held.subnet);
    if (subnet && subnet->vpc != vpc.name) continue;
    const std::size_t before = vpc.world_inside.size();
    std::copy_if(held.addresses.begin(), held.addresses.end(), std::back_inserter(vpc.world_inside), outsider);
    if (vpc.world_inside.size() != before) vpc.held.push_back(&held);
  }
  sort_unique(vpc.world_inside);
}

Vpc describe(const std::string& name, const std::set<std::string>& names, const Cluster& cluster) {
  Vpc vpc;
  vpc.name = name;
  for (const policyconv::Vpc& object : cluster.vpcs)
    if (object.name == name)
      std::copy_if(object.peers.begin(), object.peers.end(), std::back_inserter(vpc.peers),
                   [&](const std::string& peer) { return names.count(peer) != 0; });
  std::vector<Cidr> pod_ranges = cluster.pod_cidrs;
  for (const Subnet& subnet : cluster.subnets) {
    if (subnet.provider != "ovn") continue;
    if (is_pod_subnet(subnet) && subnet.vpc == name) vpc.subnets.push_back(&subnet);
    const bool reachable = subnet.vpc == name || subnet.name == "join" ||
                           std::find(vpc.peers.begin(), vpc.peers.end(), subnet.vpc) != vpc.peers.end();
    if (reachable) pod_ranges.insert(pod_ranges.end(), subnet.cidrs.begin(), subnet.cidrs.end());
  }
  for (const Cidr& range : cluster.pod_cidrs) vpc.families.insert(range.family);
  for (const Subnet* subnet : vpc.subnets)
    for (const Cidr& range : subnet->cidrs) vpc.families.insert(range.family);
  if (vpc.families.empty()) vpc.families = {Family::V4, Family::V6};
  describe_nodes(cluster, vpc);
  vpc.node_local_dns = cluster.node_local_dns;
  vpc.apiserver = apiserver_addresses(cluster);
  vpc.ranges_known = !pod_ranges.empty() && (vpc.nodes_known || !cluster.node_cidrs.empty());
  if (!vpc.ranges_known) return vpc;

  const auto add = [&](std::vector<Cidr>& list, const std::vector<Cidr>& more) {
    std::copy_if(more.begin(), more.end(), std::back_inserter(list), [&](const Cidr& cidr) { return vpc.has(cidr.family); });
  };
  add(vpc.ranges, pod_ranges);
  add(vpc.ranges, cluster.node_cidrs);
  add(vpc.ranges, cluster.join_cidrs);
  if (cluster.join_cidrs.empty() && !cluster.find_subnet("join"))
    add(vpc.ranges, {*parse_cidr("100.64.0.0/16"), *parse_cidr("fd00:100:64::/112")});
  for (const Address& address : cluster.node_local_dns) add(vpc.ranges, {host_cidr(address)});
  vpc.ranges = minimal_cover(std::move(vpc.ranges));
  add(vpc.services, cluster.service_cidrs.empty() ? assumed_services(cluster, vpc.families) : cluster.service_cidrs);
  return vpc;
}

}  // namespace

Topology::Topology(const Cluster& cluster, Diagnostics& diagnostics) : ownership(cluster) {
  std::set<std::string> names{std::string(default_vpc)};
  for (const Subnet& subnet : cluster.subnets)
    if (is_pod_subnet(subnet)) names.insert(subnet.vpc);
  for (const std::string& name : names) vpcs.push_back(describe(name, names, cluster));
  const Vpc* shown = find_vpc(default_vpc);
  if (shown->ranges_known && cluster.service_cidrs.empty()) {
    std::string list;
    for (const Cidr& cidr : shown->services) list += (list.empty() ? "" : ", ") + to_string(cidr);
    diagnostics.report<Kind::ServiceRangeAssumed>({}, list);
  }
  std::set<Address> pod_addresses;
  for (const Pod& pod : cluster.pods)
    if (!pod.host_network && !pod.finished) pod_addresses.insert(pod.addresses.begin(), pod.addresses.end());
  for (Vpc& vpc : vpcs) describe_held(cluster, pod_addresses, vpc);
  place_namespaces(cluster);
  place_pods(cluster);
}

std::optional<std::size_t> Topology::vpc_index(std::string_view name) const {
  const auto at = std::find_if(vpcs.begin(), vpcs.end(), [&](const Vpc& vpc) { return vpc.name == name; });
  return at == vpcs.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - vpcs.begin()));
}

const Vpc* Topology::find_vpc(std::string_view name) const {
  const std::optional<std::size_t> index = vpc_index(name);
  return index ? &vpcs[*index] : nullptr;
}

// A namespace is bound to Subnets by the Subnets, by its VPC, or by its own annotation; otherwise to the default Subnet.
void Topology::place_namespaces(const Cluster& cluster) {
  const auto place = [&](const std::string& ns, std::string_view vpc) {
    if (const std::optional<std::size_t> index = vpc_index(vpc)) namespace_vpcs[ns].insert(*index);
  };
  for (const Subnet& subnet : cluster.subnets)
    if (is_pod_subnet(subnet))
      for (const std::string& ns : subnet.namespaces) place(ns, subnet.vpc);
  for (const policyconv::Vpc& vpc : cluster.vpcs)
    for (const std::string& ns : vpc.namespaces) place(ns, vpc.name);
  for (const Namespace& ns : cluster.namespaces) {
    const auto annotation = ns.annotations.find("ovn.kubernetes.io/logical_switch");
    if (annotation != ns.annotations.end())
      if (const Subnet* subnet = cluster.find_subnet(annotation->second)) place(ns.name, subnet->vpc);
    if (namespace_vpcs.count(ns.name) == 0) place(ns.name, default_vpc);
  }
}

void Topology::place_pods(const Cluster& cluster) {
  pods.reserve(cluster.pods.size());
  for (const Pod& pod : cluster.pods) {
    PlacedPod placed;
    placed.pod = &pod;
    const Subnet* subnet = subnet_of(cluster, pod);
    placed.subnet = subnet;
    placed.vpc = vpc_index(subnet ? std::string_view(subnet->vpc) : default_vpc).value_or(0);
    if (!subnet)
      if (const auto bound = namespace_vpcs.find(pod.ns); bound != namespace_vpcs.end()) placed.vpc = *bound->second.begin();
    if (pod.host_network || pod.finished) placed.unbound = Unbound::NotAnEndpoint;
    else if (is_infrastructure(pod)) placed.unbound = Unbound::Infrastructure;
    else if (!ownership.foreign_groups(pod).empty()) placed.unbound = Unbound::Foreign;
    else if (subnet && !ownership.guard_of(*subnet).empty()) placed.unbound = Unbound::GuardedSubnet;
    if (placed.unbound != Unbound::NotAnEndpoint) {
      placed.labels = ir::identity_labels(cluster, pod);
      pods_by_namespace_[pod.ns].push_back(pods.size());
    }
    pods.push_back(std::move(placed));
  }
}

std::set<std::size_t> Topology::vpcs_of(const ir::Group& group) const {
  std::set<std::size_t> found;
  if (vpcs.size() == 1) return {0};
  for (const std::size_t member : members(group)) found.insert(pods[member].vpc);
  const auto named = std::find_if(group.all_of.begin(), group.all_of.end(), [](const ir::Requirement& r) {
    return r.key == ir::namespace_key && r.op == ir::Op::In;
  });
  if (named != group.all_of.end()) {
    for (const std::string& ns : named->values) {
      const auto bound = namespace_vpcs.find(ns);
      if (bound != namespace_vpcs.end()) found.insert(bound->second.begin(), bound->second.end());
      else found.insert(vpc_index(default_vpc).value_or(0));
    }
  } else {
    for (const auto& [ns, bound] : namespace_vpcs) found.insert(bound.begin(), bound.end());
    found.insert(vpc_index(default_vpc).value_or(0));
  }
  return found;
}

std::vector<std::size_t> Topology::members(const ir::Group& group) const {
  std::vector<std::size_t> found;
  const auto look = [&](const std::vector<std::size_t>& candidates) {
    for (const std::size_t index : candidates)
      if (ir::is_member(group, pods[index].labels, pods[index].pod->ports)) found.push_back(index);
  };
  const auto named = std::find_if(group.all_of.begin(), group.all_of.end(), [](const ir::Requirement& r) {
    return r.key == ir::namespace_key && r.op == ir::Op::In;
  });
  if (named != group.all_of.end()) {
    for (const std::string& ns : named->values)
      if (const auto at = pods_by_namespace_.find(ns); at != pods_by_namespace_.end()) look(at->second);
  } else {
    for (const auto& [ns, candidates] : pods_by_namespace_) look(candidates);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace policyconv::kubeovn
