// Policies to IR: one row per rule of the reference, as text.
#include <catch2/catch.hpp>

#include "ir/membership.h"
#include "tests/compile.h"

using namespace policyconv;
using testing::ccnp;
using testing::cnp;
using testing::compile;
using testing::Options;

namespace {

// The rule lines alone, without the group table.
std::string rules(const testing::Compiled& compiled) {
  std::string text = compiled.ir(), kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    if (!line.starts_with("group ")) kept += line + "\n";
    at = end + 1;
  }
  return kept;
}

std::string ingress(const std::string& rule, const Options& options = {}, const std::string& cluster = testing::small_cluster) {
  return rules(compile(cnp("  endpointSelector: {matchLabels: {app: web}}\n  ingress:\n  - " + rule), cluster, options));
}

}  // namespace

TEST_CASE("absent, empty and {} are different things (C§1.4)") {
  CHECK(ingress("{}") == "isolate g0 ingress\n");
  CHECK(ingress("{fromEndpoints: []}") == "isolate g0 ingress\n");
  CHECK(ingress("{fromEndpoints: [], toPorts: [{ports: [{port: '80', protocol: TCP}]}]}") == "isolate g0 ingress\n");
  CHECK(ingress("{toPorts: [{ports: [{port: '80', protocol: TCP}]}]}") ==
        "isolate g0 ingress\nallow g0 ingress from anyone: tcp 80\n");
  CHECK(ingress("{fromEndpoints: [{}], toPorts: [{}]}") == "isolate g0 ingress\n");
  CHECK(ingress("{fromEndpoints: [{matchLabels: {app: db}}], toPorts: []}") ==
        "isolate g1 ingress\nallow g1 ingress from g0 (app=db, namespace=shop): any protocol\n");
  CHECK(ingress("{fromEntities: [all], icmps: [{}]}") == "isolate g0 ingress\n");
  CHECK(ingress("{fromGroups: [], toPorts: [{ports: [{port: '80', protocol: TCP}]}]}") ==
        "isolate g0 ingress\nallow g0 ingress from anyone: tcp 80\n");
  SECTION("before 1.16 an empty list counted as absent") {
    CHECK(ingress("{fromEndpoints: [], toPorts: [{ports: [{port: '80', protocol: TCP}]}]}", {.cilium_minor = 15}) ==
          "isolate g0 ingress\nallow g0 ingress from anyone: tcp 80\n");
  }
}

TEST_CASE("default deny follows enableDefaultDeny and the presence of rules (C§2.1)") {
  const std::string subject = "  endpointSelector: {}\n";
  const std::string rule = "[{fromEntities: [all]}]";
  const auto isolations = [&](const std::string& spec) {
    const testing::Compiled compiled = compile(cnp(subject + spec), testing::small_cluster);
    std::string text;
    for (const ir::Isolation& isolation : compiled.program.isolations) text += std::string(to_string(isolation.direction)) + " ";
    return text;
  };
  CHECK(isolations("  ingress: " + rule) == "ingress ");
  CHECK(isolations("  ingress: " + rule + "\n  enableDefaultDeny: {ingress: false}") == "");
  CHECK(isolations("  ingressDeny: " + rule) == "ingress ");
  CHECK(isolations("  ingress: " + rule + "\n  enableDefaultDeny: {egress: true}") == "ingress ");
  CHECK(isolations("  ingress: " + rule + "\n  egress: []") == "ingress ");
  CHECK(isolations("  ingress: " + rule + "\n  egress: [{}]") == "ingress egress ");
}

TEST_CASE("namespaces are injected into selectors (C§3.4, C§3.5)") {
  CHECK(ingress("{fromEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': ops}}]}") ==
        "isolate g0 ingress\nallow g0 ingress from g1 (namespace=ops): any protocol\n");
  CHECK(ingress("{fromEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.team: platform}}]}") ==
        "isolate g0 ingress\nallow g0 ingress from g1 (namespace label team=platform): any protocol\n");
  CHECK(ingress("{fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.serviceaccount: database}}]}") ==
        "isolate g0 ingress\nallow g0 ingress from g1 (service account=database, namespace=shop): any protocol\n");
  CHECK(rules(compile(ccnp("  endpointSelector: {}\n  ingress: [{fromEndpoints: [{}]}]"), testing::small_cluster)) ==
        "isolate g0 ingress\nallow g0 ingress from g0 (every pod): any protocol\n");
  SECTION("a foreign namespace in the subject selects nothing, unless it is written with k8s:") {
    const std::string rest = "}}\n  ingress: [{}]";
    CHECK(rules(compile(cnp("  endpointSelector: {matchLabels: {io.kubernetes.pod.namespace: ops" + rest), testing::small_cluster)) == "");
    CHECK(rules(compile(cnp("  endpointSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': ops" + rest), testing::small_cluster)) ==
          "isolate g0 ingress\n");
  }
}

