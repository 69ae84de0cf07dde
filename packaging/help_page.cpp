#include "packaging/help_page.h"

#include <cstddef>
#include <optional>
#include <variant>

#include "cli/options.h"

namespace policyconv::packaging {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

void join(std::string& text, std::string_view more) {
  if (!text.empty() && !more.empty()) text += ' ';
  text += more;
}

/// "input:" or "exit status, the highest that applies:".
std::optional<Section> heading(std::string_view line) {
  if (line.empty() || line.front() == ' ' || !line.ends_with(':')) return std::nullopt;
  line.remove_suffix(1);
  const std::size_t comma = line.find(", ");
  if (comma == std::string_view::npos) return Section{std::string(line), {}, {}, {}};
  return Section{std::string(line.substr(0, comma)), std::string(line.substr(comma + 2)), {}, {}};
}

/// "exit status: 0 both agree · 1 bad input · …" in one paragraph.
Section exit_statuses(std::string_view paragraph) {
  Section section{"exit status", {}, {}, {}};
  const std::string_view told = trimmed(paragraph.substr(paragraph.find(':') + 1));
  if (told.find_first_of("0123456789") != 0) {
    section.remark = told;  // where another page tells
    return section;
  }
  for (const std::string& part : split(told, "·")) {
    const std::string_view one = trimmed(part);
    const std::size_t space = one.find(' ');
    section.entries.push_back({std::string(one.substr(0, space)), std::string(trimmed(one.substr(space)))});
  }
  return section;
}

/// A line of a section: entries stand two columns in, and go on further in.
void add_line(Section& section, std::string_view line) {
  if (section.title == "examples") {
    section.lines.emplace_back(line.substr(2));
    return;
  }
  const bool goes_on = line.starts_with("   ");
  if (goes_on && !section.entries.empty()) {
    join(section.entries.back().text, trimmed(line));
    return;
  }
  const std::string_view entry = trimmed(line);
  const std::size_t gap = entry.find("  ");
  section.entries.push_back({std::string(entry.substr(0, gap)),
                             gap == std::string_view::npos ? std::string() : std::string(trimmed(entry.substr(gap)))});
}

/// The lines of `text` from `at` to the next empty one, joined; `at` ends up behind it.
std::string paragraph_at(const std::vector<std::string>& lines, std::size_t& at) {
  std::string text;
  for (; at < lines.size() && !lines[at].empty(); ++at) join(text, trimmed(lines[at]));
  return text;
}

void read_usage(const std::vector<std::string>& lines, std::size_t& at, HelpPage& page) {
  constexpr std::string_view usage = "usage: ", indent = "       ";
  for (; at < lines.size() && !lines[at].empty(); ++at) {
    const std::string_view rest = trimmed(std::string_view(lines[at]).substr(usage.size()));
    if (lines[at].starts_with(usage) || (lines[at].starts_with(indent) && rest.starts_with("policyconv")))
      page.usages.emplace_back(rest);
    else
      join(page.usages.back(), rest);
  }
}

}  // namespace

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  for (std::size_t end; (end = text.find(separator)) != std::string_view::npos; text.remove_prefix(end + separator.size()))
    parts.emplace_back(text.substr(0, end));
  parts.emplace_back(text);
  return parts;
}

HelpPage help_page(std::string_view help) {
  HelpPage page;
  const std::vector<std::string> lines = split(help, "\n");
  const std::size_t dash = lines.front().find(" - ");
  page.name = lines.front().substr(0, dash);
  page.summary = lines.front().substr(dash + 3);
  for (std::size_t at = 1; at < lines.size();) {
    const std::string& line = lines[at];
    if (line.empty()) {
      ++at;
    } else if (line.starts_with("usage: ")) {
      read_usage(lines, at, page);
    } else if (std::optional<Section> section = heading(line)) {
      page.sections.push_back(*std::move(section));
      ++at;
    } else if (line.starts_with("  ") && !page.sections.empty()) {
      add_line(page.sections.back(), line);
      ++at;
    } else if (line.starts_with("exit status: ")) {
      page.sections.push_back(exit_statuses(paragraph_at(lines, at)));
    } else {
      page.paragraphs.push_back(paragraph_at(lines, at));
    }
  }
  return page;
}

std::vector<HelpPage> all_pages() {
  std::vector<HelpPage> pages = {help_page(std::get<cli::Answer>(cli::parse_command_line({"--help"})).text)};
  for (const std::string_view command : cli::commands)
    pages.push_back(help_page(std::get<cli::Answer>(cli::parse_command_line({std::string(command), "--help"})).text));
  return pages;
}

}  // namespace policyconv::packaging
