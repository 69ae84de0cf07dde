// Cilium's verdicts, migrated objects, real OVN: the whole chain, on the cases of tests/conformance. Real OVN must
// never be looser than Cilium, must agree where the report says "same", and must agree with verify::ManifestMeaning
// always.
#include "tests/conformance.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <map>

#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/print.h"
#include "frontend/lower.h"
#include "tests/ovn/judge.h"
#include "tests/ovn/options.h"
#include "tests/ovn/sample.h"
#include "tests/ovn/spread.h"

using namespace policyconv;
using namespace policyconv::real_ovn;
using verify::Packet;

namespace {

/// Kube-OVN's two priority scales, and pods of one case on one Subnet or on two.
struct Setting {
  int minor = 16;
  bool spread = false;
};

struct Migrated {
  kubeovn::Manifest manifest;
  std::vector<std::string> yaml;
  bool same = true;  // nothing was reported lost
};

Migrated migrate(const conformance::Input& input, int minor) {
  Diagnostics diagnostics;
  const ir::Program program = cilium::lower(input.policies, input.cluster, {conformance::semantics(), {}}, diagnostics);
  kubeovn::LowerOptions options;
  options.release = {minor};
  options.sctp = true;
  Migrated migrated;
  migrated.manifest = kubeovn::lower(program, input.cluster, input.policies.catalog, options, diagnostics);
  for (kubeovn::OutputFile& file : kubeovn::print(migrated.manifest, input.policies.catalog))
    migrated.yaml.push_back(std::move(file.text));
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    const Effect effect = definition(diagnostic.kind).effect;
    if (effect == Effect::Stricter || effect == Effect::Looser || effect == Effect::Refused) migrated.same = false;
  }
  return migrated;
}

/// "other node -> pod", "pod -> pod on another Subnet", ...
std::string kind_of(const Packet& packet, const Cluster& cluster) {
  const auto end = [&](const Address& address, std::optional<std::size_t> pod,
                       std::optional<std::size_t> peer) -> std::string {
    if (pod) return "pod";
    const verify::End found = verify::end_of(cluster, address);
    const auto* node = std::get_if<verify::NodeEnd>(&found);
    if (node == nullptr) return "outside";
    return cluster.pods[*peer].node == cluster.nodes[node->node].name ? "own node" : "other node";
  };
  const bool apart =
      packet.from_pod && packet.to_pod &&
      subnet_of(cluster, cluster.pods[*packet.from_pod]) != subnet_of(cluster, cluster.pods[*packet.to_pod]);
  return end(packet.source, packet.from_pod, packet.to_pod) + " -> " +
         end(packet.destination, packet.to_pod, packet.from_pod) + (apart ? " on another Subnet" : "");
}

struct Tally {
  std::size_t cases = 0, flows = 0, traces = 0, equal = 0, stricter = 0, looser = 0;
  std::size_t unequal = 0;       // though the report says same
  std::size_t unlike = 0;        // the evaluator
  std::size_t misdelivered = 0;  // the whole way and its two ends do not fit together
  std::size_t replies = 0, lost = 0;
  std::map<std::string, std::size_t> kinds, protocols;  // of flows

  void print(std::string_view what, double seconds) const {
    std::cout << fmt::format(
        "{}: {} migrated cases, {} flows x (first + established packet), {} equal, {} stricter, {} looser, "
        "{} unequal though same, {} unlike the evaluator, {} misdelivered, {} replies ({} lost), {:.0f} flows/s, "
        "{:.0f} traces/s\n",
        what, cases, flows, equal, stricter, looser, unequal, unlike, misdelivered, replies, lost,
        static_cast<double>(flows) / seconds, static_cast<double>(traces) / seconds);
    for (const auto* counts : {&kinds, &protocols})
      for (const auto& [name, count] : *counts) std::cout << "  " << name << ": " << count << "\n";
  }
  void require_good() const {
    CHECK(looser == 0);
    CHECK(unequal == 0);
    CHECK(unlike == 0);
    CHECK(misdelivered == 0);
    CHECK(lost == 0);
  }
};

