// Services on real OVN: egress is judged twice, the first packet of a connection by the address of the Service, later
// ones by that of the backend (K§2.4), and a pod that reaches itself is met by the address of the Service (K§2.5).
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <random>

#include "backends/kubeovn/print.h"
#include "tests/compile.h"
#include "tests/conformance.h"
#include "tests/ovn/judge.h"
#include "tests/ovn/options.h"
#include "tests/ovn/random_services.h"
#include "tests/ovn/sample.h"
#include "verify/decide_source.h"

using namespace policyconv;
using namespace policyconv::real_ovn;
using testing::cnp;
using verify::Packet;

namespace {

std::vector<std::string> yaml_of(const kubeovn::Manifest& manifest, const Catalog& catalog) {
  std::vector<std::string> yaml;
  for (kubeovn::OutputFile& file : kubeovn::print(manifest, catalog)) yaml.push_back(std::move(file.text));
  return yaml;
}

/// shop/web-0 (n1) is the client, shop/db-0 the backend of Service 10.96.0.9:5432 -> 15432, on the same Subnet.
const std::string cluster = testing::small_cluster + R"(
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop},
 spec: {selector: {app: db}, clusterIPs: [10.96.0.9, "fd00:10:96::9"], ports: [{port: 5432, targetPort: 15432}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: db-4, namespace: shop, labels: {kubernetes.io/service-name: db}},
 addressType: IPv4, endpoints: [{addresses: [10.16.0.12]}], ports: [{port: 15432}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: db-6, namespace: shop, labels: {kubernetes.io/service-name: db}},
 addressType: IPv6, endpoints: [{addresses: ["fd00:10:16::c"]}], ports: [{port: 15432}]}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {clusterIP: 10.96.0.11, ports: [{port: 80, targetPort: 8080}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-4, namespace: shop, labels: {kubernetes.io/service-name: web}},
 addressType: IPv4, endpoints: [{addresses: [10.16.0.10]}], ports: [{port: 8080}]}
)";

testing::Compiled compile(const std::string& policies) {
  return testing::compile(policies, cluster);
}

std::size_t pod(const Cluster& facts, std::string_view ns, std::string_view name) {
  return static_cast<std::size_t>(facts.find_pod(ns, name) - facts.pods.data());
}

Packet from_web(const Cluster& facts, std::string_view to, std::uint16_t port) {
  Packet packet;
  packet.destination = *parse_address(to);
  packet.from_pod = pod(facts, "shop", "web-0");
  const std::vector<Address>& own = facts.pods[*packet.from_pod].addresses;
  packet.source = packet.destination.family == Family::V4 ? own.front() : own.back();
  packet.port = port;
  return packet;
}

/// A SecurityGroup for shop/web-0 that lets everything in and only `egress` out.
kubeovn::Manifest only(std::vector<kubeovn::SgRule> egress) {
  kubeovn::Manifest manifest;
  kubeovn::SgRule everything;
  everything.remote = whole(Family::V4);
  manifest.security_groups = {{"g", "ovn-cluster", "", {everything}, std::move(egress)}};
  manifest.bindings = {{"shop", "web-0", {"g"}}};
  return manifest;
}
kubeovn::SgRule allow(std::string_view to) {
  kubeovn::SgRule rule;
  rule.remote = *parse_cidr(to);
  return rule;
}

}  // namespace

TEST_CASE("the first packet needs the address of the Service, later ones that of the backend") {
  const testing::Compiled facts = compile("");
  const Packet first = from_web(facts.cluster, "10.96.0.9", 5432);
  Packet later = from_web(facts.cluster, "10.16.0.12", 15432);
  later.to_pod = pod(facts.cluster, "shop", "db-0");
  const auto passes = [&](std::vector<kubeovn::SgRule> egress) {
    Server server;
    Judge judge(server, facts.cluster, 16, yaml_of(only(std::move(egress)), {}));
    const bool first_passes = judge.trace(first, Conntrack::New).reaches("db-0.shop");
    return std::pair(first_passes, judge(later, Conntrack::Established).delivered);
  };
  CHECK(passes({allow("10.96.0.9/32")}) == std::pair(true, false));
  CHECK(passes({allow("10.16.0.12/32")}) == std::pair(false, true));
  CHECK(passes({allow("10.96.0.9/32"), allow("10.16.0.12/32")}) == std::pair(true, true));
}

