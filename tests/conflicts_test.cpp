// Addresses and ranges that Cilium cannot tell apart: who, what it does, and that finding them takes no pairs.
#include <algorithm>
#include <chrono>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "assess/conflicts.h"
#include "assess/next_address.h"
#include "tests/dumps.h"

using namespace policyconv;
using namespace policyconv::assess;
using namespace policyconv::testing;

namespace {

/// "PC4010 10.0.1.2 gw-a gw-b [n1] across": one line per conflict; `?` in front: a Warning.
std::string conflict_lines(const Dump& dump, const Conflicts& found) {
  std::string text;
  for (const Conflict& conflict : found.conflicts) {
    text += fmt::format("{}{} {}", conflict.severity == Severity::Warning ? "?" : "", definition(conflict.kind).code, to_string(conflict.address));
    for (const std::size_t i : conflict.holders) text += " " + dump.holders[i].name;
    for (const std::string& node : conflict.shared_nodes) text += fmt::format(" [{}]", node);
    text += conflict.across_nodes ? " across\n" : "\n";
  }
  return text;
}

/// "Warning PC4013 A | B | 10.0.1.0/24 | 2 next"
std::string overlap_lines(const Conflicts& found) {
  std::string text;
  for (const Overlap& overlap : found.overlaps)
    text += fmt::format("{} {} {} | {} | {}{}{}\n", overlap.severity == Severity::Note ? "Note" : overlap.severity == Severity::Warning ? "Warning" : "Blocker",
                        definition(overlap.kind).code, overlap.a, overlap.b, to_string(overlap.common),
                        overlap.held_twice ? fmt::format(" | {} twice", overlap.held_twice) : "", overlap.with_one_more_gateway ? " | next" : "");
  return text;
}

const std::string vpcs = vpc_object("vpc-a") + vpc_object("vpc-b") + subnet_object("net-a", "vpc-a", "10.0.1.0/24") +
                         subnet_object("net-b", "vpc-b", "10.0.1.0/24");

std::string gateway_pod(std::string_view name, std::string_view node, std::string_view subnet, std::string_view address) {
  return pod_object("kube-system", fmt::format("vpc-nat-gw-{}-0", name), node, address, interface_of(subnet, address));
}

}  // namespace

