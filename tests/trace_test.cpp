// `trace`: one flow through both systems.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/command_line.h"
#include "tests/compile.h"

using namespace policyconv;
using namespace policyconv::testing;

namespace {

const std::string cluster = small_cluster + R"(
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop},
 spec: {selector: {app: db}, clusterIPs: [10.96.0.9], ports: [{port: 5432, targetPort: 15432}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: idle, namespace: shop},
 spec: {selector: {app: idle}, clusterIPs: [10.96.0.10], ports: [{port: 80}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: agent-0, namespace: ops, labels: {app: agent}}
spec: {nodeName: n2, hostNetwork: true, containers: [{name: c}]}
status: {phase: Running, podIPs: [{ip: 192.168.0.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: done-0, namespace: ops, labels: {app: done}}
spec: {nodeName: n2, containers: [{name: c}]}
status: {phase: Succeeded, podIPs: [{ip: 10.16.0.99}]}
---
apiVersion: v1
kind: Pod
metadata: {name: four-0, namespace: ops, labels: {app: four}}
spec: {nodeName: n2, containers: [{name: c}]}
status: {phase: Running, podIPs: [{ip: 10.16.0.77}]}
)";

/// web may go to db on 15432 only, and db lets web in; everybody else is free.
const std::string policies = cnp(R"(  endpointSelector: {matchLabels: {app: web}}
  egress:
  - toEndpoints: [{matchLabels: {app: db}}]
    toPorts: [{ports: [{port: "15432", protocol: TCP}]}])",
                                 "web") +
                             cnp(R"(  endpointSelector: {matchLabels: {app: db}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: web}}])",
                                 "db");

Result trace(const std::string& from, const std::string& to, const std::string& port,
             const std::vector<std::string>& more = {}) {
  std::vector<std::string> args = {"trace", "--policies", "policies.yaml", "--cluster", "cluster.yaml", "--from", from,
                                   "--to",  to,           "--port",        port};
  args.insert(args.end(), more.begin(), more.end());
  return run(args);
}

}  // namespace

TEST_CASE("trace shows every policy that selects the pod, the rule that decides, and the verdict of both systems") {
  const Workplace workplace;
  write("policies.yaml", policies);
  write("cluster.yaml", cluster);
  struct Row {
    std::string from, to, port;
    std::vector<std::string> said;
  };
  const Row rows[] = {
      {"shop/web-0",
       "pod:shop/app=db",
       "15432/tcp",
       {"pod:shop/web-0 (10.16.0.10) -> pod:shop/db-0 (10.16.0.12), tcp 15432\n",
        "[Cilium egress]     pod:shop/web-0: allowed by CiliumNetworkPolicy shop/web spec.egress[0] "
        "(policies.yaml:7:5)\n",
        "selected by CiliumNetworkPolicy shop/web (policies.yaml:1:1), default deny\n",
        "[Cilium ingress]    pod:shop/db-0: allowed by CiliumNetworkPolicy shop/db spec.ingress[0] "
        "(policies.yaml:16:5)\n",
        "[Kube-OVN egress]   pod:shop/web-0: allowed: A1 allow in pc-shop-web-",
        "Cilium allows, Kube-OVN allows: they agree\n",
        "the same in OVN: kubectl ko trace shop/web-0 10.16.0.12 tcp 15432\n",
        "pod:shop/web-0 (fd00:10:16::a) -> pod:shop/db-0 (fd00:10:16::c), tcp 15432\n"}},
      {"shop/web-0",
       "shop/db-0",
       "80",
       {"[Cilium egress]     pod:shop/web-0: denied: default deny of CiliumNetworkPolicy shop/",
        "[Kube-OVN egress]   pod:shop/web-0: denied: deny-all\n", "Cilium denies, Kube-OVN denies: they agree\n"}},
      {"pod:shop/app=web",
       "ip:192.0.2.1",
       "icmp",
       {"pod:shop/app=web is pod:shop/web-0: the first of 2 pods that match\n",
        "-> ip:192.0.2.1 (192.0.2.1), icmp type 8\n", "kubectl ko trace shop/web-0 192.0.2.1 icmp\n"}},
      {"node:n2",
       "shop/db-0",
       "tcp/80",
       {"[Cilium ingress]    pod:shop/db-0: allowed: own node\n",
        "[Kube-OVN ingress]  pod:shop/db-0: allowed: node ACL\n",
        "kubectl ko ovn-trace ovn-default 'inport==\"ovn-default-ovn-cluster\" && eth.dst==MAC-OF-THE-POD && "
        "ip4.src==192.168.0.2 && ip4.dst==10.16.0.12 && ip.ttl==64 && tcp.src==50000 && tcp.dst==80'"}},
      {"ops/agent-0",
       "shop/db-0",
       "80",
       {"ops/agent-0 is node:n2: pod ops/agent-0 is on the network of this node", "allowed: own node"}},
      {"ops/probe-0",
       "svc:shop/db",
       "5432/tcp",
       {"tcp 15432 through 10.96.0.9 port 5432\n", "[Cilium egress]     pod:ops/probe-0: allowed: not selected\n",
        "[Cilium ingress]    pod:shop/db-0: denied: default deny of CiliumNetworkPolicy shop/",
        "first packet, to the Service: allowed: "}},
      {"shop/web-0",
       "svc:shop/db",
       "5432",
       {"first packet, to the Service: allowed: A1 allow in pc-shop-web-", "Kube-OVN allows: they agree\n",
        "kubectl ko trace shop/web-0 10.96.0.9 tcp 5432\n"}}};
  for (const Row& row : rows) {
    const Result result = trace(row.from, row.to, row.port);
    INFO(row.from << " to " << row.to << "\n" << result.out << result.err);
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    for (const std::string& said : row.said) {
      INFO(said);
      CHECK(contains(result.out, said));
    }
  }
}

TEST_CASE(
    "the exit status of trace says in which direction the systems differ, and the objects are named with places") {
  const Workplace workplace;
  write("policies.yaml", policies);
  write("cluster.yaml", cluster);
  const std::string group =
      "apiVersion: kubeovn.io/v1\nkind: SecurityGroup\nmetadata: {name: hand-made}\nspec:\n  ingressRules:\n"
      "  - {ipVersion: ipv4, priority: 1, policy: POLICY, protocol: all, remoteType: address, remoteAddress: "
      "0.0.0.0/0}\n"
      "---\napiVersion: v1\nkind: Pod\nmetadata: {name: db-0, namespace: shop, annotations: "
      "{ovn.kubernetes.io/security_groups: hand-made}}\n";
  struct Row {
    std::string policy, from;
    int status;
    std::string said;
  };
  const Row rows[] = {{"allow", "shop/web-0", 0, "they agree"},
                      {"allow", "ops/four-0", 4, "Cilium denies, Kube-OVN allows: looser"},
                      {"drop", "shop/web-0", 3, "Cilium allows, Kube-OVN denies: stricter"},
                      {"drop", "ops/four-0", 0, "they agree"}};
  for (const Row& row : rows) {
    std::string objects = group;
    write("objects.yaml", objects.replace(objects.find("POLICY"), 6, row.policy));
    const Result result = trace(row.from, "shop/db-0", "15432", {"--objects", "objects.yaml", "--format", "text"});
    INFO(result.out << result.err);
    // IPv6 of web-0 is denied by deny-all in both rows.
    const std::string v4 = result.out.substr(0, result.out.find("(fd00"));
    CHECK(contains(v4, row.said));
    CHECK(contains(v4, "hand-made (OVN 18483), objects.yaml:6:5"));
    CHECK(result.status == (row.from == "shop/web-0" ? 3 : row.status));
  }
}

TEST_CASE("trace tells what is wrong with an end") {
  const Workplace workplace;
  write("policies.yaml", policies);
  write("cluster.yaml", cluster);
  struct Row {
    std::string from, to, port, said;
  };
  const Row rows[] = {
      {"pod:shop", "shop/db-0", "80", "error[PC3100]: --from `pod:shop` cannot be read: "},
      {"shop/web-9", "shop/db-0", "80",
       "error[PC3101]: --from `shop/web-9` names nothing: there is no pod `web-9` in namespace `shop`"},
      {"shop/web-0", "node:n9", "80", "error[PC3101]: --to `node:n9` names nothing: there is no node `n9`"},
      {"shop/web-0", "ops/done-0", "80", "pod ops/done-0 has finished"},
      {"shop/web-0", "svc:shop/nope", "80", "there is no Service `nope` in namespace `shop`"},
      {"shop/web-0", "entity:world", "80", "an entity is many ends"},
      {"shop/web-0", "pod:shop/app=nope", "80", "error[PC3010]: `pod:shop/app=nope` names nothing"},
      {"svc:shop/db", "shop/db-0", "80", "error[PC3102]: --from `svc:shop/db` is a Service"},
      {"ops/four-0", "ip:2001:db8::1", "80",
       "error[PC3103]: no packet goes from pod:ops/four-0 to ip:2001:db8::1 by tcp"},
      {"node:n1", "node:n2", "80", "error[PC3104]: neither end is a pod"},
      {"shop/web-0", "svc:shop/db", "80", "error[PC3105]: Service `shop/db` has no port tcp 80"},
      {"ops/probe-0", "svc:shop/idle", "80/tcp", "error[PC3106]: Service `shop/idle` has no ready backend"}};
  for (const Row& row : rows) {
    const Result result = trace(row.from, row.to, row.port);
    INFO(result.out << result.err);
    CHECK(result.status == 1);
    CHECK(result.out.empty());
    CHECK(contains(result.err, row.said));
  }
}

TEST_CASE("mistakes in all inputs are told in one run, before any flow is judged") {
  const Workplace workplace;
  write("policies.yaml", cnp("  endpointSelectr: {}\n"));
  write("cluster.yaml", "kind: [\n");
  const Result result = trace("shop/web-0", "shop/db-0", "80");
  CHECK(result.status == 1);
  CHECK(contains(result.err, "policies.yaml:5:3: error["));
  CHECK(contains(result.err, "cluster.yaml:"));
}

TEST_CASE("JSON holds what the text holds") {
  const Workplace workplace;
  write("policies.yaml", policies);
  write("cluster.yaml", cluster);
  const Result result = trace("shop/web-0", "svc:shop/db", "5432", {"--format", "json"});
  INFO(result.out << result.err);
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["status"] == 0);
  REQUIRE(json["flows"].size() == 1);
  const auto& flow = json["flows"][0];
  CHECK(flow["from"] == "pod:shop/web-0");
  CHECK(flow["to"] == "pod:shop/db-0");
  CHECK(flow["packet"]["port"] == 15432);
  CHECK(flow["service"]["address"] == "10.96.0.9");
  CHECK(flow["change"] == "same");
  CHECK(flow["cilium"]["verdict"] == "allow");
  CHECK(flow["cilium"]["ends"][0]["rules"][0]["path"] == "spec.egress[0]");
  CHECK(flow["cilium"]["ends"][0]["rules"][0]["place"]["line"] == 7);
  CHECK(flow["cilium"]["ends"][0]["selected_by"][0]["name"] == "web");
  CHECK(flow["kube_ovn"]["first_packet"]["verdict"] == "allow");
  CHECK(flow["ovn_command"] == "kubectl ko trace shop/web-0 10.96.0.9 tcp 5432");
}
