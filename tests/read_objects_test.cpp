// Kube-OVN objects read back: what Kube-OVN makes of any of them, and that nothing is lost of those that we print.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "backends/kubeovn/annotations.h"
#include "backends/kubeovn/read.h"
#include "tests/compile.h"
#include "tests/conformance.h"
#include "yaml/tree.h"

using namespace policyconv;
using kubeovn::Manifest;
using kubeovn::SecurityGroup;
using kubeovn::SgRule;
using testing::small_cluster;
namespace fs = std::filesystem;

namespace {

struct Result {
  Sources sources;
  Diagnostics diagnostics;
  Cluster cluster;
  Manifest manifest;

  /// "PC2104 3: text", one line each, sorted; the line number is that of the file.
  [[nodiscard]] std::string report() const {
    std::string text;
    for (const Diagnostic& each : diagnostics.all())
      text += std::string(definition(each.kind).code) + " " + std::to_string(each.where.line) + ": " + each.message + "\n";
    return text;
  }
  [[nodiscard]] std::string codes() const {
    std::string codes;
    for (const Diagnostic& each : diagnostics.all())
      codes += (codes.empty() ? "" : " ") + std::string(definition(each.kind).code);
    return codes;
  }
  [[nodiscard]] const SecurityGroup& group(std::string_view name) const {
    for (const SecurityGroup& each : manifest.security_groups)
      if (each.name == name) return each;
    throw std::runtime_error("no group " + std::string(name));
  }
};

Result read(const std::string& objects, const std::string& dump = small_cluster, int minor = 16) {
  Result result;
  std::vector<std::uint32_t> object_files, dump_files;
  if (!objects.empty()) object_files.push_back(result.sources.add("objects.yaml", objects));
  if (!dump.empty()) dump_files.push_back(result.sources.add("dump.yaml", dump));
  Diagnostics of_cluster;
  result.cluster = cilium::parse_cluster(result.sources, dump_files, 1, of_cluster);
  result.manifest = kubeovn::read(result.sources, object_files, dump_files, {minor}, result.cluster, result.diagnostics);
  result.diagnostics.sort();
  return result;
}

std::string text_of(const SgRule& rule) {
  std::string text = rule.policy == Verdict::Allow ? "allow " : "drop ";
  text += std::to_string(rule.priority) + (rule.family == Family::V4 ? " ipv4 " : " ipv6 ");
  text += kubeovn::to_string(rule.protocol);
  if (rule.ports) text += " " + std::to_string(rule.ports->first) + "-" + std::to_string(rule.ports->last);
  const auto* cidr = std::get_if<Cidr>(&rule.remote);
  return text + " " + (cidr ? to_string(*cidr) : std::get<kubeovn::SgName>(rule.remote).name);
}

/// Everything that matters of a manifest, a line each. Places and origins are not read back.
std::string text_of(const Manifest& manifest) {
  std::string text = "1." + std::to_string(manifest.release.minor) + (manifest.node_anchor ? " with anchor\n" : "\n");
  for (const SecurityGroup& sg : manifest.security_groups) {
    text += "group " + sg.name + " vpc " + sg.vpc + " about " + sg.about + " role " + std::string(to_string(sg.role)) +
            " isolates " + isolates_text(sg) + " members " + (sg.members ? kubeovn::members_text(*sg.members) : "-") +
            (sg.allow_same_group ? " same group" : "") + " tier " + std::to_string(sg.tier) + sg.rejected + "\n";
    for (const SgRule& rule : sg.ingress) text += "  in " + rule.band + " " + text_of(rule) + "\n";
    for (const SgRule& rule : sg.egress) text += "  out " + rule.band + " " + text_of(rule) + "\n";
    for (const kubeovn::WrittenRule& rule : sg.written) text += "  written " + rule.action + " " + rule.match + "\n";
  }
  for (const kubeovn::SubnetPatch& patch : manifest.subnets) {
    text += "subnet " + patch.subnet + "\n";
    const auto add = [&](std::string_view direction, int priority, const std::string& match, std::string_view action) {
      text += "  " + std::string(direction) + " " + std::to_string(priority) + " " + match + " " + std::string(action) + "\n";
    };
    for (const ExistingAcl& acl : patch.kept) add(acl.direction, acl.priority, acl.match, acl.action);
    for (const kubeovn::SubnetAcl& acl : patch.acls)
      add(acl.direction == Direction::Ingress ? "to-lport" : "from-lport", acl.priority, acl.match,
          acl.action == kubeovn::AclAction::Drop ? "drop" : "allow-related");
  }
  for (const kubeovn::Binding& binding : manifest.bindings) {
    text += "pod " + binding.ns + "/" + binding.pod;
    for (const std::string& group : binding.groups) text += " " + group;
    text += "\n";
  }
  return text;
}

/// A pod that the objects leave alone keeps what it carries, which is no part of them.
void forget_other_pods(Manifest& read, const Manifest& written) {
  std::erase_if(read.bindings, [&](const kubeovn::Binding& binding) {
    return std::none_of(written.bindings.begin(), written.bindings.end(), [&](const kubeovn::Binding& each) {
      return each.ns == binding.ns && each.pod == binding.pod;
    });
  });
}

std::string sg(const std::string& spec, const std::string& name = "g", const std::string& metadata = "") {
  return "apiVersion: kubeovn.io/v1\nkind: SecurityGroup\nmetadata: {name: " + name + metadata + "}\nspec:" +
         (spec.empty() ? " {}" : "\n" + spec) + "\n---\n";
}
/// One ingress rule; what stands in `changes` replaces or adds fields of a sound one.
std::string with_rule(const std::string& changes, const std::string& list = "ingressRules") {
  std::map<std::string, std::string> fields{{"ipVersion", "ipv4"},     {"priority", "10"},
                                            {"policy", "allow"},       {"protocol", "all"},
                                            {"remoteType", "address"}, {"remoteAddress", "10.0.0.0/8"}};
  Sources sources;
  Diagnostics diagnostics;
  for (const yaml::Node& document : yaml::read_documents(sources, sources.add("", "{" + changes + "}"), diagnostics))
    for (const auto& [key, value] : document.members) {
      if (value.scalar == "-") fields.erase(key.scalar);
      else fields[key.scalar] = value.quoted ? "'" + value.scalar + "'" : value.scalar;
    }
  std::string text = "  " + list + ":\n  - {";
  for (const auto& [key, value] : fields) text += key + ": " + value + ", ";
  return text + "}";
}
std::string pod(const std::string& groups, const std::string& name = "web-0") {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
         ", namespace: shop, annotations: {ovn.kubernetes.io/security_groups: '" + groups + "'}}\n---\n";
}

/// The only rule of the only group, or why there is none.
std::string outcome(const SecurityGroup& group) {
  if (!group.rejected.empty()) return "rejected: " + group.rejected;
  std::string text;
  for (const SgRule& rule : group.ingress) text += text_of(rule);
  for (const SgRule& rule : group.egress) text += "egress " + text_of(rule);
  for (const kubeovn::WrittenRule& rule : group.written)
    text += "written " + rule.action + " " + std::to_string(rule.priority) + " " + rule.match;
  return text;
}

}  // namespace

