// Cluster dumps: what is read from each kind, the forms dumps come in, and what is said about bad ones.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>

#include "frontend/parse.h"

using namespace policyconv;

namespace {

struct Parsed {
  Cluster cluster;
  std::vector<std::string> messages;  // "file:line:column: code message"
};

Parsed parse(const std::vector<std::string>& texts, unsigned jobs = 1) {
  Sources sources;
  std::vector<std::uint32_t> files;
  for (const std::string& text : texts)
    files.push_back(sources.add(fmt::format("{}.yaml", static_cast<char>('a' + files.size())), text));
  Diagnostics diagnostics;
  Parsed parsed{cilium::parse_cluster(sources, files, jobs, diagnostics), {}};
  diagnostics.sort();
  for (const Diagnostic& said : diagnostics.all())
    parsed.messages.push_back(fmt::format("{}:{}:{}: {} {}", sources.name(said.where.file), said.where.line,
                                          said.where.column, definition(said.kind).code, said.message));
  return parsed;
}

/// The facts of one text about which there is nothing to say.
Cluster read(const std::string& text) {
  Parsed parsed = parse({text});
  CHECK(parsed.messages == std::vector<std::string>{});
  return std::move(parsed.cluster);
}

std::vector<std::string> messages(const std::string& text) {
  return parse({text}).messages;
}

template <typename T>
std::vector<std::string> names(const std::vector<T>& objects) {
  std::vector<std::string> list;
  for (const T& object : objects) {
    if constexpr (requires { object.ns; })
      list.push_back(object.ns + "/" + object.name);
    else
      list.push_back(object.name);
  }
  return list;
}

template <typename T>
std::vector<std::string> texts(const std::vector<T>& addresses) {
  std::vector<std::string> list;
  for (const T& address : addresses) list.push_back(to_string(address));
  return list;
}

using Texts = std::vector<std::string>;

std::string pod(const std::string& ns, const std::string& name, const std::string& address) {
  return fmt::format(
      "apiVersion: v1\nkind: Pod\nmetadata: {{name: {}, namespace: {}}}\nstatus: {{podIPs: [{{ip: {}}}]}}\n", name, ns,
      address);
}

}  // namespace

TEST_CASE("no files: a cluster that is given and empty") {
  const Parsed parsed = parse({});
  CHECK(parsed.cluster.given);
  CHECK(parsed.cluster.pods.empty());
  CHECK(parsed.messages.empty());
}

TEST_CASE("Namespace") {
  const Cluster cluster = read(R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {team: red, kubernetes.io/metadata.name: shop}
  annotations: {ovn.kubernetes.io/logical_switch: shop-net}
spec: {finalizers: [kubernetes]}
status: {phase: Active}
)");
  REQUIRE(cluster.namespaces.size() == 1);
  const Namespace& shop = cluster.namespaces.front();
  CHECK(shop.name == "shop");
  CHECK(shop.labels == Labels{{"team", "red"}, {"kubernetes.io/metadata.name", "shop"}});
  CHECK(shop.annotations == Labels{{"ovn.kubernetes.io/logical_switch", "shop-net"}});
  CHECK(shop.loc == Loc{1, 2, 1});
  CHECK(cluster.find_namespace("shop") == &shop);
}

TEST_CASE("Pod") {
  const Cluster cluster = read(R"(
apiVersion: v1
kind: Pod
metadata:
  name: web-0
  namespace: shop
  labels: {app: web}
  annotations: {ovn.kubernetes.io/security_groups: legacy}
spec:
  serviceAccountName: web
  serviceAccount: web
  nodeName: n1
  initContainers:
  - {name: init, ports: [{name: never, containerPort: 1}]}
  containers:
  - name: web
    ports:
    - {name: http, containerPort: 8080}
    - {name: dns, containerPort: 53, protocol: UDP}
    - {containerPort: 9}
  - name: other
    ports:
    - {name: sig, containerPort: 2905, protocol: SCTP}
  - name: silent
status:
  phase: Running
  podIP: 10.16.0.7
  podIPs: [{ip: 10.16.0.7}, {ip: "fd00:10:16::7"}]
)");
  REQUIRE(cluster.pods.size() == 1);
  const Pod& web = cluster.pods.front();
  CHECK(web.ns == "shop");
  CHECK(web.name == "web-0");
  CHECK(web.labels == Labels{{"app", "web"}});
  CHECK(web.annotations == Labels{{"ovn.kubernetes.io/security_groups", "legacy"}});
  CHECK(web.service_account == "web");
  CHECK(web.node == "n1");
  CHECK_FALSE(web.host_network);
  CHECK_FALSE(web.finished);
  CHECK(texts(web.addresses) == Texts{"10.16.0.7", "fd00:10:16::7"});
  CHECK(web.ports == std::vector<ContainerPort>{
                         {"http", Protocol::Tcp, 8080}, {"dns", Protocol::Udp, 53}, {"sig", Protocol::Sctp, 2905}});
  CHECK(web.loc == Loc{1, 2, 1});
  CHECK(cluster.find_pod("shop", "web-0") == &web);
}

