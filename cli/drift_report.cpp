#include "cli/drift_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "ir/exit_status.h"
#include "plan/drift.h"
#include "report/build.h"

namespace policyconv::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Subject {
  std::string_view title, first, last;  // codes
};
constexpr Subject subjects[] = {
    {"Objects", "PC5000", "PC5003"},         {"What Kube-OVN has programmed", "PC5004", "PC5005"},
    {"ACLs of Subnets", "PC5006", "PC5009"}, {"Pods", "PC5010", "PC5013"},
    {"Pod templates", "PC5014", "PC5019"},   {"OVN's northbound database", "PC5020", "PC5025"},
    {"Not as before", "PC5026", "PC5029"}};

bool is_difference(const report::Finding& finding) {
  return plan::is_difference(finding.kind);
}

std::size_t differences(const report::Report& report) {
  return static_cast<std::size_t>(std::count_if(report.findings.begin(), report.findings.end(), is_difference));
}

std::size_t accepted(const report::Report& report) {
  return static_cast<std::size_t>(std::count_if(
      report.findings.begin(), report.findings.end(),
      [](const report::Finding& finding) { return is_difference(finding) && finding.accepted.has_value(); }));
}

std::string remedy_of(const report::Finding& finding) {
  return finding.suggestion.empty() ? std::string(definition(finding.kind).help) : finding.suggestion;
}

report::Line detail(std::string_view label, report::Span text) {
  return {{fmt::format("{}:", label), report::Style::Bold}, {" "}, std::move(text)};
}

/// A suggestion is a command between backticks.
report::Span command_or_text(const std::string& remedy) {
  const bool is_command = remedy.size() > 2 && remedy.starts_with('`') && remedy.ends_with('`');
  if (!is_command) return {remedy};
  return {remedy.substr(1, remedy.size() - 2), report::Style::Plain, true};
}

/// What stands before the code.
std::string_view name_of(const report::Finding& finding) {
  return !is_difference(finding) ? "note" : finding.accepted ? "accepted" : "differs";
}

report::Bullets::Item item_of(const report::Finding& finding) {
  const report::Style style =
      is_difference(finding) && !finding.accepted ? report::Style::Yellow : report::Style::Green;
  report::Bullets::Item item{
      {{fmt::format("{}[{}]", name_of(finding), definition(finding.kind).code), style}, {": " + finding.message}}};
  if (const std::string place = report::place_text(finding.place); !place.empty())
    item.details.push_back(detail("at", {place}));
  item.details.push_back(detail("do", command_or_text(remedy_of(finding))));
  if (finding.accepted) item.details.push_back(detail("accepted", {finding.accepted->reason}));
  return item;
}

report::Line verdict_line(const Compared& compared, const report::Report& report) {
  const std::size_t count = differences(report);
  std::vector<std::string> what;
  for (const auto& [name, number] : compared.what) what.push_back(fmt::format("{} {}", name, number));
  const std::string scope = fmt::format(" (compared: {})", fmt::join(what, ", "));
  if (count == 0) return {{compared.equal, report::Style::Green}, {scope}};
  const bool fails = count > accepted(report);
  return {{report::counted(count, "difference", "differences"), fails ? report::Style::Yellow : report::Style::Green},
          {scope}};
}

}  // namespace

void raise_differences(report::Report& report) {
  for (report::Finding& finding : report.findings)
    if (is_difference(finding)) finding.effect = Effect::Stricter;
}

int difference_status(const report::Report& report) {
  return differences(report) > accepted(report) ? status::stricter : status::good;
}

report::Document comparison_document(const Compared& compared, const report::Report& report) {
  report::Document document{compared.title, verdict_line(compared, report), {}, {}};
  for (const Subject& subject : subjects) {
    report::Bullets bullets;
    for (const report::Finding& finding : report.findings)
      if (const std::string_view code = definition(finding.kind).code; subject.first <= code && code <= subject.last)
        bullets.items.push_back(item_of(finding));
    if (!bullets.items.empty()) document.sections.push_back({std::string(subject.title), {std::move(bullets)}});
  }
  if (!compared.not_seen.empty()) {
    report::Bullets bullets;
    for (const std::string& sentence : compared.not_seen) bullets.items.push_back({{{sentence}}});
    document.sections.push_back({"Not looked at", {std::move(bullets)}});
  }
  const std::size_t count = accepted(report);
  document.closing =
      fmt::format("exit {}{}", report.status, count == 0 ? "" : fmt::format(" ({} accepted by the baseline)", count));
  return document;
}

std::string comparison_json(const Compared& compared, const report::Report& report) {
  Json json = {{"equal", differences(report) == 0}, {"exit", report.status}, {"compared", Json::object()}};
  for (const auto& [name, number] : compared.what) json["compared"][std::string(name)] = number;
  json["differences"] = Json::array();
  json["notes"] = Json::array();
  for (const report::Finding& finding : report.findings) {
    Json found = {
        {"code", definition(finding.kind).code},
        {"text", finding.message},
        {"place", {{"file", finding.place.file}, {"line", finding.place.line}, {"column", finding.place.column}}},
        {"remedy", remedy_of(finding)}};
    if (finding.accepted) found["accepted"] = finding.accepted->reason;
    json[is_difference(finding) ? "differences" : "notes"].push_back(std::move(found));
  }
  json["not_looked_at"] = compared.not_seen;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string comparison_text(const Compared& compared, const report::Report& report, Format format, bool colour) {
  switch (format) {
    case Format::Text:
      return report::document_text(comparison_document(compared, report), colour);
    case Format::Markdown:
      return report::document_markdown(comparison_document(compared, report));
    case Format::Json:
      return comparison_json(compared, report);
  }
  return {};
}

}  // namespace policyconv::cli