TEST_CASE("an address held more than once is a conflict wherever Cilium has an endpoint for it") {
  const std::string gateways = gateway_object("gw-a", "vpc-a", "net-a", ", lanIp: 10.0.1.2") + gateway_object("gw-b", "vpc-b", "net-b", ", lanIp: 10.0.1.2");
  const std::string found_by_pod = gateway_object("gw-a", "vpc-a", "net-a") + gateway_object("gw-b", "vpc-b", "net-b");
  const std::string pod_a = pod_object("a", "p", "n1", "10.0.1.5", interface_of("net-a", "10.0.1.5"));
  const std::string pod_b = pod_object("b", "q", "n2", "10.0.1.5", interface_of("net-b", "10.0.1.5"));
  struct Case {
    const char* name;
    std::string objects, expected;
  };
  const std::vector<Case> cases = {
      {"gateways whose pods the dump lacks", gateways, "PC4010 10.0.1.2 gw-a gw-b\n"},
      {"gateways on one node", gateways + gateway_pod("gw-a", "n1", "net-a", "10.0.1.2") + gateway_pod("gw-b", "n1", "net-b", "10.0.1.2"),
       "PC4010 10.0.1.2 gw-a gw-b [n1]\n"},
      {"gateways on two nodes", gateways + gateway_pod("gw-a", "n1", "net-a", "10.0.1.2") + gateway_pod("gw-b", "n2", "net-b", "10.0.1.2"),
       "PC4010 10.0.1.2 gw-a gw-b across\n"},
      {"lanIp is empty and the pods show the address",
       found_by_pod + gateway_pod("gw-a", "n1", "net-a", "10.0.1.2") + gateway_pod("gw-b", "n1", "net-b", "10.0.1.2"),
       "PC4010 10.0.1.2 gw-a gw-b [n1]\n"},
      {"gateways of several namespaces",
       gateway_object("gw-a", "vpc-a", "net-a", ", lanIp: 10.0.1.2, namespace: v") + gateway_object("gw-b", "vpc-b", "net-b", ", lanIp: 10.0.1.2, namespace: w"),
       "PC4010 10.0.1.2 gw-a gw-b\n"},
      {"gateways with addresses of their own",
       gateway_object("gw-a", "vpc-a", "net-a", ", lanIp: 10.0.1.2") + gateway_object("gw-b", "vpc-b", "net-b", ", lanIp: 10.0.1.3"), ""},
      {"pods of two VPCs", pod_a + pod_b, "PC4011 10.0.1.5 p q across\n"},
      {"three, two of them on one node", pod_a + pod_b + pod_object("c", "r", "n1", "10.0.1.5", interface_of("net-c", "10.0.1.5")),
       "PC4011 10.0.1.5 p q r [n1] across\n"},
      {"a gateway and a pod", gateway_object("gw-a", "vpc-a", "net-a", ", lanIp: 10.0.1.5") + pod_b, "PC4011 10.0.1.5 gw-a q\n"},
      {"IP objects, where the dump has no pods", ip_object("a", "p", "net-a", "10.0.1.5", "n1") + ip_object("b", "q", "net-b", "10.0.1.5", "n1"),
       "PC4011 10.0.1.5 p.a q.b [n1]\n"},
      {"IP objects of one namespace", ip_object("a", "p", "net-a", "10.0.1.5", "n1") + ip_object("a", "q", "net-b", "10.0.1.5", "n2"),
       "PC4011 10.0.1.5 p.a q.a across\n"},
      {"a Vip in another VPC", pod_a + vip_object("v", "net-b", "10.0.1.5"), "?PC4012 10.0.1.5 p v\n"},
      {"a Vip in the same VPC is the pod's own", pod_a + vip_object("v", "net-a", "10.0.1.5"), ""},
      {"an IP without a pod in another VPC", pod_a + ip_object("b", "gone", "net-b", "10.0.1.5"), "?PC4012 10.0.1.5 p gone.b\n"},
      {"Vips alone are nothing to Cilium", vip_object("v", "net-a", "10.0.1.5") + vip_object("w", "net-b", "10.0.1.5"), ""},
      {"an interface beside eth0 is nothing to Cilium",
       pod_a + pod_object("b", "q", "n1", "10.16.0.5", interface_of("net-b", "10.0.1.5", "nad.b.ovn")), ""},
      {"pods on the host's network share the node's address",
       pod_object("a", "p", "n1", "192.168.0.1", "", ", hostNetwork: true") + pod_object("a", "q", "n1", "192.168.0.1", "", ", hostNetwork: true"), ""},
      {"IPv6", pod_object("a", "p", "n1", "fd00::5") + pod_object("b", "q", "n1", "fd00:0::5"), "PC4011 fd00::5 p q [n1]\n"}};
  for (const Case& one : cases) {
    INFO(one.name);
    const ReadDump read = read_text(vpcs + one.objects);
    const Conflicts found = find_conflicts(read.dump);
    CHECK(conflict_lines(read.dump, found) == one.expected);
    for (const Conflict& conflict : found.conflicts) {
      CHECK(conflict.among_gateways(read.dump) == (conflict.kind == Kind::GatewaysShareAddress));
      CHECK_FALSE(conflict.remedy.empty());
    }
  }
}

TEST_CASE("vpc-dns of overlapping VPCs is named, with the pods to recreate") {
  std::string objects = vpcs;
  for (const std::string vpc : {"a", "b"}) {
    std::string pod = pod_object("kube-system", "vpc-dns-" + vpc + "-x", "n1", "10.0.1.3", interface_of("net-" + vpc, "10.0.1.3"));
    pod.insert(pod.find("annotations"), "labels: {k8s-app: vpc-dns-" + vpc + "}, ");
    objects += pod;
  }
  const ReadDump read = read_text(objects);
  const Conflicts found = find_conflicts(read.dump);
  REQUIRE(found.conflicts.size() == 1);
  CHECK(found.conflicts[0].text ==
        "address 10.0.1.3 is held more than once: vpc-dns pod kube-system/vpc-dns-a-x (VPC vpc-a, node n1) and "
        "vpc-dns pod kube-system/vpc-dns-b-x (VPC vpc-b, node n1)");
  CHECK(found.conflicts[0].effect ==
        "on n1 Cilium refuses every endpoint but the first: CNI ADD fails with `IP ipv4:10.0.1.3 is already in use`");
  CHECK(found.conflicts[0].remedy.find("VpcDns included") != std::string::npos);
}

