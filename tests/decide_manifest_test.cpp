// What OVN answers for hand-built manifests: one test for each fact measured in the Kube-OVN reference.
#include "verify/decide_manifest.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "verify/ovn_match.h"

using namespace policyconv;
using namespace policyconv::kubeovn;
using namespace policyconv::verify;

namespace {

Address address(std::string_view text) {
  return parse_address(text).value();
}
Cidr cidr(std::string_view text) {
  return parse_cidr(text).value();
}

Pod pod(std::string name, std::string node, std::vector<Address> addresses) {
  Pod pod;
  pod.ns = "shop";
  pod.name = std::move(name);
  pod.node = std::move(node);
  pod.addresses = std::move(addresses);
  return pod;
}

Subnet subnet(std::string name, std::string vpc, std::vector<Cidr> cidrs) {
  Subnet subnet;
  subnet.name = std::move(name);
  subnet.vpc = std::move(vpc);
  subnet.provider = "ovn";
  subnet.cidrs = std::move(cidrs);
  return subnet;
}

/// Pods by index: 0 db (n2), 1 far (Subnet other), 2 twin (db's address in another VPC), 3 web (n1).
enum : std::size_t { db, far, twin, web };

Cluster cluster() {
  Cluster cluster;
  cluster.given = true;
  cluster.nodes.resize(2);
  cluster.nodes[0].name = "n1";
  cluster.nodes[0].internal = {address("10.1.0.1"), address("10.1.0.101"), address("fd01::1")};
  cluster.nodes[0].join = {address("100.64.0.2")};
  cluster.nodes[1].name = "n2";
  cluster.nodes[1].internal = {address("10.1.0.2")};
  cluster.subnets = {subnet("blue", "blue", {cidr("10.16.0.0/16")}),
                     subnet("main", "ovn-cluster", {cidr("10.16.0.0/16"), cidr("fd00::/64")}),
                     subnet("other", "ovn-cluster", {cidr("10.17.0.0/16")})};
  cluster.pods = {pod("db", "n2", {address("10.16.0.3"), address("fd00::3")}), pod("far", "n2", {address("10.17.0.2")}),
                  pod("twin", "n1", {address("10.16.0.3")}),
                  pod("web", "n1", {address("10.16.0.2"), address("fd00::2")})};
  cluster.pods[db].annotations["ovn.kubernetes.io/logical_switch"] = "main";
  cluster.pods[twin].annotations["ovn.kubernetes.io/logical_switch"] = "blue";
  cluster.pods[web].annotations["ovn.kubernetes.io/logical_switch"] = "main";
  return cluster;
}

SgRule rule(int priority, Verdict policy, std::variant<Cidr, SgName> remote, SgProtocol protocol = SgProtocol::All,
            std::optional<ir::PortRange> ports = std::nullopt) {
  SgRule rule;
  rule.priority = priority;
  rule.policy = policy;
  if (const auto* prefix = std::get_if<Cidr>(&remote)) rule.family = prefix->family;
  rule.protocol = protocol;
  rule.ports = ports;
  rule.remote = std::move(remote);
  return rule;
}
SgRule allow(int priority, std::string_view remote) {
  return rule(priority, Verdict::Allow, cidr(remote));
}
SgRule drop(int priority, std::string_view remote) {
  return rule(priority, Verdict::Deny, cidr(remote));
}
SgRule tcp(SgRule rule, std::uint16_t first, std::uint16_t last) {
  rule.protocol = SgProtocol::Tcp;
  rule.ports = {first, last};
  return rule;
}

SecurityGroup group(std::string name, std::vector<SgRule> ingress, std::vector<SgRule> egress = {}) {
  SecurityGroup group;
  group.name = std::move(name);
  group.ingress = std::move(ingress);
  group.egress = std::move(egress);
  return group;
}

SubnetAcl acl(Direction direction, int priority, std::string match, AclAction action,
              std::vector<RuleId> origins = {}) {
  return {direction, priority, std::move(match), action, std::move(origins)};
}

ExistingAcl existing(std::string direction, int priority, std::string match, std::string action) {
  return {std::move(direction), std::move(match), std::move(action), priority, {}};
}

/// Pod db in the given groups.
Manifest manifest(int minor, std::vector<SecurityGroup> groups) {
  Manifest manifest;
  manifest.release = {minor};
  Binding binding{"shop", "db", {}};
  for (const SecurityGroup& group : groups) binding.groups.push_back(group.name);
  manifest.security_groups = std::move(groups);
  manifest.bindings = {binding};
  return manifest;
}

constexpr auto In = Direction::Ingress, Out = Direction::Egress;
const RuleId rule1{1}, rule2{2}, rule3{3};

Packet packet(std::string_view from, std::string_view to, Protocol protocol = Protocol::Tcp, std::uint16_t port = 80) {
  Packet packet;
  packet.source = address(from);
  packet.destination = address(to);
  packet.protocol = protocol;
  packet.port = port;
  return packet;
}
Packet to_db(std::string_view from, Protocol protocol = Protocol::Tcp, std::uint16_t port = 80) {
  Packet p = packet(from, address(from).family == Family::V4 ? "10.16.0.3" : "fd00::3", protocol, port);
  p.to_pod = db;
  return p;
}
Packet from_db(std::string_view to, Protocol protocol = Protocol::Tcp, std::uint16_t port = 80) {
  Packet p = packet(address(to).family == Family::V4 ? "10.16.0.3" : "fd00::3", to, protocol, port);
  p.from_pod = db;
  return p;
}

/// "allow: REASON", "deny: REASON", or "-" if that end is no pod.
std::string says(const Manifest& manifest, const Packet& packet, Direction direction,
                 const Rewriting* rewriting = nullptr, const Cluster& facts = cluster()) {
  const auto decision = ManifestMeaning(manifest, facts).decide(packet, direction, rewriting);
  return decision ? std::string(to_string(decision->verdict)) + ": " + decision->reason : "-";
}

}  // namespace

