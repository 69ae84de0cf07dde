#include "tests/ovn/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tests/ovn/expressions.h"

namespace policyconv::real_ovn {
namespace {

using namespace kubeovn;

Address address(const std::string& text) {
  return parse_address(text).value();
}
Cidr cidr(const std::string& text) {
  return parse_cidr(text).value();
}

constexpr const char* cidrs4[] = {"0.0.0.0/0",    "10.0.0.0/8",   "10.16.0.0/16", "10.16.0.0/30",   "10.16.0.2/31",
                                  "10.16.0.3/32", "10.17.0.0/16", "10.17.0.2/32", "192.168.0.0/16", "192.168.0.1/32",
                                  "1.1.1.0/24",   "1.1.1.1/32",   "128.0.0.0/1"};
constexpr const char* cidrs6[] = {"::/0",           "fd00::/8",        "fd00:16::/64",  "fd00:16::2/127",
                                  "fd00:16::3/128", "fd00:192::1/128", "2001:db8::/32", "8000::/1"};
constexpr const char* outside4[] = {"1.1.1.1", "1.1.1.254", "1.1.2.1", "10.200.0.1", "10.16.0.77", "192.168.0.9"};
constexpr const char* outside6[] = {"2001:db8::1", "2001:db9::1", "fd00:16::77", "fe00::1"};
constexpr std::uint16_t port_numbers[] = {1, 53, 67, 68, 79, 80, 81, 443, 546, 547, 8080, 65535};
constexpr std::uint16_t icmp_types[] = {0, 3, 8, 13, 128, 129, 130, 133, 134, 135, 136, 143, 200};
constexpr const char* group_names[] = {"a", "b-1", "c", "d-d", "none"};  // the last one never exists

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed), seed_(seed) {}

  Scenario scenario() {
    add_cluster();
    add_groups();
    add_bindings();
    add_subnet_acls();
    for (int i = 0; i < 60; ++i) add_packet();
    return std::move(result_);
  }

 private:
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  template <typename List>
  auto pick(const List& list) {
    return list[below(std::size(list))];
  }

  void add_subnet(const char* name, const char* vpc, const char* v4, const char* v6) {
    Subnet subnet;
    subnet.name = name, subnet.vpc = vpc, subnet.provider = "ovn";
    subnet.cidrs = {cidr(v4), cidr(v6)};
    result_.cluster.subnets.push_back(std::move(subnet));
  }
  void add_node(int number) {
    Node node;
    node.name = fmt::format("n{}", number);
    node.internal = {address(fmt::format("192.168.0.{}", number)), address(fmt::format("fd00:192::{}", number))};
    node.join = {address(fmt::format("100.64.0.{}", number + 1)), address(fmt::format("fd00:64::{}", number + 1))};
    result_.cluster.nodes.push_back(std::move(node));
  }
  void add_pod(const char* name, const char* subnet, int net, int host) {
    Pod pod;
    pod.ns = "shop", pod.name = name, pod.node = chance(2) ? "n1" : "n2";
    pod.addresses = {address(fmt::format("10.{}.0.{}", net, host))};
    if (!chance(4)) pod.addresses.push_back(address(fmt::format("fd00:{}::{}", net, host)));
    pod.annotations["ovn.kubernetes.io/logical_switch"] = subnet;
    result_.cluster.pods.push_back(std::move(pod));
  }
  /// Every vector sorted by name, as Cluster wants it.
  void add_cluster() {
    result_.cluster.given = true;
    add_node(1);
    add_node(2);
    add_subnet("blue", "tenant", "10.16.0.0/16", "fd00:16::/64");
    add_subnet("far", "ovn-cluster", "10.17.0.0/16", "fd00:17::/64");
    add_subnet("join", "ovn-cluster", "100.64.0.0/16", "fd00:64::/64");
    add_subnet("main", "ovn-cluster", "10.16.0.0/16", "fd00:16::/64");
    add_pod("alone", "blue", 16, 4);
    add_pod("db", "main", 16, 3);
    add_pod("far", "far", 17, 2);
    add_pod("twin", "blue", 16, 3);  // the address of db
    add_pod("web", "main", 16, 2);
  }

