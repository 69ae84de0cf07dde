// Files to policies: every field in its place, every kind of object, what is reported, and that order does not matter.
#include "frontend/parse.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace policyconv;
using cilium::Policies;

namespace {

struct File {
  std::string name, text;
};

struct Parsed {
  Sources sources;
  Policies policies;
  std::vector<std::string> messages;  // "a.yaml:1:1 PC0101 note: text [suggestion]", sorted by place
};

Parsed parse(const std::vector<File>& files, cilium::ParseOptions options = {}) {
  Parsed parsed;
  std::vector<std::uint32_t> numbers;
  for (const auto& [name, text] : files) numbers.push_back(parsed.sources.add(name, text));
  Diagnostics diagnostics;
  parsed.policies = cilium::parse_policies(parsed.sources, numbers, options, diagnostics);
  diagnostics.sort();
  for (const Diagnostic& one : diagnostics.all())
    parsed.messages.push_back(fmt::format("{}:{}:{} {} {}: {}{}", parsed.sources.name(one.where.file), one.where.line,
                                          one.where.column, definition(one.kind).code,
                                          to_string(definition(one.kind).effect), one.message,
                                          one.suggestion.empty() ? "" : " [" + one.suggestion + "]"));
  return parsed;
}

std::string messages_of(const std::string& text, cilium::ParseOptions options = {}) {
  return fmt::format("{}", fmt::join(parse({{"a.yaml", text}}, options).messages, "\n"));
}

/// What a run results in, in words that do not depend on file numbers.
std::string show(const Parsed& parsed) {
  std::vector<std::string> lines;
  const auto place = [&](Loc loc) {
    return fmt::format("{}:{}:{}", parsed.sources.name(loc.file), loc.line, loc.column);
  };
  const Catalog& catalog = parsed.policies.catalog;
  for (const SourcePolicy& policy : catalog.policies)
    lines.push_back(
        fmt::format("{} at {}{}", policy.display(), place(policy.loc), policy.enforced ? "" : ", rejected"));
  for (std::size_t i = 0; i < catalog.rules.size(); ++i)
    lines.push_back(fmt::format("{} {} {} at {}", catalog.display(static_cast<RuleId>(i)),
                                to_string(catalog.rules[i].direction), to_string(catalog.rules[i].verdict),
                                place(catalog.rules[i].loc)));
  for (const cilium::CidrGroup& group : parsed.policies.cidr_groups)
    lines.push_back(fmt::format("group {} at {}", group.name, place(group.loc)));
  return fmt::format("{}", fmt::join(lines, "\n"));
}

/// A CiliumNetworkPolicy default/web with this spec, which is given as JSON.
std::string policy(std::string_view spec) {
  return fmt::format(
      "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: web, namespace: shop}}\n"
      "spec: {}\n",
      spec);
}

std::string network_policy(std::string_view spec) {
  return fmt::format(
      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: web, namespace: shop}}\n"
      "spec: {}\n",
      spec);
}

/// The only rule of a policy with this ingress or egress rule.
cilium::Rule rule(const std::string& section, const std::string& text) {
  const Parsed parsed = parse({{"a.yaml", policy(fmt::format("{{endpointSelector: {{}}, {}: [{}]}}", section, text))}});
  CAPTURE(section, text, parsed.messages);
  REQUIRE(parsed.policies.policies.size() == 1);
  const cilium::Spec& spec = *parsed.policies.policies[0].spec;
  for (const auto* rules : {&spec.ingress, &spec.ingress_deny, &spec.egress, &spec.egress_deny})
    if (*rules) return rules->value().at(0);
  return {};
}

