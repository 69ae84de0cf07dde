// Services: a group's verdict on a Service address must follow from its verdicts on the backends, because OVN judges the
// first packet by the former and the later ones by the latter (K§2.4).
#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <random>
#include <set>

#include "tests/compile.h"
#include "tests/conformance.h"
#include "tests/controller_rules.h"
#include "verify/decide_manifest.h"
#include "verify/decide_source.h"

using namespace policyconv;
using testing::cnp;
using testing::compile;
using testing::text_of;

namespace {

const std::string services = testing::small_cluster + R"(
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop},
 spec: {selector: {app: db}, clusterIPs: [10.96.0.9, "fd00:10:96::9"], ports: [{port: 5432, targetPort: 15432}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: mixed, namespace: shop}, spec: {clusterIP: 10.96.0.10, ports: [{name: a, port: 80}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: mixed-1, namespace: shop, labels: {kubernetes.io/service-name: mixed}},
 addressType: IPv4, endpoints: [{addresses: [10.16.0.12]}, {addresses: [10.16.0.20]}], ports: [{name: a, port: 8080}]}
)";

testing::Compiled egress(const std::string& rules) {
  return compile(cnp("  endpointSelector: {matchLabels: {app: web}}\n" + rules), services);
}
std::string egress_of(const testing::Compiled& compiled) {
  const kubeovn::SecurityGroup* sg = compiled.group("app=web, namespace=shop");
  REQUIRE(sg);
  return text_of(sg->egress);
}

}  // namespace

TEST_CASE("K§9.19, K§10.2: all backends allowed opens the Service address, beside the backends themselves") {
  const testing::Compiled compiled =
      egress("  egress: [{toEndpoints: [{matchLabels: {app: db}}], toPorts: [{ports: [{port: '15432', protocol: TCP}]}]}]");
  const std::string db = compiled.group("app=db, namespace=shop")->name;
  CHECK(egress_of(compiled) == "A1 allow ipv4 tcp 5432-5432 10.96.0.9/32\nA1 allow ipv4 tcp 15432-15432 " + db +
                                   "\nA1 allow ipv6 tcp 5432-5432 fd00:10:96::9/128\nA1 allow ipv6 tcp 15432-15432 " + db + "\n");
  CHECK_FALSE(compiled.reported("PC2032"));  // the Service's selector implies the peer's: it holds for tomorrow's pods too
}

TEST_CASE("the Service port is not what policies are about") {
  const testing::Compiled compiled =
      egress("  egress: [{toEndpoints: [{matchLabels: {app: db}}], toPorts: [{ports: [{port: '5432', protocol: TCP}]}]}]");
  CHECK(egress_of(compiled).find("10.96.0.9") == std::string::npos);
}

TEST_CASE("a Service with some allowed backends stays closed, and the report says so") {
  const testing::Compiled compiled = egress("  egress: [{toEndpoints: [{matchLabels: {app: db}}], toPorts: [{ports: [{port: '8080', protocol: TCP}]}]}]");
  CHECK(egress_of(compiled).find("10.96.0.10") == std::string::npos);
  CHECK(compiled.losses() == "PC2030");
}

TEST_CASE("a denied backend closes the Service (K§9.48)") {
  const testing::Compiled compiled = egress("  egressDeny: [{toEndpoints: [{matchLabels: {app: db}}]}]\n  enableDefaultDeny: {egress: false}");
  CHECK(egress_of(compiled).find("D1 drop ipv4 tcp 80-80 10.96.0.10/32") != std::string::npos);
  CHECK(egress_of(compiled).find("D1 drop ipv4 tcp 5432-5432 10.96.0.9/32") != std::string::npos);
  CHECK(compiled.losses() == "PC2031");  // for `mixed` only: every backend of `db` is denied
}

TEST_CASE("an any-peer allow with ports does not open Service addresses by itself (band plan F4)") {
  const testing::Compiled compiled = egress("  egress: [{toPorts: [{ports: [{port: '80', protocol: TCP}]}]}]");
  CHECK(egress_of(compiled).find("B drop ipv4 all 10.96.0.0/12") != std::string::npos);
  SECTION("one without ports does") {
    CHECK(egress_of(egress("  egress: [{toEntities: [all]}]")).find("A1 allow ipv4 all 10.96.0.0/12") != std::string::npos);
  }
}

TEST_CASE("an any-peer deny hits Service addresses with the same number (band plan F9)") {
  const testing::Compiled compiled = egress(
      "  egressDeny: [{toPorts: [{ports: [{port: '5432', protocol: TCP}]}]}]\n  enableDefaultDeny: {egress: false}");
  CHECK(compiled.losses() == "PC2033");
}

TEST_CASE("hairpin: the Service range may come in (K§9.20)") {
  const testing::Compiled compiled = egress("  egress: [{toEntities: [all]}]");
  CHECK(text_of(compiled.named("pc-base-ovn-cluster")->ingress).find("I allow ipv4 all 10.96.0.0/12") != std::string::npos);
}

