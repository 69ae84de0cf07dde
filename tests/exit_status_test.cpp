// The exit status of every command in every situation, for every --fail-on: the contract of docs/exit-codes.md. Pipelines
// are written against this table, so a changed number here is a breaking change.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/options.h"
#include "tests/command_line.h"
#include "tests/compile.h"

using namespace policyconv;
using namespace policyconv::testing;

namespace {

using Args = std::vector<std::string>;

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  INFO(text << " has no " << from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

const std::string same_rule = "  endpointSelector: {matchLabels: {app: db}}\n  ingress:\n  - fromEndpoints: [{matchLabels: {app: web}}]\n";
const std::string port_rule = same_rule + "    toPorts: [{ports: [{port: \"5432\", protocol: TCP}]}]\n";
const std::string http_rule = same_rule + "    toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: {http: [{path: /}]}}]\n";
const std::string host_rule = "  endpointSelector: {}\n  egress: [{toEntities: [host]}]\n";

/// Objects of other hands, with these rules for everything that comes to db.
std::string by_hand(const std::vector<std::string>& actions) {
  std::string text = "apiVersion: kubeovn.io/v1\nkind: SecurityGroup\nmetadata: {name: by-hand}\nspec:\n  ingressRules:\n";
  for (const std::string& action : actions)
    text += "  - {ipVersion: ipv4, priority: 1, policy: " + action + ", protocol: all, remoteType: address, remoteAddress: 0.0.0.0/0}\n";
  return text + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: db-0, namespace: shop, annotations: {ovn.kubernetes.io/security_groups: by-hand}}\n";
}

/// What Hubble records of a packet from web-0 to db-0.
std::string recorded(const std::string& verdict, int port) {
  return fmt::format(
      R"({{"flow":{{"verdict":"{}","IP":{{"source":"10.16.0.10","destination":"10.16.0.12","ipVersion":"IPv4"}},)"
      R"("l4":{{"TCP":{{"source_port":40000,"destination_port":{},"flags":{{"SYN":true}}}}}},)"
      R"("source":{{"namespace":"shop","pod_name":"web-0"}},"destination":{{"namespace":"shop","pod_name":"db-0"}},)"
      R"("Type":"L3_L4","traffic_direction":"INGRESS","is_reply":false{}}},"node_name":"n1"}})",
      verdict, port, verdict == "DROPPED" ? ",\"drop_reason_desc\":\"POLICY_DENIED\"" : "") + "\n";
}

const std::string vpcs =
    "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {name: a}, spec: {}}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {name: b}, spec: {}}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: net-a}, spec: {vpc: a, cidrBlock: 10.0.1.0/24, gateway: 10.0.1.1}}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: net-b}, spec: {vpc: b, cidrBlock: 10.0.1.0/24, gateway: 10.0.1.1}}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: ovn-default}, spec: {default: true, cidrBlock: 10.16.0.0/16, gateway: 10.16.0.1}}\n"
    "---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n";

std::string pod(const std::string& name, const std::string& subnet, const std::string& address) {
  return "---\n{apiVersion: v1, kind: Pod, metadata: {name: " + name + ", namespace: shop, labels: {app: " + name +
         "}, annotations: {ovn.kubernetes.io/logical_switch: " + subnet + "}}, spec: {nodeName: n1, containers: [{name: c}]}, "
         "status: {phase: Running, podIPs: [{ip: " + address + "}]}}\n";
}

/// Everything that decides, so that nothing is missing: a chain that works.
const std::string the_rest =
    "{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, spec: {clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1], ports: [{port: 443, targetPort: 6443}]}}\n"
    "---\n{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}, "
    "addressType: IPv4, endpoints: [{addresses: [192.168.0.1]}], ports: [{port: 6443}]}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: IP, metadata: {name: db.shop}, spec: {namespace: shop, podName: db, subnet: ovn-default, v4IpAddress: 10.16.0.10}}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: VpcNatGateway, metadata: {name: gw}, spec: {vpc: a, subnet: net-a, lanIp: 10.0.1.2, externalSubnets: [outside]}}\n"
    "---\n{apiVersion: cilium.io/v2, kind: CiliumNode, metadata: {name: n1}, spec: {ipam: {podCIDRs: [100.65.0.0/24]}}}\n"
    "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cilium-config, namespace: kube-system}\ndata: {cni-chaining-mode: generic-veth, "
    "read-cni-conf: /tmp/cni-configuration/cni-config, write-cni-conf-when-ready: /host/etc/cni/net.d/05-cilium.conflist, "
    "enable-source-ip-verification: 'false', ipam: cluster-pool, cluster-pool-ipv4-cidr: 100.65.0.0/16}\n"
    "---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: kube-ovn-cni, namespace: kube-system}, "
    "spec: {template: {spec: {containers: [{name: c, args: [--cni-conf-name=10-kube-ovn.conflist]}]}}}}\n"
    "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: kube-ovn-controller, namespace: kube-system}, "
    "spec: {template: {spec: {containers: [{name: c, args: [--enable-np=true, --enable-lb=true]}]}}}}\n"
    "---\n{apiVersion: cilium.io/v2, kind: CiliumEndpoint, metadata: {name: db, namespace: shop}}\n"
    "---\n{apiVersion: cilium.io/v2, kind: CiliumClusterwideNetworkPolicyList, items: []}\n"
    "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicyList, items: []}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: VipList, items: []}\n"
    "---\n{apiVersion: cilium.io/v2, kind: CiliumLoadBalancerIPPoolList, items: []}\n";

const std::string authenticated =
    "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: trusted, namespace: shop}\nspec:\n"
    "  endpointSelector: {matchLabels: {app: db}}\n  ingress: [{fromEndpoints: [{}], authentication: {mode: required}}]\n";

const std::string anchor =
    "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: policyconv-node-anchor, namespace: kube-system, "
    "labels: {app.kubernetes.io/managed-by: policyconv}}, spec: {podSelector: {matchLabels: {policyconv.io/selects: nothing}}, "
    "policyTypes: [Ingress]}}\n";

/// Files for all situations.
struct Place {
  Place() {
    write("same.yaml", cnp(same_rule, "same"));
    write("rejected.yaml", cnp("  endpointSelector: {}\n  ingress: []\n", "rejected"));
    write("stricter.yaml", cnp(host_rule, "stricter"));
    write("http.yaml", cnp(http_rule, "http"));
    write("both.yaml", cnp(http_rule, "http") + cnp(host_rule, "stricter"));
    write("broken.yaml", cnp(same_rule + "    toPort: []\n", "broken"));
    write("cluster.yaml", small_cluster);
    baselines();
    proofs();
    write("dump.yaml", vpcs + pod("db", "ovn-default", "10.16.0.10") + "---\n" + cnp(port_rule, "db"));
    write("rest.yaml", the_rest);
    write("anchor.yaml", anchor);
    write("plan.json",
          R"({"schema":"policyconv/plan-1","kube_ovn":"1.16","before":{"without_security_groups":[],"without_node_anchor":true,)"
          R"("subnets":[],"pods":[],"templates":[]}})");
    write("stuck.yaml", pod("one", "net-a", "10.0.1.9") + pod("two", "net-b", "10.0.1.9") + authenticated);
  }

