// The output of a run with --tree: written beside its place, and put there at the end, all or nothing.
#pragma once

#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "backends/kubeovn/print.h"
#include "ir/diagnostics.h"

namespace policyconv::cli {

/// A part of the output that one process makes: of the folders that shard_of() gives it.
struct Part {
  unsigned index = 0, count = 1;
};

/// A directory beside the output directory, or in it if that is a file system of its own. It is removed in the end, with
/// what is still in it.
class Staging {
 public:
  /// A directory that cannot be made is reported.
  Staging(std::string target, Part part, Diagnostics& diagnostics);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  /// Any thread may call it, with a folder of its own.
  void write(const std::string& folder, const std::vector<kubeovn::OutputFile>& files, Diagnostics& diagnostics);

  /// Moves all files to where they belong and removes those that an earlier run made of the same part, as its list in the
  /// output directory says, and that are not made any more; other files are never touched. `failed`: folders in which
  /// an earlier run's files stay. False if a signal came before anything changed, or after a report; signals wait.
  bool place(const std::set<std::string>& failed, Diagnostics& diagnostics);

 private:
  bool move_as_a_whole();
  bool may_replace(Diagnostics& diagnostics) const;
  bool move_one_by_one(Diagnostics& diagnostics) const;
  void remove_stale(const std::set<std::string>& stale, Diagnostics& diagnostics) const;
  [[nodiscard]] std::set<std::string> earlier() const;
  bool write_list(const std::filesystem::path& directory, const std::set<std::string>& names, Diagnostics& diagnostics) const;
  [[nodiscard]] std::string list_name() const;

  std::filesystem::path target_, outer_, tree_;
  Part part_;
  std::mutex mutex_;
  std::set<std::string> written_;  // relative to `tree_`
};

}  // namespace policyconv::cli