TEST_CASE("the API priority becomes an OVN priority on the scale of the release") {
  const auto both = [](int minor) {
    return manifest(minor, {group("g", {allow(2, "0.0.0.0/0"), drop(1, "10.0.0.0/8")})});
  };
  CHECK(says(both(16), to_db("10.0.0.9"), In) == "deny: drop in g (OVN 18483)");
  CHECK(says(both(16), to_db("11.0.0.9"), In) == "allow: allow in g (OVN 18482)");
  CHECK(says(both(15), to_db("10.0.0.9"), In) == "deny: drop in g (OVN 2299)");
  CHECK(says(both(12), to_db("11.0.0.9"), In) == "allow: allow in g (OVN 2298)");
}

TEST_CASE("the groups of a pod form one priority list") {
  SgRule open = allow(16000, "0.0.0.0/0"), narrow = drop(15600, "10.0.0.0/8"), let = allow(2000, "10.0.0.0/24");
  open.band = "O", narrow.band = "B", let.band = "A1";
  const Manifest m = manifest(16, {group("base", {narrow}), group("g", {let}), group("open-in", {open})});
  CHECK(says(m, to_db("10.0.0.9"), In) == "allow: A1 allow in g (OVN 16484)");
  CHECK(says(m, to_db("10.0.1.9"), In) == "deny: B drop in base (OVN 2884)");
  CHECK(says(m, to_db("1.1.1.1"), In) == "allow: O allow in open-in (OVN 2484)");
}

TEST_CASE("a decision names the source rules of every winning ACL") {
  SgRule first = allow(10, "10.0.0.0/8"), second = allow(10, "10.0.0.0/16"), low = allow(11, "0.0.0.0/0");
  first.origins = {rule2}, second.origins = {rule1, rule2}, low.origins = {rule3};
  const Manifest m = manifest(16, {group("a", {first, low}), group("b", {second})});
  const Cluster facts = cluster();
  const ManifestMeaning meaning(m, facts);
  const auto decision = meaning.decide(to_db("10.0.0.9"), In);
  CHECK(decision->rules == std::vector<RuleId>{rule1, rule2});
  CHECK(decision->reason == "allow in a (OVN 18474), allow in b (OVN 18474)");
  CHECK_FALSE(meaning.tied());
}

TEST_CASE("different actions at the winning priority are a tie, and count as denied") {
  const Cluster facts = cluster();
  const Manifest m = manifest(16, {group("a", {allow(10, "10.0.0.0/8")}), group("b", {drop(10, "10.0.0.0/16")})});
  const ManifestMeaning meaning(m, facts);
  CHECK(meaning.decide(to_db("10.0.0.9"), In)->reason == "tie: allow in a (OVN 18474), drop in b (OVN 18474)");
  CHECK(meaning.tied());
  CHECK(meaning.decide(to_db("10.0.0.9"), In)->verdict == Verdict::Deny);
  CHECK(meaning.decide(to_db("10.1.0.9"), In)->verdict == Verdict::Allow);
  CHECK_FALSE(meaning.tied());
}

TEST_CASE("any group denies both directions by default") {
  const Manifest m = manifest(16, {group("g", {allow(10, "0.0.0.0/0")})});
  CHECK(says(m, to_db("1.1.1.1"), In) == "allow: allow in g (OVN 18474)");
  CHECK(says(m, from_db("1.1.1.1"), Out) == "deny: deny-all");
  CHECK(says(m, to_db("2001:db8::1"), In) == "deny: deny-all");
}

TEST_CASE("a group without rules isolates, a missing one leaves open") {
  const Manifest none = manifest(16, {group("g", {})});
  CHECK(says(none, to_db("1.1.1.1"), In) == "deny: deny-all");
  CHECK(says(none, from_db("1.1.1.1"), Out) == "deny: deny-all");

  Manifest missing = none;
  missing.bindings[0].groups = {"absent"};
  CHECK(says(missing, to_db("1.1.1.1"), In) == "allow: no security group");
  CHECK(says(missing, from_db("1.1.1.1"), Out) == "allow: no security group");

  Manifest partly = none;
  partly.bindings[0].groups = {"absent", "g"};
  CHECK(says(partly, to_db("1.1.1.1"), In) == "deny: deny-all");
}

TEST_CASE("an invalid rule keeps a group from being programmed, so its pods are open") {
  const SgRule portless = rule(10, Verdict::Allow, cidr("0.0.0.0/0"), SgProtocol::Tcp);
  const SgRule dangling = rule(10, Verdict::Allow, SgName{"absent"});
  CHECK(says(manifest(16, {group("g", {portless})}), to_db("1.1.1.1"), In) == "allow: no security group");
  CHECK(says(manifest(16, {group("g", {dangling})}), to_db("1.1.1.1"), In) == "allow: no security group");
  CHECK(says(manifest(16, {group("g", {}, {allow(0, "0.0.0.0/0")})}), to_db("1.1.1.1"), In) ==
        "allow: no security group");
  CHECK(says(manifest(16, {group("g", {allow(16385, "0.0.0.0/0")})}), to_db("1.1.1.1"), In) ==
        "allow: no security group");
  CHECK(says(manifest(15, {group("g", {allow(201, "0.0.0.0/0")})}), to_db("1.1.1.1"), In) ==
        "allow: no security group");
  CHECK(says(manifest(15, {group("g", {allow(200, "0.0.0.0/0")})}), to_db("1.1.1.1"), In) ==
        "allow: allow in g (OVN 2100)");

  // A remote group needs to exist, not to be programmed; its address set is missing then, and the rule void.
  const Manifest broken = manifest(16, {group("a", {rule(10, Verdict::Allow, SgName{"b"})}), group("b", {portless})});
  CHECK(says(broken, to_db("10.16.0.2"), In) == "deny: deny-all");
}