  /// Of http.yaml and stricter.yaml: one that fits, one of other findings, one that has expired.
  static void baselines() {
    for (const std::string name : {"http", "stricter"}) {
      run({"migrate", name + ".yaml", "--pod-cidr", "10.16.0.0/16", "-o", "out-" + name, "--write-baseline", name + "-todo.yaml"});
      const std::string text = replaced(replaced(text_of(name + "-todo.yaml"), "\"TODO: why\"", "because"), "\"TODO: who\"", "team");
      write(name + "-accepted.yaml", text);
      write(name + "-expired.yaml", text + "    expires: 2020-01-01\n");
    }
  }

  static void proofs() {
    write("policies.yaml", cnp(port_rule, "db"));
    const Result migrated = run({"migrate", "policies.yaml", "--cluster", "cluster.yaml", "--sctp", "-o", "equal"});
    INFO(migrated.err);
    REQUIRE(migrated.status == 0);
    for (const std::string name : {"looser", "stricter"}) {
      std::filesystem::copy("equal", name);
      const std::string groups = name + "/00-security-groups.yaml", text = text_of(groups);
      const std::size_t rule = text.find("# A1 allow");
      REQUIRE(rule != std::string::npos);
      write(groups, text.substr(0, rule) + (name == "looser" ? replaced(text.substr(rule), "portRangeMax: 5432", "portRangeMax: 5440")
                                                              : replaced(text.substr(rule), "policy: allow", "policy: drop")));
    }
    write("tied.yaml", by_hand({"allow", "drop"}));
    write("allow.yaml", by_hand({"allow"}));
    write("drop.yaml", by_hand({"drop"}));
    write("closed.txt", "allow ns:ops -> pod:shop/app=db tcp/5432\n");
    write("open.txt", "deny pod:shop/app=web -> pod:shop/app=db any\n");
    write("passed.json", recorded("FORWARDED", 5432));
    write("dropped.json", recorded("DROPPED", 80));
    write("unexplained.json", recorded("DROPPED", 5432));
  }