class Suite {
 public:
  Tally tally;
  std::size_t to_show = 15;

  /// `spoil`: what happens to the objects on their way to Kube-OVN.
  void check(const conformance::Case& original, Setting setting, void (*spoil)(std::vector<std::string>&) = nullptr) {
    const conformance::Case source = setting.spread ? spread(original) : original;
    conformance::Input input = conformance::read(source);
    input.cluster.service_cidrs = conformance::service_cidrs();
    Migrated migrated = migrate(input, setting.minor);
    if (spoil != nullptr && !migrated.yaml.empty()) spoil(migrated.yaml);
    const verify::ManifestMeaning meaning(migrated.manifest, input.cluster);
    Judge judge(server_, input.cluster, setting.minor, migrated.yaml);
    answers_ = setting.spread;  // they take one more ovn-trace, and routers are where they could be lost
    where_ = fmt::format("{} (Kube-OVN 1.{}{})", source.name, setting.minor, setting.spread ? ", two Subnets" : "");
    ++tally.cases;
    for (const conformance::Flow& flow : source.flows)
      for (const Packet& packet : meaning.packets(conformance::resolve(flow, input.cluster)))
        if (conformance::carried(flow, packet.source.family)) {
          ++tally.kinds[kind_of(packet, input.cluster)];
          ++tally.protocols[fmt::format("{} over IP{}", to_string(packet.protocol),
                                        packet.source.family == Family::V4 ? "v4" : "v6")];
          check(flow, packet, migrated.same, meaning, judge);
        }
    tally.traces += judge.traces();
  }

 private:
  void check(const conformance::Flow& flow, const Packet& packet, bool same, const verify::ManifestMeaning& meaning,
             Judge& judge) {
    ++tally.flows;
    Verdict first = Verdict::Deny;
    for (const Conntrack conntrack : {Conntrack::New, Conntrack::Established}) {
      const Judged judged = judge(packet, conntrack);
      const auto complain = [&](std::string_view what) {
        report(fmt::format("{}: {} {} packet of {}: cilium {}/{}, OVN {}/{}\n  {}", what, where_, flags_of(conntrack),
                           conformance::to_string(flow), name(flow.egress), name(flow.ingress), name(judged.egress),
                           name(judged.ingress), judge.command(packet, conntrack)));
      };
      const auto looser = [](std::optional<Verdict> wanted, std::optional<Verdict> got) {
        return wanted == Verdict::Deny && got == Verdict::Allow;
      };
      if (looser(flow.egress, judged.egress) || looser(flow.ingress, judged.ingress))
        ++tally.looser, complain("LOOSER");
      if (judged.verdict() == flow.verdict) {
        ++tally.equal;
      } else if (flow.verdict == Verdict::Allow) {
        ++tally.stricter;
        if (same) ++tally.unequal, complain("UNEQUAL though same");
      }
      if (!agrees(judged, packet, meaning)) ++tally.unlike, complain("UNLIKE THE EVALUATOR");
      if (judged.delivered != (judged.verdict() == Verdict::Allow)) ++tally.misdelivered, complain("MISDELIVERED");
      if (conntrack == Conntrack::New) first = judged.verdict();
    }
    if (first == Verdict::Allow && answers_) check_reply(flow, packet, judge);
  }

  /// Whatever the rules of the other direction say, answers pass (K§4.1: 65532).
  void check_reply(const conformance::Flow& flow, const Packet& packet, Judge& judge) {
    const std::optional<Packet> reply = reply_to(packet);
    if (!reply) return;
    ++tally.replies;
    if (judge(*reply, Conntrack::Reply).delivered) return;
    ++tally.lost;
    report(fmt::format("LOST REPLY: {} to {}\n  {}", where_, conformance::to_string(flow),
                       judge.command(*reply, Conntrack::Reply)));
  }

