// Health of the chaining, on small dumps that are right but for one thing.
#include "assess/chaining.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace policyconv;
using namespace policyconv::assess;

namespace {

ConfigMap& map_of(Dump& dump, const std::string& name) {
  return *std::find_if(dump.config_maps.begin(), dump.config_maps.end(), [&](const ConfigMap& m) { return m.name == name; });
}
void set(Dump& dump, const std::string& key, const std::string& value) { map_of(dump, "cilium-config").data[key] = {value, {1, 7, 3}}; }
void unset(Dump& dump, const std::string& key) { map_of(dump, "cilium-config").data.erase(key); }
void chain(Dump& dump, const std::string& text) { map_of(dump, "cni-configuration").data["cni-config"] = {text, {1, 3, 3}}; }
Component& component(Dump& dump, const std::string& name) {
  return *std::find_if(dump.components.begin(), dump.components.end(), [&](const Component& c) { return c.name == name; });
}
void add(Dump& dump, const std::string& kind, std::size_t count = 1) {
  dump.kinds[kind] += count;
  for (std::size_t i = 0; i < count; ++i) dump.others.push_back({kind, "shop", fmt::format("{}-{}", kind, i), {1, 90, 1}});
}
DumpSubnet subnet(const std::string& name, std::vector<Cidr> cidrs) {
  DumpSubnet result;
  result.name = name;
  result.cidrs = std::move(cidrs);
  return result;
}
Holder pod(const std::string& name, const std::string& address) {
  return {HolderKind::Pod, "shop", name, "n1", "ovn-cluster", "ovn-default", *parse_address(address), true, {1, 50, 1}};
}

/// The recipe of K§7.3.
Dump recipe() {
  Dump dump;
  dump.config_maps = {{"kube-system", "cilium-config", {}, {1, 1, 1}}, {"kube-system", "cni-configuration", {}, {1, 2, 1}}};
  const std::pair<const char*, const char*> settings[] = {{"cni-chaining-mode", "generic-veth"},
                                                          {"custom-cni-conf", "true"},
                                                          {"read-cni-conf", "/tmp/cni-configuration/cni-config"},
                                                          {"write-cni-conf-when-ready", "/host/etc/cni/net.d/05-cilium.conflist"},
                                                          {"cni-exclusive", "false"},
                                                          {"routing-mode", "native"},
                                                          {"enable-ipv4", "true"},
                                                          {"enable-ipv6", "false"},
                                                          {"enable-ipv4-masquerade", "false"},
                                                          {"enable-ipv6-masquerade", "false"},
                                                          {"enable-identity-mark", "false"},
                                                          {"enable-source-ip-verification", "false"},
                                                          {"devices", "eth+ ovn0 genev_sys_6081 vxlan_sys_4789"},
                                                          {"ipam", "cluster-pool"},
                                                          {"cluster-pool-ipv4-cidr", "100.65.0.0/16"},
                                                          {"kube-proxy-replacement", "false"}};
  for (const auto& [key, value] : settings) set(dump, key, value);
  chain(dump, R"({"name": "generic-veth", "plugins": [{"type": "kube-ovn"}, {"type": "portmap"}, {"type": "cilium-cni"}]})");
  dump.components = {
      {"DaemonSet", "kube-system", "cilium", "cilium-agent", "quay.io/cilium/cilium:v1.18.6", {"cilium-agent", "--config-dir=/tmp/cilium/config-map"}, {}, {1, 20, 1}},
      {"DaemonSet", "kube-system", "kube-ovn-cni", "cni-server", "kubeovn/kube-ovn:v1.16.2", {"--cni-conf-name=10-kube-ovn.conflist"}, {}, {1, 30, 1}},
      {"Deployment", "kube-system", "kube-ovn-controller", "kube-ovn-controller", "kubeovn/kube-ovn:v1.16.2", {"--enable-np=false", "--enable-lb=true"}, {}, {1, 40, 1}}};
  dump.subnets = {subnet("ovn-default", {*parse_cidr("10.16.0.0/16")})};
  dump.gateways.resize(1);
  dump.gateways[0].name = "gw-a";
  dump.holders = {pod("web-0", "10.16.0.10"), pod("web-1", "10.16.0.11")};
  dump.endpoints = {"shop/web-0", "shop/web-1"};
  dump.kinds = {{"Pod", 2}, {"Subnet", 1}, {"CiliumEndpoint", 2}};
  return dump;
}

/// "PC4020! PC4035": codes, with `!` for a Blocker and `.` for a Note.
std::string codes(const Dump& dump) {
  std::string text;
  for (const HealthFinding& finding : check_chaining(dump)) {
    text += (text.empty() ? "" : " ") + std::string(definition(finding.kind).code);
    if (finding.severity == Severity::Blocker) text += '!';
    if (finding.severity == Severity::Note) text += '.';
  }
  return text;
}

struct Case {
  std::string what, expected;
  std::function<void(Dump&)> change;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    Dump dump = recipe();
    c.change(dump);
    INFO(c.what);
    CHECK(codes(dump) == c.expected);
  }
}

}  // namespace

