// The terminal report: carets, grouping, repetitions, the table of policies, totals, exit status.
#include "report/text.h"

#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "report/build.h"
#include "report/terminal.h"

using namespace policyconv;
using report::Tolerance;

namespace {

constexpr std::string_view two_rules =
    "kind: CiliumNetworkPolicy\n"
    "spec:\n"
    "  ingress:\n"
    "  - toPorts: []\n"
    "  - icmps: []\n";

struct Run {
  Sources sources;
  Catalog catalog;
  Diagnostics diagnostics;
  kubeovn::Manifest manifest;
  bool compiled = true, list_groups = false;

  Run() {
    sources.add("shop.yaml", std::string(two_rules));
    catalog.policies = {{"CiliumNetworkPolicy", "shop", "web", {1, 1, 1}, true}};
    catalog.rules = {{PolicyId{0}, "spec.ingress[0]", Direction::Ingress, Verdict::Allow, {1, 4, 5}},
                     {PolicyId{0}, "spec.ingress[1]", Direction::Ingress, Verdict::Allow, {1, 5, 5}}};
  }

  /// A finding with the effect of `kind`, without a message that the table would have to know.
  Diagnostic& add(Kind kind, Loc where, std::string message = "what was seen") {
    diagnostics.all().push_back({kind, where, RuleId::None, PolicyId::None, std::move(message), {}});
    return diagnostics.all().back();
  }

