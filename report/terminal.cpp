#include "report/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <vector>

#include <fmt/format.h>

namespace policyconv::report {
namespace {

constexpr std::size_t tab_stop = 4;
constexpr std::size_t snippet_columns = 100;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

struct Range {
  char32_t first, last;
};

// East Asian wide and emoji blocks; what this misses only moves a caret by a column.
constexpr Range wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},
                          {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
                          {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};
constexpr Range combining[] = {{0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}};
// C0 and C1 controls, invisible characters, line separators, and the marks of "trojan source" attacks.
constexpr Range hidden[] = {{0x0000, 0x001F}, {0x007F, 0x009F}, {0x00AD, 0x00AD}, {0x061C, 0x061C},
                            {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}};

template <std::size_t Count>
bool within(const Range (&ranges)[Count], char32_t point) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [&](Range range) { return range.first <= point && point <= range.last; });
}

/// One character of the text as it is shown.
struct Cell {
  std::string shown;
  std::size_t offset = 0;  // of its first byte in the text
  std::size_t width = 1;
};

/// The length of the well-formed UTF-8 sequence that `text` starts with and its code point; length 0 if it is none.
std::pair<std::size_t, char32_t> decode(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, lead};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {0, 0};
  char32_t point = lead & (0xFFU >> (length + 1));
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0) != 0x80) return {0, 0};
    point = (point << 6) | (byte(at) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = 0xD800 <= point && point <= 0xDFFF;
  if (point < least[length] || point > 0x10FFFF || surrogate) return {0, 0};
  return {length, point};
}

Cell cell_at(std::string_view text, std::size_t offset) {
  const std::string_view rest = text.substr(offset);
  const auto [length, point] = decode(rest);
  std::string escape;
  if (length == 0) escape = fmt::format("\\x{:02x}", static_cast<unsigned char>(rest[0]));
  else if (point == U'\n') escape = "\\n";
  else if (point == U'\r') escape = "\\r";
  else if (point == U'\t') escape = "\\t";
  else if (within(hidden, point))
    escape = point < 0x80 ? fmt::format("\\x{:02x}", static_cast<unsigned>(point))
                          : fmt::format("\\u{{{:x}}}", static_cast<unsigned>(point));
  if (!escape.empty()) return {escape, offset, escape.size()};
  const std::size_t width = within(combining, point) ? 0U : within(wide, point) ? 2U : 1U;
  return {std::string(rest.substr(0, length)), offset, width};
}

std::vector<Cell> cells(std::string_view text) {
  std::vector<Cell> found;
  for (std::size_t offset = 0; offset < text.size();) {
    found.push_back(cell_at(text, offset));
    offset += std::max<std::size_t>(decode(text.substr(offset)).first, 1);
  }
  return found;
}

/// Nearly every text is: each of its bytes is a character that is shown as it is.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::vector<Cell> cells_with_tab_stops(std::string_view line) {
  std::vector<Cell> found = cells(line);
  std::size_t column = 0;
  for (Cell& cell : found) {
    if (line[cell.offset] == '\t') {
      cell.width = tab_stop - column % tab_stop;
      cell.shown.assign(cell.width, ' ');
    }
    column += cell.width;
  }
  return found;
}

std::size_t total_width(std::vector<Cell>::const_iterator first, std::vector<Cell>::const_iterator last) {
  std::size_t sum = 0;
  for (; first != last; ++first) sum += first->width;
  return sum;
}

/// The part of a line that can matter for its snippet (a line may have megabytes), and where byte `at` is in it.
std::pair<std::string_view, std::size_t> around(std::string_view line, std::size_t at) {
  at = std::min(at, line.size());
  constexpr std::size_t reach = 4 * snippet_columns;
  const auto continues = [&](std::size_t offset) { return (static_cast<unsigned char>(line[offset]) & 0xC0) == 0x80; };
  std::size_t first = at < reach ? 0 : at - reach, last = std::min(at + reach, line.size());
  while (first > 0 && first < at && continues(first)) ++first;
  while (last > at && last < line.size() && continues(last)) --last;
  return {line.substr(first, last - first), at - first};
}

std::string_view escape_code(Style style) {
  switch (style) {
    case Style::Plain: return "";
    case Style::Bold: return "\x1b[1m";
    case Style::Dim: return "\x1b[2m";
    case Style::Red: return "\x1b[1;31m";
    case Style::Yellow: return "\x1b[1;33m";
    case Style::Blue: return "\x1b[1;34m";
    case Style::Magenta: return "\x1b[1;35m";
    case Style::Green: return "\x1b[1;32m";
  }
  return "";
}

}  // namespace

bool is_terminal(const std::ostream& out) {
  return (&out == &std::cerr && ::isatty(STDERR_FILENO) == 1) || (&out == &std::cout && ::isatty(STDOUT_FILENO) == 1);
}

bool wants_colour(Colour colour, const std::ostream& out) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool refused = no_color != nullptr && *no_color != '\0';
  return colour == Colour::Always || (colour == Colour::Auto && !refused && is_terminal(out));
}

std::string paint(std::string text, Style style, bool colour) {
  if (!colour || style == Style::Plain || text.empty()) return text;
  return fmt::format("{}{}\x1b[0m", escape_code(style), text);
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string printable(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string shown;
  for (const Cell& cell : cells(text)) shown += cell.shown;
  return shown;
}

std::size_t columns(std::string_view text) {
  if (is_plain(text)) return text.size();
  const std::vector<Cell> all = cells(text);
  return total_width(all.begin(), all.end());
}

std::string snippet(std::string_view line, std::uint32_t number, std::uint32_t column, bool colour) {
  if (number == 1 && line.substr(0, byte_order_mark.size()) == byte_order_mark)
    line.remove_prefix(byte_order_mark.size());
  const auto [text, byte] = around(line, column == 0 ? 0 : column - 1);
  const std::vector<Cell> all = cells_with_tab_stops(text);
  auto first = all.begin(), last = all.end();
  const auto caret = std::find_if(first, last, [at = byte](const Cell& cell) { return cell.offset >= at; });
  while (total_width(first, last) > snippet_columns) {
    // Half of the room before the caret is enough to see where it stands; the end is cut only then.
    if (total_width(first, caret) > snippet_columns / 2) ++first;
    else --last;
  }
  const bool cut_before = first != all.begin() || text.data() != line.data();
  const bool cut_after = last != all.end() || text.data() + text.size() != line.data() + line.size();
  std::string shown;
  for (auto cell = first; cell != last; ++cell) shown += cell->shown;
  const std::string gutter = fmt::format("{:>5} | ", number), blank(gutter.size() - 2, ' ');
  const std::string indent(total_width(first, caret) + (cut_before ? 1 : 0), ' ');
  return fmt::format("{}{}{}{}\n{}{}{}\n", paint(gutter, Style::Blue, colour), cut_before ? "…" : "", shown,
                     cut_after ? "…" : "", paint(blank + "| ", Style::Blue, colour), indent,
                     paint("^", Style::Bold, colour));
}

}  // namespace policyconv::report
