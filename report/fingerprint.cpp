#include "report/fingerprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "ir/digest.h"
#include "report/terminal.h"

namespace policyconv::report {
namespace {

/// A longer line is no line that people write: it holds much else that has nothing to do with the finding.
constexpr std::size_t longest_line = 300;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r"), last = text.find_last_not_of(" \t\r");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, last - first + 1);
}

bool is_digit(char c) { return '0' <= c && c <= '9'; }

/// The end of `:12:3` at `at`; `at` if there is none.
std::size_t behind_place(std::string_view text, std::size_t at) {
  std::size_t end = at;
  for (int part = 0; part < 2; ++part) {
    if (end + 1 >= text.size() || text[end] != ':' || !is_digit(text[end + 1])) return at;
    for (++end; end < text.size() && is_digit(text[end]);) ++end;
  }
  return end;
}

/// Messages that name another place leave out line and column of it. Only behind the name of a file: addresses have colons
/// and digits, too.
std::string without_places(std::string_view message, const Sources& sources) {
  const auto names_a_file = [&](std::string_view before) {
    for (std::uint32_t file = 1; file <= sources.count(); ++file)
      if (before.ends_with(printable(sources.name(file)))) return true;
    return false;
  };
  std::string text;
  std::size_t from = 0;  // what is not in `text` yet
  for (std::size_t at = message.find(':'); at != message.npos;) {
    const std::size_t end = behind_place(message, at);
    const bool leaves_out = end != at && names_a_file(message.substr(0, at));
    if (leaves_out) {
      text += message.substr(from, at - from);
      from = end;
    }
    at = message.find(':', leaves_out ? end : at + 1);
  }
  return text += message.substr(from);
}

std::string_view line_of(const Place& place) {
  return place.text.size() <= longest_line ? trimmed(place.text) : std::string_view();
}

/// Up to the bracket that closes the first one. A quote in the middle of a word, as in `it's`, opens nothing.
std::string_view bracketed(std::string_view text) {
  std::size_t depth = 0;
  char quote = 0, before = 0;  // the last character that is no blank
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++at;
      else if (c == quote) quote = 0;
      continue;
    }
    const bool begins_value = before == ',' || before == ':' || before == '[' || before == '{';
    if (begins_value && (c == '"' || c == '\'')) quote = c;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return text.substr(0, at + 1);
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') before = c;
  }
  return text;
}

}  // namespace

std::string digest(std::string_view text) { return fmt::format("{:016x}", fnv1a(text)); }

std::string digest_of_value(std::string_view text, std::uint32_t column) {
  const bool in_brackets = text.starts_with('{') || text.starts_with('[');
  if (in_brackets) text = bracketed(text);
  std::string found;
  bool is_first = true;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start), content = trimmed(line);
    start = end + 1;
    const bool says_nothing = content.empty() || content.starts_with('#');
    if (!is_first && !in_brackets && (line.starts_with("---") || line.starts_with("..."))) break;
    if (!is_first && !says_nothing && !in_brackets && line.find_first_not_of(' ') + 1 < column) break;
    is_first = false;
    if (!says_nothing) found.append(content).append("\n");
  }
  return digest(found);
}

void add_fingerprints(std::vector<Finding>& findings, const std::vector<std::string>& rules, const Sources& sources) {
  std::map<std::uint64_t, std::size_t> seen;
  std::map<std::string_view, std::string> files;  // many findings are about one file
  for (std::size_t at = 0; at < findings.size(); ++at) {
    Finding& finding = findings[at];
    const auto [file, added] = files.try_emplace(finding.place.file);
    if (added) file->second = std::filesystem::path(finding.place.file).lexically_normal().generic_string();
    const std::uint64_t base =
        fnv1a(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", definition(finding.kind).code, file->second, finding.policy,
                         line_of(finding.place), without_places(finding.message, sources), rules[at]));
    const std::size_t number = seen[base]++;
    finding.fingerprint = fmt::format("{:016x}", number == 0 ? base : fnv1a(fmt::format("{:016x} {}", base, number)));
  }
}

}  // namespace policyconv::report
