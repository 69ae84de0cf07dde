// SARIF, JUnit XML, GitLab's code quality and GitHub's workflow commands: each is valid for who reads it, and all of
// them hold the findings that the JSON report holds.
#include "tests/report_formats.h"

#include <unistd.h>

#include <cstdlib>
#include <map>
#include <pugixml.hpp>
#include <set>
#include <sstream>
#include <tuple>

#include "report/explanations.h"
#include "report/machine.h"
#include "report/terminal.h"

namespace fs = std::filesystem;
using namespace policyconv;
using namespace policyconv::testing;
using report::Finding;
using report::Report;

namespace {

using Json = nlohmann::json;
constexpr report::Language english = report::Language::English;

const JsonSchema& sarif_schema() {
  static const JsonSchema parsed("tests/schemas/sarif-2.1.0.json", valijson::SchemaParser::kDraft4);
  return parsed;
}

/// Golden reports, hostile names, a real run over hostile fields, and a run that found nothing to read.
const std::vector<Report>& all_reports() {
  static const std::vector<Report> all = [] {
    std::vector<Report> made = golden_reports();
    made.push_back(hostile_report());
    std::string policies;
    for (const char* name :
         {"<script>alert(1)</script>", "]]>", "[click](https://example.com)", "\xD8\xA7\xD9\x84 \xF0\x9F\x98\x80"})
      policies += fmt::format(
          "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: n}}\n"
          "spec: {{endpointSelector: {{}}, \"{}\": 1}}\n---\n",
          name);
    made.push_back(reported("odd name, 100% [a](b).yaml", policies, ""));
    Report none;
    none.command = "migrate";
    none.version = "0.1.0";
    Finding unread;
    unread.kind = Kind::CannotRead;
    unread.effect = Effect::Error;
    unread.message = "cannot read `policies`: No such file or directory";
    unread.fingerprint = "00000000000000aa";
    none.findings = {unread};
    none.status = 1;
    made.push_back(none);
    return made;
  }();
  return all;
}

std::string code_of(const Finding& finding) {
  return std::string(definition(finding.kind).code);
}

/// A text as people are shown it: escaped, and not longer than they read.
std::string shown(const std::string& text) {
  const std::string all = report::printable(text);
  return all.size() <= 2000 ? all : all.substr(0, 2000) + "…";
}
std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// Whether it keeps the exit status from being 0, as docs say and not as the code has it.
bool counts(const Finding& finding) {
  if (finding.effect == Effect::Error) return true;
  return !finding.accepted &&
         (finding.effect == Effect::Stricter || finding.effect == Effect::Looser || finding.effect == Effect::Refused);
}

struct Suite {
  pugi::xml_document document;
  explicit Suite(const Report& made) {
    const std::string text = report::to_junit(made, english);
    const pugi::xml_parse_result parsed = document.load_string(text.c_str());
    INFO(parsed.description());
    REQUIRE(parsed);
  }
  template <typename Visit>
  void each_case(const Visit& visit) const {
    for (const pugi::xml_node suite : document.child("testsuites"))
      for (const pugi::xml_node test : suite.children("testcase")) visit(suite, test);
  }
};

/// A workflow command as the runner reads it.
struct Command {
  std::string name, message;
  std::map<std::string, std::string> properties;
};

std::string unescaped(std::string text) {
  for (const auto& [from, to] : {std::pair{"%0D", "\r"}, std::pair{"%0A", "\n"}, std::pair{"%3A", ":"},
                                 std::pair{"%2C", ","}, std::pair{"%25", "%"}})
    text = replaced(text, from, to);
  return text;
}

std::vector<Command> commands(const std::string& text) {
  std::vector<Command> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    REQUIRE(line.starts_with("::"));
    REQUIRE(line.find('\r') == std::string::npos);
    const std::size_t end = line.find("::", 2), blank = line.find(' ');
    REQUIRE(blank < end);
    Command command{line.substr(2, blank - 2), unescaped(line.substr(end + 2)), {}};
    std::istringstream properties(line.substr(blank + 1, end - blank - 1));
    for (std::string property; std::getline(properties, property, ',');) {
      const std::size_t equals = property.find('=');
      REQUIRE(equals != std::string::npos);
      CHECK(command.properties.emplace(property.substr(0, equals), unescaped(property.substr(equals + 1))).second);
    }
    found.push_back(std::move(command));
  }
  return found;
}

