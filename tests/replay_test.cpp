// `replay`: recorded flows against both systems.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/flows.h"
#include "tests/command_line.h"
#include "tests/compile.h"

using namespace policyconv;
using namespace policyconv::testing;
using Json = nlohmann::ordered_json;

namespace {

/// db lets web in on 5432 and nobody else.
const std::string policies = cnp(R"(  endpointSelector: {matchLabels: {app: db}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: web}}]
    toPorts: [{ports: [{port: "5432", protocol: TCP}]}])",
                                 "db");

struct Record {
  std::string from = "shop/web-0", to = "shop/db-0";
  std::string verdict = "FORWARDED", direction = "INGRESS";
  int port = 5432;
};

Json end_json(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return {{"labels", {"reserved:world"}}};
  return {{"namespace", text.substr(0, slash)}, {"pod_name", text.substr(slash + 1)}};
}

std::string address_of(const std::string& text) {
  if (text == "shop/web-0") return "10.16.0.10";
  if (text == "shop/web-1") return "10.16.0.11";
  if (text == "shop/db-0") return "10.16.0.12";
  if (text == "ops/probe-0") return "10.16.0.20";
  return text.find('/') == std::string::npos ? text : "10.16.9.9";
}

Json flow_json(const Record& record) {
  Json flow = {
      {"verdict", record.verdict},
      {"IP", {{"source", address_of(record.from)}, {"destination", address_of(record.to)}, {"ipVersion", "IPv4"}}},
      {"l4", {{"TCP", {{"source_port", 40000}, {"destination_port", record.port}, {"flags", {{"SYN", true}}}}}}},
      {"source", end_json(record.from)},
      {"destination", end_json(record.to)},
      {"Type", "L3_L4"},
      {"traffic_direction", record.direction},
      {"is_reply", false}};
  if (record.verdict == "DROPPED") flow["drop_reason_desc"] = "POLICY_DENIED";
  return flow;
}

std::string line(const Json& flow, bool wrapped = true) {
  return (wrapped ? Json{{"flow", flow}, {"node_name", "n1"}} : flow).dump() + "\n";
}
std::string line(const Record& record) {
  return line(flow_json(record));
}

Result replay(const std::string& flows, const std::vector<std::string>& more = {}) {
  std::vector<std::string> args = {"replay", "-", "--policies", "policies.yaml", "--cluster", "cluster.yaml"};
  args.insert(args.end(), more.begin(), more.end());
  return run(args, flows);
}

/// Objects of other hands: `policy` for everything that comes to db.
std::string objects(const std::string& policy) {
  return "apiVersion: kubeovn.io/v1\nkind: SecurityGroup\nmetadata: {name: hand-made}\nspec:\n  ingressRules:\n"
         "  - {ipVersion: ipv4, priority: 1, policy: " +
         policy +
         ", protocol: all, remoteType: address, remoteAddress: 0.0.0.0/0}\n"
         "---\napiVersion: v1\nkind: Pod\nmetadata: {name: db-0, namespace: shop, annotations: "
         "{ovn.kubernetes.io/security_groups: hand-made}}\n";
}

struct Place {
  Place() {
    write("policies.yaml", policies);
    write("cluster.yaml", small_cluster);
    write("allow.yaml", objects("allow"));
    write("drop.yaml", objects("drop"));
  }
  const Workplace workplace;
};

}  // namespace

TEST_CASE("flows that fare the same are only counted") {
  const Place place;
  const Result result = replay(line(Record{}) + line(Record{"ops/probe-0", "shop/db-0", "DROPPED"}) + "\n" +
                               line(flow_json(Record{"shop/web-0", "shop/db-0", "FORWARDED", "EGRESS"}), false));
  INFO(result.out << result.err);
  CHECK(result.status == 0);
  CHECK(result.out == "3 records judged: 3 the same · exit 0\n");
}

