// The formulae of K§8.3, on objects small enough to count by hand.
#include <cstdint>
#include <string>

#include <catch2/catch.hpp>

#include "backends/kubeovn/cost.h"
#include "tests/compile.h"

using namespace policyconv;
using kubeovn::Cost;
using kubeovn::masks_of;

namespace {

const kubeovn::ObjectCost* find(const kubeovn::Costs& costs, const std::string& name) {
  for (const kubeovn::ObjectCost& each : costs.objects)
    if (each.name == name) return &each;
  return nullptr;
}

/// How many masked matches a range takes, the slow way: the largest aligned block that begins at each port.
std::size_t counted(unsigned first, unsigned last) {
  std::size_t masks = 0;
  while (first <= last) {
    unsigned size = 1;
    while (first % (size * 2) == 0 && first + size * 2 - 1 <= last) size *= 2;
    first += size;
    ++masks;
  }
  return masks;
}

kubeovn::SecurityGroup group_with(const std::string& name, std::vector<kubeovn::SgRule> ingress) {
  kubeovn::SecurityGroup group;
  group.name = name;
  group.vpc = "ovn-cluster";
  group.ingress = std::move(ingress);
  return group;
}

}  // namespace

TEST_CASE("masks of port ranges") {
  CHECK(masks_of({80, 80}) == 1);
  CHECK(masks_of({1, 65535}) == 16);
  CHECK(masks_of({1024, 65535}) == 6);
  CHECK(masks_of({1, 65534}) == 30);
  for (unsigned first = 1; first < 300; first += 7)
    for (unsigned last = first; last < 700; last += 13)
      CHECK(masks_of({static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)}) == counted(first, last));
}

TEST_CASE("a group without pods counts as one pod") {
  kubeovn::Manifest manifest;
  manifest.security_groups = {group_with("pc-a", {})};
  const kubeovn::Costs costs = kubeovn::costs_of(manifest, {});
  REQUIRE(find(costs, "pc-a") != nullptr);
  CHECK(find(costs, "pc-a")->cost == Cost{20, 0, 40});
  CHECK(costs.shared == Cost{4, 0, 8});
  CHECK(costs.total == Cost{24, 0, 48});
  manifest.release = {15};
  CHECK(kubeovn::costs_of(manifest, {}).total == Cost{12, 0, 24});
}

TEST_CASE("lists of one kind multiply, of several kinds add up") {
  kubeovn::SgRule rule;
  rule.protocol = kubeovn::SgProtocol::Tcp;
  rule.ports = ir::PortRange{1, 65535};
  rule.remote = *parse_cidr("192.0.2.0/24");
  kubeovn::SgRule from_peer;
  from_peer.remote = kubeovn::SgName{"pc-peer"};

  Cluster cluster;
  Subnet subnet;
  subnet.name = "ovn-default";
  subnet.provider = "ovn";
  subnet.cidrs = {*parse_cidr("10.16.0.0/16")};
  subnet.is_default = true;
  cluster.subnets = {subnet};
  kubeovn::Manifest manifest;
  for (const std::string name : {"a", "b", "c"}) {
    Pod pod;
    pod.ns = "shop";
    pod.name = name;
    pod.addresses = {*parse_address("10.16.0." + std::to_string(10 + cluster.pods.size()))};
    cluster.pods.push_back(pod);
    manifest.bindings.push_back({"shop", name, {name == "a" ? "pc-web" : "pc-peer"}});
  }
  manifest.security_groups = {group_with("pc-peer", {}), group_with("pc-web", {rule, from_peer})};
  const kubeovn::Costs costs = kubeovn::costs_of(manifest, cluster);
  // One pod: 16 masks of the ports; two addresses of the peers.
  CHECK(find(costs, "pc-web")->cost == Cost{22, 1, 40 + 2 * 16 + 2 * 2});
  // Two ports on one switch.
  CHECK(find(costs, "pc-peer")->cost == Cost{20, 2, 80});
  CHECK(costs.shared == Cost{4, 0, 2 * 4 * 3});

  // With two pods the ports are a list, too: 2 + 16 and 2 + 2, and one flow that joins the lists.
  manifest.bindings.push_back({"shop", "b", {"pc-web"}});
  CHECK(find(kubeovn::costs_of(manifest, cluster), "pc-web")->cost == Cost{22, 2, 80 + 2 * 19 + 2 * 5});
}

TEST_CASE("the total is the sum, and the dearest object comes first") {
  const auto compiled = testing::compile(R"(
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress: [{fromCIDR: [192.0.2.0/24], toPorts: [{ports: [{port: "1", endPort: 65535, protocol: TCP}]}]}]
)", testing::small_cluster);
  const kubeovn::Costs costs = kubeovn::costs_of(compiled.manifest, compiled.cluster);
  Cost sum = costs.shared;
  for (std::size_t at = 0; at < costs.objects.size(); ++at) {
    sum += costs.objects[at].cost;
    if (at > 0) CHECK(costs.objects[at].cost.flows <= costs.objects[at - 1].cost.flows);
  }
  CHECK(sum == costs.total);
  CHECK(costs.objects.size() == compiled.manifest.security_groups.size() + compiled.manifest.subnets.size());
}