TEST_CASE("negative selectors may select more than pods (C§3.5, V52, V57)") {
  const std::string not_shop = "{fromEndpoints: [{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values: [shop]}]}]}";
  CHECK(ingress(not_shop) == "isolate g0 ingress\nallow g0 ingress from g1 (namespace not in (shop)): any protocol\n");
  SECTION("without the cluster filter of 1.19 they also select nodes and the world") {
    CHECK(ingress(not_shop, {.cilium_minor = 18}) ==
          "isolate g0 ingress\n"
          "allow g0 ingress from g1 (namespace not in (shop)): any protocol\n"
          "allow g0 ingress from outside 0.0.0.0/0: any protocol\n"
          "allow g0 ingress from outside ::/0: any protocol\n"
          "allow g0 ingress from all nodes: any protocol\n");
  }
  CHECK(ingress("{fromEndpoints: [{matchExpressions: [{key: 'reserved:health', operator: DoesNotExist}]}]}") ==
        "isolate g0 ingress\nallow g0 ingress from anyone: any protocol\n");
  CHECK(ingress("{fromEndpoints: [{matchLabels: {'reserved:host': ''}}]}") ==
        "isolate g0 ingress\nallow g0 ingress from own node: any protocol\n");
}

TEST_CASE("labels outside the identity never match (C§3.2)") {
  CHECK(ingress("{fromEndpoints: [{matchLabels: {pod-template-hash: abc}}]}") == "isolate g0 ingress\n");
  CHECK(ingress("{fromEndpoints: [{matchExpressions: [{key: pod-template-hash, operator: DoesNotExist}]}]}") ==
        "isolate g0 ingress\nallow g0 ingress from g1 (namespace=shop): any protocol\n");
}

TEST_CASE("ports (C§2.3)") {
  const auto ports = [](const std::string& port, const Options& options = {}) {
    const std::string text = ingress("{toPorts: [{ports: [" + port + "]}]}", options);
    return text.substr(text.find('\n') + 1);
  };
  const std::string from = "allow g0 ingress from anyone: ";
  CHECK(ports("{port: '80'}") == from + "tcp 80\n" + from + "udp 80\n" + from + "sctp 80\n");
  CHECK(ports("{port: '80', endPort: 90, protocol: TCP}") == from + "tcp 80-90\n");
  CHECK(ports("{port: '80', endPort: 70, protocol: TCP}") == from + "tcp 80\n");
  CHECK(ports("{port: '010', protocol: TCP}") == from + "tcp 8\n");
  CHECK(ports("{port: '0', protocol: TCP}") == from + "tcp\n");
  CHECK(ports("{port: '0', endPort: 100, protocol: TCP}") == from + "tcp\n");
  CHECK(ports("{port: '0', endPort: 100, protocol: TCP}", {.cilium_minor = 19}) == from + "tcp 1-100\n");
}

TEST_CASE("port names become numbers per pod on ingress and per destination on egress (C§2.3)") {
  CHECK(ingress("{toPorts: [{ports: [{port: http, protocol: TCP}]}]}") ==
        "isolate g0 ingress\n"
        "allow g1 ingress from anyone: tcp 8080\n"
        "allow g2 ingress from anyone: tcp 9090\n");
  const std::string egress = cnp("  endpointSelector: {matchLabels: {app: db}}\n  egress: [{toPorts: [{ports: [{port: http, protocol: TCP}]}]}]");
  // web-0 and web-1 have equal labels and different numbers, so Cilium skips that identity; the allow is left out.
  CHECK(compile(egress, testing::small_cluster).losses() == "PC1153");
  CHECK(compile(egress, testing::small_cluster, {.cilium_minor = 19}).program.rules.empty());  // ambiguous in the cluster
  CHECK(compile(egress, "").losses() == "PC1151");
}

