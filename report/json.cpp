// Entrance: to_json().
#include <nlohmann/json.hpp>

#include "report/faces.h"
#include "report/json_fields.h"

namespace policyconv::report {
namespace json {
namespace {

using Json = nlohmann::ordered_json;

class Writer {
 public:
  template <typename T>
  void operator()(const char* name, const T& value) {
    json_[name] = of(value);
  }
  /// What readers can do without.
  template <typename Make>
  void shown(const char* name, const Make& make) {
    json_[name] = of(make());
  }
  void pairs(const char* name, const char* first, const char* second, const Pairs& values) {
    Json list = Json::array();
    for (const auto& [one, other] : values) list.push_back({{first, one}, {second, other}});
    json_[name] = std::move(list);
  }

  template <typename T>
  static Json of(const T& value) {
    if constexpr (is_list<T>) {
      Json list = Json::array();
      for (const auto& item : value) list.push_back(of(item));
      return list;
    } else if constexpr (is_optional<T>) {
      return value ? of(*value) : Json(nullptr);
    } else if constexpr (std::is_enum_v<T>) {
      return name_of(value);
    } else if constexpr (std::is_same_v<T, Place>) {
      return value == Place() ? Json(nullptr) : object(value);
    } else if constexpr (std::is_class_v<T> && !std::is_convertible_v<T, std::string_view>) {
      return object(value);
    } else {
      return value;
    }
  }

 private:
  template <typename T>
  static Json object(const T& value) {
    Writer writer;
    fields(writer, value);
    return std::move(writer.json_);
  }

  Json json_ = Json::object();
};

}  // namespace
}  // namespace json

std::string to_json(const Report& report) {
  // Names of users may hold bytes that are no UTF-8, which JSON cannot hold; these become U+FFFD.
  return json::Writer::of(report).dump(2, ' ', false, json::Json::error_handler_t::replace) + "\n";
}

}  // namespace policyconv::report
