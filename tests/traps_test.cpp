// The traps of the Kube-OVN reference (K§9, K§10) that a generator can avoid, one test for each, named after it.
#include <catch2/catch.hpp>

#include "tests/compile.h"
#include "tests/controller_rules.h"

using namespace policyconv;
using testing::ccnp;
using testing::cnp;
using testing::compile;
using testing::small_cluster;
using testing::text_of;

namespace {

const std::string web = "app=web, namespace=shop";

testing::Compiled ingress(const std::string& rule, const testing::Options& options = {}, const std::string& cluster = small_cluster) {
  return compile(cnp("  endpointSelector: {matchLabels: {app: web}}\n  ingress:\n  - " + rule), cluster, options);
}
testing::Compiled egress(const std::string& rule, const testing::Options& options = {}, const std::string& cluster = small_cluster) {
  return compile(cnp("  endpointSelector: {matchLabels: {app: web}}\n  egress:\n  - " + rule), cluster, options);
}
std::string rules_of(const testing::Compiled& compiled, Direction direction = Direction::Ingress) {
  const kubeovn::SecurityGroup* sg = compiled.group(web);
  REQUIRE(sg);
  return text_of(direction == Direction::Ingress ? sg->ingress : sg->egress);
}
std::vector<std::string> acls_of(const testing::Compiled& compiled, const std::string& subnet = "ovn-default") {
  std::vector<std::string> texts;
  for (const kubeovn::SubnetPatch& patch : compiled.manifest.subnets)
    if (patch.subnet == subnet)
      for (const kubeovn::SubnetAcl& acl : patch.acls)
        texts.push_back(std::to_string(acl.priority) + (acl.action == kubeovn::AclAction::Drop ? " drop " : " allow ") + acl.match);
  return texts;
}
std::string yaml_of(const testing::Compiled& compiled) {
  std::string text;
  for (const kubeovn::OutputFile& file : kubeovn::print(compiled.manifest, compiled.policies.catalog)) text += file.text;
  return text;
}

const std::string from_db = "fromEndpoints: [{matchLabels: {app: db}}]";

// A bit of everything, for the traps that are about all output.
const std::string everything =
    cnp("  endpointSelector: {matchLabels: {app: web}}\n"
        "  ingress:\n"
        "  - {fromEndpoints: [{}], toPorts: [{ports: [{port: '80'}, {port: http}, {port: '0', protocol: UDP}]}]}\n"
        "  - {fromCIDRSet: [{cidr: 10.1.2.3/8, except: [10.1.0.0/16]}], icmps: [{fields: [{type: 8}, {type: 0, family: IPv6}]}]}\n"
        "  - {fromEntities: [cluster, kube-apiserver, remote-node]}\n"
        "  ingressDeny:\n"
        "  - {fromEntities: [host], toPorts: [{ports: [{port: '22'}]}]}\n"
        "  - {icmps: [{fields: [{type: 13}]}]}\n"
        "  egress:\n"
        "  - {toPorts: [{ports: [{port: '53', protocol: ANY}]}]}\n"
        "  - {toEntities: [world]}\n"
        "  - {toCIDR: ['2001:DB8::1/32']}\n"
        "  egressDeny:\n"
        "  - {toCIDR: [0.0.0.0/0], toPorts: [{ports: [{port: '25', endPort: 26}]}]}\n"
        "  - {toEndpoints: [{matchLabels: {app: db}}]}") +
    ccnp("  endpointSelector: {}\n  enableDefaultDeny: {ingress: false}\n  ingressDeny: [{fromEntities: [all], toPorts: [{ports: [{port: '23'}]}]}]", "all");

}  // namespace

