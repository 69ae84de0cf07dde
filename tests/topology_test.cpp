// Who the members of a group are, and every node as few prefixes: both against asking one by one.
#include <algorithm>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

#include "backends/kubeovn/topology.h"
#include "ir/membership.h"
#include "tests/compile.h"

using namespace policyconv;
using kubeovn::Topology;

namespace {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t limit) { return engine_() % limit; }
  bool chance(std::size_t percent) { return below(100) < percent; }
  std::string of(std::initializer_list<const char*> all) { return all.begin()[below(all.size())]; }

 private:
  std::mt19937 engine_;
};

/// Few keys and values, so that groups have members. One namespace is not in the dump.
Cluster random_pods(Random& random) {
  Cluster cluster;
  cluster.given = true;
  for (const char* ns : {"ops", "shop"}) cluster.namespaces.push_back({ns, {{"team", random.of({"1", "2"})}}, {}, {}});
  for (std::size_t i = random.below(30); i > 0; --i) {
    Pod pod;
    pod.ns = random.of({"ops", "shop", "unknown"});
    pod.name = "pod-" + std::to_string(i);
    for (const char* key : {"a", "b", "c"})
      if (random.chance(60)) pod.labels[key] = random.of({"1", "2", "3"});
    pod.service_account = random.of({"default", "database"});
    pod.host_network = random.chance(10);
    pod.finished = random.chance(10);
    if (random.chance(40)) pod.ports.push_back({"http", Protocol::Tcp, static_cast<std::uint16_t>(8080 + random.below(2))});
    cluster.pods.push_back(std::move(pod));
  }
  std::sort(cluster.pods.begin(), cluster.pods.end(),
            [](const Pod& a, const Pod& b) { return std::tie(a.ns, a.name) < std::tie(b.ns, b.name); });
  return cluster;
}

ir::Requirement random_requirement(Random& random) {
  const std::string key = random.of({"a", "b", "c", "nowhere", "io.kubernetes.pod.namespace",
                                     "io.cilium.k8s.policy.serviceaccount", "io.cilium.k8s.namespace.labels.team"});
  ir::Requirement requirement{key, random.chance(60) ? ir::Op::In : static_cast<ir::Op>(random.below(4)), {}};
  if (requirement.op == ir::Op::In || requirement.op == ir::Op::NotIn)
    for (std::size_t i = random.below(4); i > 0; --i)
      requirement.values.push_back(key == ir::namespace_key          ? random.of({"ops", "shop", "unknown", "none"})
                                   : key == ir::service_account_key ? random.of({"default", "database"})
                                                                    : random.of({"1", "2", "3", "4"}));
  return requirement;
}

std::optional<ir::Group> random_group(Random& random) {
  std::vector<ir::Requirement> all_of;
  for (std::size_t i = random.below(4); i > 0; --i) all_of.push_back(random_requirement(random));
  std::optional<std::vector<ir::Requirement>> normal = ir::normalize(std::move(all_of));
  if (!normal) return std::nullopt;
  ir::Group group{*std::move(normal), std::nullopt};
  if (random.chance(20)) group.port = ContainerPort{"http", Protocol::Tcp, 8080};
  return group;
}

std::vector<std::size_t> asked_one_by_one(const ir::Group& group, const Cluster& cluster) {
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < cluster.pods.size(); ++i) {
    const Pod& pod = cluster.pods[i];
    if (is_endpoint(pod) && ir::is_member(group, ir::identity_labels(cluster, pod), pod.ports)) members.push_back(i);
  }
  return members;
}

kubeovn::Vpc default_vpc_of(const std::string& cluster) {
  const testing::Compiled compiled = testing::compile("", cluster);
  Diagnostics diagnostics;
  return kubeovn::describe_vpcs(compiled.cluster, diagnostics).front();
}

std::string texts(const std::vector<Cidr>& cidrs) {
  std::string text;
  for (const Cidr& cidr : cidrs) text += (text.empty() ? "" : " ") + to_string(cidr);
  return text;
}

