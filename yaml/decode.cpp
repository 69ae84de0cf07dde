// Tree nodes to values, with the types that Kubernetes sees. An unquoted scalar is what Go's YAML reader (YAML 1.1,
// as in kubectl) makes of it: `yes` is a truth value, `0x10` the number 16, `1.5` a number, `2024-01-01` a string.
#include "yaml/decode.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

namespace policyconv::decode {

namespace {

using yaml::Node;
using yaml::Shape;

enum class Type : std::uint8_t { String, Integer, Float, Boolean };

template <std::size_t N>
bool one_of(std::string_view text, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

std::optional<bool> truth_value(std::string_view text) {
  static constexpr std::string_view yes[] = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"};
  static constexpr std::string_view no[] = {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"};
  if (one_of(text, yes)) return true;
  if (one_of(text, no)) return false;
  return std::nullopt;
}

/// A whole number as Go's ParseInt(text, 0, 64) reads it.
struct Whole {
  std::int64_t value = 0;
  bool fits = true;  // in 64 bits
};

std::optional<Whole> whole_number(std::string_view rest) {
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest.empty() || rest.front() < '0' || rest.front() > '9') return std::nullopt;
  int base = 10;
  if (rest.size() > 1 && rest.front() == '0') {
    const char mark = static_cast<char>(rest[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    rest.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), magnitude, base);
  if (error == std::errc::invalid_argument || end != rest.data() + rest.size()) return std::nullopt;
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (error == std::errc::result_out_of_range || magnitude > limit) return Whole{0, false};
  const auto value = static_cast<std::int64_t>(magnitude);
  return Whole{negative ? -value : value};
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?, and the words for infinity and not-a-number.
bool is_float(std::string_view text) {
  static constexpr std::string_view words[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"};
  if (one_of(text, words)) return true;
  const auto skip_sign = [&] {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  };
  const auto skip_digits = [&] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count > 0;
  };
  skip_sign();
  if (text.starts_with(".i") || text.starts_with(".I")) return one_of(text, words);
  bool digits = skip_digits();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    digits = skip_digits() || digits;
  }
  if (!digits) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    skip_sign();
    if (!skip_digits()) return false;
  }
  return text.empty();
}

/// What of a scalar may be a number: Go passes over `_` in all that begins with a digit or a sign.
std::string number_text(const Node& scalar) {
  std::string text = scalar.scalar;
  if (!text.starts_with('.')) std::erase(text, '_');
  return text;
}

Type type_of(const Node& scalar) {
  if (scalar.quoted || scalar.scalar.empty()) return Type::String;
  const char first = scalar.scalar.front();
  if ((first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.') {
    const std::string text = number_text(scalar);
    return whole_number(text) ? Type::Integer : is_float(text) ? Type::Float : Type::String;
  }
  return truth_value(scalar.scalar) ? Type::Boolean : Type::String;
}

std::string seen(const Node& node) {
  if (node.shape != Shape::Scalar) return std::string(yaml::shape_name(node.shape));
  const std::string text = yaml::excerpt(node.scalar);
  switch (type_of(node)) {
    case Type::String:
      return fmt::format("the string `{}`", text);
    case Type::Integer:
    case Type::Float:
      return fmt::format("the number `{}`", text);
    case Type::Boolean:
      return fmt::format("the truth value `{}`", text);
  }
  return text;
}

Diagnostic& wrong_type(const Node& node, std::string_view what, std::string_view wanted, Diagnostics& diagnostics) {
  return diagnostics.report<Kind::WrongType>(node.loc, what, seen(node), wanted);
}

/// Edit distance with swaps of neighbours as one edit, letter case ignored; `limit` + 1 if it is larger.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last = last;
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

void walk(const Node& node, std::string_view what, std::span<const Field> fields, bool open, Diagnostics& diagnostics) {
  if (node.shape != Shape::Mapping) {
    wrong_type(node, what, "a mapping", diagnostics);
    return;
  }
  for (const auto& [key, value] : node.members) {
    const std::string& name = key.scalar;
    const auto known = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
    if (known != fields.end()) {
      if (value.shape != Shape::Null) known->read(value);
    } else if (!open) {
      Diagnostic& unknown = diagnostics.report<Kind::UnknownField>(key.loc, yaml::excerpt(name), what);
      std::vector<std::string_view> names;
      for (const Field& field : fields) names.push_back(field.name);
      const std::string_view meant = nearest(name, names);
      if (!meant.empty()) unknown.suggestion = fmt::format("did you mean `{}`?", meant);
    }
  }
}

}  // namespace

void mapping(const Node& node, std::string_view what, std::initializer_list<Field> fields, Diagnostics& diagnostics) {
  walk(node, what, {fields.begin(), fields.size()}, false, diagnostics);
}

void mapping(const Node& node, std::string_view what, const std::vector<Field>& fields, Diagnostics& diagnostics) {
  walk(node, what, fields, false, diagnostics);
}

void open_mapping(const Node& node, std::string_view what, std::initializer_list<Field> fields,
                  Diagnostics& diagnostics) {
  walk(node, what, {fields.begin(), fields.size()}, true, diagnostics);
}

void sequence(const Node& node, std::string_view what,
              const std::function<void(const Node& item, std::size_t index)>& each, Diagnostics& diagnostics) {
  if (node.shape != Shape::Sequence) {
    wrong_type(node, what, "a list", diagnostics);
    return;
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) each(node.items[i], i);
}

std::optional<std::string> string(const Node& node, std::string_view what, Diagnostics& diagnostics) {
  if (node.shape == Shape::Scalar && type_of(node) == Type::String) return node.scalar;
  Diagnostic& wrong = wrong_type(node, what, "a string", diagnostics);
  if (node.shape == Shape::Scalar)
    wrong.suggestion = fmt::format("put it in quotes: \"{}\"", yaml::excerpt(node.scalar));
  return std::nullopt;
}

std::optional<Text> text(const Node& node, std::string_view what, Diagnostics& diagnostics) {
  auto value = string(node, what, diagnostics);
  if (!value) return std::nullopt;
  return Text{std::move(*value), node.loc};
}

std::optional<Text> text_or_number(const Node& node, std::string_view what, Diagnostics& diagnostics) {
  if (node.shape != Shape::Scalar || type_of(node) != Type::Integer) return text(node, what, diagnostics);
  const auto value = integer(node, what, diagnostics);
  if (!value) return std::nullopt;
  return Text{std::to_string(*value), node.loc, true};
}

std::optional<std::int64_t> integer(const Node& node, std::string_view what, Diagnostics& diagnostics) {
  if (node.shape == Shape::Scalar && type_of(node) == Type::Integer) {
    const auto number = whole_number(number_text(node));
    if (number->fits) return number->value;
    wrong_type(node, what, "a whole number of at most 64 bits", diagnostics);
    return std::nullopt;
  }
  wrong_type(node, what, "a whole number", diagnostics);
  return std::nullopt;
}

std::optional<bool> boolean(const Node& node, std::string_view what, Diagnostics& diagnostics) {
  if (node.shape == Shape::Scalar && type_of(node) == Type::Boolean) return truth_value(node.scalar);
  wrong_type(node, what, "true or false", diagnostics);
  return std::nullopt;
}

Labels string_map(const Node& node, std::string_view what, Diagnostics& diagnostics) {
  Labels result;
  if (node.shape != Shape::Mapping) wrong_type(node, what, "a mapping", diagnostics);
  for (const auto& [key, value] : node.members) {
    const auto name = string(key, fmt::format("a key of {}", what), diagnostics);
    const auto content = string(value, fmt::format("`{}` in {}", yaml::excerpt(key.scalar), what), diagnostics);
    if (name && content) result.emplace(*name, *content);
  }
  return result;
}

std::string_view nearest(std::string_view seen, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t best_distance = std::numeric_limits<std::size_t>::max();
  for (const std::string_view candidate : candidates) {
    const std::size_t limit = std::max<std::size_t>(1, candidate.size() / 4);
    const std::size_t edits = distance(seen, candidate, limit);
    if (edits <= limit && edits < best_distance) {
      best = candidate;
      best_distance = edits;
    }
  }
  return best;
}

}  // namespace policyconv::decode
