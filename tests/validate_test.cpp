// What Cilium, or the API server before it, refuses: exact words, places, and differences between versions. That the
// two sides agree on whole objects is tested by conformance_source_test.
#include "frontend/validate.h"

#include <catch2/catch.hpp>

#include "frontend/refusal.h"
#include "tests/conformance.h"

using namespace policyconv;

namespace {

constexpr int newest = 20;

/// The rejection of the only policy in `text`; fails on errors of reading.
template <typename Use>
void with_policies(int minor, const std::string& text, Use&& use) {
  const auto input = conformance::read({"text", "", text, {}, {}}, semantics_of(minor));
  std::string messages;
  for (const Diagnostic& diagnostic : input.diagnostics.all()) messages += diagnostic.message + "\n";
  INFO(text);
  INFO(messages);
  CHECK_FALSE(input.diagnostics.has_errors());
  use(input.policies);
}

std::string rejection(int minor, const std::string& text) {
  std::string rejected;
  with_policies(minor, text, [&](const cilium::Policies& policies) {
    for (const auto& policy : policies.policies) rejected = policy.rejected;
    for (const auto& policy : policies.network_policies) rejected = policy.rejected;
  });
  return rejected;
}

std::string object(const std::string& kind, const std::string& body) {
  const std::string ns = kind == "CiliumClusterwideNetworkPolicy" ? "" : ", namespace: ns1";
  return "{apiVersion: cilium.io/v2, kind: " + kind + ", metadata: {name: p" + ns + "}, " + body + "}";
}
std::string cnp(const std::string& spec) {
  return object("CiliumNetworkPolicy", "spec: {" + spec + "}");
}
std::string ccnp(const std::string& spec) {
  return object("CiliumClusterwideNetworkPolicy", "spec: {" + spec + "}");
}

/// `text` is one rule, or the ports of one rule, within a CiliumNetworkPolicy; `error` is the part after the prefix.
struct Row {
  std::string text, error;
};

std::string repeated(std::size_t times, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += (i ? ", " : "") + text;
  return all;
}

void check(const std::vector<Row>& rows, const std::string& before, const std::string& after, int minor = newest) {
  for (const Row& row : rows)
    CHECK(rejection(minor, cnp("endpointSelector: {}, " + before + row.text + after)) ==
          (row.error.empty() || row.error.starts_with("the API server") || row.error.starts_with("ICMP type")
               ? row.error
               : "Invalid CiliumNetworkPolicy spec: " + row.error));
}

const std::string nodes_off =
    "FromNodes/ToNodes rules can only be applied when the \"enable-node-selector-labels\" flag is set";

}  // namespace

