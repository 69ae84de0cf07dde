// What verify says of all packets, on real OVN: its counterexamples fare there as it says, and so do packets of which
// it says nothing. Objects are migrated ones of the conformance cases, whole and damaged in one place.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <random>

#include "backends/kubeovn/print.h"
#include "tests/compile.h"
#include "tests/mutations.h"
#include "tests/ovn/judge.h"
#include "tests/ovn/options.h"
#include "tests/ovn/random_services.h"
#include "tests/ovn/sample.h"
#include "tests/ovn/spread.h"
#include "tests/reported.h"
#include "verify/future.h"

using namespace policyconv;
using namespace policyconv::real_ovn;
using mutations::Migrated;
using verify::Change;
using verify::Packet;
using verify::Region;

namespace {

std::string_view name(std::optional<Verdict> verdict) {
  return verdict ? to_string(*verdict) : "-";
}

struct Tally {
  std::size_t objects = 0, differing = 0;                                  // sets of objects; with differences
  std::size_t future = 0;                                                  // pods that do not exist yet
  std::size_t looser = 0, stricter = 0, infrastructure = 0, services = 0;  // confirmed counterexamples
  std::size_t ties = 0;                                                    // regions in which OVN does what it likes
  std::size_t same = 0, others = 0;  // other packets that fare as verify says: of no region, and of a region
  std::size_t wrong = 0, traces = 0;
  std::size_t retracted = 0;  // answers that a network made anew did not give again

  [[nodiscard]] std::size_t confirmed() const { return looser + stricter + infrastructure + services; }
  void print(std::string_view what, double seconds) const {
    std::cout << fmt::format(
        "{}: {} sets of objects, {} with differences, {} future pods; {} counterexamples confirmed ({} looser, {} "
        "stricter, {} infrastructure, {} by way of a Service), {} ties left out; {} more packets of regions, {} of "
        "none; {} wrong; {} traces in {:.0f} s\n",
        what, objects, differing, future, confirmed(), looser, stricter, infrastructure, services, ties, others, same,
        wrong, traces, seconds);
    if (retracted > 0) std::cout << fmt::format("  answers taken back: {}\n", retracted);
  }
};

class Suite {
 public:
  Tally tally;
  std::size_t to_show = 15;

  explicit Suite(unsigned seed) : random_(seed) {}

  void check(const Migrated& objects, const kubeovn::Manifest& manifest, std::size_t more) {
    check(objects, objects.input->cluster, manifest, manifest, more);
  }
  /// The same, and pods that do not exist yet.
  void check_future(const Migrated& objects, const kubeovn::Manifest& manifest, std::size_t more) {
    const verify::Future future =
        verify::with_future_pods(objects.input->policies, objects.semantics, manifest, objects.input->cluster, 10);
    tally.future += future.future.size();
    check(objects, future.cluster, future.manifest, future.manifest, more);
  }
  /// Holds what verify says of `manifest` against what OVN does with `applied`. `more`: how many packets to ask about
  /// besides the counterexamples.
  void check(const Migrated& objects, const Cluster& cluster, const kubeovn::Manifest& manifest,
             const kubeovn::Manifest& applied, std::size_t more) {
    const cilium::Policies& policies = objects.input->policies;
    std::vector<std::string> yaml;
    for (kubeovn::OutputFile& file : kubeovn::print(applied, policies.catalog)) yaml.push_back(std::move(file.text));
    const verify::Space space(policies, objects.semantics, manifest, cluster, 1);
    const verify::Reported reported(space, cluster);
    const verify::SourceMeaning cilium(policies, cluster, objects.semantics);
    Judge judge(server_, cluster, manifest.release.minor, yaml);
    where_ = fmt::format("{} (Kube-OVN 1.{})", objects.name, manifest.release.minor);
    ++tally.objects;
    if (!reported.regions().empty()) ++tally.differing;
    for (const Region& region : reported.regions()) check(region, cluster, cilium, judge);
    const std::vector<verify::Asked> all = packets_of(space, cluster, verify::probes(manifest, objects.asked));
    for (std::size_t i = 0; i < more && !all.empty(); ++i)
      check(all[random_() % all.size()], cluster, reported, cilium, judge);
    tally.traces += judge.traces();
  }

