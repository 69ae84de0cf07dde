// Entrance: read_before(), of rollback_check.h. plan.json is described by docs/schemas/plan-1.schema.json.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "ir/limits.h"
#include "plan/rollback_check.h"
#include "yaml/text.h"

namespace policyconv::plan {
namespace {

using Json = nlohmann::json;

constexpr int oldest_minor = 12;

/// What is wrong, for messages. Caught in this file.
struct Misshapen {
  std::string problem;
};

/// A value and where it is: `before.pods[3].name`.
struct Value {
  const Json& json;
  std::string path;
};

std::string seen(const Json& json) {
  if (json.is_string()) return fmt::format("the text \"{}\"", yaml::excerpt(json.get_ref<const std::string&>()));
  if (json.is_object()) return "an object";
  if (json.is_array()) return "a list";
  return json.dump();
}

[[noreturn]] void refuse(const Value& value, std::string_view wanted) {
  const std::string subject = value.path.empty() ? "it" : fmt::format("`{}`", value.path);
  throw Misshapen{fmt::format("{} is {}; {} is expected", subject, seen(value.json), wanted)};
}

Value member(const Value& object, std::string_view name) {
  if (!object.json.is_object()) refuse(object, "an object");
  std::string path = object.path.empty() ? std::string(name) : fmt::format("{}.{}", object.path, name);
  const auto at = object.json.find(name);
  if (at == object.json.end()) throw Misshapen{fmt::format("`{}` is missing", path)};
  return {*at, std::move(path)};
}

template <typename T>
std::vector<T> each(const Value& list, T (*read)(const Value&)) {
  if (!list.json.is_array()) refuse(list, "a list");
  std::vector<T> all;
  for (const Json& element : list.json) all.push_back(read({element, fmt::format("{}[{}]", list.path, all.size())}));
  return all;
}

std::string text(const Value& value) {
  if (!value.json.is_string()) refuse(value, "text");
  return value.json.get<std::string>();
}

bool flag(const Value& value) {
  if (!value.json.is_boolean()) refuse(value, "true or false");
  return value.json.get<bool>();
}

int number(const Value& value) {
  using Limits = std::numeric_limits<int>;
  // A number beyond 64 bits is read as a floating one, and one beyond 63 as unsigned.
  const bool fits = value.json.is_number_unsigned()
                        ? value.json.get<std::uint64_t>() <= std::uint64_t{Limits::max()}
                        : value.json.is_number_integer() && value.json.get<std::int64_t>() >= Limits::min();
  if (!fits) refuse(value, fmt::format("a whole number from {} to {}", Limits::min(), Limits::max()));
  return value.json.get<int>();
}

AnnotationBefore annotation(const Value& value, std::string kind) {
  AnnotationBefore before{{std::move(kind), text(member(value, "namespace")), text(member(value, "name"))},
                          text(member(value, "annotation")),
                          {}};
  const Value was = member(value, "value");
  if (!was.json.is_null() && !was.json.is_string()) refuse(was, "text or null");
  if (was.json.is_string()) before.value = was.json.get<std::string>();
  return before;
}

AnnotationBefore pod(const Value& value) { return annotation(value, "Pod"); }
AnnotationBefore workload(const Value& value) { return annotation(value, text(member(value, "kind"))); }

ExistingAcl acl(const Value& value) {
  return {text(member(value, "direction")), text(member(value, "match")), text(member(value, "action")),
          number(member(value, "priority")), {}};
}

std::pair<std::string, std::vector<ExistingAcl>> subnet(const Value& value) {
  return {text(member(value, "name")), each(member(value, "acls"), acl)};
}

kubeovn::Release release(const Value& value) {
  const std::string written = text(value);
  const kubeovn::Release newest;
  for (kubeovn::Release release = newest; release.minor >= oldest_minor; --release.minor)
    if (written == fmt::format("1.{}", release.minor)) return release;
  refuse(value, fmt::format("a release from \"1.{}\" to \"1.{}\"", oldest_minor, newest.minor));
}

Before before_of(const Value& plan) {
  constexpr std::string_view schema = "policyconv/plan-1";
  if (const Value written = member(plan, "schema"); text(written) != schema) refuse(written, fmt::format("\"{}\"", schema));
  const kubeovn::Release of_plan = release(member(plan, "kube_ovn"));
  const Value before = member(plan, "before");
  return {of_plan,
          each(member(before, "without_security_groups"), text),
          flag(member(before, "without_node_anchor")),
          each(member(before, "subnets"), subnet),
          each(member(before, "pods"), pod),
          each(member(before, "templates"), workload)};
}

/// `byte` as the library counts it: how many it had read, from 1.
std::string broken_at(std::string_view text, std::size_t byte) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "it is empty";
  const std::size_t at = std::min(byte == 0 ? 0 : byte - 1, text.size());
  const Loc place = yaml::place_of(text, at, 0);
  if (at == text.size()) return fmt::format("it ends before its JSON does, in line {}", place.line);
  constexpr std::size_t shown = 20;
  const std::string_view rest = text.substr(at, std::min(shown, text.find('\n', at) - at));
  return fmt::format("it is no JSON from line {}, column {} on: `{}`", place.line, place.column, yaml::excerpt(rest));
}

}  // namespace

std::optional<Before> read_before(std::string_view text, std::string& problem) {
  if (is_deeper(text, Limits::most_depth)) {
    problem = fmt::format("it is nested deeper than {} levels", Limits::most_depth);
    return std::nullopt;
  }
  try {
    const Json plan = Json::parse(text);
    return before_of({plan, {}});
  } catch (const Misshapen& misshapen) {
    problem = misshapen.problem;
  } catch (const Json::parse_error& error) {
    problem = broken_at(text, error.byte);
  } catch (const Json::out_of_range&) {  // 1e999: of parse(), nothing else here throws it
    problem = "one of its numbers is too large";
  }
  return std::nullopt;
}

}  // namespace policyconv::plan
