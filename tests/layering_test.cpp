// Who may include whom (docs/design.md). Linking cannot see this, reading the includes can.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace fs = std::filesystem;

namespace {

const fs::path root = POLICYCONV_SOURCE_DIR;

struct Include {
  std::string file;    // relative to the root
  std::string target;  // what stands between the quotes or brackets
  bool quoted = false;
};

std::vector<Include> includes_of(const fs::path& path) {
  std::vector<Include> found;
  std::ifstream in(path);
  const std::string name = path.lexically_relative(root).string();
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("#include")) continue;
    const std::size_t open = line.find_first_of("\"<"), close = line.find_last_of("\">");
    REQUIRE(open < close);
    found.push_back({name, line.substr(open + 1, close - open - 1), line[open] == '"'});
  }
  return found;
}

const std::vector<Include>& all_includes() {
  static const std::vector<Include> all = [] {
    std::vector<Include> found;
    for (const char* folder : {"ir", "yaml", "frontend", "backends", "plan", "verify", "assess", "report", "cli", "packaging", "tests"})
      for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
        const std::string extension = entry.path().extension().string();
        if (extension != ".h" && extension != ".cpp") continue;
        const std::vector<Include> includes = includes_of(entry.path());
        found.insert(found.end(), includes.begin(), includes.end());
      }
    return found;
  }();
  return all;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.find('/')); }
bool is_header(const std::string& path) { return path.ends_with(".h"); }

/// The library an include in brackets or of generated code belongs to; "" for the standard library and the system.
std::string library_of(const Include& include) {
  const std::string& target = include.target;
  if (target.find("antlr4") != std::string::npos || target.ends_with("Lexer.h") || target.ends_with("Parser.h"))
    return "ANTLR";
  const std::map<std::string, std::string> by_folder = {
      {"yaml-cpp", "yaml-cpp"}, {"CLI", "CLI11"}, {"fmt", "fmt"}, {"catch2", "Catch2"}, {"nlohmann", "nlohmann"}, {"roaring", "Roaring"},
      {"valijson", "valijson"}};
  const auto found = by_folder.find(folder_of(target));
  if (found != by_folder.end() && target.find('/') != std::string::npos) return found->second;
  if (target == "yaml.h") return "libyaml";
  if (target == "pugixml.hpp") return "pugixml";
  if (target == "md5.h") return "libmd";
  return target == "zlib.h" ? "zlib" : "";
}

bool is_ours(const Include& include) { return include.quoted && library_of(include) != "ANTLR"; }

}  // namespace

TEST_CASE("folders include only what is below them") {
  const std::map<std::string, std::set<std::string>> allowed = {
      {"ir", {"ir"}},
      {"yaml", {"yaml", "ir"}},
      {"frontend", {"frontend", "yaml", "ir"}},
      {"backends", {"backends", "yaml", "ir"}},
      {"plan", {"plan", "backends", "yaml", "ir"}},
      {"verify", {"verify", "ir"}},
      {"assess", {"assess", "yaml", "ir"}},
      {"report", {"report", "yaml", "ir"}},
      {"cli", {"cli", "report", "assess", "plan", "frontend", "backends", "verify", "yaml", "ir"}},
      {"packaging", {"packaging", "cli", "ir"}},
      {"tests", {"tests", "packaging", "cli", "report", "assess", "yaml", "frontend", "backends", "plan", "verify", "ir"}}};
  // The evaluators, the assessment and the reports read the data of both sides and none of their code.
  const std::set<std::string> data_for_verify = {"frontend/policy.h", "backends/kubeovn/manifest.h"};
  for (const Include& include : all_includes()) {
    if (!is_ours(include)) continue;
    const std::string from = folder_of(include.file), to = folder_of(include.target);
    if ((from == "verify" || from == "assess" || from == "report") && data_for_verify.count(include.target) > 0) continue;
    INFO(include.file << " includes " << include.target);
    CHECK(allowed.at(from).count(to) == 1);
  }
}

TEST_CASE("includes are rooted") {
  for (const Include& include : all_includes()) {
    if (!is_ours(include)) continue;
    INFO(include.file << " includes " << include.target);
    CHECK(fs::exists(root / include.target));
  }
}

TEST_CASE("libraries are used in few places") {
  const std::map<std::string, std::vector<std::string>> users = {
      {"ANTLR", {"verify/ovn_parse.cpp", "verify/flow_parse.cpp"}},
      {"yaml-cpp", {"yaml/writer.cpp", "tests/"}},
      {"libyaml", {"yaml/events.cpp", "tests/bench/"}},
      {"CLI11", {"cli/options", "cli/option_types"}},
      {"Catch2", {"tests/"}},
      {"nlohmann", {"report/", "plan/", "cli/", "packaging/", "tests/"}},
      {"pugixml", {"report/junit.cpp", "tests/"}},
      {"libmd", {"backends/kubeovn/revision.cpp"}},
      {"Roaring", {"verify/end_set.h"}},
      {"valijson", {"tests/"}},
      {"zlib", {"tests/"}},
      {"fmt", {""}}};
  for (const Include& include : all_includes()) {
    const std::string library = library_of(include);
    if (library.empty()) continue;
    const auto& places = users.at(library);
    INFO(include.file << " includes " << include.target);
    CHECK(
        std::any_of(places.begin(), places.end(), [&](const auto& place) { return include.file.starts_with(place); }));
  }
}

TEST_CASE("headers show no library but fmt, one Roaring and two CLI11") {
  for (const Include& include : all_includes()) {
    const std::string library = library_of(include);
    if (!is_header(include.file) || folder_of(include.file) == "tests" || library.empty()) continue;
    INFO(include.file << " includes " << include.target);
    CHECK((library == "fmt" || (library == "Roaring" && include.file == "verify/end_set.h") ||
           (library == "CLI11" && (include.file == "cli/option_types.h" || include.file == "cli/options_settle.h"))));
  }
}

TEST_CASE("data headers include only data headers") {
  const std::set<std::string> data = {"ir/address.h",      "ir/cluster.h",   "ir/diagnostics.h",
                                      "ir/program.h",      "ir/semantics.h", "ir/source.h",
                                      "frontend/policy.h", "verify/flow.h",  "backends/kubeovn/manifest.h",
                                      "ir/diagnostics.def", "ir/limits.h",    "report/model.h"};
  for (const Include& include : all_includes()) {
    if (!is_ours(include) || data.count(include.file) == 0) continue;
    INFO(include.file << " includes " << include.target);
    CHECK(data.count(include.target) == 1);
  }
}
