// What a dump says about addresses and configuration, object by object and put together.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/dumps.h"

using namespace policyconv;
using namespace policyconv::assess;
using namespace policyconv::testing;

namespace {

const std::string two_vpcs = subnet_object("net-a", "vpc-a", "10.0.1.0/24") + subnet_object("net-b", "vpc-b", "10.0.1.0/24") +
                             subnet_object("default", "ovn-cluster", "10.16.0.0/16") +
                             subnet_object("outside", "ovn-cluster", "192.0.2.0/24", ", provider: ext.kube-system");

}  // namespace

TEST_CASE("everything that has an address is a holder, and once only") {
  struct Case {
    const char* name;
    std::string objects, holders;
  };
  const std::string gw = gateway_object("gw", "vpc-a", "net-a", ", lanIp: 10.0.1.2");
  const std::string gw_pod = pod_object("kube-system", "vpc-nat-gw-gw-0", "n1", "10.0.1.2",
                                        interface_of("net-a", "10.0.1.2") + ", ovn.kubernetes.io/vpc_nat_gw: gw, " +
                                            interface_of("outside", "192.0.2.7", "ext.kube-system"));
  const std::vector<Case> cases = {
      {"a pod by its status, in the Subnet of its annotation", pod_object("a", "p", "n1", "10.0.1.5", interface_of("net-b", "10.0.1.5")),
       "10.0.1.5 Pod a/p @n1 vpc-b/net-b\n"},
      {"both families", pod_object("a", "p", "n1", "10.16.0.5,fd00::5"),
       "10.16.0.5 Pod a/p @n1 ovn-cluster/default\nfd00::5 Pod a/p @n1 /\n"},
      {"a pod whose CNI ADD was refused has its annotation only", pod_object("a", "p", "n1", "", interface_of("net-a", "10.0.1.5")),
       "10.0.1.5 Pod a/p @n1 vpc-a/net-a\n"},
      {"the annotation may name the Subnet only", pod_object("a", "p", "n1", "10.0.1.5", "ovn.kubernetes.io/logical_switch: net-b"),
       "10.0.1.5 Pod a/p @n1 vpc-b/net-b\n"},
      {"a gateway's pod without annotations is in the Subnet of the gateway",
       gw + pod_object("kube-system", "vpc-nat-gw-gw-0", "n1", "10.0.1.2"), "10.0.1.2 VpcNatGateway gw @n1 vpc-a/net-a\n"},
      {"further interfaces have no endpoint",
       pod_object("a", "p", "n1", "10.16.0.5", interface_of("default", "10.16.0.5") + ", " + interface_of("net-a", "10.0.1.9", "nad.a.ovn")),
       "-10.0.1.9 Pod a/p @n1 vpc-a/net-a\n10.16.0.5 Pod a/p @n1 ovn-cluster/default\n"},
      {"Multus may give eth0 another network",
       pod_object("a", "p", "n1", "", "v1.multus-cni.io/default-network: x/nad, " + interface_of("net-a", "10.0.1.9", "nad.x.ovn")),
       "10.0.1.9 Pod a/p @n1 vpc-a/net-a\n"},
      {"an address of two possible Subnets is in none", pod_object("a", "p", "n1", "10.0.1.5"), "10.0.1.5 Pod a/p @n1 /\n"},
      {"pods on the host's network have no endpoint", pod_object("a", "p", "n1", "192.168.0.1", "", ", hostNetwork: true"),
       "-192.168.0.1 Pod a/p @n1 /\n"},
      {"a gateway without its pod", gw, "10.0.1.2 VpcNatGateway gw vpc-a/net-a\n"},
      {"a gateway and its pod are one, its other interface is the pod's", gw + gw_pod,
       "10.0.1.2 VpcNatGateway gw @n1 vpc-a/net-a\n-192.0.2.7 Pod kube-system/vpc-nat-gw-gw-0 @n1 ovn-cluster/outside\n"},
      {"a lanIp that was changed is held beside the one in use",
       gateway_object("gw", "vpc-a", "net-a", ", lanIp: 10.0.1.3") + gw_pod,
       "10.0.1.2 VpcNatGateway gw @n1 vpc-a/net-a\n10.0.1.3 VpcNatGateway gw @n1 vpc-a/net-a\n"
       "-192.0.2.7 Pod kube-system/vpc-nat-gw-gw-0 @n1 ovn-cluster/outside\n"},
      {"to several replicas lanIp means nothing",
       gateway_object("gw", "vpc-a", "net-a", ", lanIp: 10.0.1.3, replicas: 2") +
           pod_object("kube-system", "gw-x", "n1", "10.0.1.7", interface_of("net-a", "10.0.1.7") + ", ovn.kubernetes.io/vpc_nat_gw: gw") +
           pod_object("kube-system", "gw-y", "n2", "10.0.1.8", interface_of("net-a", "10.0.1.8") + ", ovn.kubernetes.io/vpc_nat_gw: gw"),
       "10.0.1.7 VpcNatGateway gw @n1 vpc-a/net-a\n10.0.1.8 VpcNatGateway gw @n2 vpc-a/net-a\n"},
      {"a pod elsewhere that claims to be a gateway is a pod",
       gw + pod_object("a", "p", "n1", "10.0.1.5", interface_of("net-a", "10.0.1.5") + ", ovn.kubernetes.io/vpc_nat_gw: gw"),
       "10.0.1.2 VpcNatGateway gw vpc-a/net-a\n10.0.1.5 Pod a/p @n1 vpc-a/net-a\n"},
      {"a Vip has no endpoint", vip_object("v", "net-b", "10.0.1.9"), "-10.0.1.9 Vip v vpc-b/net-b\n"},
      {"the IP of a pod in the dump is the pod's",
       pod_object("a", "p", "n1", "10.0.1.5", interface_of("net-a", "10.0.1.5")) + ip_object("a", "p", "net-a", "10.0.1.5"),
       "10.0.1.5 Pod a/p @n1 vpc-a/net-a\n"},
      {"the IP of a pod that shows nothing yet gives it an address", pod_object("a", "p", "n1", "") + ip_object("a", "p", "net-a", "10.0.1.5"),
       "10.0.1.5 Pod a/p @n1 vpc-a/net-a\n"},
      {"the IP of a virtual machine is that of its launcher pod",
       pod_object("a", "virt-launcher-vm-x", "n1", "10.0.1.5", interface_of("net-a", "10.0.1.5")) + ip_object("a", "vm", "net-a", "10.0.1.5"),
       "10.0.1.5 Pod a/virt-launcher-vm-x @n1 vpc-a/net-a\n"},
      {"an IP that no pod has holds its address without an endpoint",
       pod_object("a", "p", "n1", "10.0.1.5", interface_of("net-a", "10.0.1.5")) + ip_object("a", "gone", "net-b", "10.0.1.6"),
       "10.0.1.5 Pod a/p @n1 vpc-a/net-a\n-10.0.1.6 IP gone.a vpc-b/net-b\n"},
      {"without pods in the dump an IP stands for its pod", ip_object("a", "p", "net-b", "10.0.1.6", "n2"),
       "10.0.1.6 IP p.a @n2 vpc-b/net-b\n"},
      {"an IP of a Vip is the Vip's", vip_object("v", "net-b", "10.0.1.9") + ip_object("", "v", "net-b", "10.0.1.9"),
       "-10.0.1.9 Vip v vpc-b/net-b\n"},
      {"an IP of a gateway is the gateway's", gw + ip_object("kube-system", "vpc-nat-gw-gw-0", "net-a", "10.0.1.2"),
       "10.0.1.2 VpcNatGateway gw vpc-a/net-a\n"},
      {"equal addresses of two gateways, one without lanIp, are two",
       gw + gateway_object("gw2", "vpc-b", "net-b") + ip_object("kube-system", "vpc-nat-gw-gw2-0", "net-b", "10.0.1.2") +
           ip_object("kube-system", "vpc-nat-gw-gw-0", "net-a", "10.0.1.2"),
       "10.0.1.2 VpcNatGateway gw vpc-a/net-a\n10.0.1.2 VpcNatGateway gw2 vpc-b/net-b\n"},
      {"the IP of a node is no holder", node_object("n1", "192.168.0.1") + ip_object("", "node-n1", "join", "100.64.0.2"), ""}};
  for (const Case& one : cases) {
    INFO(one.name);
    const ReadDump read = read_text(two_vpcs + one.objects);
    CHECK(read.holders() == one.holders);
    CHECK(read.codes() == "");
  }
}