TEST_CASE("protocols and ports of rules") {
  const Manifest m = manifest(
      16,
      {group("g", {tcp(allow(10, "0.0.0.0/0"), 80, 90), rule(11, Verdict::Allow, cidr("0.0.0.0/0"), SgProtocol::Icmp),
                   rule(12, Verdict::Allow, cidr("::/0"), SgProtocol::Icmp),
                   rule(13, Verdict::Allow, cidr("0.0.0.0/0"), SgProtocol::Udp, ir::PortRange{53, 53})})});
  const auto passes = [&](const Packet& packet) { return says(m, packet, In).starts_with("allow"); };
  CHECK_FALSE(passes(to_db("1.1.1.1", Protocol::Tcp, 79)));
  CHECK(passes(to_db("1.1.1.1", Protocol::Tcp, 80)));
  CHECK(passes(to_db("1.1.1.1", Protocol::Tcp, 90)));
  CHECK_FALSE(passes(to_db("1.1.1.1", Protocol::Tcp, 91)));
  CHECK_FALSE(passes(to_db("1.1.1.1", Protocol::Udp, 80)));
  CHECK(passes(to_db("1.1.1.1", Protocol::Udp, 53)));
  CHECK_FALSE(passes(to_db("1.1.1.1", Protocol::Sctp, 80)));
  CHECK(passes(to_db("1.1.1.1", Protocol::Icmp, 8)));
  CHECK(passes(to_db("2001:db8::1", Protocol::Icmp6, 128)));
  CHECK_FALSE(passes(to_db("2001:db8::1", Protocol::Tcp, 80)));
  CHECK_FALSE(passes(to_db("1.1.1.1", Protocol::Icmp6, 128)));
}

TEST_CASE("a prefix of the wrong family matches nothing, unless it is the whole of it") {
  SgRule mismatch = allow(10, "10.0.0.0/8"), whole = allow(10, "0.0.0.0/0");
  mismatch.family = whole.family = Family::V6;
  CHECK(says(manifest(16, {group("g", {mismatch})}), to_db("::a00:1"), In) == "deny: deny-all");
  CHECK(says(manifest(16, {group("g", {whole})}), to_db("2001:db8::1"), In) == "allow: allow in g (OVN 18474)");
  CHECK(says(manifest(16, {group("g", {whole})}), to_db("1.1.1.1"), In) == "deny: deny-all");
}

TEST_CASE("SCTP and ICMP types pass by Subnet ACLs only") {
  Manifest m = manifest(16, {group("g-1", {})});
  m.subnets = {{"main",
                {},
                {acl(In, 16484, "outport == @ovn.sg.g.1 && ip4 && sctp.dst == 80", AclAction::AllowRelated, {rule1}),
                 acl(In, 16484, "outport == @ovn.sg.g.1 && icmp4.type == 8", AclAction::AllowRelated)}}};
  CHECK(says(m, to_db("1.1.1.1", Protocol::Sctp, 80), In) == "allow: Subnet ACL 16484 of main");
  CHECK(says(m, to_db("1.1.1.1", Protocol::Sctp, 81), In) == "deny: deny-all");
  CHECK(says(m, to_db("1.1.1.1", Protocol::Icmp, 8), In) == "allow: Subnet ACL 16484 of main");
  CHECK(says(m, to_db("1.1.1.1", Protocol::Icmp, 13), In) == "deny: deny-all");
  const Cluster facts = cluster();
  CHECK(ManifestMeaning(m, facts).decide(to_db("1.1.1.1", Protocol::Sctp, 80), In)->rules ==
        std::vector<RuleId>{rule1});
}

TEST_CASE("the node ACL lets the own node in, below or above the drops of groups") {
  const auto node_drop = [](int minor, int priority) {
    Manifest m = manifest(minor, {group("g", {drop(priority, "0.0.0.0/0")})});
    m.node_anchor = true;
    return m;
  };
  CHECK(says(node_drop(16, 15483), to_db("10.1.0.2"), In) == "deny: drop in g (OVN 3001)");
  CHECK(says(node_drop(16, 15484), to_db("10.1.0.2"), In) == "deny: tie: drop in g (OVN 3000), node ACL");
  CHECK(says(node_drop(16, 15485), to_db("10.1.0.2"), In) == "allow: node ACL");
  CHECK(says(node_drop(15, 1), to_db("10.1.0.2"), In) == "allow: node ACL");

  // twin, which has the address of db in another VPC, runs on n1; so does web, on the Subnet of db (K§7.1).
  CHECK(says(node_drop(15, 1), to_db("10.1.0.1"), In) == "allow: node ACL");
  Cluster alone = cluster();
  alone.pods[twin].addresses = {address("10.16.0.9")};
  CHECK(says(node_drop(15, 1), to_db("10.1.0.1"), In, nullptr, alone) == "deny: drop in g (OVN 2299)");
  alone = cluster();
  alone.pods[web].node = "n2";
  CHECK(says(node_drop(15, 1), to_db("10.1.0.1"), In, nullptr, alone) == "deny: drop in g (OVN 2299)");

  Manifest without = node_drop(15, 1);
  without.node_anchor = false;
  CHECK(says(without, to_db("10.1.0.2"), In) == "deny: drop in g (OVN 2299)");
}