TEST_CASE("a port name on egress holds for all pods of an identity, also those that do not define it (C§2.3)") {
  const auto pod = [](const std::string& name, const std::string& labels, const std::string& ports) {
    return "---\n{apiVersion: v1, kind: Pod, metadata: {name: " + name + ", namespace: shop, labels: {" + labels +
           "}}, spec: {containers: [{name: c, ports: [" + ports + "]}]}}\n";
  };
  const std::string http = "{name: http, containerPort: 80}";
  const std::string egress = cnp("  endpointSelector: {}\n  egress: [{toPorts: [{ports: [{port: http, protocol: TCP}]}]}]");
  const std::string defined = pod("a", "app: x", http) + pod("b", "app: x", http);
  CHECK(compile(egress, defined).program.rules.size() == 1);
  const testing::Compiled shared = compile(egress, pod("a", "app: x", http) + pod("b", "app: x", "") + pod("c", "app: x, tier: front", ""));
  CHECK(shared.program.rules.size() == 1);
  CHECK(shared.reported("PC1157"));
  std::string deny = egress;
  deny.replace(deny.find("egress:"), 7, "egressDeny:");
  const testing::Compiled denied = compile(deny, pod("a", "app: x", http) + pod("b", "app: x", "") + pod("c", "app: x, tier: front", ""));
  REQUIRE(denied.program.rules.size() == 2);
  CHECK_FALSE(denied.reported("PC1157"));
  CHECK(denied.ir().find(": app=x, service account=default, namespace=shop, has no tier\n") != std::string::npos);
  const std::string later = "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: later, namespace: shop}, spec: {replicas: 0, "
                            "template: {metadata: {labels: {app: x}}, spec: {containers: [{name: c}]}}}}\n";
  CHECK(compile(deny, pod("a", "app: x", http)).program.rules.size() == 1);
  CHECK(compile(deny, pod("a", "app: x", http) + later).program.rules.size() == 2);
  CHECK(compile(egress, pod("a", "app: x", http) + pod("b", "app: z", "")).program.rules.size() == 1);
  CHECK(compile(egress, pod("a", "app: x", http) + pod("b", "app: x", ""), {.cilium_minor = 19}).program.rules.size() == 1);
}

TEST_CASE("L7, names and authentication are refused, and accepted only on request") {
  const auto losses = [](const std::string& rule, const std::vector<std::string>& allow = {}) {
    Options options;
    options.allow_looser = allow;
    const testing::Compiled compiled =
        compile(cnp("  endpointSelector: {}\n  egress:\n  - " + rule), testing::small_cluster, options);
    return compiled.losses() + (compiled.program.rules.empty() ? "" : " +rules");
  };
  const std::string http = "{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{path: /}]}}]}";
  CHECK(losses(http) == "PC1101");
  CHECK(losses(http, {"PC1101"}) == "PC1101 +rules");
  CHECK(losses("{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: []}}]}") == " +rules");
  CHECK(losses("{toPorts: [{ports: [{port: '53', protocol: UDP}], rules: {dns: [{matchPattern: '*'}]}}]}") == "PC1103");
  CHECK(losses("{toPorts: [{ports: [{port: '53', protocol: UDP}], rules: {dns: [{matchName: a.io}]}}]}") == "PC1102");
  CHECK(losses("{toFQDNs: [{matchName: a.io}]}") == "PC1110");
  CHECK(losses("{toEntities: [world], authentication: {mode: required}}") == "PC1109");
  CHECK(losses("{toEntities: [all], authentication: {mode: disabled}}") == " +rules");
}

