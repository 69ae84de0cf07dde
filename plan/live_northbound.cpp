// Entrance: read_northbound(). OVSDB's JSON (RFC 7047, section 5.1): a set is ["set",[...]], or the element alone if
// there is one; a map is ["map",[[key,value],...]]; a reference is ["uuid","..."].
#include "plan/live_northbound.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "ir/limits.h"

namespace policyconv::plan {
namespace {

using Json = nlohmann::json;

/// What is wrong with a row, for the one place that reports it.
struct Flaw {
  std::string text;
};

const Json* tagged(const Json& value, std::string_view tag) {
  const bool is_pair = value.is_array() && value.size() == 2 && value[0].is_string();
  return is_pair && value[0].get_ref<const std::string&>() == tag ? &value[1] : nullptr;
}

class Row {
 public:
  Row(const Json& cells, const std::map<std::string, std::size_t>& columns, Flaw& flaw)
      : cells_(cells), columns_(columns), flaw_(flaw) {}

  [[nodiscard]] bool has(const std::string& column) const { return columns_.contains(column); }

  [[nodiscard]] std::string text(const std::string& column) const {
    return has(column) ? text_of(cell(column), column) : std::string();
  }

  [[nodiscard]] std::int64_t number(const std::string& column) const {
    const Json& value = cell(column);
    const bool too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX};
    if (value.is_number_integer() && !too_large) return value.get<std::int64_t>();
    complain(column, "an integer");
    return 0;
  }

  [[nodiscard]] std::string uuid(const std::string& column) const {
    return has(column) ? uuid_of(cell(column), column) : std::string();
  }

  [[nodiscard]] std::set<std::string> texts(const std::string& column) const {
    return each<std::string>(column, [&](const Json& value) { return text_of(value, column); });
  }
  [[nodiscard]] std::set<std::string> uuids(const std::string& column) const {
    return each<std::string>(column, [&](const Json& value) { return uuid_of(value, column); });
  }

  /// Of a map.
  [[nodiscard]] std::string value(const std::string& column, std::string_view key) const {
    if (!has(column)) return {};
    const Json* pairs = tagged(cell(column), "map");
    if (pairs == nullptr || !pairs->is_array()) {
      complain(column, "a map");
      return {};
    }
    for (const Json& pair : *pairs)
      if (pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[0].get_ref<const std::string&>() == key)
        return text_of(pair[1], column);
    return {};
  }

 private:
  [[nodiscard]] const Json& cell(const std::string& column) const { return cells_[columns_.at(column)]; }

  void complain(const std::string& column, std::string_view wanted) const {
    if (flaw_.text.empty()) flaw_.text = fmt::format("`{}` is not {}", column, wanted);
  }

  [[nodiscard]] std::string text_of(const Json& value, const std::string& column) const {
    if (value.is_string()) return value.get<std::string>();
    complain(column, "text");
    return {};
  }
  [[nodiscard]] std::string uuid_of(const Json& value, const std::string& column) const {
    const Json* uuid = tagged(value, "uuid");
    if (uuid != nullptr && uuid->is_string()) return uuid->get<std::string>();
    complain(column, "a uuid");
    return {};
  }

  template <typename T>
  [[nodiscard]] std::set<T> each(const std::string& column, const std::function<T(const Json&)>& read) const {
    if (!has(column)) return {};
    const Json* elements = tagged(cell(column), "set");
    if (elements == nullptr) return {read(cell(column))};
    std::set<T> found;
    if (!elements->is_array())
      complain(column, "a set");
    else
      for (const Json& element : *elements) found.insert(read(element));
    return found;
  }

  const Json& cells_;
  const std::map<std::string, std::size_t>& columns_;
  Flaw& flaw_;
};

using Columns = std::map<std::string, std::size_t>;

bool has_all(const Columns& columns, std::initializer_list<const char*> names) {
  return std::all_of(names.begin(), names.end(), [&](const char* name) { return columns.contains(name); });
}

NorthboundAcl acl_of(const Row& row, std::uint32_t file) {
  NorthboundAcl acl;
  acl.uuid = row.uuid("_uuid");
  acl.direction = row.text("direction");
  acl.action = row.text("action");
  acl.match = row.text("match");
  acl.parent = row.value("external_ids", "parent");
  acl.priority = row.number("priority");
  if (row.has("tier")) acl.tier = row.number("tier");
  acl.file = file;
  return acl;
}

/// Rows, each read with `read`; adds nothing if one cannot be read.
std::string read_rows(const Json& data, const Columns& columns, const std::function<void(const Row& row)>& read) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    Flaw flaw;
    if (!data[i].is_array() || data[i].size() != columns.size())
      return fmt::format("row {} does not have {} columns", i + 1, columns.size());
    read(Row(data[i], columns, flaw));
    if (!flaw.text.empty()) return fmt::format("row {}: {}", i + 1, flaw.text);
  }
  return {};
}

template <typename T, typename Member>
std::string read_table(const Json& data, const Columns& columns, std::optional<T>& into, Member add) {
  T table = into.value_or(T());
  std::string problem = read_rows(data, columns, [&](const Row& row) { add(row, table); });
  if (problem.empty()) into = std::move(table);
  return problem;
}

std::string read_known(const Json& data, const Columns& columns, std::uint32_t file, Northbound& into) {
  if (has_all(columns, {"action", "direction", "match", "priority"}))
    return read_table(data, columns, into.acls, [&](const Row& row, auto& acls) { acls.push_back(acl_of(row, file)); });
  if (has_all(columns, {"name", "ports"}))
    return read_table(data, columns, into.port_groups, [&](const Row& row, auto& groups) {
      groups[row.text("name")] = {row.uuids("ports").size(), row.uuids("acls"), file};
    });
  if (has_all(columns, {"name", "addresses"}))
    return read_table(data, columns, into.address_sets, [&](const Row& row, auto& sets) {
      sets[row.text("name")] = {row.texts("addresses"), file};
    });
  return "the headings are those of no table that is compared (ACL, Port_Group, Address_Set)";
}

std::string read_text(std::string_view text, std::uint32_t file, Northbound& into) {
  if (is_deeper(text, Limits::most_depth)) return fmt::format("it is nested deeper than {} levels", Limits::most_depth);
  const Json table = Json::parse(text, nullptr, false);
  if (table.is_discarded()) return "it is no JSON";
  if (!table.is_object() || !table.contains("headings") || !table.contains("data") || !table["headings"].is_array() ||
      !table["data"].is_array())
    return "it is no object with `headings` and `data`";
  Columns columns;
  for (const Json& heading : table["headings"]) {
    if (!heading.is_string()) return "a heading is no text";
    if (!columns.emplace(heading.get<std::string>(), columns.size()).second) return "a heading is there twice";
  }
  return read_known(table["data"], columns, file, into);
}

}  // namespace

void read_northbound(const Sources& sources, std::uint32_t file, Northbound& into, Diagnostics& diagnostics) {
  const std::string problem = read_text(sources.text(file), file, into);
  if (!problem.empty()) diagnostics.report<Kind::NorthboundUnreadable>({file, 0, 0}, sources.name(file), problem);
}

}  // namespace policyconv::plan
