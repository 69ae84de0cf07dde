// Entrance: from_json(). Takes a text of anybody: whatever it holds, there is a report or a sentence about what is
// wrong.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "ir/limits.h"
#include "report/faces.h"
#include "report/json_fields.h"

namespace policyconv::report {
namespace json {
namespace {

using Read = nlohmann::json;  // finds members in logarithmic time, also in an object that somebody made to be slow

constexpr std::size_t most_depth = 16;  // no report is as deep

template <typename Enum>
std::optional<Enum> value_named(std::string_view name) {
  for (std::size_t at = 0; at < count_of<Enum>; ++at)
    if (name_of(static_cast<Enum>(at)) == name) return static_cast<Enum>(at);
  return std::nullopt;
}

/// How a value was reached, for messages: findings[3].place.line.
struct Step {
  const Step* before = nullptr;
  std::string_view name = {};  // empty: the index counts
  std::size_t index = 0;
};

std::string path_of(const Step& step) {
  const std::string before = step.before == nullptr ? "" : path_of(*step.before);
  if (step.name.empty()) return step.before == nullptr ? "the report" : fmt::format("{}[{}]", before, step.index);
  return step.before == nullptr || step.before->before == nullptr ? std::string(step.name)
                                                                  : fmt::format("{}.{}", before, step.name);
}

std::string_view shape_of(const Read& json) {
  switch (json.type()) {
    case Read::value_t::null:
      return "null";
    case Read::value_t::object:
      return "an object";
    case Read::value_t::array:
      return "a list";
    case Read::value_t::string:
      return "text";
    case Read::value_t::boolean:
      return "true or false";
    case Read::value_t::number_integer:
    case Read::value_t::number_unsigned:
    case Read::value_t::number_float:
      return "a number";
    case Read::value_t::binary:
    case Read::value_t::discarded:
      return "nothing";
  }
  return {};
}

/// The beginning of a user's text, for messages.
std::string quoted(const std::string& text) {
  constexpr std::size_t enough = 60;
  return text.size() <= enough ? fmt::format("`{}`", text) : fmt::format("a text of {} bytes", text.size());
}

/// Reads one object. After the first problem nothing counts any more.
class Reader {
 public:
  Reader(const Read& json, const Step& here, std::string& problem) : json_(json), here_(here), problem_(problem) {}

  template <typename T>
  void operator()(const char* name, T& value) {
    if (const Read* member = find(name)) read(*member, {&here_, name}, value);
  }
  template <typename Make>
  void shown(const char* name, const Make&) {
    known_.push_back(name);
  }
  void pairs(const char* name, const char* first, const char* second, Pairs& values) {
    const Read* list = find(name);
    if (list == nullptr) return;
    const Step here{&here_, name};
    read_items(*list, here, values, [&](const Read& item, const Step& step, auto& pair) {
      read_object(item, step, [&](Reader& reader) {
        reader(first, pair.first);
        reader(second, pair.second);
      });
    });
  }

  template <typename T>
  void read(const Read& json, const Step& here, T& value) {
    if constexpr (is_list<T>) {
      read_items(json, here, value, [&](const Read& item, const Step& step, auto& to) { read(item, step, to); });
    } else if constexpr (is_optional<T>) {
      // Not emplace(): clang takes a nested struct with initialisers for one that cannot be made of nothing.
      if (!json.is_null()) read(json, here, value.emplace(typename T::value_type{}));
    } else if constexpr (std::is_same_v<T, bool>) {
      if (json.is_boolean())
        value = json.get<bool>();
      else
        wrong_shape(json, here, "true or false");
    } else if constexpr (std::is_integral_v<T>) {
      read_number(json, here, value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (json.is_string())
        value = json.get_ref<const std::string&>();
      else
        wrong_shape(json, here, "text");
    } else if constexpr (std::is_enum_v<T>) {
      read_name(json, here, value);
    } else if constexpr (std::is_same_v<T, Place>) {
      if (!json.is_null()) read_object(json, here, [&](Reader& reader) { fields(reader, value); });
    } else {
      read_object(json, here, [&](Reader& reader) { fields(reader, value); });
    }
  }

 private:
  void fail(const Step& step, std::string_view what) {
    if (problem_.empty()) problem_ = fmt::format("{} {}", path_of(step), what);
  }
  void wrong_shape(const Read& json, const Step& here, std::string_view wanted) {
    fail(here, fmt::format("is {}, it must be {}", shape_of(json), wanted));
  }

  const Read* find(const char* name) {
    known_.push_back(name);
    const auto found = json_.find(name);
    if (found == json_.end()) fail({&here_, name}, "is missing");
    return found == json_.end() || !problem_.empty() ? nullptr : &*found;
  }

  template <typename T>
  void read_number(const Read& json, const Step& here, T& value) {
    constexpr auto least = std::numeric_limits<T>::min();
    constexpr auto most = std::numeric_limits<T>::max();
    const bool fits = json.is_number_unsigned()
                          ? json.get<std::uint64_t>() <= static_cast<std::uint64_t>(most)
                          : json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>());
    if (fits)
      value = json.get<T>();
    else if (!json.is_number())
      wrong_shape(json, here, "a whole number");
    else
      fail(here, fmt::format("is {}, it must be a whole number from {} to {}", json.dump(), least, most));
  }