TEST_CASE("what Kube-OVN makes of a rule (K§1.1, K§1.3, K§2.2)") {
  const std::string match = "outport == @ovn.sg.g && ip4 && ip4.src == ";
  struct Row {
    int minor;
    std::string changes, outcome, codes = {};
  };
  const Row rows[] = {
      {16, "", "allow 10 ipv4 all 10.0.0.0/8"},
      {16, "protocol: tcp, portRangeMin: 80, portRangeMax: 90", "allow 10 ipv4 tcp 80-90 10.0.0.0/8"},
      {16, "protocol: icmp, portRangeMin: 80, portRangeMax: 90", "allow 10 ipv4 icmp 10.0.0.0/8"},
      {16, "protocol: sctp, portRangeMin: 80, portRangeMax: 80", "allow 10 ipv4 all 10.0.0.0/8"},
      {16, "protocol: TCP", "allow 10 ipv4 all 10.0.0.0/8"},
      {16, "protocol: -", "allow 10 ipv4 all 10.0.0.0/8"},
      {16, "policy: drop", "drop 10 ipv4 all 10.0.0.0/8"},
      {16, "policy: Allow", "drop 10 ipv4 all 10.0.0.0/8"},
      {16, "policy: -", "drop 10 ipv4 all 10.0.0.0/8"},
      {15, "policy: pass", "drop 10 ipv4 all 10.0.0.0/8"},
      {16, "policy: pass", "written pass 10 " + match + "10.0.0.0/8"},
      {16, "remoteAddress: 10.20.0.5/24", "allow 10 ipv4 all 10.20.0.0/24"},
      {16, "remoteAddress: 10.20.0.5", "allow 10 ipv4 all 10.20.0.5/32"},
      {16, "ipVersion: ipv6, remoteAddress: 'FD00::5'", "allow 10 ipv6 all fd00::5/128"},
      {16, "ipVersion: ipv6, remoteAddress: '::ffff:10.0.0.1'", "allow 10 ipv6 all ::ffff:10.0.0.1/128"},
      {16, "remoteType: securityGroup, remoteSecurityGroup: g", "allow 10 ipv4 all g"},
      // What OVN cannot read, or never matches.
      {16, "remoteAddress: '10.0.0.0/8,10.1.0.0/16'", "written allow 10 " + match + "10.0.0.0/8,10.1.0.0/16", "PC2107"},
      {16, "remoteAddress: 'fd00::/64'", "written allow 10 " + match + "fd00::/64", "PC2107"},
      {16, "remoteAddress: '::ffff:10.0.0.1'", "written allow 10 " + match + "::ffff:10.0.0.1", "PC2107"},
      {16, "ipVersion: ipv6, remoteAddress: 10.0.0.1",
       "written allow 10 outport == @ovn.sg.g && ip6 && ip6.src == 10.0.0.1", "PC2107"},
      // Source ports count beside localAddress only, which is there since v1.16.
      {16, "localAddress: 10.16.0.9", "written allow 10 " + match + "10.0.0.0/8 && ip4.dst == 10.16.0.9"},
      {16, "localAddress: 10.16.0.0/16, protocol: udp, portRangeMin: 53, portRangeMax: 53, sourcePortRangeMin: 1, sourcePortRangeMax: 1023",
       "written allow 10 " + match + "10.0.0.0/8 && ip4.dst == 10.16.0.0/16 && 53 <= udp.dst <= 53 && 1 <= udp.src <= 1023"},
      {16, "localAddress: 10.16.0.9, remoteType: securityGroup, remoteSecurityGroup: g, protocol: icmp",
       "written allow 10 " + match + "$ovn.sg.g.associated.v4 && ip4.dst == 10.16.0.9 && icmp4"},
      {16, "sourcePortRangeMin: 1, sourcePortRangeMax: 1023", "allow 10 ipv4 all 10.0.0.0/8"},
      {15, "localAddress: 10.16.0.9", "allow 10 ipv4 all 10.0.0.0/8", "PC2106"},
      {16, "portRangeMn: 80", "allow 10 ipv4 all 10.0.0.0/8", "PC2106"},
      // What the controller refuses, and with it the whole object.
      {16, "ipVersion: IPv4", "rejected: spec.ingressRules[0]: ipVersion is `IPv4`, it must be ipv4 or ipv6", "PC2104"},
      {16, "priority: 16384", "allow 16384 ipv4 all 10.0.0.0/8"},
      {16, "priority: 16385", "rejected: spec.ingressRules[0]: priority is 16385, it must be from 1 to 16384", "PC2104"},
      {15, "priority: 201", "rejected: spec.ingressRules[0]: priority is 201, it must be from 1 to 200", "PC2104"},
      {16, "priority: -", "rejected: spec.ingressRules[0]: priority is 0, it must be from 1 to 16384", "PC2104"},
      {16, "remoteType: cidr", "rejected: spec.ingressRules[0]: remoteType is `cidr`, it must be address or securityGroup", "PC2104"},
      {16, "remoteType: securityGroup, remoteSecurityGroup: absent",
       "rejected: spec.ingressRules[0]: remoteSecurityGroup `absent` does not exist", "PC2104"},
      {16, "remoteAddress: 10.0.0.1.2", "rejected: spec.ingressRules[0]: remoteAddress: invalid IP address `10.0.0.1.2`", "PC2104"},
      {16, "remoteAddress: '10.0.0.1,10.0.0.2'",
       "rejected: spec.ingressRules[0]: remoteAddress: invalid IP address `10.0.0.1,10.0.0.2`", "PC2104"},
      {15, "remoteAddress: '10.0.0.0/8,10.1.0.0/16'",
       "rejected: spec.ingressRules[0]: remoteAddress: invalid CIDR `10.0.0.0/8,10.1.0.0/16`", "PC2104"},
      {16, "remoteAddress: -", "rejected: spec.ingressRules[0]: remoteAddress: invalid IP address ``", "PC2104"},
      {16, "protocol: tcp", "rejected: spec.ingressRules[0]: ports are 0-0, tcp needs portRangeMin and portRangeMax from 1 to 65535", "PC2104"},
      {16, "protocol: udp, portRangeMin: 1, portRangeMax: 70000",
       "rejected: spec.ingressRules[0]: ports are 1-70000, udp needs portRangeMin and portRangeMax from 1 to 65535", "PC2104"},
      {16, "protocol: tcp, portRangeMin: 90, portRangeMax: 80",
       "rejected: spec.ingressRules[0]: portRangeMin 90 is greater than portRangeMax 80", "PC2104"},
      {16, "localAddress: here", "rejected: spec.ingressRules[0]: localAddress: invalid IP address `here`", "PC2104"},
      {16, "localAddress: 10.16.0.9, protocol: tcp, portRangeMin: 80, portRangeMax: 80",
       "rejected: spec.ingressRules[0]: source ports are 0-0, with localAddress they must be from 1 to 65535", "PC2104"},
  };
  for (const Row& row : rows) {
    INFO("1." << row.minor << " " << row.changes);
    const Result result = read(sg(with_rule(row.changes)), small_cluster, row.minor);
    CHECK(outcome(result.group("g")) == row.outcome);
    CHECK(result.codes() == row.codes);
    for (const SgRule& rule : result.group("g").ingress) CHECK(rule.loc == Loc{1, 6, 5});
    for (const kubeovn::WrittenRule& rule : result.group("g").written) CHECK(rule.loc == Loc{1, 6, 5});
    for (const Diagnostic& each : result.diagnostics.all()) CHECK(each.where.line == 6);
  }
  const Result egress = read(sg(with_rule("localAddress: 10.16.0.9", "egressRules")));
  CHECK(outcome(egress.group("g")) ==
        "written allow 10 inport == @ovn.sg.g && ip4 && ip4.dst == 10.0.0.0/8 && ip4.src == 10.16.0.9");
}

