// Why Cilium, or the API server before it, refuses an object. Shared by the checks of validate().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frontend/policy.h"
#include "ir/semantics.h"
#include "ir/source.h"

namespace policyconv::cilium {

/// Keeps the first refusal: the checks run in Cilium's order, and Cilium stops at the first.
struct Refusal {
  std::string text;
  Loc where;
  void add(Loc place, std::string reason) {
    if (text.empty()) text = std::move(reason), where = place;
  }
  explicit operator bool() const { return !text.empty(); }
};

/// What Rule.Sanitize says about one spec (C§10).
void sanitize(const Spec& spec, const Semantics& semantics, Refusal& refusal);
/// What the schema of the custom resource definition refuses although Sanitize would not. Run after sanitize().
void check_schema(const Spec& spec, const Semantics& semantics, Refusal& refusal);

/// Whether label keys may have a source before them (`k8s:app`).
enum class KeySyntax : std::uint8_t { Cilium, Kubernetes };
/// All mistakes in a label selector as one error, which is how Kubernetes reports them; empty if there are none.
[[nodiscard]] Refusal selector_error(const Selector& selector, KeySyntax keys = KeySyntax::Cilium);

/// The error of Go's regexp.Compile for `pattern`, or empty. Knows the mistakes people make: brackets, parentheses,
/// repetitions without a subject, a trailing backslash.
[[nodiscard]] std::string regexp_error(const std::string& pattern);

[[nodiscard]] inline bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
/// The text, or "" if it is absent.
[[nodiscard]] inline std::string_view value_of(const std::optional<Text>& text) {
  return text ? std::string_view(text->value) : std::string_view();
}
template <typename T>
[[nodiscard]] bool given(const List<T>& list) {
  return list && !list->empty();
}
/// For `for`: the elements, or none if the list is absent.
template <typename T>
[[nodiscard]] const std::vector<T>& elements(const List<T>& list) {
  static const std::vector<T> none;
  return list ? *list : none;
}

}  // namespace policyconv::cilium