  int priority() {
    const Release release = result_.manifest.release;
    if (chance(60)) return release.max_priority() + 1;
    if (chance(8) && release.minor >= 16) return 15484;  // the OVN priority of the node ACL (K§10.5)
    return 1 + static_cast<int>(below(chance(2) ? 4 : static_cast<std::size_t>(release.max_priority())));
  }
  SgRule rule() {
    SgRule rule;
    rule.priority = priority();
    rule.policy = chance(2) ? Verdict::Allow : Verdict::Deny;
    rule.family = chance(3) ? Family::V6 : Family::V4;
    rule.protocol = pick(std::array{SgProtocol::All, SgProtocol::Icmp, SgProtocol::Tcp, SgProtocol::Udp});
    if (rule.protocol == SgProtocol::Tcp || rule.protocol == SgProtocol::Udp) {
      std::uint16_t first = pick(port_numbers), last = pick(port_numbers);
      if (first > last && !chance(40)) std::swap(first, last);
      rule.ports = {first, last};
    }
    const bool v4 = (rule.family == Family::V4) != chance(20);
    if (chance(3))
      rule.remote = SgName{group_names[below(chance(30) ? 5 : 4)]};
    else
      rule.remote = cidr(v4 ? pick(cidrs4) : pick(cidrs6));
    return rule;
  }
  void add_groups() {
    Manifest& manifest = result_.manifest;
    manifest.release = {pick(std::array{12, 14, 16})};
    manifest.node_anchor = chance(2);
    for (std::size_t i = 0; i + 1 < std::size(group_names); ++i) {
      SecurityGroup group;
      group.name = group_names[i];
      for (std::size_t n = below(8); n > 0; --n) group.ingress.push_back(rule());
      for (std::size_t n = below(8); n > 0; --n) group.egress.push_back(rule());
      manifest.security_groups.push_back(std::move(group));
    }
  }
  void add_bindings() {
    for (const Pod& pod : result_.cluster.pods) {
      Binding binding{pod.ns, pod.name, {}};
      for (const char* name : group_names)
        if (chance(2)) binding.groups.emplace_back(name);
      if (!binding.groups.empty()) result_.manifest.bindings.push_back(std::move(binding));
    }
  }

  std::string match(bool ingress, RandomExpressions& random) {
    std::string group = pick(group_names);
    std::replace(group.begin(), group.end(), '-', '.');
    const std::string expression = random.next();
    if (chance(4)) return expression;
    return fmt::format("{} == @ovn.sg.{} && ({})", ingress ? "outport" : "inport", group, expression);
  }
  /// Those that a patch brings, and others that were there before.
  void add_subnet_acls() {
    const Vocabulary vocabulary{
        {"\"db.shop\"", "\"web.shop\"", "@ovn.sg.a", "@ovn.sg.b.1", "@ovn.sg.kubeovn_deny_all"},
        {"$ovn.sg.a.associated.v4", "$ovn.sg.b.1.associated.v6", "$ovn.sg.c_ip4", "$ovn.sg.none_ip4"},
        {std::begin(cidrs4), std::end(cidrs4)},
        {std::begin(cidrs6), std::end(cidrs6)}};
    RandomExpressions random(seed_, vocabulary);
    const auto band = [&] { return static_cast<int>(chance(2) ? 2000 + below(400) : below(20000)); };
    for (Subnet& subnet : result_.cluster.subnets) {
      if (subnet.name == "join" || chance(3)) continue;
      std::vector<ExistingAcl> existing;
      for (std::size_t n = below(4); n > 0; --n) {
        const bool ingress = chance(2);
        std::string action = pick(std::array{"allow", "allow-related", "allow-stateless", "drop", "reject"}),
                    text = match(ingress, random);
        // OVN 23.03 leaves the match of a reject ACL without the parentheses that it gives to all others.
        if (action == "reject") text = "(" + text + ")";
        if (chance(40)) action = "deny";  // OVN has no such action
        existing.push_back({ingress ? "to-lport" : "from-lport", text, action, band(), {}});
      }
      if (chance(2)) {
        SubnetPatch patch{subnet.name, existing, {}};
        for (std::size_t n = below(5); n > 0; --n) {
          const bool ingress = chance(2);
          patch.acls.push_back({ingress ? Direction::Ingress : Direction::Egress,
                                band(),
                                match(ingress, random),
                                chance(2) ? AclAction::AllowRelated : AclAction::Drop,
                                {}});
        }
        result_.manifest.subnets.push_back(std::move(patch));
      }
      subnet.acls = std::move(existing);
    }
  }

