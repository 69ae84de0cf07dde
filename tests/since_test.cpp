// Two reports at different times.
#include "report/since.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/command_line.h"

using namespace policyconv;
using namespace policyconv::report;
using policyconv::testing::contains;

namespace {

PolicyOutcome policy(const std::string& file, const std::string& name, const std::vector<Effect>& rules) {
  PolicyOutcome made;
  made.kind = "CiliumNetworkPolicy";
  made.ns = "shop";
  made.name = name;
  made.place.file = file;
  for (std::size_t at = 0; at < rules.size(); ++at)
    made.rules.push_back({"spec.ingress[" + std::to_string(at) + "]", Direction::Ingress, Verdict::Allow, 1, rules[at], {}});
  return made;
}

Report report_of(std::vector<PolicyOutcome> policies) {
  Report made;
  made.policies = std::move(policies);
  return made;
}

std::vector<Trend> trends(const Since& since) {
  std::vector<Trend> found;
  for (const RuleChange& change : since.changes) found.push_back(change.trend);
  return found;
}

constexpr Effect same = Effect::Note, no_effect = Effect::NoEffect, stricter = Effect::Stricter, looser = Effect::Looser,
                 refused = Effect::Refused;

}  // namespace

TEST_CASE("each rule is better, worse, new or gone") {
  const Since since = compare(report_of({policy("a", "web", {same, refused, stricter, same}), policy("a", "old", {looser})}),
                              report_of({policy("a", "web", {stricter, same, stricter, same}), policy("a", "api", {refused})}));
  CHECK(trends(since) == std::vector<Trend>{Trend::Worse, Trend::New, Trend::Better, Trend::Gone});
  CHECK(since.changes[0].rule == "spec.ingress[0]");
  CHECK((since.changes[0].before == same && since.changes[0].after == stricter));
  CHECK(since.changes[1].policy == "CiliumNetworkPolicy shop/api");
  CHECK_FALSE(since.changes[1].before.has_value());
  CHECK((since.changes[2].before == refused && since.changes[2].after == same));
  CHECK(since.changes[3].policy == "CiliumNetworkPolicy shop/old");
  CHECK_FALSE(since.changes[3].after.has_value());
  CHECK(compare(report_of({policy("a", "web", {same, refused})}), report_of({policy("a", "web", {same, refused})})).changes.empty());
}

TEST_CASE("refused is worse than stricter, and looser than both") {
  const std::vector<Effect> order = {same, no_effect, stricter, refused, looser};
  for (std::size_t from = 0; from < order.size(); ++from)
    for (std::size_t to = 0; to < order.size(); ++to) {
      const Since since = compare(report_of({policy("a", "web", {order[from]})}), report_of({policy("a", "web", {order[to]})}));
      const std::vector<Trend> expected = from == to  ? std::vector<Trend>{}
                                          : from < to ? std::vector<Trend>{Trend::Worse}
                                                      : std::vector<Trend>{Trend::Better};
      CHECK(trends(since) == expected);
    }
}

TEST_CASE("a policy that moves to another file is the same, unless there are two of its name") {
  CHECK(compare(report_of({policy("a", "web", {refused})}), report_of({policy("b", "web", {refused})})).changes.empty());
  const Report before = report_of({policy("a", "web", {refused}), policy("b", "web", {same})});
  const Report after = report_of({policy("a", "web", {same}), policy("b", "web", {refused})});
  const Since since = compare(before, after);
  CHECK(trends(since) == std::vector<Trend>{Trend::Worse, Trend::Better});
  CHECK(since.changes[0].file == "b");
  // One of the two is gone: the one that stayed is still told by its file.
  CHECK(trends(compare(before, report_of({policy("b", "web", {same})}))) == std::vector<Trend>{Trend::Gone});
}

TEST_CASE("findings are the same by fingerprint") {
  Report before, after;
  for (const char* fingerprint : {"a", "b"}) before.findings.emplace_back().fingerprint = fingerprint;
  for (const char* fingerprint : {"b", "c"}) after.findings.emplace_back().fingerprint = fingerprint;
  const Since since = compare(before, after);
  REQUIRE(since.appeared.size() == 1);
  CHECK(since.appeared[0].fingerprint == "c");
  REQUIRE(since.vanished.size() == 1);
  CHECK(since.vanished[0].fingerprint == "a");
}

TEST_CASE("the ratchet holds the share of rules that mean the same") {
  struct Row {
    std::vector<Effect> before, after;
    bool fell;
  };
  const Row rows[] = {
      {{same, same}, {same, same}, false},
      {{same, same}, {same, stricter}, true},
      {{same, stricter}, {same, refused}, false},           // worse, but no less is kept
      {{same, refused}, {same, refused, same}, false},      // more is kept
      {{same, refused}, {same, refused, refused}, true},    // a smaller share
      {{same, refused}, {same, same, refused, refused}, false},
      {{same, same, refused}, {same, refused}, true},       // 2 of 3, 1 of 2
      {{same}, {no_effect}, false},                         // what Cilium does not enforce loses nothing
      {{}, {refused}, false},
      {{same}, {}, false},
  };
  for (const Row& row : rows) {
    const Since since = compare(report_of({policy("a", "web", row.before)}), report_of({policy("a", "web", row.after)}));
    INFO(row.before.size() << " rules before, " << row.after.size() << " after");
    CHECK(since.share_fell == row.fell);
    CHECK(ratchet_status(since, 0) == (row.fell ? 3 : 0));
    CHECK(ratchet_status(since, 1) == 1);  // then nothing is decided
    CHECK(ratchet_status(since, 5) == 5);
  }
}

TEST_CASE("the comparison in words") {
  const Since since = compare(report_of({policy("a", "web", {same, refused, same})}),
                              report_of({policy("b", "w\x1b[31meb", {stricter}), policy("a", "web", {stricter, same, same})}));
  const std::string text = since_text(since, true, {});
  CHECK(contains(text, "  worse   a: CiliumNetworkPolicy shop/web spec.ingress[0]: same -> stricter\n"));
  CHECK(contains(text, "  better  a: CiliumNetworkPolicy shop/web spec.ingress[1]: refused -> same\n"));
  CHECK(contains(text, "  1 worse, 1 new, 1 better, 0 gone · kept identical: 66.6 % of 3 rules -> 50.0 % of 4 rules\n"));
  CHECK(contains(text, "--ratchet does not allow"));
  CHECK_FALSE(contains(text, "\x1b"));
  CHECK_FALSE(contains(since_text(since, false, {}), "--ratchet"));
  CHECK(since_text(since, false, {false, false, true}).empty());
}

TEST_CASE("the ratchet does not allow that a rule opens, whatever the share") {
  const Since opened = compare(report_of({policy("a", "web", {same, refused})}), report_of({policy("a", "web", {same, looser})}));
  CHECK_FALSE(opened.share_fell);
  CHECK(opened.opened);
  CHECK(ratchet_status(opened, 0) == 3);
  CHECK(since_text(opened, true, {}).find("a rule became looser, which --ratchet does not allow") != std::string::npos);
  const Since closed = compare(report_of({policy("a", "web", {same, looser})}), report_of({policy("a", "web", {same, refused})}));
  CHECK_FALSE(closed.slipped());
  CHECK(closed.changes.at(0).trend == Trend::Better);
}