TEST_CASE("what Cilium does depends on where the holders run") {
  struct Case {
    const char *node_a, *node_b, *effect;
  };
  for (const Case& one : {Case{"n1", "n1", "on n1 Cilium refuses"}, {"n1", "n2", "across nodes the address has the identity"},
                          {"n1", "\"\"", "the dump does not say where they run"}}) {
    const ReadDump read = read_text(vpcs + pod_object("a", "p", one.node_a, "10.0.1.5", interface_of("net-a", "10.0.1.5")) +
                                    pod_object("b", "q", one.node_b, "10.0.1.5", interface_of("net-b", "10.0.1.5")));
    const Conflicts found = find_conflicts(read.dump);
    REQUIRE(found.conflicts.size() == 1);
    CHECK(found.conflicts[0].effect.find(one.effect) != std::string::npos);
  }
}

TEST_CASE("ranges that overlap") {
  const std::string join = subnet_object("join", "ovn-cluster", "100.64.0.0/16");
  const std::string pods = pod_object("a", "p", "n1", "10.0.1.5", interface_of("net-a", "10.0.1.5")) +
                           pod_object("b", "q", "n2", "10.0.1.5", interface_of("net-b", "10.0.1.5"));
  const auto services = [](const std::string& cidr) {
    return "---\n{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: k}, spec: {cidrs: [" + cidr + "]}}\n";
  };
  const auto node = [](const std::string& name, const std::string& address, const std::string& range) {
    return node_object(name, address, "{podCIDRs: [" + range + "]}");
  };
  struct Case {
    const char* name;
    std::string objects, expected;
  };
  const std::vector<Case> cases = {
      {"Subnets beside one another", subnet_object("a", "x", "10.0.0.0/24") + subnet_object("b", "u", "10.0.1.0/24"), ""},
      {"equal Subnets of two VPCs", vpcs, "Warning PC4013 Subnet net-a (VPC vpc-a) | Subnet net-b (VPC vpc-b) | 10.0.1.0/24 | next\n"},
      {"a conflict in them", vpcs + pods, "Blocker PC4013 Subnet net-a (VPC vpc-a) | Subnet net-b (VPC vpc-b) | 10.0.1.0/24 | 1 twice | next\n"},
      {"one Subnet inside of another", subnet_object("a", "x", "10.0.0.0/16") + subnet_object("b", "u", "10.0.1.0/24"),
       "Warning PC4013 Subnet b (VPC u) | Subnet a (VPC x) | 10.0.1.0/24\n"},
      {"three levels", subnet_object("a", "x", "10.0.0.0/8") + subnet_object("b", "u", "10.0.0.0/16") + subnet_object("c", "z", "10.0.9.0/24"),
       "Warning PC4013 Subnet b (VPC u) | Subnet a (VPC x) | 10.0.0.0/16 | next\n"
       "Warning PC4013 Subnet c (VPC z) | Subnet b (VPC u) and Subnet a (VPC x) | 10.0.9.0/24\n"},
      {"both families", subnet_object("a", "x", "10.0.0.0/24,fd00::/112") + subnet_object("b", "u", "10.0.1.0/24,fd00::/112"),
       "Warning PC4013 Subnet a (VPC x) | Subnet b (VPC u) | fd00::/112 | next\n"},
      {"Subnets for interfaces beside eth0", subnet_object("a", "x", "10.0.0.0/24", ", provider: m.x.ovn") + subnet_object("b", "ovn-cluster", "10.0.0.0/16"),
       "Note PC4013 Subnet a (VPC x) | Subnet b (VPC ovn-cluster) | 10.0.0.0/24\n"},
      {"a Subnet that OVN does not serve", subnet_object("a", "x", "10.0.0.0/24", ", provider: m.x") + subnet_object("b", "u", "10.0.0.0/24"), ""},
      {"the join Subnet", join + subnet_object("a", "x", "100.64.3.0/24"),
       "Warning PC4013 Subnet a (VPC x) | Subnet join (VPC ovn-cluster) | 100.64.3.0/24\n"},
      {"a node has its join address rightly", join + node_object("n1", "100.64.0.2"), ""},
      {"the address of a node", subnet_object("a", "x", "192.168.0.0/24") + node_object("n1", "192.168.0.7"),
       "Warning PC4014 Subnet a (VPC x) | address 192.168.0.7 of node n1 | 192.168.0.7/32\n"},
      {"the address of a node that a pod has", subnet_object("a", "x", "192.168.0.0/24") + node_object("n1", "192.168.0.7") +
                                                   pod_object("a", "p", "n1", "192.168.0.7", interface_of("a", "192.168.0.7")),
       "Blocker PC4014 Subnet a (VPC x) | address 192.168.0.7 of node n1 | 192.168.0.7/32 | 1 twice\n"},
      {"Service range around a Subnet", subnet_object("a", "x", "10.96.5.0/24") + services("10.96.0.0/12"),
       "Warning PC4014 Subnet a (VPC x) | service range 10.96.0.0/12 | 10.96.5.0/24\n"},
      {"Service range inside of a Subnet", subnet_object("a", "x", "10.0.0.0/8") + services("10.96.0.0/12"),
       "Warning PC4014 Subnet a (VPC x) | service range 10.96.0.0/12 | 10.96.0.0/12\n"},
      {"ranges of five nodes inside of a Subnet are one finding",
       subnet_object("a", "x", "10.16.0.0/16") + node("n1", "192.168.0.1", "10.16.0.0/24") + node("n2", "192.168.0.2", "10.16.1.0/24") +
           node("n3", "192.168.0.3", "10.16.2.0/24") + node("n4", "192.168.0.4", "10.16.3.0/24") + node("n5", "192.168.0.5", "10.16.4.0/24"),
       "Warning PC4014 Subnet a (VPC x) | podCIDR of node n1, podCIDR of node n2, podCIDR of node n3 and 2 more | 10.16.0.0/16\n"},
      {"a Subnet inside of the range of a node", subnet_object("a", "x", "10.16.0.0/28") + node("n1", "192.168.0.1", "10.16.0.0/24"),
       "Warning PC4014 Subnet a (VPC x) | podCIDR of node n1 | 10.16.0.0/28\n"},
      {"node and Service ranges without a Subnet are Cilium's own matter", node("n1", "192.168.0.1", "10.96.0.0/24") + services("10.96.0.0/12"), ""}};
  for (const Case& one : cases) {
    INFO(one.name);
    const Conflicts found = find_conflicts(read_text(one.objects).dump);
    CHECK(overlap_lines(found) == one.expected);
    for (const Overlap& overlap : found.overlaps) CHECK(overlap.ranges.size() >= 2);
  }
}

