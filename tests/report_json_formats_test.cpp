// The JSON report: nothing is lost on the way there and back, its schema is the truth, and nothing that a user could
// give instead of one is taken for one.
#include <functional>
#include <set>

#include "tests/report_formats.h"

using namespace policyconv;
using namespace policyconv::testing;
using report::Report;

namespace {

using Json = nlohmann::json;

const JsonSchema& schema() {
  static const JsonSchema parsed("docs/schemas/report-1.schema.json", valijson::SchemaParser::kDraft7);
  return parsed;
}

/// Reports with everything in them that the type allows, small numbers of each.
class Chance {
 public:
  explicit Chance(std::uint32_t seed) : random_(seed) {}

  Report report() {
    Report made;
    made.command = text();
    made.version = text();
    made.settings = pairs();
    made.groups = pairs();
    made.sources = pairs();
    made.fail_on = effect();
    made.status = number<int>(0, 5);
    made.findings = list<report::Finding>([&] { return finding(); });
    made.policies = list<report::PolicyOutcome>([&] { return policy(made.findings.size()); });
    made.files = list<report::FileOutcome>([&] { return report::FileOutcome{text(), size(), size(), counts()}; });
    if (coin()) made.generated = Report::Generated{size(), size(), size()};
    made.artefacts = list<report::Artefact>([&] { return artefact(made); });
    if (coin()) made.matrix = matrix();
    return made;
  }

  std::size_t below(std::size_t most) { return number<std::size_t>(0, most - 1); }

  std::string text() {
    const std::vector<std::string> parts = {
        "a",        "shop/web", "\"", "\\",           "\n",           std::string(1, '\0'), "\x1f",      "\x7f",
        "\xC3\xA9", "网",       "😀",  "\xEF\xBF\xBF", "\xE2\x80\xA8", "\xE2\x80\xAE",       "</script>", "]]>"};
    std::string made;
    for (std::size_t count = below(4); count > 0; --count) made += parts[below(parts.size())];
    return made;
  }

 private:
  template <typename T>
  T number(T first, T last) {
    return std::uniform_int_distribution<T>(first, last)(random_);
  }
  bool coin() { return number<int>(0, 1) == 1; }
  std::size_t size() { return coin() ? below(5) : number<std::size_t>(0, std::numeric_limits<std::int64_t>::max()); }
  std::uint32_t line() { return coin() ? number<std::uint32_t>(0, 9) : std::numeric_limits<std::uint32_t>::max(); }
  Effect effect() { return static_cast<Effect>(below(6)); }
  report::Counts counts() { return {size(), size(), size(), size(), size()}; }
  template <typename T, typename Make>
  std::vector<T> list(const Make& make) {
    std::vector<T> made;
    for (std::size_t count = below(4); count > 0; --count) made.push_back(make());
    return made;
  }
  std::vector<std::pair<std::string, std::string>> pairs() {
    return list<std::pair<std::string, std::string>>([&] { return std::pair{text(), text()}; });
  }
  std::vector<std::size_t> numbers(std::size_t most) {
    if (most == 0) return {};
    return list<std::size_t>([&] { return below(most); });
  }
  report::Place place() {
    return coin() ? report::Place{} : report::Place{text(), line(), line(), text(), line(), text()};
  }

  report::Finding finding() {
    report::Finding made{static_cast<Kind>(below(std::size(definitions))),
                         effect(),
                         place(),
                         text(),
                         text(),
                         text(),
                         text(),
                         {},
                         text(),
                         {}};
    made.arguments = list<std::string>([&] { return text(); });
    if (coin()) made.accepted = report::Acceptance{text(), text(), text(), text()};
    return made;
  }
  report::PolicyOutcome policy(std::size_t findings) {
    report::PolicyOutcome made{text(), text(), text(), place(), coin(), effect(), numbers(findings), {}};
    made.rules = list<report::RuleOutcome>([&] {
      return report::RuleOutcome{text(),
                                 coin() ? Direction::Ingress : Direction::Egress,
                                 coin() ? Verdict::Allow : Verdict::Deny,
                                 line(),
                                 effect(),
                                 numbers(findings)};
    });
    return made;
  }
  report::Artefact artefact(const Report& report) {
    report::Artefact made{text(), text(), {}};
    for (std::size_t at = 0; at < report.policies.size(); ++at)
      for (std::size_t rule = 0; rule < report.policies[at].rules.size(); ++rule)
        if (coin()) made.links.push_back({line(), at, rule});
    return made;
  }
  report::Matrix matrix() {
    report::Matrix made;
    made.ends = list<std::string>([&] { return text(); });
    const auto reach = [&] { return static_cast<report::Matrix::Reach>(below(3)); };
    made.cells.resize(made.ends.size());
    for (auto& row : made.cells)
      for (std::size_t at = 0; at < made.ends.size(); ++at) row.push_back({reach(), reach(), coin(), coin()});
    made.left_out = size();
    return made;
  }

