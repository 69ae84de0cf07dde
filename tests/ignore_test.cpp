// .policyconvignore: a table against git's rules, git itself as the oracle where it is installed, and directories walked.
#include "cli/ignore.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "cli/files.h"
#include "tests/command_line.h"

using namespace policyconv;
using namespace policyconv::testing;
using cli::IgnorePatterns;
namespace fs = std::filesystem;

namespace {

const std::string policy = R"(apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec: {endpointSelector: {matchLabels: {app: web}}, ingress: [{}]}
)";

std::string named(const std::string& name) {
  std::string text = policy;
  return text.replace(text.find("name: web"), 9, "name: " + name);
}

/// What is read below `paths`, by name.
std::vector<std::string> found(const std::vector<std::string>& paths) {
  Diagnostics diagnostics;
  std::vector<std::string> names;
  for (const cli::NamedFile& file : cli::list_files(paths, diagnostics)) names.push_back(file.path);
  return names;
}

}  // namespace

TEST_CASE("patterns mean what they mean for git") {
  struct Row {
    std::string patterns, path;
    bool is_directory;
    std::optional<bool> decided;
  };
  const Row rows[] = {
      {"", "a.yaml", false, std::nullopt},
      {"# a.yaml\n\n   \n", "a.yaml", false, std::nullopt},
      {"a.yaml", "a.yaml", false, true},
      {"a.yaml", "deep/er/a.yaml", false, true},
      {"a.yaml", "b.yaml", false, std::nullopt},
      {"a.yaml  ", "a.yaml", false, true},
      {"a.yaml\\ ", "a.yaml", false, std::nullopt},
      {"a.yaml\\ ", "a.yaml ", false, true},
      {"a.yaml\r\nb.yaml\r\n", "a.yaml", false, true},
      {"\\#a.yaml", "#a.yaml", false, true},
      {"\\!a.yaml", "!a.yaml", false, true},
      {"/a.yaml", "a.yaml", false, true},
      {"/a.yaml", "x/a.yaml", false, std::nullopt},
      {"x/a.yaml", "x/a.yaml", false, true},
      {"x/a.yaml", "y/x/a.yaml", false, std::nullopt},
      {"*.yaml", "a.yaml", false, true},
      {"*.yaml", "x/y/a.yaml", false, true},
      {"*.yaml", "a.yml", false, std::nullopt},
      {"x/*.yaml", "x/a.yaml", false, true},
      {"x/*.yaml", "x/y/a.yaml", false, std::nullopt},
      {"?.yaml", "a.yaml", false, true},
      {"?.yaml", "ab.yaml", false, std::nullopt},
      {"?.yaml", "\xC3\xA4.yaml", false, true},
      {"test/", "test", true, true},
      {"test/", "test", false, std::nullopt},
      {"test/", "x/test", true, true},
      {"/test/", "x/test", true, std::nullopt},
      {"**/a.yaml", "a.yaml", false, true},
      {"**/a.yaml", "x/y/a.yaml", false, true},
      {"x/**", "x", true, std::nullopt},
      {"x/**", "x/y/a.yaml", false, true},
      {"x/**/a.yaml", "x/a.yaml", false, true},
      {"x/**/a.yaml", "x/y/z/a.yaml", false, true},
      {"x/**/a.yaml", "y/x/a.yaml", false, std::nullopt},
      {"*.yaml\n!a.yaml", "a.yaml", false, false},
      {"!a.yaml\n*.yaml", "a.yaml", false, true},
      {"*.yaml\n!a.yaml\n/a.yaml", "a.yaml", false, true},
      {"[ab].yaml", "a.yaml", false, std::nullopt},
      {"[ab].yaml", "[ab].yaml", false, true},
      {"a*b*c", "a-b-b-c", false, true},
      {"a*b*c", "a-b-c-d", false, std::nullopt},
      {"\xEF\xBB\xBF" "a.yaml", "a.yaml", false, true},
      {"/", "a.yaml", false, std::nullopt},
      {"!", "a.yaml", false, std::nullopt},
  };
  for (const Row& row : rows) {
    INFO("pattern `" << row.patterns << "`, path `" << row.path << "`");
    CHECK((IgnorePatterns(row.patterns).decide(row.path, row.is_directory) == row.decided));
  }
}

TEST_CASE("no pattern takes long") {
  std::string pattern, path;
  for (int i = 0; i < 40; ++i) {
    pattern += "**/*a*a*a*a*a*a*/";
    path += std::string(60, 'a') + "/";
  }
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(IgnorePatterns(pattern + "b").decide(path + "c", false).has_value());
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
}

