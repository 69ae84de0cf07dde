// Matching goes back to the last star only, for names and for characters alike, so that no pattern takes more than
// (length of the pattern) x (length of the path) steps.
#include "cli/ignore.h"

#include <algorithm>
#include <utility>

namespace policyconv::cli {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> names;
  while (true) {
    const std::size_t slash = path.find('/');
    names.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return names;
    path.remove_prefix(slash + 1);
  }
}

/// Matches `count` things against `pattern_count` elements of a pattern. `is_star(p)`: the element stands for any number of
/// things; `fits(p, i)`: otherwise, whether it stands for thing `i`.
template <typename IsStar, typename Fits>
bool matches(std::size_t pattern_count, std::size_t count, IsStar is_star, Fits fits) {
  constexpr auto none = static_cast<std::size_t>(-1);
  std::size_t p = 0, i = 0, star = none, taken = 0;
  while (i < count) {
    if (p < pattern_count && is_star(p)) {
      star = p++;
      taken = i;
    } else if (p < pattern_count && fits(p, i)) {
      ++p;
      ++i;
    } else if (star != none) {
      p = star + 1;
      i = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern_count && is_star(p)) ++p;
  return p == pattern_count;
}

enum class Glyph : unsigned char { Literal, AnyCharacter, Star };

struct Element {
  Glyph glyph = Glyph::Literal;
  std::string_view text;  // of a literal
};

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Characters rather than bytes, since `?` stands for one.
std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> found;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (end < text.size() && continues(text[end])) ++end;
    found.push_back(text.substr(at, end - at));
    at = end;
  }
  return found;
}

std::vector<Element> elements(std::string_view pattern) {
  std::vector<Element> found;
  const std::vector<std::string_view> all = characters(pattern);
  for (std::size_t at = 0; at < all.size(); ++at) {
    if (all[at] == "*") found.push_back({Glyph::Star, {}});
    else if (all[at] == "?") found.push_back({Glyph::AnyCharacter, {}});
    else if (all[at] == "\\" && at + 1 < all.size()) found.push_back({Glyph::Literal, all[++at]});
    else found.push_back({Glyph::Literal, all[at]});
  }
  return found;
}

bool name_fits(std::string_view pattern, std::string_view name) {
  const std::vector<Element> wanted = elements(pattern);
  const std::vector<std::string_view> given = characters(name);
  return matches(
      wanted.size(), given.size(), [&](std::size_t p) { return wanted[p].glyph == Glyph::Star; },
      [&](std::size_t p, std::size_t i) { return wanted[p].glyph == Glyph::AnyCharacter || wanted[p].text == given[i]; });
}

bool path_fits(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path) {
  return matches(
      pattern.size(), path.size(), [&](std::size_t p) { return pattern[p] == "**"; },
      [&](std::size_t p, std::size_t i) { return name_fits(pattern[p], path[i]); });
}

/// Blanks at the end do not count unless the last is behind a backslash.
std::string_view without_blanks(std::string_view line) {
  const auto is_escaped = [&] {
    std::size_t backslashes = 0;
    while (backslashes + 1 < line.size() && line[line.size() - 2 - backslashes] == '\\') ++backslashes;
    return backslashes % 2 == 1;
  };
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r') && !is_escaped())
    line.remove_suffix(1);
  return line;
}

}  // namespace

std::optional<IgnorePatterns::Pattern> IgnorePatterns::pattern(std::string_view line) {
  line = without_blanks(line);
  if (line.starts_with('#')) return std::nullopt;
  Pattern made;
  if (line.starts_with('!')) {
    made.leaves_out = false;
    line.remove_prefix(1);
  }
  if (line.ends_with('/')) {
    made.directories_only = true;
    line.remove_suffix(1);
  }
  const bool is_tied = line.find('/') != std::string_view::npos;
  if (line.starts_with('/')) line.remove_prefix(1);
  if (line.empty()) return std::nullopt;
  if (!is_tied) made.segments.emplace_back("**");
  for (const std::string_view name : split(line)) made.segments.emplace_back(name);
  // `a/**` is what stands below a, and not a itself.
  if (made.segments.size() > 1 && made.segments.back() == "**") made.segments.emplace_back("*");
  return made;
}

IgnorePatterns::IgnorePatterns(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (std::optional<Pattern> made = pattern(text.substr(0, end))) patterns_.push_back(*std::move(made));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::optional<bool> IgnorePatterns::decide(std::string_view path, bool is_directory) const {
  const std::vector<std::string_view> names = split(path);
  const auto last = std::find_if(patterns_.rbegin(), patterns_.rend(), [&](const Pattern& pattern) {
    return (is_directory || !pattern.directories_only) && path_fits(pattern.segments, names);
  });
  return last == patterns_.rend() ? std::nullopt : std::optional(last->leaves_out);
}

bool IgnoreStack::leaves_out(std::string_view path, bool is_directory) const {
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    const std::string_view below = level->directory.empty() ? path : path.substr(level->directory.size() + 1);
    if (const std::optional<bool> decided = level->patterns.decide(below, is_directory)) return *decided;
  }
  return false;
}

}  // namespace policyconv::cli