TEST_CASE("the node ACL knows the first InternalIP of each family of the own node, on ingress") {
  Manifest m = manifest(16, {group("g", {})});
  m.bindings[0].pod = "web";
  m.node_anchor = true;
  const auto to_web = [](std::string_view from) {
    Packet p = packet(from, address(from).family == Family::V4 ? "10.16.0.2" : "fd00::2");
    p.to_pod = web;
    return p;
  };
  CHECK(says(m, to_web("10.1.0.1"), In) == "allow: node ACL");
  CHECK(says(m, to_web("fd01::1"), In) == "allow: node ACL");
  CHECK(says(m, to_web("10.1.0.101"), In) == "deny: deny-all");
  CHECK(says(m, to_web("100.64.0.2"), In) == "deny: deny-all");
  CHECK(says(m, to_web("10.1.0.2"), In) == "deny: deny-all");
  Packet back = packet("10.16.0.2", "10.1.0.1");
  back.from_pod = web;
  CHECK(says(m, back, Out) == "deny: deny-all");
}

TEST_CASE("Subnet ACLs share the priority list of the groups") {
  const auto with = [](int priority, AclAction action) {
    Manifest m = manifest(16, {group("g", {allow(2000, "0.0.0.0/0")})});
    m.subnets = {{"main", {}, {acl(In, priority, "outport == @ovn.sg.g && ip4.src == 10.0.0.0/8", action)}}};
    return m;
  };
  CHECK(says(with(18000, AclAction::Drop), to_db("10.0.0.9"), In) == "deny: Subnet ACL 18000 of main");
  CHECK(says(with(16483, AclAction::Drop), to_db("10.0.0.9"), In) == "allow: allow in g (OVN 16484)");
  CHECK(says(with(18000, AclAction::Drop), to_db("11.0.0.9"), In) == "allow: allow in g (OVN 16484)");
  CHECK(says(with(18000, AclAction::Drop), from_db("10.0.0.9"), Out) == "deny: deny-all");

  Manifest low = manifest(16, {group("g", {})});
  low.subnets = {{"main", {}, {acl(Out, 2004, "inport == @ovn.sg.g && ip4", AclAction::AllowRelated)}}};
  CHECK(says(low, from_db("1.1.1.1"), Out) == "allow: Subnet ACL 2004 of main");
  low.subnets[0].acls[0].priority = 2002;
  CHECK(says(low, from_db("1.1.1.1"), Out) == "deny: deny-all");
}

TEST_CASE("existing Subnet ACLs count, kept or untouched, for unbound pods as well") {
  Cluster facts = cluster();
  facts.subnets[1].acls = {existing("to-lport", 1000, "ip4.src == 10.0.0.0/8", "drop"),
                           existing("from-lport", 1000, "inport == \"web.shop\"", "reject")};
  const Manifest empty = manifest(16, {});
  CHECK(says(empty, to_db("10.0.0.9"), In, nullptr, facts) == "deny: Subnet ACL 1000 of main");
  CHECK(says(empty, to_db("11.0.0.9"), In, nullptr, facts) == "allow: no security group");
  Packet from_web = packet("10.16.0.2", "1.1.1.1");
  from_web.from_pod = web;
  CHECK(says(empty, from_web, Out, nullptr, facts) == "deny: Subnet ACL 1000 of main");

  Manifest replaced = empty;  // a patch is the whole list
  replaced.subnets = {{"main", {existing("to-lport", 7, "ip4.src == 11.0.0.0/8", "drop")}, {}}};
  CHECK(says(replaced, to_db("10.0.0.9"), In, nullptr, facts) == "allow: no security group");
  CHECK(says(replaced, to_db("11.0.0.9"), In, nullptr, facts) == "deny: Subnet ACL 7 of main");
}

TEST_CASE("a Subnet ACL without a scope hits what crosses the port of the router as well (K§10.3)") {
  Cluster facts = cluster();
  const Manifest empty = manifest(16, {});
  Packet inside = from_db("10.16.0.2");
  inside.to_pod = web;

  facts.subnets[1].acls = {existing("to-lport", 1000, "ip4.src == 10.16.0.3", "drop")};
  CHECK(says(empty, from_db("1.1.1.1"), Out, nullptr, facts) == "deny: Subnet ACL 1000 of main, at the router");
  CHECK(says(empty, inside, Out, nullptr, facts) == "allow: no security group");
  CHECK(says(empty, inside, In, nullptr, facts) == "deny: Subnet ACL 1000 of main");

  facts.subnets[1].acls = {existing("from-lport", 1000, "ip", "drop"),
                           existing("from-lport", 2000, "ip4.dst == 1.1.1.1", "allow-related")};
  CHECK(says(empty, from_db("1.1.1.1"), Out, nullptr, facts) == "allow: Subnet ACL 2000 of main");
  CHECK(says(empty, to_db("1.1.1.1"), In, nullptr, facts) == "deny: Subnet ACL 1000 of main, at the router");
  CHECK(says(empty, inside, In, nullptr, facts) == "allow: no security group");

  facts.subnets[1].acls = {existing("from-lport", 1000, "inport == \"main-ovn-cluster\"", "drop")};
  CHECK(says(empty, to_db("1.1.1.1"), In, nullptr, facts) == "deny: Subnet ACL 1000 of main, at the router");
  CHECK(says(empty, from_db("1.1.1.1"), Out, nullptr, facts) == "allow: no security group");
}