TEST_CASE("a pod may lack what it will get later") {
  const Cluster cluster = read(R"(
{apiVersion: v1, kind: Pod, metadata: {name: pending, namespace: a}}
---
{apiVersion: v1, kind: Pod, metadata: {name: nulls, namespace: a, labels: null}, spec: {nodeName: null, containers: null},
 status: {podIP: "", podIPs: null}}
---
{apiVersion: v1, kind: Pod, metadata: {name: single, namespace: a}, status: {podIP: 10.0.0.1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: done, namespace: a}, status: {phase: Succeeded, podIP: 10.0.0.2}}
---
{apiVersion: v1, kind: Pod, metadata: {name: dead, namespace: a}, status: {phase: Failed}}
---
{apiVersion: v1, kind: Pod, metadata: {name: host, namespace: a}, spec: {hostNetwork: true, serviceAccount: old}}
---
{apiVersion: v1, kind: Pod, metadata: {name: homeless}}
)");
  REQUIRE(names(cluster.pods) ==
          Texts{"a/dead", "a/done", "a/host", "a/nulls", "a/pending", "a/single", "default/homeless"});
  CHECK(cluster.find_pod("a", "pending")->service_account == "default");
  CHECK(cluster.find_pod("a", "pending")->addresses.empty());
  CHECK(cluster.find_pod("a", "pending")->node.empty());
  CHECK(cluster.find_pod("a", "nulls")->addresses.empty());
  CHECK(texts(cluster.find_pod("a", "single")->addresses) == Texts{"10.0.0.1"});
  CHECK_FALSE(cluster.find_pod("a", "single")->finished);
  CHECK(cluster.find_pod("a", "done")->finished);
  CHECK(cluster.find_pod("a", "dead")->finished);
  CHECK(cluster.find_pod("a", "host")->host_network);
  CHECK(cluster.find_pod("a", "host")->service_account == "old");
}

TEST_CASE("workloads are read from their pod template") {
  const std::string templated = R"(
  template:
    metadata: {labels: {app: web}, annotations: {note: x}}
    spec:
      serviceAccountName: robot
      hostNetwork: true
      containers: [{ports: [{name: http, containerPort: 80}]}]
)";
  const std::pair<std::string, std::string> kinds[] = {
      {"apps/v1", "Deployment"},           {"apps/v1", "StatefulSet"}, {"apps/v1", "DaemonSet"},
      {"apps/v1", "ReplicaSet"},           {"batch/v1", "Job"},        {"v1", "ReplicationController"},
      {"kubevirt.io/v1", "VirtualMachine"}};
  for (const auto& [api_version, kind] : kinds) {
    INFO(kind);
    const Cluster cluster = read(fmt::format(
        "apiVersion: {}\nkind: {}\nmetadata: {{name: web, namespace: shop, labels: {{not: this}}}}\nspec:{}",
        api_version, kind, templated));
    REQUIRE(cluster.workloads.size() == 1);
    Workload workload = cluster.workloads.front();
    CHECK(workload.loc == Loc{1, 1, 1});
    workload.loc = {};
    Labels labels = {{"app", "web"}};
    if (kind == "VirtualMachine") labels.insert({{"kubevirt.io", "virt-launcher"}, {"vm.kubevirt.io/name", "web"}});
    CHECK(workload == Workload{kind,
                               api_version,
                               "shop",
                               "web",
                               labels,
                               {{"note", "x"}},
                               "robot",
                               true,
                               false,
                               {{"http", Protocol::Tcp, 80}},
                               {}});
  }
}