TEST_CASE("K§9.5, 9.6, 9.25, K§1.1: everything emitted passes the controller's rules, for every release, and no action ties") {
  for (int minor = 12; minor <= 16; ++minor)
    for (const bool sctp : {false, true})
      for (const auto traffic : {kubeovn::NodeTraffic::Anchor, kubeovn::NodeTraffic::AllNodes, kubeovn::NodeTraffic::None}) {
        testing::Options options;
        options.kube_ovn_minor = minor, options.sctp = sctp, options.node_traffic = traffic;
        const testing::Compiled compiled = compile(everything, small_cluster, options);
        CHECK_FALSE(compiled.has_errors());
        CHECK(testing::violations(compiled.manifest) == std::vector<std::string>{});
        CHECK(testing::violations(compile(everything, "", options).manifest) == std::vector<std::string>{});
      }
}

TEST_CASE("K§9.1: only all, icmp, tcp and udp; SCTP goes to Subnet ACLs") {
  testing::Options sctp;
  sctp.sctp = true;
  const testing::Compiled compiled = ingress("{" + from_db + ", toPorts: [{ports: [{port: '9', protocol: SCTP}]}]}", sctp);
  CHECK(rules_of(compiled) == "");
  const std::string group = kubeovn::port_group_name(compiled.group(web)->name);
  const std::string peer = kubeovn::address_set_name(compiled.group("app=db, namespace=shop")->name, Family::V4);
  CHECK(acls_of(compiled).front() == "16484 allow outport == @" + group + " && ip4.src == $" + peer + " && sctp.dst == 9");
}

TEST_CASE("K§9.2: protocol all carries no ports") {
  CHECK(rules_of(ingress("{" + from_db + "}")).find("all 1-") == std::string::npos);
}

TEST_CASE("K§9.3: an ICMP type is a Subnet ACL, a whole family an SG rule") {
  CHECK(rules_of(ingress("{" + from_db + ", icmps: [{fields: [{type: 8}]}]}")) == "");
  CHECK(acls_of(ingress("{" + from_db + ", icmps: [{fields: [{type: 8}]}]}")).size() == 3);  // two of them drop SCTP
  const std::string db = ingress("{" + from_db + "}").group("app=db, namespace=shop")->name;
  CHECK(rules_of(ingress("{" + from_db + ", icmps: [{fields: [{type: 0}]}]}")) == "A1 allow ipv4 icmp " + db + "\n");
}

TEST_CASE("K§9.4: tcp and udp always have ports") {
  CHECK(rules_of(ingress("{fromCIDR: [10.200.0.0/16], toPorts: [{ports: [{port: '0', protocol: TCP}]}]}")) == "A2 allow ipv4 tcp 1-65535 10.200.0.0/16\n");
}

TEST_CASE("K§9.7: priorities fit the release") {
  for (const int minor : {12, 15, 16})
    for (const kubeovn::SecurityGroup& sg : compile(everything, small_cluster, {.kube_ovn_minor = minor}).manifest.security_groups)
      for (const kubeovn::SgRule& rule : sg.ingress) CHECK(rule.priority <= (minor >= 16 ? 16384 : 200));
}

TEST_CASE("K§9.8-10, 36, 37: no field that an old CRD prunes, no tier, no pass") {
  const std::string yaml = yaml_of(compile(everything, small_cluster));
  for (const std::string field : {"localAddress", "sourcePort", "tier", "policy: pass"}) CHECK(yaml.find(field) == std::string::npos);
}

TEST_CASE("K§9.11-14: one canonical CIDR per rule, family by address, remoteType address") {
  const testing::Compiled compiled = ingress("{fromCIDR: [10.1.2.3/8, '2001:DB8::1/32', '::ffff:10.0.0.1/120']}");
  CHECK(rules_of(compiled).find("ipv4 all 10.0.0.0/8") != std::string::npos);
  CHECK(rules_of(compiled).find("ipv6 all 2001:db8::/32") != std::string::npos);
  CHECK(rules_of(compiled).find("ffff") == std::string::npos);
  CHECK(compiled.reported("PC1131"));
  CHECK(yaml_of(compiled).find("remoteType: cidr") == std::string::npos);
}

TEST_CASE("K§9.15: policies are exactly allow and drop") {
  const std::string yaml = yaml_of(compile(everything, small_cluster));
  for (std::size_t at = yaml.find("policy: "); at != std::string::npos; at = yaml.find("policy: ", at + 1)) {
    const std::string word = yaml.substr(at + 8, yaml.find('\n', at) - at - 8);
    CHECK((word == "allow" || word == "drop"));
  }
}