TEST_CASE("an allowed Service works from its first packet on, in both families") {
  const testing::Compiled compiled = compile(cnp(
      "  endpointSelector: {matchLabels: {app: web}}\n"
      "  egress: [{toEndpoints: [{matchLabels: {app: db}}], toPorts: [{ports: [{port: '15432', protocol: TCP}]}]}]"));
  Server server;
  Judge judge(server, compiled.cluster, 16, yaml_of(compiled.manifest, compiled.policies.catalog));
  for (const auto& [vip, backend] :
       {std::pair("10.96.0.9", "10.16.0.12"), std::pair("fd00:10:96::9", "fd00:10:16::c")}) {
    INFO(vip);
    Packet later = from_web(compiled.cluster, backend, 15432);
    later.to_pod = pod(compiled.cluster, "shop", "db-0");
    CHECK(judge.trace(from_web(compiled.cluster, vip, 5432), Conntrack::New).reaches("db-0.shop"));
    CHECK(judge(later, Conntrack::Established).delivered);
    CHECK(judge(*reply_to(later), Conntrack::Reply).delivered);
    CHECK_FALSE(judge.trace(from_web(compiled.cluster, vip, 5433), Conntrack::New).left_port);
  }
}

TEST_CASE("a denied backend closes its Service for the first packet too") {
  const testing::Compiled compiled =
      compile(cnp("  endpointSelector: {matchLabels: {app: web}}\n  enableDefaultDeny: {egress: false}\n"
                  "  egressDeny: [{toEndpoints: [{matchLabels: {app: db}}]}]"));
  Server server;
  Judge judge(server, compiled.cluster, 16, yaml_of(compiled.manifest, compiled.policies.catalog));
  CHECK_FALSE(judge.trace(from_web(compiled.cluster, "10.96.0.9", 5432), Conntrack::New).left_port);
  CHECK_FALSE(judge.trace(from_web(compiled.cluster, "10.16.0.12", 15432), Conntrack::Established).left_port);
  CHECK(judge.trace(from_web(compiled.cluster, "10.96.0.11", 80), Conntrack::New).left_port);
}

TEST_CASE("a pod reaches itself through its Service") {
  const testing::Compiled compiled =
      compile(cnp("  endpointSelector: {matchLabels: {app: web}}\n"
                  "  ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]\n"
                  "  egress: [{toEndpoints: [{matchLabels: {app: web}}]}]"));
  Server server;
  Judge judge(server, compiled.cluster, 16, yaml_of(compiled.manifest, compiled.policies.catalog));
  const Packet out = from_web(compiled.cluster, "10.96.0.11", 80);
  CHECK(judge.trace(out, Conntrack::New).left_port);
  // ovn-trace does not rewrite the source to the Service's address, as OVN does (K§10.7).
  Packet in;
  in.source = out.destination, in.destination = out.source, in.port = 8080, in.to_pod = out.from_pod;
  CHECK(judge.trace_arrival(in, Conntrack::New).reaches("web-0.shop"));
  in.source = *parse_address("10.200.0.1");
  CHECK_FALSE(judge.trace_arrival(in, Conntrack::New).reaches("web-0.shop"));
}

namespace {

struct Tally {
  Server server;
  std::size_t cases = 0, firsts = 0, open = 0, laters = 0, hairpins = 0, leaks = 0, unlike = 0, lost = 0, shown = 0;

  void complain(std::size_t& count, const std::string& text) {
    ++count;
    if (++shown <= 10) std::cout << text << "\n";
  }

  void check(const conformance::Case& source, int minor, std::mt19937& random) {
    conformance::Input input = conformance::read(source);
    input.cluster.service_cidrs = conformance::service_cidrs();
    add_services(input, source, random);
    Diagnostics diagnostics;
    const ir::Program program =
        cilium::lower(input.policies, input.cluster, {conformance::semantics(), {}}, diagnostics);
    kubeovn::LowerOptions target;
    target.release = {minor};
    target.sctp = true;
    const kubeovn::Manifest manifest =
        kubeovn::lower(program, input.cluster, input.policies.catalog, target, diagnostics);
    const Semantics semantics = conformance::semantics();
    const verify::SourceMeaning cilium(input.policies, input.cluster, semantics);
    const verify::ManifestMeaning meaning(manifest, input.cluster);
    Judge judge(server, input.cluster, minor, yaml_of(manifest, input.policies.catalog));
    ++cases;
    for (const Service& service : input.cluster.services)
      for (std::size_t client = 0; client < input.cluster.pods.size(); ++client)
        check(source.name, input.cluster, service, client, cilium, meaning, judge);
  }