TEST_CASE("without default deny the proxy's filter is lost: L7 rules up to 1.17, serverNames in every release (C§2.1)") {
  const auto losses = [](int minor, const std::string& guard, const std::string& more = "enableDefaultDeny: {egress: false}",
                         const std::vector<std::string>& allow = {}) {
    Options options{.cilium_minor = minor};
    options.allow_looser = allow;
    const testing::Compiled compiled =
        compile(cnp("  endpointSelector: {}\n  " + more + "\n  egress:\n  - {toPorts: [{ports: [{port: '80', protocol: TCP}], " +
                    guard + "}]}"), testing::small_cluster, options);
    return compiled.losses() + (compiled.program.rules.empty() ? "" : " +rules");
  };
  const std::string http = "rules: {http: [{path: /}]}", names = "serverNames: [a.io]";
  for (const int minor : {16, 17}) CHECK(losses(minor, http) == "PC1101 PC1115");
  for (const int minor : {18, 19, 20}) CHECK(losses(minor, http) == "PC1101");
  for (const int minor : {16, 18, 20}) CHECK(losses(minor, names) == "PC1106 PC1115");
  CHECK(losses(16, http, "enableDefaultDeny: {egress: true}") == "PC1101");
  CHECK(losses(16, http, "enableDefaultDeny: {ingress: false}") == "PC1101");
  CHECK(losses(16, http, "enableDefaultDeny: {egress: false}", {"PC1101"}) == "PC1101 +rules");  // opened as the user asked
  CHECK(losses(16, "rules: {http: []}") == " +rules");
  const std::string dns = "{toPorts: [{ports: [{port: '53', protocol: UDP}], rules: {dns: [{matchPattern: '*'}]}}]}";
  CHECK(compile(cnp("  endpointSelector: {}\n  enableDefaultDeny: {egress: false}\n  egress:\n  - " + dns),
                testing::small_cluster, {.cilium_minor = 16}).losses() == "PC1103");  // every name passes
}