TEST_CASE("K§9.16: a direction no policy isolates is opened by a helper group") {
  const testing::Compiled compiled = ingress("{" + from_db + "}");
  CHECK(compiled.groups_of("shop", "web-0").ends_with("pc-base-ovn-cluster,pc-open-out-ovn-cluster"));
  CHECK(text_of(compiled.named("pc-open-out-ovn-cluster")->egress) == "O allow ipv4 all 0.0.0.0/0\nO allow ipv6 all ::/0\n");
}

TEST_CASE("K§9.17: a pod that is only a peer keeps both directions open") {
  CHECK(ingress("{" + from_db + "}").groups_of("shop", "db-0").ends_with("pc-base-ovn-cluster,pc-open-in-ovn-cluster,pc-open-out-ovn-cluster"));
}

TEST_CASE("K§9.18: dual stack gets rules of both families") {
  const std::string text = rules_of(ingress("{" + from_db + "}"));
  CHECK(text.find("ipv4") != std::string::npos);
  CHECK(text.find("ipv6") != std::string::npos);
}

TEST_CASE("K§9.21: the pod's own node gets in by the node ACL, which one NetworkPolicy keeps alive") {
  const testing::Compiled compiled = ingress("{" + from_db + "}");
  CHECK(compiled.manifest.node_anchor);
  CHECK(yaml_of(compiled).find("policyconv-node-anchor") != std::string::npos);
  CHECK_FALSE(ingress("{" + from_db + "}", {.node_traffic = kubeovn::NodeTraffic::None}).manifest.node_anchor);
}

TEST_CASE("K§9.22, K§10.5: nothing ties with the node ACL, and denies of the own node outrank it") {
  const std::string deny = cnp("  endpointSelector: {matchLabels: {app: web}}\n  ingressDeny: [{fromEntities: [host]}]");
  CHECK(acls_of(compile(deny, small_cluster)).size() == 2);  // the SCTP drops alone: on 1.16 the group itself outranks it
  const std::vector<std::string> acls = acls_of(compile(deny, small_cluster, {.kube_ovn_minor = 15}));
  CHECK(std::any_of(acls.begin(), acls.end(), [](const std::string& acl) { return acl.starts_with("3001 drop outport == @"); }));
}

TEST_CASE("K§9.23: default deny is Kube-OVN's own, so base traffic (DHCP, VRRP) still passes") {
  for (const kubeovn::SecurityGroup& sg : ingress("{}").manifest.security_groups) {
    INFO(sg.name);
    for (const kubeovn::SgRule& rule : sg.ingress) CHECK(rule.policy == Verdict::Allow);
  }
}

TEST_CASE("K§9.24: allowSameGroupTraffic is never used") {
  CHECK(yaml_of(compile(everything, small_cluster)).find("allowSameGroupTraffic") == std::string::npos);
}

TEST_CASE("K§9.26: equal rules of different policies are one rule") {
  const std::string rule = "  endpointSelector: {matchLabels: {app: web}}\n  ingress: [{" + from_db + "}]";
  const testing::Compiled compiled = compile(cnp(rule, "a") + cnp(rule, "b"), small_cluster);
  CHECK(compiled.group(web)->ingress.size() == 2);  // one per family
  CHECK(compiled.group(web)->ingress.front().origins.size() == 2);
}

TEST_CASE("K§9.27: names have no dots and survive the change of `-` to `.`") {
  const std::string dotted = cnp("  endpointSelector: {matchLabels: {app: a.b}}\n  ingress: [{fromEndpoints: [{matchLabels: {app: a-b}}]}]");
  const testing::Compiled compiled = compile(dotted, small_cluster);
  CHECK(testing::violations(compiled.manifest) == std::vector<std::string>{});
  CHECK(compiled.manifest.security_groups.size() == 5);
}