TEST_CASE("the object as a whole") {
  const std::string no_rules = "rule must have at least one of Ingress, IngressDeny, Egress, EgressDeny";
  CHECK(rejection(newest, cnp("endpointSelector: {}, ingress: [{}]")).empty());
  CHECK(rejection(newest, cnp("endpointSelector: {}, ingress: [], egress: []")) ==
        "Invalid CiliumNetworkPolicy spec: " + no_rules);
  CHECK(rejection(17, cnp("endpointSelector: {}")) == "Invalid CiliumNetworkPolicy spec: " + no_rules);
  CHECK(rejection(16, cnp("endpointSelector: {}")).empty());
  CHECK(rejection(newest, ccnp("endpointSelector: {}")) == "Invalid CiliumClusterwideNetworkPolicy spec: " + no_rules);
  CHECK(rejection(newest, cnp("ingress: [{}]")) ==
        "Invalid CiliumNetworkPolicy spec: rule must have one of EndpointSelector or NodeSelector");
  CHECK(rejection(newest, cnp("endpointSelector: {}, nodeSelector: {}, ingress: [{}]")) ==
        "Invalid CiliumNetworkPolicy spec: rule cannot have both EndpointSelector and NodeSelector");
  CHECK(rejection(newest, cnp("nodeSelector: {}, ingress: [{}]")) ==
        "Invalid CiliumNetworkPolicy spec: rule cannot have NodeSelector");
  CHECK(rejection(newest, ccnp("nodeSelector: {}, ingress: [{}]")).empty());
  CHECK(rejection(newest, cnp("endpointSelector: null, ingress: [{}]")).empty());

  const std::string good = "{endpointSelector: {}, ingress: [{}]}",
                    bad = "{endpointSelector: {}, ingress: [{fromEntities: [World]}]}";
  CHECK(rejection(newest, object("CiliumNetworkPolicy", "specs: [" + good + ", " + bad + "]")) ==
        "Invalid CiliumNetworkPolicy specs: unsupported entity: World");
  CHECK(rejection(newest, object("CiliumNetworkPolicy", "spec: " + bad + ", specs: [" + bad + "]")) ==
        "Invalid CiliumNetworkPolicy spec: unsupported entity: World");
  CHECK(rejection(newest, object("CiliumNetworkPolicy", "specs: [{nodeSelector: {}, ingress: [{}]}]")) ==
        "Invalid CiliumNetworkPolicy spec: rule cannot have NodeSelector");
  CHECK(rejection(newest, object("CiliumNetworkPolicy", "specs: []")).empty());

  cilium::Policy empty;
  empty.name = "p";
  empty.clusterwide = true;
  validate(empty, semantics_of(newest));
  CHECK(empty.rejected == "Invalid CiliumClusterwideNetworkPolicy spec(s): empty policy");
  empty.name = "";
  validate(empty, semantics_of(newest));
  CHECK(empty.rejected == "CiliumClusterwideNetworkPolicy must have name");
}

TEST_CASE("members of a rule") {
  check({{"fromEndpoints: [{}], fromEntities: [all]", "combining FromEndpoints and FromEntities is not supported yet"},
         {"fromCIDRSet: [{cidr: 10.0.0.0/8}], fromCIDR: [10.0.0.0/8], fromEntities: [all]",
          "combining FromCIDR and FromCIDRSet is not supported yet"},
         {"fromEndpoints: [], fromEntities: [all]", ""},
         {"fromGroups: [{aws: {region: x}}], fromEndpoints: [{}]",
          "combining FromEndpoints and FromGroups is not supported yet"},
         {"fromNodes: [{}]", nodes_off},
         {"fromNodes: []", ""},
         {"fromEntities: [internet]", "unsupported entity: internet"},
         {"fromEntities: [cluster-mesh]", ""},
         {"fromEntities: [world-ipv4]",
          "the API server refuses it: entity \"world-ipv4\" is none of all, world, cluster, host, init, ingress, "
          "unmanaged, "
          "remote-node, health, none, kube-apiserver"},
         {"icmps: [{fields: [{type: 8}]}], toPorts: [{ports: [{port: '80'}]}]",
          "the ICMPs block may only be present without ToPorts. Define a separate rule to use ToPorts"},
         {"icmps: [{fields: [{type: 8}]}], toPorts: []", ""},
         {"fromEndpoints: [{}], authentication: {mode: never}",
          "the API server refuses it: authentication.mode \"never\" is none of disabled, required, test-always-fail"}},
        "ingress: [{", "}]");
  check({{"toCIDR: [10.0.0.0/8], toFQDNs: [{matchName: a.b}]", "combining ToCIDR and ToFQDNs is not supported yet"},
         {"toServices: [{k8sService: {serviceName: a}}], toEndpoints: [{}]",
          "combining ToEndpoints and ToServices is not supported yet"},
         {"toServices: [{k8sService: {serviceName: a}}], toPorts: [{ports: [{port: '80'}]}]", ""},
         {"toServices: [{k8sServiceSelector: {namespace: a}}]",
          "the API server refuses it: k8sServiceSelector needs a selector"},
         {"toNodes: [{}]", nodes_off}},
        "egress: [{", "}]");
  check({{"toServices: [{k8sService: {serviceName: a}}], toPorts: [{ports: [{port: '80'}]}]",
          "Combining ToServices and ToPorts is not supported yet"}},
        "egress: [{", "}]", 16);
  check({{"fromEntities: [cluster-mesh]", "unsupported entity: cluster-mesh"}}, "ingress: [{", "}]", 19);
  check({{"fromRequires: [{}]", ""}}, "ingress: [{", "}]", 18);
  check(
      {{"fromRequires: [{}]", "the API server refuses it: fromRequires and toRequires must be empty since Cilium 1.19"},
       {"fromRequires: []", ""}},
      "ingress: [{", "}]", 19);
}