TEST_CASE("the first bad rule rejects the whole group") {
  const Result result =
      read(sg("  ingressRules:\n  - {ipVersion: ipv4, priority: 1, remoteType: address, remoteAddress: 10.0.0.1}\n"
              "  egressRules:\n  - {ipVersion: ipv4, priority: 0}\n  - {ipVersion: x}"));
  CHECK(result.group("g").rejected == "spec.egressRules[0]: priority is 0, it must be from 1 to 16384");
  CHECK(result.group("g").ingress.empty());
  CHECK(result.report() == "PC2104 8: Kube-OVN does not program SecurityGroup `g`: spec.egressRules[0]: priority is 0, it "
                           "must be from 1 to 16384\n");
}

TEST_CASE("tiers and traffic of the same group") {
  const std::string tier = "  tier: 1\n  allowSameGroupTraffic: true\n";
  CHECK(read(sg(tier)).group("g").tier == 1);
  CHECK(read(sg(tier)).group("g").allow_same_group);
  CHECK(read(sg(tier), small_cluster, 15).group("g").tier == 0);
  CHECK(read(sg(tier), small_cluster, 15).codes() == "PC2106");
  CHECK(read(sg("  tier: 2")).group("g").rejected == "spec.tier is 2, it must be 0 or 1");
  CHECK(read(sg(tier + with_rule("policy: pass"))).group("g").rejected.starts_with("spec.ingressRules[0]: policy `pass`"));
  CHECK(read(sg("")).group("g").loc == Loc{1, 1, 1});
}

