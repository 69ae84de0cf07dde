// Cilium's verdicts, migrated objects, real OVN: the whole chain, on the cases of tests/conformance. Real OVN must never
// be looser than Cilium, must agree where the report says "same", and must agree with verify::ManifestMeaning always.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <iostream>

#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/print.h"
#include "frontend/lower.h"
#include "tests/conformance.h"
#include "tests/ovn/judge.h"
#include "tests/ovn/options.h"
#include "tests/ovn/sample.h"

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

std::string moved(std::string address) {
  for (const auto& [from, to] : {std::pair("10.16.0.", "10.213.77."), std::pair("fd00:10:16::", "fd00:213:77::")})
    if (address.starts_with(from)) return to + address.substr(std::string_view(from).size());
  return address;
}

/// Every second pod goes to a Subnet of its own. Cilium's verdicts stay: none depends on the address of a pod.
conformance::Case spread(conformance::Case source) {
  nlohmann::json objects = nlohmann::json::parse(source.objects);
  std::map<std::string, std::string> ends;  // "ip:" ends that are pods
  bool other = false;
  for (nlohmann::json& object : objects.at("items")) {
    if (object.at("kind") != "Pod" || !(other = !other)) continue;
    nlohmann::json& status = object.at("status");
    if (status.contains("podIP")) status["podIP"] = moved(status.at("podIP"));
    for (nlohmann::json& ip : status.at("podIPs")) {
      const std::string from = ip.at("ip");
      ip["ip"] = moved(from);
      ends["ip:" + from] = "ip:" + moved(from);
    }
  }
  objects["items"].push_back({{"apiVersion", "kubeovn.io/v1"},
                              {"kind", "Subnet"},
                              {"metadata", {{"name", "second"}}},
                              {"spec",
                               {{"cidrBlock", "10.213.77.0/24,fd00:213:77::/112"},
                                {"gateway", "10.213.77.1,fd00:213:77::1"},
                                {"vpc", "ovn-cluster"},
                                {"provider", "ovn"}}}});
  source.objects = objects.dump();
  for (conformance::Flow& flow : source.flows)
    for (std::string* end : {&flow.from, &flow.to})
      if (const auto at = ends.find(*end); at != ends.end()) *end = at->second;
  return source;
}

