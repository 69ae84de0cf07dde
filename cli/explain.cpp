#include "cli/explain.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <ostream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/options.h"
#include "report/explanations.h"
#include "report/terminal.h"

namespace policyconv::cli {
namespace {

constexpr std::size_t text_width = 100;

/// Breaks `text` into lines of at most text_width columns; line breaks in it count as spaces, empty lines are kept.
std::string filled(std::string_view text) {
  std::string result;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (column > 0) {
      const bool fits = column + 1 + report::columns(word) <= text_width;
      result += fits ? ' ' : '\n';
      column = fits ? column + 1 : 0;
    }
    result += word;
    column += report::columns(word);
  }
  return result + "\n";
}

std::string indented(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) result += fmt::format("    {}\n", text.substr(0, end));
    else if (!result.empty()) result += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

/// The message of the table with an ellipsis for each argument.
std::string message_of(const Definition& about) {
  std::string text;
  for (std::size_t at = 0; at < about.text.size(); ++at) {
    const char c = about.text[at];
    const bool doubled = (c == '{' || c == '}') && about.text.substr(at + 1, 1) == std::string_view(&c, 1);
    if (doubled) ++at;
    if (doubled || c != '{') {
      text += c;
      continue;
    }
    text += "…";
    at = about.text.find('}', at);
  }
  return text;
}

/// What a code is about in one line; a message that is nothing but its argument says less than its long text.
std::string summary(Kind kind) {
  const Definition& about = definition(kind);
  const report::Explanation* found = report::explanation(kind);
  if (about.text != "{}" || found == nullptr) return message_of(about);
  return std::string(found->happened.substr(0, found->happened.find(". ")));
}

std::string long_text(Kind kind) {
  const Definition& about = definition(kind);
  std::string text = fmt::format("{} ({}): {}\n", about.code, to_string(about.effect), summary(kind));
  if (const report::Explanation* found = report::explanation(kind)) {
    text += fmt::format("\nWhat happened\n\n{}\nWhy\n\n{}\nWhat to do\n\n{}\n", filled(found->happened),
                        filled(found->why), filled(found->remedy));
    text += fmt::format("Example\n\n{}", indented(found->example));
  }
  return text;
}

int number_of(std::string_view code) {
  int number = -1;
  code.remove_prefix(std::min(code.find_first_of("0123456789"), code.size()));
  std::from_chars(code.data(), code.data() + code.size(), number);
  return number;
}

/// The three codes whose numbers are closest to what was typed.
std::vector<std::string_view> nearest_codes(int number) {
  std::vector<std::string_view> codes;
  for (const Definition& about : definitions) codes.push_back(about.code);
  std::stable_sort(codes.begin(), codes.end(), [&](std::string_view a, std::string_view b) {
    return std::abs(number_of(a) - number) < std::abs(number_of(b) - number);
  });
  codes.resize(std::min<std::size_t>(codes.size(), 3));
  return codes;
}

void list_all(std::ostream& out) {
  std::vector<Kind> kinds;
  for (std::size_t at = 0; at < std::size(definitions); ++at) kinds.push_back(static_cast<Kind>(at));
  std::sort(kinds.begin(), kinds.end(), [](Kind a, Kind b) { return definition(a).code < definition(b).code; });
  for (const Kind kind : kinds)
    out << fmt::format("{}  {:<9}  {}\n", definition(kind).code, to_string(definition(kind).effect), summary(kind));
}

}  // namespace

int explain(const std::vector<std::string>& codes, std::ostream& out, std::ostream& err) {
  if (codes.empty()) list_all(out);
  int status = 0;
  for (const std::string& typed : codes) {
    const std::string code = report::canonical_code(typed);
    const auto found = std::find_if(std::begin(definitions), std::end(definitions),
                                    [&](const Definition& about) { return about.code == code; });
    if (found == std::end(definitions)) {
      err << fmt::format("policyconv explain: no code `{}`; the nearest are {} (`policyconv explain` lists all)\n",
                         report::printable(typed), fmt::join(nearest_codes(number_of(code)), ", "));
      status = usage_error;
      continue;
    }
    out << (&typed == &codes.front() ? "" : "\n") << long_text(static_cast<Kind>(found - std::begin(definitions)));
  }
  return status;
}

}  // namespace policyconv::cli