TEST_CASE("values of the wrong type are errors with their place") {
  CHECK(read(sg(with_rule("priority: '10'"))).report().starts_with(
      "PC0120 6: SecurityGroup g spec.ingressRules[0].priority is the string `10`, it must be a whole number\n"));
  CHECK(read(sg(with_rule("priority: '10'")) + sg(with_rule("remoteType: securityGroup, remoteSecurityGroup: g"), "h")).codes() ==
        "PC0120");  // and nothing that follows from it
  CHECK(read(sg("  ingressRules: 5")).codes() == "PC0120");
  CHECK(read(sg("  allowSameGroupTraffic: 'true'")).codes() == "PC0120");
  CHECK(read(sg(with_rule("policy: true"))).diagnostics.has_errors());
}

TEST_CASE("objects come before the dump, and what they leave alone stays") {
  const std::string carrying = pod("live,other", "web-1") + pod("live", "web-0");
  const std::string dump = carrying + sg(with_rule("priority: 1"), "live") + sg(with_rule("priority: 2"), "mine");
  const Result result = read(sg(with_rule("priority: 3"), "mine") + pod("mine"), dump);
  CHECK(outcome(result.group("live")) == "allow 1 ipv4 all 10.0.0.0/8");
  CHECK(outcome(result.group("mine")) == "allow 3 ipv4 all 10.0.0.0/8");
  CHECK(result.group("live").loc.file == 2);
  CHECK(text_of(result.manifest).ends_with("pod shop/web-0 mine\npod shop/web-1 live other\n"));
  CHECK(result.codes().empty());

  // An empty list takes the groups off; an object without the annotation leaves it.
  CHECK(text_of(read(pod(""), dump).manifest).ends_with("pod shop/web-0\npod shop/web-1 live other\n"));
  const std::string bare = "{apiVersion: v1, kind: Pod, metadata: {name: web-0, namespace: shop}}\n---\n";
  CHECK(text_of(read(bare + sg(""), dump).manifest).ends_with("pod shop/web-0 live\npod shop/web-1 live other\n"));

  // A remote group may be in the dump alone.
  CHECK(outcome(read(sg(with_rule("remoteType: securityGroup, remoteSecurityGroup: live")), dump).group("g")) ==
        "allow 10 ipv4 all live");
}