class Suite {
 public:
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
    ++cases_;
    for (const conformance::Flow& flow : source.flows)
      for (const Packet& packet : meaning.packets(conformance::resolve(flow, input.cluster)))
        if (conformance::carried(flow, packet.source.family)) check(flow, packet, migrated.same, meaning, judge);
    traces_ += judge.traces();
  }

  [[nodiscard]] std::size_t cases() const { return cases_; }
  [[nodiscard]] std::size_t flows() const { return flows_; }
  [[nodiscard]] std::size_t looser() const { return looser_; }
  [[nodiscard]] std::size_t unlike() const { return unlike_; }
  [[nodiscard]] std::size_t unequal() const { return unequal_; }
  void be_quiet() { reported_ = shown; }

  void summarize(std::string_view what, double seconds) const {
    std::cout << fmt::format(
        "{}: {} cases, {} flows x (first + established packet), {} equal, {} stricter, {} looser, {} unequal though same, "
        "{} unlike the evaluator, {} misdelivered, {} replies ({} lost), {:.0f} flows/s, {:.0f} traces/s\n",
        what, cases_, flows_, equal_, stricter_, looser_, unequal_, unlike_, misdelivered_, replies_, lost_,
        static_cast<double>(flows_) / seconds, static_cast<double>(traces_) / seconds);
    CHECK(looser_ == 0);
    CHECK(unequal_ == 0);
    CHECK(unlike_ == 0);
    CHECK(misdelivered_ == 0);
    CHECK(lost_ == 0);
    CHECK(equal_ > 0);
    CHECK(replies_ > 0);
  }

 private:
  void check(const conformance::Flow& flow, const Packet& packet, bool same, const verify::ManifestMeaning& meaning,
             Judge& judge) {
    ++flows_;
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
      if (looser(flow.egress, judged.egress) || looser(flow.ingress, judged.ingress)) ++looser_, complain("LOOSER");
      if (judged.verdict() == flow.verdict) {
        ++equal_;
      } else if (flow.verdict == Verdict::Allow) {
        ++stricter_;
        if (same) ++unequal_, complain("UNEQUAL though same");
      }
      if (!agrees(judged, packet, meaning)) ++unlike_, complain("UNLIKE THE EVALUATOR");
      if (judged.delivered != (judged.verdict() == Verdict::Allow)) ++misdelivered_, complain("MISDELIVERED");
      if (conntrack == Conntrack::New) first = judged.verdict();
    }
    if (first == Verdict::Allow && answers_) check_reply(flow, packet, judge);
  }

  /// Whatever the rules of the other direction say, answers pass (K§4.1: 65532).
  void check_reply(const conformance::Flow& flow, const Packet& packet, Judge& judge) {
    const std::optional<Packet> reply = reply_to(packet);
    if (!reply) return;
    ++replies_;
    if (judge(*reply, Conntrack::Reply).delivered) return;
    ++lost_;
    report(fmt::format("LOST REPLY: {} to {}\n  {}", where_, conformance::to_string(flow), judge.command(*reply, Conntrack::Reply)));
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
    if (++reported_ <= shown) std::cout << text << "\n";
  }

  static constexpr std::size_t shown = 15;
  Server server_;
  std::string where_;
  bool answers_ = true;
  std::size_t cases_ = 0, flows_ = 0, traces_ = 0, equal_ = 0, stricter_ = 0, looser_ = 0, unequal_ = 0, unlike_ = 0;
  std::size_t misdelivered_ = 0, replies_ = 0, lost_ = 0, reported_ = 0;
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
    progress.at(suite.cases(), suite.flows());
  });
  if (wanted.only.empty()) CHECK(suite.cases() == settings * 149);
  if (suite.cases() != 0) suite.summarize("curated.jsonl on OVN " + ovn_version(), progress.seconds());
}

TEST_CASE("objects that were spoilt on their way are noticed", "[curated]") {
  const auto spoilt = [](void (*spoil)(std::vector<std::string>&)) {
    Suite suite;
    suite.be_quiet();
    conformance::for_each_case("curated.jsonl", 15, [&](const conformance::Case& source) { suite.check(source, {16, false}, spoil); });
    return std::array{suite.looser(), suite.unequal(), suite.unlike()};
  };
  constexpr int looser = 0, unequal = 1, unlike = 2;
  const auto unbound = spoilt([](std::vector<std::string>& yaml) { yaml.pop_back(); });
  CHECK(unbound[looser] > 0);
  CHECK(unbound[unlike] > 0);
  const auto turned = spoilt([](std::vector<std::string>& yaml) {
    for (std::size_t at = 0; (at = yaml.front().find("policy: allow", at)) != std::string::npos;) yaml.front().replace(at, 13, "policy: drop");
  });
  CHECK(turned[looser] == 0);
  CHECK(turned[unequal] > 0);
  CHECK(turned[unlike] > 0);
}

TEST_CASE("real OVN keeps the public verdicts", "[public]") {
  const Options wanted = options(std::chrono::seconds(150));
  const std::vector<conformance::Case> cases = shuffled_public_cases(wanted.seed);
  Suite suite;
  Progress progress("public", 2 * cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!wanted.only.empty() && cases[i].name != wanted.only) continue;
    if (!wanted.full && progress.seconds() > static_cast<double>(wanted.budget.count())) break;
    suite.check(cases[i], {16, i % 2 == 0});
    suite.check(cases[i], {14, i % 2 != 0});
    progress.at(suite.cases(), suite.flows());
  }
  if (suite.cases() != 0)
    suite.summarize(fmt::format("public.jsonl.gz on OVN {}, seed {}", ovn_version(), wanted.seed), progress.seconds());
  if (wanted.only.empty()) CHECK(suite.cases() >= 40);
}
