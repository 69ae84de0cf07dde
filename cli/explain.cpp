#include "cli/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <ostream>
#include <vector>

#include "report/code_pages.h"
#include "report/explanations.h"
#include "report/language.h"
#include "report/terminal.h"

namespace policyconv::cli {
namespace {

using report::Language;

constexpr std::size_t text_width = 100;

/// The UTF-8 sequence that `text` begins with. Texts of ours are well-formed.
std::string_view character(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) ++length;
  return text.substr(0, length);
}

template <std::size_t Count>
bool one_of(std::string_view mark, const std::string_view (&marks)[Count]) {
  return std::find(std::begin(marks), std::end(marks), mark) != std::end(marks);
}

/// May a line break between two characters that no space parts?
bool breaks_between(std::string_view before, std::string_view after) {
  constexpr std::string_view closing[] = {"，", "。", "、", "；", "：", "？", "！", "）", "”", "》", "…"};
  constexpr std::string_view opening[] = {"（", "“", "《"};
  if (one_of(after, closing) || one_of(before, opening)) return false;
  return report::columns(before) == 2 || report::columns(after) == 2;
}

/// A piece of text that stays in one line.
struct Piece {
  std::string_view text;
  bool spaced = false;  // a space before it, unless it begins a line
};

std::vector<Piece> pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  std::string_view before;  // the character before; empty behind a space
  bool spaced = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view now = character(text.substr(at));
    at += now.size();
    if (now == " " || now == "\n") {
      spaced = true;
      before = {};
      continue;
    }
    if (pieces.empty() || before.empty() || breaks_between(before, now))
      pieces.push_back({now, spaced});
    else
      pieces.back().text = {pieces.back().text.data(), pieces.back().text.size() + now.size()};
    spaced = false;
    before = now;
  }
  return pieces;
}

std::string indented(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0)
      result += fmt::format("    {}\n", text.substr(0, end));
    else if (!result.empty())
      result += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string long_text(Kind kind, Language language) {
  const Definition& about = definition(kind);
  std::string text = fmt::format("{} ({}): {}\n", about.code, report::say(to_string(about.effect), language),
                                 report::summary_of(kind, language));
  const report::Explanation* found = report::explanation(kind, language);
  if (found == nullptr) return text;
  for (const auto& [heading, part] : report::parts_of(*found, language))
    text += fmt::format("\n{}\n\n{}", heading, filled(part, text_width));
  return text + fmt::format("\n{}\n\n{}", report::say("Example", language), indented(found->example));
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

std::string in_one_line(Kind kind, const ExplainOptions& options) {
  const Definition& about = definition(kind);
  const std::string_view effect = report::say(to_string(about.effect), options.language);
  const std::string summary = report::summary_of(kind, options.language);
  if (options.format == Format::Markdown)
    return fmt::format("- {} ({}): {}\n", about.code, effect, report::prose_markdown(summary));
  constexpr std::size_t width = 9;  // of the longest effect
  const std::string blank(width - std::min(report::columns(effect), width), ' ');
  return fmt::format("{}  {}{}  {}\n", about.code, effect, blank, summary);
}

std::string at_length(Kind kind, const ExplainOptions& options) {
  return options.format == Format::Markdown ? report::code_markdown(kind, options.language)
                                            : long_text(kind, options.language);
}

}  // namespace

std::string filled(std::string_view text, std::size_t width) {
  std::string result;
  std::size_t column = 0;
  for (const Piece& piece : pieces_of(text)) {
    const std::size_t space = piece.spaced && column > 0 ? 1 : 0, wanted = report::columns(piece.text);
    const bool fits = column == 0 || column + space + wanted <= width;
    if (!fits)
      result += '\n';
    else
      result.append(space, ' ');
    column = fits ? column + space + wanted : wanted;
    result += piece.text;
  }
  return result + "\n";
}

int explain(const ExplainOptions& options, std::ostream& out, std::ostream& err) {
  std::vector<Kind> kinds;
  int status = 0;
  for (const std::string& typed : options.codes) {
    const std::string code = report::canonical_code(typed);
    const auto found = std::find_if(std::begin(definitions), std::end(definitions),
                                    [&](const Definition& about) { return about.code == code; });
    if (found != std::end(definitions)) {
      kinds.push_back(static_cast<Kind>(found - std::begin(definitions)));
      continue;
    }
    err << fmt::format("policyconv explain: no code `{}`; the nearest are {} (`policyconv explain` lists all)\n",
                       report::printable(typed), fmt::join(nearest_codes(number_of(code)), ", "));
    status = usage_error;
  }
  const bool list = options.codes.empty() && !options.all;
  if (options.codes.empty()) kinds = report::kinds_by_code();
  for (std::size_t at = 0; at < kinds.size(); ++at)
    out << (list || at == 0 ? "" : "\n") << (list ? in_one_line(kinds[at], options) : at_length(kinds[at], options));
  return status;
}

}  // namespace policyconv::cli