TEST_CASE("a CronJob keeps its template two levels down; owned objects say so") {
  const Cluster cluster = read(R"(
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: shop}
spec:
  schedule: "@daily"
  jobTemplate: {spec: {template: {metadata: {labels: {app: batch}}, spec: {containers: []}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: nightly, namespace: shop, ownerReferences: [{kind: CronJob, name: nightly}]}
spec: {template: {metadata: {labels: {app: batch}}}}
)");
  REQUIRE(cluster.workloads.size() == 2);  // one namespace and name, but two kinds
  CHECK(cluster.workloads[0].kind == "CronJob");
  CHECK(cluster.workloads[0].labels == Labels{{"app", "batch"}});
  CHECK(cluster.workloads[0].service_account == "default");
  CHECK_FALSE(cluster.workloads[0].owned);
  CHECK(cluster.workloads[1].kind == "Job");
  CHECK(cluster.workloads[1].owned);
}

TEST_CASE("Node") {
  const Cluster cluster = read(R"(
apiVersion: v1
kind: Node
metadata:
  name: n1
  labels: {kubernetes.io/hostname: n1}
  annotations: {ovn.kubernetes.io/ip_address: "100.64.0.2,fd00:100:64::2"}
status:
  addresses:
  - {type: InternalIP, address: 172.18.0.2}
  - {type: InternalIP, address: "fc00::2"}
  - {type: ExternalIP, address: 203.0.113.9}
  - {type: Hostname, address: n1}
---
{apiVersion: v1, kind: Node, metadata: {name: n0}}
)");
  REQUIRE(names(cluster.nodes) == Texts{"n0", "n1"});
  CHECK(cluster.nodes[1].labels == Labels{{"kubernetes.io/hostname", "n1"}});
  CHECK(texts(cluster.nodes[1].internal) == Texts{"172.18.0.2", "fc00::2"});
  CHECK(texts(cluster.nodes[1].join) == Texts{"100.64.0.2", "fd00:100:64::2"});
  CHECK(cluster.nodes[0].join.empty());
}

TEST_CASE("Service") {
  const Cluster cluster = read(R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  type: NodePort
  clusterIP: 10.96.0.10
  clusterIPs: [10.96.0.10, "fd00:10:96::a"]
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: 8080, nodePort: 30080}
  - {name: dns, port: 53, protocol: UDP, targetPort: dns}
  - {port: 9}
---
{apiVersion: v1, kind: Service, metadata: {name: headless, namespace: shop},
 spec: {clusterIP: None, clusterIPs: [None], selector: {}}}
---
{apiVersion: v1, kind: Service, metadata: {name: outside, namespace: shop},
 spec: {type: ExternalName, externalName: example.com}}
---
{apiVersion: v1, kind: Service, metadata: {name: old, namespace: shop}, spec: {clusterIP: 10.96.0.11}}
)");
  REQUIRE(names(cluster.services) == Texts{"shop/headless", "shop/old", "shop/outside", "shop/web"});
  const Service& web = cluster.services[3];
  CHECK(web.type == "NodePort");
  CHECK(web.labels == Labels{{"app", "web"}});
  CHECK(web.selector == Labels{{"app", "web"}});
  CHECK(texts(web.cluster_ips) == Texts{"10.96.0.10", "fd00:10:96::a"});
  CHECK(web.ports == std::vector<ServicePort>{{"http", Protocol::Tcp, 80, "8080"},
                                              {"dns", Protocol::Udp, 53, "dns"},
                                              {"", Protocol::Tcp, 9, "9"}});
  CHECK(cluster.services[0].cluster_ips.empty());
  CHECK_FALSE(cluster.services[0].selector);
  CHECK(cluster.services[0].type == "ClusterIP");
  CHECK(texts(cluster.services[1].cluster_ips) == Texts{"10.96.0.11"});
  CHECK(cluster.services[2].type == "ExternalName");
  CHECK(cluster.services[2].cluster_ips.empty());
}

TEST_CASE("EndpointSlice") {
  const Cluster cluster = read(R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints:
- {addresses: [10.16.0.7]}
- {addresses: [10.16.0.8], conditions: {ready: true}}
- {addresses: [10.16.0.9], conditions: {ready: false, serving: true}}
- {addresses: [10.16.0.10], conditions: {ready: null}}
ports:
- {name: http, port: 8080, protocol: TCP}
- {name: "", port: 53, protocol: UDP}
- {name: every, port: null}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: names, namespace: shop}, addressType: FQDN,
 endpoints: [{addresses: [example.com]}], ports: null}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice,
 metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}},
 addressType: IPv4, endpoints: [{addresses: [172.18.0.3]}, {addresses: [172.18.0.2]}], ports: [{name: https, port: 6443}]}
)");
  REQUIRE(names(cluster.endpoint_slices) == Texts{"default/kubernetes", "shop/names", "shop/web-x1"});
  const EndpointSlice& web = cluster.endpoint_slices[2];
  CHECK(web.service == "web");
  CHECK(texts(web.addresses) == Texts{"10.16.0.7", "10.16.0.8", "10.16.0.10"});
  CHECK(texts(web.not_ready) == Texts{"10.16.0.9"});
  CHECK(web.ports == std::vector<SlicePort>{{"http", Protocol::Tcp, 8080}, {"", Protocol::Udp, 53}});
  CHECK(cluster.endpoint_slices[1].service.empty());
  CHECK(cluster.endpoint_slices[1].addresses.empty());
  CHECK(texts(apiserver_addresses(cluster)) == Texts{"172.18.0.2", "172.18.0.3"});
}