  std::mt19937 random_;
};

std::optional<Report> read_back(const Report& report) {
  std::string problem;
  std::optional<Report> back = report::from_json(report::to_json(report), problem);
  INFO(problem);
  CHECK(back.has_value());
  CHECK(problem.empty());
  return back;
}

/// Why this is no report.
std::string refused(const std::string& text) {
  std::string problem;
  CHECK_FALSE(report::from_json(text, problem).has_value());
  CHECK_FALSE(problem.empty());
  return problem;
}

/// Visits every value of a document, deepest last, with its pointer.
void each_value(const Json& json, const Json::json_pointer& at,
                const std::function<void(const Json::json_pointer&)>& visit) {
  visit(at);
  if (json.is_object())
    for (const auto& [name, member] : json.items()) each_value(member, at / name, visit);
  if (json.is_array())
    for (std::size_t index = 0; index < json.size(); ++index) each_value(json[index], at / index, visit);
}

/// One report with something of everything.
Report complete() {
  Report made;
  made.command = "migrate";
  made.version = "0.1.0";
  made.settings = {{"cilium", "1.18"}};
  report::Finding finding;
  finding.kind = Kind::UnknownField;
  finding.effect = Effect::Error;
  finding.place = {"a.yaml", 1, 2, "kind: X", 2, "chart/a.yaml"};
  finding.arguments = {"x"};
  finding.fingerprint = "0123456789abcdef";
  finding.accepted = report::Acceptance{"baseline.yaml", "known", "ops", "2031-01-01"};
  made.findings = {finding};
  made.policies = {{"CiliumNetworkPolicy", "shop", "web", finding.place, true, Effect::Error, {0}, {}}};
  made.policies[0].rules = {{"spec.ingress[0]", Direction::Ingress, Verdict::Allow, 3, Effect::Note, {0}}};
  made.files = {{"a.yaml", 1, 1, {1, 0, 0, 0, 0}}};
  made.generated = Report::Generated{1, 2, 3};
  made.groups = {{"sg", "app=web"}};
  made.artefacts = {{"00.yaml", "kind: SecurityGroup", {{1, 0, 0}}}};
  made.sources = {{"a.yaml", "kind: X"}};
  made.matrix =
      report::Matrix{{"shop"}, {{{report::Matrix::Reach::Some, report::Matrix::Reach::None, true, false}}}, 1};
  return made;
}

}  // namespace

TEST_CASE("a report comes back from JSON as it was") {
  for (std::uint32_t seed = 0; seed < 2000; ++seed) {
    const Report made = Chance(seed).report();
    const std::optional<Report> back = read_back(made);
    INFO("seed " << seed);
    REQUIRE(back.has_value());
    REQUIRE(*back == made);
  }
  for (const Report& made : golden_reports()) {
    const bool is_same = read_back(made) == made;
    // The text of a line may hold bytes that are not UTF-8: the one thing that JSON cannot hold.
    if (!is_same) CHECK(made.files.front().name == "policies/fail_not_utf8.yaml");
  }
}

TEST_CASE("bytes that are not UTF-8 become U+FFFD, once") {
  const std::optional<Report> once = read_back(hostile_report());
  REQUIRE(once.has_value());
  CHECK(read_back(*once) == once);
  CHECK(once->findings.back().message.find("\xEF\xBF\xBD") != std::string::npos);
  CHECK(once->findings.front().message == "seen `<script>alert(1)</script>`");
}

