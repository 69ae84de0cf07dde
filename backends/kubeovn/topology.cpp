#include "backends/kubeovn/topology.h"

#include <algorithm>

#include "ir/membership.h"

namespace policyconv::kubeovn {
namespace {

/// Several are separated by commas; pods are put on the first that has addresses left.
std::vector<const Subnet*> annotated_subnets(const Cluster& cluster, const Namespace& ns) {
  std::vector<const Subnet*> found;
  const auto annotation = ns.annotations.find("ovn.kubernetes.io/logical_switch");
  if (annotation == ns.annotations.end()) return found;
  for (std::string_view rest = annotation->second; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (const Subnet* subnet = cluster.find_subnet(rest.substr(0, comma))) found.push_back(subnet);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return found;
}

// Of a pod whose Subnet is not known: is it surely not on the default network as the namespace has it?
bool is_placed_elsewhere(const Cluster& cluster, const Pod& pod) {
  return provider_of(pod) != "ovn" || (pod.annotations.count("ovn.kubernetes.io/logical_switch") != 0 && !cluster.subnets.empty());
}

/// The namespaces that a group names outright; nullptr if it may have pods in any.
const std::vector<std::string>* namespaces_of(const ir::Group& group) {
  const auto named = std::find_if(group.all_of.begin(), group.all_of.end(), [](const ir::Requirement& r) {
    return r.key == ir::namespace_key && r.op == ir::Op::In;
  });
  return named == group.all_of.end() ? nullptr : &named->values;
}

}  // namespace

// VPC NAT gateways, vpc-dns and the like filter forwarded traffic if a group is bound to them (K§3.7, K§9.50). Labels
// count in kube-system only, where Kube-OVN runs them: elsewhere any tenant could exempt its pods with a label.
bool is_infrastructure(const Cluster& cluster, const Pod& pod) {
  const auto label = [&](std::string_view key) {
    const auto found = pod.labels.find(key);
    return found == pod.labels.end() ? std::string_view() : std::string_view(found->second);
  };
  const std::string_view app = label("app");
  constexpr std::string_view gateway = "vpc-nat-gw-";
  if (std::any_of(cluster.nat_gateways.begin(), cluster.nat_gateways.end(), [&](const NatGateway& known) {
        return app.starts_with(gateway) && app.substr(gateway.size()) == known.name;
      }))
    return true;
  return pod.ns == "kube-system" && (app.starts_with(gateway) || pod.labels.count("ovn.kubernetes.io/vpc-nat-gw") != 0 ||
                                     app.starts_with("vpc-egress-gateway") || label("k8s-app").starts_with("vpc-dns"));
}

std::vector<const Subnet*> subnets_of_namespace(const Cluster& cluster, std::string_view ns) {
  std::vector<const Subnet*> found;
  if (const Namespace* named = cluster.find_namespace(ns)) found = annotated_subnets(cluster, *named);
  const auto else_add = [&](auto&& wanted) {
    if (!found.empty()) return;
    for (const Subnet& subnet : cluster.subnets)
      if (subnet.provider == "ovn" && wanted(subnet)) found.push_back(&subnet);
  };
  else_add([&](const Subnet& subnet) {
    return std::find(subnet.namespaces.begin(), subnet.namespaces.end(), ns) != subnet.namespaces.end();
  });
  else_add([](const Subnet& subnet) { return subnet.is_default; });
  return found;
}

Topology::Topology(const Cluster& cluster, Diagnostics& diagnostics)
    : ownership(cluster), vpcs(describe_vpcs(cluster, diagnostics)) {
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
  for (const Vpc& vpc : vpcs)
    for (const Subnet* subnet : vpc.subnets)
      if (subnet->provider == "ovn")
        for (const std::string& ns : subnet->namespaces) place(ns, vpc.name);
  for (const policyconv::Vpc& vpc : cluster.vpcs)
    for (const std::string& ns : vpc.namespaces) place(ns, vpc.name);
  for (const Namespace& ns : cluster.namespaces) {
    for (const Subnet* subnet : annotated_subnets(cluster, ns)) place(ns.name, subnet->vpc);
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
    placed.vpc = vpc_index(subnet ? std::string_view(subnet->vpc) : default_vpc).value_or(*vpc_index(default_vpc));
    if (!subnet)
      if (const auto bound = namespace_vpcs.find(pod.ns); bound != namespace_vpcs.end()) placed.vpc = *bound->second.begin();
    if (!is_endpoint(pod)) placed.unbound = Unbound::NotAnEndpoint;
    else if (is_infrastructure(cluster, pod)) placed.unbound = Unbound::Infrastructure;
    else if (!ownership.foreign_groups(pod).empty()) placed.unbound = Unbound::Foreign;
    else if (!subnet && is_placed_elsewhere(cluster, pod))
      placed.unbound = Unbound::NowhereKnown;
    else if (subnet && !ownership.guard_of(*subnet).empty()) placed.unbound = Unbound::GuardedSubnet;
    if (placed.unbound != Unbound::NotAnEndpoint) {
      placed.labels = ir::identity_labels(cluster, pod);
      endpoints_.add(placed.labels, pods.size());
    }
    pods.push_back(std::move(placed));
  }
}

std::set<std::size_t> Topology::vpcs_of(const ir::Group& group, const std::vector<std::size_t>& members) const {
  if (vpcs.size() == 1) return {0};
  std::set<std::size_t> found;
  for (const std::size_t member : members) found.insert(pods[member].vpc);
  const std::size_t by_default = *vpc_index(default_vpc);
  if (const std::vector<std::string>* named = namespaces_of(group)) {
    for (const std::string& ns : *named) {
      const auto bound = namespace_vpcs.find(ns);
      if (bound != namespace_vpcs.end()) found.insert(bound->second.begin(), bound->second.end());
      else found.insert(by_default);
    }
  } else {
    for (const auto& [ns, bound] : namespace_vpcs) found.insert(bound.begin(), bound.end());
    found.insert(by_default);
  }
  return found;
}

std::vector<std::size_t> Topology::members(const ir::Group& group) const {
  std::vector<std::size_t> found = endpoints_.candidates(group);
  std::erase_if(found, [&](std::size_t index) { return !ir::is_member(group, pods[index].labels, pods[index].pod->ports); });
  return found;
}

}  // namespace policyconv::kubeovn