TEST_CASE("the recipe of Kube-OVN has no finding, and neither has an empty dump") {
  CHECK(codes(recipe()) == "");
  CHECK(codes({}) == "");
}

TEST_CASE("the order of the CNI configuration files decides whether Cilium is in the path") {
  check({
      {"default name", "PC4020!", [](Dump& d) { component(d, "kube-ovn-cni").arguments.clear(); }},
      {"named first", "PC4020!", [](Dump& d) { component(d, "kube-ovn-cni").arguments = {"--cni-conf-name", "01-kube-ovn.conflist"}; }},
      {"the last argument counts", "", [](Dump& d) { component(d, "kube-ovn-cni").arguments = {"--cni-conf-name=01-kube-ovn.conflist", "--cni-conf-name=10-kube-ovn.conflist"}; }},
      {"from the environment", "", [](Dump& d) { component(d, "kube-ovn-cni").arguments = {"--cni-conf-name=$(P)-kube-ovn.conflist"}; component(d, "kube-ovn-cni").environment = {{"P", "10"}}; }},
      {"priority 01", "PC4020!", [](Dump& d) { component(d, "kube-ovn-cni").arguments.clear(); component(d, "kube-ovn-cni").environment = {{"CNI_CONFIG_PRIORITY", "01"}}; }},
      {"priority 10", "", [](Dump& d) { component(d, "kube-ovn-cni").arguments.clear(); component(d, "kube-ovn-cni").environment = {{"CNI_CONFIG_PRIORITY", "10"}}; }},
      {"Cilium named later", "PC4020!", [](Dump& d) { set(d, "write-cni-conf-when-ready", "/host/etc/cni/net.d/20-cilium.conflist"); }},
      {"moved away by cni-exclusive", "PC4020", [](Dump& d) { component(d, "kube-ovn-cni").arguments.clear(); set(d, "cni-exclusive", "true"); }},
      {"not known without kube-ovn-cni", "", [](Dump& d) { d.components.erase(d.components.begin() + 1); }},
      {"cni-exclusive and Multus", "PC4026", [](Dump& d) { set(d, "cni-exclusive", "true"); d.kinds["NetworkAttachmentDefinition"] = 1; }},
  });
}

TEST_CASE("Cilium must be told to chain, with what, and where to write it") {
  check({
      {"mode none", "PC4021!", [](Dump& d) { set(d, "cni-chaining-mode", "none"); }},
      {"mode not set", "PC4021!", [](Dump& d) { unset(d, "cni-chaining-mode"); }},
      {"another mode", "PC4021", [](Dump& d) { set(d, "cni-chaining-mode", "portmap"); }},
      {"an argument of the agent wins", "PC4021!", [](Dump& d) { component(d, "cilium").arguments.push_back("--cni-chaining-mode=none"); }},
      {"no source", "PC4022!", [](Dump& d) { unset(d, "read-cni-conf"); }},
      {"a target is a source", "", [](Dump& d) { unset(d, "read-cni-conf"); set(d, "custom-cni-conf", "false"); set(d, "cni-chaining-target", "kube-ovn"); }},
      {"nowhere to write", "PC4022!", [](Dump& d) { unset(d, "write-cni-conf-when-ready"); set(d, "custom-cni-conf", "false"); }},
      {"written by others", "PC4022", [](Dump& d) { unset(d, "write-cni-conf-when-ready"); }},
  });
}