TEST_CASE("K§9.30: the annotation has no spaces") {
  for (const kubeovn::Binding& binding : compile(everything, small_cluster).manifest.bindings)
    for (const std::string& group : binding.groups) CHECK(group.find(' ') == std::string::npos);
  CHECK(yaml_of(compile(everything, small_cluster)).find(", pc-") == std::string::npos);
}

TEST_CASE("K§9.34: converted NetworkPolicies are to be deleted, and the report says so") {
  CHECK(compile("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np, namespace: shop}, spec: {podSelector: {}}}", small_cluster)
            .reported("PC2060"));
}

TEST_CASE("K§9.40: ICMP with the gateway passes where Kube-OVN checks it that way") {
  const auto base = [](int minor) {
    return text_of(ingress("{" + from_db + "}", {.kube_ovn_minor = minor}).named("pc-base-ovn-cluster")->egress);
  };
  CHECK(base(16) == "I allow ipv6 icmp fd00:10:16::1/128\n");
  CHECK(base(13) == "I allow ipv4 icmp 10.16.0.1/32\nI allow ipv6 icmp fd00:10:16::1/128\n");
}

TEST_CASE("K§9.41: answers of NodeLocal DNS come in as new flows") {
  testing::Options options;
  options.node_local_dns = {*parse_address("169.254.20.10")};
  const testing::Compiled compiled = egress("{toEntities: [cluster]}", options);
  CHECK(text_of(compiled.named("pc-base-ovn-cluster")->ingress).find("I allow ipv4 all 169.254.20.10/32") != std::string::npos);
  CHECK(rules_of(compiled, Direction::Egress).find("A1 allow ipv4 all 169.254.20.10/32") != std::string::npos);
}

TEST_CASE("K§9.43, K§10.1, K§10.3: Subnet ACLs are scoped to one port group each") {
  for (const std::string& acl : acls_of(compile(everything, small_cluster))) CHECK(std::count(acl.begin(), acl.end(), '@') == 1);
}

TEST_CASE("K§9.44: a Subnet ACL is the only deny only where nothing else can say it") {
  for (const std::string& acl : acls_of(compile(everything, small_cluster, {.sctp = true}))) {
    INFO(acl);
    CHECK((acl.find("sctp") != std::string::npos || acl.find(".type ==") != std::string::npos));
  }
}

TEST_CASE("K§9.45: Subnet ACLs use the numbers of the bands") {
  const std::vector<std::string> acls = acls_of(ingress("{" + from_db + ", icmps: [{fields: [{type: 8}]}]}"));
  CHECK(std::any_of(acls.begin(), acls.end(), [](const std::string& acl) { return acl.starts_with("16484 allow "); }));
}

TEST_CASE("K§9.46: pods of private Subnets, and of Subnets with ACLs that drop, are not bound") {
  const std::string guarded = small_cluster + R"(
---
apiVersion: kubeovn.io/v1
kind: Subnet
metadata: {name: private}
spec: {cidrBlock: 10.20.0.0/16, gateway: 10.20.0.1, private: true}
---
apiVersion: v1
kind: Pod
metadata: {name: hidden, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: c}]}
status: {phase: Running, podIPs: [{ip: 10.20.0.5}]}
)";
  const testing::Compiled compiled = ingress("{" + from_db + "}", {}, guarded);
  CHECK(compiled.groups_of("shop", "hidden").empty());
  CHECK(compiled.losses() == "PC2042");
}

TEST_CASE("K§9.47: CIDR rules do not reach pods, nodes or Services") {
  const testing::Compiled compiled = egress("{toCIDR: [0.0.0.0/0]}");
  CHECK(rules_of(compiled, Direction::Egress) ==
        "B drop ipv4 all 10.16.0.0/16\nB drop ipv4 all 10.96.0.0/12\nB drop ipv4 all 100.64.0.0/16\nA2 allow ipv4 all 0.0.0.0/0\n");
  CHECK(text_of(compiled.named("pc-base-ovn-cluster")->egress).find("B drop ipv4 all 192.168.0.1/32") != std::string::npos);
  SECTION("without knowing the ranges the allow is left out") {
    const testing::Compiled blind = egress("{toCIDR: [0.0.0.0/0]}", {}, "");
    CHECK(blind.losses() == "PC2010");
    CHECK(blind.group(web) == nullptr);
  }
}