TEST_CASE("finished pods hold nothing, but their IP may still") {
  std::string pod = pod_object("a", "p", "n1", "10.0.1.5", interface_of("net-a", "10.0.1.5"));
  pod.replace(pod.find("Running"), 7, "Succeeded");
  CHECK(read_text(two_vpcs + pod).holders() == "");
  CHECK(read_text(two_vpcs + pod + ip_object("a", "p", "net-a", "10.0.1.5")).holders() == "-10.0.1.5 IP p.a vpc-a/net-a\n");
}

TEST_CASE("vpc-dns pods are known by their label, in kube-system only") {
  for (const std::string ns : {"kube-system", "tenant"}) {
    std::string pod = pod_object(ns, "x", "n1", "10.0.1.5", interface_of("net-a", "10.0.1.5"));
    pod.insert(pod.find("annotations"), "labels: {k8s-app: vpc-dns-x}, ");
    const ReadDump read = read_text(two_vpcs + pod);
    REQUIRE(read.dump.holders.size() == 1);
    CHECK((read.dump.holders[0].kind == HolderKind::VpcDns) == (ns == "kube-system"));
  }
}

TEST_CASE("the address of a gateway is lanIp, else what status, its pod or its IP shows") {
  const std::string pod = pod_object("kube-system", "vpc-nat-gw-gw-0", "n1", "", interface_of("net-a", "10.0.1.4"));
  const std::string ip = ip_object("kube-system", "vpc-nat-gw-gw-0", "net-a", "10.0.1.5");
  const std::string plain = gateway_object("gw", "vpc-a", "net-a");
  std::string with_status = plain;
  with_status.insert(with_status.rfind('}'), ", status: {lanIp: 10.0.1.3}");
  struct Case {
    std::string objects, address, codes;
  };
  for (const Case& one : std::vector<Case>{{gateway_object("gw", "vpc-a", "net-a", ", lanIp: 10.0.1.2") + pod + ip, "10.0.1.2", ""},
                                           {with_status + pod + ip, "10.0.1.3", ""},
                                           {plain + pod + ip, "10.0.1.4", ""},
                                           {plain + ip, "10.0.1.5", ""},
                                           {plain, "", "PC4001"},
                                           {gateway_object("gw", "vpc-a", "net-a", ", lanIp: x"), "", "PC0204"}}) {
    INFO(one.objects);
    const ReadDump read = read_text(two_vpcs + one.objects);
    REQUIRE(read.dump.gateways.size() == 1);
    const Gateway& gateway = read.dump.gateways[0];
    CHECK((gateway.address ? to_string(*gateway.address) : "") == one.address);
    CHECK(read.codes() == one.codes);
  }
}