TEST_CASE("a group that Kube-OVN refuses leaves the old rules in force (K§9.6)") {
  const Result result = read(sg(with_rule("priority: 0")), sg(with_rule("priority: 7")) + small_cluster);
  CHECK(outcome(result.group("g")) == "allow 7 ipv4 all 10.0.0.0/8");
  CHECK(result.group("g").loc.file == 2);
  CHECK(result.codes() == "PC2105 PC2104");
  CHECK(read(sg(with_rule("priority: 0")), sg(with_rule("priority: 0"))).codes() == "PC2104");
}

TEST_CASE("lists of groups are read without their blanks") {
  const Result result = read(pod("a, b ,,c") + sg("", "a"));
  CHECK(text_of(result.manifest).ends_with("pod shop/web-0 a b c\n"));
  CHECK(result.report() == "PC2112 3: the list of SecurityGroups of Pod shop/web-0 has blanks; a port that is created with "
                           "it misses the groups behind them\n");
  CHECK(read(sg(""), pod("a, b")).codes() == "PC2112");
  CHECK(read(pod("a", "nobody")).codes() == "PC2111");
}

TEST_CASE("ACLs of a Subnet replace the live ones, a bad one voids them all (K§5)") {
  const auto subnet = [](const std::string& spec) {
    return "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: ovn-default}\nspec: " + spec + "\n---\n" + sg("");
  };
  const auto acl = [&](const std::string& direction, const std::string& priority, const std::string& action) {
    return subnet("{acls: [{direction: " + direction + ", priority: " + priority + ", match: ip4, action: " + action + "}]}");
  };
  const Result result = read(acl("to-lport", "1000", "drop"));
  REQUIRE(result.manifest.subnets.size() == 1);
  CHECK(result.manifest.subnets[0].kept == std::vector<ExistingAcl>{{"to-lport", "ip4", "drop", 1000, {1, 4, 15}}});
  CHECK(result.codes().empty());
  CHECK(read(subnet("{acls: []}")).manifest.subnets.size() == 1);
  CHECK(read(subnet("{vpc: ovn-cluster}")).manifest.subnets.empty());

  struct Row {
    std::string direction, priority, action, codes_16, codes_15;
  };
  const Row rows[] = {{"ingress", "1", "drop", "PC2114", "PC2113"},
                      {"to-lport", "1", "deny", "PC2114", "PC2113"},
                      {"to-lport", "40000", "drop", "PC2114", "PC2113"},
                      {"to-lport", "-1", "drop", "PC2114", "PC2113"},
                      {"to-lport", "1", "pass", "", "PC2113"},
                      {"from-lport", "32767", "reject", "", ""}};
  for (const Row& row : rows) {
    INFO(row.direction << " " << row.priority << " " << row.action);
    CHECK(read(acl(row.direction, row.priority, row.action)).codes() == row.codes_16);
    CHECK(read(acl(row.direction, row.priority, row.action), small_cluster, 15).codes() == row.codes_15);
  }
  CHECK(read(subnet("{acls: [{direction: to-lport, priority: 1, action: drop}]}")).codes() == "PC2114");
}

