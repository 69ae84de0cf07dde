// A look at the text as it is written, since what is to be hidden may be the very line that makes it unreadable.
#include "yaml/secrets.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <iterator>
#include <optional>

namespace policyconv::yaml {
namespace {

constexpr std::string_view spaces = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(spaces);
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

std::string_view without_quote(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && (text.back() == '"' || text.back() == '\'')) text.remove_suffix(1);
  return text;
}

bool is_word(char letter) { return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == '-'; }

/// `kind: Secret` in a line, however it is quoted.
struct Mark {
  std::string_view before, after;
  bool is_quoted = false;  // the key is
};

std::optional<Mark> mark_in(std::string_view line) {
  for (std::size_t at = line.find("Secret"); at != line.npos; at = line.find("Secret", at + 1)) {
    std::string_view after = line.substr(at + 6);
    if (after.starts_with("List")) after.remove_prefix(4);
    if (!after.empty() && is_word(after.front())) continue;
    std::string_view before = trimmed(line.substr(0, at));
    if (!before.empty() && (before.back() == '"' || before.back() == '\'')) before = trimmed(before.substr(0, before.size() - 1));
    if (!before.ends_with(':')) continue;
    before.remove_suffix(1);
    const std::string_view key = without_quote(before);
    if (!key.ends_with("kind")) continue;
    const std::size_t length = static_cast<std::size_t>(key.data() - line.data()) + key.size() - 4;
    std::string_view head = line.substr(0, length);
    const bool is_quoted = !head.empty() && (head.back() == '"' || head.back() == '\'');
    if (is_quoted) head.remove_suffix(1);
    if (!head.empty() && is_word(head.back())) continue;
    after = trimmed(after);
    if (after.starts_with('"') || after.starts_with('\'')) after = trimmed(after.substr(1));
    return Mark{head, after, is_quoted};
  }
  return std::nullopt;
}

std::size_t indentation(std::string_view line) {
  const std::size_t first = line.find_first_not_of(' ');
  return first == line.npos ? line.size() : first;
}

bool is_item(std::string_view line) {
  const std::string_view rest = line.substr(indentation(line));
  return rest.starts_with("- ") || rest == "-" || rest == "-\r";
}

bool is_separator(std::string_view line) {
  return (line.starts_with("---") || line.starts_with("...")) &&
         (line.size() == 3 || spaces.find(line[3]) != std::string_view::npos);
}

/// The lines of one document, numbered from 0.
class Document {
 public:
  Document(const std::vector<std::string_view>& lines, std::size_t first, std::size_t last)
      : lines_(lines), first_(first), last_(last) {}

  void add_secrets(std::vector<Lines>& found) const {
    for (std::size_t at = first_; at <= last_; ++at)
      if (const std::optional<Mark> mark = mark_in(lines_[at])) add(at, *mark, found);
  }

 private:
  void add(std::size_t at, const Mark& mark, std::vector<Lines>& found) const {
    const std::string_view rest = mark.after;
    const bool is_block = trimmed(mark.before).empty() || trimmed(mark.before) == "-";
    const bool is_json = mark.is_quoted && (rest.empty() || rest == ",");
    std::size_t first = first_, last = last_;
    if (is_block && is_json) {
      first = up(at, mark.before.size(), [](std::string_view line) { return trimmed(line).ends_with('{'); });
      last = down(at, mark.before.size(), [](std::string_view line) { return trimmed(line).starts_with('}'); });
    } else if (is_block && (rest.empty() || rest.starts_with('#'))) {
      first = is_item(lines_[at]) ? at : up(at, mark.before.size(), is_item);
      const std::size_t next = down(at + 1, mark.before.size(), is_item);
      last = next > at && next <= last_ && is_item(lines_[next]) && indentation(lines_[next]) < mark.before.size() ? next - 1 : last_;
    }
    found.push_back({static_cast<std::uint32_t>(first + 1), static_cast<std::uint32_t>(last + 1)});
  }

  /// The next line above that is less indented and bounds the object; the first one if there is none.
  template <typename Bounds>
  [[nodiscard]] std::size_t up(std::size_t at, std::size_t column, Bounds bounds) const {
    while (at > first_) {
      --at;
      if (indentation(lines_[at]) < column && bounds(lines_[at])) return at;
    }
    return first_;
  }

  template <typename Bounds>
  [[nodiscard]] std::size_t down(std::size_t at, std::size_t column, Bounds bounds) const {
    for (; at <= last_; ++at)
      if (indentation(lines_[at]) < column && bounds(lines_[at])) return at;
    return last_;
  }

  const std::vector<std::string_view>& lines_;
  std::size_t first_, last_;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

}  // namespace

std::vector<Lines> secret_lines(std::string_view text) {
  std::vector<Lines> found, apart;
  if (text.find("Secret") == text.npos) return apart;
  const std::vector<std::string_view> lines = lines_of(text);
  for (std::size_t first = 0; first < lines.size();) {
    std::size_t next = first + 1;
    while (next < lines.size() && !is_separator(lines[next])) ++next;
    Document(lines, first, next - 1).add_secrets(found);
    first = next;
  }
  std::sort(found.begin(), found.end());
  for (const Lines& one : found) {
    if (!apart.empty() && one.first <= apart.back().last + 1) apart.back().last = std::max(apart.back().last, one.last);
    else apart.push_back(one);
  }
  return apart;
}

std::string without_secrets(std::string_view text) {
  const std::vector<Lines> secret = secret_lines(text);
  if (secret.empty()) return std::string(text);
  std::string shown;
  std::uint32_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    if (++number > 1) shown += '\n';
    if (is_among(secret, number)) shown += line.empty() ? "" : "# (of a Secret)";
    else shown += line;
  }
  return shown;
}

bool is_among(const std::vector<Lines>& lines, std::uint32_t line) {
  const auto after = std::upper_bound(lines.begin(), lines.end(), line,
                                      [](std::uint32_t number, const Lines& one) { return number < one.first; });
  return after != lines.begin() && line <= std::prev(after)->last;
}

}  // namespace policyconv::yaml