TEST_CASE("JSON reports are as their schema says") {
  std::size_t findings = 0;
  for (const Report& made : golden_reports()) {
    INFO(made.files.front().name);
    CHECK(schema().problem(Json::parse(report::to_json(made))) == "");
    findings += made.findings.size();
  }
  CHECK(findings > 100);
  CHECK(schema().problem(Json::parse(report::to_json(hostile_report()))) == "");
  CHECK(schema().problem(Json::parse(report::to_json(complete()))) == "");
  for (std::uint32_t seed = 0; seed < 300; ++seed)
    CHECK(schema().problem(Json::parse(report::to_json(Chance(seed).report()))) == "");
}

TEST_CASE("the schema describes every member and allows no other") {
  std::size_t objects = 0;
  each_value(schema().json(), Json::json_pointer(), [&](const Json::json_pointer& at) {
    const Json& part = schema().json()[at];
    if (!part.is_object() || !part.contains("properties") || part["type"] != "object") return;
    INFO(at.to_string());
    ++objects;
    CHECK(part["additionalProperties"] == false);
    CHECK(part["required"].size() == part["properties"].size());
    for (const auto& [name, member] : part["properties"].items()) {
      INFO(name);
      CHECK(member.value("description", "").size() > 5);
    }
  });
  CHECK(objects > 15);
}

TEST_CASE("the schema and the reader refuse a report with a member more, a member less, or a value of another type") {
  const Json good = Json::parse(report::to_json(complete()));
  // What follows from the rest is for readers of JSON; we read on without it.
  const auto is_needless = [](const std::string& pointer) {
    return pointer.starts_with("/totals") || pointer.ends_with("/help") || pointer == "/findings/0/name";
  };
  std::size_t damages = 0;
  each_value(good, Json::json_pointer(), [&](const Json::json_pointer& at) {
    const std::string pointer = at.to_string();
    INFO(pointer);
    const auto is_refused = [&](const Json& damaged) {
      ++damages;
      CHECK(schema().problem(damaged) != "");
      if (!is_needless(pointer)) CHECK(refused(damaged.dump()) != "");
    };
    if (good[at].is_object()) {
      Json damaged = good;
      damaged[at]["surplus"] = 1;
      is_refused(damaged);
    }
    if (!at.empty() && good[at.parent_pointer()].is_object()) {
      Json damaged = good;
      damaged[at.parent_pointer()].erase(at.back());
      is_refused(damaged);
    }
    const Json others[] = {Json(-1), Json(1.5), Json("other"), Json::array({1.5}), Json{{"other", 1}}, Json(true)};
    for (const Json& other : others) {
      if (other.type() == good[at].type() ||
          (other.is_number() && good[at].is_number() && pointer == "/totals/kept_share"))
        continue;
      Json damaged = good;
      damaged[at] = other;
      is_refused(damaged);
    }
  });
  CHECK(damages > 500);
}

