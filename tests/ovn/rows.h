// One OVSDB transaction (RFC 7047) that replaces what the northbound database says about networks.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace policyconv::real_ovn {

using Row = nlohmann::json;  // an object: column to value
using Reference = nlohmann::json;

[[nodiscard]] inline nlohmann::json set_of(const std::vector<nlohmann::json>& elements) {
  return {"set", elements};
}
[[nodiscard]] inline nlohmann::json map_of(const std::map<std::string, std::string>& elements) {
  nlohmann::json pairs = nlohmann::json::array();
  for (const auto& [key, value] : elements) pairs.push_back({key, value});
  return {"map", pairs};
}

class Rows {
 public:
  Reference add(const std::string& table, Row row) {
    const std::string name = "row" + std::to_string(inserts_.size());
    inserts_.push_back({{"op", "insert"}, {"table", table}, {"row", std::move(row)}, {"uuid-name", name}});
    return {"named-uuid", name};
  }
  /// Rows that no root table refers to are collected by the server itself.
  [[nodiscard]] nlohmann::json transaction() const {
    nlohmann::json operations = nlohmann::json::array({"OVN_Northbound"});
    for (const char* table : {"Logical_Switch", "Logical_Router", "Load_Balancer", "Port_Group", "Address_Set"})
      operations.push_back({{"op", "delete"}, {"table", table}, {"where", nlohmann::json::array()}});
    for (const nlohmann::json& insert : inserts_) operations.push_back(insert);
    return operations;
  }

 private:
  std::vector<nlohmann::json> inserts_;
};

}  // namespace policyconv::real_ovn
