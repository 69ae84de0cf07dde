// HTML that is escaped by construction: what users wrote becomes part of it through text() or as the value of an
// attribute, both of which escape, and markup of ours only from literals, which the compiler sees to.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/terminal.h"

namespace policyconv::report::html {

/// Markup, style sheet or script of ours. Only a literal can become one.
class Literal {
 public:
  consteval Literal(const char* text)
      : text_(text) {}  // implicit, so that a literal can be written where one is wanted
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// The name of an element or attribute, which is ours, too.
class Name {
 public:
  consteval Name(const char* text) : text_(text) {
    for (const char c : text_)
      if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-') throw "no name";
  }
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

struct Attribute {
  Name name;
  std::string value;  // raw; of an attribute that holds no address and no script
};
using Attributes = std::vector<Attribute>;

class Html {
 public:
  Html() = default;
  Html& operator+=(const Html& other) {
    markup_ += other.markup_;
    return *this;
  }
  [[nodiscard]] const std::string& markup() const { return markup_; }
  [[nodiscard]] bool empty() const { return markup_.empty(); }

 private:
  explicit Html(std::string markup) : markup_(std::move(markup)) {}
  std::string markup_;
  friend Html text(std::string_view raw);
  friend Html literal(Literal ours);
  friend Html opened(Name name, const Attributes& attributes);
  friend Html element(Name name, const Attributes& attributes, const Html& content);
};

/// Text of anybody, escaped; what cannot be seen in it becomes visible (report/terminal.h).
[[nodiscard]] Html text(std::string_view raw);
[[nodiscard]] Html literal(Literal ours);
/// An element without an end, such as `meta` or `input`.
[[nodiscard]] Html opened(Name name, const Attributes& attributes);
[[nodiscard]] Html element(Name name, const Attributes& attributes, const Html& content);
[[nodiscard]] inline Html element(Name name, const Html& content) {
  return element(name, {}, content);
}

/// A link to an element of the same page.
[[nodiscard]] Html link(std::string_view id, const Html& content, Attributes more = {});

}  // namespace policyconv::report::html
