// Entrances: document_text(), document_markdown().
#include "report/document.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "ir/overloaded.h"

namespace policyconv::report {
namespace {

/// Tables are folded to this width, as far as their words allow.
constexpr std::size_t table_columns = 118, least_column = 12;
constexpr std::size_t indent = 2, gap = 2;

std::string line_text(const Line& line, bool colour) {
  std::string text;
  for (const Span& span : line) text += paint(printable(span.text), span.style, colour);
  return text;
}

/// `text` in lines of at most `width` columns; longer words stay whole.
std::vector<std::string> folded(const std::string& text, std::size_t width) {
  std::vector<std::string> lines = {""};
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    std::string& last = lines.back();
    if (last.empty()) last = word;
    else if (columns(last) + 1 + columns(word) <= width) last += " " + word;
    else lines.push_back(word);
    at = end + 1;
  }
  return lines;
}

std::size_t longest_word(const std::string& text) {
  std::size_t longest = 0;
  for (const std::string& word : folded(text, 0)) longest = std::max(longest, columns(word));
  return longest;
}

/// Takes from the widest columns until all fit.
std::vector<std::size_t> widths_of(const Grid& grid) {
  std::vector<std::size_t> widths, least;
  for (std::size_t at = 0; at < grid.head.size(); ++at) {
    widths.push_back(columns(grid.head[at]));
    least.push_back(std::max(least_column, columns(grid.head[at])));
    for (const auto& row : grid.rows) {
      const std::string text = printable(row[at].text);
      widths.back() = std::max(widths.back(), columns(text));
      least.back() = std::max(least.back(), longest_word(text));
    }
  }
  const std::size_t gaps = indent + gap * (grid.head.size() - 1);
  while (std::accumulate(widths.begin(), widths.end(), gaps) > table_columns) {
    std::size_t* widest = nullptr;
    for (std::size_t at = 0; at < widths.size(); ++at)
      if (widths[at] > least[at] && (widest == nullptr || widths[at] > *widest)) widest = &widths[at];
    if (widest == nullptr) break;
    --*widest;
  }
  return widths;
}

void add_row(const std::vector<Span>& cells, const std::vector<std::size_t>& widths, bool colour, std::string& text) {
  std::vector<std::vector<std::string>> columns_of;
  std::size_t height = 0;
  for (std::size_t at = 0; at < cells.size(); ++at) {
    columns_of.push_back(folded(printable(cells[at].text), widths[at]));
    height = std::max(height, columns_of.back().size());
  }
  for (std::size_t line = 0; line < height; ++line) {
    std::string row(indent, ' ');
    std::size_t blanks = 0;  // written only if something follows
    for (std::size_t at = 0; at < cells.size(); ++at) {
      const std::string part = line < columns_of[at].size() ? columns_of[at][line] : "";
      if (!part.empty()) {
        row.append(blanks, ' ').append(paint(part, cells[at].style, colour));
        blanks = 0;
      }
      blanks += widths[at] - std::min(widths[at], columns(part)) + gap;
    }
    text += row + "\n";
  }
}

void add_text(const Block& block, bool colour, std::string& text) {
  std::visit(Overloaded{[&](const Paragraph& paragraph) { text += "  " + line_text(paragraph.line, colour) + "\n"; },
                        [&](const Bullets& bullets) {
                          for (const Bullets::Item& item : bullets.items) {
                            text += "  - " + line_text(item.line, colour) + "\n";
                            for (const Line& detail : item.details) text += "      " + line_text(detail, colour) + "\n";
                          }
                        },
                        [&](const Grid& grid) {
                          const std::vector<std::size_t> widths = widths_of(grid);
                          std::vector<Span> head;
                          for (const std::string& name : grid.head) head.push_back({name, Style::Bold});
                          add_row(head, widths, colour, text);
                          for (const auto& row : grid.rows) add_row(row, widths, colour, text);
                        },
                        [&](const Code& code) {
                          for (const std::string& line : code.lines) text += "    " + printable(line) + "\n";
                        }},
             block);
}

/// Text in Markdown outside of code.
std::string span_markdown(const Span& span) {
  if (span.text.empty()) return {};
  // In a table even code may not hold a bar.
  if (span.code && span.text.find_first_of("`|") == std::string::npos) return "`" + printable(span.text) + "`";
  const bool stressed = span.style != Style::Plain && span.style != Style::Dim;
  return stressed ? "**" + markdown(span.text) + "**" : markdown(span.text);
}

std::string line_markdown(const Line& line) {
  std::string text;
  for (const Span& span : line) text += span_markdown(span);
  return text;
}

std::string row_markdown(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

void add_markdown(const Block& block, std::string& text) {
  text += "\n";
  std::visit(Overloaded{[&](const Paragraph& paragraph) { text += line_markdown(paragraph.line) + "\n"; },
                        [&](const Bullets& bullets) {
                          for (const Bullets::Item& item : bullets.items) {
                            text += "- " + line_markdown(item.line) + "\n";
                            for (const Line& detail : item.details) text += "  - " + line_markdown(detail) + "\n";
                          }
                        },
                        [&](const Grid& grid) {
                          std::vector<std::string> cells;
                          for (const std::string& name : grid.head) cells.push_back(markdown(name));
                          text += row_markdown(cells) + row_markdown(std::vector<std::string>(cells.size(), "---"));
                          for (const auto& row : grid.rows) {
                            cells.clear();
                            for (const Span& cell : row) cells.push_back(span_markdown(cell));
                            text += row_markdown(cells);
                          }
                        },
                        [&](const Code& code) {
                          std::string lines, fence = "```";
                          for (const std::string& line : code.lines) lines += printable(line) + "\n";
                          while (lines.find(fence) != std::string::npos) fence += '`';
                          text += fence + "sh\n" + lines + fence + "\n";
                        }},
             block);
}

}  // namespace

std::string document_text(const Document& document, bool colour) {
  std::string text = line_text(document.verdict, colour) + "\n";
  for (const Section& section : document.sections) {
    text += "\n" + paint(printable(section.title), Style::Bold, colour) + "\n";
    for (const Block& block : section.blocks) add_text(block, colour, text);
  }
  return text + "\n" + printable(document.closing) + "\n";
}

std::string markdown(std::string_view raw) {
  std::string result;
  for (const char c : printable(raw)) {
    constexpr std::string_view special = "|\\`*_<>[]#&~";
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

std::string document_markdown(const Document& document) {
  std::string text = "# " + markdown(document.title) + "\n\n" + line_markdown(document.verdict) + "\n";
  for (const Section& section : document.sections) {
    text += "\n## " + markdown(section.title) + "\n";
    for (const Block& block : section.blocks) add_markdown(block, text);
  }
  return text + "\n" + markdown(document.closing) + "\n";
}

}  // namespace policyconv::report
