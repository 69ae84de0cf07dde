#include "cli/batch_output.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "cli/batch_units.h"
#include "cli/descriptor.h"
#include "cli/files.h"
#include "cli/interrupt.h"

namespace policyconv::cli {
namespace {

namespace fs = std::filesystem;

/// Hidden, and without an ending that kubectl would read. Each part of a job has its own.
constexpr std::string_view list_prefix = ".policyconv-tree.";
constexpr std::string_view list_head =
    "# What `policyconv migrate --tree` wrote here; a later run removes what it no longer makes.\n";

void report_failure(const fs::path& path, int code, Diagnostics& diagnostics) {
  diagnostics.report<Kind::CannotWrite>({}, path.string(), std::generic_category().message(code));
}

/// Makes `parent`/`prefix`XXXXXX; empty and errno set on failure.
fs::path unique_directory(const fs::path& parent, const std::string& prefix) {
  std::string name = (parent / (prefix + "XXXXXX")).string();
  return ::mkdtemp(name.data()) == nullptr ? fs::path() : fs::path(name);
}

bool is_file_system_of_its_own(const fs::path& directory, const fs::path& parent) {
  struct stat inner = {}, outer = {};
  return ::stat(directory.c_str(), &inner) == 0 && ::stat(parent.c_str(), &outer) == 0 && inner.st_dev != outer.st_dev;
}

fs::path staging_for(const fs::path& target) {
  const fs::path parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
  std::error_code error;
  const bool exists = fs::is_directory(target, error);
  if (!exists) fs::create_directories(parent, error);
  if (!exists || !is_file_system_of_its_own(target, parent)) {
    const fs::path beside = unique_directory(parent, "." + target.filename().string() + ".policyconv-");
    if (!beside.empty() || !exists) return beside;
  }
  return unique_directory(target, ".policyconv-");
}

/// The folder of the policies and what migrate() calls the file: "shop" and "steps/05-join.yaml".
struct Written {
  fs::path folder, name;
};

/// nullopt: this program writes no such name, so that it never removes it, whatever a list says.
std::optional<Written> written_as(const fs::path& path) {
  const auto is_step = [](const fs::path& part) { return part != ".." && part != "."; };
  if (!path.is_relative() || !std::all_of(path.begin(), path.end(), is_step)) return std::nullopt;
  Written written{path.parent_path(), path.filename()};
  for (; !written.folder.empty(); written = {written.folder.parent_path(), written.folder.filename() / written.name})
    if (kubeovn::is_output_name(written.name.generic_string())) return written;
  return std::nullopt;
}

/// Of what has such a name.
std::string folder_of(const std::string& name) {
  const std::optional<Written> written = written_as(name);
  return written ? written->folder.generic_string() : "";
}

}  // namespace

Staging::Staging(std::string target, Part part, Diagnostics& diagnostics) : part_(part) {
  while (target.size() > 1 && target.ends_with('/')) target.pop_back();
  std::error_code error;
  const fs::path known = fs::canonical(target, error);
  target_ = error ? fs::path(target) : known;
  if (!error && !fs::is_directory(known, error)) {
    report_failure(target, ENOTDIR, diagnostics);
    return;
  }
  outer_ = staging_for(target_);
  tree_ = outer_ / "tree";  // with the permissions that new directories get here; the outer one is private
  if (outer_.empty() || ::mkdir(tree_.c_str(), 0777) != 0) report_failure(target, errno, diagnostics);
}

Staging::~Staging() {
  std::error_code ignored;
  if (!outer_.empty()) fs::remove_all(outer_, ignored);
}

void Staging::write(const std::string& folder, const std::vector<kubeovn::OutputFile>& files, Diagnostics& diagnostics) {
  const fs::path directory = tree_ / folder;
  std::error_code error;
  if (!files.empty()) fs::create_directories(directory, error);
  if (error) return report_failure(target_ / folder, error.value(), diagnostics);
  for (const kubeovn::OutputFile& file : files) {
    fs::create_directories((directory / file.name).parent_path(), error);
    if (!write_new_file((directory / file.name).string(), file.text, Durable::Later))
      return report_failure(target_ / folder / file.name, errno, diagnostics);
    const std::lock_guard lock(mutex_);
    written_.insert((fs::path(folder) / file.name).generic_string());
  }
}

bool Staging::place(const std::set<std::string>& failed, Diagnostics& diagnostics) {
  const std::set<std::string> before = earlier();
  std::erase_if(written_, [&](const std::string& name) {  // of a file that failed half way
    const bool has_failed = failed.count(folder_of(name)) > 0;
    if (has_failed) ::unlink((tree_ / name).c_str());
    return has_failed;
  });
  std::set<std::string> stale, wanted = written_;
  for (const std::string& name : before) {
    if (failed.count(folder_of(name)) > 0) wanted.insert(name);
    else if (wanted.count(name) == 0) stale.insert(name);
  }
  if (!write_list(tree_, wanted, diagnostics)) return false;
  if (const Descriptor opened(::open(tree_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); opened.valid())
    if (::syncfs(opened.get()) != 0 && errno != ENOSYS) {  // once for thousands of files
      report_failure(target_, errno, diagnostics);
      return false;
    }
  const NoStopNow no_stop;
  if (stop_requested()) return false;
  if (move_as_a_whole()) return true;
  std::error_code error;
  fs::create_directories(target_, error);
  if (!may_replace(diagnostics)) return false;
  std::set<std::string> both = wanted;  // if the machine stops from here on, the next run knows what is there
  both.insert(before.begin(), before.end());
  if (!write_list(target_, both, diagnostics) || !move_one_by_one(diagnostics)) return false;
  remove_stale(stale, diagnostics);
  return write_list(target_, wanted, diagnostics);
}

/// Where there is no output directory yet, one step does all.
bool Staging::move_as_a_whole() {
  std::error_code error;
  if (fs::exists(fs::symlink_status(target_, error))) return false;
  return ::rename(tree_.c_str(), target_.c_str()) == 0;  // fails if another part of the job was first
}

/// Looks before anything is changed: nothing is written through a link, and no directory is in the way.
bool Staging::may_replace(Diagnostics& diagnostics) const {
  std::error_code error;
  bool may = true;
  const auto refuse = [&](const fs::path& path, std::string_view why) {
    diagnostics.report<Kind::CannotWrite>({}, path.string(), why);
    may = false;
  };
  std::set<std::string> folders;
  for (const std::string& name : written_) {
    const fs::path path = target_ / name;
    const fs::file_status status = fs::symlink_status(path, error);
    if (fs::is_symlink(status)) refuse(path, "it is a symbolic link");
    else if (fs::is_directory(status)) refuse(path, "it is a directory");
    for (fs::path folder = fs::path(name).parent_path(); !folder.empty(); folder = folder.parent_path())
      if (!folders.insert(folder.string()).second) break;
  }
  for (const std::string& folder : folders) {
    const fs::file_status status = fs::symlink_status(target_ / folder, error);
    if (fs::exists(status) && !fs::is_directory(status)) refuse(target_ / folder, "it is no directory");
  }
  return may;
}

bool Staging::move_one_by_one(Diagnostics& diagnostics) const {
  for (const std::string& name : written_) {
    std::error_code error;
    const fs::path target = target_ / name;
    fs::create_directories(target.parent_path(), error);
    if (!error && ::rename((tree_ / name).c_str(), target.c_str()) == 0) continue;
    report_failure(target, error ? error.value() : errno, diagnostics);
    return false;
  }
  return true;
}

void Staging::remove_stale(const std::set<std::string>& stale, Diagnostics& diagnostics) const {
  for (const std::string& name : stale) {
    const fs::path path = target_ / name;
    std::error_code error;
    if (fs::weakly_canonical(path.parent_path(), error) != target_ / fs::path(name).parent_path()) continue;  // behind a link
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) report_failure(path, errno, diagnostics);
    for (fs::path folder = fs::path(name).parent_path(); !folder.empty(); folder = folder.parent_path())
      if (::rmdir((target_ / folder).c_str()) != 0) break;  // something is in it
  }
}

/// What earlier runs wrote into the folders of this part, however many parts they had.
std::set<std::string> Staging::earlier() const {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(target_, error)) {
    if (!entry.path().filename().string().starts_with(list_prefix)) continue;
    Diagnostics unreadable;  // then nothing is known, and nothing is removed
    std::istringstream lines(read_text(entry.path().string(), unreadable).value_or(""));
    for (std::string name; std::getline(lines, name);)
      if (written_as(name) && shard_of(folder_of(name), part_.count) == part_.index) names.insert(name);
  }
  return names;
}

bool Staging::write_list(const fs::path& directory, const std::set<std::string>& names, Diagnostics& diagnostics) const {
  std::string text(list_head);
  for (const std::string& name : names)
    if (name.find('\n') == std::string::npos) text += name + "\n";
  const fs::path temporary = outer_ / "list", path = directory / list_name();
  if (write_new_file(temporary.string(), text, Durable::Now) && ::rename(temporary.c_str(), path.c_str()) == 0) return true;
  report_failure(path, errno, diagnostics);
  return false;
}

std::string Staging::list_name() const { return fmt::format("{}{}-of-{}", list_prefix, part_.index, part_.count); }

}  // namespace policyconv::cli