  std::mt19937& random() { return random_; }

 private:
  void check(const Region& region, const Cluster& cluster, const verify::SourceMeaning& cilium, Judge& judge) {
    if (region.change == Change::Undefined) {
      ++tally.ties;
      return;
    }
    const Verdict wanted = region.change == Change::Stricter ? Verdict::Deny : Verdict::Allow;
    if (cilium.decide(region.example_flow) == wanted) {
      complain(fmt::format("NO COUNTEREXAMPLE: Cilium says {} too, {}", to_string(wanted), to_string(region.traffic)),
               region.example, judge);
    } else if (region.service) {
      if (check_service(region, cluster, judge)) ++tally.services;
    } else {
      const Judged judged = ask(judge, region.example, [&](Verdict verdict) { return verdict == wanted; });
      if (judged.verdict() == wanted)
        ++(region.change == Change::Looser     ? tally.looser
           : region.change == Change::Stricter ? tally.stricter
                                               : tally.infrastructure);
      else
        complain(fmt::format("NOT {} but egress {}, ingress {}", verify::to_string(region.change), name(judged.egress),
                             name(judged.ingress)),
                 region.example, judge);
    }
  }

  /// What is not expected is asked twice.
  template <typename IsExpected>
  Judged ask(Judge& judge, const Packet& packet, const IsExpected& is_expected) {
    const Judged first = judge(packet, Conntrack::New);
    if (is_expected(first.verdict()) || !judge.renew()) return first;
    const Judged second = judge(packet, Conntrack::New);
    if (second.verdict() != first.verdict()) ++tally.retracted;
    return second;
  }

  /// The first packet goes to the Service's address: its sender's end is asked about that, its receiver's end about the
  /// backend (K§2.4). Which backend a load balancer takes is its choice, so the two are asked one by one.
  bool check_service(const Region& region, const Cluster& cluster, Judge& judge) {
    Packet at_backend = region.example;
    const verify::Flow& flow = region.example_flow;
    at_backend.destination = *verify::address_of(cluster, flow.to, region.example.source.family);
    at_backend.port = flow.port;
    if (const auto* pod = std::get_if<verify::PodEnd>(&flow.to)) at_backend.to_pod = pod->pod;
    const bool leaves = judge.trace(region.example, Conntrack::New).left_port;
    const Judged direct = judge(at_backend, Conntrack::New);
    const bool as_said = region.change == Change::Stricter
                             ? !leaves && direct.verdict() == Verdict::Allow
                             : leaves && direct.egress == Verdict::Deny && direct.ingress != Verdict::Deny;
    if (!as_said)
      complain(
          fmt::format("NOT {} by way of the Service: {}, the backend itself egress {}, ingress {}", verify::to_string(region.change),
                      leaves ? "leaves" : "is dropped", name(direct.egress), name(direct.ingress)),
          region.example, judge);
    return as_said;
  }

  /// Space::has_route() of one flow.
  static bool has_route(const verify::Flow& flow, const Cluster& cluster) {
    const auto* pod = std::get_if<verify::PodEnd>(&flow.to);
    const Subnet* subnet = pod == nullptr ? nullptr : subnet_of(cluster, cluster.pods[pod->pod]);
    return !std::holds_alternative<verify::NodeEnd>(flow.from) || subnet == nullptr || subnet->vpc == "ovn-cluster";
  }

