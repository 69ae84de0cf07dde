// YAML text to a tree with places: the only view of YAML that decoders have. Entrance: each_document().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/text.h"
#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::yaml {

enum class Shape : std::uint8_t { Null, Scalar, Sequence, Mapping };
[[nodiscard]] std::string_view shape_name(Shape shape);  // "null", "a scalar", "a list", "a mapping"

struct Member;

/// What walks over a Node may recurse: it is no deeper than Limits::most_depth.
struct Node {
  Shape shape = Shape::Null;
  bool quoted = false;  // a scalar in quotes or a block scalar: always a string
  Loc loc;
  std::string scalar;           // Shape::Scalar only
  std::vector<Member> members;  // Shape::Mapping: in order, keys unique
  std::vector<Node> items;      // Shape::Sequence

  /// The value of `key` in a mapping, or nullptr (also if this is no mapping).
  [[nodiscard]] const Node* find(std::string_view key) const;
};

struct Member {
  Node key;  // always a scalar
  Node value;
};

/// Calls `use` for each document of `file` (a number of `sources`), as soon as it is read; empty documents are left
/// out. JSON is YAML here too. Reports, with places: syntax errors, duplicate keys, what is beyond the
/// limits of `sources`, invalid UTF-8, NUL bytes, UTF-16. Reading ends at the first syntax error; other errors
/// do not stop it. Throws nothing itself.
void each_document(const Sources& sources, std::uint32_t file, const std::function<void(Node&& document)>& use,
                   Diagnostics& diagnostics);

/// A file that was read once for several readers.
struct Tree {
  std::vector<Node> documents;
  Diagnostics diagnostics;  // of reading
};
using Trees = std::map<std::uint32_t, Tree>;
[[nodiscard]] Trees read_trees(const Sources& sources, std::span<const std::uint32_t> files, unsigned jobs);

/// each_document() for a file that may be among `known` (null: none are); then nothing is read again.
void each_document(const Trees* known, const Sources& sources, std::uint32_t file,
                   const std::function<void(const Node& document)>& use, Diagnostics& diagnostics);

/// All documents at once, where memory does not matter.
[[nodiscard]] std::vector<Node> read_documents(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace policyconv::yaml
