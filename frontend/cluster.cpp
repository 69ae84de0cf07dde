// Cluster dumps to facts. Entrance: parse_cluster(). The files are read side by side and put together in an order that
// depends on names only; frontend/cluster_objects.cpp knows the single kinds.
#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "frontend/cluster_objects.h"
#include "yaml/objects.h"
#include "yaml/repeated.h"
#include "ir/parallel.h"
#include "frontend/parse.h"
#include "yaml/tree.h"

namespace policyconv::cilium {
namespace {

struct FileFacts {
  ClusterFacts facts;
  Diagnostics diagnostics;
};

FileFacts read_file(const yaml::Trees* known, const Sources& sources, std::uint32_t file) {
  FileFacts read;
  const auto use = [&](const decode::ApiObject& object) { read_cluster_object(object, read.facts, read.diagnostics); };
  yaml::each_document(
      known, sources, yaml::Part(file), [&](const yaml::Node& document) { decode::each_object(document, use, read.diagnostics); },
      read.diagnostics);
  const Loc whole_file{file, 0, 0};
  if (read.facts.secrets > 0) read.diagnostics.report<Kind::SecretsPassedOver>(whole_file, read.facts.secrets);
  const auto list = [](const std::map<std::string, std::size_t>& kinds) {
    std::vector<std::string> counts;
    for (const auto& [kind, count] : kinds) counts.push_back(fmt::format("{} {}", count, kind));
    return fmt::format("{}", fmt::join(counts, ", "));
  };
  if (!read.facts.passed_over.empty()) read.diagnostics.report<Kind::KindsPassedOver>(whole_file, list(read.facts.passed_over));
  if (!read.facts.policies.empty()) read.diagnostics.report<Kind::PoliciesInDump>(whole_file, list(read.facts.policies));
  return read;
}

template <typename T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void append(ClusterFacts& to, ClusterFacts& from) {
  append(to.cluster.namespaces, from.cluster.namespaces);
  append(to.cluster.pods, from.cluster.pods);
  append(to.cluster.workloads, from.cluster.workloads);
  append(to.cluster.nodes, from.cluster.nodes);
  append(to.cluster.services, from.cluster.services);
  append(to.cluster.endpoint_slices, from.cluster.endpoint_slices);
  append(to.cluster.subnets, from.cluster.subnets);
  append(to.cluster.vpcs, from.cluster.vpcs);
  append(to.cluster.nat_gateways, from.cluster.nat_gateways);
  append(to.cluster.held, from.cluster.held);
  append(to.cluster.security_groups, from.cluster.security_groups);
  append(to.cluster.service_cidrs, from.cluster.service_cidrs);
  append(to.endpoints, from.endpoints);
  append(to.allocations, from.allocations);
}

template <typename T>
void forget_places(T& object) {
  object.loc = {};
}
void forget_places(Subnet& subnet) {
  subnet.loc = {};
  for (ExistingAcl& acl : subnet.acls) acl.loc = {};
}
void forget_places(LegacyEndpoints& endpoints) {
  endpoints.loc = {};
  for (EndpointSlice& slice : endpoints.slices) slice.loc = {};
}
void forget_places(Allocation& allocation) {
  allocation.loc = allocation.held.loc = {};
}

/// Adds what Endpoints tell of Services that have no EndpointSlice (dumps by `kubectl get svc,ep`).
void add_legacy_endpoints(Cluster& cluster, std::vector<LegacyEndpoints>& legacy, const Sources& sources) {
  std::set<std::pair<std::string, std::string>> sliced;
  for (const EndpointSlice& slice : cluster.endpoint_slices) sliced.emplace(slice.ns, slice.service);
  for (LegacyEndpoints& endpoints : legacy)
    if (!sliced.contains({endpoints.ns, endpoints.name})) append(cluster.endpoint_slices, endpoints.slices);
  decode::sort_by_key(cluster.endpoint_slices, sources);
}

/// Adds the addresses of IP objects that neither a running pod nor a node has. The IP of a virtual machine carries the
/// machine's name, which is no pod's, so addresses are compared as well.
void add_held_addresses(Cluster& cluster, std::vector<Allocation>& allocations, const Sources& sources) {
  std::set<std::pair<std::string_view, Address>> in_use;
  for (const Pod& pod : cluster.pods)
    for (const Address& address : pod.addresses)
      if (!pod.finished) in_use.emplace(pod.ns, address);
  const auto has_owner = [&](const Allocation& allocation) {
    const std::string_view pod = allocation.pod, node_prefix = "node-";
    if (allocation.pod_ns.empty() && pod.starts_with(node_prefix) && cluster.find_node(pod.substr(node_prefix.size())))
      return true;
    if (const Pod* named = cluster.find_pod(allocation.pod_ns, pod); named && !named->finished) return true;
    const auto& addresses = allocation.held.addresses;
    return std::any_of(addresses.begin(), addresses.end(), [&](const Address& address) {
      return in_use.contains({allocation.pod_ns, address});
    });
  };
  for (Allocation& allocation : allocations)
    if (!has_owner(allocation)) cluster.held.push_back(std::move(allocation.held));
  decode::sort_by_key(cluster.held, sources);
}

}  // namespace

Cluster parse_cluster(const Sources& sources, std::span<const std::uint32_t> files, unsigned jobs,
                      Diagnostics& diagnostics, const yaml::Trees* known) {
  ClusterFacts facts;
  std::vector<FileFacts> read(files.size());
  in_parallel(files.size(), jobs, [&](std::size_t i) { read[i] = read_file(known, sources, files[i]); });
  for (FileFacts& file : read) {
    append(facts, file.facts);
    diagnostics.append(std::move(file.diagnostics));
  }
  Cluster cluster = std::move(facts.cluster);
  cluster.given = true;

  const auto settle_all = [&](auto& objects, std::string_view kind) {
    decode::settle(objects, kind, sources, diagnostics, [](auto& object) { forget_places(object); });
  };
  settle_all(cluster.namespaces, "Namespace");
  settle_all(cluster.pods, "Pod");
  settle_all(cluster.workloads, {});
  settle_all(cluster.nodes, "Node");
  settle_all(cluster.services, "Service");
  settle_all(cluster.endpoint_slices, "EndpointSlice");
  settle_all(cluster.subnets, "Subnet");
  settle_all(cluster.vpcs, "Vpc");
  settle_all(cluster.nat_gateways, "VpcNatGateway");
  settle_all(cluster.held, {});
  settle_all(cluster.security_groups, "SecurityGroup");
  settle_all(facts.endpoints, "Endpoints");
  settle_all(facts.allocations, "IP");
  cluster.service_cidrs = minimal_cover(std::move(cluster.service_cidrs));

  add_legacy_endpoints(cluster, facts.endpoints, sources);
  add_held_addresses(cluster, facts.allocations, sources);
  return cluster;
}

}  // namespace policyconv::cilium