  template <typename Enum>
  void read_name(const Read& json, const Step& here, Enum& value) {
    if (!json.is_string()) return wrong_shape(json, here, "text");
    const auto& name = json.get_ref<const std::string&>();
    if (const auto found = value_named<Enum>(name))
      value = *found;
    else
      fail(here, fmt::format("is {}, which this version of policyconv does not know", quoted(name)));
  }

  template <typename List, typename Each>
  void read_items(const Read& json, const Step& here, List& list, const Each& each) {
    if (!json.is_array()) return wrong_shape(json, here, "a list");
    for (std::size_t at = 0; at < json.size() && problem_.empty(); ++at)
      each(json[at], Step{&here, {}, at}, list.emplace_back());
  }

  template <typename Follow>
  void read_object(const Read& json, const Step& here, const Follow& follow) {
    if (!json.is_object()) return wrong_shape(json, here, "an object");
    Reader reader(json, here, problem_);
    follow(reader);
    for (auto member = json.begin(); member != json.end() && problem_.empty(); ++member)
      if (std::find(reader.known_.begin(), reader.known_.end(), member.key()) == reader.known_.end())
        fail(here, fmt::format("has a member {} that no report has", quoted(member.key())));
  }

  const Read& json_;
  const Step& here_;
  std::string& problem_;
  std::vector<std::string_view> known_;
};

/// "line 3, column 7" of the byte with this number, from 1.
std::string position(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  return fmt::format("line {}, column {}", line, before.size() - (before.rfind('\n') + 1) + 1);
}

/// What the shape alone does not say: numbers of findings, policies and rules exist, and the matrix is square.
std::string inconsistency(const Report& report) {
  if (report.status < 0 || report.status > 255)
    return fmt::format("status is {}, it must be from 0 to 255", report.status);
  const auto missing = [&](const std::vector<std::size_t>& findings) {
    return std::any_of(findings.begin(), findings.end(), [&](std::size_t at) { return at >= report.findings.size(); });
  };
  for (std::size_t at = 0; at < report.policies.size(); ++at) {
    const PolicyOutcome& policy = report.policies[at];
    if (missing(policy.findings)) return fmt::format("policies[{}].findings names a finding that there is not", at);
    for (std::size_t rule = 0; rule < policy.rules.size(); ++rule)
      if (missing(policy.rules[rule].findings))
        return fmt::format("policies[{}].rules[{}].findings names a finding that there is not", at, rule);
  }
  for (std::size_t at = 0; at < report.artefacts.size(); ++at)
    for (const Artefact::Link& link : report.artefacts[at].links)
      if (link.policy >= report.policies.size() || link.rule >= report.policies[link.policy].rules.size())
        return fmt::format("artefacts[{}].links names a rule that there is not", at);
  if (report.matrix) {
    const std::size_t size = report.matrix->ends.size();
    const auto& cells = report.matrix->cells;
    if (cells.size() != size ||
        std::any_of(cells.begin(), cells.end(), [&](const auto& row) { return row.size() != size; }))
      return "matrix.cells has not one row and one column for each of matrix.ends";
  }
  return {};
}

}  // namespace
}  // namespace json

std::optional<Report> from_json(std::string_view text, std::string& problem) {
  problem.clear();
  if (is_deeper(text, json::most_depth)) {
    problem = "the text is nested more deeply than any report";
    return std::nullopt;
  }
  json::Read read;
  try {
    read = json::Read::parse(text);
  } catch (const json::Read::parse_error& error) {
    problem = fmt::format("{}: this is no JSON", json::position(text, error.byte));
    return std::nullopt;
  } catch (const json::Read::out_of_range&) {
    problem = "a number is too large";
    return std::nullopt;
  }
  const auto schema = read.is_object() ? read.find("schema") : read.end();
  if (!read.is_object() || schema == read.end() || *schema != json::format) {
    problem = fmt::format("this is no report of policyconv: it has no `\"schema\": \"{}\"`", json::format);
    return std::nullopt;
  }
  Report report;
  const json::Step root;
  json::Reader(read, root, problem).read(read, root, report);
  if (problem.empty()) problem = json::inconsistency(report);
  if (!problem.empty()) return std::nullopt;
  return report;
}

}  // namespace policyconv::report
