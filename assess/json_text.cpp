#include "assess/json_text.h"

#include <fmt/format.h>

namespace policyconv::assess {
namespace {

bool is_digit(char c) { return '0' <= c && c <= '9'; }

/// Takes the digits at the front away; how many there were.
std::size_t take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  text.remove_prefix(count);
  return count;
}

/// By the grammar of RFC 8259: `007` and `.5` are numbers to YAML only.
bool is_json_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool padded = text.size() > 1 && text[0] == '0' && is_digit(text[1]);
  if (padded || take_digits(text) == 0) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (take_digits(text) == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (take_digits(text) == 0) return false;
  }
  return text.empty();
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20) result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else result += c;
  }
  return result + '"';
}

}  // namespace

std::string json_text(const yaml::Node& node) {
  std::string text;
  switch (node.shape) {
    case yaml::Shape::Null:
      return "null";
    case yaml::Shape::Scalar:
      if (!node.quoted && (node.scalar == "true" || node.scalar == "false" || is_json_number(node.scalar)))
        return node.scalar;
      return quoted(node.scalar);
    case yaml::Shape::Sequence:
      for (const yaml::Node& item : node.items) text += (text.empty() ? "" : ", ") + json_text(item);
      return "[" + text + "]";
    case yaml::Shape::Mapping:
      for (const yaml::Member& member : node.members)
        text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", quoted(member.key.scalar), json_text(member.value));
      return "{" + text + "}";
  }
  return text;
}

}  // namespace policyconv::assess