std::vector<std::string> values(const std::vector<cilium::Text>& texts) {
  std::vector<std::string> result;
  for (const cilium::Text& text : texts) result.push_back(text.value);
  return result;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a policy, field by field") {
  const Parsed parsed = parse({{"a.yaml", R"(apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: web
  namespace: shop
  labels: {team: a}
  annotations: {note: b}
  creationTimestamp: null
  uid: 1234
spec:
  description: text
  labels: [{key: a, value: b, source: k8s}]
  endpointSelector:
    matchLabels: {app: web, "k8s:tier": front}
    matchExpressions: [{key: env, operator: NotIn, values: [dev, test]}]
  enableDefaultDeny: {ingress: false, egress: yes}
  ingress:
  - fromEndpoints: []
  - {}
  ingressDeny:
  - fromEntities: [world]
  egress: []
specs:
- nodeSelector: {}
  endpointSelector: null
status: {conditions: [{type: Valid}]}
)"}});
  REQUIRE(parsed.policies.policies.size() == 1);
  const cilium::Policy& policy = parsed.policies.policies[0];
  CHECK(policy.name == "web");
  CHECK(policy.ns == "shop");
  CHECK_FALSE(policy.clusterwide);
  REQUIRE(policy.spec);
  const cilium::Spec& spec = *policy.spec;
  REQUIRE(spec.endpoint_selector);
  REQUIRE(spec.endpoint_selector->match_labels.size() == 2);
  CHECK(spec.endpoint_selector->match_labels[1].key == "k8s:tier");
  CHECK(spec.endpoint_selector->match_labels[1].value == "front");
  CHECK(spec.endpoint_selector->match_labels[1].loc == Loc{1, 14, 29});
  REQUIRE(spec.endpoint_selector->match_expressions.size() == 1);
  CHECK(spec.endpoint_selector->match_expressions[0].key == "env");
  CHECK(spec.endpoint_selector->match_expressions[0].op == "NotIn");
  CHECK(spec.endpoint_selector->match_expressions[0].values == Strings{"dev", "test"});
  CHECK_FALSE(spec.node_selector);
  CHECK(spec.default_deny_ingress == false);
  CHECK(spec.default_deny_egress == true);
  REQUIRE(spec.ingress);
  REQUIRE(spec.ingress->size() == 2);
  REQUIRE(spec.ingress->at(0).endpoints);
  CHECK(spec.ingress->at(0).endpoints->empty());
  CHECK_FALSE(spec.ingress->at(1).endpoints);
  REQUIRE(spec.ingress_deny);
  CHECK(values(*spec.ingress_deny->at(0).entities) == Strings{"world"});
  REQUIRE(spec.egress);
  CHECK(spec.egress->empty());
  CHECK_FALSE(spec.egress_deny);
  REQUIRE(policy.specs);
  REQUIRE(policy.specs->size() == 1);
  CHECK(policy.specs->at(0).node_selector);
  REQUIRE(policy.specs->at(0).endpoint_selector);  // null is {} here
  CHECK(policy.specs->at(0).endpoint_selector->empty());
}

TEST_CASE("absent, null and empty lists") {
  CHECK_FALSE(rule("ingress", "{}").endpoints);
  CHECK_FALSE(rule("ingress", "{fromEndpoints: null}").endpoints);
  CHECK(rule("ingress", "{fromEndpoints: []}").endpoints);
  CHECK_FALSE(rule("ingress", "{toPorts: ~}").to_ports);
  CHECK(rule("ingress", "{toPorts: [{ports: []}]}").to_ports->at(0).ports);
  CHECK_FALSE(rule("ingress", "{toPorts: [{}]}").to_ports->at(0).ports);
  CHECK(rule("ingress", "{icmps: [{fields: []}]}").icmps->at(0).fields);
  CHECK_FALSE(rule("ingress", "{icmps: [{}]}").icmps->at(0).fields);
}

TEST_CASE("peers") {
  const cilium::Rule in =
      rule("ingress", R"({fromEndpoints: [{matchLabels: {a: b}}], fromRequires: [{}], fromNodes: [{}],
    fromCIDR: [10.0.0.0/8], fromEntities: [host], fromGroups: [{aws: {labels: {a: b}, region: c, securityGroupsIds: [d],
    securityGroupsNames: [e]}}], fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}, {cidrGroupRef: g},
    {cidrGroupSelector: {matchLabels: {a: b}}}]})");
  CHECK(in.endpoints->at(0).match_labels.at(0).key == "a");
  CHECK(in.requires_->size() == 1);
  CHECK(in.nodes->size() == 1);
  CHECK(values(*in.cidr) == Strings{"10.0.0.0/8"});
  CHECK(values(*in.entities) == Strings{"host"});
  CHECK(in.groups->size() == 1);
  CHECK(in.cidr_set->at(0).cidr->value == "10.0.0.0/8");
  CHECK(values(in.cidr_set->at(0).except) == Strings{"10.1.0.0/16"});
  CHECK(in.cidr_set->at(1).cidr_group_ref->value == "g");
  CHECK(in.cidr_set->at(2).cidr_group_selector->match_labels.at(0).value == "b");

  const cilium::Rule out =
      rule("egress", R"({toEndpoints: [{}], toRequires: [{}], toNodes: [{}], toCIDR: [a], toEntities: [b],
    toGroups: [{}], toCIDRSet: [{}], toFQDNs: [{matchName: a.b}, {matchPattern: "*.c"}],
    toServices: [{k8sService: {serviceName: a, namespace: b}}, {k8sServiceSelector: {selector: {}, namespace: c}}]})");
  CHECK(out.endpoints->size() == 1);
  CHECK(out.requires_->size() == 1);
  CHECK(out.nodes->size() == 1);
  CHECK(out.cidr->size() == 1);
  CHECK(out.entities->size() == 1);
  CHECK(out.groups->size() == 1);
  CHECK(out.cidr_set->size() == 1);
  CHECK(out.fqdns->at(0).match_name->value == "a.b");
  CHECK(out.fqdns->at(1).match_pattern->value == "*.c");
  CHECK(out.services->at(0).by_name->name == "a");
  CHECK(out.services->at(0).by_name->ns == "b");
  CHECK(out.services->at(1).by_selector->selector);
  CHECK(out.services->at(1).by_selector->ns == "c");
  CHECK(rule("egressDeny", "{toServices: [{}]}").services->size() == 1);
}