TEST_CASE("flows whose verdict would change are merged, the most frequent first, with the rules of both sides") {
  const Place place;
  std::string flows;
  for (int i = 0; i < 3; ++i) flows += line(Record{"shop/web-0"}) + line(Record{"shop/web-1"});
  flows += line(Record{"ops/probe-0", "shop/db-0", "DROPPED"});
  const Result stricter = replay(flows, {"--objects", "drop.yaml"});
  INFO(stricter.out << stricter.err);
  CHECK(stricter.status == 3);
  CHECK(contains(stricter.out, "stricter: shop/app=web -> shop/app=db,tier=data tcp 5432: 6 records\n"));
  CHECK(contains(stricter.out,
                 "[Cilium ingress]   pod:shop/db-0: recorded as passed; by its policies allowed by "
                 "CiliumNetworkPolicy shop/db spec.ingress[0] (policies.yaml:7:5)\n"));
  CHECK(contains(stricter.out,
                 "[Kube-OVN ingress] pod:shop/db-0: denied: drop in hand-made (OVN 18483), drop.yaml:6:5\n"));
  CHECK(contains(stricter.out, "7 records judged: 1 the same, 6 stricter · exit 3\n"));

  const Result looser = replay(flows, {"--objects", "allow.yaml"});
  INFO(looser.out << looser.err);
  CHECK(looser.status == 4);
  CHECK(contains(looser.out, "looser: ops/app=probe -> shop/app=db,tier=data tcp 5432: 1 record\n"));
  CHECK(contains(looser.out,
                 "[Cilium ingress]   pod:shop/db-0: recorded as dropped; by its policies denied: default deny of "
                 "CiliumNetworkPolicy shop/db (policies.yaml:1:1)\n"));

  const Result both = replay(
      flows + line(Record{"192.0.2.1", "shop/db-0", "DROPPED"}) + line(Record{"192.0.2.1", "shop/db-0", "DROPPED"}),
      {"--objects", "allow.yaml"});
  CHECK(both.out.find("192.0.2.1 -> shop/app=db") < both.out.find("ops/app=probe"));
}

TEST_CASE("the other end of a record is judged by the policies") {
  const Place place;
  // Recorded at the sender only; the receiver would drop it in Kube-OVN.
  const Result result =
      replay(line(Record{"shop/web-0", "shop/db-0", "FORWARDED", "EGRESS"}), {"--objects", "drop.yaml"});
  INFO(result.out << result.err);
  CHECK(result.status == 3);
  CHECK(contains(result.out, "[Cilium ingress]   pod:shop/db-0: by its policies allowed by "));
  // What the receiver's policies deny never passed as a whole, although it left the sender.
  CHECK(replay(line(Record{"ops/probe-0", "shop/db-0", "FORWARDED", "EGRESS"}), {"--objects", "drop.yaml"}).status ==
        0);
}

TEST_CASE("records that the policies do not explain are listed apart, with hints") {
  const Place place;
  const Result result = replay(line(Record{"ops/probe-0"}) + line(Record{"shop/web-0", "shop/db-0", "DROPPED"}));
  INFO(result.out << result.err);
  const std::string rest = result.out.substr(result.out.find("Cilium recorded something else than its policies say:"));
  CHECK(contains(rest, "ops/app=probe -> shop/app=db,tier=data tcp 5432: 1 record\n"));
  CHECK(contains(rest, "recorded as passed; by its policies denied: default deny"));
  CHECK(contains(rest, "help: a policy or label changed since, the connection is older"));
  CHECK(contains(rest, "recorded as dropped; by its policies allowed by"));
  CHECK(contains(rest, "the policy is missing in --policies"));
  CHECK(result.status == 4);  // what was dropped passes
}

TEST_CASE("audit mode passes what the policies deny, so it changes, and explains itself") {
  const Place place;
  const Result result = replay(line(Record{"ops/probe-0", "shop/db-0", "AUDIT"}));
  INFO(result.out << result.err);
  CHECK(result.status == 3);
  CHECK(contains(result.out, "1 record passed only because of Cilium's policy audit mode"));
  CHECK_FALSE(contains(result.out, "something else than its policies say"));
}

TEST_CASE("a pod that is gone is judged by another one with the same labels, else not at all") {
  const Place place;
  Json gone = flow_json(Record{"shop/web-7"});
  gone["source"]["labels"] = {
      "k8s:app=web", "k8s:io.cilium.k8s.namespace.labels.team=retail", "k8s:io.cilium.k8s.policy.cluster=prod",
      "k8s:io.cilium.k8s.policy.serviceaccount=default", "k8s:io.kubernetes.pod.namespace=shop"};
  const Result result = replay(line(gone), {"--objects", "drop.yaml"});
  INFO(result.out << result.err);
  CHECK(contains(result.out, "1 record: the pod is gone, another one with the same labels was judged"));
  CHECK(contains(result.out, "shop/app=web -> "));
  gone["source"]["labels"][0] = "k8s:app=other";
  CHECK(contains(replay(line(gone)).out, "1  the pod is gone, and no other has its labels\n"));
}

