#include "report/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "report/language.h"
#include "report/terminal.h"

namespace policyconv::report {
namespace {

constexpr std::size_t longest_line = 2000;

std::string cut(std::string text) {
  if (text.size() <= longest_line) return text;
  std::size_t end = longest_line;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string shown(std::string_view text) {
  return cut(printable(text.substr(0, 2 * longest_line)));
}

std::string tidy(std::string_view file) {
  return std::filesystem::path(file).lexically_normal().generic_string();
}

/// Of a report in which nothing has a file, e.g. because the only one could not be read.
std::string first_file(const Report& report) {
  if (!report.files.empty() && !report.files.front().name.empty()) return tidy(report.files.front().name);
  for (const Finding& finding : report.findings)
    if (!finding.place.file.empty()) return tidy(finding.place.file);
  return "policyconv";
}

std::uint32_t utf16_length(std::string_view text) {
  std::uint32_t length = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) length += byte >= 0xF0 ? 2 : 1;  // what is no first byte continues a character
  }
  return length;
}

/// Of a very long line only the part around the column is known; what is before it counts as one unit a byte.
std::uint32_t utf16_column(const Place& place) {
  if (place.column == 0 || place.caret == 0 || place.caret > place.column) return place.column;
  std::string_view text = place.text;
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";  // takes no column
  if (place.line == 1 && place.caret == place.column && text.starts_with(byte_order_mark))
    text.remove_prefix(byte_order_mark.size());
  return place.column - place.caret + utf16_length(text.substr(0, place.caret - 1)) + 1;
}

}  // namespace

Level level_of(Effect effect) {
  switch (effect) {
    case Effect::Error:
    case Effect::Refused:
    case Effect::Looser:
      return Level::Error;
    case Effect::Stricter:
      return Level::Warning;
    case Effect::NoEffect:
    case Effect::Note:
      return Level::Note;
  }
  return Level::Note;
}

Level level_of(const Finding& finding) {
  return finding.accepted && finding.effect != Effect::Error ? Level::Note : level_of(finding.effect);
}

bool fails(const Finding& finding, Effect fail_on) {
  Finding alone;
  alone.effect = finding.effect;
  alone.accepted = finding.accepted;
  return exit_status({std::move(alone)}, fail_on) != 0;
}

Spot spot_of(const Finding& finding, const Report& report) {
  const Place& place = finding.place;
  if (place.file.empty()) return {first_file(report), 1, 0};
  return {tidy(place.file), std::max(place.line, 1U), place.line == 0 ? 0 : utf16_column(place)};
}

std::vector<std::string> lines_of(const Finding& finding, Language language) {
  std::vector<std::string> lines = {shown(message_of(finding, language))};
  const auto add = [&](std::string_view what, std::string_view text) {
    if (!text.empty()) lines.push_back(fmt::format("{}{}{}", say(what, language), say(": ", language), shown(text)));
  };
  add("in", finding.rule.empty() ? finding.policy : fmt::format("{} {}", finding.policy, finding.rule));
  add("rendered from", finding.place.origin);
  add("help", suggestion_of(finding, language));
  if (finding.accepted)
    add("accepted", acceptance_text(*finding.accepted, language));
  else
    add("help", help_of(finding.kind, language));
  return lines;
}

std::string acceptance_text(const Acceptance& accepted, Language language) {
  std::string text = fmt::format(fmt::runtime(say("by {}: {}", language)), shown(accepted.by), shown(accepted.reason));
  if (!accepted.owner.empty()) text += fmt::format(fmt::runtime(say(" ({})", language)), shown(accepted.owner));
  if (!accepted.expires.empty())
    text += fmt::format(fmt::runtime(say(", until {}", language)), shown(accepted.expires));
  return text;
}

}  // namespace policyconv::report