TEST_CASE("a Subnet with an entry that OVN refuses has no ACLs; one that does not parse is alone without effect") {
  Cluster facts = cluster();
  facts.subnets[1].acls = {existing("to-lport", 1000, "ip4", "drop"), existing("to-lport", 1001, "ip4 &&", "allow")};
  CHECK(says(manifest(16, {}), to_db("1.1.1.1"), In, nullptr, facts) == "deny: Subnet ACL 1000 of main");
  facts.subnets[1].acls[1].action = "Allow";
  CHECK(says(manifest(16, {}), to_db("1.1.1.1"), In, nullptr, facts) == "allow: no security group");
}

TEST_CASE("pass goes on to tier 3, which repeats base ACLs and deny-all") {
  Cluster facts = cluster();
  facts.subnets[1].acls = {existing("to-lport", 30000, "ip4", "pass")};
  const Manifest bound = manifest(16, {group("g", {allow(10, "0.0.0.0/0")})});
  CHECK(says(bound, to_db("1.1.1.1"), In, nullptr, facts) == "deny: deny-all");
  CHECK(says(manifest(16, {}), to_db("1.1.1.1"), In, nullptr, facts) == "allow: no security group");
  CHECK(says(manifest(15, {group("g", {})}), to_db("1.1.1.1"), In, nullptr, facts) == "deny: deny-all");
}

TEST_CASE("a match is void on a switch where a group that it names has no member") {
  Cluster facts = cluster();
  Manifest m = manifest(16, {group("g", {}), group("elsewhere", {})});
  m.bindings = {{"shop", "db", {"g"}}, {"shop", "far", {"elsewhere"}}};
  const auto dropped = [&](std::string match) {
    Manifest tried = m;
    tried.security_groups[0].ingress = {allow(2000, "0.0.0.0/0")};
    tried.subnets = {{"main", {}, {acl(In, 18000, std::move(match), AclAction::Drop)}}};
    return says(tried, to_db("10.0.0.9"), In, nullptr, facts).starts_with("deny");
  };
  CHECK(dropped("outport == @ovn.sg.g && ip4"));
  CHECK_FALSE(dropped("outport == {@ovn.sg.g, @ovn.sg.elsewhere} && ip4"));
  CHECK_FALSE(dropped("outport == @ovn.sg.g || inport == @ovn.sg.elsewhere"));
  CHECK_FALSE(dropped("outport == @ovn.sg.g && ip4.src == $ovn.sg.absent.associated.v4"));
  CHECK(dropped("outport == @ovn.sg.g && ip4.src != $ovn.sg.elsewhere.associated.v4"));
  CHECK(dropped("outport == @ovn.sg.kubeovn_deny_all && ip4.dst == $ovn.sg.g_ip4"));
  CHECK_FALSE(dropped("outport == @ovn.sg.g && ip4.src == $ovn.sg.g.associated.v6"));
}

TEST_CASE("a remote group is its members' addresses, whatever their VPC") {
  Manifest m = manifest(16, {group("g", {rule(10, Verdict::Allow, SgName{"peer"})}), group("peer", {})});
  m.bindings = {{"shop", "far", {"g"}}, {"shop", "twin", {"peer"}}};
  Packet p = packet("10.16.0.3", "10.17.0.2");
  p.to_pod = far;
  p.from_pod = db;  // not in the group, but it has twin's address
  CHECK(says(m, p, In) == "allow: allow in g (OVN 18474)");
  p.source = address("10.16.0.2");
  CHECK(says(m, p, In) == "deny: deny-all");
}

TEST_CASE("rules for IPv4 leave IPv6 denied") {
  SgRule v6 = rule(10, Verdict::Allow, SgName{"g"});
  v6.family = Family::V6;
  const Manifest only_v4 = manifest(16, {group("g", {rule(10, Verdict::Allow, SgName{"g"})})});
  const Manifest both = manifest(16, {group("g", {rule(10, Verdict::Allow, SgName{"g"}), v6})});
  CHECK(says(only_v4, to_db("10.16.0.3"), In) == "allow: allow in g (OVN 18474)");
  CHECK(says(only_v4, to_db("fd00::3"), In) == "deny: deny-all");
  CHECK(says(both, to_db("fd00::3"), In) == "allow: allow in g (OVN 18474)");
}

TEST_CASE("egress sees the destination before load balancing") {
  const Manifest m = manifest(16, {group("g", {}, {allow(10, "10.96.0.10/32")})});
  CHECK(says(m, from_db("10.96.0.10"), Out) == "allow: allow in g (OVN 18474)");
  CHECK(says(m, from_db("10.17.0.2", Protocol::Tcp, 8080), Out) == "deny: deny-all");
}

TEST_CASE("while Kube-OVN rewrites a direction of a group, its rules are gone and deny-all stays") {
  const Manifest m = manifest(
      16, {group("a", {allow(10, "0.0.0.0/0")}, {allow(10, "0.0.0.0/0")}), group("b", {allow(20, "10.0.0.0/8")})});
  const Rewriting a{"a", In};
  CHECK(says(m, to_db("1.1.1.1"), In) == "allow: allow in a (OVN 18474)");
  CHECK(says(m, to_db("1.1.1.1"), In, &a) == "deny: deny-all");
  CHECK(says(m, to_db("10.0.0.9"), In, &a) == "allow: allow in b (OVN 18464)");
  CHECK(says(m, from_db("1.1.1.1"), Out, &a) == "allow: allow in a (OVN 18474)");

  Packet answer = to_db("10.16.0.1", Protocol::Udp, 68);
  answer.source_port = 67;
  const Rewriting b{"b", In};
  const Manifest alone = manifest(16, {group("b", {})});
  CHECK(says(alone, answer, In) == "allow: base ACL");
  CHECK(says(alone, answer, In, &b) == "deny: deny-all");
}

