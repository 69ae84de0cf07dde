// The files of a run with --tree: where the objects of each go, and which part of a parallel job it belongs to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/files.h"
#include "ir/diagnostics.h"

namespace policyconv::cli {

/// A file that is converted by itself.
struct Unit {
  NamedFile file;
  std::string folder;  // below the output directory: the relative path of the file without its ending
  bool operator==(const Unit&) const = default;
};

/// From 0 to `count` - 1. It follows from the folder alone, so that every process agrees on it, and a file that is added
/// or removed moves no other; the parts of many files are of nearly equal size.
[[nodiscard]] unsigned shard_of(std::string_view folder, unsigned count);

/// All files, whatever their part, ordered by path; what is named twice is there once. Two with one folder are reported.
[[nodiscard]] std::vector<Unit> list_units(const std::vector<std::string>& paths, Diagnostics& diagnostics);

}  // namespace policyconv::cli
