// The syntax of label selectors: Kubernetes' rules for keys and values, with Cilium's sources before the keys
// (pkg/labels/validation.go). Entrance: selector_error().
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "frontend/refusal.h"

namespace policyconv::cilium {
namespace {

/// ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]
bool is_label_word(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

/// RFC 1123 subdomain.
bool is_subdomain(std::string_view text) {
  for (bool more = true; more;) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (!is_label_word(label) || std::any_of(label.begin(), label.end(), [](char c) {
          return c == '_' || std::isupper(static_cast<unsigned char>(c)) != 0;
        }))
      return false;
    more = dot != std::string_view::npos;
    if (more) text.remove_prefix(dot + 1);
  }
  return true;
}

constexpr std::string_view label_word_rule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// What Kubernetes says about a label key after its source; empty if it is valid.
std::string key_error(std::string_view key) {
  // Cilium's own prefix does not count (pkg/labels/validation.go).
  constexpr std::string_view namespace_prefix = "io.cilium.k8s.namespace.labels.";
  if (key.starts_with(namespace_prefix)) key.remove_prefix(namespace_prefix.size());
  const std::size_t slash = key.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view prefix = key.substr(0, slash);
    key.remove_prefix(slash + 1);
    if (key.find('/') != std::string_view::npos)
      return fmt::format(
          "a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
          label_word_rule);
    if (prefix.empty()) return "prefix part must be non-empty";
    if (prefix.size() > 253) return "prefix part must be no more than 253 characters";
    if (!is_subdomain(prefix))
      return "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
             "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
             "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  }
  if (key.empty()) return "name part must be non-empty";
  if (key.size() > 63) return "name part must be no more than 63 characters";
  return is_label_word(key) ? "" : fmt::format("name part {}", label_word_rule);
}

std::string sourced_key_error(std::string_view key) {
  const std::size_t colon = key.find(':');
  if (colon == std::string_view::npos) return key_error(key);
  if (key.find(':', colon + 1) != std::string_view::npos)
    return "a valid label key only support ':' character as a source separator with non empty value";
  const std::string_view source = key.substr(0, colon);
  if (source.empty() || !std::all_of(source.begin(), source.end(), is_alphanumeric))
    return "label source should be a non empty string with only alphanumeric characters";
  return key_error(key.substr(colon + 1));
}

std::string value_error(std::string_view value) {
  if (value.size() > 63) return "must be no more than 63 characters";
  if (value.empty() || is_label_word(value)) return "";
  return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
         "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
         "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
}

}  // namespace

Refusal selector_error(const Selector& selector, KeySyntax keys) {
  std::vector<std::string> errors;
  Loc where;
  const auto add = [&](Loc place, std::string error) {
    if (errors.empty()) where = place;
    errors.push_back(std::move(error));
  };
  // `field` is called for the name of the field only where there is something to say about it.
  const auto invalid = [&](Loc place, const auto& field, std::string_view value, std::string_view why) {
    if (!why.empty()) add(place, fmt::format("{}: Invalid value: {:?}: {}", field(), value, why));
  };
  const auto labels = [] { return "matchLabels"; };
  const auto written_key_error = [&](std::string_view key) {
    return keys == KeySyntax::Cilium ? sourced_key_error(key) : key_error(key);
  };
  for (const LabelPair& label : selector.match_labels) {
    invalid(label.loc, labels, label.key, written_key_error(label.key));
    invalid(label.loc, labels, label.value, value_error(label.value));
  }
  for (std::size_t i = 0; i < selector.match_expressions.size(); ++i) {
    const auto& [key, op, values, loc] = selector.match_expressions[i];
    const auto field = [i](std::string_view name) { return fmt::format("matchExpressions[{}].{}", i, name); };
    if (op == "In" || op == "NotIn") {
      if (values.empty())
        add(loc, field("values: Required value: must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (op == "Exists" || op == "DoesNotExist") {
      if (!values.empty())
        add(loc, field("values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    } else {
      invalid(
          loc, [&] { return field("operator"); }, op, "not a valid selector operator");
    }
    invalid(
        loc, [&] { return field("key"); }, key, written_key_error(key));
    for (std::size_t v = 0; v < values.size(); ++v)
      invalid(
          loc, [&] { return field(fmt::format("values[{}]", v)); }, values[v], value_error(values[v]));
  }
  if (errors.empty()) return {};
  return {errors.size() == 1 ? errors.front() : fmt::format("[{}]", fmt::join(errors, ", ")),
          where.line != 0 ? where : selector.loc};
}

}  // namespace policyconv::cilium