TEST_CASE("Endpoints count where no EndpointSlice tells the same") {
  const Cluster cluster = read(R"(
apiVersion: v1
kind: Endpoints
metadata: {name: old, namespace: shop}
subsets:
- addresses: [{ip: 10.16.0.1}, {ip: 10.16.0.2}]
  notReadyAddresses: [{ip: 10.16.0.3}]
  ports: [{name: http, port: 80}]
- addresses: [{ip: 10.16.0.4}]
  ports: [{port: 53, protocol: UDP}]
---
{apiVersion: v1, kind: Endpoints, metadata: {name: web, namespace: shop}, subsets: [{addresses: [{ip: 10.16.0.7}]}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: web-x1, namespace: shop, labels: {kubernetes.io/service-name: web}}}
---
{apiVersion: v1, kind: Endpoints, metadata: {name: lease, namespace: kube-system}}
)");
  REQUIRE(names(cluster.endpoint_slices) == Texts{"shop/old/subsets[0]", "shop/old/subsets[1]", "shop/web-x1"});
  const EndpointSlice& first = cluster.endpoint_slices[0];
  CHECK(first.service == "old");
  CHECK(texts(first.addresses) == Texts{"10.16.0.1", "10.16.0.2"});
  CHECK(texts(first.not_ready) == Texts{"10.16.0.3"});
  CHECK(first.ports == std::vector<SlicePort>{{"http", Protocol::Tcp, 80}});
  CHECK(cluster.endpoint_slices[1].ports == std::vector<SlicePort>{{"", Protocol::Udp, 53}});
}

TEST_CASE("Kube-OVN Subnet") {
  const Cluster cluster = read(R"(
apiVersion: kubeovn.io/v1
kind: Subnet
metadata: {name: shop-net}
spec:
  vpc: shop-vpc
  provider: net1.shop.ovn
  protocol: Dual
  cidrBlock: 10.17.0.0/16,fd00:10:17::/112
  gateway: 10.17.0.1,fd00:10:17::1
  namespaces: [shop, shop-test]
  default: true
  private: true
  enableDHCP: true
  enableLb: false
  acls:
  - {direction: from-lport, priority: 1111, match: "ip4.dst == 10.0.0.1", action: drop}
---
{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: bare}, spec: {vpc: "", gateway: ""}}
)");
  REQUIRE(names(cluster.subnets) == Texts{"bare", "shop-net"});
  const Subnet& subnet = cluster.subnets[1];
  CHECK(subnet.vpc == "shop-vpc");
  CHECK(subnet.provider == "net1.shop.ovn");
  CHECK(texts(subnet.cidrs) == Texts{"10.17.0.0/16", "fd00:10:17::/112"});
  CHECK(texts(subnet.gateways) == Texts{"10.17.0.1", "fd00:10:17::1"});
  CHECK(subnet.namespaces == Texts{"shop", "shop-test"});
  CHECK(subnet.is_default);
  CHECK(subnet.is_private);
  CHECK(subnet.enable_dhcp);
  CHECK_FALSE(subnet.enable_lb);
  CHECK(subnet.acls == std::vector<ExistingAcl>{{"from-lport", "ip4.dst == 10.0.0.1", "drop", 1111, Loc{1, 17, 5}}});
  const Subnet& bare = cluster.subnets[0];
  CHECK(bare.vpc == "ovn-cluster");
  CHECK(bare.provider == "ovn");
  CHECK(bare.cidrs.empty());
  CHECK(bare.enable_lb);
  CHECK_FALSE((bare.is_default || bare.is_private || bare.enable_dhcp));
}

