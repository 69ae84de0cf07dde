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
#include <map>
#include <optional>
#include <ostream>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/descriptor.h"
#include "cli/ignore.h"
#include "cli/render.h"

namespace policyconv::cli {
namespace {

namespace fs = std::filesystem;

std::string error_text(int code) { return std::generic_category().message(code); }

/// nullopt and errno set if it cannot be read; EFBIG: it has more bytes than `most`.
std::optional<std::string> slurp(const std::string& path, std::size_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return std::nullopt;
  struct stat status = {};
  const bool has_size = ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
  const std::size_t expected = has_size ? static_cast<std::size_t>(status.st_size) : 0;
  std::string text;
  if (expected <= most) text.reserve(expected);
  std::vector<char> buffer(1U << 16U);
  for (;;) {
    if (std::max(text.size(), expected) > most) {
      errno = EFBIG;
      return std::nullopt;
    }
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

bool is_kustomization(const fs::path& path) {
  return path.filename() == "kustomization.yaml" || path.filename() == "kustomization.yml";
}

/// The files to read below a directory. Directories that are symbolic links are left out, which excludes circles; so is
/// what is neither file nor link, since reading a pipe may never end.
class Walk {
 public:
  Walk(fs::path root, Diagnostics& diagnostics) : root_(std::move(root)), diagnostics_(diagnostics) { enter({}); }

  std::vector<NamedFile> found;
  std::size_t left_out = 0;        // files that would have been read
  std::vector<std::string> names;  // of these, and of directories that were not entered
  bool failed = false;

 private:
  void enter(const std::string& relative) {
    const fs::path directory = relative.empty() ? root_ : root_ / relative;
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (auto entry = fs::directory_iterator(directory, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
      entries.push_back(*entry);
    if (error) {
      diagnostics_.report<Kind::CannotRead>({}, directory.string(), error.message());
      failed = true;
      return;
    }
    const bool has_patterns = push_patterns(directory, relative);
    for (const fs::directory_entry& entry : entries)
      if (!is_hidden(entry.path()))
        take(entry, (relative.empty() ? fs::path() : fs::path(relative)) / entry.path().filename());
    if (has_patterns) patterns_.pop();
  }

  bool push_patterns(const fs::path& directory, const std::string& relative) {
    const fs::path path = directory / ignore_file_name;
    std::error_code error;
    if (!fs::exists(fs::symlink_status(path, error))) return false;
    const std::optional<std::string> text = read_text(path.string(), diagnostics_);
    failed = failed || !text;
    patterns_.push(relative, text.value_or(""));
    return true;
  }

  void take(const fs::directory_entry& entry, const fs::path& relative) {
    std::error_code error;  // a link that leads nowhere stays, and is reported when it is read
    const bool is_directory = entry.is_directory(error);
    const bool is_other = !is_directory && entry.exists(error) && !entry.is_regular_file(error);
    if (is_other || (!is_directory && !is_manifest(relative))) return;
    const std::string path = relative.generic_string();
    const bool is_link = is_directory && entry.is_symlink(error);
    if (is_link || patterns_.leaves_out(path, is_directory)) {
      left_out += is_directory ? 0 : 1;
      names.push_back(path + (is_link ? "/ (a link to a directory)" : is_directory ? "/" : ""));
    } else if (is_directory) enter(path);
    else found.push_back({(root_ / relative).string(), path, is_kustomization(relative)});
  }

  fs::path root_;
  Diagnostics& diagnostics_;
  IgnoreStack patterns_;
};

void report_write_error(const std::string& what, int code, Diagnostics& diagnostics) {
  diagnostics.report<Kind::CannotWrite>({}, what, error_text(code));
}

/// "a.yaml, b/ and 3 more"
std::string listed(std::vector<std::string> names) {
  constexpr std::size_t most = 5;
  std::sort(names.begin(), names.end());
  const std::size_t more = names.size() > most ? names.size() - most : 0;
  names.resize(names.size() - more);
  return fmt::format("{}{}", fmt::join(names, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

/// Writes through `write`; a stream tells that it failed, errno why.
template <typename Write>
void checked(std::ostream& out, Diagnostics& diagnostics, Write write) {
  errno = 0;
  write();
  out.flush();
  if (!out) report_write_error("standard output", errno == 0 ? EIO : errno, diagnostics);
}

/// Beside the objects lies what leads to them: steps, which repeat them in between, and the plan.
bool leads_to_objects(const NamedFile& file) {
  const std::filesystem::path path(file.relative);
  if (path.filename() == "plan.json" && path != file.path) return true;
  return std::any_of(path.begin(), path.end(), [](const auto& part) { return part == "steps" || part == "component"; });
}

}  // namespace

bool write_all(int file, std::string_view text, Durable durable) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written >= 0) text.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR) return false;
  }
  return durable == Durable::Later || ::fsync(file) == 0;
}

bool write_new_file(const std::string& path, std::string_view text, Durable durable) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  return file.valid() && write_all(file.get(), text, durable);
}

std::string resolved(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::canonical(path, error);
  return error ? path : canonical.string();
}

std::optional<std::string> read_text(const std::string& path, Diagnostics& diagnostics, std::size_t most_megabytes) {
  std::optional<std::string> text = slurp(path, most_megabytes * megabyte);
  if (!text && errno == EFBIG) diagnostics.report<Kind::FileTooLarge>({}, path, most_megabytes);
  else if (!text) diagnostics.report<Kind::CannotRead>({}, path, error_text(errno));
  return text;
}

std::optional<std::string> read_stream(std::istream& in, Diagnostics& diagnostics, std::size_t most_megabytes) {
  std::string text;
  std::vector<char> buffer(1U << 16U);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() <= most_megabytes * megabyte) continue;
    diagnostics.report<Kind::FileTooLarge>({}, "<stdin>", most_megabytes);
    return std::nullopt;
  }
  return text;
}

std::vector<NamedFile> list_files(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  std::map<std::string, NamedFile> files;  // by path: what is found twice is listed once
  for (const std::string& path : paths) {
    std::error_code error;
    if (path == "-" || !fs::is_directory(path, error)) {
      files.try_emplace(path, NamedFile{path, fs::path(path).filename().string(), is_kustomization(path)});
      continue;
    }
    Walk walk(path, diagnostics);
    const auto is_read = [](const NamedFile& file) { return !file.is_kustomization; };
    if (!walk.failed && std::none_of(walk.found.begin(), walk.found.end(), is_read)) {
      if (walk.left_out > 0) diagnostics.report<Kind::AllIgnored>({}, walk.left_out, path);
      else if (walk.found.empty()) diagnostics.report<Kind::NoFiles>({}, path);
    } else if (!walk.names.empty()) {
      diagnostics.report<Kind::FilesLeftOut>({}, path, listed(std::move(walk.names)));
    }
    for (NamedFile& file : walk.found) files.try_emplace(file.path, file);
  }
  std::vector<NamedFile> listed;
  for (auto& [path, file] : files) listed.push_back(std::move(file));
  return listed;
}

std::optional<std::uint32_t> Reader::read(const NamedFile& file) {
  const bool is_stdin = file.path == "-";
  const auto [entry, added] = known_.try_emplace(is_stdin ? file.path : resolved(file.path), 0);
  if (added) {
    const std::size_t most = sources_.limits().file_megabytes;
    std::optional<std::string> text =
        is_stdin ? read_stream(in_, diagnostics_, most) : read_text(file.path, diagnostics_, most);
    if (text) entry->second = sources_.add(is_stdin ? "<stdin>" : file.path, std::move(*text));
    if (text && file.is_kustomization)
      diagnostics_.report<Kind::KustomizationNotBuilt>({entry->second, 0, 0}, kustomize_command(file.path));
  }
  return entry->second == 0 || file.is_kustomization ? std::nullopt : std::optional(entry->second);
}

std::vector<std::uint32_t> Reader::read(const std::vector<std::string>& paths) {
  return read_files(list_files(paths, diagnostics_));
}

std::vector<std::uint32_t> Reader::read_emitted(const std::vector<std::string>& paths) {
  std::vector<NamedFile> files = list_files(paths, diagnostics_);
  std::erase_if(files, leads_to_objects);
  return read_files(files);
}

std::vector<std::uint32_t> Reader::read_files(const std::vector<NamedFile>& named) {
  std::vector<std::uint32_t> files;
  for (const NamedFile& file : named)
    if (const std::optional<std::uint32_t> number = read(file)) files.push_back(*number);
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
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