TEST_CASE("addresses") {
  const std::string outside = "allow CIDR prefix 10.0.0.0/16 does not contain exclude CIDR prefix ";
  check(
      {{"toCIDR: ['']", "IP must be specified"},
       {"toCIDR: [not-a-cidr]", "unable to parse CIDR: netip.ParsePrefix(\"not-a-cidr\"): no '/'"},
       {"toCIDR: [10.0.0.0/33]",
        "unable to parse CIDR: netip.ParsePrefix(\"10.0.0.0/33\"): prefix length out of range"},
       {"toCIDR: [8.8.8.8]", "unable to parse CIDR: netip.ParsePrefix(\"8.8.8.8\"): no '/'"},
       {"toCIDR: [10.1.2.3/8, '::/0']", ""},
       {"toCIDRSet: [{cidr: x}]", "unable to parse CIDRRule \"x\": netip.ParsePrefix(\"x\"): no '/'"},
       {"toCIDRSet: [{cidr: 8.8.8.8}]", "unable to parse CIDRRule \"8.8.8.8\": netip.ParsePrefix(\"8.8.8.8\"): no '/'"},
       {"toCIDRSet: [{cidr: 10.0.0.0/16, except: [z]}]", "netip.ParsePrefix(\"z\"): no '/'"},
       {"toCIDRSet: [{cidr: 10.0.0.0/16, except: [10.1.0.0/16]}]", outside + "10.1.0.0/16"},
       {"toCIDRSet: [{cidr: 10.0.0.0/16, except: [10.0.0.0/8]}]", outside + "10.0.0.0/8"},
       {"toCIDRSet: [{cidr: 10.0.0.0/16, except: ['fd00::/16']}]", outside + "fd00::/16"},
       {"toCIDRSet: [{cidr: 10.0.0.0/16, except: [10.0.0.0/16]}]", ""},
       {"toCIDRSet: [{}]", "one of cidr, cidrGroupRef, or cidrGroupSelector is required"},
       {"toCIDRSet: [{cidr: 10.0.0.0/8, cidrGroupRef: g}]",
        "more than one of cidr, cidrGroupRef, or cidrGroupSelector may not be set"},
       {"toCIDRSet: [{cidrGroupSelector: {matchExpressions: [{key: a, operator: In}]}}]",
        "failed to sanitize cidrGroupSelector: invalid label selector: matchExpressions[0].values: Required value: "
        "must "
        "be specified when `operator` is 'In' or 'NotIn'"},
       {"toCIDRSet: [{cidrGroupRef: g.example, except: [10.0.0.0/8]}]", ""},
       {"toCIDRSet: [{cidrGroupRef: Group_1}]",
        "the API server refuses it: cidrGroupRef \"Group_1\" is no object name"}},
      "egress: [{", "}]");
  check({{"toCIDR: [8.8.8.8]", ""},
         {"toCIDR: [8.8.8]", "unable to parse CIDR: netip.ParsePrefix(\"8.8.8\"): no '/'"},
         {"toCIDRSet: [{cidr: 10.0.0.0/16, except: [10.0.0.0/8]}]", ""},
         {"toCIDRSet: [{cidr: 10.0.0.0/16, except: [10.1.0.0/8]}]", outside + "10.1.0.0/8"}},
        "egress: [{", "}]", 19);
}