TEST_CASE("a gateway can be written anew from its spec") {
  const ReadDump read = read_text(
      "apiVersion: kubeovn.io/v1\nkind: VpcNatGateway\nmetadata: {name: gw}\nspec:\n  vpc: a\n  subnet: \"1\"\n  lanIp: 10.0.1.2\n"
      "  replicas: 1\n  noDefaultEIP: true\n  selector: ['kubernetes.io/os: linux', \"a\\\"b\\\\\\n\"]\n  bfd: {minRX: 007, f: 1.5e3}\n"
      "  routes: []\n  qosPolicy: ''\n  externalSubnets: [e1, e2]\n  tolerations: null\n");
  CHECK(read.codes() == "");
  REQUIRE(read.dump.gateways.size() == 1);
  const Gateway& gateway = read.dump.gateways[0];
  CHECK(gateway.spec_json ==
        R"({"vpc": "a", "subnet": "1", "lanIp": "10.0.1.2", "replicas": 1, "noDefaultEIP": true, )"
        R"("selector": ["kubernetes.io/os: linux", "a\"b\\\u000a"], "bfd": {"minRX": "007", "f": 1.5e3}, )"
        R"("routes": [], "qosPolicy": "", "externalSubnets": ["e1", "e2"], "tolerations": null})");
  CHECK(gateway.external_subnets == std::vector<std::string>{"e1", "e2"});
  CHECK(gateway.ns == "kube-system");
  CHECK(gateway.loc == Loc{1, 1, 1});
  CHECK(gateway.lan_ip_loc == Loc{1, 7, 10});
}

TEST_CASE("excluded addresses of a Subnet") {
  struct Case {
    const char *written, *first, *last;
  };
  for (const Case& one : {Case{"10.0.1.1", "10.0.1.1", "10.0.1.1"}, {"10.0.1.9..10.0.1.20", "10.0.1.9", "10.0.1.20"},
                          {"fd00::1..fd00::ff", "fd00::1", "fd00::ff"}, {"10.0.1.9..10.0.1.8", nullptr, nullptr},
                          {"10.0.1.9..fd00::1", nullptr, nullptr}, {"10.0.1.9-10.0.1.20", nullptr, nullptr}, {"10.0.1.0/28", nullptr, nullptr}}) {
    INFO(one.written);
    const ReadDump read = read_text(subnet_object("s", "a", "10.0.1.0/24", fmt::format(", excludeIps: [\"{}\"]", one.written)));
    REQUIRE(read.dump.subnets.size() == 1);
    const auto& exclude = read.dump.subnets[0].exclude;
    if (one.first == nullptr) {
      CHECK(exclude.empty());
      CHECK(read.codes() == "PC4000");
    } else {
      REQUIRE(exclude.size() == 1);
      CHECK(to_string(exclude[0].first) == one.first);
      CHECK(to_string(exclude[0].last) == one.last);
    }
  }
}

