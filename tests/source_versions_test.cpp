// What the corpora cannot show, because they follow 1.20 with everything resolved: differences between versions
// (C§0.1), Services, requirements, and the pods that are no endpoints.
#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "tests/conformance.h"
#include "verify/decide_source.h"

using namespace policyconv;

namespace {

// The cast of C§15: a, b and d in ns1, c in ns2 (team=x), nodes n1 (of all pods), n2 and cp1 (API server).
const std::string cluster = R"(
{apiVersion: v1, kind: Namespace, metadata: {name: ns1, labels: {kubernetes.io/metadata.name: ns1}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: ns2, labels: {kubernetes.io/metadata.name: ns2, team: x}}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: n2}, status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: cp1}, status: {addresses: [{type: InternalIP, address: 192.168.0.10}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
addressType: IPv4
endpoints: [{addresses: [192.168.0.10]}]
ports: [{name: https, port: 6443}]
---
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: ns1, labels: {app: a}},
 spec: {nodeName: n1, containers: [{name: m, image: i, ports: [{name: http, containerPort: 8080}]}]},
 status: {podIP: 10.16.0.1, podIPs: [{ip: 10.16.0.1}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: ns1, labels: {app: b, io.cilium.k8s.namespace.labels.zone: trusted, io.cilium.k8s.other: set}},
 spec: {nodeName: n1, containers: [{name: m, image: i, ports: [{name: http, containerPort: 8080}, {name: web, containerPort: 81}]}]},
 status: {podIP: 10.16.0.2, podIPs: [{ip: 10.16.0.2}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: c, namespace: ns2, labels: {app: a}},
 spec: {nodeName: n1, containers: [{name: m, image: i, ports: [{name: http, containerPort: 8080}, {name: web, containerPort: 82}]}]},
 status: {podIP: 10.16.0.3, podIPs: [{ip: 10.16.0.3}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: d, namespace: ns1, labels: {app: a, tier: x}},
 spec: {nodeName: n1, containers: [{name: m, image: i}]}, status: {podIP: 10.16.0.4, podIPs: [{ip: 10.16.0.4}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: host, namespace: ns1, labels: {app: b}},
 spec: {nodeName: n1, hostNetwork: true, containers: [{name: m, image: i}]}, status: {podIP: 192.168.0.1, podIPs: [{ip: 192.168.0.1}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: host2, namespace: ns1, labels: {app: b}},
 spec: {nodeName: n2, hostNetwork: true, containers: [{name: m, image: i}]}, status: {podIP: 192.168.0.2, podIPs: [{ip: 192.168.0.2}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: done, namespace: ns1, labels: {app: b}},
 spec: {nodeName: n1, containers: [{name: m, image: i}]}, status: {phase: Succeeded, podIP: 10.16.0.9, podIPs: [{ip: 10.16.0.9}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: with, namespace: ns2, labels: {tier: back}}, spec: {selector: {app: a}, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: without, namespace: ns1}, spec: {ports: [{port: 80}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: without-1, namespace: ns1, labels: {kubernetes.io/service-name: without}}
addressType: IPv4
endpoints: [{addresses: [10.1.1.1]}, {addresses: [10.16.0.2]}]
ports: [{port: 80}]
)";

std::string cnp(const std::string& body) {
  return "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: p, namespace: ns1}, "
         "spec: {endpointSelector: {matchLabels: {app: a}}, " +
         body + "}}\n";
}
std::string ccnp(const std::string& body) {
  return "{apiVersion: cilium.io/v2, kind: CiliumClusterwideNetworkPolicy, metadata: {name: p}, "
         "spec: {endpointSelector: {matchLabels: {app: a}}, " +
         body + "}}\n";
}
std::string np(const std::string& body) {
  return "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: ns1}, "
         "spec: {podSelector: {matchLabels: {app: a}}, " +
         body + "}}\n";
}

/// The policies of one version, ready to be asked.
struct World {
  Semantics semantics;
  conformance::Input input;
  verify::SourceMeaning meaning;

  World(int minor, const std::string& policies) : World(version(minor), policies) {}
  World(const Semantics& chosen, const std::string& policies)
      : semantics(chosen),
        input(conformance::read({"world", cluster, policies, {}, {}}, semantics)),
        meaning(input.policies, input.cluster, semantics) {}

  static Semantics version(int minor) {
    Semantics semantics = semantics_of(minor);
    semantics.sctp = true;
    return semantics;
  }

  std::optional<verify::Decision> decide(const std::string& from, const std::string& to, Protocol protocol,
                                         std::uint16_t port, Direction direction) const {
    return meaning.decide(conformance::resolve({from, to, protocol, port, {}, {}, {}}, input.cluster), direction);
  }
};

/// Peers by their names in C§15.
std::string end(const std::string& name) {
  static const std::map<std::string, std::string> ends{{"a", "pod:ns1/a"},
                                                       {"b", "pod:ns1/b"},
                                                       {"c", "pod:ns2/c"},
                                                       {"d", "pod:ns1/d"},
                                                       {"host", "node:n1"},
                                                       {"rn", "node:n2"},
                                                       {"api", "node:cp1"},
                                                       {"w10", "ip:10.2.0.1"},
                                                       {"w101", "ip:10.1.1.1"},
                                                       {"w1", "ip:1.1.1.1"},
                                                       {"w6", "ip:fd00::1"},
                                                       {"hostpod", "pod:ns1/host"},
                                                       {"host2pod", "pod:ns1/host2"},
                                                       {"done", "pod:ns1/done"}};
  return ends.at(name);
}

/// What pod a answers: "+b -c tcp/80" are two verdicts about TCP 80 from (ingress) or to (egress) b and c.
struct Row {
  std::string versions;  // "16 17 18"; every one must give these verdicts
  std::string policies;
  Direction direction;
  std::string verdicts;  // groups of signed peers, each group closed by protocol/port
};

Protocol protocol_named(const std::string& name) {
  static const std::map<std::string, Protocol> protocols{{"tcp", Protocol::Tcp},
                                                         {"udp", Protocol::Udp},
                                                         {"sctp", Protocol::Sctp},
                                                         {"icmp", Protocol::Icmp},
                                                         {"icmp6", Protocol::Icmp6}};
  return protocols.at(name);
}

void check(const World& world, const Row& row) {
  std::istringstream words(row.verdicts);
  std::vector<std::string> signs;
  for (std::string word; words >> word;) {
    if (word[0] == '+' || word[0] == '-') {
      signs.push_back(word);
      continue;
    }
    const std::size_t slash = word.find('/');
    const Protocol protocol = protocol_named(word.substr(0, slash));
    const auto port = static_cast<std::uint16_t>(std::stoi(word.substr(slash + 1)));
    for (const std::string& sign : signs) {
      const std::string peer = end(sign.substr(1)), own = end("a");
      const bool ingress = row.direction == Direction::Ingress;
      const auto decision = world.decide(ingress ? peer : own, ingress ? own : peer, protocol, port, row.direction);
      REQUIRE(decision);
      INFO("1." << world.semantics.cilium_minor << " " << row.policies << sign << " " << word << ": "
                << decision->reason);
      CHECK(decision->verdict == (sign[0] == '+' ? Verdict::Allow : Verdict::Deny));
    }
    signs.clear();
  }
  REQUIRE(signs.empty());
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    std::istringstream versions(row.versions);
    for (int minor; versions >> minor;) {
      const World world(minor, row.policies);
      INFO(row.policies);
      std::string messages;
      for (const Diagnostic& diagnostic : world.input.diagnostics.all()) messages += diagnostic.message + "\n";
      INFO(messages);
      CHECK_FALSE(world.input.diagnostics.has_errors());
      check(world, row);
    }
  }
}

constexpr Direction ingress = Direction::Ingress, egress = Direction::Egress;
const std::string all_versions = "14 15 16 17 18 19 20";

}  // namespace

TEST_CASE("a pod cannot claim the labels that Cilium sets") {
  check({{all_versions, cnp("ingress: [{fromEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.zone: trusted}}]}]"), ingress, "-b tcp/80"},
         {all_versions, cnp("ingress: [{fromEndpoints: [{matchLabels: {io.cilium.k8s.other: set}}]}]"), ingress, "-b tcp/80"}});
}

TEST_CASE("ports differ between versions") {
  check({
      // V38
      {"20", cnp("ingress: [{toPorts: [{ports: [{port: '0', endPort: 100, protocol: TCP}]}]}]"), ingress,
       "+b +w10 tcp/80 +b tcp/30000 -b udp/80"},
      {"16 17 18 19", cnp("ingress: [{toPorts: [{ports: [{port: '0', endPort: 100, protocol: TCP}]}]}]"), ingress,
       "+b +w10 tcp/80 -b tcp/30000 -b udp/80"},
      {"16 20", cnp("ingress: [{toPorts: [{ports: [{port: '80', endPort: 90, protocol: TCP}]}]}]"), ingress,
       "+b tcp/80 +b tcp/90 -b tcp/91"},
      {"15", np("ingress: [{ports: [{port: 80, endPort: 90}]}]"), ingress, "+b tcp/80 -b tcp/81"},
      {"16", np("ingress: [{ports: [{port: 80, endPort: 90}]}]"), ingress, "+b tcp/90 -b tcp/91"},
      {all_versions, cnp("ingress: [{toPorts: [{ports: [{port: '010'}]}]}]"), ingress, "+b tcp/8 -b tcp/10"},
      {all_versions, cnp("ingress: [{toPorts: [{ports: [{port: '1_000'}]}]}]"), ingress, "+b tcp/1000 -b tcp/1"},
  });
}

TEST_CASE("named ports on egress are per peer since 1.20") {
  const std::string http = cnp("egress: [{toPorts: [{ports: [{port: HTTP, protocol: TCP}]}]}]");
  const std::string web = cnp("egress: [{toPorts: [{ports: [{port: web, protocol: TCP}]}]}]");
  const std::string range = cnp("egress: [{toPorts: [{ports: [{port: http, endPort: 8090, protocol: TCP}]}]}]");
  const std::string denied = cnp("egress: [{toEntities: [all]}], egressDeny: [{toPorts: [{ports: [{port: http}]}]}]");
  check({
      {"20", http, egress, "+b +c -d -w10 -rn -host tcp/8080 -b tcp/80"},
      {"14 18 19", http, egress, "+b +c +d +w10 +rn +host tcp/8080 -b tcp/80"},
      {"20", web, egress, "+b -c tcp/81 -b +c tcp/82"},
      {"14 18 19", web, egress, "-b -c -w10 tcp/81 -b -c -w10 tcp/82"},  // two numbers: ambiguous
      {"20", range, egress, "+b tcp/8080 -b tcp/8081"},
      {"16 19", range, egress, "+b +w10 tcp/8090 -b tcp/8091"},
      {"20", denied, egress, "-b +w10 tcp/8080 +b udp/8080"},
      {"19", denied, egress, "-b -w10 tcp/8080 +b udp/8080"},
  });
}

TEST_CASE("pods of one identity that disagree about a named port do not match it") {
  const std::string twin =
      "\n---\n{apiVersion: v1, kind: Pod, metadata: {name: b2, namespace: ns1, labels: {app: b, pod-template-hash: "
      "x}}, "
      "spec: {nodeName: n1, containers: [{name: m, image: i, ports: [{name: http, containerPort: 9090}]}]}, "
      "status: {podIP: 10.16.0.8, podIPs: [{ip: 10.16.0.8}]}}\n";
  const Semantics semantics = World::version(20);
  const auto input = conformance::read(
      {"twin", cluster + twin, cnp("egress: [{toPorts: [{ports: [{port: http}, {port: web}]}]}]"), {}, {}}, semantics);
  const verify::SourceMeaning meaning(input.policies, input.cluster, semantics);
  const auto verdict = [&](const std::string& to, std::uint16_t port) {
    return meaning.decide(conformance::resolve({end("a"), to, Protocol::Tcp, port, {}, {}, {}}, input.cluster), egress)
        ->verdict;
  };
  CHECK(verdict("pod:ns1/b", 8080) == Verdict::Deny);
  CHECK(verdict("pod:ns1/b2", 9090) == Verdict::Deny);
  CHECK(verdict("pod:ns1/b2", 81) == Verdict::Allow);  // only b defines it, so nobody disagrees
  CHECK(verdict("pod:ns2/c", 8080) == Verdict::Allow);
}

TEST_CASE("peer selectors see only the local cluster since 1.19") {
  const std::string not_in = "{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values: [ns1]}]}";
  const std::string np_not_in = np(
      "ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, "
      "values: [ns1]}]}}]}]");
  check({
      // V52, V98; the own node passes anyway on ingress
      {"19 20", cnp("ingress: [{fromEndpoints: [" + not_in + "]}]"), ingress, "-b +c -d -w10 -w6 -rn -api tcp/80"},
      {"14 18", cnp("ingress: [{fromEndpoints: [" + not_in + "]}]"), ingress, "-b +c -d +w10 +w6 +rn +api tcp/80"},
      {"19 20", cnp("egress: [{toEndpoints: [" + not_in + "]}]"), egress, "-b +c -w10 -rn -host tcp/80"},
      {"18", cnp("egress: [{toEndpoints: [" + not_in + "]}]"), egress, "-b +c +w10 +rn +host tcp/80"},
      {"19 20", np_not_in, ingress, "-b +c -w10 -rn tcp/80"},
      {"14 18", np_not_in, ingress, "-b +c +w10 +rn tcp/80"},
      // a key on the cluster switches the filter off
      {"20",
       cnp("ingress: [{fromEndpoints: [{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, "
           "values: [ns1]}, {key: io.cilium.k8s.policy.cluster, operator: NotIn, values: [other]}]}]}]"),
       ingress, "-b +c +w10 tcp/80"},
  });
}

TEST_CASE("namespace labels replace the own namespace since 1.16") {
  const std::string team = cnp("ingress: [{fromEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.team: x}}]}]");
  check({{"16 20", team, ingress, "-b +c -d tcp/80"}, {"14 15", team, ingress, "-b -c -d tcp/80"}});
}

TEST_CASE("empty lists, absent lists and enableDefaultDeny by version") {
  check({
      {"14 15", cnp("ingress: [{fromEndpoints: [], toPorts: [{ports: [{port: '80'}]}]}]"), ingress,
       "+b +w10 tcp/80 -b tcp/81"},
      {"16 20", cnp("ingress: [{fromEndpoints: [], toPorts: [{ports: [{port: '80'}]}]}]"), ingress,
       "-b -w10 +host tcp/80"},
      {"16 20", cnp("ingress: [{fromEndpoints: [], fromEntities: [all]}]"), ingress, "-b tcp/80"},
      {"15", cnp("ingress: [{fromEndpoints: [], fromEntities: [all]}]"), ingress, "+b tcp/80"},
      {all_versions, cnp("egress: [{toFQDNs: [], toPorts: [{ports: [{port: '80'}]}]}]"), egress, "+b +w10 tcp/80"},
      {all_versions, cnp("egress: [{toGroups: [], toPorts: [{ports: [{port: '80'}]}]}]"), egress, "+b +w10 tcp/80"},
      {all_versions, cnp("egress: [{toServices: [], toPorts: [{ports: [{port: '80'}]}]}]"), egress, "+b +w10 tcp/80"},
      {all_versions, cnp("ingress: [{}]"), ingress, "-b -w10 -rn +host tcp/80"},
      {all_versions, cnp("egress: [{}]"), egress, "-b -w10 -rn -host tcp/80"},
      {"16 20", cnp("enableDefaultDeny: {ingress: false}, ingress: [{fromEndpoints: [{matchLabels: {app: b}}]}]"),
       ingress, "+b +d +w10 tcp/80"},
      {"20", cnp("enableDefaultDeny: {egress: true}, ingress: [{}]"), egress, "+b tcp/80"},
      // an object that is accepted without any rule has no effect
      {"14 16", cnp("ingress: []"), ingress, "+b tcp/80"},
  });
}

TEST_CASE("what stands for unknown addresses selects nobody") {
  check({
      {all_versions, cnp("egress: [{toFQDNs: [{matchName: example.com}]}]"), egress, "-b -w10 tcp/80"},
      {all_versions, cnp("egress: [{toGroups: [{aws: {region: x}}], toPorts: [{ports: [{port: '80'}]}]}]"), egress,
       "-b -w10 tcp/80"},
      {"16 20", cnp("ingress: [{fromGroups: [{aws: {region: x}}]}]"), ingress, "-b -w10 tcp/80"},
      {all_versions, cnp("egress: [{toCIDRSet: [{cidrGroupRef: gone}], toPorts: [{ports: [{port: '80'}]}]}]"), egress,
       "-w10 tcp/80"},
  });
}

TEST_CASE("toServices") {
  const std::string by_name = cnp("egress: [{toServices: [{k8sService: {serviceName: with, namespace: ns2}}]}]");
  const std::string by_label =
      cnp("egress: [{toServices: [{k8sServiceSelector: {selector: {matchLabels: {'k8s:tier': back}}}}]}]");
  const std::string external = cnp("egress: [{toServices: [{k8sService: {serviceName: without}}]}]");
  const std::string missing = "toServices: [{k8sService: {serviceName: gone}}]";
  const std::string port = "toPorts: [{ports: [{port: '80', protocol: TCP}]}]";
  check({
      {"17 18 20", by_name, egress, "+c -b -d -w10 tcp/80 +c udp/9"},
      {"17 18 20", by_label, egress, "+c -b -d -w10 tcp/80"},
      {"16", by_name, egress, "-c -b -w10 tcp/80"},
      {"14 20", external, egress, "+w101 -w10 -b tcp/80"},  // one backend is pod b: CIDR rules match no pods
      {"14 20", cnp("egress: [{" + missing + "}]"), egress, "-w10 tcp/80"},
      {"17 20", cnp("egress: [{" + missing + ", " + port + "}]"), egress, "-w10 -b tcp/80"},  // Cilium: everyone
      // nobody resolves toServices of a deny rule
      {"17 20", cnp("egress: [{toEntities: [all]}], egressDeny: [{" + missing + ", " + port + "}]"), egress,
       "-b -w10 tcp/80 +b tcp/81"},
      {"17 20", cnp("egress: [{toEntities: [all]}], egressDeny: [{" + missing + "}]"), egress, "+b +w10 tcp/80"},
  });
}

TEST_CASE("fromRequires narrows the endpoints of every rule up to 1.18") {
  const std::string tier = "fromRequires: [{matchLabels: {tier: x}}]";
  check({
      {"14 18", cnp("ingress: [{fromEndpoints: [{}], " + tier + "}, {fromEntities: [world]}]"), ingress,
       "-b +d -c +w10 tcp/80"},
      {"18", np("ingress: [{}]") + "---\n" + cnp("ingress: [{" + tier + "}]"), ingress, "-b +d -w10 tcp/80"},
      {"18", cnp("ingress: [{fromEntities: [all]}], ingressDeny: [{fromEndpoints: [{}], " + tier + "}]"), ingress,
       "+b -d tcp/80"},
  });
}

TEST_CASE("deny rules before 1.17 may hold what nobody validated") {
  check({{"16",
          cnp("ingress: [{fromEntities: [all]}], ingressDeny: [{fromEndpoints: [{matchLabels: {app: b}}], fromCIDR: "
              "[10.0.0.0/8]}]"),
          ingress, "-b -w10 +d +w1 tcp/80"}});
}

TEST_CASE("addresses outside") {
  check({
      {"14", cnp("egress: [{toEndpoints: [{matchLabels: {'reserved:world': ''}}]}]"), egress, "+w10 +w6 -b tcp/80"},
      {"15 20", cnp("egress: [{toEndpoints: [{matchLabels: {'reserved:world': ''}}]}]"), egress, "-w10 -w6 tcp/80"},
      {"20", cnp("egress: [{toEndpoints: [{matchLabels: {'reserved:world-ipv6': ''}}]}]"), egress, "-w10 +w6 tcp/80"},
      {"16 19", cnp("egress: [{toCIDR: ['1.1.1.1']}]"), egress, "+w1 -w10 tcp/80"},
      {"19", cnp("egress: [{toCIDRSet: [{cidr: 10.1.0.0/16, except: [10.1.1.0/8]}]}]"), egress, "-w101 tcp/80"},
      {all_versions, cnp("egress: [{toCIDR: ['::ffff:10.0.0.0/104']}]"), egress, "-w10 -w6 tcp/80"},
  });
}

TEST_CASE("rules with L7, TLS or authentication allow at L4") {
  check({
      {"16 20", cnp("ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{method: GET}]}}]}]"),
       ingress, "+b tcp/80 -b tcp/81"},
      {"20", cnp("egress: [{toPorts: [{ports: [{port: '443', protocol: TCP}], serverNames: [example.com]}]}]"), egress,
       "+w10 tcp/443"},
      {"20", cnp("ingress: [{fromEndpoints: [{}], authentication: {mode: required}}]"), ingress, "+b tcp/80"},
  });
}

TEST_CASE("ICMP") {
  const auto fields = [](const std::string& field) { return cnp("ingress: [{icmps: [{fields: [" + field + "]}]}]"); };
  check({
      {"16 20", fields("{type: EchoRequest}"), ingress, "+b icmp/8 -b icmp/13 -b icmp6/128 -b tcp/8"},
      {"16 20", fields("{type: EchoRequest, family: IPv6}"), ingress, "+b icmp6/128 -b icmp/8"},
      {all_versions, fields("{type: 0}"), ingress, "+b icmp/13 -b icmp6/128"},
      {"20", fields("{type: 300}"), ingress, "-b icmp/44 -b icmp/8"},
      {all_versions, cnp("ingress: [{fromEndpoints: [{}], icmps: [{}]}]"), ingress, "-b icmp/8 -b tcp/80"},
  });
}

TEST_CASE("pods on the host network are nodes, finished pods are nobody") {
  check({
      {"20", cnp("egress: [{toEndpoints: [{matchLabels: {app: b}}]}]"), egress, "+b -hostpod -host2pod -done tcp/80"},
      {"20", cnp("egress: [{toEntities: [host]}]"), egress, "+hostpod -host2pod -done tcp/80"},
      {"20", cnp("egress: [{toEntities: [remote-node]}]"), egress, "-hostpod +host2pod tcp/80"},
      {"20", cnp("egress: [{toEntities: [world]}]"), egress, "-hostpod +done tcp/80"},
      {"20", cnp("ingress: [{}]"), ingress, "+hostpod -host2pod tcp/80"},  // the own node
  });
  const World world(20, ccnp("ingress: [{}]") + "---\n" +
                            "{apiVersion: cilium.io/v2, kind: CiliumClusterwideNetworkPolicy, "
                            "metadata: {name: q}, spec: {nodeSelector: {}, ingress: [{}]}}\n");
  CHECK_FALSE(world.decide(end("w1"), end("hostpod"), Protocol::Tcp, 80, ingress));
  CHECK_FALSE(world.decide(end("w1"), end("done"), Protocol::Tcp, 80, ingress));
  CHECK_FALSE(world.decide(end("w1"), end("host"), Protocol::Tcp, 80, ingress));
  CHECK(world.decide(end("w1"), end("b"), Protocol::Tcp, 80, ingress)->reason == "not selected");
}

TEST_CASE("SCTP passes only if Cilium runs with enable-sctp") {
  const World off(semantics_of(20), cnp("ingress: [{fromEntities: [all]}]"));
  const auto decision = off.decide(end("b"), end("a"), Protocol::Sctp, 80, ingress);
  CHECK(decision->verdict == Verdict::Deny);
  CHECK(decision->reason == "SCTP is off");
  CHECK(off.decide(end("b"), end("d"), Protocol::Sctp, 80, egress)->verdict == Verdict::Deny);
  CHECK(off.decide(end("b"), end("a"), Protocol::Tcp, 80, ingress)->verdict == Verdict::Allow);
  check({{"20", cnp("ingress: [{fromEntities: [all]}]"), ingress, "+b sctp/80"}});
}

TEST_CASE("a decision names every matching rule of the winning kind") {
  const World world(20, cnp("ingress: [{fromEntities: [all]}, {fromEndpoints: [{}]}, {fromEntities: [world]}], "
                            "ingressDeny: [{fromEndpoints: [{matchLabels: {tier: x}}]}]"));
  const auto paths = [&](const std::string& from) {
    std::vector<std::string> found;
    const auto decision = world.decide(end(from), end("a"), Protocol::Tcp, 80, ingress);
    for (const RuleId rule : decision->rules) found.push_back(world.input.policies.catalog.rule(rule).path);
    return found;
  };
  CHECK(paths("b") == std::vector<std::string>{"spec.ingress[0]", "spec.ingress[1]"});
  CHECK(paths("w1") == std::vector<std::string>{"spec.ingress[0]", "spec.ingress[2]"});
  CHECK(paths("d") == std::vector<std::string>{"spec.ingressDeny[0]"});
  const auto reason = [&](const std::string& policies, const std::string& from) {
    const World other(20, policies);
    return other.decide(end(from), end("a"), Protocol::Tcp, 80, ingress)->reason;
  };
  CHECK(reason(cnp("ingress: [{}]"), "host") == "own node");
  CHECK(reason(cnp("ingress: [{}]"), "b") == "default deny");
  CHECK(reason(cnp("ingress: [{}]"), "a") == "the same pod");
  CHECK(reason(cnp("egress: [{}]"), "b") == "not selected");
  CHECK(reason(cnp("enableDefaultDeny: {ingress: false}, ingress: [{}]"), "b") == "no default deny");
}

TEST_CASE("rejected policies count for nothing") {
  const World world(20, cnp("ingress: [{fromEntities: [World]}]"));
  REQUIRE_FALSE(world.input.policies.policies.front().rejected.empty());
  CHECK(world.decide(end("b"), end("a"), Protocol::Tcp, 80, ingress)->reason == "not selected");
}

TEST_CASE("ends of flows") {
  const World world(20, cnp("ingress: [{}]"));
  const Cluster& known = world.input.cluster;
  const auto same = [&](const std::string& text) {
    const auto found = verify::parse_end(known, text);
    return found ? verify::to_string(known, *found) : "";
  };
  CHECK(same("pod:ns1/a") == "pod:ns1/a");
  CHECK(same("node:n2") == "node:n2");
  CHECK(same("ip:10.16.0.2") == "pod:ns1/b");
  CHECK(same("ip:192.168.0.1") == "node:n1/192.168.0.1");  // also the address of a hostNetwork pod
  CHECK(same("ip:10.16.0.9") == "ip:10.16.0.9");  // the pod that had it is finished
  CHECK(same("ip:fd00::1") == "ip:fd00::1");
  for (const char* text : {"", "a", "pod:ns1", "pod:ns1/x", "node:x", "ip:x", "svc:a"}) CHECK(same(text).empty());
}