  const Workplace workplace;
};

struct Row {
  std::string command, situation;
  Args args;
  std::vector<int> expected;  // for each level of --fail-on that the command has, the default among them first
};

const std::map<std::string, Args> levels = {{"migrate", {"same", "stricter", "looser", "refused"}},
                                            {"verify", {"same", "stricter", "looser"}},
                                            {"trace", {"same", "stricter", "looser"}},
                                            {"replay", {"same", "stricter", "looser"}},
                                            {"assess", {"work", "blocked"}},
                                            {"report", {"same", "stricter", "looser", "refused"}}};

Args verify(const std::string& objects, const Args& more = {}) {
  Args args = {"--policies", "policies.yaml", "--objects", objects, "--cluster", "cluster.yaml", "--sctp", "--no-future"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}
Args trace(const std::string& objects, const std::string& port = "5432/tcp") {
  return {"--policies", "policies.yaml", "--objects", objects, "--cluster", "cluster.yaml", "--from", "shop/web-0", "--to", "shop/db-0", "--port", port};
}
Args replay(const std::string& flows, const std::string& objects) {
  return {flows, "--policies", "policies.yaml", "--objects", objects, "--cluster", "cluster.yaml"};
}
Args migrate(const std::string& policies, const Args& more = {}) {
  Args args = {policies, "--pod-cidr", "10.16.0.0/16", "-o", "out"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {"migrate", "same meaning", migrate("same.yaml"), {0, 0, 0, 0}},
      {"migrate", "Cilium enforces nothing of it", migrate("rejected.yaml"), {0, 0, 0, 0}},
      {"migrate", "stricter", migrate("stricter.yaml"), {3, 3, 0, 0}},
      {"migrate", "looser by choice", migrate("http.yaml", {"--allow-looser", "PC1101"}), {4, 4, 4, 0}},
      {"migrate", "refused", migrate("http.yaml"), {5, 5, 5, 5}},
      {"migrate", "refused and stricter", migrate("both.yaml"), {5, 5, 5, 5}},
      {"migrate", "input with a mistake", migrate("broken.yaml"), {1, 1, 1, 1}},
      {"migrate", "mistake beside losses", migrate("broken.yaml", {"--cluster", "http.yaml"}), {1, 1, 1, 1}},
      {"migrate", "no such file", migrate("missing.yaml"), {1, 1, 1, 1}},
      {"migrate", "objects cannot be written", {"same.yaml", "-o", "http.yaml"}, {1, 1, 1, 1}},
      {"migrate", "a report cannot be written", migrate("same.yaml", {"--report", "text=http.yaml/report.txt"}), {1, 1, 1, 1}},
      {"migrate", "stricter, report written", migrate("stricter.yaml", {"--report", "text=report.txt"}), {3, 3, 0, 0}},
      {"migrate", "refused, but accepted", migrate("http.yaml", {"--baseline", "http-accepted.yaml"}), {0, 0, 0, 0}},
      {"migrate", "stricter, but accepted", migrate("stricter.yaml", {"--baseline", "stricter-accepted.yaml"}), {0, 0, 0, 0}},
      {"migrate", "one of two is accepted", migrate("both.yaml", {"--baseline", "both-accepted.yaml"}), {1, 1, 1, 1}},
      {"migrate", "accepted as refused, now looser", migrate("http.yaml", {"--baseline", "http-accepted.yaml", "--allow-looser", "PC1101"}), {1, 1, 1, 1}},
      {"migrate", "stale entry", migrate("same.yaml", {"--baseline", "http-accepted.yaml"}), {1, 1, 1, 1}},
      {"migrate", "expired entry", migrate("http.yaml", {"--baseline", "http-expired.yaml"}), {1, 1, 1, 1}},
      {"migrate", "undecided entry", migrate("http.yaml", {"--baseline", "http-todo.yaml"}), {1, 1, 1, 1}},
      {"migrate", "no such baseline", migrate("same.yaml", {"--baseline", "missing.yaml"}), {1, 1, 1, 1}},
      {"migrate", "a baseline is written", migrate("http.yaml", {"--write-baseline", "new.yaml"}), {5, 5, 5, 5}},
      {"migrate", "no such earlier report", migrate("same.yaml", {"--since-report", "missing.json"}), {1, 1, 1, 1}},
      {"migrate", "the share fell", migrate("http.yaml", {"--since-report", "before.json", "--ratchet"}), {5, 5, 5, 5}},
      {"migrate", "the share fell, all accepted", migrate("http.yaml", {"--since-report", "before.json", "--ratchet", "--baseline", "http-accepted.yaml"}), {3, 3, 3, 3}},

      {"migrate", "the share fell, nobody minds", migrate("http.yaml", {"--since-report", "before.json", "--baseline", "http-accepted.yaml"}), {0, 0, 0, 0}},
      {"migrate", "proved, too", {"policies.yaml", "--cluster", "cluster.yaml", "--sctp", "-o", "out", "--verify"}, {0, 0, 0, 0}},
      {"migrate", "nothing to prove it on", migrate("same.yaml", {"--verify"}), {1, 1, 1, 1}},
      {"migrate", "unknown option", migrate("same.yaml", {"--frobnicate"}), {2, 2, 2, 2}},
      {"migrate", "unknown level", migrate("same.yaml", {"--fail-on", "never"}), {2, 2, 2, 2}},
      {"migrate", "a report beside the objects", {"same.yaml", "--report", "text=-"}, {2, 2, 2, 2}},
      {"migrate", "a report over a policy", migrate("same.yaml", {"--report", "text=./same.yaml"}), {2, 2, 2, 2}},
      {"migrate", "a baseline over facts", migrate("same.yaml", {"--cluster", "cluster.yaml", "--write-baseline", "cluster.yaml"}), {2, 2, 2, 2}},
      {"migrate", "a report over objects", migrate("same.yaml", {"--report", "text=out/00-security-groups.yaml"}), {2, 2, 2, 2}},
      {"migrate", "a report among the policies", {".", "-o", "out", "--report", "json=report.json"}, {2, 2, 2, 2}},
      {"migrate", "ratchet against nothing", migrate("same.yaml", {"--ratchet"}), {2, 2, 2, 2}},

      {"verify", "equal", verify("equal"), {0, 0, 0}},
      {"verify", "stricter", verify("stricter"), {3, 3, 0}},
      {"verify", "looser", verify("looser"), {4, 4, 4}},
      {"verify", "undefined", verify("tied.yaml"), {4, 4, 4}},
      {"verify", "an assertion fails", verify("equal", {"--assert", "closed.txt"}), {3, 3, 0}},
      {"verify", "an assertion is open", verify("equal", {"--assert", "open.txt"}), {4, 4, 4}},
      {"verify", "objects with a mistake", verify("broken.yaml"), {1, 1, 1}},
      {"verify", "no pods", {"--policies", "policies.yaml"}, {1, 1, 1}},
      {"verify", "looser, but accepted", verify("looser", {"--baseline", "looser-accepted.yaml"}), {0, 0, 0}},
      {"verify", "stale entry", verify("equal", {"--baseline", "looser-accepted.yaml"}), {1, 1, 1}},
      {"verify", "a report beside the answer", verify("equal", {"--report", "text=-"}), {2, 2, 2}},
      {"verify", "a level of migrate", verify("equal", {"--fail-on", "refused"}), {2, 2, 2}},
      {"verify", "no policies", {"--cluster", "cluster.yaml"}, {2, 2, 2}},

      {"trace", "both allow", trace("equal"), {0, 0, 0}},
      {"trace", "both deny", trace("equal", "5433/tcp"), {0, 0, 0}},
      {"trace", "stricter", trace("stricter"), {3, 3, 0}},
      {"trace", "looser", trace("looser", "5433/tcp"), {4, 4, 4}},
      {"trace", "undefined", trace("tied.yaml"), {4, 4, 4}},
      {"trace", "no such file", trace("missing.yaml"), {1, 1, 1}},
      {"trace", "no packet", {"--policies", "policies.yaml", "--from", "a/b", "--to", "a/c"}, {2, 2, 2}},

      {"replay", "the same", replay("passed.json", "equal"), {0, 0, 0}},
      {"replay", "stricter", replay("passed.json", "drop.yaml"), {3, 3, 0}},
      {"replay", "looser", replay("dropped.json", "allow.yaml"), {4, 4, 4}},
      {"replay", "undefined", replay("passed.json", "tied.yaml"), {4, 4, 4}},
      {"replay", "Cilium did something else", replay("unexplained.json", "drop.yaml"), {0, 0, 0}},
      {"replay", "no such file", replay("missing.json", "equal"), {1, 1, 1}},
      {"replay", "no flows", {"--policies", "policies.yaml"}, {2, 2, 2}},

      {"assess", "ready", {"dump.yaml", "rest.yaml"}, {0, 0}},
      {"assess", "work", {"dump.yaml"}, {3, 0}},
      {"assess", "blocked", {"dump.yaml", "rest.yaml", "stuck.yaml"}, {5, 5}},
      {"assess", "input with a mistake", {"dump.yaml", "broken.yaml"}, {1, 1}},
      {"assess", "the collect script", {"--print-collect"}, {0, 0}},
      {"assess", "stale entry", {"dump.yaml", "rest.yaml", "--baseline", "http-accepted.yaml"}, {1, 1}},
      {"assess", "blocked, but accepted", {"dump.yaml", "rest.yaml", "stuck.yaml", "--baseline", "stuck-accepted.yaml"}, {0, 0}},
      {"assess", "accepted, but not all is known", {"dump.yaml", "stuck.yaml", "--baseline", "part-accepted.yaml"}, {5, 5}},
      {"assess", "a plan over the dump", {"dump.yaml", "--plan", "dump.yaml"}, {2, 2}},
      {"assess", "no dump", {}, {2, 2}},
      {"assess", "a level of migrate", {"dump.yaml", "--fail-on", "refused"}, {2, 2}},

      {"drift", "nothing differs", {"--objects", "anchor.yaml", "--cluster", "cluster.yaml", "anchor.yaml"}, {0}},
      {"drift", "something differs", {"--objects", "anchor.yaml", "--cluster", "cluster.yaml"}, {3}},
      {"drift", "it differs, but accepted", {"--objects", "anchor.yaml", "--cluster", "cluster.yaml", "--baseline", "drift-accepted.yaml"}, {0}},
      {"drift", "stale entry", {"--objects", "anchor.yaml", "--cluster", "cluster.yaml", "anchor.yaml", "--baseline", "drift-accepted.yaml"}, {1}},
      {"drift", "no such file", {"--objects", "missing.yaml", "--cluster", "cluster.yaml"}, {1}},
      {"drift", "no objects among them", {"--objects", "cluster.yaml", "--cluster", "cluster.yaml"}, {1}},
      {"drift", "no table of OVN", {"--objects", "anchor.yaml", "--cluster", "cluster.yaml", "--nb", "same.yaml"}, {1}},
      {"drift", "no dump", {"--objects", "anchor.yaml"}, {2}},

      {"rollback-check", "as before", {"--plan", "plan.json", "--cluster", "cluster.yaml"}, {0}},
      {"rollback-check", "something is left", {"--plan", "plan.json", "--cluster", "cluster.yaml", "anchor.yaml"}, {3}},
      {"rollback-check", "no such dump", {"--plan", "plan.json", "--cluster", "missing.yaml"}, {1}},
      {"rollback-check", "no plan", {"--plan", "same.yaml", "--cluster", "cluster.yaml"}, {1}},
      {"rollback-check", "no dump", {"--plan", "plan.json"}, {2}},

      {"report", "same meaning", {"merge", "before.json"}, {0, 0, 0, 0}},
      {"report", "stricter", {"merge", "before.json", "stricter.json"}, {3, 3, 0, 0}},
      {"report", "refused", {"merge", "stricter.json", "http.json"}, {5, 5, 5, 5}},
      {"report", "refused, but accepted", {"merge", "before.json", "http.json", "--baseline", "http-accepted.yaml"}, {0, 0, 0, 0}},
      {"report", "stale entry", {"merge", "before.json", "--baseline", "http-accepted.yaml"}, {1, 1, 1, 1}},
      {"report", "a part with errors", {"merge", "before.json", "broken.json"}, {1, 1, 1, 1}},
      {"report", "no report", {"merge", "before.json", "same.yaml"}, {1, 1, 1, 1}},
      {"report", "no such file", {"merge", "missing.json"}, {1, 1, 1, 1}},
      {"report", "unknown option", {"merge", "before.json", "--frobnicate"}, {2, 2, 2, 2}},
      {"report", "nothing to merge", {"merge"}, {2, 2, 2, 2}},

      {"explain", "a code", {"PC0301"}, {0}},
      {"explain", "all codes", {}, {0}},
      {"explain", "no such code", {"PC9999"}, {2}},
      {"explain", "unknown option", {"--fail-on", "same"}, {2}}};
  return all;
}

std::string filled(std::string text) {
  for (std::size_t at = 0, number = 0; (at = text.find("\"TODO: wh", at)) != std::string::npos;)
    text.replace(at, text.find('"', at + 1) + 1 - at, fmt::format("reason {}", number++));
  return text;
}

/// Baselines and reports that need a run to be made.
void prepare() {
  const auto accept = [](Args args, const std::string& name) {
    args.insert(args.end(), {"--write-baseline", name});
    const Result result = run(args);
    INFO(result.err);
    REQUIRE(result.status > 2);
    write(name, filled(text_of(name)));
  };
  Args looser = verify("looser");
  looser.insert(looser.begin(), "verify");
  accept(looser, "looser-accepted.yaml");
  accept({"assess", "dump.yaml", "rest.yaml", "stuck.yaml"}, "stuck-accepted.yaml");
  accept({"assess", "dump.yaml", "stuck.yaml"}, "part-accepted.yaml");
  accept({"drift", "--objects", "anchor.yaml", "--cluster", "cluster.yaml"}, "drift-accepted.yaml");
  // The HTTP rule of http.yaml, which is another file to both.yaml: nothing fits.
  write("both-accepted.yaml", text_of("http-accepted.yaml"));
  for (const auto& [policies, name, status] :
       {std::tuple("same", "before", 0), {"stricter", "stricter", 3}, {"http", "http", 5}, {"broken", "broken", 1}}) {
    Args args = migrate(policies + std::string(".yaml"), {"--report", "json=" + std::string(name) + ".json"});
    args.insert(args.begin(), "migrate");
    REQUIRE(run(args).status == status);
  }
}

}  // namespace

TEST_CASE("every command ends with the documented status in every situation, whatever --fail-on says") {
  const Place place;
  prepare();
  for (const Row& row : rows()) {
    const auto known = levels.find(row.command);
    const Args of_command = known == levels.end() ? Args{} : known->second;
    REQUIRE(row.expected.size() == std::max<std::size_t>(1, of_command.size()));
    for (std::size_t level = 0; level <= of_command.size(); ++level) {  // the last time without the option
      Args args = {row.command};
      args.insert(args.end(), row.args.begin(), row.args.end());
      const bool is_default = level == of_command.size();
      if (!is_default) args.insert(args.end(), {"--fail-on", of_command[level]});
      const Result result = run(args);
      INFO(row.command << ": " << row.situation << (is_default ? "" : " --fail-on " + of_command[level]) << "\n" << result.out << result.err);
      CHECK(result.status == row.expected[is_default ? 0 : level]);
      if (result.status == 2) CHECK(result.out.empty());
      if (result.status == 1 || result.status == 2) CHECK_FALSE(result.err.empty());
    }
  }
}

TEST_CASE("the table has every command that judges something, and every status") {
  std::set<std::string> commands;
  std::map<std::string, std::set<int>> statuses;
  for (const Row& row : rows()) {
    commands.insert(row.command);
    statuses[row.command].insert(row.expected.begin(), row.expected.end());
  }
  for (const std::string command : {"migrate", "verify", "trace", "replay", "assess", "report", "explain"}) CHECK(commands.count(command) == 1);
  CHECK(statuses["migrate"] == std::set<int>{0, 1, 2, 3, 4, 5});
  for (const std::string command : {"verify", "trace", "replay"}) CHECK(statuses[command] == std::set<int>{0, 1, 2, 3, 4});
  CHECK(statuses["assess"] == std::set<int>{0, 1, 2, 3, 5});
  CHECK(statuses["report"] == std::set<int>{0, 1, 2, 3, 5});
  CHECK(statuses["explain"] == std::set<int>{0, 2});
}

TEST_CASE("the status that is printed is the one that is returned") {
  const Place place;
  prepare();
  std::size_t seen = 0;
  for (const Row& row : rows()) {
    Args args = {row.command};
    args.insert(args.end(), row.args.begin(), row.args.end());
    const Result result = run(args);
    const std::string text = result.out + result.err;
    const std::size_t at = text.rfind("exit ");
    if (at == std::string::npos || row.command == "explain" || result.status == status::usage) continue;
    if (row.situation == "the collect script") continue;  // which has an `exit` of its own
    ++seen;
    INFO(row.command << ": " << row.situation << "\n" << text);
    CHECK(text.substr(at, 6) == fmt::format("exit {}", result.status));
  }
  CHECK(seen > 30);
}

TEST_CASE("krm ends as migrate does, with what its functionConfig says") {
  const auto policy = [](const std::string& rules) {
    return "- {apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: p, namespace: shop}, spec: {endpointSelector: {}, " + rules + "}}\n";
  };
  const std::string http = "ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{path: /}]}}]}]",
                    host = "egress: [{toEntities: [host]}]", all = "ingress: [{fromEndpoints: [{}]}]";
  const struct {
    std::string situation, items, settings;
    std::vector<int> expected;  // for each level of failOn, the default among them first
  } situations[] = {{"same meaning", policy(all), "", {0, 0, 0, 0}},
                    {"stricter", policy(host), "", {3, 3, 0, 0}},
                    {"looser by choice", policy(http), ", allowLooser: PC1101", {4, 4, 4, 0}},
                    {"refused", policy(http), "", {5, 5, 5, 5}},
                    {"an item with a mistake", policy("ingres: []"), "", {1, 1, 1, 1}},
                    {"an unknown setting", policy(all), ", frobnicate: 'true'", {1, 1, 1, 1}}};
  const Args& of_migrate = levels.at("migrate");
  for (const auto& [situation, items, settings, expected] : situations)
    for (std::size_t level = 0; level <= of_migrate.size(); ++level) {
      const bool is_default = level == of_migrate.size();
      const std::string fail_on = is_default ? "" : ", failOn: " + of_migrate[level];
      const Result result = run({"krm"}, "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"
                                         "functionConfig: {apiVersion: v1, kind: ConfigMap, metadata: {name: f}, data: {podCidr: 10.16.0.0/16" +
                                             settings + fail_on + "}}\nitems:\n" + items);
      INFO(situation << fail_on << "\n" << result.out << result.err);
      CHECK(result.status == expected[is_default ? 0 : level]);
    }
  CHECK(run({"krm"}, "no list").status == 1);
  CHECK(run({"krm", "--frobnicate"}).status == 2);
}