TEST_CASE("Cilium's own ranges are those of CiliumNode, else of the Node if its ipam takes them from there") {
  const std::string node = node_object("n1", "192.168.0.1", "{podCIDRs: [10.244.0.0/24]}");
  const std::string cilium_node =
      "---\n{apiVersion: cilium.io/v2, kind: CiliumNode, metadata: {name: n1}, spec: {addresses: [{type: CiliumInternalIP, ip: 100.65.0.3}], "
      "health: {ipv4: 100.65.0.4}, ipam: {podCIDRs: [100.65.0.0/24]}}}\n";
  const auto config = [](const std::string& ipam) {
    return "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: cilium-config, namespace: kube-system}, data: {ipam: " + ipam + "}}\n";
  };
  struct Case {
    std::string objects, ranges;
  };
  for (const Case& one : std::vector<Case>{{node, "10.244.0.0/24"},
                                           {node + config("kubernetes"), "10.244.0.0/24"},
                                           {node + config("cluster-pool"), ""},
                                           {node + cilium_node, "100.65.0.0/24"},
                                           {cilium_node, "100.65.0.0/24"}}) {
    INFO(one.objects);
    const ReadDump read = read_text(one.objects);
    REQUIRE(read.dump.nodes.size() == 1);
    std::string ranges;
    for (const Cidr& cidr : read.dump.nodes[0].pod_cidrs) ranges += to_string(cidr);
    CHECK(ranges == one.ranges);
  }
  const ReadDump both = read_text(node + cilium_node + ip_object("", "node-n1", "join", "100.64.0.2"));
  REQUIRE(both.dump.nodes.size() == 1);
  std::string addresses;
  for (const Address& address : both.dump.nodes[0].addresses) addresses += to_string(address) + " ";
  CHECK(addresses == "100.64.0.2 100.65.0.3 100.65.0.4 192.168.0.1 ");
}

TEST_CASE("of configuration only the network's is read, and of Secrets nothing") {
  const ReadDump read = read_text(R"(
{apiVersion: v1, kind: List, items: [
 {apiVersion: v1, kind: ConfigMap, metadata: {name: cilium-config, namespace: kube-system}, data: {ipam: kubernetes, enable-hubble: "true"}},
 {apiVersion: v1, kind: ConfigMap, metadata: {name: cni-configuration, namespace: kube-system}, data: {cni-config: "{}"}},
 {apiVersion: v1, kind: ConfigMap, metadata: {name: app, namespace: shop}, data: {password: x}},
 {apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}, data: {password: 5}},
 {apiVersion: v1, kind: Secret, metadata: {name: t, namespace: shop}},
 {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: kube-ovn-cni, namespace: kube-system}, spec: {template: {spec: {containers: [
  {name: cni-server, image: "kubeovn/kube-ovn:v1.15.0", command: [bash], args: ["--enable-mirror=false"],
   env: [{name: ENABLE_SSL, value: "false"}, {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]}]}}}},
 {apiVersion: apps/v1, kind: Deployment, metadata: {name: kube-ovn-controller, namespace: kube-system}, spec: {template: {spec: {containers: [
  {name: kube-ovn-controller, args: ["--service-cluster-ip-range=10.96.0.0/12,fd00:10:96::/112"]}]}}}},
 {apiVersion: apps/v1, kind: Deployment, metadata: {name: shop, namespace: shop}, spec: {template: {spec: {containers: [{name: c}]}}}},
 {apiVersion: cilium.io/v2, kind: CiliumEndpoint, metadata: {name: web, namespace: shop}},
 {apiVersion: cilium.io/v2, kind: CiliumEgressGatewayPolicy, metadata: {name: e}},
 {apiVersion: cilium.io/v2alpha1, kind: CiliumBGPPeeringPolicy, metadata: {name: b}},
 {apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: a}},
 {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np, namespace: shop}},
 {apiVersion: kubeovn.io/v1, kind: VpcDns, metadata: {name: d}},
 {apiVersion: ec2.example.org/v1, kind: Subnet, metadata: {name: cloud}, spec: {cidrBlock: 5}},
 {apiVersion: example.org/v1, kind: Anything, metadata: {name: 5}}]}
)");
  CHECK(read.codes() == "");
  const Dump& dump = read.dump;
  REQUIRE(dump.config_maps.size() == 2);
  CHECK(dump.config_maps[0].name == "cilium-config");
  CHECK(dump.config_maps[0].data.at("enable-hubble").value == "true");
  CHECK(dump.config_maps[0].data.at("ipam").loc.line == 3);
  REQUIRE(dump.components.size() == 2);
  CHECK(dump.components[0].container == "cni-server");
  CHECK(dump.components[0].arguments == std::vector<std::string>{"bash", "--enable-mirror=false"});
  CHECK(dump.components[0].environment == std::map<std::string, std::string>{{"ENABLE_SSL", "false"}});
  REQUIRE(dump.service_cidrs.size() == 2);
  CHECK(to_string(dump.service_cidrs[0]) == "10.96.0.0/12");
  CHECK(dump.endpoints == std::set<std::string>{"shop/web"});
  std::string others;
  for (const OtherObject& other : dump.others) others += other.kind + " ";
  CHECK(others == "AdminNetworkPolicy CiliumBGPPeeringPolicy VpcDns CiliumEgressGatewayPolicy NetworkPolicy ");
  CHECK(dump.subnets.empty());
  const std::map<std::string, std::size_t> some = {{"Secret", 2}, {"ConfigMap", 3}, {"Deployment", 2}, {"Subnet.ec2.example.org", 1}, {"Anything", 1}};
  for (const auto& [kind, count] : some) {
    INFO(kind);
    CHECK(dump.kinds.at(kind) == count);
  }
}

