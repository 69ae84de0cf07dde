// Random clusters, policies and flows: what the policies mean, what the Program means and what the objects mean, as three
// evaluators that share no code have it. A small share here; `./x test long` has a million flows (docs/testing.md).
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <iostream>

#include "tests/long/generate.h"
#include "tests/long/run.h"
#include "tests/long/shrink.h"

using namespace policyconv;
using namespace policyconv::long_tests;
using json = nlohmann::json;

namespace {

/// Drops the first rule of a band that begins so.
Damage without_rule(const std::string& band) {
  return {{}, [band](kubeovn::Manifest& manifest) {
            for (kubeovn::SecurityGroup& group : manifest.security_groups)
              for (auto* rules : {&group.ingress, &group.egress})
                for (auto rule = rules->begin(); rule != rules->end(); ++rule)
                  if (rule->band.starts_with(band)) {
                    rules->erase(rule);
                    return;
                  }
          }};
}

/// Forgets one pod.
Damage without_binding() {
  return {{}, [](kubeovn::Manifest& manifest) {
            if (!manifest.bindings.empty()) manifest.bindings.erase(manifest.bindings.begin());
          }};
}

/// Turns the first rule with this verdict into its opposite.
Damage flipped(Verdict verdict) {
  return {[verdict](ir::Program& program) {
            for (ir::Rule& rule : program.rules)
              if (rule.verdict == verdict) {
                rule.verdict = verdict == Verdict::Allow ? Verdict::Deny : Verdict::Allow;
                return;
              }
          },
          {}};
}

/// The first random case that fails so under the damage.
json first_case(Symptom symptom, const Damage& damage) {
  for (std::size_t number = 0; number < 2000; ++number) {
    json line = random_case(7, number, flows_of_case);
    for (const Failure& failure : judge(line, {symptom.against, damage}).failures)
      if (failure.symptom == symptom) return line;
  }
  FAIL("no case fails so");
  return {};
}

std::size_t rules_of(const json& policies) {
  std::size_t rules = 0;
  for (const json& policy : policies) {
    std::vector<json> specs;
    if (policy.contains("spec")) specs.push_back(policy["spec"]);
    if (policy.contains("specs")) specs.insert(specs.end(), policy["specs"].begin(), policy["specs"].end());
    for (const json& spec : specs)
      for (const char* list : {"ingress", "egress", "ingressDeny", "egressDeny"})
        if (spec.contains(list)) rules += spec[list].size();
  }
  return rules;
}

void shrinks(Symptom symptom, const Damage& damage, std::size_t most_rules = 1) {
  const json line = first_case(symptom, damage);
  const Shrunk shrunk = shrink(line, symptom, damage);
  INFO(report(shrunk));
  CHECK(shrunk.line["policies"].size() <= most_rules);
  CHECK(rules_of(shrunk.line["policies"]) <= most_rules);
  CHECK(shrunk.line["objects"].size() <= 5);
  CHECK(shrunk.line["flows"].size() == 1);
  CHECK(shrink(line, symptom, damage).line == shrunk.line);
  const json read_back = json::parse(shrunk.line.dump());
  const auto failures = judge(read_back, {symptom.against, damage}).failures;
  REQUIRE_FALSE(failures.empty());
  CHECK(failures.front().symptom == symptom);
  CHECK(shrunk.words.starts_with(to_string(symptom)));
  CHECK(judge(read_back).failures.empty());
  const conformance::Case as_corpus = conformance::case_of(read_back);  // the reader of the corpora takes it
  CHECK(as_corpus.flows.size() == 1);
}

}  // namespace

TEST_CASE("random flows: policies, Program and objects agree", "[random]") {
  const bool slow_build = conformance::sample_step() > 1;
  const Plan plan = plan_of(20261123, slow_build ? 600 : 20'000);
  std::cout << "long test: seed " << plan.seed << ", " << plan.flows << " flows" << std::endl;
  const auto start = std::chrono::steady_clock::now();
  const Tally tally = run(plan);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::cout << to_string(tally, plan, seconds);
  for (const auto& [symptom, number] : tally.first)
    std::cout << "\n" << report(shrink(random_case(plan.seed, number, flows_of_case), symptom));
  CHECK(tally.failures == 0);
  CHECK(tally.flows >= plan.flows);
  if (tally.flows < 10'000) return;
  // A generator that makes nothing to decide would agree with everybody.
  CHECK(tally.unusable * 20 < tally.cases);
  CHECK(tally.denied * 5 > tally.verdicts);
  CHECK(tally.denied * 5 < tally.verdicts * 4);
  CHECK(tally.same * 5 > tally.results);
  CHECK(tally.explained * 10 < tally.verdicts);
}

TEST_CASE("what was found once") {
  std::ifstream file(POLICYCONV_SOURCE_DIR "/tests/long/found.jsonl");
  std::size_t lines = 0;
  for (std::string text; std::getline(file, text); ++lines) {
    const json line = json::parse(text);
    INFO(text);
    const Judgement judgement = judge(line);
    CHECK(judgement.usable);
    CHECK(judgement.flows == line["flows"].size());
    for (const Failure& failure : judgement.failures) FAIL_CHECK(failure.words);
    CHECK(with_verdicts(line) == line);
  }
  CHECK(lines > 0);
}

TEST_CASE("the same seed gives the same cases") {
  CHECK(random_case(1, 2, 50) == random_case(1, 2, 50));
  CHECK(random_case(1, 2, 50) != random_case(1, 3, 50));
  CHECK(random_case(1, 2, 50) != random_case(2, 2, 50));
}

TEST_CASE("a pod that is not bound shrinks to one policy with one rule") {
  shrinks({Against::Objects16, Fault::Looser}, without_binding());
}
TEST_CASE("a deny that is lost shrinks to that rule and what allows the same") {
  shrinks({Against::Objects16, Fault::Looser}, without_rule("D1"), 2);
  shrinks({Against::Objects15, Fault::Looser}, without_rule("D2"), 2);
}
TEST_CASE("an allow that is lost shrinks to one policy with one rule") {
  shrinks({Against::Objects16, Fault::Unequal}, without_rule("A1"));
}
TEST_CASE("a verdict of the Program that is turned shrinks to one policy with one rule") {
  shrinks({Against::Program, Fault::Unequal}, flipped(Verdict::Allow));
  shrinks({Against::Program, Fault::Looser}, flipped(Verdict::Deny));
}
