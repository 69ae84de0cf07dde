// Runs every case folder below tests/golden and samples: `policies/` or `input.yaml`, optionally `cluster.yaml` or
// `cluster/`, and `args` with one argument a line. Expected: the files of -o in `expected/`, standard error in
// `report.txt`, the status in `exit`, and, where there is an `ir.txt`, the output of --emit ir. The plan, its steps and the
// admission policy are compared where there is a folder `way` for them.
// POLICYCONV_UPDATE=1 rewrites the expectations; read the difference before you commit it.
// A folder with a `command` instead has all arguments in it, one a line, with {out} for a directory whose files
// are in `written/`; its standard output is in `output.txt`.
// One case alone: golden_test -c tests/golden/NAME
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <catch2/catch.hpp>

#include "cli/run.h"

namespace fs = std::filesystem;

namespace {

const fs::path root = POLICYCONV_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

using Files = std::map<std::string, std::string>;  // by path below a directory

Files read_all(const fs::path& directory) {
  Files found;
  if (fs::exists(directory))
    for (const auto& entry : fs::recursive_directory_iterator(directory))
      if (entry.is_regular_file()) found[entry.path().lexically_relative(directory).string()] = read(entry);
  return found;
}

/// Objects for Kube-OVN and the pods, which other tests read from `expected`.
bool is_object_file(const std::string& name) { return name < "32" && name.ends_with(".yaml"); }

std::vector<std::string> first_that_exists(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (fs::exists(name)) return {name};
  return {};
}

struct Result {
  int status = 0;
  std::string out, report;
  Files files;
};

Result run(const std::vector<std::string>& args) {
  std::istringstream nothing;
  std::ostringstream out, err;
  Result result;
  result.status = policyconv::cli::run(args, nothing, out, err);
  result.out = out.str();
  result.report = err.str();
  return result;
}

/// Runs in the case's folder, so that reports show relative paths.
Result run_case(const std::vector<std::string>& more) {
  std::vector<std::string> args = {"migrate"};
  const auto add = [&](const std::vector<std::string>& some) { args.insert(args.end(), some.begin(), some.end()); };
  const std::vector<std::string> cluster = first_that_exists({"cluster.yaml", "cluster"});
  add(first_that_exists({"input.yaml", "policies"}));
  if (!cluster.empty()) add({"--cluster", cluster.front()});
  std::ifstream in("args");
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) add({line});
  add(more);
  return run(args);
}

/// The case of a folder with a `command`.
Result run_command(const std::string& out) {
  std::vector<std::string> args;
  std::ifstream in("command");
  for (std::string line; std::getline(in, line);) {
    const std::size_t at = line.find("{out}");
    args.push_back(at == std::string::npos ? line : line.replace(at, 5, out));
  }
  return run(args);
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(fs::temp_directory_path() / ("policyconv-golden-" + std::to_string(::getpid()))) {}
  ~TemporaryDirectory() { fs::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (const char* folder : {"tests/golden", "samples"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.is_directory() && (fs::exists(entry.path() / "input.yaml") || fs::exists(entry.path() / "policies") ||
                                   fs::exists(entry.path() / "command")))
        found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

/// The first line in which two texts differ; empty if they are equal.
std::string first_difference(const std::string& expected, const std::string& actual) {
  if (expected == actual) return {};
  std::istringstream a(expected), b(actual);
  for (int number = 1;; ++number) {
    std::string left, right;
    const bool has_left = static_cast<bool>(std::getline(a, left)),
               has_right = static_cast<bool>(std::getline(b, right));
    if (has_left && has_right && left == right) continue;
    return "line " + std::to_string(number) + "\n  expected: " + (has_left ? left : "(end)") +
           "\n  actual:   " + (has_right ? right : "(end)");
  }
}

/// Plans name the policies by where they are, which is another place on every machine.
std::string placeless(std::string text) {
  const std::string here = fs::current_path().string();
  for (std::size_t at = text.find(here); at != std::string::npos; at = text.find(here, at)) text.replace(at, here.size(), "{case}");
  return text;
}

/// Folders with expected files, and what each is about.
std::map<std::string, Files> sorted(const Files& files) {
  std::map<std::string, Files> found;
  for (const auto& [name, text] : files)
    found[fs::exists("command") ? "written" : is_object_file(name) ? "expected" : "way"][name] = placeless(text);
  if (!fs::exists("way")) found.erase("way");
  return found;
}

void update(const Result& result) {
  const std::map<std::string, Files> folders = sorted(result.files);
  for (const char* folder : {"written", "expected"}) fs::remove_all(folder);
  fs::remove_all("way");
  for (const auto& [folder, files] : folders)
    for (const auto& [name, text] : files) {
      fs::create_directories((fs::path(folder) / name).parent_path());
      write(fs::path(folder) / name, text);
    }
  write("report.txt", result.report);
  write("exit", std::to_string(result.status) + "\n");
}

void compare(const Result& result) {
  CHECK(first_difference(read("report.txt"), result.report) == "");
  CHECK(read("exit") == std::to_string(result.status) + "\n");
  const std::map<std::string, Files> folders = sorted(result.files);
  for (const char* folder : {"written", "expected", "way"}) {
    const auto here = folders.find(folder);
    const Files actual = here == folders.end() ? Files() : here->second;
    const Files expected = read_all(folder);
    for (const auto& [name, text] : actual) {
      INFO("file " << folder << '/' << name);
      const bool is_expected = expected.count(name) == 1;
      CHECK(is_expected);
      if (is_expected) CHECK(first_difference(expected.at(name), text) == "");
    }
    for (const auto& [name, text] : expected) {
      INFO("file " << folder << '/' << name);
      CHECK(actual.count(name) == 1);
    }
  }
}

}  // namespace

TEST_CASE("golden cases") {
  const bool updating = std::getenv("POLICYCONV_UPDATE") != nullptr;
  REQUIRE_FALSE(cases().empty());
  for (const fs::path& folder : cases()) {
    DYNAMIC_SECTION(folder.lexically_relative(root).string()) {
      fs::current_path(folder);
      const TemporaryDirectory directory;
      const bool has_command = fs::exists("command");
      Result result = has_command ? run_command(directory.path().string()) : run_case({"-o", directory.path().string()});
      result.files = read_all(directory.path());
      if (has_command && updating) write("output.txt", result.out);
      CHECK(first_difference(has_command ? read("output.txt") : "", result.out) == "");
      if (updating) update(result);
      else compare(result);

      const bool failed = result.status == 1 || result.status == 2;
      CHECK(folder.filename().string().starts_with("fail_") == failed);
      if (failed) CHECK(result.files.empty());

      if (fs::exists("ir.txt")) {
        const std::string ir = run_case({"--emit", "ir"}).out;
        if (updating) write("ir.txt", ir);
        CHECK(first_difference(read("ir.txt"), ir) == "");
      }
    }
  }
}

TEST_CASE("every folder of tests/golden is a case") {
  const std::vector<fs::path> known = cases();
  for (const auto& entry : fs::directory_iterator(root / "tests/golden")) {
    INFO(entry.path());
    CHECK(std::find(known.begin(), known.end(), entry.path()) != known.end());
  }
}
