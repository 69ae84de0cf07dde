// A ResourceList (KRM functions specification, config.kubernetes.io/v1): read, and written back with a few changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/diagnostics.h"
#include "ir/source.h"
#include "yaml/tree.h"

namespace policyconv::cli {

struct ResourceList {
  std::uint32_t file = 0;
  yaml::Node root;  // a mapping

  [[nodiscard]] const std::vector<yaml::Node>& items() const;
  [[nodiscard]] const yaml::Node* function_config() const { return root.find("functionConfig"); }
};

/// nullopt, with a report, if the file holds none.
[[nodiscard]] std::optional<ResourceList> read_resource_list(const Sources& sources, std::uint32_t file,
                                                             Diagnostics& diagnostics);

/// What is to become of an item.
struct ItemFate {
  bool dropped = false;
  std::optional<yaml::Node> changed;  // otherwise it stays
};

struct ResourceChanges {
  std::vector<ItemFate> items;  // as many as there are items
  std::vector<yaml::Node> added;
  std::vector<yaml::Node> results;
};

/// The list with these changes. Items that stay keep their text, comments and all, where it stands in lines of its own
/// (kustomize and kpt write it so); otherwise every value keeps its type and text.
[[nodiscard]] std::string written(const Sources& sources, const ResourceList& list, const ResourceChanges& changes);

/// Whether both hold the same, whatever the order of keys. Of scalars the text must be the same and, if `quotes`,
/// whether they are in quotes: without, texts that were written with and without need no telling apart.
[[nodiscard]] bool same(const yaml::Node& a, const yaml::Node& b, bool quotes);

/// Pieces of objects.
[[nodiscard]] yaml::Node text_node(std::string_view text);
[[nodiscard]] yaml::Node number_node(std::size_t number);
[[nodiscard]] yaml::Node mapping_node(std::vector<std::pair<std::string_view, yaml::Node>> members);
/// A scalar below `node`, or empty: `scalar_at(item, {"metadata", "name"})`.
[[nodiscard]] std::string_view scalar_at(const yaml::Node& node, std::initializer_list<std::string_view> keys);

}  // namespace policyconv::cli
