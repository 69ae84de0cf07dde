// Many reports as one: hand-made ones, and random ones against what must hold of any merge.
#include "report/merge.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace policyconv;
using namespace policyconv::report;

namespace {

Finding finding(Kind kind, const std::string& file, std::uint32_t line, const std::string& policy, const std::string& rule,
                const std::string& fingerprint) {
  Finding made;
  made.kind = kind;
  made.effect = definition(kind).effect;
  made.place.file = file;
  made.place.line = line;
  made.policy = policy;
  made.rule = rule;
  made.message = "said of " + policy + rule;
  made.fingerprint = fingerprint;
  return made;
}

/// One policy of two rules, the second of which is refused.
Report report_of(const std::string& file, const std::string& name, const std::string& fingerprint) {
  Report made;
  made.command = "migrate";
  made.version = "1";
  made.settings = {{"kube-ovn", "1.16"}, {"cilium", "1.18"}};
  made.findings = {finding(Kind::UnsupportedKind, file, 7, "CiliumNetworkPolicy shop/" + name, "spec.ingress[1]", fingerprint)};
  PolicyOutcome policy;
  policy.kind = "CiliumNetworkPolicy";
  policy.ns = "shop";
  policy.name = name;
  policy.place.file = file;
  policy.place.line = 1;
  policy.rules = {{"spec.ingress[0]", Direction::Ingress, Verdict::Allow, 3, Effect::Note, {}},
                  {"spec.ingress[1]", Direction::Ingress, Verdict::Allow, 7, Effect::Refused, {0}}};
  made.policies = {policy};
  made.files = {{file, 1, 0, counts_of(policy)}};
  made.generated = Report::Generated{2, 1, 0};
  made.artefacts = {{file + ".out", "text", {{4, 0, 1}}}};
  made.status = exit_status(made.findings, made.fail_on);
  return made;
}

Report random_report(std::mt19937& random) {
  const auto any = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
  const std::string file = "f" + std::to_string(any(6)) + ".yaml";
  Report made = report_of(file, "p" + std::to_string(any(3)), std::string(16, static_cast<char>('a' + any(3))));
  if (any(2) == 0) made.findings.push_back(finding(Kind::NoPods, "facts.yaml", 1, "", "", std::string(16, 'f')));
  if (any(3) == 0) made.fail_on = Effect::Refused;
  if (any(4) == 0) made.policies.front().rules.pop_back();
  if (any(4) == 0) made.settings[0].second = "1.15";
  return made;
}

}  // namespace

TEST_CASE("indices lead to the same findings and policies after merging") {
  const Report merged = merge({report_of("z.yaml", "web", "1111111111111111"), report_of("a.yaml", "db", "2222222222222222")});
  REQUIRE(merged.policies.size() == 2);
  CHECK(merged.policies[0].name == "db");  // by file
  CHECK(merged.policies[1].name == "web");
  for (const PolicyOutcome& policy : merged.policies) {
    REQUIRE(policy.rules[1].findings.size() == 1);
    CHECK(merged.findings.at(policy.rules[1].findings[0]).policy == "CiliumNetworkPolicy shop/" + policy.name);
  }
  REQUIRE(merged.artefacts.size() == 2);
  for (const Artefact& artefact : merged.artefacts)
    CHECK(merged.policies.at(artefact.links.at(0).policy).place.file + ".out" == artefact.name);
  REQUIRE(merged.files.size() == 2);
  CHECK(merged.files[0].name == "a.yaml");
  CHECK(merged.files[0].rules.refused == 1);
  CHECK((merged.generated == Report::Generated{4, 2, 0}));
  CHECK(merged.status == 5);
}

