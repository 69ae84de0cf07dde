// A report that does not know yet where it will be read: sections of paragraphs, lists, tables and code. Text in it is
// raw; each rendering escapes it for its own reader.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "report/terminal.h"

namespace policyconv::report {

struct Span {
  std::string text;
  Style style = Style::Plain;
  bool code = false;
};
using Line = std::vector<Span>;

struct Paragraph {
  Line line;
};
/// A list, each item with lines of its own below.
struct Bullets {
  struct Item {
    Line line;
    std::vector<Line> details = {};
  };
  std::vector<Item> items;
};
struct Grid {
  std::vector<std::string> head;
  std::vector<std::vector<Span>> rows;  // each as long as `head`
};
struct Code {
  std::vector<std::string> lines;
};
using Block = std::variant<Paragraph, Bullets, Grid, Code>;

struct Section {
  std::string title;
  std::vector<Block> blocks;
};

struct Document {
  std::string title;
  Line verdict;  // everything in one line
  std::vector<Section> sections;
  std::string closing;
};

[[nodiscard]] std::string document_text(const Document& document, bool colour);
/// Text of the user as Markdown that shows it and does nothing else, also in a cell of a table.
[[nodiscard]] std::string markdown(std::string_view raw);
[[nodiscard]] std::string document_markdown(const Document& document);
/// One file that needs no other, light or dark as the reader's system is.
[[nodiscard]] std::string document_html(const Document& document);

}  // namespace policyconv::report
