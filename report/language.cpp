// Entrance: message_of(), help_of(), say(). The tables are report/diagnostics_zh.def and report/phrases_zh.def.
// Messages are put together anew from the arguments of a finding, since languages order them in different ways.
#include "report/language.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "report/terminal.h"

namespace policyconv::report {
namespace {

struct Translation {
  std::string_view text, help;
};

constexpr auto chinese = [] {
  std::array<Translation, std::size(definitions)> all{};
#define POLICYCONV_CHINESE(name, text, help) all[static_cast<std::size_t>(Kind::name)] = {text, help};
#include "report/diagnostics_zh.def"
#undef POLICYCONV_CHINESE
  return all;
}();

struct Phrase {
  std::string_view english, chinese;
};

constexpr Phrase phrases[] = {
#define POLICYCONV_PHRASE(english, chinese) {english, chinese},
#include "report/phrases_zh.def"
#undef POLICYCONV_PHRASE
};

/// A text with placeholders, piece by piece: literals, and what stands for the placeholders, as `fill` says.
/// `fill` gets the number that is written in the placeholder, and whether it stands in backticks.
template <typename Literal, typename Fill>
void walk(std::string_view pattern, const Literal& literal, const Fill& fill) {
  bool quoted = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    const std::size_t end = c == '{' ? pattern.find('}', at) : std::string_view::npos;
    const bool doubled = (c == '{' || c == '}') && at + 1 < pattern.size() && pattern[at + 1] == c;
    if (doubled || end == std::string_view::npos) {
      literal(c);
      at += doubled ? 1 : 0;
      quoted ^= c == '`';
      continue;
    }
    std::size_t number = 0;
    for (const char digit : pattern.substr(at + 1, end - at - 1))
      if ('0' <= digit && digit <= '9') number = number * 10 + static_cast<std::size_t>(digit - '0');
    fill(number, quoted);
    at = end;
  }
}

/// What stands in the placeholders of `pattern`, if `text` is one that it can make; each takes as little as it can.
std::optional<std::vector<std::string>> taken_apart(std::string_view pattern, std::string_view text) {
  std::vector<std::string> parts;
  std::size_t at = pattern.find('{');
  if (text.substr(0, at) != pattern.substr(0, at)) return std::nullopt;
  text.remove_prefix(std::min(at, text.size()));
  while (at != std::string_view::npos) {
    const std::size_t begin = pattern.find('}', at) + 1;
    at = pattern.find('{', begin);
    const std::string_view next = pattern.substr(begin, at == std::string_view::npos ? at : at - begin);
    const std::size_t found = at != std::string_view::npos ? text.find(next)
                              : text.ends_with(next)       ? text.size() - next.size()
                                                           : std::string_view::npos;
    if (found == std::string_view::npos || found == 0) return std::nullopt;
    parts.emplace_back(text.substr(0, found));
    text.remove_prefix(found + next.size());
  }
  return text.empty() ? std::optional(parts) : std::nullopt;
}

std::string filled_in(std::string_view pattern, const std::vector<std::string>& arguments);

/// "8080 and 9090"
bool is_list_of_numbers(std::string_view text) {
  return text.find(" and ") != std::string_view::npos &&
         text.find_first_not_of("0123456789 and") == std::string_view::npos;
}

/// An argument of ours in Chinese. Anything else stays as it is: names, numbers, words of Cilium and of libraries.
std::string argument_in_chinese(std::string_view argument) {
  if (is_list_of_numbers(argument)) {
    std::string text(argument);
    for (std::size_t at = text.find("and"); at != std::string::npos; at = text.find("and", at))
      text.replace(at, 3, "和");
    return text;
  }
  for (const Phrase& phrase : phrases)
    if (phrase.english == argument) return std::string(phrase.chinese);
  for (const Phrase& phrase : phrases) {
    if (phrase.english.find("{0}") == std::string_view::npos) continue;
    if (const auto parts = taken_apart(phrase.english, argument)) return filled_in(phrase.chinese, *parts);
  }
  return std::string(argument);
}

/// The first byte of U+4E00 to U+9FFF.
bool begins_ideograph(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return 0xE4 <= byte && byte <= 0xE9;
}

/// Of a Latin word, a number or code, which stand apart from ideographs by a space.
bool is_latin(char c) {
  return ('0' <= c && c <= '9') || ('A' <= c && c <= 'Z') || ('a' <= c && c <= 'z') || c == '`';
}

/// A Chinese pattern with `arguments` in its placeholders.
std::string filled_in(std::string_view pattern, const std::vector<std::string>& arguments) {
  std::string text;
  bool behind_argument = false;
  const auto literal = [&](char c) {
    if (behind_argument && begins_ideograph(c) && is_latin(text.back())) text += ' ';
    behind_argument = false;
    text += c;
  };
  const auto argument = [&](std::size_t number, bool quoted) {
    const std::string added = quoted ? arguments[number] : argument_in_chinese(arguments[number]);
    if (added.empty()) return;
    const bool behind_ideograph = text.size() >= 3 && begins_ideograph(text[text.size() - 3]);
    if (!quoted && behind_ideograph && is_latin(added.front())) text += ' ';
    text += added;
    behind_argument = !quoted;
  };
  walk(pattern, literal, argument);
  return text;
}

/// How many arguments a pattern asks for.
std::size_t arity(std::string_view pattern) {
  std::size_t count = 0;
  walk(
      pattern, [](char) {}, [&](std::size_t number, bool) { count = std::max(count, number + 1); });
  return count;
}

}  // namespace

std::string_view pattern_of(Kind kind, Language language) {
  const std::string_view text = chinese[static_cast<std::size_t>(kind)].text;
  return language == Language::Chinese && !text.empty() ? text : definition(kind).text;
}

std::string message_of(const Finding& finding, Language language) {
  const std::string_view pattern = chinese[static_cast<std::size_t>(finding.kind)].text;
  // Reports of other versions may hold arguments of a message as it was then.
  const bool known = language == Language::Chinese && !pattern.empty() && arity(pattern) == finding.arguments.size();
  return known ? filled_in(pattern, finding.arguments) : finding.message;
}

std::string suggestion_of(const Finding& finding, Language language) {
  return language == Language::Chinese ? argument_in_chinese(finding.suggestion) : finding.suggestion;
}

std::string_view help_of(Kind kind, Language language) {
  const std::string_view help = chinese[static_cast<std::size_t>(kind)].help;
  return language == Language::Chinese && !help.empty() ? help : definition(kind).help;
}

std::string outline_of(Kind kind, Language language) {
  std::string text;
  walk(
      pattern_of(kind, language), [&](char c) { text += c; }, [&](std::size_t, bool) { text += "…"; });
  return text;
}

std::string_view say(std::string_view english, Language language) {
  if (language == Language::Chinese)
    for (const Phrase& phrase : phrases)
      if (phrase.english == english) return phrase.chinese;
  return english;
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many, Language language) {
  if (language == Language::English) return counted(count, one, many);
  return fmt::format(fmt::runtime(say(fmt::format("{{}} {}", many), language)), count);
}

}  // namespace policyconv::report