TEST_CASE("the other Kube-OVN kinds, and ServiceCIDR") {
  const Cluster cluster = read(R"(
{apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {name: shop-vpc},
 spec: {namespaces: [shop], vpcPeerings: [{remoteVpc: other, localConnectIP: 169.254.0.1/30}, {remoteVpc: third}]}}
---
{apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {name: ovn-cluster}, spec: {}}
---
{apiVersion: kubeovn.io/v1, kind: VpcNatGateway, metadata: {name: gw}, spec: {vpc: shop-vpc, subnet: shop-net, lanIp: 10.17.0.254}}
---
{apiVersion: kubeovn.io/v1, kind: Vip, metadata: {name: wished}, spec: {subnet: shop-net, v4ip: 10.17.0.9, v6ip: ""},
 status: {v4ip: 10.17.0.9, v6ip: "fd00:10:17::9"}}
---
{apiVersion: kubeovn.io/v1, kind: Vip, metadata: {name: given}, spec: {subnet: shop-net}, status: {v4ip: 10.17.0.8}}
---
{apiVersion: kubeovn.io/v1, kind: SecurityGroup, metadata: {name: ours, labels: {app.kubernetes.io/managed-by: policyconv}}}
---
{apiVersion: kubeovn.io/v1, kind: SecurityGroup, metadata: {name: theirs, labels: {app.kubernetes.io/managed-by: helm}}}
---
{apiVersion: kubeovn.io/v1, kind: IPPool, metadata: {name: pool}, spec: {subnet: shop-net}}
---
{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: kubernetes}, spec: {cidrs: [10.96.0.0/12, "fd00:10:96::/112"]}}
---
{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: again}, spec: {cidrs: [10.96.0.0/12]}}
)");
  REQUIRE(names(cluster.vpcs) == Texts{"ovn-cluster", "shop-vpc"});
  CHECK(cluster.vpcs[1].namespaces == Texts{"shop"});
  CHECK(cluster.vpcs[1].peers == Texts{"other", "third"});
  REQUIRE(cluster.nat_gateways.size() == 1);
  CHECK(cluster.nat_gateways[0].vpc == "shop-vpc");
  CHECK(cluster.nat_gateways[0].subnet == "shop-net");
  CHECK(cluster.nat_gateways[0].lan_ip == "10.17.0.254");
  REQUIRE(names(cluster.held) == Texts{"given", "wished"});
  CHECK(cluster.held[0].kind == "Vip");
  CHECK(cluster.held[0].subnet == "shop-net");
  CHECK(texts(cluster.held[0].addresses) == Texts{"10.17.0.8"});
  CHECK(texts(cluster.held[1].addresses) == Texts{"10.17.0.9", "fd00:10:17::9"});
  REQUIRE(names(cluster.security_groups) == Texts{"ours", "theirs"});
  CHECK(cluster.security_groups[0].managed);
  CHECK_FALSE(cluster.security_groups[1].managed);
  CHECK(texts(cluster.service_cidrs) == Texts{"10.96.0.0/12", "fd00:10:96::/112"});
}

TEST_CASE("an IP object holds its address if no running pod or node has it") {
  const Cluster cluster = read(R"(
apiVersion: v1
kind: List
items:
- {apiVersion: kubeovn.io/v1, kind: IP, metadata: {name: web-0.shop},
   spec: {podName: web-0, namespace: shop, subnet: net, v4IpAddress: 10.16.0.7}}
- {apiVersion: kubeovn.io/v1, kind: IP, metadata: {name: vm.shop},
   spec: {podName: vm, namespace: shop, podType: VirtualMachine, subnet: net, v4IpAddress: 10.16.0.8, v6IpAddress: ""}}
- {apiVersion: kubeovn.io/v1, kind: IP, metadata: {name: idle.shop},
   spec: {podName: idle, namespace: shop, subnet: net, v4IpAddress: 10.16.0.9, v6IpAddress: "fd00::9"}}
- {apiVersion: kubeovn.io/v1, kind: IP, metadata: {name: done.shop},
   spec: {podName: done, namespace: shop, subnet: net, v4IpAddress: 10.16.0.10}}
- {apiVersion: kubeovn.io/v1, kind: IP, metadata: {name: node-n1}, spec: {podName: node-n1, subnet: join, v4IpAddress: 100.64.0.2}}
- {apiVersion: kubeovn.io/v1, kind: IP, metadata: {name: node-n2}, spec: {podName: node-n2, subnet: join, v4IpAddress: 100.64.0.3}}
- {apiVersion: v1, kind: Pod, metadata: {name: web-0, namespace: shop}, status: {phase: Pending}}
- {apiVersion: v1, kind: Pod, metadata: {name: virt-launcher-vm-x, namespace: shop}, status: {podIP: 10.16.0.8}}
- {apiVersion: v1, kind: Pod, metadata: {name: same-address, namespace: elsewhere}, status: {podIP: 10.16.0.9}}
- {apiVersion: v1, kind: Pod, metadata: {name: done, namespace: shop}, status: {phase: Succeeded, podIP: 10.16.0.10}}
- {apiVersion: v1, kind: Node, metadata: {name: n1}}
)");
  REQUIRE(names(cluster.held) == Texts{"done.shop", "idle.shop", "node-n2"});
  CHECK(cluster.held[1].kind == "IP");
  CHECK(cluster.held[1].subnet == "net");
  CHECK(texts(cluster.held[1].addresses) == Texts{"10.16.0.9", "fd00::9"});
}

