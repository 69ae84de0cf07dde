// Entrance: document_html().
#include <string>
#include <string_view>
#include <vector>

#include "report/document.h"
#include "report/html_text.h"

namespace policyconv::report {
namespace {

using html::Attributes;
using html::element;
using html::Html;
using html::literal;
using html::text;

std::string_view class_of(Style style) {
  switch (style) {
    case Style::Plain:
      return "";
    case Style::Bold:
      return "bold";
    case Style::Dim:
      return "dim";
    case Style::Red:
      return "red";
    case Style::Yellow:
      return "yellow";
    case Style::Blue:
      return "blue";
    case Style::Magenta:
      return "magenta";
    case Style::Green:
      return "green";
  }
  return {};
}

Html span(const Span& span) {
  const Html shown = text(span.text);
  const std::string_view name = class_of(span.style);
  const Attributes attributes = name.empty() ? Attributes() : Attributes{{"class", std::string(name)}};
  if (span.code) return element("code", attributes, shown);
  return name.empty() ? shown : element("span", attributes, shown);
}

/// An element on lines of its own.
Html block(html::Name name, const Html& content, const Attributes& attributes = {}) {
  Html all = element(name, attributes, content);
  all += literal("\n");
  return all;
}

Html line(const Line& spans) {
  Html all;
  for (const Span& each : spans) all += span(each);
  return all;
}

Html row(const std::vector<Span>& cells, html::Name name) {
  Html all;
  for (const Span& cell : cells) all += element(name, span(cell));
  return block("tr", all);
}

struct Renderer {
  Html operator()(const Paragraph& paragraph) const { return block("p", line(paragraph.line)); }
  Html operator()(const Bullets& bullets) const {
    Html items;
    for (const Bullets::Item& item : bullets.items) {
      Html content = line(item.line), details;
      for (const Line& detail : item.details) details += block("li", line(detail));
      if (!item.details.empty()) content += block("ul", details);
      items += block("li", content);
    }
    return block("ul", items);
  }
  Html operator()(const Grid& grid) const {
    std::vector<Span> head;
    for (const std::string& name : grid.head) head.push_back({name});
    Html rows;
    for (const auto& cells : grid.rows) rows += row(cells, "td");
    Html table = block("thead", row(head, "th"));
    table += block("tbody", rows);
    return block("div", block("table", table), {{"class", "wide"}});
  }
  Html operator()(const Code& code) const {
    Html lines;
    for (const std::string& each : code.lines) {
      lines += text(each);
      lines += literal("\n");
    }
    return block("pre", element("code", lines));
  }
};

constexpr html::Literal style_sheet = R"(
:root { color-scheme: light dark; --ink: #1c1e21; --paper: #ffffff; --line: #d5d9de; --soft: #f4f6f8;
  --red: #b3261e; --yellow: #8a6100; --green: #1b7a3d; --blue: #1a5fb4; --magenta: #8b2fa0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e6e9; --paper: #16181c; --line: #3a3f46; --soft: #20242a;
  --red: #ff8a80; --yellow: #ffd166; --green: #7ddf9a; --blue: #8ab8ff; --magenta: #dfa2ef; } }
body { color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; max-width: 72rem;
  margin: 2rem auto; padding: 0 1rem; }
.verdict { font-size: 1.2rem; border: 1px solid var(--line); background: var(--soft); padding: .8rem 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; } th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
  vertical-align: top; } th { background: var(--soft); }
pre { background: var(--soft); padding: .6rem 1rem; overflow-x: auto; } code { font-family: ui-monospace, monospace; }
.bold { font-weight: 600; } .dim { opacity: .7; } .red { color: var(--red); font-weight: 600; }
.yellow { color: var(--yellow); font-weight: 600; } .green { color: var(--green); font-weight: 600; }
.blue { color: var(--blue); } .magenta { color: var(--magenta); font-weight: 600; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: .5rem; }
)";

}  // namespace

std::string document_html(const Document& document) {
  Html body = block("h1", text(document.title));
  body += block("p", line(document.verdict), {{"class", "verdict"}});
  for (const Section& section : document.sections) {
    Html content = block("h2", text(section.title));
    for (const Block& each : section.blocks) content += std::visit(Renderer(), each);
    body += block("section", content);
  }
  body += block("footer", text(document.closing));
  // The first tags open the head by themselves.
  Html page = literal(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
  page += element("title", text(document.title));
  page += block("style", literal(style_sheet));
  page += block("body", body);
  page += literal("</html>\n");
  return page.markup();
}

}  // namespace policyconv::report
