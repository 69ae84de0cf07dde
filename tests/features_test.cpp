// What Cilium is used for, what becomes of it, and which way out is recommended.
#include "assess/features.h"

#include <string>

#include <catch2/catch.hpp>

#include "assess/readiness.h"
#include "assess/ways.h"
#include "tests/compile.h"

using namespace policyconv;
using namespace policyconv::assess;
using testing::ccnp;
using testing::cnp;
using testing::small_cluster;

namespace {

constexpr std::string_view fate_names[] = {"kept", "stricter", "looser", "refused", "never", "lost"};

/// "Ports: 2 kept, 1 never" for each feature.
std::vector<std::string> text_of(const std::vector<Feature>& features) {
  std::vector<std::string> lines;
  for (const Feature& feature : features) {
    std::string line = feature.name + ":";
    for (const auto& [fate, count] : feature.uses)
      line += fmt::format("{}{} {}", line.ends_with(":") ? " " : ", ", count, fate_names[static_cast<std::size_t>(fate)]);
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> used(const std::string& policies, const Dump& dump = {}) {
  const testing::Compiled compiled = testing::compile(policies, small_cluster);
  REQUIRE_FALSE(compiled.has_errors());
  return text_of(features_in_use(compiled.policies, compiled.diagnostics, dump));
}

using Lines = std::vector<std::string>;

Dump with_config(const std::vector<std::pair<std::string, std::string>>& settings) {
  Dump dump;
  dump.config_maps = {{"kube-system", "cilium-config", {}, {1, 1, 1}}};
  for (const auto& [key, value] : settings) dump.config_maps[0].data[key] = {value, {1, 2, 1}};
  return dump;
}

}  // namespace

TEST_CASE("features are counted by what becomes of the rules that have them") {
  const struct {
    std::string policies;
    Lines expected;
  } cases[] = {
      {cnp("  endpointSelector: {}\n  ingress: [{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: '80'}]}]}, {fromEndpoints: [{}]}]"),
       {"Peers: pods by label: 2 kept", "Ports: 1 kept"}},
      {cnp("  endpointSelector: {}\n  ingress: [{toPorts: [{ports: [{port: http}]}]}]"), {"Ports: 1 kept", "Named ports: 1 kept"}},
      {cnp("  endpointSelector: {}\n  egress: [{toCIDR: [192.0.2.0/24]}, {toCIDRSet: [{cidrGroupRef: g}]}]") +
           "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: g}\nspec: {externalCIDRs: [198.51.100.0/24]}\n",
       {"Peers: CIDR: 1 kept", "Peers: CIDR groups: 1 kept"}},
      {cnp("  endpointSelector: {}\n  egress: [{toEntities: [host]}, {toEntities: [host, remote-node]}]"), {"Peers: entities: 1 kept, 1 stricter"}},
      {cnp("  endpointSelector: {}\n  enableDefaultDeny: {ingress: false}\n  ingressDeny: [{icmps: [{fields: [{type: 8}]}]}]"),
       {"ICMP types: 1 kept", "Deny rules: 1 kept", "enableDefaultDeny: 1 kept"}},
      {cnp("  endpointSelector: {}\n  ingress: [{fromEndpoints: [{}], authentication: {mode: required}}]"),
       {"Peers: pods by label: 1 refused", "Mutual authentication: 1 refused"}},
      {cnp("  endpointSelector: {}\n  ingress: [{fromEndpoints: [{}], authentication: {mode: disabled}}]"), {"Peers: pods by label: 1 kept"}},
      {cnp("  endpointSelector: {}\n  ingress: [{fromEndpoints: []}]"), {}},
      {"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: np, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}, {ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: 80}]}]}\n",
       {"Peers: pods by label: 1 kept", "Peers: CIDR: 1 kept", "Ports: 1 kept"}},
  };
  for (const auto& c : cases) {
    INFO(c.policies);
    CHECK(used(c.policies) == c.expected);
  }
}

TEST_CASE("what a chain never enforced is no loss (C§11)") {
  const auto rule = [](const std::string& rest) { return cnp("  endpointSelector: {}\n  egress: [{" + rest + "}]"); };
  const std::string port = "toPorts: [{ports: [{port: '443', protocol: TCP}], ";
  const struct {
    std::string policies, feature;
  } cases[] = {
      {rule("toFQDNs: [{matchName: example.com}]"), "toFQDNs"},
      {rule(port + "rules: {http: [{method: GET}]}}]"), "L7 HTTP"},
      {rule("toPorts: [{ports: [{port: '53', protocol: ANY}], rules: {dns: [{matchPattern: '*'}]}}]"), "L7 DNS"},
      {rule(port + "serverNames: [example.com]}]"), "TLS SNI (serverNames)"},
      {rule(port + "listener: {envoyConfig: {kind: CiliumEnvoyConfig, name: e}, name: l}}]"), "Envoy listener"},
      {rule(port + "terminatingTLS: {secret: {name: s}}}]"), "TLS interception"},
  };
  for (const auto& c : cases) {
    INFO(c.policies);
    const Lines lines = used(c.policies);
    CHECK(std::count(lines.begin(), lines.end(), c.feature + ": 1 never") == 1);
  }
  // An empty list of L7 rules is plain L4 (C§1.4).
  CHECK(used(rule(port + "rules: {http: []}}]")) == Lines{"Ports: 1 kept"});
}

TEST_CASE("policies that Cilium rejects or that select nothing were never enforced") {
  CHECK(used(cnp("  endpointSelector: {}\n  egress: [{toPorts: [{ports: [{port: '0x'}], rules: {http: [{}]}}]}]")) == Lines{"Ports: 1 never", "Named ports: 1 never", "L7 HTTP: 1 never"});
  CHECK(used(cnp("  endpointSelector: {matchLabels: {io.kubernetes.pod.namespace: ops}}\n  ingress: [{fromEndpoints: [{}]}]")) ==
        Lines{"Peers: pods by label: 1 never"});
}

TEST_CASE("host policies count by whether the host firewall is on (C§7)") {
  const std::string policy = ccnp("  nodeSelector: {}\n  ingress: [{fromEntities: [cluster]}]");
  CHECK(used(policy) == Lines{"Peers: entities: 1 refused", "Host policies (nodeSelector): 1 refused"});
  CHECK(used(policy, with_config({})) == Lines{"Peers: entities: 1 never", "Host policies (nodeSelector): 1 never"});
  CHECK(used(policy, with_config({{"enable-host-firewall", "true"}})) ==
        Lines{"Peers: entities: 1 refused", "Host policies (nodeSelector): 1 refused", "Host firewall: 1 lost"});
}

TEST_CASE("the first places of a feature are kept, and not more") {
  std::string rules;
  for (int i = 0; i < 9; ++i) rules += "  - {fromEndpoints: [{}]}\n";
  const testing::Compiled compiled = testing::compile(cnp("  endpointSelector: {}\n  ingress:\n" + rules), small_cluster);
  const auto features = features_in_use(compiled.policies, compiled.diagnostics, {});
  REQUIRE(features.size() == 1);
  CHECK(features[0].uses.at(Fate::Kept) == 9);
  REQUIRE(features[0].places.size() == 5);
  CHECK(features[0].places[0].line == 7);
}

TEST_CASE("what Cilium does besides policies is found by its switches and its objects") {
  const struct {
    std::vector<std::pair<std::string, std::string>> settings;
    std::vector<std::string> kinds;
    Lines expected;
  } cases[] = {
      {{}, {}, {}},
      {{{"enable-hubble", "true"}}, {}, {"Hubble: 1 lost"}},
      {{{"enable-hubble", "false"}}, {}, {}},
      {{{"enable-wireguard", "true"}}, {}, {"Encryption by WireGuard: 1 lost"}},
      {{{"enable-ipsec", "true"}}, {}, {"Encryption by IPsec: 1 lost"}},
      {{{"kube-proxy-replacement", "strict"}}, {}, {"kube-proxy replacement: 1 lost"}},
      {{{"kube-proxy-replacement", "disabled"}}, {}, {}},
      {{{"enable-egress-gateway", "true"}}, {"CiliumEgressGatewayPolicy", "CiliumEgressGatewayPolicy"}, {"Egress gateway: 2 lost"}},
      {{{"enable-ipv4-egress-gateway", "true"}}, {}, {"Egress gateway: 1 lost"}},
      {{}, {"CiliumEgressGatewayPolicy"}, {"Egress gateway: 1 never"}},
      {{{"enable-bgp-control-plane", "true"}}, {"CiliumBGPClusterConfig", "CiliumBGPPeerConfig"}, {"BGP: 2 lost"}},
      {{}, {"CiliumLoadBalancerIPPool"}, {"LoadBalancer addresses (LB IPAM): 1 lost"}},
      {{{"enable-l2-announcements", "true"}}, {"CiliumL2AnnouncementPolicy"}, {"L2 announcements: 1 lost"}},
      {{{"enable-local-redirect-policy", "true"}}, {"CiliumLocalRedirectPolicy"}, {"Local redirect policies: 1 lost"}},
      {{{"enable-envoy-config", "true"}}, {"CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig"}, {"Envoy configuration: 2 lost"}},
      {{{"enable-bandwidth-manager", "true"}}, {}, {"Bandwidth manager: 1 lost"}},
      {{{"cluster-id", "0"}}, {}, {}},
      {{{"cluster-id", "3"}}, {}, {"Cluster mesh: 1 lost"}},
  };
  for (const auto& c : cases) {
    Dump dump = with_config(c.settings);
    for (const std::string& kind : c.kinds) dump.others.push_back({kind, "", "x", {1, 9, 1}});
    std::vector<Feature> features;
    add_features_of_cilium(dump, features);
    INFO(fmt::format("{}", fmt::join(c.expected, "; ")));
    CHECK(text_of(features) == c.expected);
    for (const Feature& feature : features) CHECK_FALSE(feature.note.empty());
  }
}

TEST_CASE("pods that cannot be bound are a use that the migration refuses") {
  std::string cluster = small_cluster;
  const std::string pod = "metadata: {name: web-0, namespace: shop, labels: {app: web}}";
  cluster.replace(cluster.find(pod), pod.size(), "metadata: {name: web-0, namespace: shop, labels: {app: web}, annotations: {ovn.kubernetes.io/security_groups: foreign}}");
  const testing::Compiled compiled = testing::compile(cnp("  endpointSelector: {}\n  ingress: [{fromEndpoints: [{}]}]"), cluster);
  CHECK(text_of(features_in_use(compiled.policies, compiled.diagnostics, {})) ==
        Lines{"Peers: pods by label: 1 kept", "Pods that the migration leaves out: 1 refused"});
}

TEST_CASE("readiness counts the rules of each namespace by what becomes of them") {
  const testing::Compiled compiled = testing::compile(
      cnp("  endpointSelector: {}\n  egress: [{toEndpoints: [{}]}, {toEntities: [host]}, {toFQDNs: [{matchName: example.com}]}]", "a") +
          cnp("  endpointSelector: {}\n  ingress: [{fromEndpoints: []}, {fromEndpoints: [{}], authentication: {mode: required}}]", "b") +
          cnp("  endpointSelector: {}\n  ingress: [{fromEndpoints: [{}]}]", "c", "ops") +
          ccnp("  endpointSelector: {}\n  ingress: [{fromEntities: [cluster]}]"),
      small_cluster);
  const auto namespaces = readiness(compiled.policies.catalog, compiled.diagnostics);
  const auto text = [](const NamespaceReadiness& n) {
    return fmt::format("{}: {} = {} same, {} stricter, {} looser, {} refused ({} never), {} idle", n.ns, n.rules, n.same, n.stricter, n.looser, n.refused, n.never_enforced, n.without_effect);
  };
  REQUIRE(namespaces.size() == 3);
  CHECK(text(namespaces[0]) == ": 1 = 1 same, 0 stricter, 0 looser, 0 refused (0 never), 0 idle");
  CHECK(text(namespaces[1]) == "ops: 1 = 1 same, 0 stricter, 0 looser, 0 refused (0 never), 0 idle");
  CHECK(text(namespaces[2]) == "shop: 5 = 1 same, 1 stricter, 0 looser, 2 refused (1 never), 1 idle");
}