TEST_CASE("DHCP passes by base ACLs, except requests on 1.12; any user drop beats it") {
  Packet request = from_db("255.255.255.255", Protocol::Udp, 67);
  CHECK(says(manifest(16, {group("g", {})}), request, Out) == "deny: deny-all");
  request.source_port = 68;
  CHECK(says(manifest(16, {group("g", {})}), request, Out) == "allow: base ACL");
  CHECK(says(manifest(13, {group("g", {})}), request, Out) == "allow: base ACL");
  CHECK(says(manifest(12, {group("g", {})}), request, Out) == "deny: deny-all");
  CHECK(says(manifest(16, {group("g", {}, {drop(16384, "0.0.0.0/0")})}), request, Out) == "deny: drop in g (OVN 2100)");

  Packet request6 = from_db("ff02::1:2", Protocol::Udp, 547);
  request6.source_port = 546;
  CHECK(says(manifest(16, {group("g", {})}), request6, Out) == "allow: base ACL");
  Packet answer = to_db("10.16.0.1", Protocol::Udp, 68);
  answer.source_port = 67;
  CHECK(says(manifest(12, {group("g", {})}), answer, In) == "allow: base ACL");

  // On 1.12 the base ACLs of the sender's group let its requests into the ports of its own switch (K§1.2).
  Packet across = packet("10.16.0.2", "10.16.0.3", Protocol::Udp, 67);
  across.source_port = 68, across.from_pod = web, across.to_pod = db;
  Manifest both = manifest(12, {group("g", {})});
  CHECK(says(both, across, In) == "deny: deny-all");
  both.bindings.push_back({"shop", "web", {"g"}});
  CHECK(says(both, across, In) == "allow: base ACL");
  both.release.minor = 13;
  CHECK(says(both, across, In) == "deny: deny-all");
}

TEST_CASE("neighbour discovery passes before every ACL") {
  const Manifest m = manifest(16, {group("g", {drop(1, "::/0")}, {drop(1, "::/0")})});
  CHECK(says(m, to_db("fd00::2", Protocol::Icmp6, 135), In) == "allow: neighbour discovery");
  CHECK(says(m, from_db("fd00::2", Protocol::Icmp6, 136), Out) == "allow: neighbour discovery");
  CHECK(says(m, to_db("fd00::2", Protocol::Icmp6, 128), In) == "deny: drop in g (OVN 18483)");
}

TEST_CASE("ends without a port of their own decide nothing") {
  Cluster facts = cluster();
  facts.pods[web].host_network = true;
  facts.pods[db].finished = true;
  Manifest m = manifest(16, {group("g", {rule(10, Verdict::Allow, SgName{"g"})})});
  m.bindings = {{"shop", "db", {"g"}}, {"shop", "far", {"g"}}, {"shop", "web", {"g"}}, {"shop", "unknown", {"g"}}};
  CHECK(says(m, to_db("1.1.1.1"), In, nullptr, facts) == "-");
  CHECK(says(m, to_db("1.1.1.1"), Out, nullptr, facts) == "-");
  Packet from_web = packet("10.16.0.2", "10.17.0.2");
  from_web.from_pod = web;
  from_web.to_pod = far;
  CHECK(says(m, from_web, Out, nullptr, facts) == "-");
  CHECK(says(m, from_web, In, nullptr, facts) == "deny: deny-all");  // nor are their addresses in the address sets
}

TEST_CASE("a flow is one packet for each family that its ends share") {
  Cluster facts = cluster();
  const Manifest m = manifest(16, {});
  const ManifestMeaning meaning(m, facts);
  const auto listed = [&](End from, End to, Protocol protocol = Protocol::Tcp) {
    std::string text;
    for (const Packet& p : meaning.packets({from, to, protocol, 80}))
      text +=
          to_string(p.source) + (p.from_pod ? "*" : "") + " " + to_string(p.destination) + (p.to_pod ? "*" : "") + "; ";
    return text;
  };
  CHECK(listed(PodEnd{web}, PodEnd{db}) == "10.16.0.2* 10.16.0.3*; fd00::2* fd00::3*; ");
  CHECK(listed(PodEnd{web}, PodEnd{far}) == "10.16.0.2* 10.17.0.2*; ");
  CHECK(listed(PodEnd{web}, PodEnd{db}, Protocol::Icmp) == "10.16.0.2* 10.16.0.3*; ");
  CHECK(listed(PodEnd{web}, PodEnd{db}, Protocol::Icmp6) == "fd00::2* fd00::3*; ");
  CHECK(listed(NodeEnd{0}, PodEnd{db}) == "10.1.0.1 10.16.0.3*; fd01::1 fd00::3*; ");
  CHECK(listed(PodEnd{db}, NodeEnd{1}) == "10.16.0.3* 10.1.0.2; ");
  CHECK(listed(AddressEnd{address("2001:db8::1")}, PodEnd{db}) == "2001:db8::1 fd00::3*; ");
  CHECK(listed(AddressEnd{address("2001:db8::1")}, PodEnd{far}).empty());
  CHECK(listed(PodEnd{far}, AddressEnd{address("1.1.1.1")}, Protocol::Icmp6).empty());
  facts.pods[web].host_network = true;
  const ManifestMeaning again(m, facts);
  CHECK_FALSE(again.packets({PodEnd{web}, PodEnd{db}, Protocol::Tcp, 80}).front().from_pod);
}

