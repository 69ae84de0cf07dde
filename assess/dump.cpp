// Entrance: read_dump(). Every object is read by itself (assess/dump_objects.cpp), then all are brought into an order
// that depends on names only, then assess/dump_holders.cpp says who has which address.
#include "assess/dump.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "assess/dump_holders.h"
#include "assess/dump_objects.h"
#include "yaml/repeated.h"
#include "yaml/text.h"

namespace policyconv::assess {
namespace {

template <typename T>
void forget_places(T& object) {
  object.loc = {};
}
void forget_places(Gateway& gateway) { gateway.loc = gateway.lan_ip_loc = {}; }
void forget_places(ConfigMap& map) {
  map.loc = {};
  for (auto& [key, entry] : map.data) entry.loc = {};
}

DumpFacts read_files(const yaml::Trees* known, const Sources& sources, std::span<const std::uint32_t> files,
                     Diagnostics& diagnostics) {
  DumpFacts facts;
  const auto use = [&](const decode::ApiObject& object) { read_object(object, facts, diagnostics); };
  const auto read = [&](const yaml::Node& document) {
    read_empty_list(document, facts);
    decode::each_object(document, use, diagnostics);
  };
  for (const std::uint32_t file : files) yaml::each_document(known, sources, yaml::Part(file), read, diagnostics);
  const auto settle = [&](auto& objects, std::string_view kind) {
    decode::settle(objects, kind, sources, diagnostics, [](auto& object) { forget_places(object); });
  };
  settle(facts.gateways, "VpcNatGateway");
  settle(facts.subnets, "Subnet");
  settle(facts.pods, "Pod");
  settle(facts.vips, "Vip");
  settle(facts.ips, "IP");
  settle(facts.nodes, "Node");
  settle(facts.cilium_nodes, "CiliumNode");
  settle(facts.components, {});
  settle(facts.config_maps, "ConfigMap");
  settle(facts.others, {});
  return facts;
}

/// With `ipam: cluster-pool` the range of the Node object is not what Cilium uses (K§7.3).
bool cilium_takes_node_ranges(const std::vector<ConfigMap>& maps) {
  for (const ConfigMap& map : maps) {
    const auto ipam = map.data.find("ipam");
    if (map.name == "cilium-config" && ipam != map.data.end()) return ipam->second.value == "kubernetes";
  }
  return true;
}

std::vector<DumpNode> join_nodes(const DumpFacts& facts) {
  std::map<std::string, DumpNode> nodes;
  for (const DumpNode& node : facts.nodes) nodes.emplace(node.name, node);
  if (!cilium_takes_node_ranges(facts.config_maps))
    for (auto& [name, node] : nodes) node.pod_cidrs.clear();
  for (const DumpNode& seen : facts.cilium_nodes) {
    const auto [at, added] = nodes.emplace(seen.name, seen);
    if (added) continue;
    DumpNode& node = at->second;
    node.addresses.insert(node.addresses.end(), seen.addresses.begin(), seen.addresses.end());
    if (!seen.pod_cidrs.empty()) node.pod_cidrs = seen.pod_cidrs;
  }
  std::vector<DumpNode> joined;
  for (auto& [name, node] : nodes) joined.push_back(std::move(node));
  return joined;
}

}  // namespace

bool is_ovn(const DumpSubnet& subnet) { return subnet.provider == "ovn" || subnet.provider.ends_with(".ovn"); }
bool is_first_network(const DumpSubnet& subnet) { return subnet.provider == "ovn"; }

std::string Holder::display() const {
  switch (kind) {
    case HolderKind::Gateway:
      return "VpcNatGateway " + name;
    case HolderKind::Pod:
      return fmt::format("Pod {}/{}", ns, name);
    case HolderKind::VpcDns:
      return fmt::format("vpc-dns pod {}/{}", ns, name);
    case HolderKind::Vip:
      return "Vip " + name;
    case HolderKind::Ip:
      return "IP " + name;
  }
  return {};
}

Dump read_dump(const Sources& sources, std::span<const std::uint32_t> files, Diagnostics& diagnostics,
               const yaml::Trees* known) {
  DumpFacts facts = read_files(known, sources, files, diagnostics);
  Dump dump;
  dump.gateways = std::move(facts.gateways);
  std::sort(dump.gateways.begin(), dump.gateways.end(),
            [](const Gateway& a, const Gateway& b) { return std::tie(a.ns, a.name) < std::tie(b.ns, b.name); });
  dump.subnets = std::move(facts.subnets);
  dump.vpcs.assign(facts.vpcs.begin(), facts.vpcs.end());
  dump.nodes = join_nodes(facts);
  dump.service_cidrs = minimal_cover(facts.service_cidrs.empty() ? facts.service_arguments : facts.service_cidrs);
  add_holders(facts, dump);
  for (DumpNode& node : dump.nodes) {
    std::sort(node.addresses.begin(), node.addresses.end());
    node.addresses.erase(std::unique(node.addresses.begin(), node.addresses.end()), node.addresses.end());
  }
  for (const auto& [kind, names] : facts.seen) dump.kinds.emplace(kind, names.size());
  dump.components = std::move(facts.components);
  dump.config_maps = std::move(facts.config_maps);
  dump.others = std::move(facts.others);
  dump.endpoints = std::move(facts.endpoints);
  for (const Gateway& gateway : dump.gateways)
    if (!gateway.address && gateway.lan_ip.empty())  // else lanIp is what was reported
      diagnostics.report<Kind::GatewayWithoutAddress>(gateway.loc, yaml::excerpt(gateway.name));
  return dump;
}

}  // namespace policyconv::assess