TEST_CASE("workloads name what is merged") {
  const Place place;
  Json flow = flow_json(Record{});
  flow["source"]["workloads"] = Json::array({{{"name", "web"}, {"kind", "Deployment"}}});
  CHECK(contains(replay(line(flow), {"--objects", "drop.yaml"}).out, "stricter: shop/web (Deployment) -> shop/app=db"));
}

TEST_CASE("host is the node of the pod at the other end, whatever address Cilium gives it there") {
  const Place place;
  Json flow = flow_json(Record{"10.0.9.9"});
  flow["source"]["labels"] = {"reserved:host"};
  const Result result = replay(line(flow), {"--objects", "drop.yaml"});
  INFO(result.out << result.err);
  CHECK(contains(result.out, "stricter: node n2 -> shop/app=db"));
  CHECK(contains(result.out, "by its policies allowed: own node"));
  flow["source"]["labels"] = {"reserved:remote-node"};
  CHECK(contains(replay(line(flow)).out, "1  a node that the dump lacks\n"));
}

TEST_CASE("what says nothing about policies is counted by cause") {
  struct Row {
    std::string change;  // merged into the flow
    std::string cause;
  };
  const Row rows[] = {
      {R"({"Type":"L7"})", "layer 7"},
      {R"({"l7":{"http":{}}})", "layer 7"},
      {R"({"Type":"SOCK"})", "socket"},
      {R"({"verdict":"TRANSLATED"})", "socket"},
      {R"({"trace_observation_point":"FROM_ENDPOINT"})", "before policy was decided"},
      {R"({"is_reply":true})", "reply"},
      {R"({"is_reply":null,"l4":{"TCP":{"destination_port":4,"flags":{"SYN":true,"ACK":true}}}})", "reply"},
      {R"({"is_reply":null,"l4":{"ICMPv4":{"type":0}}})", "reply"},
      {R"({"l4":{"ICMPv4":{"type":3,"code":4}}})", "ICMP error"},
      {R"({"verdict":"DROPPED","drop_reason_desc":"CT_TRUNCATED_OR_INVALID_HEADER"})", "not by policy"},
      {R"({"verdict":"DROPPED","drop_reason":130})", "not by policy"},
      {R"({"verdict":"ERROR"})", "verdict says nothing"},
      {R"({"traffic_direction":"TRAFFIC_DIRECTION_UNKNOWN"})", "direction not recorded"},
      {R"({"l4":{"VRRP":{}}})", "neither TCP, UDP, SCTP nor ICMP"},
      {R"({"IP":null})", "addresses not recorded"},
      {R"({"destination":{"labels":["reserved:world"]},"IP":{"source":"10.16.0.10","destination":"192.0.2.1"}})",
       "neither end is a pod"},
      {R"({"source":{"labels":["reserved:health"]}})", "Cilium's own endpoint"},
      {R"({"traffic_direction":"EGRESS","destination":{},"IP":{"source":"10.16.0.10","destination":"10.96.0.1"}})",
       "address of a Service"}};
  const Place place;
  for (const Row& row : rows) {
    Json flow = flow_json(Record{});
    flow.update(Json::parse(row.change));
    const Result result = replay(line(flow));
    INFO(row.change << "\n" << result.out << result.err);
    CHECK(result.status == 0);
    CHECK(contains(result.out, row.cause));
    CHECK(contains(result.out, "0 records judged: 0 the same; 1 not judged"));
  }
  CHECK(contains(replay("{\"lost_events\":{\"source\":\"PERF\",\"num_events_lost\":\"37\"}}\n").out,
                 "37  lost by Hubble"));
  CHECK(contains(replay("{\"node_status\":{}}\n").out, "1  no flow, but another message"));
}

TEST_CASE("names may be camelCase and numbers text, as other JSON printers of protobuf write them") {
  const Place place;
  const std::string flow =
      R"({"flow":{"verdict":"FORWARDED","IP":{"source":"10.16.0.10","destination":"10.16.0.12"},"l4":{"TCP":{"destinationPort":"5432"}},)"
      R"("source":{"namespace":"shop","podName":"web-0"},"destination":{"namespace":"shop","podName":"db-0"},)"
      R"("trafficDirection":"INGRESS","isReply":false}})";
  CHECK(contains(replay(flow).out, "1 record judged: 1 the same"));
}