TEST_CASE("a NetworkPolicy that selects nothing keeps the node ACL, any other is not modelled (K§4.3)") {
  const auto policy = [](const std::string& selector, const std::string& labels = "") {
    return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop" + labels +
           "}\nspec: {podSelector: " + selector + "}\n---\n";
  };
  const Result anchor = read(policy("{matchLabels: {policyconv.io/selects: nothing}}"));
  CHECK(anchor.manifest.node_anchor);
  CHECK(anchor.codes().empty());
  CHECK(read(policy("{matchExpressions: [{key: app, operator: NotIn, values: [web, db]}]}")).manifest.node_anchor);
  CHECK(read(policy("{}")).codes() == "PC2102");
  CHECK(read(policy("{matchExpressions: [{key: app, operator: In, values: [web, a]}]}")).codes() == "PC2102");
  CHECK(read(policy("{matchExpressions: [{key: app, operator: Is}]}")).codes() == "PC2115");
  CHECK_FALSE(read(sg("")).manifest.node_anchor);

  // Those of the dump are to be migrated and deleted; ours stays.
  const Result dumped = read(sg(""), small_cluster + "\n---\n" + policy("{}"));
  CHECK_FALSE(dumped.manifest.node_anchor);
  CHECK(dumped.report() == "PC2103 0: policies of the dump are taken to be deleted before the objects count: 1 NetworkPolicy\n");
  CHECK(read(sg(""), policy("{}", ", labels: {app.kubernetes.io/managed-by: policyconv}")).manifest.node_anchor);
}

TEST_CASE("what is no object of Kube-OVN") {
  struct Row {
    std::string objects, codes;
  };
  const std::string admin = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: ";
  const Row rows[] = {
      {"", "PC2100"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}", "PC0209 PC2100"},
      {"{apiVersion: v1, kind: Pod, metadata: {name: web-0, namespace: shop}}", "PC2100"},
      {sg("") + "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}", "PC0209"},
      {sg("") + admin + "AdminNetworkPolicy\nmetadata: {name: a}", "PC2102"},
      {sg("") + admin + "BaselineAdminNetworkPolicy\nmetadata: {name: a}", "PC2102"},
      {sg("") + admin + "ClusterNetworkPolicy\nmetadata: {name: a}", "PC2102"},
      {testing::cnp("  endpointSelector: {}"), "PC2101"},
      {testing::ccnp("  endpointSelector: {}"), "PC2101"},
      {sg("") + sg(""), "PC0136"},
      {pod("g") + pod("h"), "PC0136"},
      {sg("", "a-b") + sg("", "a.b"), "PC2108"},
      {"{apiVersion: kubeovn.io/v2, kind: SecurityGroup, metadata: {name: g}}", "PC0131"},
      {"{apiVersion: vpcresources.k8s.aws/v1, kind: SecurityGroup, metadata: {name: g}}\n---\n" + sg(""), "PC0209"},
      {"{apiVersion: kubeovn.io/v1, kind: SecurityGroup, metadata: {}}", "PC0202"},
      {"a: [", "PC0106"},
  };
  for (const Row& row : rows) {
    INFO(row.objects);
    CHECK(read(row.objects).codes() == row.codes);
  }
  CHECK(read(sg("") + sg("")).report().find("SecurityGroup g is already defined at objects.yaml:1:1") != std::string::npos);
  CHECK(read(sg(""), small_cluster + "\n---\n" + admin + "AdminNetworkPolicy\nmetadata: {name: a}").codes() == "PC2103");
}

TEST_CASE("members in an annotation are read as they were written") {
  using ir::Op;
  const ir::Group groups[] = {
      {},
      {{{"app", Op::In, {"web"}}}, std::nullopt},
      {{{"app", Op::In, {"a", "b"}}, {"x/y", Op::NotIn, {""}}, {"z", Op::Exists, {}}}, std::nullopt},
      {{{"app", Op::In, {"\"quoted\" \\ 'text'\n\t{}"}}, {"no", Op::DoesNotExist, {}}}, std::nullopt},
      {{{"app", Op::In, {"123"}}, {"on", Op::In, {"yes"}}}, ContainerPort{"http", Protocol::Udp, 65535}},
      {{}, ContainerPort{"s", Protocol::Sctp, 1}},
  };
  for (const ir::Group& group : groups) {
    std::string why;
    INFO(kubeovn::members_text(group));
    CHECK(kubeovn::parse_members(kubeovn::members_text(group), why) == group);
    CHECK(why.empty());
  }
  CHECK(kubeovn::members_text(groups[4]) ==
        R"({"matchLabels":{"app":"123","on":"yes"},"port":{"name":"http","protocol":"UDP","number":65535}})");
}