TEST_CASE("direct evaluation of rules agrees with their match texts") {
  // What the controller writes for a rule (K§2.2), read by the parser: both roads must agree on packets around the
  // edges.
  const std::string remotes[] = {"10.16.0.0/24", "10.16.0.2/32", "0.0.0.0/0", "fd00::/64", "::/0"};
  const Address peers[] = {address("10.16.0.2"), address("10.16.1.0"), address("fd00::2"), address("fd01::1")};
  for (const std::string& remote : remotes)
    for (const SgProtocol protocol : {SgProtocol::All, SgProtocol::Icmp, SgProtocol::Tcp, SgProtocol::Udp})
      for (const Direction direction : {In, Out}) {
        SgRule tried = rule(10, Verdict::Allow, cidr(remote), protocol);
        const bool v4 = tried.family == Family::V4;
        const bool has_ports = protocol == SgProtocol::Tcp || protocol == SgProtocol::Udp;
        if (has_ports) tried.ports = {80, 90};
        std::string match = std::string(direction == In ? "outport" : "inport") + " == @g && " +
                            (v4 ? "ip4 && ip4." : "ip6 && ip6.") + (direction == In ? "src" : "dst") + " == " + remote;
        if (protocol == SgProtocol::Icmp) match += v4 ? " && icmp4" : " && icmp6";
        if (protocol == SgProtocol::Tcp) match += " && 80 <= tcp.dst <= 90";
        if (protocol == SgProtocol::Udp) match += " && 80 <= udp.dst <= 90";
        const auto parsed = OvnMatch::parse(match);
        REQUIRE(parsed);
        const Manifest m =
            direction == In ? manifest(16, {group("g", {tried})}) : manifest(16, {group("g", {}, {tried})});
        const MatchNames names{[](std::string_view, std::string_view port) { return std::optional(port == "db.shop"); },
                               nullptr};
        for (const Address& peer : peers)
          for (const Protocol sent :
               {Protocol::Any, Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Icmp, Protocol::Icmp6})
            for (const std::uint16_t port :
                 {std::uint16_t{79}, std::uint16_t{80}, std::uint16_t{90}, std::uint16_t{91}}) {
              const Packet p =
                  direction == In ? to_db(to_string(peer), sent, port) : from_db(to_string(peer), sent, port);
              MatchPacket seen;
              (direction == In ? seen.outport : seen.inport) = "db.shop";
              seen.family = p.source.family, seen.source = p.source, seen.destination = p.destination;
              seen.protocol = sent, seen.destination_port = port;
              INFO(match << " on " << to_string(peer) << " " << to_string(sent) << " " << port);
              CHECK(says(m, p, direction).starts_with("allow: allow") == parsed->matches(seen, names));
            }
      }
}

TEST_CASE("what a decision rests on is named by its place, if it was read") {
  SgRule first = allow(10, "10.0.0.0/8"), second = allow(10, "10.0.0.0/16");
  first.loc = {1, 9, 5}, second.loc = {1, 3, 5};
  Manifest m = manifest(16, {group("a", {first}), group("b", {second})});
  ExistingAcl entry = existing("from-lport", 18400, "inport == @ovn.sg.a && ip4", "drop");
  entry.loc = {2, 7, 5};
  m.subnets = {{"main", {entry}, {}}};
  const Cluster facts = cluster();
  const ManifestMeaning meaning(m, facts);
  CHECK(meaning.decide(to_db("10.0.0.9"), In)->places == std::vector<Loc>{{1, 3, 5}, {1, 9, 5}});
  CHECK(meaning.decide(from_db("10.0.0.9"), Out)->places == std::vector<Loc>{{2, 7, 5}});
  CHECK(meaning.decide(to_db("1.1.1.1"), In)->places.empty());  // deny-all stands in no file
}

TEST_CASE("rules that are known by their match only") {
  // localAddress: only packets to this address of the pod.
  SecurityGroup g = group("g", {});
  const auto written = [](Direction direction, std::string action, std::string match) {
    return WrittenRule{direction, 10, std::move(action), std::move(match), {3, 4, 5}};
  };
  g.written = {written(In, "allow", "outport == @ovn.sg.g && ip4 && ip4.src == 10.0.0.0/8 && ip4.dst == 10.16.0.3"),
               written(Out, "allow", "inport == @ovn.sg.g && ip4 && ip4.dst == 10.0.0.0/8 && 1 <= tcp.src <= 1023")};
  const Manifest m = manifest(16, {g});
  CHECK(says(m, to_db("10.0.0.9"), In) == "allow: allow in g (OVN 18474)");
  CHECK(says(m, to_db("1.1.1.1"), In) == "deny: deny-all");
  CHECK(says(m, from_db("10.0.0.9"), Out) == "deny: deny-all");
  Packet low = from_db("10.0.0.9");
  low.source_port = 1000;
  CHECK(says(m, low, Out) == "allow: allow in g (OVN 18474)");

  // What OVN cannot read has no effect: a list, or a group that is not programmed (K§1.3, K§10.1).
  for (const char* match : {"outport == @ovn.sg.g && ip4 && ip4.src == 10.0.0.0/8,10.1.0.0/16",
                            "outport == @ovn.sg.g && ip4 && ip4.src == $ovn.sg.absent.associated.v4"}) {
    SecurityGroup dropping = group("g", {allow(20, "0.0.0.0/0")});
    dropping.written = {written(In, "drop", match)};
    CHECK(says(manifest(16, {dropping}), to_db("10.0.0.9"), In) == "allow: allow in g (OVN 18464)");
  }
}