TEST_CASE("K§9.49: on 1.12 DHCP requests need a rule of their own") {
  const std::string base = text_of(ingress("{" + from_db + "}", {.kube_ovn_minor = 12}).named("pc-base-ovn-cluster")->egress);
  CHECK(base.find("I allow ipv4 udp 67-67 255.255.255.255/32") != std::string::npos);
  CHECK(base.find("I allow ipv6 udp 547-547 ff02::1:2/128") != std::string::npos);
}

TEST_CASE("K§9.50: infrastructure pods are never bound; rules name them by address") {
  const std::string gateway = small_cluster + R"(
---
apiVersion: v1
kind: Pod
metadata: {name: vpc-nat-gw-a-0, namespace: kube-system, labels: {app: vpc-nat-gw-a, ovn.kubernetes.io/vpc-nat-gw: "true"}}
spec: {nodeName: n1, containers: [{name: c}]}
status: {phase: Running, podIPs: [{ip: 10.16.0.77}]}
)";
  const testing::Compiled compiled =
      compile(cnp("  endpointSelector: {matchLabels: {app: web}}\n  ingressDeny: [{fromEndpoints: [{matchLabels: {app: vpc-nat-gw-a, io.kubernetes.pod.namespace: kube-system}}]}]"), gateway);
  CHECK(compiled.groups_of("kube-system", "vpc-nat-gw-a-0").empty());
  CHECK(rules_of(compiled).find("D1 drop ipv4 all 10.16.0.77/32") != std::string::npos);
  CHECK(compiled.reported("PC2043"));
  CHECK(compile(ccnp("  endpointSelector: {}\n  ingress: [{}]"), gateway).losses() == "PC2040");
}

TEST_CASE("K§9.33, K§10.6: groups are local to a VPC, and see peered VPCs only") {
  const std::string two_vpcs = small_cluster + R"(
---
{apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {name: blue}, spec: {namespaces: [blue]}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: blue}}
---
{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: blue}, spec: {cidrBlock: 10.16.0.0/16, gateway: 10.16.0.1, vpc: blue, namespaces: [blue]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: api, namespace: blue, labels: {app: api}, annotations: {ovn.kubernetes.io/logical_switch: blue}},
 spec: {nodeName: n1, containers: [{name: c}]}, status: {phase: Running, podIPs: [{ip: 10.16.0.10}]}}
)";
  const testing::Compiled compiled = compile(ccnp("  endpointSelector: {matchLabels: {app: api}}\n  ingress: [{fromEndpoints: [{}]}]"), two_vpcs);
  const kubeovn::SecurityGroup* blue = compiled.group("app=api", "blue");
  REQUIRE(blue);
  const kubeovn::SecurityGroup* peers = compiled.group("every pod", "blue");
  REQUIRE(peers);
  CHECK(text_of(blue->ingress) == "A1 allow ipv4 all " + peers->name + "\n");
  CHECK(compiled.groups_of("blue", "api") == peers->name + "," + blue->name + ",pc-base-blue,pc-open-out-blue");
}

TEST_CASE("pods with foreign SecurityGroups are left alone (band plan F11)") {
  const std::string foreign = small_cluster + R"(
---
apiVersion: v1
kind: Pod
metadata: {name: mixed, namespace: shop, labels: {app: web}, annotations: {ovn.kubernetes.io/security_groups: "legacy"}}
spec: {nodeName: n1, containers: [{name: c}]}
status: {phase: Running, podIPs: [{ip: 10.16.0.88}]}
)";
  const testing::Compiled compiled = ingress("{" + from_db + "}", {}, foreign);
  CHECK(compiled.groups_of("shop", "mixed").empty());
  CHECK(compiled.losses() == "PC2041");
}