TEST_CASE("pods with the address of a node are counted, and the way out is told by what is in the way") {
  const std::string subnet = subnet_object("a", "x", "192.168.0.0/16");
  const auto remedy = [](const std::string& objects) { return find_conflicts(read_text(objects).dump).overlaps.at(0).remedy; };
  const std::string taken = subnet + node_object("n1", "192.168.0.7") + node_object("n2", "192.168.0.8") +
                            pod_object("a", "p", "n1", "192.168.0.7", interface_of("a", "192.168.0.7"));
  CHECK(addresses_of_nodes(find_conflicts(read_text(taken).dump)) == 1);
  CHECK(addresses_of_nodes(find_conflicts(read_text(subnet + node_object("n1", "192.168.0.7")).dump)) == 0);
  CHECK(remedy(taken) == "move the Subnet: recreate it with another range, and the pods in it");
  CHECK(remedy(subnet + node_object("n1", "10.0.0.1", "{podCIDRs: [192.168.3.0/24]}")) ==
        "move the Subnet, or let Cilium take its addresses from a range of its own");
}

TEST_CASE("the next address is the first that IPAM has free") {
  struct Case {
    const char *cidr, *excluded, *used, *expected;
  };
  for (const Case& one : {Case{"10.0.1.0/24", "", "", "10.0.1.2"}, {"10.0.1.0/24", "", "10.0.1.2", "10.0.1.3"}, {"10.0.1.0/24", "", "10.0.1.4", "10.0.1.2"},
                          {"10.0.1.0/24", "10.0.1.2..10.0.1.9", "10.0.1.10", "10.0.1.11"}, {"10.0.1.0/24", "10.0.0.0..10.0.1.40", "", "10.0.1.41"},
                          {"10.0.1.0/24", "10.0.1.2..10.0.1.254", "", ""}, {"10.0.1.0/24", "10.0.1.2..10.0.1.253", "", "10.0.1.254"},
                          {"10.0.1.0/30", "", "10.0.1.2", ""}, {"10.0.1.0/31", "", "", ""}, {"10.0.1.1/32", "", "", ""},
                          {"255.255.255.0/24", "255.255.255.2..255.255.255.255", "", ""}, {"fd00::/64", "", "fd00::1", "fd00::2"},
                          {"fd00::/64", "fd00::1..fd00::ffff:ffff:ffff", "", "fd00::1:0:0:0"}}) {
    INFO(one.cidr << " " << one.excluded << " " << one.used);
    const std::string exclude = *one.excluded ? fmt::format(", excludeIps: [\"{}\"]", one.excluded) : "";
    const ReadDump read = read_text(subnet_object("s", "a", one.cidr, ", gateway: 10.0.1.1" + exclude));
    REQUIRE(read.dump.subnets.size() == 1);
    std::vector<Address> used;
    if (*one.used) used.push_back(*parse_address(one.used));
    const auto next = next_address(read.dump.subnets[0], *parse_cidr(one.cidr), used);
    if (std::string_view(one.cidr) == "255.255.255.0/24") {
      CHECK(to_string(*next) == "255.255.255.1");  // its gateway is elsewhere
      CHECK_FALSE(next_address(read.dump.subnets[0], *parse_cidr(one.cidr), {*next}));
    } else {
      CHECK((next ? to_string(*next) : "") == one.expected);
    }
  }
}

