// The source evaluator and the validation against every verdict of Cilium's engine in tests/conformance.
#include <catch2/catch.hpp>
#include <chrono>
#include <iostream>

#include "tests/conformance.h"
#include "verify/decide_source.h"

using namespace policyconv;

namespace {

struct Tally {
  std::size_t cases = 0, flows = 0, disagreements = 0, rejections = 0;
  double seconds = 0;  // spent in decide()

  void disagree(const std::string& text) {
    constexpr std::size_t shown = 20;
    if (++disagreements <= shown) UNSCOPED_INFO(text);
  }

  void check(const conformance::Case& source) {
    ++cases;
    const conformance::Input input = conformance::read(source);
    const auto rejected = conformance::rejected_in(input.policies);
    rejections += rejected.size();
    for (const auto& [policy, error] : source.rejected)
      if (const auto found = rejected.find(policy); found == rejected.end())
        disagree(source.name + " accepts " + policy + ", Cilium: " + error);
      else if (found->second != error)
        disagree(source.name + " rejects " + policy + ": " + found->second + "\n  Cilium: " + error);
    for (const auto& [policy, error] : rejected)
      if (source.rejected.count(policy) == 0) disagree(source.name + " rejects " + policy + ": " + error);
    check_flows(source, input);
  }

  void check_flows(const conformance::Case& source, const conformance::Input& input) {
    const Semantics semantics = conformance::semantics();
    const verify::SourceMeaning meaning(input.policies, input.cluster, semantics);
    std::vector<verify::Flow> flows_here;
    for (const conformance::Flow& flow : source.flows) flows_here.push_back(conformance::resolve(flow, input.cluster));
    const auto verdict = [](const std::optional<verify::Decision>& decision) {
      return decision ? std::optional(decision->verdict) : std::nullopt;
    };
    const auto name = [](const std::optional<Verdict>& v) { return v ? std::string(to_string(*v)) : "none"; };
    for (std::size_t i = 0; i < flows_here.size(); ++i) {
      const conformance::Flow& wanted = source.flows[i];
      const auto start = std::chrono::steady_clock::now();
      const auto egress = meaning.decide(flows_here[i], Direction::Egress);
      const auto ingress = meaning.decide(flows_here[i], Direction::Ingress);
      seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      ++flows;
      if (verdict(egress) != wanted.egress || verdict(ingress) != wanted.ingress ||
          meaning.decide(flows_here[i]) != wanted.verdict)
        disagree(source.name + ": " + conformance::to_string(wanted) + " egress " + name(verdict(egress)) + " (" +
                 (egress ? egress->reason : "") + "), ingress " + name(verdict(ingress)) + " (" +
                 (ingress ? ingress->reason : "") + "); Cilium: egress " + name(wanted.egress) + ", ingress " +
                 name(wanted.ingress));
    }
  }

  void print(const std::string& file) const {
    std::cout << file << ": " << cases << " cases, " << flows << " flows, " << rejections << " rejected policies, "
              << disagreements << " disagreements, " << static_cast<long>(2.0 * static_cast<double>(flows) / seconds)
              << " decisions/s\n";
  }
};

}  // namespace

TEST_CASE("the source evaluator agrees with Cilium on the curated corpus") {
  Tally tally;
  conformance::for_each_curated_case([&](const conformance::Case& source) { tally.check(source); });
  tally.print("curated.jsonl");
  CHECK(tally.cases == 149);
  CHECK(tally.flows == 4915);
  CHECK(tally.disagreements == 0);
}

TEST_CASE("the source evaluator agrees with Cilium on the public corpus") {
  Tally tally;
  conformance::for_each_public_case([&](const conformance::Case& source) { tally.check(source); });
  tally.print("public.jsonl.gz");
  if (conformance::sample_step() == 1) {
    CHECK(tally.cases == 1500);
    CHECK(tally.flows == 76471);
  }
  CHECK(tally.disagreements == 0);
}
