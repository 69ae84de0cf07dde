// Entrance: to_sarif(). What code scanning of GitHub reads of SARIF 2.1.0, and no more of it than its limits allow.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "report/explanations.h"
#include "report/faces.h"
#include "report/headline.h"
#include "report/language.h"
#include "report/machine.h"
#include "report/terminal.h"

namespace policyconv::report {
namespace {

using Json = nlohmann::ordered_json;

/// GitHub takes 25,000 results of a run and shows 5,000 of them.
constexpr std::size_t most_results = 5000;
/// GitHub's limit for the descriptions of a rule.
constexpr std::size_t most_description = 1024;

std::string_view name_of(Level level) {
  switch (level) {
    case Level::Error:
      return "error";
    case Level::Warning:
      return "warning";
    case Level::Note:
      return "note";
  }
  return {};
}

/// Viewers take `[text](target)` in a message for a link; names of users must not make one.
std::string without_links(std::string text) {
  for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 2))
    text.insert(at + 1, " ");
  return text;
}

/// A relative reference or, for an absolute path, a file URI. Every byte but the unreserved ones is escaped, also `:`,
/// which could make the beginning a scheme.
std::string uri_of(std::string_view file) {
  std::string uri = file.starts_with('/') ? "file://" : "";
  for (const char c : file) {
    const bool is_plain = ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
                          std::string_view("-._~/").find(c) != std::string_view::npos;
    uri += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

std::string beginning(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most - std::string_view("…").size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

Json help_json(const Explanation& about, Language language) {
  std::string text, markdown;
  for (const auto& [heading, part] : parts_of(about, language)) {
    text += fmt::format("{}:\n{}\n\n", heading, part);
    markdown += fmt::format("**{}**\n\n{}\n\n", heading, part);
  }
  const std::string_view heading = say("Example", language);
  return {{"text", fmt::format("{}{}:\n{}", text, heading, about.example)},
          {"markdown", fmt::format("{}**{}**\n\n```yaml\n{}\n```", markdown, heading, about.example)}};
}

Json rule_json(Kind kind, Language language) {
  const Definition& about = definition(kind);
  Json rule = {{"id", about.code},
               {"name", about.name},
               {"shortDescription", {{"text", beginning(summary_of(kind, language), most_description)}}}};
  // Every kind has an explanation (tests/diagnostics_test.cpp).
  if (const Explanation* longer = explanation(kind, language)) {
    rule["fullDescription"] = {
        {"text", beginning(fmt::format("{} {}", longer->happened, longer->why), most_description)}};
    rule["help"] = help_json(*longer, language);
  }
  rule["defaultConfiguration"] = {{"level", name_of(level_of(about.effect))}};
  rule["properties"] = {{"tags", {"network-policy", to_string(about.effect)}}, {"precision", "very-high"}};
  return rule;
}

class Log {
 public:
  Log(const Report& report, Language language) : report_(report), language_(language) {
    for (const Finding& finding : report.findings) kinds_.emplace(finding.kind, 0);
    std::size_t number = 0;
    for (auto& [kind, index] : kinds_) index = number++;
    has_accepted_ = std::any_of(report.findings.begin(), report.findings.end(),
                                [](const Finding& finding) { return finding.accepted.has_value(); });
  }

  [[nodiscard]] std::string text() const {
    Json rules = Json::array();
    for (const auto& [kind, index] : kinds_) rules.push_back(rule_json(kind, language_));
    const Json run = {
        {"tool",
         {{"driver", {{"name", "policyconv"}, {"semanticVersion", report_.version}, {"rules", std::move(rules)}}}}},
        {"invocations", Json::array({invocation_json()})},
        {"originalUriBaseIds",
         {{"%SRCROOT%", {{"description", {{"text", say("the directory in which policyconv ran", language_)}}}}}}},
        {"columnKind", "utf16CodeUnits"},
        {"results", results_json()}};
    const Json log = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                      {"version", "2.1.0"},
                      {"runs", Json::array({run})}};
    return log.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  }

 private:
  /// Those that are shown, in the order of the report: all, or the worst ones.
  [[nodiscard]] Json results_json() const {
    std::vector<std::size_t> kept = findings_by_urgency(report_);
    kept.resize(std::min(kept.size(), most_results));
    std::sort(kept.begin(), kept.end());
    Json results = Json::array();
    for (const std::size_t at : kept) results.push_back(result_json(report_.findings[at]));
    return results;
  }

  [[nodiscard]] Json result_json(const Finding& finding) const {
    Json result = {
        {"ruleId", definition(finding.kind).code},
        {"ruleIndex", kinds_.at(finding.kind)},
        {"level", name_of(level_of(finding))},
        {"message", {{"text", without_links(fmt::format("{}", fmt::join(lines_of(finding, language_), "\n")))}}},
        {"locations", Json::array({location_json(finding)})},
        {"partialFingerprints", {{"policyconv/v1", finding.fingerprint}}}};
    // Either no result of a run says whether it is suppressed, or all of them do (SARIF 2.1.0, 3.27.23).
    if (has_accepted_) result["suppressions"] = suppressions_json(finding);
    return result;
  }

  [[nodiscard]] Json suppressions_json(const Finding& finding) const {
    if (!finding.accepted) return Json::array();
    return Json::array({Json{{"kind", "external"},
                             {"status", "accepted"},
                             {"justification", acceptance_text(*finding.accepted, language_)}}});
  }

  [[nodiscard]] Json location_json(const Finding& finding) const {
    const Spot spot = spot_of(finding, report_);
    Json file = {{"uri", uri_of(spot.file)}};
    if (!spot.file.starts_with('/')) file["uriBaseId"] = "%SRCROOT%";
    Json region = {{"startLine", spot.line}};
    if (spot.column != 0) region["startColumn"] = spot.column;
    Json location = {{"physicalLocation", {{"artifactLocation", std::move(file)}, {"region", std::move(region)}}}};
    const std::string subject =
        finding.rule.empty() ? finding.policy : fmt::format("{} {}", finding.policy, finding.rule);
    if (!subject.empty())
      location["logicalLocations"] = Json::array({Json{{"fullyQualifiedName", printable(subject)}}});
    return location;
  }

  [[nodiscard]] Json invocation_json() const {
    Json invocation = {{"executionSuccessful", report_.status != 1 && report_.status != 2},
                       {"exitCode", report_.status}};
    if (report_.findings.size() > most_results)
      invocation["toolExecutionNotifications"] = Json::array({Json{
          {"level", "warning"},
          {"message",
           {{"text", fmt::format("{} {}", report_.findings.size() - most_results,
                                 say("findings are left out here, the JSON report has all of them", language_))}}}}});
    return invocation;
  }

  const Report& report_;
  Language language_;
  std::map<Kind, std::size_t> kinds_;  // the number of the rule
  bool has_accepted_ = false;
};

}  // namespace

std::string to_sarif(const Report& report, Language language) {
  return Log(report, language).text();
}

}  // namespace policyconv::report