TEST_CASE("one more gateway per VPC: who would get the same address, or one that is taken") {
  const auto lines = [](const Dump& dump) {
    std::string text;
    for (const ComingConflict& coming : find_conflicts(dump).coming) {
      text += to_string(coming.address);
      for (const std::size_t i : coming.subnets) text += " " + dump.subnets[i].name;
      for (const std::size_t i : coming.holders) text += " =" + dump.holders[i].name;
      text += "\n";
    }
    return text;
  };
  const std::string gateways = gateway_object("gw-a", "vpc-a", "net-a", ", lanIp: 10.0.1.1") + gateway_object("gw-b", "vpc-b", "net-b", ", lanIp: 10.0.1.1");
  struct Case {
    const char* name;
    std::string objects, expected;
  };
  const std::vector<Case> cases = {
      {"used alike", vpcs + gateways, "10.0.1.2 net-a net-b\n"},
      {"used differently", vpcs + gateways + vip_object("v", "net-a", "10.0.1.2"), ""},
      {"held by a pod of the other", vpcs + gateways + vip_object("v", "net-a", "10.0.1.2") + pod_object("a", "p", "n1", "10.0.1.2", interface_of("net-a", "10.0.1.2")),
       "10.0.1.2 net-b =p\n"},
      {"in the Subnet that has gateways, not in another", vpcs + gateways + subnet_object("net-c", "vpc-a", "10.9.0.0/24") + subnet_object("net-d", "vpc-b", "10.9.0.0/24"),
       "10.0.1.2 net-a net-b\n"},
      {"VPCs without a gateway: in any Subnet", vpcs + subnet_object("net-c", "vpc-a", "10.9.0.0/24") + subnet_object("net-d", "vpc-b", "10.9.0.0/24"),
       "10.0.1.1 net-a net-b\n10.9.0.1 net-c net-d\n"},
      {"the default VPC has no NAT gateways", subnet_object("a", "ovn-cluster", "10.0.1.0/24") + subnet_object("b", "x", "10.0.1.0/24"), ""}};
  for (const Case& one : cases) {
    INFO(one.name);
    CHECK(lines(read_text(one.objects).dump) == one.expected);
  }
  CHECK(find_conflicts(read_text(vpcs + gateways).dump).coming[0].text ==
        "the next gateway in Subnet net-a (VPC vpc-a) and Subnet net-b (VPC vpc-b) would get 10.0.1.2, the same in all of them");
}

