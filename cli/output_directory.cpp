// Entrance: write_directory() of files.h. Every name is looked up in a directory that is held open, and no link below the
// output directory is followed: whoever can write into it cannot lead the program elsewhere, not even while it runs.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "cli/descriptor.h"
#include "cli/files.h"
#include "cli/interrupt.h"

namespace policyconv::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_end = ".tmp";
/// From so many files on they are flushed by one call for the file system; a call for each would be most of the time of a run.
constexpr std::size_t many_files = 16;

std::string error_text(int code) { return std::generic_category().message(code); }

Descriptor open_directory(int parent, const std::string& name, int flags) {
  const int number = ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
  if (number >= 0 || errno != EACCES) return Descriptor(number);
  return Descriptor(::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | flags));  // may be written, not read
}

bool is_link(int parent, const std::string& name) {
  struct stat status = {};
  return ::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
}

std::vector<std::string> names_in(const Descriptor& directory) {
  std::vector<std::string> names;
  const int again = ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const list = again < 0 ? nullptr : ::fdopendir(again);
  if (list == nullptr) {
    const Descriptor closed(again);
    return names;
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> closed(list, ::closedir);
  while (const dirent* const entry = ::readdir(list)) names.emplace_back(entry->d_name);
  return names;
}

/// "steps" of "steps/05-join-shop.yaml", and the rest; no folder: "".
struct Place {
  std::string folder, name;
};

Place place_of(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return {"", std::string(name)};
  return {std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))};
}

/// Names may have parts that came with the input.
bool stays_below(std::string_view written) {
  const Place place = place_of(written);
  const auto is_name = [](const std::string& part) {
    return part != "." && part != ".." && part.find('/') == std::string::npos && part.find('\0') == std::string::npos;
  };
  return !written.starts_with('/') && is_name(place.folder) && !place.name.empty() && is_name(place.name);
}

std::string joined(const std::string& folder, const std::string& name) { return folder.empty() ? name : folder + '/' + name; }

/// The name for which a temporary one stands, whatever process made it; empty: it is none.
std::string_view target_of(std::string_view temporary) {
  if (!temporary.starts_with('.') || !temporary.ends_with(temporary_end)) return {};
  temporary.remove_prefix(1);
  temporary.remove_suffix(temporary_end.size());
  const std::size_t dot = temporary.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == temporary.size()) return {};
  return temporary.find_first_not_of("0123456789", dot + 1) == std::string_view::npos ? temporary.substr(0, dot)
                                                                                     : std::string_view();
}

bool remove_file(const Descriptor& folder, const std::string& name) { return ::unlinkat(folder.get(), name.c_str(), 0) == 0; }