TEST_CASE("annotations of ours that were changed are reported and not believed") {
  const auto annotated = [](const std::string& annotations) {
    return sg("", "g", ", annotations: {" + annotations + "}");
  };
  const std::string members = R"(policyconv.io/members: '{"matchLabels":{"app":"web"}}')";
  const Result sound = read(annotated(members + ", policyconv.io/isolates: egress, policyconv.io/vpc: v, policyconv.io/selects: s, "
                                                "policyconv.io/target: kube-ovn-1.16"));
  CHECK(text_of(sound.manifest) == "1.16\ngroup g vpc v about s role  isolates egress members {\"matchLabels\":{\"app\":\"web\"}} tier 0\n");
  CHECK(sound.codes().empty());
  CHECK(read(annotated("policyconv.io/role: open-in")).group("g").role == kubeovn::Role::OpenIn);
  CHECK(read(annotated("policyconv.io/target: kube-ovn-1.15")).report() ==
        "PC2110 1: SecurityGroup `g` was written for kube-ovn-1.15, here Kube-OVN is 1.16\n");

  const std::string bad[] = {
      "policyconv.io/role: top",
      "policyconv.io/role: base, " + members,
      "policyconv.io/isolates: both, " + members,
      "policyconv.io/members: web",
      "policyconv.io/members: ''",
      "policyconv.io/members: '{\"matchLabel\":{\"app\":\"web\"}}'",
      "policyconv.io/members: '{\"matchLabels\":{\"app\":'",
      "policyconv.io/members: '{\"matchLabels\":{\"app\":5}}'",
      "policyconv.io/members: '{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\"}]}'",
      "policyconv.io/members: '{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"},{\"key\":\"a\",\"operator\":\"DoesNotExist\"}]}'",
      "policyconv.io/members: '{\"port\":{\"name\":\"http\",\"protocol\":\"TCP\"}}'",
  };
  for (const std::string& annotations : bad) {
    INFO(annotations);
    const Result result = read(annotated(annotations));
    CHECK(result.codes() == "PC2109");
    CHECK_FALSE(result.group("g").members);
    CHECK(result.group("g").role == kubeovn::Role::Members);
    CHECK_FALSE(result.group("g").isolates_ingress);
  }
}

TEST_CASE("the compiler notes which pods a group is for") {
  const testing::Compiled compiled = testing::compile(
      testing::cnp("  endpointSelector: {matchLabels: {app: web}}\n  ingress:\n  - {fromEndpoints: [{matchLabels: {app: db}}], "
                   "toPorts: [{ports: [{port: http}]}]}"),
      small_cluster);
  const auto of = [&](std::string_view about) -> const SecurityGroup& {
    const SecurityGroup* found = compiled.group(about);
    REQUIRE(found);
    return *found;
  };
  const SecurityGroup &db = of("app=db, namespace=shop"), &base = of("every pod that carries one of our groups"),
                      &web = of("app=web, namespace=shop, port http is tcp/8080");
  CHECK(kubeovn::members_text(*web.members) ==
        R"({"matchLabels":{"app":"web","io.kubernetes.pod.namespace":"shop"},"port":{"name":"http","protocol":"TCP","number":8080}})");
  CHECK_FALSE(db.isolates_ingress);
  CHECK(base.role == kubeovn::Role::Base);
  CHECK_FALSE(base.members);
  CHECK(of("pods that no policy isolates on egress").role == kubeovn::Role::OpenOut);
}

// --- what is printed is read back ------------------------------------------------------------------------------------

namespace {

/// The manifest that `compiled` prints, read again beside the cluster that it was made for.
std::string read_again(const Manifest& manifest, const Catalog& catalog, Sources& sources, const Cluster& cluster,
                       std::string& report) {
  std::vector<std::uint32_t> files;
  for (const kubeovn::OutputFile& file : kubeovn::print(manifest, catalog)) files.push_back(sources.add(file.name, file.text));
  Diagnostics diagnostics;
  Manifest again = kubeovn::read(sources, files, {}, manifest.release, cluster, diagnostics);
  for (const Diagnostic& each : diagnostics.all())
    if (each.kind != Kind::NoObjects || !files.empty()) report += each.message + "\n";
  forget_other_pods(again, manifest);
  return text_of(again);
}

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Without the comments that print() puts behind the lines.
std::string uncommented(const std::string& text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    kept += line.substr(0, line.find("  # ")) + "\n";
    at = end + 1;
  }
  return kept;
}

}  // namespace