TEST_CASE("conflicts are what comparing every pair of holders gives") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    Dump dump;
    for (int i = 0; i < 30; ++i) {
      const auto pick = [&](unsigned count) { return static_cast<unsigned>(random() % count); };
      Holder holder;
      holder.kind = static_cast<HolderKind>(pick(5));
      holder.ns = "ns";
      holder.name = fmt::format("h{}", i);
      holder.node = pick(4) == 0 ? "" : fmt::format("n{}", pick(3));
      holder.vpc = fmt::format("v{}", pick(3));
      holder.address = *parse_address(fmt::format("10.0.0.{}", pick(25)));
      holder.has_endpoint = holder.kind != HolderKind::Vip && pick(4) != 0;
      dump.holders.push_back(holder);
    }
    std::sort(dump.holders.begin(), dump.holders.end(), [](const Holder& a, const Holder& b) { return a.address < b.address; });
    std::set<Address> clashing;
    std::set<std::pair<Address, std::string>> refused;
    const auto silent = [](const Holder& h) { return !h.has_endpoint && (h.kind == HolderKind::Vip || h.kind == HolderKind::Ip); };
    for (const Holder& a : dump.holders)
      for (const Holder& b : dump.holders) {
        if (&a == &b || a.address != b.address) continue;
        if (a.has_endpoint && (b.has_endpoint || (silent(b) && a.vpc != b.vpc))) clashing.insert(a.address);
        if (a.has_endpoint && b.has_endpoint && !a.node.empty() && a.node == b.node) refused.insert({a.address, a.node});
      }
    std::set<Address> found;
    std::set<std::pair<Address, std::string>> shared;
    for (const Conflict& conflict : find_conflicts(dump).conflicts) {
      found.insert(conflict.address);
      for (const std::string& node : conflict.shared_nodes) shared.insert({conflict.address, node});
    }
    CHECK(found == clashing);
    CHECK(shared == refused);
  }
}

TEST_CASE("overlaps name every Subnet that comparing all pairs finds") {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    Dump dump;
    for (int i = 0; i < 12; ++i) {
      DumpSubnet subnet;
      subnet.name = fmt::format("s{}", i);
      subnet.vpc = fmt::format("v{}", i);
      subnet.cidrs = {*parse_cidr(fmt::format("10.0.{}.0/{}", random() % 16, 19 + random() % 6))};
      dump.subnets.push_back(std::move(subnet));
    }
    std::set<std::string> expected, found;
    for (const DumpSubnet& a : dump.subnets)
      for (const DumpSubnet& b : dump.subnets)
        if (a.name != b.name && overlaps(a.cidrs[0], b.cidrs[0])) expected.insert(fmt::format("Subnet {} (VPC {})", a.name, a.vpc));
    for (const Overlap& overlap : find_conflicts(dump).overlaps) found.insert(overlap.ranges.begin(), overlap.ranges.end());
    CHECK(found == expected);
  }
}

TEST_CASE("a cluster of 500 VPCs, 2,000 Subnets and 50,000 IPs is read and searched without pairs") {
  std::string text;
  for (int vpc = 0; vpc < 500; ++vpc) {
    text += vpc_object(fmt::format("vpc-{}", vpc));
    for (int subnet = 0; subnet < 4; ++subnet) {
      const std::string name = fmt::format("net-{}-{}", vpc, subnet);
      text += subnet_object(name, fmt::format("vpc-{}", vpc), fmt::format("10.0.{}.0/24", subnet), fmt::format(", gateway: 10.0.{}.1", subnet));
      for (int i = 0; i < 25; ++i)
        text += ip_object("shop", fmt::format("pod-{}-{}-{}", vpc, subnet, i), name, fmt::format("10.0.{}.{}", subnet, i + 2), fmt::format("n{}", i));
    }
    text += gateway_object(fmt::format("gw-{}", vpc), fmt::format("vpc-{}", vpc), fmt::format("net-{}-0", vpc), ", lanIp: 10.0.0.254");
  }
  const auto seconds_since = [](auto start) { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  const auto reading = std::chrono::steady_clock::now();
  const ReadDump read = read_text(text);
  const double read_in = seconds_since(reading);
  const auto searching = std::chrono::steady_clock::now();
  const Conflicts found = find_conflicts(read.dump);
  WARN(fmt::format("{} MB read in {:.2f} s, searched in {:.3f} s", text.size() / 1'000'000, read_in, seconds_since(searching)));

  CHECK(read.dump.subnets.size() == 2000);
  CHECK(read.dump.holders.size() == 50'500);
  CHECK(found.conflicts.size() == 101);  // 4 x 25, and the gateways
  CHECK(found.overlaps.size() == 4);     // as pairs: 499,000
  std::size_t named = 0;
  for (const Overlap& overlap : found.overlaps) named += overlap.ranges.size();
  for (const Conflict& conflict : found.conflicts) {
    named += conflict.holders.size();
    CHECK(conflict.text.size() < 1000);
  }
  for (const ComingConflict& coming : found.coming) named += coming.subnets.size() + coming.holders.size();
  CHECK(named <= 2 * (read.dump.subnets.size() + read.dump.holders.size()));
}
