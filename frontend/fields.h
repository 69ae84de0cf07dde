// Rows of decoding tables: each names a field of a policy and the place its value goes to.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/decode.h"
#include "frontend/policy.h"
#include "yaml/tree.h"
#include "ir/diagnostics.h"
#include "ir/semantics.h"

namespace policyconv::cilium {

class Fields {
 public:
  using Field = decode::Field;
  using Node = yaml::Node;
  /// Turns a node into a T. `what` names the node for messages: "`toPorts[]`".
  template <typename T>
  using Decoder = T (*)(const Node& node, std::string_view what, const Fields& fields);

  Fields(const Semantics& semantics, Diagnostics& diagnostics) : semantics_(semantics), diagnostics_(diagnostics) {}

  /// Decodes a mapping with these rows; unknown fields and wrong shapes are reported.
  void decode(const Node& node, std::string_view what, std::initializer_list<Field> rows) const;
  void decode(const Node& node, std::string_view what, const std::vector<Field>& rows) const;

  [[nodiscard]] Field text(std::string_view name, std::optional<Text>& to) const;
  [[nodiscard]] Field text_or_number(std::string_view name, std::optional<Text>& to) const;
  [[nodiscard]] Field string(std::string_view name, std::string& to) const;
  [[nodiscard]] Field integer(std::string_view name, std::optional<std::int64_t>& to) const;
  [[nodiscard]] Field boolean(std::string_view name, std::optional<bool>& to) const;
  [[nodiscard]] Field texts(std::string_view name, List<Text>& to) const;
  [[nodiscard]] Field texts(std::string_view name, std::vector<Text>& to) const;
  [[nodiscard]] Field strings(std::string_view name, std::vector<std::string>& to) const;
  [[nodiscard]] Field label_pairs(std::string_view name, std::vector<LabelPair>& to) const;

  template <typename T>
  [[nodiscard]] Field item(std::string_view name, std::optional<T>& to, Decoder<T> decoder) const {
    return {name, [this, name, &to, decoder](const Node& value) { to = decoder(value, quoted(name), *this); }};
  }
  template <typename T>
  [[nodiscard]] Field items(std::string_view name, std::vector<T>& to, Decoder<T> decoder) const {
    return {name, [this, name, &to, decoder](const Node& value) { to = list(value, name, decoder); }};
  }
  template <typename T>
  [[nodiscard]] Field items(std::string_view name, List<T>& to, Decoder<T> decoder) const {
    return {name, [this, name, &to, decoder](const Node& value) { to = list(value, name, decoder); }};
  }

  /// Fields without a meaning for us, whose type is checked all the same.
  [[nodiscard]] Field ignored_string(std::string_view name) const;
  [[nodiscard]] Field ignored_strings(std::string_view name) const;
  [[nodiscard]] Field ignored_string_map(std::string_view name) const;
  /// A field that may hold anything.
  [[nodiscard]] static Field ignored(std::string_view name);

  /// A field that Cilium 1.`minor` introduced, or had last. The API server drops fields it does not know, which changes
  /// what a rule means, so using such a field with another version is an error.
  [[nodiscard]] Field since(int minor, Field field) const;
  [[nodiscard]] Field until(int minor, Field field) const;

  [[nodiscard]] Diagnostics& diagnostics() const { return diagnostics_; }
  [[nodiscard]] const Semantics& semantics() const { return semantics_; }

 private:
  [[nodiscard]] Field absent(std::string_view name) const;
  static std::string quoted(std::string_view name) { return fmt::format("`{}`", name); }

  template <typename T>
  std::vector<T> list(const Node& node, std::string_view name, Decoder<T> decoder) const {
    std::vector<T> items;
    items.reserve(node.items.size());
    const std::string what = fmt::format("`{}[]`", name);
    decode::sequence(
        node, quoted(name), [&](const Node& item, std::size_t) { items.push_back(decoder(item, what, *this)); },
        diagnostics_);
    return items;
  }

  const Semantics& semantics_;
  Diagnostics& diagnostics_;
};

}  // namespace policyconv::cilium