TEST_CASE("toServices is resolved, and never a wildcard (C§6.2)") {
  const std::string services = testing::small_cluster + R"(
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, spec: {selector: {app: db}, clusterIP: 10.96.0.9, ports: [{port: 5432}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: cold, namespace: shop}, spec: {clusterIP: 10.96.0.7, ports: [{port: 443}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: ext, namespace: shop}, spec: {clusterIP: 10.96.0.8, ports: [{port: 443}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: ext-1, namespace: shop, labels: {kubernetes.io/service-name: ext}},
 addressType: IPv4, endpoints: [{addresses: [198.51.100.7]}], ports: [{port: 443}]}
)";
  const auto egress = [&](const std::string& rule, const std::string& list = "egress") {
    return compile(cnp("  endpointSelector: {matchLabels: {app: web}}\n  " + list + ":\n  - " + rule), services);
  };
  CHECK(rules(egress("{toServices: [{k8sService: {serviceName: db, namespace: shop}}]}")) ==
        "isolate g1 egress\nallow g1 egress to g0 (app=db, namespace=shop): any protocol\n");
  CHECK(rules(egress("{toServices: [{k8sService: {serviceName: ext}}]}")) ==
        "isolate g0 egress\nallow g0 egress to outside 198.51.100.7/32: any protocol\n");
  const testing::Compiled empty = egress("{toServices: [{k8sService: {serviceName: cold, namespace: shop}}]}");
  CHECK(empty.losses() == "PC1124");
  CHECK(empty.program.rules.empty());
  const testing::Compiled missing = egress("{toServices: [{k8sService: {serviceName: nope}}], toPorts: [{ports: [{port: '80', protocol: TCP}]}]}");
  CHECK(missing.losses() == "PC1120");
  CHECK(missing.program.rules.empty());
  SECTION("in a deny rule Cilium ignores it, and with ports denies everyone") {
    CHECK(rules(egress("{toServices: [{k8sService: {serviceName: db}}], toPorts: [{ports: [{port: '80', protocol: TCP}]}]}", "egressDeny")) ==
          "isolate g0 egress\ndeny g0 egress to anyone: tcp 80\n");
    CHECK(rules(egress("{toServices: [{k8sService: {serviceName: db}}]}", "egressDeny")) == "isolate g0 egress\n");
  }
}

TEST_CASE("NetworkPolicy as Cilium enforces it (C§9)") {
  const auto np = [](const std::string& spec) {
    return rules(compile("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np, namespace: shop}, spec: " + spec + "}",
                         testing::small_cluster));
  };
  CHECK(np("{podSelector: {}, policyTypes: [Ingress]}") == "isolate g0 ingress\n");
  CHECK(np("{podSelector: {}, ingress: [{}]}") == "isolate g0 ingress\nallow g0 ingress from anyone: any protocol\n");
  CHECK(np("{podSelector: {}, policyTypes: [Egress], ingress: [{from: [{podSelector: {}}]}]}") ==
        "isolate g0 ingress\nisolate g0 egress\nallow g0 ingress from g0 (namespace=shop): any protocol\n");
  CHECK(np("{podSelector: {}, egress: [{ports: [{port: 53, protocol: UDP}]}]}") ==
        "isolate g0 ingress\nisolate g0 egress\nallow g0 egress to anyone: udp 53\n");
  CHECK(np("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: platform}}, podSelector: {matchLabels: {app: probe}}}]}]}") ==
        "isolate g1 ingress\nallow g1 ingress from g0 (app=probe, namespace label team=platform): any protocol\n");
  CHECK(np("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{}]}]}") ==
        "isolate g0 ingress\nallow g0 ingress from outside 10.0.0.0/8 except 10.1.0.0/16: tcp\n");
}

TEST_CASE("a pod cannot claim the labels that Cilium sets (C§3.1)") {
  Cluster cluster;
  cluster.namespaces.push_back({"shop", {{"team", "retail"}}, {}, {}});
  Pod pod;
  pod.ns = "shop", pod.service_account = "default";
  pod.labels = {{"app", "web"}, {"io.cilium.k8s.namespace.labels.zone", "trusted"}, {"io.cilium.k8s.policy.serviceaccount", "admin"},
                {"io.cilium.k8s.policy.cluster", "west"}, {"io.kubernetes.pod.namespace", "ops"}};
  CHECK(ir::identity_labels(cluster, pod) == Labels{{"app", "web"}, {"io.cilium.k8s.namespace.labels.team", "retail"},
                                                    {"io.cilium.k8s.policy.serviceaccount", "default"},
                                                    {"io.kubernetes.pod.namespace", "shop"}});
}

TEST_CASE("the pods of a Service") {
  Service service;
  service.ns = "shop";
  CHECK_FALSE(ir::selected_by(service));
  service.selector = Labels{{"app", "web"}};
  CHECK(ir::selected_by(service) ==
        ir::Group{{{"app", ir::Op::In, {"web"}}, {std::string(ir::namespace_key), ir::Op::In, {"shop"}}}, std::nullopt});
  service.selector = Labels{{"pod-template-hash", "abc"}};  // no label of an identity
  CHECK_FALSE(ir::selected_by(service));
}

TEST_CASE("world labels mean different addresses with one and with two address families (C§3.5)") {
  const auto peers = [](const std::string& direction, const std::string& op, const std::string& key, const Options& options = {}) {
    const testing::Compiled compiled =
        compile(cnp("  endpointSelector: {matchLabels: {app: web}}\n  " + direction + ": [{fromEndpoints: [{matchExpressions: [{key: '" +
                    key + "', operator: " + op + "}]}]}]"), testing::small_cluster, options);
    std::string text = compiled.reported("PC1141") ? "PC1141 " : "";
    for (const ir::Rule& rule : compiled.program.rules) {
      if (std::holds_alternative<ir::Anyone>(rule.peer)) text += "anyone ";
      else if (const auto* outside = std::get_if<ir::Outside>(&rule.peer)) text += to_string(outside->within) + " ";
      else if (std::holds_alternative<ir::GroupId>(rule.peer)) text += "pods ";
      else text += "nodes ";
    }
    return text;
  };
  CHECK(peers("ingress", "Exists", "reserved:world") == "PC1141 ");
  CHECK(peers("ingressDeny", "Exists", "reserved:world") == "PC1141 0.0.0.0/0 ::/0 ");
  CHECK(peers("ingress", "DoesNotExist", "reserved:world") == "PC1141 pods nodes ");
  CHECK(peers("ingressDeny", "DoesNotExist", "reserved:world") == "PC1141 anyone ");
  CHECK(peers("ingress", "Exists", "reserved:world-ipv4") == "PC1141 ");
  CHECK(peers("ingressDeny", "Exists", "reserved:world-ipv4") == "PC1141 0.0.0.0/0 ");
  CHECK(peers("ingress", "DoesNotExist", "reserved:world-ipv4") == "PC1141 pods ::/0 nodes ");
  CHECK(peers("ingress", "Exists", "reserved:world", {.cilium_minor = 14}) == "0.0.0.0/0 ::/0 ");
  CHECK(peers("ingress", "DoesNotExist", "reserved:health") == "anyone ");
}

TEST_CASE("port names: of equal names the last counts, and one protocol that has it is enough") {
  const std::string pods = testing::small_cluster + R"(---
{apiVersion: v1, kind: Pod, metadata: {name: dns-0, namespace: shop, labels: {app: dns}},
 spec: {nodeName: n1, containers: [{name: a, ports: [{name: dns, containerPort: 53}, {name: tcp, containerPort: 53}]},
                                   {name: b, ports: [{name: dns, containerPort: 5353, protocol: UDP}]}]},
 status: {phase: Running, podIPs: [{ip: 10.16.0.13}]}}
)";
  const auto dns = [&](const std::string& port) {
    return compile(cnp("  endpointSelector: {matchLabels: {app: dns}}\n  ingress: [{toPorts: [{ports: [" + port + "]}]}]"), pods);
  };
  CHECK(rules(dns("{port: dns}")) == "isolate g0 ingress\nallow g1 ingress from anyone: udp 5353\n");
  CHECK_FALSE(dns("{port: dns}").reported("PC1150"));
  CHECK(dns("{port: dns, protocol: TCP}").count("PC1150") == 1);
  CHECK(dns("{port: nope}").count("PC1150") == 1);
}