TEST_CASE("label selectors") {
  const std::string word =
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
      "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
      "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  const std::string value =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
      "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
      "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
  const std::string operators = "invalid label selector: matchExpressions[0].";
  check({{"matchExpressions: [{key: a, operator: Gt, values: ['1']}]",
          operators + "operator: Invalid value: \"Gt\": not a valid selector operator"},
         {"matchExpressions: [{key: a, operator: NotIn, values: []}]",
          operators + "values: Required value: must be specified when `operator` is 'In' or 'NotIn'"},
         {"matchExpressions: [{key: a, operator: DoesNotExist, values: [x]}]",
          operators + "values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"},
         {"matchLabels: {'a b': x}", "invalid label selector: matchLabels: Invalid value: \"a b\": name part " + word},
         {"matchLabels: {a: 'x y'}", "invalid label selector: matchLabels: Invalid value: \"x y\": " + value},
         {"matchLabels: {'/a': x}",
          "invalid label selector: matchLabels: Invalid value: \"/a\": prefix part must be non-empty"},
         {"matchLabels: {'k8s:a:b': x}",
          "invalid label selector: matchLabels: Invalid value: \"k8s:a:b\": a valid label key only support ':' "
          "character as a "
          "source separator with non empty value"},
         {"matchLabels: {'k-8:a': x}",
          "invalid label selector: matchLabels: Invalid value: \"k-8:a\": label source should be a non empty string "
          "with only "
          "alphanumeric characters"},
         {"matchLabels: {'k8s:': x}",
          "invalid label selector: matchLabels: Invalid value: \"k8s:\": name part must be non-empty"},
         {"matchLabels: {a: '-'}, matchExpressions: [{key: b, operator: Gt}]",
          "invalid label selector: [matchLabels: Invalid value: \"-\": " + value +
              ", matchExpressions[0].operator: Invalid value: \"Gt\": not a valid selector operator]"},
         {"matchLabels: {'k8s:app.kubernetes.io/name': x, 'reserved:host': '', 'cidr:10.0.0.0/8': ''}", ""},
         {"matchLabels: {'k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name': x}", ""}},
        "ingress: [{fromEndpoints: [{", "}]}]");
  CHECK(rejection(newest, cnp("endpointSelector: {matchLabels: {'UP.example/a': x}}, ingress: [{}]"))
            .find("RFC 1123 subdomain") != std::string::npos);
}