TEST_CASE("traffic") {
  const cilium::Rule rule_read = rule(
      "ingress", R"({authentication: {mode: required}, icmps: [{fields: [{type: 8}, {type: EchoReply, family: IPv6}]}],
    toPorts: [{ports: [{port: "80", protocol: TCP}, {port: http}, {port: 0x50, endPort: 90}], serverNames: [a.b],
      terminatingTLS: {secret: {name: a, namespace: b}, certificate: c, privateKey: d},
      originatingTLS: {secret: {name: a}, trustedCA: b},
      listener: {envoyConfig: {kind: CiliumEnvoyConfig, name: a}, name: b, priority: 1},
      rules: {http: [{path: /, method: GET, host: h, headers: [X], headerMatches: [{name: header, value: v, mismatch: LOG,
                secret: {name: s, namespace: t}}, {name: m}]}],
              dns: [{matchName: a}, {matchPattern: "*"}],
              kafka: [{role: produce, apiKey: a, apiVersion: "1", clientID: b, topic: c}], l7proto: p, l7: [{any: thing}]}}]})");
  CHECK(rule_read.authentication->value == "required");
  CHECK(rule_read.icmps->at(0).fields->at(0).type->value == "8");
  CHECK(rule_read.icmps->at(0).fields->at(0).type->number);
  CHECK_FALSE(rule_read.icmps->at(0).fields->at(0).family);
  CHECK(rule_read.icmps->at(0).fields->at(1).type->value == "EchoReply");
  CHECK(rule_read.icmps->at(0).fields->at(1).family->value == "IPv6");
  const cilium::PortRule& ports = rule_read.to_ports->at(0);
  CHECK(ports.ports->at(0).port->value == "80");
  CHECK_FALSE(ports.ports->at(0).port->number);
  CHECK(ports.ports->at(0).protocol->value == "TCP");
  CHECK_FALSE(ports.ports->at(0).end_port);
  CHECK(ports.ports->at(1).port->value == "http");
  CHECK(ports.ports->at(2).port->value == "80");
  CHECK(ports.ports->at(2).port->number);
  CHECK(ports.ports->at(2).end_port == 90);
  CHECK(values(*ports.server_names) == Strings{"a.b"});
  CHECK(ports.terminating_tls);
  CHECK(ports.originating_tls);
  CHECK(ports.listener);
  const cilium::HttpRule& http = ports.rules->http->at(0);
  CHECK(http.path->value == "/");
  CHECK(http.method->value == "GET");
  CHECK(http.host->value == "h");
  CHECK(values(http.headers) == Strings{"X"});
  CHECK(http.header_matches.at(0).name->value == "header");
  CHECK(http.header_matches.at(0).value->value == "v");
  CHECK(http.header_matches.at(0).mismatch->value == "LOG");
  CHECK(http.header_matches.at(0).has_secret);
  CHECK(http.header_matches.at(0).secret_name == "s");
  CHECK_FALSE(http.header_matches.at(1).has_secret);
  CHECK(ports.rules->dns->at(1).match_pattern->value == "*");
  CHECK(ports.rules->kafka->size() == 1);
  CHECK(ports.rules->l7->size() == 1);
  CHECK(ports.rules->l7proto->value == "p");
  CHECK(rule("ingressDeny", "{toPorts: [{ports: [{port: \"1\"}]}]}").to_ports->at(0).ports->size() == 1);
}