TEST_CASE("what every run says about shared facts is said once; what is said about policies is kept") {
  Report one = report_of("a.yaml", "db", "2222222222222222"), two = report_of("b.yaml", "db", "2222222222222222");
  for (Report* report : {&one, &two})
    report->findings.push_back(finding(Kind::NoPods, "facts.yaml", 1, "", "", "3333333333333333"));
  two.findings[0] = one.findings[0];  // about the same place in a shared file
  const Report merged = merge({one, two});
  CHECK(merged.findings.size() == 3);
  std::set<std::string> fingerprints;
  for (const Finding& found : merged.findings) fingerprints.insert(found.fingerprint);
  CHECK(fingerprints.size() == 3);
  CHECK(fingerprints.count("2222222222222222") == 1);
  REQUIRE(merged.files.size() == 3);
  CHECK(merged.files[2].name == "facts.yaml");
  CHECK(merged.files[2].errors == 1);
  CHECK(merged.status == 1);
}

TEST_CASE("the least --fail-on counts, and different settings are listed") {
  Report one = report_of("a.yaml", "db", "2222222222222222"), two = report_of("b.yaml", "db", "1111111111111111");
  for (Report* report : {&one, &two}) report->findings[0].effect = report->policies[0].rules[1].effect = Effect::Stricter;
  one.fail_on = two.fail_on = Effect::Refused;
  two.settings[0].second = "1.15";
  Report merged = merge({one, two});
  CHECK(merged.status == 0);
  CHECK((merged.settings == std::vector<std::pair<std::string, std::string>>{{"kube-ovn", "1.15, 1.16"}, {"cilium", "1.18"}}));
  two.fail_on = Effect::Stricter;
  merged = merge({one, two});
  CHECK(merged.status == 3);
  two.findings[0].accepted = Acceptance{"baseline.yaml", "known", "me", ""};
  one.findings[0].accepted = two.findings[0].accepted;
  CHECK(merge({one, two}).status == 0);
}

TEST_CASE("merging is one, whatever the order and however often") {
  CHECK(merge({}).status == 0);
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<Report> reports;
    for (std::size_t count = 1 + random() % 5; count > 0; --count) reports.push_back(random_report(random));
    const Report whole = merge(reports);
    CHECK(merge({whole}) == whole);
    std::vector<Report> shuffled = reports;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    CHECK(merge(shuffled) == whole);
    std::set<std::string> fingerprints;
    for (const Finding& found : whole.findings) fingerprints.insert(found.fingerprint);
    CHECK(fingerprints.size() == whole.findings.size());
    std::size_t policies = 0, rules = 0;
    for (const Report& report : reports) {
      policies += report.policies.size();
      rules += counts_of(report).rules();
    }
    CHECK(whole.policies.size() == policies);
    CHECK(counts_of(whole).rules() == rules);
    for (const PolicyOutcome& policy : whole.policies)
      for (const RuleOutcome& rule : policy.rules)
        for (const std::size_t at : rule.findings) CHECK(whole.findings.at(at).rule == rule.path);
  }
}

TEST_CASE("parts of a job are only complete together") {
  const auto part = [](const std::string& shard) {
    Report made;
    if (!shard.empty()) made.settings = {{"cilium", "1.18"}, {std::string(shard_setting), shard}};
    return made;
  };
  const auto problem = [&](const std::vector<std::string>& shards) {
    std::vector<Report> reports;
    for (const std::string& shard : shards) reports.push_back(part(shard));
    return parts_of(reports).problem;
  };
  CHECK(problem({}) == "");
  CHECK(problem({"", ""}) == "");
  CHECK(problem({"1 of 3", "0 of 3", "2 of 3"}) == "");
  CHECK(problem({"0 of 3", "2 of 3"}) == "part 1 is missing");
  CHECK(problem({"0 of 2", "1 of 2", "1 of 2"}) == "part 1 is there 2 times");
  CHECK(problem({"0 of 2", "1 of 2", ""}) == "reports of no part: 1");
  CHECK(problem({"0 of 2", "1 of 2", "0 of 1"}) == "part 0 of 1 belongs to another job");
  CHECK(parts_of({part("0 of 3")}).job == "3");
  CHECK(problem({"0 of 99999999999999999999"}) != "");
}