TEST_CASE("the chain is kube-ovn, portmap, cilium-cni") {
  const auto with = [](const std::string& types) {
    return [types](Dump& d) { chain(d, "{\"plugins\": [" + types + "]}"); };
  };
  check({
      {"Cilium missing", "PC4023!", with(R"({"type": "kube-ovn"}, {"type": "portmap"})")},
      {"Kube-OVN missing", "PC4023!", with(R"({"type": "portmap"}, {"type": "cilium-cni"})")},
      {"portmap missing", "PC4023.", with(R"({"type": "kube-ovn"}, {"type": "cilium-cni"})")},
      {"empty", "PC4023! PC4023. PC4023!", with("")},
      {"Cilium first", "PC4024!", with(R"({"type": "cilium-cni"}, {"type": "kube-ovn"}, {"type": "portmap"})")},
      {"portmap last", "PC4024", with(R"({"type": "kube-ovn"}, {"type": "cilium-cni"}, {"type": "portmap"})")},
      {"more plugins", "", with(R"({"type": "kube-ovn"}, {"type": "portmap"}, {"type": "tuning"}, {"type": "cilium-cni"})")},
      {"not JSON", "PC4025!", [](Dump& d) { chain(d, "{\"plugins\": ["); }},
      {"no list", "PC4025!", [](Dump& d) { chain(d, R"({"type": "kube-ovn"})"); }},
      {"empty text", "PC4025!", [](Dump& d) { chain(d, ""); }},
      {"another entry is read", "PC4025!", [](Dump& d) { set(d, "read-cni-conf", "/tmp/cni-configuration/other"); }},
  });
}

TEST_CASE("NetworkPolicies are enforced by one of the two") {
  const auto np = [](const std::string& argument) { return [argument](Dump& d) { component(d, "kube-ovn-controller").arguments = {argument}; }; };
  check({
      {"twice, none there", "PC4027.", np("--enable-np=true")},
      {"twice, by default", "PC4027.", np("--v=3")},
      {"twice", "PC4027", [&](Dump& d) { np("--enable-np=true")(d); add(d, "NetworkPolicy", 2); }},
      {"by Cilium", "", [&](Dump& d) { add(d, "NetworkPolicy"); }},
      {"nowhere", "PC4020! PC4028!", [&](Dump& d) { add(d, "NetworkPolicy"); component(d, "kube-ovn-cni").arguments.clear(); }},
      {"nowhere, but none there", "PC4020!", [&](Dump& d) { component(d, "kube-ovn-cni").arguments.clear(); }},
      {"our own does not count", "PC4020!", [&](Dump& d) {
         component(d, "kube-ovn-cni").arguments.clear();
         d.kinds["NetworkPolicy"] = 1;
         d.others.push_back({"NetworkPolicy", "kube-system", "policyconv-node-anchor", {}});
       }},
  });
}

TEST_CASE("settings that differ from the recipe are named") {
  check({
      {"both translate Services", "PC4029.", [](Dump& d) { set(d, "kube-proxy-replacement", "strict"); }},
      {"socket load balancing alone", "PC4029.", [](Dump& d) { set(d, "bpf-lb-sock", "true"); }},
      {"Cilium alone translates", "PC4030", [](Dump& d) { set(d, "kube-proxy-replacement", "true"); component(d, "kube-ovn-controller").arguments = {"--enable-np=false", "--enable-lb=false"}; }},
      {"kube-proxy translates", "", [](Dump& d) { component(d, "kube-ovn-controller").arguments = {"--enable-np=false", "--enable-lb=false"}; }},
      {"gateways before 1.20", "PC4031!", [](Dump& d) { unset(d, "enable-source-ip-verification"); }},
      {"gateways from 1.20 on", "PC4031", [](Dump& d) { set(d, "enable-source-ip-verification", "true"); component(d, "cilium").image = "quay.io/cilium/cilium:v1.20.1@sha256:00"; }},
      {"no gateway", "", [](Dump& d) { unset(d, "enable-source-ip-verification"); d.gateways.clear(); }},
      {"identity mark", "PC4032", [](Dump& d) { unset(d, "enable-identity-mark"); }},
      {"IPv6 alone in Cilium", "PC4033!", [](Dump& d) { set(d, "enable-ipv4", "false"); set(d, "enable-ipv6", "true"); }},
      {"IPv6 alone in Subnets", "PC4033!", [](Dump& d) { d.subnets = {subnet("six", {*parse_cidr("fd00::/64")})}; }},
      {"IPv6 not in Cilium", "PC4034", [](Dump& d) { d.subnets.push_back(subnet("two", {*parse_cidr("10.17.0.0/16"), *parse_cidr("fd00::/64")})); }},
      {"masquerade", "PC4035", [](Dump& d) { unset(d, "enable-ipv4-masquerade"); }},
      {"masquerade of a family that is off", "", [](Dump& d) { unset(d, "enable-ipv6-masquerade"); }},
      {"tunnel", "PC4036", [](Dump& d) { unset(d, "routing-mode"); }},
      {"old name of native routing", "", [](Dump& d) { unset(d, "routing-mode"); set(d, "tunnel", "disabled"); }},
      {"devices", "PC4043.", [](Dump& d) { set(d, "devices", "eth+"); }},
      {"devices not set", "", [](Dump& d) { unset(d, "devices"); }},
  });
}

