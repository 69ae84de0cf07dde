// Reading API objects of which only some fields matter: a value, what messages call it, and what it says.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/tree.h"
#include "ir/address.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"

namespace policyconv::decode {

/// A value in an object. A member that is absent or null reads as empty; a value of the wrong type is reported with its
/// path and reads as empty too. Unlike decode::mapping, fields that nobody asks for are passed over.
class View {
 public:
  /// `joint` stands between `path` and the key of a member: "Pod shop/web" + ' ' + "spec", then '.' + "nodeName".
  View(const yaml::Node& node, std::string path, char joint, Diagnostics& diagnostics)
      : node_(&node), path_(std::move(path)), joint_(joint), diagnostics_(&diagnostics) {}

  [[nodiscard]] const yaml::Node& node() const { return *node_; }
  [[nodiscard]] Loc loc() const { return node_->loc; }

  View operator[](std::string_view key) const;
  [[nodiscard]] std::vector<View> items() const;

  [[nodiscard]] std::string text(std::string_view if_empty = {}) const;
  [[nodiscard]] std::string text_or_number() const;
  [[nodiscard]] std::vector<std::string> texts() const;
  [[nodiscard]] Labels labels() const;
  [[nodiscard]] bool flag(bool if_absent = false) const;
  [[nodiscard]] std::optional<std::int64_t> number(std::int64_t first, std::int64_t last) const;
  [[nodiscard]] std::optional<std::uint16_t> port() const;  // 1-65535
  [[nodiscard]] std::optional<Protocol> protocol() const;   // TCP (also if absent), UDP or SCTP
  /// Addresses or CIDRs, separated by commas as Kube-OVN writes those of two families.
  void add_addresses(std::vector<Address>& into) const;
  void add_cidrs(std::vector<Cidr>& into) const;

 private:
  [[nodiscard]] bool present() const { return node_->shape != yaml::Shape::Null; }
  void each_part(const std::function<void(std::string_view part)>& use) const;

  const yaml::Node* node_;
  std::string path_;
  char joint_;
  Diagnostics* diagnostics_;
};

}  // namespace policyconv::decode