TEST_CASE("the same group: below every rule, above deny-all, by address") {
  SecurityGroup g = group("g-1", {drop(16384, "10.16.0.2/32")});
  g.allow_same_group = true;
  Manifest m = manifest(16, {g});
  m.bindings.push_back({"shop", "web", {"g-1"}});
  CHECK(says(m, to_db("fd00::2"), In) == "allow: same group in g-1 (OVN 2004)");
  CHECK(says(m, to_db("10.16.0.2"), In) == "deny: drop in g-1 (OVN 2100)");
  CHECK(says(m, from_db("10.16.0.2"), Out) == "allow: same group in g-1 (OVN 2004)");
  CHECK(says(m, from_db("10.17.0.2"), Out) == "deny: deny-all");
  m.security_groups[0].allow_same_group = false;
  CHECK(says(m, to_db("fd00::2"), In) == "deny: deny-all");
}

TEST_CASE("tiers, as measured (K§4.2)") {
  const auto pass = [](std::string name, std::string_view remote, int priority = 100) {
    SecurityGroup g = group(name, {});
    for (const Direction direction : {In, Out}) {
      const bool in = direction == In;
      g.written.push_back({direction, priority, "pass",
                           std::string(in ? "outport" : "inport") + " == @ovn.sg." + name + " && ip4 && ip4." +
                               (in ? "src" : "dst") + " == " + std::string(remote),
                           {}});
    }
    return g;
  };
  const auto tier_1 = [](std::vector<SgRule> ingress, std::vector<SgRule> egress) {
    SecurityGroup g = group("t", std::move(ingress), std::move(egress));
    g.tier = 1;
    return g;
  };
  const SecurityGroup open = tier_1({allow(10, "0.0.0.0/0")}, {allow(10, "0.0.0.0/0")});
  struct Row {
    const char* what;
    std::vector<SecurityGroup> groups;
    const char *ingress, *egress;
  };
  const Row rows[] = {
      {"pass and nothing else", {pass("p", "10.0.0.0/8")}, "deny: deny-all", "deny: deny-all"},
      {"pass, then an allow of tier 1", {pass("p", "10.0.0.0/8"), open}, "allow: allow in t (OVN 18474)",
       "allow: allow in t (OVN 18474)"},
      {"only tier 1", {open}, "deny: deny-all", "deny: deny-all"},
      {"a pass of something else", {pass("p", "11.0.0.0/8"), open}, "deny: deny-all", "deny: deny-all"},
      {"an allow above the pass", {pass("p", "10.0.0.0/8"), group("g", {allow(50, "10.0.0.0/8")}, {})},
       "allow: allow in g (OVN 18434)", "deny: deny-all"},
      {"a drop of tier 1 behind an allow of tier 0",
       {group("g", {allow(9000, "0.0.0.0/0")}, {allow(9000, "0.0.0.0/0")}), tier_1({drop(1, "0.0.0.0/0")}, {drop(1, "0.0.0.0/0")})},
       "allow: allow in g (OVN 9484)", "allow: allow in g (OVN 9484)"},
      {"what the pass skips of tier 2", {pass("p", "10.0.0.0/8"), group("g", {allow(200, "0.0.0.0/0")}, {allow(200, "0.0.0.0/0")})},
       "deny: deny-all", "deny: deny-all"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const Manifest m = manifest(16, row.groups);
    CHECK(says(m, to_db("10.0.0.9"), In) == row.ingress);
    CHECK(says(m, from_db("10.0.0.9"), Out) == row.egress);
  }

  // The node ACL is in tier 2, too: a pass above it skips it.
  Manifest m = manifest(16, {pass("p", "10.1.0.0/16", 16000)});
  m.node_anchor = true;
  CHECK(says(m, to_db("10.1.0.2"), In) == "allow: node ACL");
  m.security_groups[0] = pass("p", "10.1.0.0/16", 100);
  CHECK(says(m, to_db("10.1.0.2"), In) == "deny: deny-all");

  // Base ACLs are in both tiers, those of the same group where the group is.
  Packet answer = to_db("10.16.0.1", Protocol::Udp, 68);
  answer.source_port = 67;
  CHECK(says(manifest(16, {pass("p", "10.0.0.0/8")}), answer, In) == "allow: base ACL");
  SecurityGroup same = tier_1({}, {});
  same.allow_same_group = true;
  Manifest both = manifest(16, {same});
  both.bindings.push_back({"shop", "web", {"t"}});
  CHECK(says(both, to_db("10.16.0.2"), In) == "deny: deny-all");
  both.security_groups.push_back(pass("p", "10.0.0.0/8"));
  both.bindings[0].groups.push_back("p");
  CHECK(says(both, to_db("10.16.0.2"), In) == "allow: same group in t (OVN 2004)");
}

TEST_CASE("a rejected group exists, and is not programmed") {
  SecurityGroup bad = group("bad", {allow(10, "0.0.0.0/0")});
  bad.rejected = "spec.ingressRules[1]: ports";
  CHECK(says(manifest(16, {bad}), to_db("1.1.1.1"), In) == "allow: no security group");
  // Others may name it; its address set and its port group are missing.
  const SecurityGroup good = group("good", {rule(10, Verdict::Allow, SgName{"bad"})});
  Manifest m = manifest(16, {bad, good});
  CHECK(says(m, to_db("10.16.0.3"), In) == "deny: deny-all");
  m.subnets = {{"main", {existing("to-lport", 18480, "outport == @ovn.sg.bad && ip4", "allow")}, {}}};
  CHECK(says(m, to_db("1.1.1.1"), In) == "deny: deny-all");
  m.security_groups[0].rejected.clear();
  CHECK(says(m, to_db("1.1.1.1"), In) == "allow: Subnet ACL 18480 of main");
}