TEST_CASE("documents, List, typed lists and JSON say the same") {
  const std::string one = R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "x"}})";
  const std::string two = R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b", "namespace": "x"}})";
  const std::string bare =
      R"({"metadata": {"name": "a", "namespace": "x"}}, {"metadata": {"name": "b", "namespace": "x"}})";
  for (const std::string& text :
       {one + "\n---\n" + two, R"({"apiVersion": "v1", "kind": "List", "items": [)" + one + ", " + two + "]}",
        R"({"apiVersion": "v1", "kind": "PodList", "items": [)" + bare + "]}",
        R"({"kind": "PodList", "items": [)" + bare + R"(], "apiVersion": "v1"})",
        "apiVersion: v1\nkind: List\nitems:\n- " + one + "\n- apiVersion: v1\n  kind: PodList\n  items: [" + two +
            "]\n"}) {
    INFO(text);
    CHECK(names(read(text).pods) == Texts{"x/a", "x/b"});
  }
  CHECK(names(read(R"({apiVersion: kubeovn.io/v1, kind: SubnetList, items: [{metadata: {name: s}}]})").subnets) ==
        Texts{"s"});
  CHECK(read("apiVersion: v1\nkind: List\nitems: []\n").pods.empty());
  CHECK(read("apiVersion: v1\nkind: PodList\nitems: null\n").pods.empty());
}

TEST_CASE("what carries no facts is passed over") {
  CHECK(read(R"(
{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: cilium-config}}
)")
            .given);
  CHECK(messages(R"(
{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: p}, spec: {anything: 5}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p}}
)") == Texts{"a.yaml:0:0: PC0210 policies in this file are not converted unless the file is also named before --cluster: "
            "1 CiliumNetworkPolicy, 1 NetworkPolicy"});
  CHECK(
      messages(R"(
{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: not-ours}}
---
{apiVersion: acme.example/v1, kind: Subnet}
---
{apiVersion: v1, kind: Pot, metadata: {name: typo}}
---
{apiVersion: v1, kind: Pot, metadata: {name: typo2}}
)") ==
      Texts{
          "a.yaml:0:0: PC0209 objects of kinds that are not read are passed over: 2 Pot, 1 Service, 1 Subnet"});
  CHECK(parse({"{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: x}}"}).cluster.services.empty());
}

