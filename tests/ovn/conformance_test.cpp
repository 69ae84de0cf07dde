// Cilium's verdicts, migrated objects, real OVN: the whole chain, on the cases of tests/conformance. Real OVN must never
// be looser than Cilium, must agree where the report says "same", and must agree with verify::ManifestMeaning always.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <random>

#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/print.h"
#include "frontend/lower.h"
#include "tests/conformance.h"
#include "tests/ovn/judge.h"
#include "tests/ovn/options.h"

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

// An `ip:` end fixes the family, also where it is the address of a node; and of the control-plane node only the IPv4
// address is an API server address in these cases (their README).
bool carried(const conformance::Flow& flow, Family family) {
  const auto fits = [&](std::string_view end) {
    if (end == "node:cp1") return family == Family::V4;
    return !end.starts_with("ip:") || parse_address(end.substr(3))->family == family;
  };
  return fits(flow.from) && fits(flow.to);
}

std::string moved(std::string address) {
  for (const auto& [from, to] : {std::pair("10.16.0.", "10.18.0."), std::pair("fd00:10:16::", "fd00:10:18::")})
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
                               {{"cidrBlock", "10.18.0.0/16,fd00:10:18::/112"},
                                {"gateway", "10.18.0.1,fd00:10:18::1"},
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
  void check(const conformance::Case& original, Setting setting) {
    const conformance::Case source = setting.spread ? spread(original) : original;
    conformance::Input input = conformance::read(source);
    // The clusters of the corpora list no Service and no service range; this one holds none of their addresses.
    input.cluster.service_cidrs = {*parse_cidr("198.18.0.0/24"), *parse_cidr("fdff:0:5e::/112")};
    const Migrated migrated = migrate(input, setting.minor);
    const verify::ManifestMeaning meaning(migrated.manifest, input.cluster);
    Judge judge(server_, input.cluster, setting.minor, migrated.yaml);
    where_ = fmt::format("{} (Kube-OVN 1.{}{})", source.name, setting.minor, setting.spread ? ", two Subnets" : "");
    ++cases_;
    for (const conformance::Flow& flow : source.flows)
      for (const Packet& packet : meaning.packets(conformance::resolve(flow, input.cluster)))
        if (carried(flow, packet.source.family)) check(flow, packet, migrated.same, meaning, judge);
    traces_ += judge.traces();
  }

  [[nodiscard]] std::size_t cases() const { return cases_; }
  [[nodiscard]] std::size_t flows() const { return flows_; }

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
    if (first == Verdict::Allow) check_reply(flow, packet, judge);
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
    if (++reported_ <= 15) std::cout << text << "\n";
  }

  Server server_;
  std::string where_;
  std::size_t cases_ = 0, flows_ = 0, traces_ = 0, equal_ = 0, stricter_ = 0, looser_ = 0, unequal_ = 0, unlike_ = 0;
  std::size_t misdelivered_ = 0, replies_ = 0, lost_ = 0, reported_ = 0;
};

}  // namespace

TEST_CASE("real OVN keeps the curated verdicts", "[curated]") {
  const Options wanted = options(std::chrono::seconds(0));
  Suite suite;
  Progress progress("curated", 4 * 149);
  conformance::for_each_curated_case([&](const conformance::Case& source) {
    if (!wanted.only.empty() && source.name != wanted.only) return;
    for (const int minor : {16, 14})
      for (const bool other_subnet : {false, true}) suite.check(source, {minor, other_subnet});
    progress.at(suite.cases(), suite.flows());
  });
  if (wanted.only.empty()) CHECK(suite.cases() == 4 * 149);
  if (suite.cases() != 0) suite.summarize("curated.jsonl on OVN " + ovn_version(), progress.seconds());
}

TEST_CASE("real OVN keeps the public verdicts", "[public]") {
  const Options wanted = options(std::chrono::seconds(100));
  std::vector<conformance::Case> cases;
  conformance::for_each_case("public.jsonl.gz", 1, [&](conformance::Case source) {
    if (wanted.only.empty() || source.name == wanted.only) cases.push_back(std::move(source));
  });
  std::mt19937 random(wanted.seed);
  for (std::size_t i = cases.size(); i > 1; --i) std::swap(cases[i - 1], cases[random() % i]);
  Suite suite;
  Progress progress("public", 2 * cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!wanted.full && progress.seconds() > static_cast<double>(wanted.budget.count())) break;
    const bool odd = random() % 2 != 0;
    suite.check(cases[i], {16, odd});
    suite.check(cases[i], {14, !odd});
    progress.at(suite.cases(), suite.flows());
  }
  if (suite.cases() != 0)
    suite.summarize(fmt::format("public.jsonl.gz on OVN {}, seed {}", ovn_version(), wanted.seed), progress.seconds());
  if (wanted.only.empty()) CHECK(suite.cases() >= 40);
}