TEST_CASE("what is wrong with a report is said with its place") {
  const Json good = Json::parse(report::to_json(complete()));
  struct Row {
    std::string pointer;
    Json value;
    std::string problem;
  };
  const Row rows[] = {
      {"/schema", "policyconv/report-2",
       "this is no report of policyconv: it has no `\"schema\": \"policyconv/report-1\"`"},
      {"/command", 1, "command is a number, it must be text"},
      {"/status", 256, "status is 256, it must be from 0 to 255"},
      {"/files", "x", "files is text, it must be a list"},
      {"/findings/0/place/line", -1, "findings[0].place.line is -1, it must be a whole number from 0 to 4294967295"},
      {"/findings/0/place/line", 4294967296,
       "findings[0].place.line is 4294967296, it must be a whole number from 0 to 4294967295"},
      {"/findings/0/code", "PC9999", "findings[0].code is `PC9999`, which this version of policyconv does not know"},
      {"/findings/0/effect", "worse", "findings[0].effect is `worse`, which this version of policyconv does not know"},
      {"/findings/0/arguments/0", nullptr, "findings[0].arguments[0] is null, it must be text"},
      {"/findings/0/accepted/why", "x", "findings[0].accepted has a member `why` that no report has"},
      {"/settings/0", Json::object(), "settings[0].name is missing"},
      {"/policies/0/enforced", "yes", "policies[0].enforced is text, it must be true or false"},
      {"/policies/0/findings/0", 1, "policies[0].findings names a finding that there is not"},
      {"/policies/0/rules/0/findings/0", 7, "policies[0].rules[0].findings names a finding that there is not"},
      {"/artefacts/0/links/0/rule", 1, "artefacts[0].links names a rule that there is not"},
      {"/matrix/ends", Json::array({"a", "b"}), "matrix.cells has not one row and one column for each of matrix.ends"}};
  for (const Row& row : rows) {
    Json damaged = good;
    damaged[Json::json_pointer(row.pointer)] = row.value;
    CHECK(refused(damaged.dump()) == row.problem);
  }
  CHECK(refused("") == "line 1, column 1: this is no JSON");
  CHECK(refused("{\n  \"schema\": x}") == "line 2, column 13: this is no JSON");
  CHECK(refused("[]") == rows[0].problem);
  CHECK(refused("{\"schema\": \"policyconv/report-1\"}") == "command is missing");
  CHECK(refused("{\"status\": 1e999}") == "a number is too large");
}

TEST_CASE("texts that are made to be expensive are refused at once") {
  const std::size_t many = 5'000'000;
  CHECK(refused(std::string(many, '[')) == "the text is nested more deeply than any report");
  std::string nested;
  for (std::size_t at = 0; at < 1'000'000; ++at) nested += "{\"a\":";
  CHECK(refused(nested) == "the text is nested more deeply than any report");
  CHECK(refused("\"" + std::string(many, '[')) == fmt::format("line 1, column {}: this is no JSON", many + 2));
  std::string wide = "{\"schema\": \"policyconv/report-1\"";
  for (std::size_t at = 0; at < 200'000; ++at) wide += fmt::format(",\"k{}\":0", at);
  CHECK(refused(wide + "}") == "command is missing");
}

TEST_CASE("a damaged report is read or refused, and what is read can be written and read again") {
  std::mt19937 random(6);
  const auto below = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most - 1)(random); };
  const std::vector<std::string> bits = {"\"",        "{",       "}",       "[",    "]",
                                         ",",         ":",       "-1",      "1e5",  "null",
                                         "true",      "\\u0000", "\\ud800", "\xFF", "18446744073709551616",
                                         "\"PC0101\""};
  std::size_t read = 0, rejected = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = report::to_json(Chance(static_cast<std::uint32_t>(round % 200)).report());
    for (std::size_t damages = 1 + below(3); damages > 0; --damages) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, 1 + below(20));
          break;
        case 2:
          text.insert(at, bits[below(bits.size())]);
          break;
        default:
          text.insert(at, text.substr(below(text.size()), below(40)));
      }
    }
    std::string problem;
    const std::optional<Report> made = report::from_json(text, problem);
    REQUIRE(made.has_value() == problem.empty());
    ++(made ? read : rejected);
    if (!made) continue;
    std::string again;
    REQUIRE(report::from_json(report::to_json(*made), again) == made);
    // What was read is safe for the other faces.
    REQUIRE_FALSE(report::to_junit(*made, report::Language::English).empty());
    REQUIRE_FALSE(report::to_sarif(*made, report::Language::English).empty());
  }
  CHECK(read > 100);
  CHECK(rejected > 1000);
}

TEST_CASE("totals are the sums of the rest") {
  const Json json = Json::parse(report::to_json(hostile_report()));
  CHECK(json["totals"]["files"] == hostile_names.size());
  CHECK(json["totals"]["rules"]["refused"] == 2 * hostile_names.size());
  CHECK(json["totals"]["kept_share"] == 0.0);
  CHECK(json["totals"]["findings"]["error"] == hostile_names.size());
  CHECK(json["totals"]["findings"]["accepted"] == (hostile_names.size() + 1) / 2);
  CHECK(Json::parse(report::to_json(Report{}))["totals"]["kept_share"].is_null());
  CHECK(Json::parse(report::to_json(complete()))["totals"]["kept_share"] == 1.0);
}