/// The output directory and its folders. Files are written under temporary names; what has not been renamed in the end is
/// removed, with the folders that were made for it.
class Output {
 public:
  Output(const std::string& directory, OwnNames is_own, Diagnostics& diagnostics)
      : directory_(directory), is_own_(is_own), diagnostics_(diagnostics) {}
  ~Output() { take_back(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool open();
  /// Removes what earlier runs that were killed have left behind, unless another run is writing here at this moment.
  void clear_leftovers(const std::vector<kubeovn::OutputFile>& files);
  bool add(const kubeovn::OutputFile& file, Durable durable);
  /// What was added with Durable::Later.
  bool flush();
  /// Whether flush() can do anything: not where the directory may be written and not read.
  [[nodiscard]] bool can_flush() const;
  bool rename_all();
  void take_back();
  void remove_stale(const std::vector<kubeovn::OutputFile>& files);
  void make_durable() const;

 private:
  struct Pending {
    Place target;
    std::string temporary;
  };

  Descriptor* folder(const std::string& name);
  const Descriptor* existing_folder(const std::string& name);
  [[nodiscard]] std::vector<std::string> folders() const;
  void remove_where(const std::string& folder, const std::set<std::string>& keep, bool temporaries);
  bool failed(const std::string& name, std::string_view why) {
    diagnostics_.report<Kind::CannotWrite>({}, name.empty() ? directory_ : (fs::path(directory_) / "").string() + name, why);
    return false;
  }
  bool failed(const std::string& name) { return failed(name, error_text(errno)); }

  std::string directory_;
  OwnNames is_own_;
  Diagnostics& diagnostics_;
  std::map<std::string, Descriptor> open_;  // by folder; "" is the directory itself
  std::vector<std::string> made_;           // from the outer to the inner
  std::vector<Pending> pending_;
};

bool Output::open() {
  std::error_code error;
  const bool is_new = fs::create_directories(directory_, error);
  if (error) return failed("", error_text(error.value()));
  Descriptor opened = open_directory(AT_FDCWD, directory_, 0);  // itself it may be a link: the user has named it
  if (!opened.valid()) return failed("");
  if (is_new) made_.push_back("");
  open_.emplace("", std::move(opened));
  return true;
}

void Output::clear_leftovers(const std::vector<kubeovn::OutputFile>& files) {
  const int top = open_.at("").get();
  std::set<std::string> names;
  for (const kubeovn::OutputFile& file : files) names.insert(file.name);
  if (::flock(top, LOCK_EX | LOCK_NB) == 0)
    for (const std::string& folder : folders()) remove_where(folder, names, true);
  // Those who write share the lock, those who clear have it alone. Nobody waits for it: `flock DIR policyconv ...` holds it
  // for as long as the program runs. A file system without locks: nothing is cleared.
  ::flock(top, LOCK_SH | LOCK_NB);
}

/// Null after a report.
Descriptor* Output::folder(const std::string& name) {
  if (const auto known = open_.find(name); known != open_.end()) return &known->second;
  const int top = open_.at("").get();
  const bool is_new = ::mkdirat(top, name.c_str(), 0777) == 0;
  if (!is_new && errno != EEXIST) return failed(name), nullptr;
  if (is_new) made_.push_back(name);
  Descriptor opened = open_directory(top, name, O_NOFOLLOW);
  if (opened.valid()) return &open_.emplace(name, std::move(opened)).first->second;
  const int code = errno;
  failed(name, is_link(top, name) ? "it is a symbolic link" : error_text(code));
  return nullptr;
}

/// Null if there is none: a link is none.
const Descriptor* Output::existing_folder(const std::string& name) {
  if (const auto known = open_.find(name); known != open_.end()) return &known->second;
  Descriptor opened = open_directory(open_.at("").get(), name, O_NOFOLLOW);
  return opened.valid() ? &open_.emplace(name, std::move(opened)).first->second : nullptr;
}

/// Where files of an earlier run may be.
std::vector<std::string> Output::folders() const {
  std::vector<std::string> names = {""};
  if (is_own_ != nullptr) names.insert(names.end(), std::begin(kubeovn::output_folders), std::end(kubeovn::output_folders));
  return names;
}

bool Output::add(const kubeovn::OutputFile& file, Durable durable) {
  if (!stays_below(file.name)) return failed(file.name, "it is no name of a file below this directory");
  Place target = place_of(file.name);
  const Descriptor* const in = folder(target.folder);
  if (in == nullptr) return false;
  if (is_link(in->get(), target.name)) return failed(file.name, "it is a symbolic link");
  std::string temporary = fmt::format(".{}.{}{}", target.name, ::getpid(), temporary_end);
  remove_file(*in, temporary);  // left by a process of the same number that was killed
  const Descriptor written(
      ::openat(in->get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!written.valid()) return failed(file.name);
  pending_.push_back({std::move(target), std::move(temporary)});
  return write_all(written.get(), file.text, durable) || failed(file.name);
}

bool Output::can_flush() const { return (::fcntl(open_.at("").get(), F_GETFL) & O_PATH) == 0; }

bool Output::flush() {
  if (std::all_of(open_.begin(), open_.end(), [](const auto& folder) { return ::syncfs(folder.second.get()) == 0; })) return true;
  for (const Pending& file : pending_) {  // not everywhere, or what failed is not ours
    const Descriptor written(
        ::openat(open_.at(file.target.folder).get(), file.temporary.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!written.valid() || ::fsync(written.get()) != 0) return failed(joined(file.target.folder, file.target.name));
  }
  return true;
}

bool Output::rename_all() {
  for (; !pending_.empty(); pending_.pop_back()) {
    const Pending& next = pending_.back();
    const int in = open_.at(next.target.folder).get();
    if (::renameat(in, next.temporary.c_str(), in, next.target.name.c_str()) != 0)
      return failed(joined(next.target.folder, next.target.name));
  }
  made_.clear();
  return true;
}

void Output::take_back() {
  for (const Pending& file : pending_) remove_file(open_.at(file.target.folder), file.temporary);
  pending_.clear();
  for (; !made_.empty(); made_.pop_back()) {  // a folder in which something is stays
    if (made_.back().empty()) ::rmdir(directory_.c_str());
    else ::unlinkat(open_.at("").get(), made_.back().c_str(), AT_REMOVEDIR);
  }
}

/// Removes from a folder what is ours and not to be kept, or the temporary names for what is ours or among `names`; and
/// the folder, if that leaves nothing in it.
void Output::remove_where(const std::string& folder, const std::set<std::string>& names, bool temporaries) {
  const Descriptor* const in = existing_folder(folder);
  if (in == nullptr) return;
  const auto is_own = [&](const std::string& name) { return is_own_ != nullptr && is_own_(name); };
  bool removed = false;
  for (const std::string& name : names_in(*in)) {
    const std::string target(temporaries ? target_of(name) : name);
    const std::string whole = joined(folder, target);
    if (target.empty() || !(temporaries ? is_own(whole) || names.count(whole) > 0 : is_own(whole) && names.count(whole) == 0))
      continue;
    if (remove_file(*in, name)) removed = true;
    else if (errno != ENOENT && !temporaries) failed(whole);
  }
  if (!removed || folder.empty()) return;
  if (::unlinkat(open_.at("").get(), folder.c_str(), AT_REMOVEDIR) == 0) open_.erase(folder);
}

void Output::remove_stale(const std::vector<kubeovn::OutputFile>& files) {
  if (is_own_ == nullptr) return;
  std::set<std::string> keep;
  for (const kubeovn::OutputFile& file : files) keep.insert(file.name);
  for (const std::string& folder : folders()) remove_where(folder, keep, false);
}

/// A file system that cannot is no failure.
void Output::make_durable() const {
  for (const auto& [name, opened] : open_) ::fsync(opened.get());
}

}  // namespace

void write_directory(const std::string& directory, const std::vector<kubeovn::OutputFile>& files,
                     Diagnostics& diagnostics, OwnNames is_own) {
  const StopLater stop_later;
  Output output(directory, is_own, diagnostics);
  if (!output.open()) return;
  output.clear_leftovers(files);
  const Durable durable = files.size() >= many_files && output.can_flush() ? Durable::Later : Durable::Now;
  const bool is_added = std::all_of(files.begin(), files.end(), [&](const kubeovn::OutputFile& file) {
    return !stop_requested() && output.add(file, durable);
  }) && (durable == Durable::Now || output.flush());
  const NoStopNow no_stop;
  if (!is_added || stop_requested()) return output.take_back();
  if (!output.rename_all()) return;
  output.remove_stale(files);
  output.make_durable();
}

}  // namespace policyconv::cli