TEST_CASE("Secrets are counted and left alone") {
  CHECK(messages(R"(
{apiVersion: v1, kind: Secret, metadata: {name: [wrong, but, unread]}, data: {password: c2VjcmV0}}
---
{apiVersion: v1, kind: SecretList, items: [{metadata: {name: a}}, {metadata: {name: b}}]}
)") == Texts{"a.yaml:0:0: PC0208 number of Secrets passed over unread: 3"});
}

TEST_CASE("a repeated object counts once; a different one is an error that names both") {
  const std::string web = pod("shop", "web", "10.16.0.7");
  const Parsed same = parse({web, pod("shop", "db", "10.16.0.8") + "---\n# a comment\n" + web, web});
  CHECK(same.messages.empty());
  CHECK(names(same.cluster.pods) == Texts{"shop/db", "shop/web"});

  const Parsed different = parse({web, "---\n" + web + "---\n" + pod("shop", "web", "10.16.0.9")});
  CHECK(different.messages == Texts{"b.yaml:7:1: PC0203 Pod shop/web differs from the one at a.yaml:1:1, an object may "
                                    "be repeated only unchanged"});
  CHECK(different.cluster.pods.size() == 1);

  const auto subnet = [](const std::string& action) {
    return "\n---\n{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: s}, spec: {acls: [{action: " + action +
           "}]}}";
  };
  CHECK(messages(subnet("drop") + subnet("drop")).empty());
  CHECK(
      messages(subnet("drop") + subnet("allow")) ==
      Texts{
          "a.yaml:5:1: PC0203 Subnet s differs from the one at a.yaml:3:1, an object may be repeated only unchanged"});

  const auto deployment = [](const std::string& label) {
    return "\n---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: ns},"
           " spec: {template: {metadata: {labels: {app: " +
           label + "}}}}}";
  };
  CHECK(messages(deployment("a") + deployment("b")) ==
        Texts{"a.yaml:5:1: PC0203 Deployment ns/d differs from the one at a.yaml:3:1, an object may be repeated only "
              "unchanged"});

  const auto endpoints = [](const std::string& subsets) {
    return "\n---\n{apiVersion: v1, kind: Endpoints, metadata: {name: e, namespace: ns}, subsets: [" + subsets + "]}";
  };
  const std::string subset = "{addresses: [{ip: 10.0.0.1}]}";
  CHECK(messages(endpoints(subset) + endpoints(subset)).empty());
  CHECK(messages(endpoints(subset) + endpoints(subset + "," + subset)) ==
        Texts{"a.yaml:5:1: PC0203 Endpoints ns/e differs from the one at a.yaml:3:1, an object may be repeated only "
              "unchanged"});

  const auto ip = [](const std::string& address) {
    return "\n---\n{apiVersion: kubeovn.io/v1, kind: IP, metadata: {name: i}, spec: {v4IpAddress: " + address + "}}";
  };
  CHECK(messages(ip("10.0.0.1") + ip("10.0.0.1")).empty());
  CHECK(messages(ip("10.0.0.1") + ip("10.0.0.2")) ==
        Texts{"a.yaml:5:1: PC0203 IP i differs from the one at a.yaml:3:1, an object may be repeated only unchanged"});
}

TEST_CASE("bad values are reported with their place, and all of them") {
  const struct {
    std::string text;
    Texts messages;
  } cases[] = {
      {"just text", {"a.yaml:1:1: PC0201 this is no Kubernetes object: it is a scalar"}},
      {"- a\n- b", {"a.yaml:1:1: PC0201 this is no Kubernetes object: it is a list"}},
      {"a: b", {"a.yaml:1:1: PC0201 this is no Kubernetes object: it has no kind"}},
      {"kind: Pod", {"a.yaml:1:1: PC0201 this is no Kubernetes object: it has no apiVersion"}},
      {"apiVersion: 1\nkind: Pod",
       {"a.yaml:1:13: PC0120 the object's apiVersion is the number `1`, it must be a string"}},
      {"{apiVersion: v1, kind: List, items: [{metadata: {name: a}}]}",
       {"a.yaml:1:38: PC0201 this is no Kubernetes object: it has no kind"}},
      {"{apiVersion: v1, kind: PodList, items: {a: b}}",
       {"a.yaml:1:40: PC0120 the object's items is a mapping, it must be a list"}},
      {"{apiVersion: v1, kind: Pod}",
       {"a.yaml:1:1: PC0202 this Pod has no metadata.name, by which others refer to it"}},
      {"{apiVersion: v1, kind: Pod, metadata: {name: \"\"}}",
       {"a.yaml:1:1: PC0202 this Pod has no metadata.name, by which others refer to it"}},
      {"{apiVersion: v1, kind: Pod, metadata: [a]}",
       {"a.yaml:1:39: PC0120 Pod metadata is a list, it must be a mapping"}},
      {"{apiVersion: v1, kind: Pod, metadata: {name: 5}}",
       {"a.yaml:1:46: PC0120 Pod metadata.name is the number `5`, it must be a string"}},
      {"{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {a: true}}}",
       {"a.yaml:1:61: PC0120 `a` in Pod default/p metadata.labels is the truth value `true`, it must be a string"}},
      {"{apiVersion: v1, kind: Pod, metadata: {name: p}, status: {podIP: 10.0.0.300}}",
       {"a.yaml:1:66: PC0204 Pod default/p status.podIP is `10.0.0.300`, it must be an IP address"}},
      {"{apiVersion: v1, kind: Pod, metadata: {name: p}, status: {podIPs: [{ip: 10.0.0.1}, {ip: fe80::1%eth0}]}}",
       {"a.yaml:1:89: PC0204 Pod default/p status.podIPs[1].ip is `fe80::1%eth0`, it must be an IP address"}},
      {"{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {hostNetwork: sure, containers: none, nodeName: [a]}}",
       {"a.yaml:1:70: PC0120 Pod default/p spec.hostNetwork is the string `sure`, it must be true or false",
        "a.yaml:1:88: PC0120 Pod default/p spec.containers is the string `none`, it must be a list",
        "a.yaml:1:104: PC0120 Pod default/p spec.nodeName is a list, it must be a string"}},
      {"{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{ports: [{name: a, containerPort: 0},"
       " {name: b, containerPort: 65536}, {name: c, containerPort: 80, protocol: tcp}, {containerPort: x}]}]}}",
       {"a.yaml:1:104: PC0206 Pod default/p spec.containers[0].ports[0].containerPort is `0`, it must be from 1 to "
        "65535",
        "a.yaml:1:133: PC0206 Pod default/p spec.containers[0].ports[1].containerPort is `65536`, it must be from 1 to "
        "65535",
        "a.yaml:1:180: PC0207 Pod default/p spec.containers[0].ports[2].protocol is `tcp`, it must be TCP, UDP or SCTP",
        "a.yaml:1:202: PC0120 Pod default/p spec.containers[0].ports[3].containerPort is the string `x`,"
        " it must be a whole number"}},
      {"{apiVersion: v1, kind: Node, metadata: {name: n1, annotations: {ovn.kubernetes.io/ip_address: \"100.64.0.2, "
       "x\"}}}",
       {"a.yaml:1:95: PC0204 Node n1 metadata.annotations.ovn.kubernetes.io/ip_address is ` x`, it must be an IP "
        "address"}},
      {"{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {clusterIPs: [none]}}",
       {"a.yaml:1:74: PC0204 Service default/s spec.clusterIPs[0] is `none`, it must be an IP address"}},
      {"{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: s}, spec: {cidrBlock: \"10.0.0.0/33,fd00::\", "
       "gateway: x}}",
       {"a.yaml:1:82: PC0205 Subnet s spec.cidrBlock is `10.0.0.0/33`, it must be a CIDR:"
        " netip.ParsePrefix(\"10.0.0.0/33\"): prefix length out of range",
        "a.yaml:1:82: PC0205 Subnet s spec.cidrBlock is `fd00::`, it must be a CIDR: netip.ParsePrefix(\"fd00::\"): no "
        "'/'",
        "a.yaml:1:113: PC0204 Subnet s spec.gateway is `x`, it must be an IP address"}},
      {"{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: s}, spec: {acls: [{priority: 32768}]}}",
       {"a.yaml:1:89: PC0206 Subnet s spec.acls[0].priority is `32768`, it must be from 0 to 32767"}},
      {"{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: s}, spec: {cidrs: [10.96.0.0]}}",
       {"a.yaml:1:91: PC0205 ServiceCIDR s spec.cidrs[0] is `10.96.0.0`, it must be a CIDR:"
        " netip.ParsePrefix(\"10.96.0.0\"): no '/'"}},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK(messages(text) == expected);
  }
}

TEST_CASE("the order of files and documents, and the number of jobs, change nothing") {
  std::vector<std::string> documents;
  for (int i = 0; i < 40; ++i) {
    documents.push_back(pod(fmt::format("ns-{}", i % 3), fmt::format("pod-{}", i), fmt::format("10.0.0.{}", i)));
    documents.push_back(fmt::format("{{apiVersion: v1, kind: Node, metadata: {{name: n{}}}}}\n", i));
    documents.push_back(fmt::format(
        "{{apiVersion: v1, kind: Endpoints, metadata: {{name: e{}}}, subsets: [{{addresses: [{{ip: 10.0.0.{}}}]}}]}}\n",
        i, i));
    documents.push_back(
        fmt::format("{{apiVersion: kubeovn.io/v1, kind: IP, metadata: {{name: i{}}}, spec: {{namespace: ns-0, podName: "
                    "pod-{}}}}}\n",
                    i, i));
    documents.push_back(fmt::format("{{apiVersion: kubeovn.io/v1, kind: Vip, metadata: {{name: i{}}}}}\n", i));
  }
  const auto facts = [](const Cluster& cluster) {
    Texts all;
    for (const auto& list :
         {names(cluster.pods), names(cluster.nodes), names(cluster.endpoint_slices), names(cluster.held)})
      all.insert(all.end(), list.begin(), list.end());
    for (const Pod& pod : cluster.pods) all.push_back(pod.name + texts(pod.addresses).front());
    for (const HeldAddress& held : cluster.held) all.push_back(held.kind);
    return all;
  };
  const auto split = [&](std::size_t count) {
    std::vector<std::string> files(count);
    for (std::size_t i = 0; i < documents.size(); ++i) files[i % count] += "---\n" + documents[i];
    return files;
  };
  const Texts expected = facts(parse(split(1)).cluster);
  CHECK(expected.size() > 4 * 40);
  for (const unsigned jobs : {1U, 2U, 7U}) {
    CHECK(facts(parse(split(5), jobs).cluster) == expected);
    std::reverse(documents.begin(), documents.end());
    CHECK(facts(parse(split(3), jobs).cluster) == expected);
    std::rotate(documents.begin(), documents.begin() + 17, documents.end());
  }
}

TEST_CASE("a list of 100,000 pods is read in a moment") {
  std::string list = R"({"apiVersion":"v1","kind":"PodList","items":[)";
  for (int i = 0; i < 100000; ++i)
    list += fmt::format(
        R"({}{{"metadata":{{"name":"p{}","namespace":"ns{}","labels":{{"app":"a{}"}}}},"spec":{{"nodeName":"n{}"}},"status":{{"podIP":"10.{}.{}.{}"}}}})",
        i ? "," : "", i, i % 100, i % 1000, i % 50, i >> 16, i >> 8 & 255, i & 255);
  const auto start = std::chrono::steady_clock::now();
  const Cluster cluster = read(list + "]}");
  CHECK(cluster.pods.size() == 100000);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::minutes(2));
}