TEST_CASE("a NetworkPolicy and a CiliumCIDRGroup") {
  const Parsed parsed =
      parse({{"a.yaml", network_policy(R"({podSelector: {matchLabels: {app: web}}, policyTypes: [Egress],
      ingress: [{from: [{podSelector: {}}, {namespaceSelector: {matchLabels: {a: b}}, podSelector: null},
                        {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}],
                 ports: [{port: 80}, {port: http, protocol: TCP}, {port: 1, endPort: 2}]}],
      egress: [{}, {to: [], ports: null}]})") +
                            R"(---
apiVersion: cilium.io/v2alpha1
kind: CiliumCIDRGroup
metadata: {name: g, labels: {a: b}}
spec: {externalCIDRs: [10.0.0.0/8]}
)"}});
  CHECK(parsed.messages.empty());
  const cilium::NetworkPolicy& policy = parsed.policies.network_policies.at(0);
  CHECK(policy.pod_selector.match_labels.at(0).value == "web");
  CHECK(values(*policy.policy_types) == Strings{"Egress"});
  const cilium::NetworkPolicyRule& ingress = policy.ingress->at(0);
  CHECK(ingress.peers->at(0).pod_selector);
  CHECK_FALSE(ingress.peers->at(0).namespace_selector);
  CHECK_FALSE(ingress.peers->at(1).pod_selector);
  CHECK(ingress.peers->at(1).namespace_selector->match_labels.at(0).key == "a");
  CHECK(ingress.peers->at(2).ip_block->cidr->value == "10.0.0.0/8");
  CHECK(values(ingress.peers->at(2).ip_block->except) == Strings{"10.1.0.0/16"});
  CHECK(ingress.ports->at(0).port->number);
  CHECK(ingress.ports->at(1).port->value == "http");
  CHECK(ingress.ports->at(1).protocol->value == "TCP");
  CHECK(ingress.ports->at(2).end_port == 2);
  CHECK_FALSE(policy.egress->at(0).peers);
  CHECK(policy.egress->at(1).peers);
  CHECK_FALSE(policy.egress->at(1).ports);
  const cilium::CidrGroup& group = parsed.policies.cidr_groups.at(0);
  CHECK(group.name == "g");
  CHECK(group.labels.at(0).key == "a");
  CHECK(values(group.cidrs) == Strings{"10.0.0.0/8"});
}

TEST_CASE("the catalog: clusterwide, namespaced, NetworkPolicies, by name; rules in the order of their sections") {
  const std::string cnp = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n";
  const Parsed parsed = parse(
      {{"b.yaml", cnp + R"(metadata: {name: z, namespace: b}
spec:
  endpointSelector: {}
  egressDeny: [{}]
  egress: [{}]
  ingressDeny: [{}]
  ingress: [{}, {}]
specs:
- {endpointSelector: {}, ingress: [{}]}
- {endpointSelector: {}, egressDeny: [{}]}
---
)" + network_policy("{ingress: [{}], egress: [{}]}")},
       {"a.yaml", cnp + "metadata: {name: x, namespace: b}\nspec: {endpointSelector: {}, ingress: []}\n---\n" + cnp +
                      "metadata: {name: z, namespace: a}\nspec: {endpointSelector: {}, ingress: [{}]}\n"
                      "---\napiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\n"
                      "metadata: {name: z}\nspec: {nodeSelector: {}, ingress: [{}]}\n"}});
  CHECK(show(parsed) == R"(CiliumClusterwideNetworkPolicy z at a.yaml:11:1
CiliumNetworkPolicy a/z at a.yaml:6:1
CiliumNetworkPolicy b/x at a.yaml:1:1, rejected
CiliumNetworkPolicy b/z at b.yaml:1:1
NetworkPolicy shop/web at b.yaml:14:1
CiliumClusterwideNetworkPolicy z spec.ingress[0] ingress allow at a.yaml:14:36
CiliumNetworkPolicy a/z spec.ingress[0] ingress allow at a.yaml:9:40
CiliumNetworkPolicy b/z spec.ingress[0] ingress allow at b.yaml:9:13
CiliumNetworkPolicy b/z spec.ingress[1] ingress allow at b.yaml:9:17
CiliumNetworkPolicy b/z spec.ingressDeny[0] ingress deny at b.yaml:8:17
CiliumNetworkPolicy b/z spec.egress[0] egress allow at b.yaml:7:12
CiliumNetworkPolicy b/z spec.egressDeny[0] egress deny at b.yaml:6:16
CiliumNetworkPolicy b/z specs[0].ingress[0] ingress allow at b.yaml:11:36
CiliumNetworkPolicy b/z specs[1].egressDeny[0] egress deny at b.yaml:12:39
NetworkPolicy shop/web spec.ingress[0] ingress allow at b.yaml:17:18
NetworkPolicy shop/web spec.egress[0] egress allow at b.yaml:17:32)");
  CHECK(parsed.messages ==
        Strings{"a.yaml:4:7 PC0301 no effect: Cilium rejects this policy and enforces nothing of it: Invalid "
                "CiliumNetworkPolicy spec: rule must have at least one of Ingress, IngressDeny, Egress, EgressDeny"});
  const cilium::Policy& last = parsed.policies.policies.at(3);
  CHECK(last.id == PolicyId{3});
  CHECK(last.specs->at(1).egress_deny->at(0).id == RuleId{8});
  CHECK(parsed.policies.network_policies.at(0).egress->at(0).id == RuleId{10});
}

TEST_CASE("lists, JSON, and objects that are no policies") {
  const std::string body = R"("metadata": {"name": "a", "namespace": "b"}, "spec": {"podSelector": {}})";
  CHECK(show(parse({{"a.json", R"({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList", "items": [{)" +
                                   body + "}]}"}})) == "NetworkPolicy b/a at a.json:1:79");
  CHECK(
      show(parse(
          {{"a.json",
            R"({"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", )" +
                body + "}]}"}})) == "NetworkPolicy b/a at a.json:1:48");
  CHECK(messages_of(R"(apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service}
- {apiVersion: apps/v1, kind: Deployment}
- {apiVersion: v1, kind: Service}
- {apiVersion: cilium.io/v2, kind: CiliumEndpoint}
)") == "a.yaml:0:0 PC0135 note: objects that are no network policies are passed over: 1 CiliumEndpoint, 1 Deployment, "
       "2 Service");
  CHECK(messages_of("{apiVersion: v1, kind: List, items: []}").empty());
  CHECK(messages_of("{apiVersion: v1, kind: List, items: null}").empty());
}

TEST_CASE("what is reported") {
  const auto cnp = [](const std::string& rest) {
    return "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n" + rest;
  };
  const auto ingress = [](const std::string& one) { return policy("{endpointSelector: {}, ingress: [" + one + "]}"); };
  const std::string spec = "spec: {endpointSelector: {}, ingress: [{}]}\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      // files and objects
      {"", "a.yaml:0:0 PC0137 note: the file holds no object"},
      {"# nothing\n---\n", "a.yaml:0:0 PC0137 note: the file holds no object"},
      {"just text\n", "a.yaml:1:1 PC0201 error: this is no Kubernetes object: it is a scalar"},
      {"[]\n", "a.yaml:1:1 PC0201 error: this is no Kubernetes object: it is a list"},
      {"a: b\n", "a.yaml:1:1 PC0201 error: this is no Kubernetes object: it has no kind"},
      {"kind: NetworkPolicy\n", "a.yaml:1:1 PC0201 error: this is no Kubernetes object: it has no apiVersion"},
      {"apiVersion: v1\nkind: ~\n", "a.yaml:1:1 PC0201 error: this is no Kubernetes object: it has no kind"},
      {"apiVersion: extensions/v1beta1\nkind: NetworkPolicy\n",
       "a.yaml:1:1 PC0131 error: apiVersion of NetworkPolicy is `extensions/v1beta1`, it must be networking.k8s.io/v1"},
      {"apiVersion: cilium.io/v1\nkind: CiliumCIDRGroup\n",
       "a.yaml:1:1 PC0131 error: apiVersion of CiliumCIDRGroup is `cilium.io/v1`, it must be cilium.io/v2 or "
       "cilium.io/v2alpha1"},
      {"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicys\n",
       "a.yaml:1:1 PC0130 error: unknown kind `CiliumNetworkPolicys` [did you mean `CiliumNetworkPolicy`?]"},
      {"apiVersion: networking.k8s.io/v1\nkind: NetworkPolcy\n",
       "a.yaml:1:1 PC0130 error: unknown kind `NetworkPolcy` [did you mean `NetworkPolicy`?]"},
      {"apiVersion: cilium.io/v2\nkind: CiliumSomething\n", "a.yaml:1:1 PC0130 error: unknown kind `CiliumSomething`"},
      {"apiVersion: cilium.io/v2\nkind: CiliumEgressGatewayPolicy\nmetadata: {name: a}\n",
       "a.yaml:1:1 PC0134 refused: CiliumEgressGatewayPolicy `a` is not converted: it changes the route and the source "
       "address of traffic"},
      // metadata
      {cnp(spec),
       "a.yaml:1:1 PC0202 error: this CiliumNetworkPolicy has no metadata.name, by which others refer to it"},
      {cnp("metadata: {name: a}\n" + spec),
       "a.yaml:1:1 PC0132 note: CiliumNetworkPolicy a names no namespace and is taken to be in `default`"},
      {cnp("metadata: {name: a, namspace: b}\n" + spec),
       "a.yaml:1:1 PC0132 note: CiliumNetworkPolicy a names no namespace and is taken to be in `default`\n"
       "a.yaml:3:21 PC0121 error: unknown field `namspace` in `metadata` [did you mean `namespace`?]"},
      {cnp("metadata: {name: 1, namespace: b}\n" + spec),
       "a.yaml:3:18 PC0120 error: `name` is the number `1`, it must be a string [put it in quotes: \"1\"]"},
      {"apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: a, namespace: b}\n" + spec,
       "a.yaml:3:32 PC0133 note: CiliumClusterwideNetworkPolicy a belongs to the whole cluster, its namespace `b` "
       "means "
       "nothing"},
      {cnp("metadata: []\n" + spec), "a.yaml:3:11 PC0120 error: `metadata` is a list, it must be a mapping"},
      // unknown fields, at every depth
      {cnp("metadata: {name: a, namespace: b}\nspecc: {}\n"),
       "a.yaml:4:1 PC0121 error: unknown field `specc` in CiliumNetworkPolicy [did you mean `spec`?]"},
      {policy("{endpointSelector: {}, ingres: [{}]}"),
       "a.yaml:4:30 PC0121 error: unknown field `ingres` in `spec` [did you mean `ingress`?]"},
      {ingress("{fromEndpoint: [{}]}"),
       "a.yaml:4:41 PC0121 error: unknown field `fromEndpoint` in `ingress[]` [did you mean `fromEndpoints`?]"},
      {ingress("{toEndpoints: [{}]}"),
       "a.yaml:4:41 PC0121 error: unknown field `toEndpoints` in `ingress[]` [did you mean `fromEndpoints`?]"},
      {ingress("{fromEndpoints: [{matchLabel: {}}]}"),
       "a.yaml:4:58 PC0121 error: unknown field `matchLabel` in `fromEndpoints[]` [did you mean `matchLabels`?]"},
      {ingress("{toPorts: [{ports: [{prt: \"1\"}]}]}"),
       "a.yaml:4:61 PC0121 error: unknown field `prt` in `ports[]` [did you mean `port`?]"},
      {policy("{endpointSelector: {}, ingressDeny: [{toPorts: [{rules: {}}]}]}"),
       "a.yaml:4:56 PC0121 error: unknown field `rules` in `toPorts[]`"},
      {policy("{endpointSelector: {}, egressDeny: [{toFQDNs: []}]}"),
       "a.yaml:4:44 PC0121 error: unknown field `toFQDNs` in `egressDeny[]`"},
      // wrong shapes and types
      {policy("[]"), "a.yaml:4:7 PC0120 error: `spec` is a list, it must be a mapping"},
      {policy("{endpointSelector: {}, ingress: {}}"),
       "a.yaml:4:39 PC0120 error: `ingress` is a mapping, it must be a list"},
      {ingress("null"), "a.yaml:4:40 PC0120 error: `ingress[]` is null, it must be a mapping"},
      {ingress("{fromEndpoints: [null]}"), "a.yaml:4:57 PC0120 error: `fromEndpoints[]` is null, it must be a mapping"},
      {ingress("{fromCIDR: [null, 10]}"),
       "a.yaml:4:52 PC0120 error: `fromCIDR[]` is null, it must be a string\n"
       "a.yaml:4:58 PC0120 error: `fromCIDR[]` is the number `10`, it must be a string [put it in quotes: \"10\"]"},
      {ingress("{fromEndpoints: [{matchLabels: {app: yes}}]}"),
       "a.yaml:4:77 PC0120 error: `app` in `matchLabels` is the truth value `yes`, it must be a string [put it in "
       "quotes: "
       "\"yes\"]"},
      {ingress("{toPorts: [{ports: [{port: \"1\", endPort: 99999999999999999999}]}]}"),
       "a.yaml:4:81 PC0120 error: `endPort` is the number `99999999999999999999`, it must be a whole number of at most "
       "64 bits"},
      {ingress("{toPorts: [{ports: [{port: 99999999999999999999}]}]}"),
       "a.yaml:4:67 PC0120 error: `port` is the number `99999999999999999999`, it must be a whole number of at most 64 "
       "bits"},
      {ingress("{toPorts: [{ports: [{port: 80}]}]}"),
       "a.yaml:4:67 PC0123 note: port 80 is a number, the API server demands a string [write `port: \"80\"`]"},
      {network_policy("{ingress: [{ports: [{port: 80}, {port: http}]}]}"), ""},
      {network_policy("{ingress: [{ports: [{port: \"80\"}]}]}"),
       "a.yaml:4:34 PC0301 no effect: Cilium rejects this policy and enforces nothing of it: the API server refuses it: "
       "port \"80\" is text and no port name"},
      // all mistakes in one run
      {ingress("{fromCIDR: {}, toPorts: 1, icmp: []}"),
       "a.yaml:4:51 PC0120 error: `fromCIDR` is a mapping, it must be a list\n"
       "a.yaml:4:64 PC0120 error: `toPorts` is the number `1`, it must be a list\n"
       "a.yaml:4:67 PC0121 error: unknown field `icmp` in `ingress[]` [did you mean `icmps`?]"},
      // templates
      {cnp("metadata: {name: \"{{ .Release.Name }}\"}\n" + spec),
       "a.yaml:3:18 PC0107 error: `{{` is template syntax: this value must be rendered first"},
      {cnp("metadata: {name: a, namespace: b, annotations: {x: '{{ y }}'}}\n" + spec), ""},
      {policy("{description: '{{ x }}', endpointSelector: {}, ingress: [{}]}"), ""},
      {"apiVersion: v1\nkind: ConfigMap\ndata: {x: '{{ y }}'}\n",
       "a.yaml:0:0 PC0135 note: objects that are no network policies are passed over: 1 ConfigMap"},
  };
  for (const auto& [in, out] : cases) {
    CAPTURE(in);
    CHECK(messages_of(in) == out);
  }
}

TEST_CASE("nothing is kept of an object with errors, and its validation is silent") {
  const Parsed parsed = parse({{"a.yaml", policy("{endpointSelector: {}, ingres: []}")}});
  CHECK(parsed.policies.policies.empty());
  CHECK(parsed.messages.size() == 1);
}

TEST_CASE("the namespace of policies that name none") {
  const Parsed parsed =
      parse({{"a.yaml", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n"}},
            {.semantics = {}, .default_namespace = "shop"});
  CHECK(parsed.policies.network_policies.at(0).ns == "shop");
  CHECK(parsed.messages ==
        Strings{"a.yaml:1:1 PC0132 note: NetworkPolicy a names no namespace and is taken to be in `shop`"});
}

TEST_CASE("fields of other versions") {
  const auto messages = [](int minor, const std::string& spec) {
    return messages_of(policy(spec), {.semantics = semantics_of(minor)});
  };
  CHECK(messages(15, "{endpointSelector: {}, ingress: [{fromNodes: [{}]}], enableDefaultDeny: {}}") ==
        "a.yaml:4:52 PC0122 error: `fromNodes` does not exist in Cilium 1.15\n"
        "a.yaml:4:79 PC0122 error: `enableDefaultDeny` does not exist in Cilium 1.15");
  CHECK(messages(20, "{endpointSelector: {}, egress: [{toPorts: [{rules: {l7proto: a}}]}]}") ==
        "a.yaml:4:68 PC0122 error: `l7proto` does not exist in Cilium 1.20");
  CHECK(messages_of("apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: a}\nspec: {externalCIDRs: []}\n",
                    {.semantics = semantics_of(17)}) ==
        "a.yaml:1:1 PC0122 error: `cilium.io/v2 CiliumCIDRGroup` does not exist in Cilium 1.17");
}

TEST_CASE("objects that are there twice") {
  const std::string np = network_policy("{}");
  CHECK(parse({{"b.yaml", np}, {"a.yaml", np + "---\n" + np}}).messages ==
        Strings{"b.yaml:1:1 PC0136 error: NetworkPolicy shop/web is already defined at a.yaml:1:1",
                "a.yaml:6:1 PC0136 error: NetworkPolicy shop/web is already defined at a.yaml:1:1"});
  // Another kind, namespace or scope is another object.
  const std::string cnp =
      "apiVersion: cilium.io/v2\nkind: Cilium{}NetworkPolicy\nmetadata: {{name: web, namespace: {}}}\n"
      "spec: {{endpointSelector: {{}}, ingress: [{{}}]}}\n---\n";
  CHECK(parse({{"a.yaml", fmt::format(fmt::runtime(cnp), "", "shop") + fmt::format(fmt::runtime(cnp), "", "other") +
                              fmt::format(fmt::runtime(cnp), "Clusterwide", "''") + np}})
            .messages.empty());
}

TEST_CASE("the order of files and the number of threads do not matter") {
  std::vector<File> files;
  for (int i = 0; i < 40; ++i) {
    const std::string meta = fmt::format("metadata: {{name: p{}, namespace: ns{}}}\n", i * 7 % 40, i % 5);
    const std::string ccnp_meta = fmt::format("metadata: {{name: p{}}}\n", i * 3 % 40);
    files.push_back({fmt::format("{}.yaml", i),
                     "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n" + meta +
                         "spec: {endpointSelector: {}, ingress: [{fromEntities: [all]}], egressDeny: [{}]}\n---\n"
                         "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\n" +
                         ccnp_meta +
                         "spec: {endpointSelector: {}, egress: [{}]}\n---\n"
                         "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" +
                         meta +
                         "spec: {ingress: [{}]}\n---\n"
                         "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\n" +
                         ccnp_meta + "spec: {externalCIDRs: []}\n"});
  }
  const Parsed expected = parse(files);
  CHECK(expected.messages.empty());
  CHECK(expected.policies.catalog.policies.size() == 120);
  for (int round = 0; round < 4; ++round) {
    std::rotate(files.begin(), files.begin() + 13, files.end());
    std::reverse(files.begin() + round, files.end());
    for (const unsigned jobs : {1U, 4U}) {
      cilium::ParseOptions options;
      options.jobs = jobs;
      CHECK(show(parse(files, options)) == show(expected));
    }
  }
}

TEST_CASE("messages come in the order of the files, whatever the number of threads") {
  std::vector<File> files;
  for (int i = 0; i < 30; ++i) files.push_back({fmt::format("{}.yaml", i), policy("{ingress: 1, egres: []}")});
  cilium::ParseOptions options;
  const std::vector<std::string> expected = parse(files, options).messages;
  CHECK(expected.size() == 60);
  options.jobs = 4;
  CHECK(parse(files, options).messages == expected);
}

TEST_CASE("a document of 10 MB") {
  std::string text =
      "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: a, namespace: b}\n"
      "spec:\n  endpointSelector: {}\n  ingress:\n";
  constexpr std::size_t rules = 20'000;
  for (std::size_t i = 0; i < rules; ++i)
    text += "  - fromCIDR: [10.0.0.0/8, 192.168.0.0/16]\n    toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]\n";
  text += "  description: |\n";
  while (text.size() < 10'000'000)
    text += "    Every line of this text is read, and none of it says which traffic passes.\n";
  const Parsed parsed = parse({{"a.yaml", text}});
  CHECK(parsed.messages.empty());
  CHECK(parsed.policies.catalog.rules.size() == rules);
}

TEST_CASE("broken files do not stop the others") {
  const Parsed parsed =
      parse({{"a.yaml", "a: [\n"}, {"b.yaml", network_policy("{}")}, {"c.yaml", std::string("\0", 1)}});
  CHECK(parsed.policies.network_policies.size() == 1);
  CHECK(parsed.messages == Strings{"a.yaml:2:1 PC0106 error: the text ends before a bracket is closed",
                                   "c.yaml:1:1 PC0104 error: character U+0000 may not stand in YAML"});
}