  static bool agrees(const Judged& judged, Packet packet, const verify::ManifestMeaning& meaning) {
    const auto verdict = [&](Direction direction) {
      const auto decision = meaning.decide(packet, direction);
      return decision ? std::optional(decision->verdict) : std::nullopt;
    };
    if (verdict(Direction::Egress) != judged.egress) return false;
    if (judged.from_router) packet.from_pod.reset();
    return verdict(Direction::Ingress) == judged.ingress;
  }

  static std::string_view name(std::optional<Verdict> verdict) { return verdict ? to_string(*verdict) : "-"; }

  void report(const std::string& text) {
    if (to_show == 0) return;
    --to_show;
    std::cout << text << "\n";
  }

  Server server_;
  std::string where_;
  bool answers_ = true;
};

}  // namespace

TEST_CASE("real OVN keeps the curated verdicts", "[curated]") {
  const Options wanted = options(std::chrono::seconds(0));
  const std::size_t settings = wanted.full ? 4 : 2;
  Suite suite;
  Progress progress("curated", settings * 149);
  bool odd = false;
  conformance::for_each_curated_case([&](const conformance::Case& source) {
    odd = !odd;
    if (!wanted.only.empty() && source.name != wanted.only) return;
    suite.check(source, {16, odd});
    suite.check(source, {14, !odd});
    if (wanted.full) suite.check(source, {16, !odd}), suite.check(source, {14, odd});
    progress.at(suite.tally.cases, suite.tally.flows);
  });
  CHECK(suite.tally.cases == settings * (wanted.only.empty() ? 149 : 1));
  if (wanted.only.empty()) {
    CHECK(suite.tally.replies > 0);
    CHECK(suite.tally.kinds.size() == 8);      // pod, pod elsewhere, node of its own, other node, outside; both ways
    CHECK(suite.tally.protocols.size() == 8);  // tcp, udp, sctp of both families, and their icmp
  }
  suite.tally.print("curated.jsonl on OVN " + ovn_version(), progress.seconds());
  suite.tally.require_good();
}

TEST_CASE("objects that were spoilt on their way are noticed", "[curated]") {
  const auto spoilt = [](void (*spoil)(std::vector<std::string>&)) {
    Suite suite;
    suite.to_show = 0;
    conformance::for_each_case("curated.jsonl", 15, [&](const conformance::Case& source) {
      suite.check(source, {16, false}, spoil);
    });
    return suite.tally;
  };
  const Tally unbound = spoilt([](std::vector<std::string>& yaml) { yaml.pop_back(); });
  CHECK(unbound.looser > 0);
  CHECK(unbound.unlike > 0);
  const Tally turned = spoilt([](std::vector<std::string>& yaml) {
    for (std::size_t at = 0; (at = yaml.front().find("policy: allow", at)) != std::string::npos;)
      yaml.front().replace(at, 13, "policy: drop");
  });
  CHECK(turned.looser == 0);
  CHECK(turned.unequal > 0);
  CHECK(turned.unlike > 0);
}

TEST_CASE("real OVN keeps the public verdicts", "[public]") {
  const Options wanted = options(std::chrono::seconds(90));
  const std::vector<conformance::Case> cases = shuffled_public_cases(wanted.seed);
  Suite suite;
  Progress progress("public", 2 * cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!wanted.only.empty() && cases[i].name != wanted.only) continue;
    if (!wanted.full && progress.seconds() > static_cast<double>(wanted.budget.count())) break;
    suite.check(cases[i], {16, i % 2 == 0});
    suite.check(cases[i], {14, i % 2 != 0});
    progress.at(suite.tally.cases, suite.tally.flows);
  }
  CHECK(suite.tally.cases >= (wanted.only.empty() ? 40 : 2));
  if (wanted.only.empty()) CHECK(suite.tally.replies > 0);
  suite.tally.print(fmt::format("public.jsonl.gz on OVN {}, seed {}", ovn_version(), wanted.seed), progress.seconds());
  suite.tally.require_good();
}