TEST_CASE("ranges from which Cilium gives addresses must not be those of Subnets") {
  check({
      {"Helm's default pool", "PC4042", [](Dump& d) { set(d, "cluster-pool-ipv4-cidr", "10.0.0.0/8"); }},
      {"the second of a list", "PC4042", [](Dump& d) { set(d, "cluster-pool-ipv4-cidr", "100.65.0.0/16 10.16.8.0/24"); }},
      {"of the nodes", "PC4042", [](Dump& d) { set(d, "ipam", "kubernetes"); d.nodes = {{"n1", {}, {*parse_cidr("10.16.1.0/24")}, {}}, {"n2", {}, {*parse_cidr("10.16.2.0/24")}, {}}}; }},
      {"of the nodes, not used", "", [](Dump& d) { d.nodes = {{"n1", {}, {*parse_cidr("10.16.1.0/24")}, {}}}; }},
      {"of the nodes, apart", "", [](Dump& d) { set(d, "ipam", "kubernetes"); d.nodes = {{"n1", {}, {*parse_cidr("10.244.1.0/24")}, {}}}; }},
  });
}

TEST_CASE("pods without a CiliumEndpoint are named") {
  check({
      {"one", "PC4037", [](Dump& d) { d.endpoints = {"shop/web-0"}; }},
      {"all", "PC4038!", [](Dump& d) { d.endpoints = {"kube-system/other"}; }},
      {"endpoints are not in the dump", "", [](Dump& d) { d.endpoints.clear(); d.kinds.erase("CiliumEndpoint"); }},
      {"the dump says that there are none", "PC4038!", [](Dump& d) { d.endpoints.clear(); d.kinds["CiliumEndpoint"] = 0; }},
      {"Cilium writes none", "", [](Dump& d) { d.endpoints.clear(); d.kinds["CiliumEndpoint"] = 0; set(d, "disable-endpoint-crd", "true"); }},
      {"no Cilium is known that would write them", "", [](Dump& d) { d.endpoints.clear(); d.kinds["CiliumEndpoint"] = 0; d.config_maps.clear(); }},
      {"pods of the host have none", "", [](Dump& d) { d.holders.push_back(pod("host", "192.168.0.1")); d.holders.back().has_endpoint = false; }},
      {"a refused gateway", "PC4037", [](Dump& d) {
         Holder gateway = pod("gw-a", "10.0.1.2");
         gateway.kind = HolderKind::Gateway;
         gateway.ns = "kube-system";
         d.holders.push_back(gateway);
       }},
  });
  Dump dump = recipe();
  dump.endpoints.clear();
  dump.endpoints.insert("shop/web-1");
  const auto findings = check_chaining(dump);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].text == "1 of 2 pods have no CiliumEndpoint, so Cilium enforces nothing on them");
  CHECK(findings[0].evidence == "shop/web-0");
  CHECK(findings[0].loc == Loc{1, 50, 1});
}

TEST_CASE("mixtures that change meaning are named (K§4.2)") {
  const auto controller = [](Dump& d, const std::string& argument) { component(d, "kube-ovn-controller").arguments = {argument, "--enable-lb=true"}; };
  check({
      {"SecurityGroups and NetworkPolicies", "PC4027 PC4039", [&](Dump& d) { add(d, "SecurityGroup"); add(d, "NetworkPolicy"); controller(d, "--enable-np=true"); }},
      {"NetworkPolicies off", "", [&](Dump& d) { add(d, "SecurityGroup"); add(d, "NetworkPolicy"); }},
      {"admin policies idle", "PC4041", [&](Dump& d) { add(d, "AdminNetworkPolicy"); }},
      {"SecurityGroups and admin policies", "PC4040", [&](Dump& d) {
         add(d, "AdminNetworkPolicy");
         add(d, "SecurityGroup");
         component(d, "kube-ovn-controller").arguments = {"--enable-np=false", "--enable-anp"};
       }},
      {"SecurityGroups and Cilium's policies", "PC4044.", [&](Dump& d) { add(d, "SecurityGroup"); d.kinds["CiliumNetworkPolicy"] = 3; }},
      {"Cilium's policies without effect", "PC4020!", [&](Dump& d) { add(d, "SecurityGroup"); d.kinds["CiliumNetworkPolicy"] = 3; component(d, "kube-ovn-cni").arguments.clear(); }},
  });
}

