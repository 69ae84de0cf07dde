// YAML text to a tree with places: the only view of YAML that decoders have. Entrances: each_document(), and read_in_parts()
// where several threads may read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/text.h"
#include "ir/diagnostics.h"
#include "ir/parallel.h"
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

/// A file, or some of its documents one after the other.
struct Part {
  explicit Part(std::uint32_t number) : file(number) {}  // all of it

  std::uint32_t file;                                    // of Sources
  std::size_t first = 0, last = std::string_view::npos;  // bytes; `last` is the first one behind it
  std::uint32_t line = 1;                                // of the first byte
  std::size_t of = 1;                                    // parts of the file; each has its share of what aliases may copy
};

/// How far reading went.
struct Progress {
  std::size_t documents = 0;  // empty ones, too
  bool at_end = true;         // false: an error ended it
};

/// Calls `use` for each document of `part`, as soon as it is read; empty documents are left out. JSON is YAML here too.
/// Reports, with places: syntax errors, duplicate keys, what is beyond the limits of `sources`, invalid UTF-8, NUL bytes,
/// UTF-16. Reading ends at the first syntax error and at a limit; other errors do not stop it. Throws nothing itself.
Progress each_document(const Sources& sources, const Part& part, const std::function<void(Node&& document)>& use,
                       Diagnostics& diagnostics);

/// The file in parts for up to `jobs` threads, cut where lines say that a document begins. What ends the reading of one of
/// several parts may be due to the cut: then the file has to be read as a whole.
[[nodiscard]] std::vector<Part> parts_of(const Sources& sources, std::uint32_t file, unsigned jobs);

/// A file that was read once for several readers.
struct Tree {
  std::vector<Node> documents;
  Progress progress;
  Diagnostics diagnostics;  // of reading
};
using Trees = std::map<std::uint32_t, Tree>;
[[nodiscard]] Trees read_trees(const Sources& sources, std::span<const std::uint32_t> files, unsigned jobs);

/// each_document() for a file that may be among `known` (null: none are); then nothing is read again. `part` is then all of it.
Progress each_document(const Trees* known, const Sources& sources, const Part& part,
                       const std::function<void(const Node& document)>& use, Diagnostics& diagnostics);

/// read(part) for the parts of each file on up to `jobs` threads; those among `known` are one part. What it returns has the
/// `progress` of reading. For each file, in order, what its parts gave, or its only part.
template <typename Read>
[[nodiscard]] auto read_in_parts(const Trees* known, const Sources& sources, std::span<const std::uint32_t> files, unsigned jobs,
                                 const Read& read) {
  using Result = decltype(read(Part(0)));
  std::vector<Part> parts;
  for (const std::uint32_t file : files) {
    if (known != nullptr && known->count(file) != 0) parts.emplace_back(file);
    else
      for (const Part& part : parts_of(sources, file, jobs)) parts.push_back(part);
  }
  std::vector<Result> results(parts.size());
  in_parallel(parts.size(), jobs, [&](std::size_t i) { results[i] = read(parts[i]); });

  std::vector<std::vector<Result>> by_file;
  std::vector<std::size_t> again;  // indices of files
  for (std::size_t at = 0; at < parts.size(); at += parts[at].of) {
    const auto first = results.begin() + static_cast<std::ptrdiff_t>(at);
    std::vector<Result>& own =
        by_file.emplace_back(std::make_move_iterator(first), std::make_move_iterator(first + static_cast<std::ptrdiff_t>(parts[at].of)));
    std::size_t documents = 0;
    bool at_end = true;
    for (const Result& result : own) {
      documents += result.progress.documents;
      at_end = at_end && result.progress.at_end;
    }
    if (own.size() == 1 || (at_end && documents <= sources.limits().documents)) continue;
    own = std::vector<Result>(1);  // gives the memory back first
    again.push_back(by_file.size() - 1);
  }
  in_parallel(again.size(), jobs, [&](std::size_t i) { by_file[again[i]].front() = read(Part(files[again[i]])); });
  return by_file;
}

/// All documents at once, where memory does not matter.
[[nodiscard]] std::vector<Node> read_documents(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace policyconv::yaml
