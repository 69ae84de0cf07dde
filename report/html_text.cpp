#include "report/html_text.h"

namespace policyconv::report::html {
namespace {

std::string escaped(std::string_view raw) {
  std::string text;
  for (const char c : printable(raw)) {
    switch (c) {
      case '&':
        text += "&amp;";
        break;
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '"':
        text += "&quot;";
        break;
      case '\'':
        text += "&#39;";
        break;
      default:
        text += c;
    }
  }
  return text;
}

}  // namespace

Html text(std::string_view raw) {
  return Html(escaped(raw));
}
Html literal(Literal ours) {
  return Html(std::string(ours.text()));
}

Html opened(Name name, const Attributes& attributes) {
  std::string markup = "<" + std::string(name.text());
  for (const Attribute& each : attributes) {
    markup += " " + std::string(each.name.text());
    if (!each.value.empty()) markup += "=\"" + escaped(each.value) + "\"";
  }
  return Html(markup + ">");
}

Html element(Name name, const Attributes& attributes, const Html& content) {
  std::string markup = opened(name, attributes).markup_;
  markup += content.markup();
  markup += "</" + std::string(name.text()) + ">";
  return Html(std::move(markup));
}

Html link(std::string_view id, const Html& content, Attributes more) {
  more.push_back({"href", "#" + std::string(id)});
  return element("a", more, content);
}

}  // namespace policyconv::report::html