  void check(const std::string& name, const Cluster& facts, const Service& service, std::size_t client,
             const verify::SourceMeaning& cilium, const verify::ManifestMeaning& meaning, Judge& judge) {
    if (service.cluster_ips.empty() || service.name[0] != 's') return;
    const auto of_service = [&](const EndpointSlice& each) { return each.service == service.name; };
    const EndpointSlice& slice = *std::find_if(facts.endpoint_slices.begin(), facts.endpoint_slices.end(), of_service);
    Packet first;
    first.destination = service.cluster_ips.front();
    const std::vector<Address>& own = facts.pods[client].addresses;
    const auto same_family = [&](const Address& address) { return address.family == first.destination.family; };
    const auto source = std::find_if(own.begin(), own.end(), same_family);
    if (source == own.end()) return;
    first.source = *source, first.from_pod = client;
    first.protocol = service.ports.front().protocol, first.port = service.ports.front().port;
    const auto describe = [&](const char* what) {
      return fmt::format("{}: {} {} -> {} {}/{}\n  {}", what, name, to_string(first.source),
                         to_string(first.destination), to_string(first.protocol), first.port,
                         judge.command(first, Conntrack::New));
    };
    ++firsts;
    const bool passes = judge.trace(first, Conntrack::New).left_port;
    if (passes) ++open;
    if (passes != (meaning.decide(first, Direction::Egress)->verdict == Verdict::Allow))
      complain(unlike, describe("UNLIKE THE EVALUATOR"));
    for (const Address& backend : slice.addresses) {
      Packet later = first;
      later.destination = backend, later.port = slice.ports.front().port;
      const verify::End end = verify::end_of(facts, backend);
      if (const auto* to = std::get_if<verify::PodEnd>(&end)) later.to_pod = to->pod;
      if (later.to_pod == client) {
        check_hairpin(first, later, meaning, judge, describe("UNLIKE THE EVALUATOR, hairpin"));
        continue;  // no matter of policy (C§2.5)
      }
      ++laters;
      const Verdict wanted =
          cilium.decide({verify::PodEnd{client}, end, later.protocol, later.port}, Direction::Egress)->verdict;
      const Judged judged = judge(later, Conntrack::Established);
      if (passes && wanted == Verdict::Deny) complain(leaks, describe("LEAK to a denied backend"));
      if (wanted == Verdict::Deny && judged.egress == Verdict::Allow)
        complain(leaks, describe("LEAK of later packets"));
      if (passes && judged.egress == Verdict::Deny)
        complain(lost, describe("LOST: opens, but later packets are dropped"));
      if (judged.egress != meaning.decide(later, Direction::Egress)->verdict)
        complain(unlike, describe("UNLIKE THE EVALUATOR, later packet"));
    }
  }

  void check_hairpin(const Packet& first, const Packet& later, const verify::ManifestMeaning& meaning, Judge& judge,
                     const std::string& text) {
    ++hairpins;
    Packet back = later;
    back.source = first.destination;
    back.from_pod.reset();
    const bool arrives = judge(back, Conntrack::New).ingress == Verdict::Allow;
    if (arrives != (meaning.decide(back, Direction::Ingress)->verdict == Verdict::Allow)) complain(unlike, text);
  }
};

}  // namespace

TEST_CASE("random Services on the conformance clusters") {
  const Options wanted = options(std::chrono::seconds(20));
  const std::vector<conformance::Case> cases = shuffled_public_cases(wanted.seed);
  std::mt19937 random(wanted.seed);
  Tally tally;
  Progress progress("Services", cases.size());
  for (const conformance::Case& source : cases) {
    if (!wanted.full && progress.seconds() > static_cast<double>(wanted.budget.count())) break;
    tally.check(source, tally.cases % 2 == 0 ? 16 : 14, random);
    progress.at(tally.cases, tally.firsts);
  }
  std::cout << fmt::format(
      "random Services on OVN {}, seed {}: {} cases, {} first packets, {} pass, {} later packets, {} hairpins, {} "
      "leaks, {} opened and lost, "
      "{} unlike the evaluator\n",
      ovn_version(), wanted.seed, tally.cases, tally.firsts, tally.open, tally.laters, tally.hairpins, tally.leaks,
      tally.lost, tally.unlike);
  CHECK(tally.leaks == 0);
  CHECK(tally.lost == 0);
  CHECK(tally.unlike == 0);
  CHECK(tally.open > 0);
  CHECK(tally.hairpins > 0);
}
