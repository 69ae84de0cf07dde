// Files in and out. Failures are diagnostics like any other; nothing here throws.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/print.h"
#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::cli {

/// Reads the files that the command line names: a file, a directory (every .yaml, .yml and .json file below it that is
/// not hidden), or `-` for `in`. What is named twice is read once.
class Reader {
 public:
  Reader(Sources& sources, std::istream& in, Diagnostics& diagnostics)
      : sources_(sources), in_(in), diagnostics_(diagnostics) {}
  /// The file numbers, ordered by name whatever the order of `paths`.
  std::vector<std::uint32_t> read(const std::vector<std::string>& paths);

 private:
  void read_one(const std::string& path, std::vector<std::uint32_t>& files);

  Sources& sources_;
  std::istream& in_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::uint32_t> known_;  // by resolved path
};

/// Writes every file into `directory` (created if missing) under a temporary name, then renames all of them, then
/// removes those of an earlier run that are not among `files`. On failure nothing of an earlier run has changed,
/// except if a rename itself fails. `own`: the names that an earlier run may have left.
void write_directory(const std::string& directory, const std::vector<kubeovn::OutputFile>& files,
                     Diagnostics& diagnostics, std::span<const std::string_view> own = kubeovn::output_names);

/// Writes the files as one multi-document YAML stream, each behind a comment with its name.
void write_stream(std::ostream& out, const std::vector<kubeovn::OutputFile>& files, Diagnostics& diagnostics);
/// Writes plain text.
void write_stream(std::ostream& out, const std::string& text, Diagnostics& diagnostics);

}  // namespace policyconv::cli