TEST_CASE("every finding says what was seen, where, and what to do") {
  Dump dump = recipe();
  component(dump, "kube-ovn-cni").arguments.clear();
  const auto findings = check_chaining(dump);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].text ==
        "the CNI configuration `01-kube-ovn.conflist` of Kube-OVN comes before `05-cilium.conflist` of Cilium, so new pods get "
        "Kube-OVN alone and Cilium enforces nothing on them");
  CHECK(findings[0].evidence ==
        "DaemonSet kube-system/kube-ovn-cni does not set --cni-conf-name, whose default is `01-kube-ovn.conflist`; "
        "ConfigMap kube-system/cilium-config: write-cni-conf-when-ready: /host/etc/cni/net.d/05-cilium.conflist");
  CHECK(findings[0].loc == Loc{1, 30, 1});
  CHECK(findings[0].remedy.find("CNI_CONFIG_PRIORITY=10") != std::string::npos);
  CHECK(enforces_nothing(findings));
  CHECK_FALSE(enforces_nothing(check_chaining(recipe())));
}

TEST_CASE("pods that have a CiliumEndpoint stay guarded, whatever the chain has become") {
  Dump dump = recipe();
  CHECK(has_managed_pods(dump));
  dump.endpoints = {"kube-system/other"};
  CHECK_FALSE(has_managed_pods(dump));
}

TEST_CASE("of several pods without a CiliumEndpoint the place is that of the first that is named") {
  Dump dump = recipe();
  dump.holders = {pod("web-1", "10.16.0.10"), pod("web-0", "10.16.0.11"), pod("db-0", "10.16.0.12")};
  dump.holders[1].loc = {1, 51, 1};
  dump.endpoints = {"shop/db-0"};
  const auto findings = check_chaining(dump);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].evidence == "shop/web-0, shop/web-1");
  CHECK(findings[0].loc == Loc{1, 51, 1});
}

TEST_CASE("what the dump lacks is named as kubectl names it") {
  Dump dump = recipe();
  for (const char* kind : {"Vpc", "IP", "Node", "Namespace", "Service", "EndpointSlice", "CiliumNode", "CiliumNetworkPolicy"}) dump.kinds[kind] = 1;
  for (const char* kind : {"CiliumClusterwideNetworkPolicy", "NetworkPolicy", "Vip", "CiliumLoadBalancerIPPool"}) dump.kinds[kind] = 0;  // empty lists
  CHECK(missing_kinds(dump).empty());
  // One kind of policy says nothing about the others.
  dump.kinds.erase("CiliumClusterwideNetworkPolicy");
  dump.kinds.erase("NetworkPolicy");
  CHECK(missing_kinds(dump) == std::vector<std::string>{"ciliumclusterwidenetworkpolicies.cilium.io", "networkpolicies.networking.k8s.io"});
  dump.kinds["CiliumClusterwideNetworkPolicy"] = dump.kinds["NetworkPolicy"] = 1;
  // Other ConfigMaps and workloads do not tell how the chain is set up.
  dump.kinds["ConfigMap"] = dump.kinds["DaemonSet"] = dump.kinds["Deployment"] = 5;
  dump.kinds.erase("Pod");
  dump.config_maps.erase(dump.config_maps.begin());
  dump.components.clear();
  CHECK(missing_kinds(dump) == std::vector<std::string>{"pods", "configmaps", "daemonsets.apps", "deployments.apps"});
  dump.vpcs = {"a", "b"};
  dump.gateways.clear();
  CHECK(missing_kinds(dump).front() == "vpc-nat-gateways.kubeovn.io");
  dump.kinds["VpcNatGateway"] = 0;
  CHECK(missing_kinds(dump).front() == "pods");
}
