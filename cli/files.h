// Files in and out. Failures are diagnostics like any other; nothing here throws.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/print.h"
#include "ir/diagnostics.h"
#include "ir/limits.h"
#include "ir/source.h"

namespace policyconv::cli {

/// A file to read.
struct NamedFile {
  std::string path;      // as messages name it; `-` for standard input
  std::string relative;  // to the directory that was named; the file's own name if it was named itself
  bool is_kustomization = false;
  bool operator==(const NamedFile&) const = default;
};

/// The files that the command line names: a file, a directory (every .yaml, .yml and .json file below it that is neither
/// hidden nor left out by a .policyconvignore), or `-`. Ordered by path. Reads no file but .policyconvignore.
[[nodiscard]] std::vector<NamedFile> list_files(const std::vector<std::string>& paths, Diagnostics& diagnostics);

/// The same for all names of one file.
[[nodiscard]] std::string resolved(const std::string& path);

/// The text of a file; nullopt after a report.
[[nodiscard]] std::optional<std::string> read_text(const std::string& path, Diagnostics& diagnostics,
                                                   std::size_t most_megabytes = Limits().file_megabytes);
/// The same of standard input.
[[nodiscard]] std::optional<std::string> read_stream(std::istream& in, Diagnostics& diagnostics,
                                                     std::size_t most_megabytes = Limits().file_megabytes);

/// Reads what list_files() finds, within the limits of `sources`. What is named twice is read once; a kustomization is not
/// read but reported.
class Reader {
 public:
  Reader(Sources& sources, std::istream& in, Diagnostics& diagnostics)
      : sources_(sources), in_(in), diagnostics_(diagnostics) {}
  /// The file numbers, ordered by name whatever the order of `paths`.
  std::vector<std::uint32_t> read(const std::vector<std::string>& paths);
  /// The same of what `migrate -o DIR` wrote, without what leads to the objects: steps, which repeat them in between, the
  /// component and the plan.
  std::vector<std::uint32_t> read_emitted(const std::vector<std::string>& paths);
  /// Its number; nullopt after a report, or for a kustomization.
  std::optional<std::uint32_t> read(const NamedFile& file);

 private:
  std::vector<std::uint32_t> read_files(const std::vector<NamedFile>& named);

  Sources& sources_;
  std::istream& in_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::uint32_t> known_;  // by resolved path
};

/// Now: it is on the disk when the call returns. Later: the caller sees to that.
enum class Durable : std::uint8_t { Now, Later };
/// False and errno set on failure.
[[nodiscard]] bool write_all(int file, std::string_view text, Durable durable);
/// The same. The name must not exist: nothing is written through a link that someone put there.
[[nodiscard]] bool write_new_file(const std::string& path, std::string_view text, Durable durable);

/// Whether a file of this name, relative to the output directory, may be of an earlier run; null: none is.
using OwnNames = bool (*)(std::string_view name);

/// Writes every file into `directory`, or into a folder of it ("steps/05-join.yaml"), which are created if missing, under a
/// temporary name, then renames all of them, then removes those of an earlier run that are not among `files`, and folders
/// that are empty then. On failure nothing of an earlier run has changed, except if a rename itself fails. A signal to stop
/// does so before the first rename or after the last one, and ends the program (interrupt.h). One that is killed outright
/// leaves every name with its old or its new text, and temporary names, which the next run removes. `directory` itself may
/// be a symbolic link; in it none is followed.
void write_directory(const std::string& directory, const std::vector<kubeovn::OutputFile>& files,
                     Diagnostics& diagnostics, OwnNames is_own = kubeovn::is_output_name);

/// Writes the files as one multi-document YAML stream, each behind a comment with its name.
void write_stream(std::ostream& out, const std::vector<kubeovn::OutputFile>& files, Diagnostics& diagnostics);
/// Writes plain text.
void write_stream(std::ostream& out, const std::string& text, Diagnostics& diagnostics);

}  // namespace policyconv::cli