  /// An address of `family` that can be at the other end of a connection with a pod of VPC `vpc`, and the pod that has
  /// it.
  std::optional<std::size_t> peer(Family family, const std::string& vpc, Address& found) {
    const Cluster& cluster = result_.cluster;
    if (chance(4)) {
      const Node& node = pick(cluster.nodes);
      found = (vpc == "ovn-cluster" && chance(3) ? node.join : node.internal)[family == Family::V4 ? 0 : 1];
      return std::nullopt;
    }
    const std::size_t pod = below(cluster.pods.size());
    if (chance(3) || subnet_of(cluster, cluster.pods[pod])->vpc != vpc ||
        (family == Family::V6 && cluster.pods[pod].addresses.size() < 2)) {
      found = address(family == Family::V4 ? pick(outside4) : pick(outside6));
      return std::nullopt;
    }
    found = cluster.pods[pod].addresses[family == Family::V4 ? 0 : 1];
    return pod;
  }
  void add_packet() {
    const Cluster& cluster = result_.cluster;
    verify::Packet packet;
    const std::size_t pod = below(cluster.pods.size());
    const std::vector<Address>& own = cluster.pods[pod].addresses;
    const Address& mine = own[below(own.size())];
    const std::string& vpc = subnet_of(cluster, cluster.pods[pod])->vpc;
    Address other;
    const auto other_pod = peer(mine.family, vpc, other);
    if (other == mine) return;
    const bool v4 = mine.family == Family::V4, outgoing = chance(2);
    if (outgoing)
      packet.source = mine, packet.from_pod = pod, packet.destination = other, packet.to_pod = other_pod;
    else
      packet.source = other, packet.from_pod = other_pod, packet.destination = mine, packet.to_pod = pod;
    packet.protocol = pick(std::array{Protocol::Tcp, Protocol::Tcp, Protocol::Udp, Protocol::Udp, Protocol::Sctp,
                                      Protocol::Any, v4 ? Protocol::Icmp : Protocol::Icmp6});
    const bool icmp = packet.protocol == Protocol::Icmp || packet.protocol == Protocol::Icmp6;
    packet.port = packet.protocol == Protocol::Any ? std::uint16_t{0} : icmp ? pick(icmp_types) : pick(port_numbers);
    if (packet.protocol == Protocol::Udp) {  // DHCP
      if (packet.port == 67) packet.source_port = 68;
      if (packet.port == 68) packet.source_port = 67;
      if (packet.port == 547) packet.source_port = 546;
      if (packet.port == 546) packet.source_port = 547;
      if (outgoing && chance(4) && (packet.port == 67 || packet.port == 547)) {
        packet.destination = address(v4 ? "255.255.255.255" : "ff02::1:2");
        packet.to_pod.reset();
      }
    }
    result_.packets.push_back(packet);
  }

  std::mt19937 random_;
  unsigned seed_;
  Scenario result_;
};

}  // namespace

Scenario random_scenario(unsigned seed) {
  return Generator(seed).scenario();
}

}  // namespace policyconv::real_ovn
