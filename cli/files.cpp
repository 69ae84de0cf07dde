#include "cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <istream>
#include <iterator>
#include <optional>
#include <ostream>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace policyconv::cli {
namespace {

namespace fs = std::filesystem;

std::string error_text(int code) { return std::generic_category().message(code); }

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool valid() const { return number_ >= 0; }

 private:
  int number_;
};

/// nullopt and errno set if it cannot be read.
std::optional<std::string> slurp(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return std::nullopt;
  std::string text;
  std::vector<char> buffer(1U << 16U);
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got == 0) return text;
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
    else if (errno != EINTR) return std::nullopt;
  }
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

bool is_manifest(const fs::path& path) {
  const fs::path extension = path.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

/// The files to read below `directory`. Directories that are symbolic links are left out, which excludes cycles.
std::vector<std::string> files_below(const std::string& directory, std::error_code& error) {
  std::vector<std::string> found;
  auto entry = fs::recursive_directory_iterator(directory, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code unreadable;  // then it is no file to read; a dangling link, for example
    if (is_hidden(entry->path())) entry.disable_recursion_pending();
    else if (is_manifest(entry->path()) && !entry->is_directory(unreadable)) found.push_back(entry->path().string());
  }
  return found;
}

/// The same for all names of one file, so that it is read once.
std::string resolved(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::canonical(path, error);
  return error ? path : canonical.string();
}

void report_write_error(const std::string& what, int code, Diagnostics& diagnostics) {
  diagnostics.report<Kind::CannotWrite>({}, what, error_text(code));
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written >= 0) text.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR) return false;
  }
  return true;
}

/// False and errno set on failure. The name must not exist: nothing is written through a link that someone put there.
bool write_new_file(const fs::path& path, std::string_view text) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  return file.valid() && write_all(file.get(), text) && ::fsync(file.get()) == 0;
}

struct Pending {
  fs::path temporary, target;
};

/// Files written under their temporary names; what has not been renamed in the end is removed.
class Batch {
 public:
  explicit Batch(fs::path directory) : directory_(std::move(directory)) {}
  ~Batch() {
    for (const Pending& file : pending_) ::unlink(file.temporary.c_str());
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  bool add(const kubeovn::OutputFile& file, Diagnostics& diagnostics) {
    const fs::path target = directory_ / file.name;
    if (fs::is_symlink(fs::symlink_status(target, ignored_))) {
      diagnostics.report<Kind::CannotWrite>({}, target.string(), "it is a symbolic link");
      return false;
    }
    pending_.push_back({directory_ / fmt::format(".{}.{}.tmp", file.name, ::getpid()), target});
    const fs::path& temporary = pending_.back().temporary;
    ::unlink(temporary.c_str());  // left by a process of the same number that was killed
    if (write_new_file(temporary, file.text)) return true;
    report_write_error(target.string(), errno, diagnostics);
    return false;
  }

  bool rename_all(Diagnostics& diagnostics) {
    while (!pending_.empty()) {
      const Pending& next = pending_.back();
      if (::rename(next.temporary.c_str(), next.target.c_str()) != 0) {
        report_write_error(next.target.string(), errno, diagnostics);
        return false;
      }
      pending_.pop_back();
    }
    return true;
  }

 private:
  fs::path directory_;
  std::vector<Pending> pending_;
  std::error_code ignored_;
};

void remove_stale(const fs::path& directory, const std::vector<kubeovn::OutputFile>& files,
                  std::span<const std::string_view> own, Diagnostics& diagnostics) {
  for (const std::string_view name : own) {
    const bool wanted = std::any_of(files.begin(), files.end(), [&](const auto& file) { return file.name == name; });
    const fs::path path = directory / name;
    if (!wanted && ::unlink(path.c_str()) != 0 && errno != ENOENT)
      report_write_error(path.string(), errno, diagnostics);
  }
}

/// Writes through `write`; a stream tells that it failed, errno why.
template <typename Write>
void checked(std::ostream& out, Diagnostics& diagnostics, Write write) {
  errno = 0;
  write();
  out.flush();
  if (!out) report_write_error("standard output", errno == 0 ? EIO : errno, diagnostics);
}

}  // namespace

void Reader::read_one(const std::string& path, std::vector<std::uint32_t>& files) {
  const bool is_stdin = path == "-";
  const std::string key = is_stdin ? path : resolved(path);
  const auto [entry, added] = known_.try_emplace(key, 0);
  if (added) {
    const std::optional<std::string> text =
        is_stdin ? std::string(std::istreambuf_iterator<char>(in_), {}) : slurp(path);
    if (text) entry->second = sources_.add(is_stdin ? "<stdin>" : path, std::move(*text));
    else diagnostics_.report<Kind::CannotRead>({}, path, error_text(errno));
  }
  if (entry->second != 0) files.push_back(entry->second);
}

std::vector<std::uint32_t> Reader::read(const std::vector<std::string>& paths) {
  std::set<std::string> names;
  for (const std::string& path : paths) {
    std::error_code error;
    if (path == "-" || !fs::is_directory(path, error)) {
      names.insert(path);
      continue;
    }
    const std::vector<std::string> found = files_below(path, error);
    if (error) diagnostics_.report<Kind::CannotRead>({}, path, error.message());
    else if (found.empty()) diagnostics_.report<Kind::NoFiles>({}, path);
    names.insert(found.begin(), found.end());
  }
  std::vector<std::uint32_t> files;
  for (const std::string& name : names) read_one(name, files);
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

void write_directory(const std::string& directory, const std::vector<kubeovn::OutputFile>& files,
                     Diagnostics& diagnostics, std::span<const std::string_view> own) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return report_write_error(directory, error.value(), diagnostics);
  Batch batch(directory);
  for (const kubeovn::OutputFile& file : files)
    if (!batch.add(file, diagnostics)) return;
  if (!batch.rename_all(diagnostics)) return;
  remove_stale(directory, files, own, diagnostics);
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.valid()) ::fsync(opened.get());  // makes the renames last; a file system that cannot is no failure
}

void write_stream(std::ostream& out, const std::vector<kubeovn::OutputFile>& files, Diagnostics& diagnostics) {
  checked(out, diagnostics, [&] {
    for (const kubeovn::OutputFile& file : files)
      out << (&file == &files.front() ? "" : "---\n") << "# " << file.name << '\n' << file.text;
  });
}

void write_stream(std::ostream& out, const std::string& text, Diagnostics& diagnostics) {
  checked(out, diagnostics, [&] { out << text; });
}

}  // namespace policyconv::cli