TEST_CASE("random patterns leave out what git leaves out") {
  if (std::system("git --version > /dev/null 2>&1") != 0) {
    WARN("no git here to compare with");
    return;
  }
  const Workplace here;
  REQUIRE(std::system("git init -q repository") == 0);
  fs::current_path("repository");
  const std::vector<std::string> names = {"a", "b", "ab", "a.yaml", "b.yaml"};
  std::vector<std::string> paths;
  for (const char* x : {"a", "b", "ab"})
    for (const char* y : {"a", "b"})
      for (const std::string& z : names) paths.push_back(std::string(x) + "/" + y + "/" + z + ".yaml");
  for (const std::string& path : paths) {
    fs::create_directories(fs::path(path).parent_path());
    testing::write(path, "");
  }
  std::mt19937 random(6);
  const auto any = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
  const std::vector<std::string> pieces = {"a", "b", "*", "?", "**", "a*", "*.yaml", "ab", "?.yaml", "b*"};
  std::size_t left_out = 0, kept = 0;
  for (int round = 0; round < 150; ++round) {
    std::string patterns;
    for (std::size_t line = 0, lines = 1 + any(3); line < lines; ++line) {
      patterns += std::string(any(4) == 0 ? "!" : "") + (any(3) == 0 ? "/" : "");
      for (std::size_t piece = 0, count = 1 + any(3); piece < count; ++piece) patterns += (piece > 0 ? "/" : "") + pieces[any(pieces.size())];
      patterns += any(5) == 0 ? "/\n" : "\n";
    }
    testing::write(".gitignore", patterns);
    testing::write(".policyconvignore", patterns);
    REQUIRE(std::system("git ls-files --others --exclude-standard | grep yaml > ../git.txt || true") == 0);
    std::ifstream listed("../git.txt");
    std::vector<std::string> by_git;
    for (std::string line; std::getline(listed, line);)
      if (line.ends_with(".yaml")) by_git.push_back("./" + line);
    std::sort(by_git.begin(), by_git.end());
    INFO(patterns);
    CHECK(found({"."}) == by_git);
    kept += by_git.size();
    left_out += paths.size() - by_git.size();
  }
  CHECK(left_out > 500);  // otherwise the patterns prove nothing
  CHECK(kept > 500);
}

TEST_CASE("each directory's .policyconvignore counts for what is below it, and the nearest decides") {
  const Workplace here;
  for (const char* directory : {"p/prod", "p/test/keep", "p/old"}) fs::create_directories(directory);
  testing::write("p/.policyconvignore", "*-draft.yaml\nold/\n");
  testing::write("p/test/.policyconvignore", "*\n!keep/\n!keep/*\n");
  for (const char* file : {"p/a.yaml", "p/a-draft.yaml", "p/prod/b.yaml", "p/prod/b-draft.yaml", "p/test/c.yaml",
                           "p/test/keep/d.yaml", "p/old/e.yaml"})
    testing::write(file, policy);
  CHECK(found({"p"}) == std::vector<std::string>{"p/a.yaml", "p/prod/b.yaml", "p/test/keep/d.yaml"});
  CHECK(found({"p/old"}) == std::vector<std::string>{"p/old/e.yaml"});  // a directory that is named starts afresh
  CHECK(found({"p", "p/a-draft.yaml"}).size() == 4);                    // a file that is named is never left out
}

TEST_CASE("a directory of which everything is left out is an error, and an unreadable .policyconvignore is one, too") {
  const Workplace here;
  fs::create_directories("p");
  testing::write("p/a.yaml", policy);
  testing::write("p/.policyconvignore", "*.yaml\n");
  Result result = run({"migrate", "p"});
  CHECK(result.status == 1);
  CHECK(contains(result.err, "error[PC0195]: each of the 1 files of `p` is left out by .policyconvignore"));
  CHECK(run({"migrate", "p", "p/a.yaml"}).status == 1);  // named, but the directory is still a mistake
  fs::remove("p/.policyconvignore");
  fs::create_directory("p/.policyconvignore");
  result = run({"migrate", "p"});
  CHECK(result.status == 1);
  CHECK(contains(result.err, "error[PC0101]: cannot read `p/.policyconvignore`"));
}

TEST_CASE("links in circles, pipes and files without end do not hang a run over a directory") {
  const Workplace here;
  fs::create_directories("p/inner");
  testing::write("p/inner/a.yaml", policy);
  testing::write("b.yaml", named("api"));
  fs::create_directory_symlink("..", "p/inner/up");
  fs::create_directory_symlink("loop.yaml", "p/loop.yaml");  // points at itself
  fs::create_symlink("../b.yaml", "p/b.yaml");               // a file of elsewhere is read, as in a mounted ConfigMap
  REQUIRE(::mkfifo("p/pipe.yaml", 0600) == 0);
  fs::create_symlink("/dev/zero", "p/zero.yaml");
  Result result = run({"migrate", "p"});
  CHECK(result.status == 1);  // the link that leads nowhere is an error, never skipped
  CHECK(contains(result.err, "cannot read `p/loop.yaml`"));
  CHECK_FALSE(contains(result.err, "pipe.yaml"));
  CHECK_FALSE(contains(result.err, "zero.yaml"));
  fs::remove("p/loop.yaml");
  result = run({"migrate", "p"});
  CHECK(result.status != 1);
  CHECK(contains(result.err, "2 policies"));
}

TEST_CASE("a file of more than a gigabyte is refused by its size, and one without end when it gets there") {
  const Workplace here;
  testing::write("big.yaml", "");
  fs::resize_file("big.yaml", (std::uintmax_t{1} << 30U) + 1);  // no block of it is on the disk
  const Result result = run({"migrate", "big.yaml"});
  CHECK(result.status == 1);
  CHECK(contains(result.err, "error[PC0194]: `big.yaml` is larger than 1024 MB, which is not read"));
}

TEST_CASE("a kustomization beside the files is said not to be built") {
  const Workplace here;
  fs::create_directories("it's/base");
  testing::write("it's/base/a.yaml", policy);
  testing::write("it's/base/kustomization.yaml", "resources: [a.yaml]\nnamePrefix: x-\n");
  const Result result = run({"migrate", "it's"});
  CHECK(result.status == 0);
  CHECK(contains(result.err, "it's/base/kustomization.yaml: note[PC0139]: a kustomization is not built"));
  CHECK(contains(result.err, R"(`kubectl kustomize 'it'\''s/base' | policyconv migrate -`)"));
}