  [[nodiscard]] report::Report made(const Tolerance& tolerance = {}) const {
    return report::make("migrate", {sources, catalog, diagnostics, compiled ? &manifest : nullptr, list_groups}, tolerance);
  }
  [[nodiscard]] std::string report(const report::TextStyle& style = {}, const Tolerance& tolerance = {}) const {
    std::ostringstream out;
    report::print_text(made(tolerance), style, out);
    return out.str();
  }
};

/// Some kind of the table with that effect, so that these tests do not depend on one.
Kind some(Effect effect) {
  for (std::size_t at = 0; at < std::size(definitions); ++at)
    if (definitions[at].effect == effect && !definitions[at].help.empty()) return static_cast<Kind>(at);
  FAIL("the table has no such effect");
  return {};
}

std::string code(Effect effect) { return std::string(definition(some(effect)).code); }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("text that would disturb a terminal is escaped") {
  struct Row {
    std::string text, shown;
  };
  const Row rows[] = {{"plain", "plain"},
                      {"tab\tand\nline", "tab\\tand\\nline"},
                      {"\x1b[31mred", "\\x1b[31mred"},
                      {"caf\xC3\xA9 \xE7\xBD\x91", "caf\xC3\xA9 \xE7\xBD\x91"},
                      {"bad \xFF\xC3", "bad \\xff\\xc3"},
                      {"overlong \xC0\xAF", "overlong \\xc0\\xaf"},
                      {"surrogate \xED\xA0\x80", "surrogate \\xed\\xa0\\x80"},
                      {"reversed \xE2\x80\xAE", "reversed \\u{202e}"},
                      {"next line \xC2\x85", "next line \\u{85}"},
                      {std::string("nul \0", 5), "nul \\x00"}};
  for (const Row& row : rows) CHECK(report::printable(row.text) == row.shown);
  CHECK(report::columns("\xE7\xBD\x91x") == 3);
  CHECK(report::columns("e\xCC\x81") == 1);
}

TEST_CASE("the caret stands under the column") {
  struct Row {
    std::string line;
    std::uint32_t column;
    std::string shown;
  };
  const Row rows[] = {{"port: 80", 7, "    4 | port: 80\n      |       ^\n"},
                      {"\tport: 80", 2, "    4 |     port: 80\n      |     ^\n"},
                      {"a\tb", 3, "    4 | a   b\n      |     ^\n"},
                      {"\xE7\xBD\x91: 80", 6, "    4 | \xE7\xBD\x91: 80\n      |     ^\n"},
                      {"\xFF: 80", 4, "    4 | \\xff: 80\n      |       ^\n"},
                      {"short", 90, "    4 | short\n      |      ^\n"},
                      {"", 1, "    4 | \n      | ^\n"}};
  for (const Row& row : rows) CHECK(report::snippet(row.line, 4, row.column, false) == row.shown);
}

TEST_CASE("a byte order mark takes no column") {
  CHECK(report::snippet("\xEF\xBB\xBFkind: X", 1, 7, false) == "    1 | kind: X\n      |       ^\n");
}

TEST_CASE("long lines are cut around the caret") {
  const std::string line = std::string(400, 'a') + "X" + std::string(400, 'b');
  const std::string text = report::snippet(line, 1, 401, false);
  const std::string first = text.substr(0, text.find('\n')), second = text.substr(first.size() + 1);
  CHECK(report::columns(first) < 120);
  CHECK(contains(first, "…a"));
  CHECK(contains(first, "b…"));
  CHECK(report::columns(first.substr(0, first.find('X'))) == second.find('^'));
}

TEST_CASE("a line of megabytes costs no more than a short one") {
  const std::string line(10'000'000, 'a');
  for (const std::uint32_t column : {1U, 5'000'000U, 9'999'999U})
    CHECK(report::snippet(line, 1, column, false).size() < 400);
}

TEST_CASE("a finding names place, effect, code, line, rule and remedy") {
  Run run;
  Diagnostic& finding = run.add(some(Effect::Stricter), {1, 5, 5}, "this cannot be said");
  finding.rule = RuleId{1};
  finding.suggestion = "did you mean `icmp`?";
  const std::string text = run.report();
  CHECK(contains(text, "shop.yaml:5:5: stricter[" + code(Effect::Stricter) +
                           "]: this cannot be said\n"
                           "    5 |   - icmps: []\n"
                           "      |     ^\n"
                           "      = in: CiliumNetworkPolicy shop/web spec.ingress[1]\n"
                           "      = help: did you mean `icmp`?\n"
                           "      = help: " +
                           std::string(definition(some(Effect::Stricter)).help) + "\n"));
}

TEST_CASE("findings without a place have no caret") {
  Run run;
  run.add(some(Effect::Note), {}, "about no file");
  run.add(some(Effect::Note), {1, 0, 0}, "about a whole file");
  const std::string text = run.report();
  const std::string tag = "note[" + code(Effect::Note) + "]: ";
  CHECK(text.starts_with("shop.yaml: " + tag + "about a whole file\n"));
  CHECK(contains(text, "\n" + tag + "about no file\n"));
  CHECK_FALSE(contains(text, "^"));
}

TEST_CASE("the last line is found with and without a line end") {
  for (const char* end : {"", "\n", "\r\n"}) {
    Run run;
    run.sources.add("other.yaml", std::string("first\r\nlast") + end);
    run.add(some(Effect::Note), {2, 1, 1});
    run.add(some(Effect::Note), {2, 2, 1});
    run.add(some(Effect::Note), {2, 9, 1});
    const std::string text = run.report();
    CHECK(contains(text, "    1 | first\n"));
    CHECK(contains(text, "    2 | last\n"));
    CHECK(contains(text, "    9 | \n"));
  }
}

TEST_CASE("help is given once for each code") {
  Run run;
  for (std::uint32_t line = 1; line <= 3; ++line) run.add(some(Effect::Looser), {1, line, 1});
  CHECK(count(run.report(), std::string(definition(some(Effect::Looser)).help)) == 1);
}

TEST_CASE("findings come by urgency") {
  Run run;
  for (const Effect effect : {Effect::Note, Effect::NoEffect, Effect::Stricter, Effect::Looser, Effect::Refused})
    run.add(some(effect), {1, 1, 1});
  const std::string text = run.report();
  std::size_t last = 0;
  for (const Effect effect : {Effect::Refused, Effect::Looser, Effect::Stricter, Effect::NoEffect, Effect::Note}) {
    const std::size_t at = text.find("[" + code(effect) + "]");
    REQUIRE(at != std::string::npos);
    CHECK(at >= last);
    last = at;
  }
}

TEST_CASE("many findings of one code are cut unless the report is verbose") {
  const auto with = [](std::uint32_t findings) {
    Run run;
    for (std::uint32_t at = 0; at < findings; ++at) run.add(some(Effect::Stricter), {1, 1, at + 1});
    return run;
  };
  report::TextStyle verbose;
  verbose.verbose = true;
  const std::string tag = "stricter[" + code(Effect::Stricter) + "]";
  CHECK(count(with(20).report(), tag) == 20);
  CHECK(count(with(47).report(), tag) == 10);
  CHECK(contains(with(47).report(), "… and 37 more of " + code(Effect::Stricter) + " (use -v)\n"));
  CHECK(count(with(47).report(verbose), tag) == 47);
}

TEST_CASE("the table says what became of every rule") {
  Run run;
  run.add(some(Effect::Note), {1, 4, 5}).rule = RuleId{0};
  run.add(some(Effect::Stricter), {1, 5, 5}).rule = RuleId{1};
  CHECK(contains(run.report(),
                 "  shop/web  CiliumNetworkPolicy  2 rules: 1 same, 1 stricter\n"
                 "      spec.ingress[1]  stricter (" +
                     code(Effect::Stricter) +
                     ")\n\n"
                     "1 policy, 2 rules: 1 same, 1 stricter · 0 SecurityGroups · "
                     "exit 3 (something is stricter)\n"));
  report::TextStyle verbose;
  verbose.verbose = true;
  CHECK(contains(run.report(verbose), "      spec.ingress[0]  same\n"));
}

TEST_CASE("of many rules with findings in one policy a few are listed unless the report is verbose") {
  const auto with = [](std::uint32_t rules) {
    Run run;
    const SourceRule rule = run.catalog.rules[0];
    run.catalog.rules.assign(rules, rule);
    for (std::uint32_t at = 0; at < rules; ++at) run.add(some(Effect::Stricter), {1, 4, at + 1}).rule = RuleId{at};
    return run;
  };
  const std::string row = "      spec.ingress[0]  stricter (" + code(Effect::Stricter) + ")\n";
  CHECK(count(with(20).report(), row) == 20);
  CHECK(count(with(47).report(), row) == 10);
  CHECK(contains(with(47).report(), row + "      … and 37 more rules with findings (use -v)\n\n"));
  report::TextStyle verbose;
  verbose.verbose = true;
  CHECK(count(with(47).report(verbose), row) == 47);
}

TEST_CASE("the worst finding decides about a rule") {
  Run run;
  for (const Effect effect : {Effect::Stricter, Effect::Refused, Effect::Looser, Effect::NoEffect})
    run.add(some(effect), {1, 4, 5}).rule = RuleId{0};
  CHECK(contains(run.report(), "2 rules: 1 same, 1 refused\n"));
}

TEST_CASE("a policy that Cilium does not enforce has no effect") {
  Run run;
  run.catalog.policies[0].enforced = false;
  CHECK(contains(run.report(), "2 rules: 2 no effect\n"));
}

TEST_CASE("a finding about a whole policy is shown beside its rules") {
  Run run;
  run.add(some(Effect::Refused), {1, 1, 1}).policy = PolicyId{0};
  CHECK(contains(run.report(), "2 rules: 2 same; the policy as a whole: refused (" + code(Effect::Refused) + ")\n"));
}

TEST_CASE("many unchanged policies are cut unless the report is verbose") {
  Run run;
  run.catalog.policies.resize(50, run.catalog.policies[0]);
  CHECK(contains(run.report(), "  … and 40 more policies, all same (use -v)\n"));
}

TEST_CASE("totals count what was made") {
  Run run;
  run.manifest.security_groups = {{"pc-a", "ovn-cluster", "app in (a)", {}, {}}, {"pc-b", "ovn-cluster", "b", {}, {}}};
  run.manifest.subnets = {{"ovn-default", {}, {}}};
  run.manifest.bindings = {{"shop", "web-0", {"pc-a"}}, {"shop", "web-1", {"pc-a"}}};
  run.list_groups = true;
  const std::string text = run.report();
  CHECK(
      contains(text, "1 policy, 2 rules: 2 same · 2 SecurityGroups, 1 Subnet, 2 pods bound · exit 0 (same meaning)\n"));
  CHECK(contains(text, "  pc-a  app in (a)\n  pc-b  b\n"));
}

TEST_CASE("after an error only findings and totals are shown") {
  Run run;
  run.compiled = false;
  run.add(some(Effect::Error), {1, 1, 1});
  const std::string text = run.report();
  CHECK(contains(text, "1 error · no objects were made · exit 1 (bad input, or reading or writing failed)\n"));
  CHECK_FALSE(contains(text, "rules"));
}

TEST_CASE("a quiet report has errors only") {
  Run run;
  run.add(some(Effect::Refused), {1, 1, 1});
  report::TextStyle quiet;
  quiet.quiet = true;
  CHECK(run.report(quiet).empty());
  run.add(some(Effect::Error), {1, 1, 1});
  CHECK(contains(run.report(quiet), "error["));
}

TEST_CASE("colours only when asked") {
  Run run;
  run.add(some(Effect::Refused), {1, 1, 1}).rule = RuleId{0};
  CHECK_FALSE(contains(run.report(), "\x1b"));
  report::TextStyle coloured;
  coloured.colour = true;
  CHECK(contains(run.report(coloured), "\x1b[1;31mrefused[" + code(Effect::Refused) + "]\x1b[0m"));
}

TEST_CASE("the exit status is that of the worst finding, from a level on") {
  struct Row {
    std::vector<Effect> findings;
    Effect fail_on;
    int status;
  };
  const Row rows[] = {{{}, Effect::Stricter, 0},
                      {{Effect::Note, Effect::NoEffect}, Effect::Stricter, 0},
                      {{Effect::Stricter, Effect::Note}, Effect::Stricter, 3},
                      {{Effect::Stricter, Effect::Looser}, Effect::Stricter, 4},
                      {{Effect::Looser, Effect::Refused, Effect::Stricter}, Effect::Stricter, 5},
                      {{Effect::Stricter}, Effect::Looser, 0},
                      {{Effect::Looser}, Effect::Looser, 4},
                      {{Effect::Looser}, Effect::Refused, 0},
                      {{Effect::Refused}, Effect::Refused, 5},
                      {{Effect::Error}, Effect::Refused, 1},
                      {{Effect::Error, Effect::Refused}, Effect::Stricter, 1}};
  for (const Row& row : rows) {
    Run run;
    for (const Effect effect : row.findings) run.add(some(effect), {1, 1, 1});
    const Tolerance tolerance{{}, row.fail_on};
    CHECK(run.made(tolerance).status == row.status);
    CHECK(contains(run.report({}, tolerance), "exit " + std::to_string(row.status) + " ("));
  }
}

TEST_CASE("what the user accepts is looser, no longer refused") {
  Run run;
  run.add(some(Effect::Refused), {1, 5, 5}).rule = RuleId{1};
  const Tolerance tolerance{{code(Effect::Refused)}, Effect::Stricter};
  const std::string text = run.report({}, tolerance);
  CHECK(contains(text, "looser[" + code(Effect::Refused) + "]"));
  CHECK(contains(text, "= accepted: --allow-looser " + code(Effect::Refused) + " lets it pass instead\n"));
  CHECK(contains(text, "2 rules: 1 same, 1 looser\n"));
  CHECK(run.made(tolerance).status == 4);
}