  void check(const verify::Asked& asked, const Cluster& cluster, const verify::Reported& reported,
             const verify::SourceMeaning& cilium, Judge& judge) {
    const std::string said = reported.about(asked);
    if (said == "undefined") return;
    const Verdict wanted = cilium.decide(asked.flow);
    const auto effect = [&](Verdict verdict) { return verdict == wanted ? "" : wanted == Verdict::Deny ? "looser" : "stricter"; };
    const Judged judged = ask(judge, asked.packet, [&](Verdict verdict) { return effect(verdict) == said; });
    const std::string is = effect(judged.verdict());
    if (is == "stricter" && said.empty() && !has_route(asked.flow, cluster)) return;
    if (is == said)
      ++(said.empty() ? tally.same : tally.others);
    else
      complain(fmt::format("`{}` IS REPORTED, `{}` IT IS: Cilium {}, egress {}, ingress {}", said, is,
                           to_string(wanted), name(judged.egress), name(judged.ingress)),
               asked.packet, judge);
  }

  /// With the end of the trace, which names the table that decided.
  void complain(const std::string& what, const Packet& packet, Judge& judge) {
    ++tally.wrong;
    if (to_show == 0) return;
    --to_show;
    const std::string& text = judge.trace(packet, Conntrack::New).text;
    std::cout << fmt::format("set {}, {}: {}\n  {}\n  ...{}\n", tally.objects, where_, what,
                             judge.command(packet, Conntrack::New),
                             text.substr(text.size() - std::min<std::size_t>(text.size(), 300)));
  }

  Server server_;
  std::mt19937 random_;
  std::string where_;
};

Migrated migrated(const conformance::Case& source, int minor, std::mt19937* services = nullptr) {
  Migrated result;
  result.name = source.name;
  *result.input = conformance::read(source);
  result.semantics = conformance::semantics();
  result.input->cluster.service_cidrs = conformance::service_cidrs();
  if (services != nullptr) add_services(*result.input, source, *services);
  for (const conformance::Flow& flow : source.flows) result.asked.emplace_back(flow.protocol, flow.port);
  result.migrate(minor);
  return result;
}

/// Damages these objects in one random place.
kubeovn::Manifest damaged(const Migrated& victim, std::mt19937& random) {
  for (;;) {
    kubeovn::Manifest manifest = victim.manifest;
    if (mutations::damages[random() % std::size(mutations::damages)](manifest, random)) return manifest;
  }
}

}  // namespace

TEST_CASE("counterexamples for migrated objects are counterexamples on real OVN", "[verify]") {
  const Options wanted = options(std::chrono::seconds(0));
  Suite suite(wanted.seed);
  const std::size_t step = wanted.full ? 1 : 3;
  const std::size_t more = wanted.full ? 40 : 15;
  Progress progress("verify, migrated", wanted.full ? 1348 : 140);
  bool odd = false;  // every second case with its pods on two Subnets, so that routers are in between
  const auto check = [&](const conformance::Case& source) {
    odd = !odd;
    if (!wanted.only.empty() && source.name != wanted.only) return;
    for (const int minor : {16, 14}) {
      for (const bool apart : {false, true}) {
        if (!wanted.full && apart != odd) continue;
        const Migrated objects = migrated(apart ? spread(source) : source, minor);
        suite.check(objects, objects.manifest, more);
        progress.at(suite.tally.objects, suite.tally.traces);
      }
    }
  };
  conformance::for_each_case("curated.jsonl", step, check);
  conformance::for_each_case("public.jsonl.gz", wanted.full ? 8 : 75, check);
  suite.tally.print(fmt::format("verify on migrated objects, OVN {}, seed {}", ovn_version(), wanted.seed),
                    progress.seconds());
  CHECK(suite.tally.wrong == 0);
  if (wanted.only.empty()) CHECK(suite.tally.confirmed() > 5);
}

