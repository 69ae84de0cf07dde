// Enough of Go's regexp syntax to know what regexp.Compile refuses. Entrance: regexp_error().
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "frontend/refusal.h"

namespace policyconv::cilium {
namespace {

/// Where the class that starts at `open` ends (after its ']'); npos if it never does.
std::size_t end_of_class(std::string_view pattern, std::size_t open) {
  std::size_t at = open + 1;
  if (pattern.substr(at).starts_with('^')) ++at;
  for (bool first = true; at < pattern.size(); first = false) {
    if (pattern[at] == ']' && !first) return at + 1;
    const bool named = pattern.substr(at).starts_with("[:");
    const std::size_t end = named ? pattern.find(":]", at + 2) : std::string_view::npos;
    at = end != std::string_view::npos ? end + 2 : at + (pattern[at] == '\\' ? 2 : 1);
  }
  return std::string_view::npos;
}

/// The length of the repetition at `at`: *, +, ?, {n}, {n,} or {n,m}, each with an optional ?; 0 if there is none.
std::size_t repetition(std::string_view pattern, std::size_t at) {
  std::size_t end = at + 1;
  if (pattern[at] == '{') {
    const auto digits = [&] {
      const std::size_t begin = end;
      while (end < pattern.size() && std::isdigit(static_cast<unsigned char>(pattern[end]))) ++end;
      return end > begin;
    };
    if (!digits()) return 0;
    if (pattern.substr(end).starts_with(',')) ++end, digits();
    if (!pattern.substr(end).starts_with('}')) return 0;
    ++end;
  } else if (pattern[at] != '*' && pattern[at] != '+' && pattern[at] != '?') {
    return 0;
  }
  return end - at + (pattern.substr(end).starts_with('?') ? 1 : 0);
}

}  // namespace

std::string regexp_error(const std::string& pattern) {
  const auto error = [](std::string_view what, std::string_view where) {
    return fmt::format("error parsing regexp: {}: `{}`", what, where);
  };
  const std::string_view text = pattern;
  int open = 0;
  bool subject = false;                           // something stands before, so it can be repeated
  std::size_t repeated = std::string_view::npos;  // where the repetition just before started
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t length = repetition(text, at); length != 0) {
      if (repeated != std::string_view::npos)
        return error("invalid nested repetition operator", text.substr(repeated, at + length - repeated));
      if (!subject) return error("missing argument to repetition operator", text.substr(at, length));
      repeated = at;
      at += length;
      continue;
    }
    repeated = std::string_view::npos;
    subject = text[at] != '(' && text[at] != '|';
    switch (text[at]) {
      case '\\':
        if (at + 1 == text.size()) return error("trailing backslash at end of expression", "");
        at += 2;
        continue;
      case '[': {
        const std::size_t end = end_of_class(text, at);
        if (end == std::string_view::npos) return error("missing closing ]", text.substr(at));
        at = end;
        continue;
      }
      case '(':
        ++open;
        if (text.substr(at).starts_with("(?")) at = std::min(text.find_first_of(":>)", at), text.size() - 1);
        if (text[at] == ')') --open;  // (?i) sets flags and holds nothing
        break;
      case ')':
        if (open-- == 0) return error("unexpected )", text);
        break;
      default:
        break;
    }
    ++at;
  }
  return open > 0 ? error("missing closing )", text) : "";
}

}  // namespace policyconv::cilium