TEST_CASE("an empty list of a kind tells that there is none, a plain List does not") {
  struct Case {
    const char *name, *text;
    std::map<std::string, std::size_t> kinds;
  };
  const std::string pod = pod_object("a", "p", "n1", "10.0.0.1");
  const std::vector<Case> cases = {
      {"a plain List", "{apiVersion: v1, kind: List, items: []}", {}},
      {"a typed list", "{apiVersion: v1, kind: PodList, items: []}", {{"Pod", 0}}},
      {"null items", "{apiVersion: v1, kind: PodList, items: null}", {{"Pod", 0}}},
      {"no items", "{apiVersion: v1, kind: PodList}", {{"PodList", 1}}},
      {"a kind of which nothing is read", "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicyList, items: []}", {{"CiliumNetworkPolicy", 0}}},
      {"of another group", "{apiVersion: ec2.example.org/v1, kind: SubnetList, items: []}", {{"Subnet.ec2.example.org", 0}}},
      {"without a group", "{kind: PodList, items: []}", {}},
      {"beside objects of the kind", pod.c_str(), {{"Pod", 1}}}};
  for (const Case& one : cases) {
    INFO(one.name);
    CHECK(read_text(one.text).dump.kinds == one.kinds);
  }
  CHECK(read_texts({pod, "{apiVersion: v1, kind: PodList, items: []}"}).dump.kinds == std::map<std::string, std::size_t>{{"Pod", 1}});
}

TEST_CASE("the order of files changes nothing, and objects given twice count once") {
  const std::string first = two_vpcs + gateway_object("gw", "vpc-a", "net-a", ", lanIp: 10.0.1.2") + vip_object("v", "net-a", "10.0.1.9");
  const std::string second = pod_object("a", "p", "n1", "10.0.1.5", interface_of("net-a", "10.0.1.5")) + vip_object("v", "net-a", "10.0.1.9");
  const ReadDump ab = read_texts({first, second}), ba = read_texts({second, first});
  CHECK(ab.holders() == ba.holders());
  CHECK(ab.codes() == "");
  CHECK(ab.dump.kinds == ba.dump.kinds);
  CHECK(ab.dump.kinds.at("Vip") == 1);
  CHECK(ab.dump.vpcs == std::vector<std::string>{"ovn-cluster", "vpc-a", "vpc-b"});
  CHECK(read_texts({first, vip_object("v", "net-a", "10.0.1.8")}).codes() == "PC0203");
}

TEST_CASE("values of the wrong type are reported with their place, all in one run") {
  const ReadDump read = read_text("apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: s}\nspec: {cidrBlock: nonsense, vpc: 5}\n" +
                                  pod_object("a", "p", "n1", "10.0.1.500") + "---\n{apiVersion: v1, kind: Pod, metadata: {}}\n");
  CHECK(read.codes() == "PC0205 PC0120 PC0204 PC0202");
  CHECK(read.diagnostics.all()[0].where.line == 4);
}