Report with(const std::vector<Effect>& effects) {
  Report made;
  made.command = "migrate";
  made.version = "0.1.0";
  made.files = {{"a.yaml", 0, 0, {}}};
  for (std::size_t at = 0; at < effects.size(); ++at) {
    Finding finding;
    finding.kind = Kind::UnknownField;
    finding.effect = effects[at];
    finding.place = {"a.yaml", static_cast<std::uint32_t>(at + 1), 1, "x", 1, ""};
    finding.message = fmt::format("number {}", at);
    finding.fingerprint = fmt::format("{:016x}", at);
    made.findings.push_back(finding);
  }
  return made;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(fs::temp_directory_path() / ("policyconv-formats-" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~TemporaryDirectory() { fs::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("all formats hold the same findings") {
  std::size_t findings = 0, failing = 0;
  for (const Report& made : all_reports()) {
    INFO((made.files.empty() ? "no file" : made.files.front().name));
    using Row = std::tuple<std::string, std::string, std::string>;  // code, fingerprint, message
    std::set<Row> expected, in_json, in_sarif, in_gitlab;
    std::set<std::pair<std::string, std::string>> must_fail, do_fail, expected_notes, in_github;
    for (const Finding& finding : made.findings) {
      expected.emplace(code_of(finding), finding.fingerprint, shown(finding.message));
      expected_notes.emplace(code_of(finding), shown(finding.message));
      // XML cannot hold U+FFFE and U+FFFF.
      const std::string xml =
          replaced(replaced(shown(finding.message), "\xEF\xBF\xBE", "\\u{fffe}"), "\xEF\xBF\xBF", "\\u{ffff}");
      if (counts(finding)) must_fail.emplace(code_of(finding), xml);
    }
    findings += made.findings.size();
    failing += must_fail.size();

    std::string problem;
    const std::optional<Report> back = report::from_json(report::to_json(made), problem);
    REQUIRE(back.has_value());
    for (std::size_t at = 0; at < made.findings.size(); ++at) {
      // What is not UTF-8 is U+FFFD in JSON and an escape elsewhere; place and number say which it is.
      const bool is_same = back->findings[at].message == made.findings[at].message;
      in_json.emplace(code_of(back->findings[at]), back->findings[at].fingerprint,
                      shown(is_same ? back->findings[at].message : made.findings[at].message));
    }
    CHECK(in_json == expected);

    const Json sarif = Json::parse(report::to_sarif(made, english));
    for (const Json& result : sarif["runs"][0]["results"]) {
      const std::string message = first_line(result["message"]["text"]);
      for (const Row& row : expected)
        if (std::get<1>(row) == result["partialFingerprints"]["policyconv/v1"] &&
            replaced(std::get<2>(row), "](", "] (") == message)
          in_sarif.emplace(result["ruleId"], std::get<1>(row), std::get<2>(row));
    }
    CHECK(sarif["runs"][0]["results"].size() == made.findings.size());
    CHECK(in_sarif == expected);

    const Json gitlab = Json::parse(report::to_gitlab(made, english));
    for (const Json& issue : gitlab)
      for (const Row& row : expected)
        if (std::get<1>(row) == issue["fingerprint"] &&
            issue["description"].get<std::string>().starts_with(std::get<2>(row)))
          in_gitlab.emplace(issue["check_name"], std::get<1>(row), std::get<2>(row));
    CHECK(gitlab.size() == made.findings.size());
    CHECK(in_gitlab == expected);

    Suite(made).each_case([&](const pugi::xml_node&, const pugi::xml_node& test) {
      for (const pugi::xml_node result : test)
        if (std::string(result.name()) != "skipped")
          do_fail.emplace(result.attribute("type").value(), result.attribute("message").value());
    });
    // A case that fails for several findings names the worst, so these are some of those that must fail ...
    for (const auto& one : do_fail) CHECK(must_fail.count(one) == 1);
    // ... and the text of the cases has all.
    const std::string junit = report::to_junit(made, english);
    Suite(made).each_case([&](const pugi::xml_node&, const pugi::xml_node& test) {
      for (const pugi::xml_node result : test)
        for (auto one = must_fail.begin(); one != must_fail.end();)
          one =
              std::string(result.name()) != "skipped" &&
                      std::string(result.text().get()).find("[" + one->first + "]: " + one->second) != std::string::npos
                  ? must_fail.erase(one)
                  : std::next(one);
    });
    CHECK(must_fail.empty());
    CHECK(do_fail.empty() == (report::exit_status(made.findings, made.fail_on) == 0));

    if (made.findings.size() < 10) {
      for (const Command& command : commands(report::to_github(made, english))) {
        const std::string& title = command.properties.at("title");
        in_github.emplace(title.substr(title.find('[') + 1, 6), first_line(command.message));
      }
      CHECK(in_github == expected_notes);
    }
    CHECK(report::to_github(made, english).empty() == made.findings.empty());
  }
  CHECK(findings > 200);
  CHECK(failing > 50);
}

TEST_CASE("SARIF is as its schema says") {
  for (const Report& made : all_reports()) {
    INFO((made.files.empty() ? "no file" : made.files.front().name));
    for (const report::Language language : {english, report::Language::Chinese})
      CHECK(sarif_schema().problem(Json::parse(report::to_sarif(made, language))) == "");
  }
  Json damaged = Json::parse(report::to_sarif(hostile_report(), english));
  damaged["runs"][0]["results"][0]["level"] = "worse";
  CHECK(sarif_schema().problem(damaged) != "");
}

TEST_CASE("SARIF has what GitHub's code scanning asks for, within its limits") {
  for (const Report& made : all_reports()) {
    INFO((made.files.empty() ? "no file" : made.files.front().name));
    const Json run = Json::parse(report::to_sarif(made, english))["runs"][0];
    const Json& rules = run["tool"]["driver"]["rules"];
    for (const Json& rule : rules) {
      INFO(rule["id"]);
      CHECK(rule["name"].get<std::string>().size() <= 255);
      CHECK(rule["shortDescription"]["text"].get<std::string>().size() <= 1024);
      CHECK(rule["fullDescription"]["text"].get<std::string>().size() <= 1024);
      CHECK(rule["help"]["text"].get<std::string>().size() > 20);
      CHECK(rule["help"]["markdown"].get<std::string>().size() > 20);
      CHECK(rule["properties"]["tags"].size() <= 10);
      CHECK_FALSE(rule["shortDescription"]["text"].get<std::string>().empty());
    }
    for (const Json& result : run["results"]) {
      CHECK(rules.at(result["ruleIndex"].get<std::size_t>())["id"] == result["ruleId"]);
      REQUIRE(result["locations"].size() == 1);
      const Json& location = result["locations"][0]["physicalLocation"];
      CHECK_FALSE(location["artifactLocation"]["uri"].get<std::string>().empty());
      CHECK(location["region"]["startLine"] >= 1);
      CHECK(location["region"].value("startColumn", 1) >= 1);
      CHECK(result["partialFingerprints"]["policyconv/v1"].get<std::string>().size() == 16);
      CHECK(result["message"]["text"].get<std::string>().find("](") == std::string::npos);
    }
  }
}

TEST_CASE("what is worst is red, and what somebody accepts is suppressed and grey") {
  const std::vector<Effect> effects = {Effect::Error,    Effect::Refused,  Effect::Looser,
                                       Effect::Stricter, Effect::NoEffect, Effect::Note};
  Report made = with(effects);
  const auto results = [&] { return Json::parse(report::to_sarif(made, english))["runs"][0]["results"]; };
  const auto issues = [&] { return Json::parse(report::to_gitlab(made, english)); };
  const char* levels[] = {"error", "error", "error", "warning", "note", "note"};
  const char* severities[] = {"blocker", "critical", "critical", "major", "info", "info"};
  for (std::size_t at = 0; at < effects.size(); ++at) {
    CHECK(results()[at]["level"] == levels[at]);
    CHECK_FALSE(results()[at].contains("suppressions"));
    CHECK(issues()[at]["severity"] == severities[at]);
  }
  made.findings[1].accepted = report::Acceptance{"baseline.yaml", "goes in May", "ops", "2031-05-31"};
  CHECK(results()[1]["level"] == "note");
  CHECK(
      results()[1]["suppressions"] ==
      Json::parse(
          R"([{"kind": "external", "status": "accepted", "justification": "by baseline.yaml: goes in May (ops), until 2031-05-31"}])"));
  CHECK(results()[0]["suppressions"] == Json::array());
  CHECK(issues()[1]["severity"] == "info");
  CHECK(sarif_schema().problem(Json::parse(report::to_sarif(made, english))) == "");
  CHECK(commands(report::to_github(made, english)).back().properties.at("title") == "refused[PC0121]");
  CHECK(commands(report::to_github(made, english)).back().name == "notice");
  // Nobody can accept an error.
  made.findings[0].accepted = made.findings[1].accepted;
  CHECK(results()[0]["level"] == "error");
  CHECK(issues()[0]["severity"] == "blocker");
}

TEST_CASE("of very many findings SARIF has the worst, and says how many are missing") {
  std::vector<Effect> effects(5900, Effect::Note);
  effects.resize(6000, Effect::Error);
  const Json run = Json::parse(report::to_sarif(with(effects), english))["runs"][0];
  CHECK(run["results"].size() == 5000);
  CHECK(std::count_if(run["results"].begin(), run["results"].end(),
                      [](const Json& result) { return result["level"] == "error"; }) == 100);
  CHECK(run["results"][0]["message"]["text"].get<std::string>().starts_with("number 0\n"));
  CHECK(run["results"][4999]["message"]["text"].get<std::string>().starts_with("number 5999\n"));
  CHECK(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].get<std::string>().starts_with(
      "1000 findings are left out"));
  effects.resize(5000);
  CHECK_FALSE(Json::parse(report::to_sarif(with(effects), english))["runs"][0]["invocations"][0].contains(
      "toolExecutionNotifications"));
}

TEST_CASE("places are as programs want them: relative, escaped, in UTF-16") {
  struct Row {
    report::Place place;
    std::string uri;
    int line, column;  // column 0: none
  };
  const std::string emoji = "\xF0\x9F\x98\x80", mark = "\xEF\xBB\xBF";
  const Row rows[] = {{{"a.yaml", 3, 5, "    x", 5, ""}, "a.yaml", 3, 5},
                      {{"./policies//a.yaml", 1, 1, "x", 1, ""}, "policies/a.yaml", 1, 1},
                      {{"../a.yaml", 1, 1, "x", 1, ""}, "../a.yaml", 1, 1},
                      {{"/src/a b.yaml", 1, 1, "x", 1, ""}, "file:///src/a%20b.yaml", 1, 1},
                      {{"a: 100%#?.yaml", 1, 1, "x", 1, ""}, "a%3A%20100%25%23%3F.yaml", 1, 1},
                      {{"\xE7\xBD\x91\xFF.yaml", 1, 1, "x", 1, ""}, "%E7%BD%91%FF.yaml", 1, 1},
                      {{"<stdin>", 2, 1, "x", 1, ""}, "%3Cstdin%3E", 2, 1},
                      {{"a.yaml", 0, 0, "", 0, ""}, "a.yaml", 1, 0},
                      {{"a.yaml", 2, 0, "x", 0, ""}, "a.yaml", 2, 0},
                      {{"", 0, 0, "", 0, ""}, "first.yaml", 1, 0},
                      {{"a.yaml", 2, 5, "\xC3\xA9: x", 5, ""}, "a.yaml", 2, 4},
                      {{"a.yaml", 2, 7, emoji + ": x", 7, ""}, "a.yaml", 2, 5},
                      {{"a.yaml", 1, 7, mark + "kind: X", 7, ""}, "a.yaml", 1, 7},
                      {{"a.yaml", 2, 1007, emoji + ": x", 7, ""}, "a.yaml", 2, 1005},
                      {{"a.yaml", 2, 90, "short", 90, ""}, "a.yaml", 2, 6}};
  for (const Row& row : rows) {
    Report made = with({Effect::Refused});
    made.files = {{"first.yaml", 0, 0, {}}};
    made.findings[0].place = row.place;
    const Json location =
        Json::parse(report::to_sarif(made, english))["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    CHECK(location["artifactLocation"]["uri"] == row.uri);
    CHECK(location["artifactLocation"].contains("uriBaseId") == !row.uri.starts_with("file:"));
    CHECK(location["region"]["startLine"] == row.line);
    CHECK(location["region"].value("startColumn", 0) == row.column);
  }
}

TEST_CASE("JUnit XML is as its schema says") {
  const TemporaryDirectory directory;
  std::string files;
  std::size_t number = 0;
  for (const Report& made : all_reports())
    for (const report::Language language : {english, report::Language::Chinese}) {
      const fs::path file = directory.path() / fmt::format("{}.xml", ++number);
      std::ofstream(file, std::ios::binary) << report::to_junit(made, language);
      files += " " + file.string();
    }
  const std::string schema = std::string(POLICYCONV_SOURCE_DIR) + "/tests/schemas/junit.xsd",
                    log = (directory.path() / "log").string();
  const auto problems = [&](const std::string& which) {
    const int status =
        std::system(fmt::format("xmllint --noout --schema '{}'{} >'{}' 2>&1", schema, which, log).c_str());
    return status == 0 ? std::string() : read_file(log);
  };
  CHECK(problems(files) == "");
  std::ofstream(directory.path() / "bad.xml")
      << "<testsuites><testsuite name='x' tests='1'><test/></testsuite></testsuites>";
  CHECK(problems(" " + (directory.path() / "bad.xml").string()) != "");
}

TEST_CASE("JUnit has a case for each rule, and counts them") {
  for (const Report& made : all_reports()) {
    INFO((made.files.empty() ? "no file" : made.files.front().name));
    const Suite junit(made);
    std::map<std::string, std::size_t> totals;
    std::size_t rules = 0;
    for (const report::PolicyOutcome& policy : made.policies) rules += policy.rules.size();
    for (const pugi::xml_node suite : junit.document.child("testsuites")) {
      std::map<std::string, std::size_t> counted;
      for (const pugi::xml_node test : suite.children("testcase")) {
        ++counted["tests"];
        for (const pugi::xml_node result : test) ++counted[result.name()];
      }
      CHECK(suite.attribute("tests").as_ullong() == counted["tests"]);
      CHECK(suite.attribute("failures").as_ullong() == counted["failure"]);
      CHECK(suite.attribute("errors").as_ullong() == counted["error"]);
      CHECK(suite.attribute("skipped").as_ullong() == counted["skipped"]);
      for (const auto& [name, count] : counted) totals[name] += count;
    }
    CHECK(totals["tests"] >= rules);
    CHECK(junit.document.child("testsuites").attribute("tests").as_ullong() == totals["tests"]);
    CHECK(junit.document.child("testsuites").attribute("failures").as_ullong() == totals["failure"]);
    CHECK(junit.document.child("testsuites").attribute("errors").as_ullong() == totals["error"]);
  }
}

TEST_CASE("a rule passes, is skipped or fails in JUnit as it does in the exit status") {
  Report made =
      with({Effect::Stricter, Effect::Refused, Effect::Note, Effect::NoEffect, Effect::Refused, Effect::Error});
  made.findings[1].accepted = report::Acceptance{"baseline.yaml", "known", "", ""};
  report::PolicyOutcome policy{"CiliumNetworkPolicy", "shop", "web", {"a.yaml", 1, 1, "", 1, ""}, true,
                               Effect::Note,          {4},    {}};
  const auto rule = [&](const std::string& path, Effect effect, std::vector<std::size_t> findings) {
    policy.rules.push_back({path, Direction::Ingress, Verdict::Allow, 1, effect, std::move(findings)});
  };
  rule("same", Effect::Note, {});
  rule("noted", Effect::Note, {2});
  rule("stricter", Effect::Stricter, {0, 1});
  rule("accepted", Effect::Refused, {1});
  rule("idle", Effect::NoEffect, {3});
  rule("not enforced", Effect::NoEffect, {});
  rule("no input", Effect::Error, {0, 5});
  made.policies = {policy};
  const auto results = [&] {
    std::map<std::string, std::string> by_name;
    Suite(made).each_case([&](const pugi::xml_node& suite, const pugi::xml_node& test) {
      CHECK(std::string(suite.attribute("name").value()) == "a.yaml");
      CHECK(std::string(test.attribute("classname").value()) == "CiliumNetworkPolicy shop/web");
      by_name[test.attribute("name").value()] =
          fmt::format("{} {}", test.first_child().name(), test.first_child().attribute("message").value());
    });
    return by_name;
  };
  std::map<std::string, std::string> expected = {{"the policy as a whole", "failure number 4"},
                                                 {"no input", "error number 5"},
                                                 {"same", " "},
                                                 {"noted", " "},
                                                 {"stricter", "failure number 0"},
                                                 {"accepted", "skipped number 1"},
                                                 {"idle", "skipped number 3"},
                                                 {"not enforced", "skipped Cilium does not enforce this policy"}};
  CHECK(results() == expected);
  made.fail_on = Effect::Looser;
  expected["stricter"] = "skipped number 1";
  CHECK(results() == expected);
}

TEST_CASE("a workflow command ends where it should, whatever names hold") {
  Report made = with({Effect::Refused, Effect::Stricter});
  made.findings[0].place = {"a,b: 100%.yaml", 3, 5, "    x", 5, ""};
  made.findings[0].message = "50% of a\n::error::b";
  made.findings[1].place = {};
  const std::string help = std::string(definition(Kind::UnknownField).help);
  CHECK(report::to_github(made, english) ==
        "::error file=a%2Cb%3A 100%25.yaml,line=3,col=5,title=refused[PC0121]::50%25 of a\\n::error::b%0Ahelp: " +
            help + "\n::warning title=stricter[PC0121]::number 1%0Ahelp: " + help + "\n");
  for (const Command& command : commands(report::to_github(hostile_report(), english))) {
    CHECK((command.name == "error" || command.name == "notice"));
    if (command.properties.count("file") == 0) CHECK(command.properties.at("title") == "policyconv");
  }
}

TEST_CASE("GitHub shows ten annotations of a type: the worst come first, and the last says how many more there are") {
  std::vector<Effect> effects(12, Effect::Note);
  effects.insert(effects.end(), 12, Effect::Stricter);
  effects.insert(effects.end(), 14, Effect::Refused);
  effects.push_back(Effect::Error);
  const std::vector<Command> shown = commands(report::to_github(with(effects), english));
  std::map<std::string, std::size_t> counted;
  for (const Command& command : shown) ++counted[command.name];
  CHECK(counted == std::map<std::string, std::size_t>{{"error", 10}, {"warning", 10}, {"notice", 10}});
  CHECK(shown.front().properties.at("title") == "error[PC0121]");
  CHECK(shown.back().message.starts_with("10 findings are left out"));
  CHECK(shown.back().name == "notice");
}

TEST_CASE("GitLab's report has the members that GitLab reads") {
  for (const Report& made : all_reports())
    for (const Json& issue : Json::parse(report::to_gitlab(made, english))) {
      CHECK(issue.size() == 5);
      CHECK_FALSE(issue["location"]["path"].get<std::string>().empty());
      CHECK_FALSE(issue["location"]["path"].get<std::string>().starts_with("./"));
      CHECK(issue["location"]["lines"]["begin"] >= 1);
      CHECK(std::set<std::string>{"info", "minor", "major", "critical", "blocker"}.count(issue["severity"]) == 1);
      CHECK(issue["description"].get<std::string>().find('\n') == std::string::npos);
    }
}

TEST_CASE("nothing that hides or reorders text is in what people read") {
  const Report made = hostile_report();
  for (const std::string& text : {report::to_sarif(made, english), report::to_junit(made, english),
                                  report::to_gitlab(made, english), report::to_github(made, english)}) {
    for (const char* hidden : {"\xE2\x80\xAE", "\x1b", "\x07", "\x7f", "\xC2\x85", "\xE2\x80\xA8", "\r"})
      CHECK(text.find(hidden) == std::string::npos);
    CHECK(text.find("\\u{202e}") + text.find("\\\\u{202e}") != std::string::npos);
    CHECK(text.find("\xD8\xA7\xD9\x84\xD8\xB9") != std::string::npos);
    CHECK(text.find("\xF0\x9F\x98\x80") != std::string::npos);
    CHECK(report::printable(replaced(text, "\n", "")) == replaced(text, "\n", ""));  // above all: it is UTF-8
  }
}
