#include "frontend/fields.h"

namespace policyconv::cilium {

void Fields::decode(const Node& node, std::string_view what, std::initializer_list<Field> rows) const {
  decode::mapping(node, what, rows, diagnostics_);
}

void Fields::decode(const Node& node, std::string_view what, const std::vector<Field>& rows) const {
  decode::mapping(node, what, rows, diagnostics_);
}

Fields::Field Fields::text(std::string_view name, std::optional<Text>& to) const {
  return {name, [this, name, &to](const Node& value) { to = decode::text(value, quoted(name), diagnostics_); }};
}

Fields::Field Fields::text_or_number(std::string_view name, std::optional<Text>& to) const {
  return {name,
          [this, name, &to](const Node& value) { to = decode::text_or_number(value, quoted(name), diagnostics_); }};
}

Fields::Field Fields::string(std::string_view name, std::string& to) const {
  return {name, [this, name, &to](const Node& value) {
            to = decode::string(value, quoted(name), diagnostics_).value_or(std::string());
          }};
}

Fields::Field Fields::integer(std::string_view name, std::optional<std::int64_t>& to) const {
  return {name, [this, name, &to](const Node& value) { to = decode::integer(value, quoted(name), diagnostics_); }};
}

Fields::Field Fields::boolean(std::string_view name, std::optional<bool>& to) const {
  return {name, [this, name, &to](const Node& value) { to = decode::boolean(value, quoted(name), diagnostics_); }};
}

Fields::Field Fields::texts(std::string_view name, List<Text>& to) const {
  return {name, [this, name, &to](const Node& value) { texts(name, to.emplace()).read(value); }};
}

Fields::Field Fields::texts(std::string_view name, std::vector<Text>& to) const {
  return {name, [this, name, &to](const Node& value) {
            const std::string what = fmt::format("`{}[]`", name);
            const auto add = [&](const Node& item, std::size_t) {
              if (auto text = decode::text(item, what, diagnostics_)) to.push_back(std::move(*text));
            };
            decode::sequence(value, quoted(name), add, diagnostics_);
          }};
}

Fields::Field Fields::strings(std::string_view name, std::vector<std::string>& to) const {
  return {name, [this, name, &to](const Node& value) {
            std::vector<Text> read;
            texts(name, read).read(value);
            for (Text& text : read) to.push_back(std::move(text.value));
          }};
}

Fields::Field Fields::label_pairs(std::string_view name, std::vector<LabelPair>& to) const {
  return {name, [this, name, &to](const Node& value) {
            const Labels labels = decode::string_map(value, quoted(name), diagnostics_);
            for (const auto& [key, content] : value.members)
              if (labels.contains(key.scalar)) to.push_back({key.scalar, content.scalar, key.loc});
          }};
}

Fields::Field Fields::ignored_string(std::string_view name) const {
  return {name, [this, name](const Node& value) { (void)decode::string(value, quoted(name), diagnostics_); }};
}

Fields::Field Fields::ignored_strings(std::string_view name) const {
  return {name, [this, name](const Node& value) {
            std::vector<Text> read;
            texts(name, read).read(value);
          }};
}

Fields::Field Fields::ignored_string_map(std::string_view name) const {
  return {name, [this, name](const Node& value) { (void)decode::string_map(value, quoted(name), diagnostics_); }};
}

Fields::Field Fields::ignored(std::string_view name) {
  return {name, [](const Node&) {}};
}

Fields::Field Fields::since(int minor, Field field) const {
  return semantics_.cilium_minor >= minor ? field : absent(field.name);
}

Fields::Field Fields::until(int minor, Field field) const {
  return semantics_.cilium_minor <= minor ? field : absent(field.name);
}

Fields::Field Fields::absent(std::string_view name) const {
  return {name, [this, name](const Node& value) {
            diagnostics_.report<Kind::FieldNotInVersion>(value.loc, name, semantics_.cilium_minor);
          }};
}

}  // namespace policyconv::cilium
