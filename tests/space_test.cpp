// Space and compare() against the evaluators that decide packet by packet: on every class of every conformance case.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

#include "backends/kubeovn/lower.h"
#include "frontend/lower.h"
#include "tests/conformance.h"
#include "tests/judges.h"
#include "verify/future.h"
#include "verify/space.h"

using namespace policyconv;
using namespace policyconv::verify;

namespace {

struct Counted {
  std::size_t packets = 0, wrong = 0, differing_cases = 0, cases = 0;
};

/// Holds the Space of one case against the judges, pair by pair and probe by probe.
void check_case(const cilium::Policies& policies, const Semantics& semantics, const kubeovn::Manifest& manifest,
                const Cluster& cluster, const Probes& all, std::mt19937& random, Counted& counted) {
  const Space space(policies, semantics, manifest, cluster, 1);
  const Judges judges(policies, cluster, semantics, manifest);
  const auto& ends = space.ends();
  bool differs = false;
  for (std::size_t a = 0; a < ends.size(); ++a)
    for (std::size_t b = 0; b < ends.size(); ++b)
      for (const Family family : {Family::V4, Family::V6}) {
        if (!space.meet(a, b, family)) continue;
        const Passing passing = space.between(a, b, family);
        const auto senders = members(ends[a]), receivers = members(ends[b]);
        for (const auto& [protocol, port] : all) {
          if (protocol == (family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp)) continue;
          // Any two members stand for the classes; a random pair each time finds classes that are too coarse.
          const End from = senders[random() % senders.size()], to = receivers[random() % receivers.size()];
          if (!fits(cluster, ends[a], from, ends[b], to)) continue;
          const Packet packet = packet_of(cluster, from, to, family, protocol, port);
          const bool by_policies = judges.policies_pass({from, to, protocol, port});
          const char by_objects = judges.objects(packet);
          const char set_wise = holds(passing.objects, protocol, port, 50000)     ? 'a'
                                : holds(passing.undefined, protocol, port, 50000) ? 't'
                                                                                  : 'd';
          ++counted.packets;
          differs |= by_objects != (by_policies ? 'a' : 'd') && (by_objects != 'd' || space.has_route(a, b));
          if (by_policies == holds(passing.policies, protocol, port, 50000) && by_objects == set_wise) continue;
          ++counted.wrong;
          UNSCOPED_INFO(to_string(cluster, from) << " -> " << to_string(cluster, to) << " " << to_string(protocol) << "/"
                                                 << port << ": policies " << by_policies << ", objects " << by_objects
                                                 << "; set-wise " << holds(passing.policies, protocol, port, 50000)
                                                 << set_wise);
        }
      }

  const Differences found = compare(space);
  for (const Region& region : found.regions) {
    const bool by_policies = judges.policies_pass(region.example_flow);
    const char by_objects = judges.objects(region.example);
    INFO(to_string(cluster, region.example_flow.from) << " -> " << to_string(cluster, region.example_flow.to) << " "
                                                      << to_string(region.traffic));
    if (region.change == Change::Looser || region.change == Change::Infrastructure) CHECK((!by_policies && by_objects == 'a'));
    if (region.change == Change::Stricter) CHECK((by_policies && by_objects == 'd'));
    if (region.change == Change::Undefined) CHECK(by_objects == 't');
  }
  ++counted.cases;
  counted.differing_cases += differs;
  // That something differs where something is reported was just seen on its example.
  CHECK((!differs || !found.regions.empty()));
}

}  // namespace

TEST_CASE("sets agree with packets, and verify finds a difference if and only if some flow differs") {
  std::mt19937 random(20261123);
  for (const int release : {16, 13}) {
    Counted counted;
    const auto check = [&](const conformance::Case& source, bool with_future) {
      conformance::Input input = conformance::read(source);
      const Semantics semantics = conformance::semantics();
      Diagnostics diagnostics;
      const ir::Program program = cilium::lower(input.policies, input.cluster, {semantics, {}}, diagnostics);
      const kubeovn::Manifest manifest =
          kubeovn::lower(program, input.cluster, input.policies.catalog,
                         {kubeovn::Release{release}, kubeovn::NodeTraffic::Anchor, true, {}}, diagnostics);
      INFO(source.name);
      const std::size_t wrong = counted.wrong;
      Probes asked;
      for (const conformance::Flow& flow : source.flows) asked.emplace_back(flow.protocol, flow.port);
      check_case(input.policies, semantics, manifest, input.cluster, probes(manifest, asked), random, counted);
      CHECK(counted.wrong == wrong);
      if (!with_future) return;
      const Future future = with_future_pods(input.policies, semantics, manifest, input.cluster, 30);
      check_case(input.policies, semantics, future.manifest, future.cluster, probes(manifest, asked), random, counted);
      CHECK(counted.wrong == wrong);
    };
    conformance::for_each_curated_case([&](const conformance::Case& source) { check(source, true); });
    conformance::for_each_public_case(
        [&](const conformance::Case& source) { check(source, counted.cases % 10 == 0); });
    WARN("release 1." << release << ": " << counted.packets << " packets of " << counted.cases << " cases, "
                      << counted.differing_cases << " cases with differences");
    CHECK(counted.wrong == 0);
    CHECK(counted.packets > 10000);
  }
}