TEST_CASE("ports and protocols") {
  const std::string all = "tcp | udp | sctp | vrrp | igmp | gre | ipip | ipv6 | esp | ah | any }";
  check({{repeated(41, "{port: '80'}"), "too many ports, the max is 40"},
         {repeated(40, "{port: '80'}"), ""},
         {"{}", "port must be specified"},
         {"{port: ''}", "port must be specified"},
         {"{port: '70000'}", "unable to parse port: strconv.ParseUint: parsing \"70000\": value out of range"},
         {"{port: '80!!'}", "unable to parse port: strconv.ParseUint: parsing \"80!!\": invalid syntax"},
         {"{port: '08'}", "unable to parse port: strconv.ParseUint: parsing \"08\": invalid syntax"},
         {"{port: '-1'}", "unable to parse port: strconv.ParseUint: parsing \"-1\": invalid syntax"},
         {"{port: '_10'}", "unable to parse port: strconv.ParseUint: parsing \"_10\": invalid syntax"},
         {"{port: '0_x1'}", "unable to parse port: strconv.ParseUint: parsing \"0_x1\": invalid syntax"},
         {"{port: '0x000000000000g'}, {port: '0x0000000000000_1'}, {port: '0_17'}", ""},
         {"{port: '1__0'}", "unable to parse port: strconv.ParseUint: parsing \"1__0\": invalid syntax"},
         {"{port: a-name-of-more-than-fifteen}",
          "unable to parse port: strconv.ParseUint: parsing \"a-name-of-more-than-fifteen\": invalid syntax"},
         {"{port: '010'}, {port: '0x50'}, {port: HTTP}, {port: 1_0}", ""},
         {"{port: '80', protocol: ICMP}", "invalid protocol \"ICMP\", must be { " + all},
         {"{port: '80', protocol: tcp}", "the API server refuses it: protocol \"tcp\" is none of TCP, UDP, SCTP, ANY"},
         {"{port: '0', protocol: GRE}", ""},
         {"{port: '80', protocol: GRE}", "port must be empty or 0"},
         {"{port: '80', endPort: 70000}", "the API server refuses it: endPort 70000 is outside 0-65535"},
         {"{port: '90', endPort: 80}", ""}},
        "egress: [{toPorts: [{ports: [", "]}]}]");
  check({{"{port: '80', protocol: GRE}", "invalid protocol \"GRE\", must be { tcp | udp | sctp | vrrp | igmp | any }"}},
        "egress: [{toPorts: [{ports: [", "]}]}]", 19);
  check({{"{port: '80', protocol: GRE}", "invalid protocol \"GRE\", must be { tcp | udp | sctp | any }"}},
        "egress: [{toPorts: [{ports: [", "]}]}]", 18);
  check({{repeated(41, "{port: '80'}"), "too many ports, the max is 40"},
         {"{port: x!}", "unable to parse port: strconv.ParseUint: parsing \"x!\": invalid syntax"}},
        "egressDeny: [{toPorts: [{ports: [", "]}]}]", 17);
}

TEST_CASE("deny rules are not sanitized before 1.17, but the schema holds") {
  check(
      {{repeated(41, "{port: '80'}"), ""},
       {"{port: '80', protocol: ICMP}", "the API server refuses it: protocol \"ICMP\" is none of TCP, UDP, SCTP, ANY"},
       {"{port: '70000'}, {port: 1-5}, {port: '!!a-1'}", ""},
       {"{port: '!!'}", "the API server refuses it: port \"!!\" is neither a number nor a name"},
       {"{port: '-1'}", "the API server refuses it: port \"-1\" is neither a number nor a name"},
       {"{port: 'a--1'}", "the API server refuses it: port \"a--1\" is neither a number nor a name"}},
      "egressDeny: [{toPorts: [{ports: [", "]}]}]", 16);
  check({{"fromEndpoints: [{}], fromEntities: [all]", ""},
         {"fromEntities: [internet]",
          "the API server refuses it: entity \"internet\" is none of all, world, cluster, host, init, ingress, "
          "unmanaged, "
          "remote-node, health, none, kube-apiserver"},
         {"fromCIDR: [x]", "the API server refuses it: \"x\" is no CIDR"},
         {"fromCIDRSet: [{}]",
          "the API server refuses it: exactly one of cidr, cidrGroupRef and cidrGroupSelector must be set"},
         {"fromEndpoints: [{matchExpressions: [{key: a, operator: Gt}]}]",
          "the API server refuses it: operator \"Gt\" is none of In, NotIn, Exists, DoesNotExist"}},
        "ingressDeny: [{", "}]", 16);
  check({{"fromEndpoints: [{}], fromEntities: [all]", "combining FromEndpoints and FromEntities is not supported yet"}},
        "ingressDeny: [{", "}]", 17);
}

TEST_CASE("ICMP") {
  check({{"{type: 8, family: IPv5}", "wrong family: IPv5"},
         {repeated(41, "{type: 8}"), "too many types, the max is 40"},
         {"{type: EchoRequest}, {type: '255'}, {type: 300}", ""},
         {"{type: '300'}", "the API server refuses it: ICMP types end at 255"},
         {"{family: IPv4}", "the API server refuses it: an ICMP field must have a type"},
         {"{type: Ping}", "the API server refuses it: \"Ping\" is no ICMP type"},
         {"{type: ExtendedEchoReply}", "the API server refuses it: \"ExtendedEchoReply\" is no ICMP type"},
         {"{type: PacketTooBig}", "ICMP type PacketTooBig not found in IPv4"},
         {"{type: Timestamp, family: IPv6}", "ICMP type Timestamp not found in IPv6"}},
        "ingress: [{icmps: [{fields: [", "]}]}]");
  check({{"{type: 8}", ""}, {"{type: 300}", "the API server refuses it: ICMP types end at 255"}},
        "ingress: [{icmps: [{fields: [", "]}]}]", 15);
}