TEST_CASE("a clusterwide use of a port name shares pods with every other") {
  const auto use = [](int end_port) {
    return fmt::format("  endpointSelector: {{matchLabels: {{app: web}}}}\n  ingress: [{{toPorts: [{{ports: [{{port: http, protocol: TCP, endPort: {}}}]}}]}}]", end_port);
  };
  CHECK(compile(cnp(use(9500)) + ccnp(use(9600)), testing::small_cluster).count("PC1154") == 2);
  CHECK_FALSE(compile(cnp(use(9500)) + ccnp(use(9500)), testing::small_cluster).reported("PC1154"));
  CHECK_FALSE(compile(cnp(use(9500)) + cnp(use(9600), "p", "ops"), testing::small_cluster).reported("PC1154"));
}

TEST_CASE("up to 1.19 running pods alone decide about port names on egress") {
  const auto egress = [](const std::string& list, const std::string& port, const std::string& cluster) {
    return compile(cnp("  endpointSelector: {matchLabels: {app: db}}\n  " + list + ": [{toPorts: [{ports: [{port: " + port +
                       ", protocol: TCP}]}]}]"), cluster, {.cilium_minor = 19});
  };
  const std::string template_only = testing::small_cluster + R"(---
{apiVersion: v1, kind: Pod, metadata: {name: m-0, namespace: shop, labels: {app: m}},
 spec: {nodeName: n1, containers: [{name: a, ports: [{name: metrics, containerPort: 9100}]}]},
 status: {phase: Running, podIPs: [{ip: 10.16.0.14}]}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: m, namespace: shop},
 spec: {template: {metadata: {labels: {app: m}}, spec: {containers: [{name: a, ports: [{name: metrics, containerPort: 9999}]}]}}}}
)";
  CHECK(rules(egress("egress", "metrics", template_only)) == "isolate g0 egress\nallow g0 egress to anyone: tcp 9100\n");
  CHECK(egress("egress", "http", testing::small_cluster).program.rules.empty());
  const testing::Compiled denied = egress("egressDeny", "http", testing::small_cluster);
  CHECK(denied.losses() == "PC1156");
  CHECK(rules(denied) == "isolate g0 egress\ndeny g0 egress to anyone: tcp 8080\ndeny g0 egress to anyone: tcp 9090\n");
}

TEST_CASE("a deny port that cannot be read denies every port (before 1.17)") {
  const auto deny = [](const std::string& port) {
    return compile(cnp("  endpointSelector: {}\n  ingressDeny: [{toPorts: [{ports: [{port: '" + port + "', protocol: TCP}]}]}]"),
                   testing::small_cluster, {.cilium_minor = 16});
  };
  for (const char* port : {"70000", "1-5", "0x0000000000000010000"}) {
    CHECK(deny(port).losses() == "PC1165");
    CHECK(rules(deny(port)) == "isolate g0 ingress\ndeny g0 ingress from anyone: tcp\n");
  }
  CHECK(rules(deny("0b0000000000000001010")) == "isolate g0 ingress\ndeny g0 ingress from anyone: tcp 10\n");
}