TEST_CASE("counterexamples for damaged objects are counterexamples on real OVN", "[verify]") {
  const Options wanted = options(std::chrono::seconds(0));
  Suite suite(wanted.seed);
  std::vector<Migrated> victims = mutations::victims();
  conformance::for_each_case("curated.jsonl", 5, [&](const conformance::Case& source) {
    Migrated apart = migrated(spread(source), victims.size() % 2 == 0 ? 16 : 14);
    if (!apart.manifest.security_groups.empty()) victims.push_back(std::move(apart));
  });
  const std::size_t count = wanted.full ? 800 : 80;
  Progress progress("verify, damaged", count);
  while (suite.tally.objects < count) {
    const Migrated& victim = victims[suite.random()() % victims.size()];
    const kubeovn::Manifest manifest = damaged(victim, suite.random());
    const std::size_t more = wanted.full ? 40 : 15;
    if (suite.tally.objects % 2 == 0)
      suite.check(victim, manifest, more);
    else
      suite.check_future(victim, manifest, more);
    progress.at(suite.tally.objects, suite.tally.traces);
  }
  suite.tally.print(fmt::format("verify on damaged objects, OVN {}, seed {}", ovn_version(), wanted.seed),
                    progress.seconds());
  CHECK(suite.tally.wrong == 0);
  CHECK(suite.tally.looser > 10);
  CHECK(suite.tally.stricter > 30);
  CHECK(suite.tally.differing < suite.tally.objects);  // some damages change nothing
}

TEST_CASE("counterexamples by way of a Service are counterexamples on real OVN", "[verify]") {
  const Options wanted = options(std::chrono::seconds(0));
  Suite suite(wanted.seed);
  const std::vector<conformance::Case> cases = shuffled_public_cases(wanted.seed);
  const std::size_t count = wanted.full ? 400 : 60;
  Progress progress("verify, Services", count);
  for (std::size_t i = 0; i < cases.size() && suite.tally.objects < count; ++i) {
    const Migrated victim = migrated(cases[i], i % 2 == 0 ? 16 : 14, &suite.random());
    if (victim.manifest.security_groups.empty()) continue;
    suite.check(victim, damaged(victim, suite.random()), 5);
    progress.at(suite.tally.objects, suite.tally.traces);
  }
  suite.tally.print(fmt::format("verify on damaged objects with Services, OVN {}, seed {}", ovn_version(), wanted.seed),
                    progress.seconds());
  CHECK(suite.tally.wrong == 0);
  CHECK(suite.tally.services > 3);
}

TEST_CASE("what verify says of other objects than OVN has is noticed", "[verify]") {
  Suite suite(1);
  suite.to_show = 0;
  std::size_t wrong = 0, missed = 0, claimed = 0;
  conformance::for_each_case("curated.jsonl", 30, [&](const conformance::Case& source) {
    const Migrated objects = migrated(source, 16);
    kubeovn::Manifest unbound = objects.manifest;
    unbound.bindings.clear();
    const Cluster& cluster = objects.input->cluster;
    suite.check(objects, cluster, objects.manifest, unbound, 40);  // differences that verify does not report
    const std::size_t unreported = suite.tally.wrong;
    suite.check(objects, cluster, unbound, objects.manifest, 0);  // differences that verify only claims
    missed += unreported - wrong;
    claimed += suite.tally.wrong - unreported;
    wrong = suite.tally.wrong;
  });
  CHECK(missed > 0);
  CHECK(claimed > 0);
}

TEST_CASE("a gateway delivers nothing, it answers or refuses: so verify does not take it for an end", "[verify]") {
  const testing::Compiled facts = testing::compile("", testing::small_cluster);
  Server server;
  Judge judge(server, facts.cluster, 16, {});
  Packet packet;
  packet.from_pod = static_cast<std::size_t>(facts.cluster.find_pod("shop", "web-0") - facts.cluster.pods.data());
  packet.source = facts.cluster.pods[*packet.from_pod].addresses.front();
  packet.destination = *parse_address("10.16.0.1");
  for (const auto& [protocol, port, answer] :
       {std::tuple(Protocol::Tcp, 80, "tcp_reset {"), std::tuple(Protocol::Udp, 53, "icmp4.type = 3"),
        std::tuple(Protocol::Icmp, 8, "icmp4.type = 0")}) {
    packet.protocol = protocol;
    packet.port = static_cast<std::uint16_t>(port);
    INFO(to_string(protocol));
    const Trace& trace = judge.trace(packet, Conntrack::New);
    CHECK(trace.text.find(answer) != std::string::npos);
    CHECK(trace.outputs == std::vector<std::string>{"web-0.shop"});
  }
}