std::string node(int last) {
  return "- {apiVersion: v1, kind: Node, metadata: {name: n" + std::to_string(last) +
         ", annotations: {ovn.kubernetes.io/ip_address: 100.64.0." + std::to_string(last) +
         "}}, status: {addresses: [{type: InternalIP, address: 192.168.0." + std::to_string(last) + "}]}}\n";
}

/// Nodes 4 to 7; the API server runs on the first.
std::string four_nodes() {
  std::string cluster = R"(
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
- {apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: ovn-default}, spec: {cidrBlock: 10.16.0.0/16, gateway: 10.16.0.1, default: true}}
- {apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: join}, spec: {cidrBlock: 100.64.0.0/16, gateway: 100.64.0.1}}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
  addressType: IPv4
  endpoints: [{addresses: [192.168.0.4]}]
  ports: [{port: 6443}]
)";
  for (const int last : {4, 5, 6, 7}) cluster += node(last);
  return cluster;
}

std::string allow(const std::string& name, const std::string& entities) {
  return "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: " + name +
         ", namespace: shop}\nspec: {endpointSelector: {}, egress: [{toEntities: [" + entities + "]}]}\n";
}

}  // namespace

TEST_CASE("the members of a group are those that every pod, asked alone, would say") {
  std::size_t some = 0, not_all = 0;
  for (unsigned round = 0; round < 300; ++round) {
    Random random(round);
    const Cluster cluster = random_pods(random);
    Diagnostics diagnostics;
    const Topology topology(cluster, diagnostics);
    for (int i = 0; i < 30; ++i) {
      const std::optional<ir::Group> group = random_group(random);
      if (!group) continue;
      const std::vector<std::size_t> expected = asked_one_by_one(*group, cluster);
      INFO("round " << round << ": " << ir::to_string(*group));
      REQUIRE(topology.members(*group) == expected);
      some += !expected.empty() && !group->all_of.empty();
      not_all += expected.size() < cluster.pods.size();
    }
  }
  CHECK(some > 2000);
  CHECK(not_all > 2000);
}

TEST_CASE("nodes are few prefixes, those in the ranges and those beyond, and the API server stays apart") {
  const kubeovn::Vpc vpc = default_vpc_of(four_nodes());
  CHECK(texts(vpc.nodes_in_ranges) == "100.64.0.4/30");
  CHECK(texts(vpc.nodes_beyond_ranges) == "192.168.0.4/32 192.168.0.5/32 192.168.0.6/31");
}

TEST_CASE("a Service whose backend is a node is opened in the name of every rule that allows this node") {
  const std::string service = "- {apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, "
                              "spec: {clusterIP: 10.96.0.1, ports: [{port: 443, targetPort: 6443}]}}\n";
  const testing::Compiled compiled = testing::compile(allow("a", "cluster") + allow("b", "kube-apiserver"), four_nodes() + service);
  REQUIRE_FALSE(compiled.has_errors());
  const auto& groups = compiled.manifest.security_groups;
  const auto group = std::find_if(groups.begin(), groups.end(), [](const auto& sg) { return sg.role == kubeovn::Role::Members; });
  REQUIRE(group != groups.end());
  const auto to_service = std::find_if(group->egress.begin(), group->egress.end(), [](const kubeovn::SgRule& rule) {
    return std::holds_alternative<Cidr>(rule.remote) && to_string(std::get<Cidr>(rule.remote)) == "10.96.0.1/32";
  });
  REQUIRE(to_service != group->egress.end());
  CHECK(to_service->origins.size() == 2);
}

TEST_CASE("nodes rarely stand behind Services: where these are unknown, no rule that allows nodes alone is reported") {
  CHECK(testing::compile(allow("a", "host, remote-node"), four_nodes()).count("PC2035") == 0);
  CHECK(testing::compile(allow("a", "cluster"), four_nodes()).count("PC2035") == 1);
}