TEST_CASE("a CIDR group that is not there widens a deny and leaves an allow out") {
  const std::string group = "{apiVersion: cilium.io/v2, kind: CiliumCIDRGroup, metadata: {name: g, labels: {a: b}}, spec: {externalCIDRs: [192.0.2.0/24]}}\n---\n";
  const auto egress = [&](const std::string& list, const std::string& element) {
    const testing::Compiled compiled =
        compile(group + cnp("  endpointSelector: {}\n  " + list + ": [{toCIDRSet: [{" + element + "}]}]"), testing::small_cluster);
    return compiled.losses() + " " + rules(compiled);
  };
  const std::string isolate = "isolate g0 egress\n", from = "g0 egress to outside ";
  for (const std::string element : {"cidrGroupRef: x", "cidrGroupSelector: {matchLabels: {a: c}}"}) {
    CHECK(egress("egress", element) == "PC1130 " + isolate);
    CHECK(egress("egressDeny", element) ==
          "PC1130 " + isolate + "deny " + from + "0.0.0.0/0: any protocol\ndeny " + from + "::/0: any protocol\n");
  }
  CHECK(egress("egress", "cidrGroupSelector: {matchLabels: {a: b}}") == " " + isolate + "allow " + from + "192.0.2.0/24: any protocol\n");
}

TEST_CASE("pods of other clusters are not passed over in silence") {
  const auto losses = [](const std::string& list, const std::string& peer, const Options& options = {}) {
    return compile(cnp("  endpointSelector: {}\n  " + list + ": [{" + peer + "}]"), testing::small_cluster, options).losses();
  };
  const auto cluster = [](const std::string& rest) { return "fromEndpoints: [{matchExpressions: [{key: io.cilium.k8s.policy.cluster, operator: " + rest + "}]}]"; };
  CHECK(losses("ingress", cluster("In, values: [west]")) == "PC1144");
  CHECK(losses("ingressDeny", cluster("In, values: [west]")) == "PC1145");
  CHECK(losses("ingress", cluster("Exists")) == "PC1144");
  CHECK(losses("ingress", cluster("NotIn, values: [default]")) == "PC1144");
  CHECK(losses("ingress", cluster("In, values: [default]")) == "");
  CHECK(losses("ingress", "fromEntities: [cluster-mesh]") == "PC1144");
  CHECK(losses("ingressDeny", "fromEntities: [cluster-mesh]") == "PC1145");
  CHECK(losses("ingress", "fromEntities: [cluster]") == "");
}

TEST_CASE("fromRequires narrows NetworkPolicies and Services, too") {
  const std::string narrowing = cnp("  endpointSelector: {}\n  ingress: [{fromRequires: [{matchLabels: {team: a}}]}]\n  egress: [{toRequires: [{matchLabels: {team: a}}]}]", "narrow");
  const auto losses = [&](const std::string& policy) { return compile(narrowing + policy, testing::small_cluster, {.cilium_minor = 18}).losses(); };
  const auto np = [](const std::string& rule) {
    return "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np, namespace: shop}, spec: {podSelector: {}, ingress: [" + rule + "]}}";
  };
  CHECK(losses(np("{from: [{podSelector: {}}]}")) == "PC1113 PC1113 PC1114");
  CHECK(losses(np("{}")) == "PC1113 PC1113 PC1114");
  CHECK(losses(np("{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}")) == "PC1113 PC1113");
  CHECK(losses(cnp("  endpointSelector: {}\n  egress: [{toServices: [{k8sService: {serviceName: kubernetes}}]}]", "z")) == "PC1113 PC1113 PC1114");
}

TEST_CASE("fromRequires stops every allow it could narrow") {
  const std::string narrowing = cnp("  endpointSelector: {}\n  ingress: [{fromRequires: [{matchLabels: {team: a}}]}]", "narrow");
  const std::string narrowed = cnp("  endpointSelector: {}\n  ingress: [{fromEndpoints: [{}]}]", "other");
  const testing::Compiled compiled = compile(narrowing + narrowed, testing::small_cluster, {.cilium_minor = 18});
  CHECK(compiled.losses() == "PC1113 PC1114");
  CHECK(compiled.program.rules.empty());
}

TEST_CASE("the result does not depend on the order of the policies") {
  const std::string a = cnp("  endpointSelector: {matchLabels: {app: web}}\n  ingress: [{fromEndpoints: [{matchLabels: {app: db}}]}]", "a");
  const std::string b = cnp("  endpointSelector: {matchLabels: {app: db}}\n  egressDeny: [{toEntities: [world]}]", "b");
  CHECK(compile(a + b, testing::small_cluster).program == compile(b + a, testing::small_cluster).program);
}