// Random Services over the pods, nodes and outside addresses of the conformance cases, whose policies are real in shape.
TEST_CASE("random Services on the conformance clusters: no denied backend behind an open address") {
  std::mt19937 random(20261123);
  std::size_t judged = 0, open = 0, leaks = 0, unexplained = 0;
  conformance::for_each_public_case([&](const conformance::Case& source) {
    conformance::Input input = conformance::read(source);
    input.cluster.service_cidrs = {*parse_cidr("198.18.0.0/24")};
    const auto pick = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
    std::vector<Address> addresses;
    for (const Pod& pod : input.cluster.pods) addresses.push_back(pod.addresses.front());
    for (const Node& node : input.cluster.nodes) addresses.push_back(node.internal.front());
    addresses.push_back(*parse_address("52.1.1.1"));
    addresses.push_back(*parse_address("203.0.113.9"));
    std::vector<std::uint16_t> ports;
    for (const conformance::Flow& flow : source.flows)
      if (flow.protocol == Protocol::Tcp || flow.protocol == Protocol::Udp) ports.push_back(flow.port);
    if (ports.empty()) return;
    for (std::uint64_t i = 1; i <= 6; ++i) {
      Service service;
      service.ns = "shop", service.name = "s" + std::to_string(i), service.type = "ClusterIP";
      service.cluster_ips = {Address{Family::V4, parse_address("198.18.0.0")->hi + (i << 32), 0}};
      const Protocol protocol = pick(2) == 0 ? Protocol::Tcp : Protocol::Udp;
      service.ports = {{"", protocol, ports[pick(ports.size())], ""}};
      EndpointSlice slice;
      slice.ns = "shop", slice.name = service.name, slice.service = service.name;
      for (std::size_t n = 1 + pick(3); n != 0; --n) slice.addresses.push_back(addresses[pick(addresses.size())]);
      slice.ports = {{"", protocol, ports[pick(ports.size())]}};
      input.cluster.services.push_back(std::move(service));
      input.cluster.endpoint_slices.push_back(std::move(slice));
    }
    Diagnostics diagnostics;
    const ir::Program program = cilium::lower(input.policies, input.cluster, {conformance::semantics(), {}}, diagnostics);
    kubeovn::LowerOptions options;
    options.sctp = true;
    const kubeovn::Manifest manifest = kubeovn::lower(program, input.cluster, input.policies.catalog, options, diagnostics);
    CHECK(testing::violations(manifest) == std::vector<std::string>{});
    const bool lossless = std::none_of(diagnostics.all().begin(), diagnostics.all().end(), [](const Diagnostic& d) {
      const Effect effect = definition(d.kind).effect;
      return effect == Effect::Stricter || effect == Effect::Looser || effect == Effect::Refused;
    });
    const Semantics semantics = conformance::semantics();
    const verify::SourceMeaning cilium(input.policies, input.cluster, semantics);
    const verify::ManifestMeaning ovn(manifest, input.cluster);
    for (std::size_t s = 0; s < 6; ++s) {
      const Service& service = input.cluster.services[s];
      const EndpointSlice& slice = *std::find_if(input.cluster.endpoint_slices.begin(), input.cluster.endpoint_slices.end(),
                                                 [&](const EndpointSlice& candidate) { return candidate.service == service.name; });
      for (std::size_t pod = 0; pod < input.cluster.pods.size(); ++pod) {
        bool any_denied = false, own = false;
        for (const Address& backend : slice.addresses) {
          const verify::End end = verify::end_of(input.cluster, backend);
          const auto* same = std::get_if<verify::PodEnd>(&end);
          if (same && same->pod == pod) own = true;
          any_denied = any_denied || cilium.decide({verify::PodEnd{pod}, end, service.ports[0].protocol, slice.ports[0].port},
                                                   Direction::Egress)->verdict == Verdict::Deny;
        }
        if (own) continue;  // hairpin is no matter of policy (C§2.5)
        verify::Packet first;
        first.source = input.cluster.pods[pod].addresses.front(), first.destination = service.cluster_ips.front();
        first.from_pod = pod, first.protocol = service.ports[0].protocol, first.port = service.ports[0].port;
        const bool passes = ovn.decide(first, Direction::Egress)->verdict == Verdict::Allow;
        ++judged;
        if (passes) ++open;
        if (passes && any_denied) ++leaks;
        if (!passes && !any_denied && lossless) ++unexplained;
      }
    }
  });
  std::cout << "Services: " << judged << " first packets judged, " << open << " pass, " << leaks << " reach a denied backend, "
            << unexplained << " closed without a word\n";
  CHECK(judged > 1000);
  CHECK(open > 100);
  CHECK(leaks == 0);
  CHECK(unexplained == 0);
}