TEST_CASE("every printed file of the golden cases and samples is read and printed the same") {
  std::size_t files = 0;
  for (const char* folder : {"tests/golden", "samples"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(POLICYCONV_SOURCE_DIR) / folder)) {
      if (!entry.is_directory() || entry.path().filename() != "expected") continue;
      INFO(entry.path());
      Sources sources;
      std::map<std::string, std::string> expected;
      std::vector<std::uint32_t> objects, dump;
      for (const auto& file : fs::directory_iterator(entry.path())) {
        expected[file.path().filename().string()] = slurp(file);
        objects.push_back(sources.add(file.path().filename().string(), slurp(file)));
      }
      for (const auto& file : fs::recursive_directory_iterator(entry.path().parent_path()))
        if (file.path().string().find("/cluster") != std::string::npos && file.path().extension() == ".yaml")
          dump.push_back(sources.add(file.path().string(), slurp(file)));
      const std::string& groups = expected["00-security-groups.yaml"];
      const std::size_t target = groups.find("policyconv.io/target: kube-ovn-1.");
      const kubeovn::Release release{target == std::string::npos ? 16 : std::stoi(groups.substr(target + 33, 2))};
      Diagnostics diagnostics;
      const Cluster cluster = cilium::parse_cluster(sources, dump, 1, diagnostics);
      Diagnostics found;
      Manifest read = kubeovn::read(sources, objects, {}, release, cluster, found);
      for (const Diagnostic& each : found.all()) FAIL_CHECK(each.message);
      std::erase_if(read.bindings, [&](const kubeovn::Binding& binding) {
        return expected["30-bindings.yaml"].find("name: " + binding.pod + "\n") == std::string::npos;
      });
      for (const kubeovn::OutputFile& file : kubeovn::print(read, {})) {
        INFO(file.name);
        CHECK(uncommented(file.text) == uncommented(expected[file.name]));
        ++files;
      }
    }
  CHECK(files > 100);
}

TEST_CASE("what is compiled from the conformance cases is read back as it was printed") {
  std::size_t cases = 0, groups = 0;
  const auto check = [&](const conformance::Case& source, int minor) {
    conformance::Input input = conformance::read(source);
    input.cluster.service_cidrs = conformance::service_cidrs();
    Diagnostics diagnostics;
    const ir::Program program = cilium::lower(input.policies, input.cluster, {conformance::semantics(), {}}, diagnostics);
    kubeovn::LowerOptions options;
    options.release = {minor};
    options.sctp = minor == 16;
    const Manifest manifest =
        kubeovn::lower(program, input.cluster, input.policies.catalog, options, diagnostics);
    std::string report;
    const std::string again = read_again(manifest, input.policies.catalog, input.sources, input.cluster, report);
    const std::string written = text_of(manifest);
    if (again != written || !report.empty()) {
      INFO(source.name << " 1." << minor);
      CHECK(again == written);
      CHECK(report == "");
    }
    ++cases;
    groups += manifest.security_groups.size();
  };
  conformance::for_each_curated_case([&](const conformance::Case& source) { check(source, 16); });
  conformance::for_each_case("public.jsonl.gz", 20, [&](const conformance::Case& source) { check(source, 15); });
  CHECK(cases > 100);
  CHECK(groups > 500);
}

TEST_CASE("damaged objects are reported or read, whatever they have become") {
  const testing::Compiled compiled = testing::compile(
      testing::cnp("  endpointSelector: {matchLabels: {app: web}}\n  ingress:\n  - {fromEndpoints: [{}], icmps: [{fields: "
                   "[{type: 8}]}]}\n  - {toPorts: [{ports: [{port: http}]}]}\n  egress:\n  - {toCIDR: [10.1.0.0/16]}"),
      small_cluster);
  std::string sound;
  for (const kubeovn::OutputFile& file : kubeovn::print(compiled.manifest, compiled.policies.catalog)) sound += "---\n" + file.text;
  REQUIRE(read(sound).codes().empty());
  std::mt19937 random(4);
  std::size_t readable = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string damaged = sound;
    for (int edits = 0; edits < 3; ++edits) {
      const std::size_t at = random() % damaged.size(), other = random() % damaged.size();
      if (random() % 2 == 0) damaged[at] = damaged[other];
      else damaged.erase(at, random() % 12);
    }
    const Result result = read(damaged, "");
    readable += !result.diagnostics.has_errors();
    for (const SecurityGroup& group : result.manifest.security_groups)
      for (const SgRule& rule : group.ingress) CHECK((rule.priority >= 1 && rule.priority <= 16384));
  }
  CHECK(readable > 100);
  CHECK(readable < 900);
}
