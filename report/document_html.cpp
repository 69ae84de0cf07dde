// Entrance: document_html(). Markup comes into being in text() and element() only, so what users wrote is always
// escaped: nothing else can make an Html.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/document.h"

namespace policyconv::report {
namespace {

class Html {
 public:
  Html() = default;
  Html& operator+=(const Html& other) {
    markup_ += other.markup_;
    return *this;
  }
  [[nodiscard]] const std::string& markup() const { return markup_; }

 private:
  explicit Html(std::string markup) : markup_(std::move(markup)) {}
  std::string markup_;
  friend Html text(std::string_view raw);
  friend Html element(std::string_view name, const Html& content, std::string_view css_class);
};

Html text(std::string_view raw) {
  std::string escaped;
  for (const char c : raw) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += c;
    }
  }
  return Html(std::move(escaped));
}

/// `name` and `css_class` are ours, never a user's.
Html element(std::string_view name, const Html& content, std::string_view css_class = {}) {
  std::string markup = "<" + std::string(name);
  if (!css_class.empty()) markup += " class=\"" + text(css_class).markup() + "\"";
  markup += ">" + content.markup() + "</" + std::string(name) + ">";
  constexpr std::string_view inline_names[] = {"span", "code", "td", "th", "title"};
  const bool is_inline = std::find(std::begin(inline_names), std::end(inline_names), name) != std::end(inline_names);
  return Html(std::move(markup) + (is_inline ? "" : "\n"));
}

std::string_view class_of(Style style) {
  switch (style) {
    case Style::Plain: return "";
    case Style::Bold: return "bold";
    case Style::Dim: return "dim";
    case Style::Red: return "red";
    case Style::Yellow: return "yellow";
    case Style::Blue: return "blue";
    case Style::Magenta: return "magenta";
    case Style::Green: return "green";
  }
  return {};
}

Html span(const Span& span) {
  const Html shown = text(printable(span.text));
  if (span.code) return element("code", shown, class_of(span.style));
  return span.style == Style::Plain ? shown : element("span", shown, class_of(span.style));
}

Html line(const Line& spans) {
  Html all;
  for (const Span& each : spans) all += span(each);
  return all;
}

Html row(const std::vector<Span>& cells, std::string_view name) {
  Html all;
  for (const Span& cell : cells) all += element(name, span(cell));
  return element("tr", all);
}

struct Renderer {
  Html operator()(const Paragraph& paragraph) const { return element("p", line(paragraph.line)); }
  Html operator()(const Bullets& bullets) const {
    Html items;
    for (const Bullets::Item& item : bullets.items) {
      Html content = line(item.line), details;
      for (const Line& detail : item.details) details += element("li", line(detail));
      if (!item.details.empty()) content += element("ul", details);
      items += element("li", content);
    }
    return element("ul", items);
  }
  Html operator()(const Grid& grid) const {
    std::vector<Span> head;
    for (const std::string& name : grid.head) head.push_back({name});
    Html rows;
    for (const auto& cells : grid.rows) rows += row(cells, "td");
    Html table = element("thead", row(head, "th"));
    table += element("tbody", rows);
    return element("div", element("table", table), "wide");
  }
  Html operator()(const Code& code) const {
    std::string shown;
    for (const std::string& each : code.lines) shown += printable(each) + "\n";
    return element("pre", element("code", text(shown)));
  }
};

// No character of it is special in HTML, so it may pass through text() like everything else.
constexpr std::string_view style_sheet = R"(
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
  Html body = element("h1", text(printable(document.title)));
  body += element("p", line(document.verdict), "verdict");
  for (const Section& section : document.sections) {
    Html content = element("h2", text(printable(section.title)));
    for (const Block& block : section.blocks) content += std::visit(Renderer(), block);
    body += element("section", content);
  }
  body += element("footer", text(printable(document.closing)));
  Html head = element("title", text(printable(document.title)));
  head += element("style", text(style_sheet));
  // The first tags open the head by themselves.
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" +
         head.markup() + element("body", body).markup() + "</html>\n";
}

}  // namespace policyconv::report