TEST_CASE("all bad lines are reported in one run, with line and column") {
  const Place place;
  std::string flows = line(Record{}) + "Nov 23 09:31: shop/web-0 -> shop/db-0\n" + "\n" + "[1]\n";
  flows += R"({"flow":{"verdict":7,"IP":{}}})"
           "\n";
  flows += R"({"flow":{"verdict":"FORWARDED","l4":{"TCP":{"destination_port":70000}}}})"
           "\n";
  flows += R"({"flow": {"verdict": "FORWARDED")"
           "\n";
  flows += R"({"flow": {"verdict": 1e999}})"
           "\n";
  const Result result = replay(flows);
  INFO(result.err);
  CHECK(result.status == 1);
  CHECK(result.out.empty());
  for (const char* said :
       {"<stdin>:2:1: error[PC3110]: this line is no JSON: syntax error", "    2 | Nov 23 09:31",
        "<stdin>:4:1: error[PC3111]: `the line` is a list, it must be an object",
        "<stdin>:5:10: error[PC3111]: `verdict` is 7, it must be text",
        "<stdin>:6:45: error[PC3111]: `destination_port` is 70000, it must be a number from 0 to 65535",
        "<stdin>:7:", "    7 | {\"flow\": {",
        "<stdin>:8:1: error[PC3110]: this line is no JSON: one of its numbers is too large"}) {
    INFO(said);
    CHECK(contains(result.err, said));
  }
}

TEST_CASE("many bad lines are cut, and no flow at all is an error") {
  const Place place;
  std::string flows;
  for (int i = 0; i < 150; ++i) flows += "x\n";
  CHECK(contains(replay(flows).err, "error[PC3113]: 50 more lines cannot be read"));
  CHECK(contains(replay("\n\n").err, "error[PC3112]: `<stdin>` holds no flow"));
  const Result missing = run({"replay", "no.json", "--policies", "policies.yaml", "--cluster", "cluster.yaml"});
  CHECK(missing.status == 1);
  CHECK(contains(missing.err, "error[PC0101]: cannot read `no.json`: No such file or directory"));
}

TEST_CASE("the result does not depend on the order of the records, and JSON and Markdown hold the same rows") {
  const Place place;
  const std::string a = line(Record{}), b = line(Record{"shop/web-1"}),
                    c = line(Record{"ops/probe-0", "shop/db-0", "DROPPED"});
  CHECK(replay(a + b + c, {"--objects", "drop.yaml"}).out == replay(c + b + a, {"--objects", "drop.yaml"}).out);
  const Result json = replay(a + b + c, {"--objects", "drop.yaml", "--format", "json"});
  const auto parsed = nlohmann::json::parse(json.out);
  CHECK(parsed["judged"] == 3);
  CHECK(parsed["same"] == 1);
  CHECK(parsed["status"] == 3);
  REQUIRE(parsed["changed"].size() == 1);
  CHECK(parsed["changed"][0]["change"] == "stricter");
  CHECK(parsed["changed"][0]["records"] == 2);
  CHECK(parsed["changed"][0]["kube_ovn"]["places"][0]["line"] == 6);
  const Result markdown = replay(a + b + c, {"--objects", "drop.yaml", "--format", "markdown"});
  CHECK(contains(markdown.out, "| stricter | shop/app=web -> shop/app=db,tier=data tcp 5432 | 2 |"));
}

TEST_CASE("damaged lines are refused, never worse") {
  const std::string good = line(Record{"shop/web-0", "shop/db-0", "DROPPED"});
  for (std::size_t at = 0; at + 1 < good.size(); ++at)
    for (const char damage : {'\0', '"', '{', '9', '\xff'}) {
      std::string text = good;
      text[at] = damage;
      std::istringstream in(text);
      Sources sources;
      Diagnostics diagnostics;
      std::size_t seen = 0;
      cli::read_flows(in, "flows",
                      {[&](const cli::ObservedFlow&) { ++seen; }, [&](cli::NotJudged, std::uint64_t) { ++seen; }},
                      sources, diagnostics);
      INFO(text);
      CHECK(seen + (diagnostics.has_errors() ? 1 : 0) == 1);
    }
}
