// Table-like decoding of tree nodes into structs: each mapping lists the fields it knows, everything else is reported.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/tree.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"

namespace policyconv::decode {

/// A known field of a mapping: its name and what to do with its value. The handler is not called for null.
struct Field {
  std::string_view name;
  std::function<void(const yaml::Node& value)> read;
};

/// Walks a mapping. Reports a wrong shape, and each unknown field with "did you mean" (the nearest known name).
/// `what` names the mapping for messages: "CiliumNetworkPolicy spec.ingress[0]".
void mapping(const yaml::Node& node, std::string_view what, std::initializer_list<Field> fields,
             Diagnostics& diagnostics);
void mapping(const yaml::Node& node, std::string_view what, const std::vector<Field>& fields, Diagnostics& diagnostics);

/// For objects of which only some fields matter (Pods, Services ...): unknown fields are passed over.
void open_mapping(const yaml::Node& node, std::string_view what, std::initializer_list<Field> fields,
                  Diagnostics& diagnostics);

/// Calls `each` for every item with its index; reports anything but a sequence.
void sequence(const yaml::Node& node, std::string_view what,
              const std::function<void(const yaml::Node& item, std::size_t index)>& each, Diagnostics& diagnostics);

/// Scalars of a wanted type; a wrong type is reported and gives nullopt. A plain (unquoted) number, true or false
/// where a string is wanted is reported, as the API server would, except by `text_or_number`.
[[nodiscard]] std::optional<std::string> string(const yaml::Node& node, std::string_view what,
                                                Diagnostics& diagnostics);
[[nodiscard]] std::optional<Text> text(const yaml::Node& node, std::string_view what, Diagnostics& diagnostics);
[[nodiscard]] std::optional<Text> text_or_number(const yaml::Node& node, std::string_view what,
                                                         Diagnostics& diagnostics);
[[nodiscard]] std::optional<std::int64_t> integer(const yaml::Node& node, std::string_view what,
                                                  Diagnostics& diagnostics);
[[nodiscard]] std::optional<bool> boolean(const yaml::Node& node, std::string_view what, Diagnostics& diagnostics);
/// A map of strings (labels, annotations, nodeSelector ...).
[[nodiscard]] Labels string_map(const yaml::Node& node, std::string_view what, Diagnostics& diagnostics);

/// The candidate nearest to `seen` by edit distance, if near enough to be a typo; empty otherwise.
[[nodiscard]] std::string_view nearest(std::string_view seen, const std::vector<std::string_view>& candidates);

}  // namespace policyconv::decode
