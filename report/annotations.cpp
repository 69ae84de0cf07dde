// Entrances: to_github() and to_gitlab(). Findings beside the lines of a change.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "report/faces.h"
#include "report/headline.h"
#include "report/language.h"
#include "report/machine.h"
#include "report/terminal.h"

namespace policyconv::report {
namespace {

using Json = nlohmann::ordered_json;

// --- GitHub: workflow commands ---------------------------------------------------------------------------------------

/// Of each type and step GitHub shows no more.
constexpr std::size_t most_annotations = 10;

std::string_view command_of(Level level) {
  switch (level) {
    case Level::Error:
      return "error";
    case Level::Warning:
      return "warning";
    case Level::Note:
      return "notice";
  }
  return {};
}

/// The runner takes a line end for the end of a command and, in a property, `:` and `,` for the end of that.
std::string escaped(std::string_view text, bool is_property) {
  std::string safe;
  for (const char c : text) {
    const bool is_special = c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','));
    safe += is_special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return safe;
}

std::string annotation(const Finding& finding, const Report& report, Language language) {
  const Spot spot = spot_of(finding, report);
  std::string place;  // without a file GitHub shows an annotation with the run
  if (!finding.place.file.empty())
    place = fmt::format("file={},line={},", escaped(printable(spot.file), true), spot.line);
  if (!place.empty() && spot.column != 0) place += fmt::format("col={},", spot.column);
  const std::string title = fmt::format("{}[{}]", name_of(finding.effect, language), definition(finding.kind).code);
  return fmt::format("::{} {}title={}::{}\n", command_of(level_of(finding)), place, escaped(title, true),
                     escaped(fmt::format("{}", fmt::join(lines_of(finding, language), "\n")), false));
}

// --- GitLab ----------------------------------------------------------------------------------------------------------

std::string_view severity_of(const Finding& finding) {
  if (finding.effect == Effect::Error) return "blocker";
  if (finding.accepted) return "info";
  switch (finding.effect) {
    case Effect::Error:
      return "blocker";
    case Effect::Refused:
    case Effect::Looser:
      return "critical";
    case Effect::Stricter:
      return "major";
    case Effect::NoEffect:
    case Effect::Note:
      return "info";
  }
  return "info";
}

}  // namespace

std::string to_github(const Report& report, Language language) {
  std::array<std::size_t, 3> shown{};  // of each level
  std::size_t left_out = 0;
  std::string text;
  // The last notice is kept for the sum, in case that there is one.
  for (const std::size_t at : findings_by_urgency(report)) {
    const Finding& finding = report.findings[at];
    const Level level = level_of(finding);
    std::size_t& count = shown[static_cast<std::size_t>(level)];
    if (count == most_annotations - (level == Level::Note ? 1 : 0)) {
      ++left_out;
      continue;
    }
    ++count;
    text += annotation(finding, report, language);
  }
  if (left_out > 0)
    text += fmt::format("::notice title=policyconv::{} {}\n", left_out,
                        escaped(say("findings are left out here, the JSON report has all of them", language), false));
  return text;
}

std::string to_gitlab(const Report& report, Language language) {
  Json issues = Json::array();
  for (const Finding& finding : report.findings) {
    const Spot spot = spot_of(finding, report);
    issues.push_back({{"description", fmt::format("{}", fmt::join(lines_of(finding, language), "; "))},
                      {"check_name", definition(finding.kind).code},
                      {"fingerprint", finding.fingerprint},
                      {"severity", severity_of(finding)},
                      {"location", {{"path", printable(spot.file)}, {"lines", {{"begin", spot.line}}}}}});
  }
  return issues.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace policyconv::report