TEST_CASE("names") {
  check(
      {{"{matchName: a.example, matchPattern: '*.example'}",
        "only one of MatchName or MatchPattern is allowed in an FQDNSelector"},
       {"{matchName: 'a b.example.com'}",
        "Invalid characters in MatchName: \"a b.example.com\". Only 0-9, a-z, A-Z and ., -, _ characters are allowed"},
       {"{matchPattern: 'a+.example'}",
        "Invalid characters in MatchPattern: \"a+.example\". Only 0-9, a-z, A-Z and ., -, _ and * characters are "
        "allowed"},
       {"{matchName: a..b}", "the API server refuses it: matchName \"a..b\" is no DNS name"},
       {"{}", "the API server refuses it: an element of toFQDNs must have exactly one of matchName and matchPattern"},
       {"{matchPattern: '**.example.com.'}", ""}},
      "egress: [{toFQDNs: [", "]}]");
  check({{"{}", ""}}, "egress: [{toFQDNs: [", "]}]", 15);
  CHECK(
      rejection(newest, cnp("endpointSelector: {}, egress: [{toFQDNs: [{matchName: " + std::string(256, 'a') + "}]}]"))
          .ends_with("Must be <= 255 characters long."));
}

TEST_CASE("L7 rules") {
  const std::string tcp = "ports: [{port: '80', protocol: TCP}], ";
  const std::string no_kind = "the API server refuses it: rules must have exactly one kind of L7 rules";
  check(
      {{tcp + "rules: {http: [{path: '/a(b', method: GET}]}", "error parsing regexp: missing closing ): `/a(b`"},
       {tcp + "rules: {http: [{method: '*'}]}", "error parsing regexp: missing argument to repetition operator: `*`"},
       {tcp + "rules: {http: [{headerMatches: [{value: x}]}]}", "Header name missing"},
       {tcp + "rules: {http: [{headerMatches: [{name: x, mismatch: DROP}]}]}", "Invalid header action: DROP"},
       {tcp + "rules: {http: []}", ""},
       {tcp + "rules: {}", no_kind},
       {tcp + "rules: {http: [{}], dns: [{matchName: a}]}", "multiple L7 protocol rule types specified in single rule"},
       {tcp + "rules: {dns: [{matchName: a, matchPattern: b}]}",
        "the API server refuses it: an element of rules.dns must have exactly one of matchName and matchPattern"},
       {"ports: [{port: '53', protocol: UDP}], rules: {http: [{}]}",
        "L7 rules can only apply to TCP (not UDP) except for DNS rules"},
       {"ports: [{port: '53'}], rules: {http: [{}]}", "L7 rules can only apply to TCP (not ANY) except for DNS rules"},
       {"ports: [{port: '53', protocol: UDP}], rules: {dns: [{matchPattern: '*'}]}", ""},
       {"ports: [{port: '53', endPort: 54}], rules: {dns: [{matchPattern: '*'}]}",
        "DNS rules do not support port ranges"},
       {"rules: {dns: [{matchPattern: '*'}]}", "port 53 must be specified for DNS rules"},
       {"ports: [{port: '0', protocol: TCP}], rules: {http: [{}]}", "L7 rules can not be used when a port is 0"},
       {tcp + "serverNames: [a.example], rules: {http: [{}]}",
        "ServerNames are not allowed with L7 rules without TLS termination"},
       {tcp + "serverNames: ['']", "empty server name is not allowed"},
       {tcp + "serverNames: []", "the API server refuses it: serverNames must not be empty"},
       {tcp + "serverNames: ['a.*.example', '*.example']", ""}},
      "egress: [{toPorts: [{", "}]}]");
  check({{tcp + "serverNames: ['a.*.example']", "the API server refuses it: \"a.*.example\" is no server name"},
         {tcp + "serverNames: ['**.example', '*.example', example]", ""},
         {tcp + "rules: {l7: [{a: b}]}", "'l7' may only be specified when a 'l7proto' is also specified"},
         {tcp + "rules: {kafka: [{topic: a}]}", ""}},
        "egress: [{toPorts: [{", "}]}]", 18);
  check({{tcp + "rules: {}", ""}, {tcp + "serverNames: []", ""}}, "egress: [{toPorts: [{", "}]}]", 15);
  check({{"ports: [{port: '53'}], rules: {dns: [{matchName: a}]}", "L7 protocol DNS is not supported on ingress yet"},
         {tcp + "listener: {name: l, envoyConfig: {name: e}}", "Listener is not allowed on ingress"}},
        "ingress: [{toPorts: [{", "}]}]");
  const std::string http = "[{toPorts: [{" + tcp + "rules: {http: [{}]}}]}]";
  CHECK(rejection(newest, ccnp("nodeSelector: {}, ingress: " + http)) ==
        "Invalid CiliumClusterwideNetworkPolicy spec: L7 policy is not supported on host ingress yet");
  CHECK(rejection(newest, ccnp("nodeSelector: {}, egress: " + http)) ==
        "Invalid CiliumClusterwideNetworkPolicy spec: L7 protocol HTTP is not supported on host egress yet");
}

TEST_CASE("what Go's regexp refuses") {
  const std::vector<Row> rows{{"", ""},
                              {"/api/v[0-9]+/.*", ""},
                              {"^(GET|POST)$", ""},
                              {"a{2,3}?b{1}c{,4}", ""},
                              {"[]a][^]b][[:alpha:]]\\[\\(", ""},
                              {"(?i)a(?:b)*(?P<n>c)+", ""},
                              {"(", "missing closing ): `(`"},
                              {"a)", "unexpected ): `a)`"},
                              {"x[a-", "missing closing ]: `[a-`"},
                              {"a|*b", "missing argument to repetition operator: `*`"},
                              {"(?:{2}", "missing argument to repetition operator: `{2}`"},
                              {"a**", "invalid nested repetition operator: `**`"},
                              {"a*?+", "invalid nested repetition operator: `*?+`"},
                              {"a\\", "trailing backslash at end of expression: ``"}};
  for (const Row& row : rows)
    CHECK(cilium::regexp_error(row.text) == (row.error.empty() ? "" : "error parsing regexp: " + row.error));
}

TEST_CASE("NetworkPolicy: what the API server refuses") {
  const auto np = [](const std::string& spec) {
    return "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: ns1}, spec: {" + spec + "}}";
  };
  const auto refused = [&](const std::string& spec) {
    const std::string text = rejection(18, np(spec)), prefix = "the API server refuses it: ";
    if (text.empty()) return text;
    REQUIRE(text.starts_with(prefix));
    return text.substr(prefix.size());
  };
  const auto ports = [&](const std::string& text) { return refused("podSelector: {}, egress: [{ports: [" + text + "]}]"); };
  CHECK(ports("{port: 80, protocol: SCTP}, {port: http}, {}, {port: 80, endPort: 80}, {port: 1, endPort: 65535}") == "");
  CHECK(ports("{port: 80, protocol: GRE}") == "protocol \"GRE\" is none of TCP, UDP, SCTP");
  CHECK(ports("{port: 80, protocol: tcp}") == "protocol \"tcp\" is none of TCP, UDP, SCTP");
  CHECK(ports("{port: 70000}") == "port 70000 is outside 1-65535");
  CHECK(ports("{port: 0}") == "port 0 is outside 1-65535");
  CHECK(ports("{port: -1}") == "port -1 is outside 1-65535");
  CHECK(ports("{port: '80'}") == "port \"80\" is text and no port name");
  CHECK(ports("{port: HTTP}") == "port \"HTTP\" is text and no port name");
  CHECK(ports("{port: 80, endPort: 79}") == "endPort 79 is outside 80-65535");
  CHECK(ports("{port: http, endPort: 90}") == "endPort needs a port that is a number");
  CHECK(ports("{endPort: 90}") == "endPort needs a port that is a number");
  const auto peer = [&](const std::string& text) { return refused("podSelector: {}, ingress: [{from: [{" + text + "}]}]"); };
  CHECK(peer("ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.64/26, 203.0.113.1/32]}") == "");
  CHECK(peer("ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.64/33]}") == "\"203.0.113.64/33\" is no CIDR");
  CHECK(peer("ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.0/24]}") ==
        "except 203.0.113.0/24 is no strict part of cidr 203.0.113.0/24");
  CHECK(peer("ipBlock: {cidr: 203.0.113.0/24, except: [198.51.100.0/26]}") ==
        "except 198.51.100.0/26 is no strict part of cidr 203.0.113.0/24");
  CHECK(peer("ipBlock: {cidr: 203.0.113.0/33}") == "\"203.0.113.0/33\" is no CIDR");
  CHECK(peer("ipBlock: {cidr: 203.0.113.1}") == "\"203.0.113.1\" is no CIDR");
  CHECK(peer("ipBlock: {}") == "ipBlock must have a cidr");
  CHECK(peer("ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}") == "a peer with ipBlock must have no selector");
  CHECK(peer("") == "a peer must have podSelector, namespaceSelector or ipBlock");
  const std::string unknown = "invalid label selector: matchExpressions[0].operator: Invalid value: \"Inn\": not a valid selector operator";
  const std::string inn = "{matchExpressions: [{key: a, operator: Inn, values: [x]}]}";
  CHECK(peer("podSelector: " + inn) == unknown);
  CHECK(peer("namespaceSelector: " + inn) == unknown);
  CHECK(refused("podSelector: " + inn) == unknown);
  CHECK(refused("podSelector: {matchLabels: {'k8s:a': x}}").starts_with("invalid label selector: matchLabels: Invalid value: \"k8s:a\": name part"));
  CHECK(refused("podSelector: {}, policyTypes: [Ingres]") == "policyTypes \"Ingres\" is none of Ingress, Egress");
  CHECK(refused("podSelector: {}, policyTypes: [Ingress, Egress]") == "");
  CHECK(refused("podSelector: {}, policyTypes: [Ingress, Egress, Egress]") == "policyTypes has more than two elements");
}

TEST_CASE("a rejection points at its cause") {
  const auto place = [](const std::string& text) {
    std::pair<std::uint32_t, std::uint32_t> found;
    with_policies(newest, text, [&](const cilium::Policies& policies) {
      found = {policies.policies.front().rejected_at.line, policies.policies.front().rejected_at.column};
    });
    return found;
  };
  const std::string head =
      "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: ns1}\nspec:\n";
  CHECK(place(head +
              "  endpointSelector: {}\n  egress:\n  - toEntities: [all]\n  - toEntities:\n    - all\n    - World\n") ==
        std::pair(10u, 7u));
  CHECK(place(head + "  endpointSelector: {}\n  egress:\n  - toPorts:\n    - ports:\n      - port: '70000'\n").first ==
        9u);
  CHECK(place(head + "  endpointSelector: {}\n  egress:\n  - toCIDRSet:\n    - cidr: 10.0.0.0/8\n      except:\n      "
                     "- 11.0.0.0/8\n")
            .first == 10u);
  CHECK(place(head + "  endpointSelector: {}\n  ingress: []\n").first >= 4u);
}
