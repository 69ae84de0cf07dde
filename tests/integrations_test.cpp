// What others run policyconv through: the GitHub Action, the GitLab template, the pre-commit hook, kubectl and krew.
// Their files are parsed, every option that they name must exist, and their shell parts are run.
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "cli/child.h"
#include "cli/options.h"
#include "tests/command_line.h"

using namespace policyconv;
using testing::contains;
namespace fs = std::filesystem;

namespace {

const fs::path root = POLICYCONV_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

YAML::Node parsed(const std::string& path) {
  return YAML::LoadFile((root / path).string());
}

/// The options of policyconv in a shell script: words with two dashes in lines that do not call another program.
void check_options(const std::string& text, const std::string& command) {
  const std::vector<std::string> known = cli::options_of(command);
  const std::regex option("(^|[\\s\"(=`])(--[a-z][a-z-]*)"),
      others("(curl|sha256sum|tar|dpkg|cmake|krew|kpt|kustomize|docker) ");
  std::size_t seen = 0;
  std::string logical = std::regex_replace(text, std::regex("\\\\\n *"), " ");
  std::istringstream lines(logical);
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_search(line, others)) continue;
    for (std::sregex_iterator at(line.begin(), line.end(), option), end; at != end; ++at, ++seen) {
      INFO(line);
      CHECK(std::count(known.begin(), known.end(), at->str(2)) == 1);
    }
  }
  CHECK(seen > 0);
}

const std::string kept =
    "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: db, namespace: shop}\n"
    "spec:\n  endpointSelector: {matchLabels: {app: db}}\n  ingress:\n"
    "  - fromEndpoints: [{matchLabels: {app: web}}]\n";
const std::string refused =
    kept + "    toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: {http: [{path: /}]}}]\n";

using Environment = std::map<std::string, std::string>;

/// Runs a script as a runner does: bash, from a file, with nothing but `environment` and what every process has.
cli::ChildResult bash(const std::string& script, const Environment& environment) {
  testing::write("script.sh", script);
  std::vector<std::string> command = {"env", "-i", "PATH=" + std::string(std::getenv("PATH")), "HOME=/nonexistent"};
  for (const auto& [name, value] : environment) command.push_back(name + "=" + value);
  command.insert(command.end(), {"bash", "--noprofile", "--norc", "-e", "script.sh"});
  return cli::run_child(command, std::chrono::minutes(2));
}

/// Runs step `id` of the action with these inputs; expressions are put in as the runner puts them in.
cli::ChildResult run_step(const std::string& id, Environment inputs, const Environment& more) {
  const YAML::Node action = parsed("action.yml");
  for (const auto& input : action["inputs"])
    inputs.try_emplace(input.first.as<std::string>(),
                       input.second["default"] ? input.second["default"].as<std::string>() : "");
  for (const YAML::Node& step : action["runs"]["steps"]) {
    if (!step["id"] || step["id"].as<std::string>() != id) continue;
    Environment environment = more;
    for (const auto& variable : step["env"]) {
      std::string value = variable.second.as<std::string>();
      for (const auto& [name, text] : inputs)
        value = std::regex_replace(value, std::regex("\\$\\{\\{ inputs\\." + name + " \\}\\}"), text);
      if (!contains(value, "${{")) environment.try_emplace(variable.first.as<std::string>(), value);
    }
    return bash(step["run"].as<std::string>(), environment);
  }
  FAIL("no step " << id);
  return {};
}

Environment runner_files() {
  for (const char* name : {"output.txt", "summary.md"}) testing::write(name, "");
  const std::string here = fs::current_path().string();
  return {
      {"GITHUB_OUTPUT", here + "/output.txt"}, {"GITHUB_STEP_SUMMARY", here + "/summary.md"}, {"RUNNER_TEMP", here}};
}

}  // namespace

TEST_CASE("action.yml is a composite action whose expressions name what exists") {
  const YAML::Node action = parsed("action.yml");
  CHECK(action["runs"]["using"].as<std::string>() == "composite");
  std::set<std::string> inputs, outputs;
  for (const auto& input : action["inputs"]) {
    inputs.insert(input.first.as<std::string>());
    CHECK_FALSE(input.second["description"].as<std::string>().empty());
  }
  for (const YAML::Node& step : action["runs"]["steps"]) {
    CHECK((step["uses"].IsDefined() || step["shell"].as<std::string>() == "bash"));
    // Inputs reach a script through the environment only: put into its text, they could be code.
    if (step["run"]) CHECK_FALSE(contains(step["run"].as<std::string>(), "${{"));
    if (step["run"] && step["id"]) {
      const std::string run = step["run"].as<std::string>();
      const std::regex set("echo \"([a-z]+)=[^\"]*\" >>\"\\$GITHUB_OUTPUT\"");
      for (std::sregex_iterator at(run.begin(), run.end(), set), end; at != end; ++at)
        outputs.insert(step["id"].as<std::string>() + "." + at->str(1));
    }
  }
  const std::string text = read(root / "action.yml");
  const std::regex input("inputs\\.([a-z-]+)"), output("steps\\.([a-z]+)\\.outputs\\.([a-z]+)");
  for (std::sregex_iterator at(text.begin(), text.end(), input), end; at != end; ++at)
    CHECK(inputs.count(at->str(1)) == 1);
  for (std::sregex_iterator at(text.begin(), text.end(), output), end; at != end; ++at)
    CHECK(outputs.count(at->str(1) + "." + at->str(2)) == 1);
}

TEST_CASE("every option that these files name exists") {
  for (const YAML::Node& step : parsed("action.yml")["runs"]["steps"])
    if (step["id"] && step["id"].as<std::string>() == "migrate")
      check_options(step["run"].as<std::string>(), "migrate");
  check_options(parsed("action.yml")["inputs"]["args"]["description"].as<std::string>(), "migrate");
  check_options(read(root / "packaging/gitlab/policyconv.gitlab-ci.yml"), "migrate");
  check_options(parsed("packaging/krew/policyconv.yaml")["spec"]["description"].as<std::string>(), "migrate");
}

TEST_CASE("the action converts, keeps reports, and gives the status of the run") {
  testing::Workplace workplace;
  fs::create_directory("policies");
  fs::create_directory("more policies");  // no glob and no second split happens to what is in a directory
  testing::write("policies/db.yaml", kept);
  testing::write(
      "cluster.yaml",
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {kubernetes.io/metadata.name: shop}}\n");
  Environment files = runner_files();
  const cli::ChildResult got = run_step("get", {{"path", "policies"}, {"binary", POLICYCONV_BINARY}}, files);
  INFO(got.out << got.err);
  REQUIRE(got.code == 0);
  CHECK(contains(got.out, "policyconv "));
  CHECK(contains(read("output.txt"), "binary=/"));

  files["POLICYCONV"] = POLICYCONV_BINARY;
  const cli::ChildResult good = run_step(
      "migrate", {{"path", "policies"}, {"cluster", "cluster.yaml"}, {"args", "--cilium 1.17 --kube-ovn 1.15"}}, files);
  INFO(good.out << good.err);
  CHECK(good.code == 0);
  CHECK(contains(read("output.txt"), "status=0\n"));
  CHECK(contains(read("policyconv-out/objects/00-security-groups.yaml"), "SecurityGroup"));
  const auto sarif = nlohmann::json::parse(read("policyconv-out/policyconv.sarif"));
  CHECK(sarif.at("version") == "2.1.0");
  CHECK(read("policyconv-out/policyconv.html").starts_with("<!"));
  CHECK(nlohmann::json::parse(read("policyconv-out/policyconv.json")).is_object());
  CHECK_FALSE(read("summary.md").empty());

  files = runner_files();
  files["POLICYCONV"] = POLICYCONV_BINARY;
  testing::write("policies/api.yaml", std::string(refused).replace(refused.find("db"), 2, "ap"));
  const cli::ChildResult bad = run_step("migrate", {{"path", "policies"}, {"output", "out"}, {"args", "*"}}, files);
  CHECK(contains(read("output.txt"), "status=1\n"));  // `*` is a word that is no file, and no glob
  CHECK(bad.code == 0);
  files = runner_files();
  files["POLICYCONV"] = POLICYCONV_BINARY;
  const cli::ChildResult lossy = run_step("migrate", {{"path", "policies"}, {"output", "out"}}, files);
  CHECK(lossy.code == 0);
  CHECK(contains(read("output.txt"), "status=5\n"));
  CHECK(contains(lossy.err + lossy.out, "::error "));
  CHECK(contains(read("out/policyconv.sarif"), "PC1101"));
}

TEST_CASE("the action takes a release apart as ./x package makes it") {
  testing::Workplace workplace;
  Environment files = runner_files();
  // A curl that has the release: what it is asked for is checked.
  fs::create_directories("bin");
  fs::create_directories("release/policyconv-9.9.9-linux-amd64/bin");
  fs::copy_file(POLICYCONV_BINARY, "release/policyconv-9.9.9-linux-amd64/bin/policyconv");
  const std::string here = fs::current_path().string();
  testing::write("bin/curl", "#!/bin/sh\necho \"$@\" >'" + here + "/curl.log'\ncp '" + here + "'/release/*.tar.gz '" +
                                 here + "'/release/SHA256SUMS .\n");
  testing::write("bin/uname", "#!/bin/sh\necho x86_64\n");
  for (const char* name : {"bin/curl", "bin/uname"}) ::chmod(name, 0755);
  const cli::ChildResult packed = cli::run_child({"/bin/sh", "-c",
                                                  "cd release && tar -czf policyconv-9.9.9-linux-amd64.tar.gz "
                                                  "policyconv-9.9.9-linux-amd64 && sha256sum *.tar.gz >SHA256SUMS"},
                                                 std::chrono::minutes(1));
  REQUIRE(packed.code == 0);
  files["PATH"] = here + "/bin:" + std::getenv("PATH");
  files["RELEASES"] = "https://example.com/releases/download";
  const cli::ChildResult got = run_step("get", {{"version", "9.9.9"}}, files);
  INFO(got.out << got.err);
  CHECK(got.code == 0);
  CHECK(contains(read("curl.log"),
                 "https://example.com/releases/download/v9.9.9/policyconv-9.9.9-linux-amd64.tar.gz "
                 "https://example.com/releases/download/v9.9.9/SHA256SUMS"));
  CHECK(contains(read("output.txt"), "/policyconv-9.9.9-linux-amd64/bin/policyconv\n"));
  testing::write("release/SHA256SUMS", std::string(64, '0') + "  policyconv-9.9.9-linux-amd64.tar.gz\n");
  CHECK(run_step("get", {{"version", "9.9.9"}}, files).code != 0);
}

TEST_CASE("the GitLab job converts and leaves its reports") {
  testing::Workplace workplace;
  fs::create_directory("policies");
  testing::write("policies/db.yaml", kept);
  const YAML::Node file = parsed("packaging/gitlab/policyconv.gitlab-ci.yml");
  const YAML::Node job = file["policyconv"];
  REQUIRE(job["script"].size() == 1);
  Environment variables;
  for (const auto& variable : file["variables"])
    variables[variable.first.as<std::string>()] = variable.second.as<std::string>();
  variables["POLICYCONV_BINARY"] = POLICYCONV_BINARY;
  const std::string script = job["script"][0].as<std::string>();
  const cli::ChildResult good = bash(script, variables);
  INFO(good.out << good.err);
  CHECK(good.code == 0);
  testing::write("policies/db.yaml", refused);
  variables["POLICYCONV_ARGS"] = "--cilium 1.17";
  CHECK(bash(script, variables).code == 5);
  // The artefacts are those that the script writes.
  for (const char* report : {"codequality", "junit"}) {
    std::string path = job["artifacts"]["reports"][report].as<std::string>();
    path.replace(path.find("$POLICYCONV_OUTPUT"), 18, variables["POLICYCONV_OUTPUT"]);
    INFO(path);
    CHECK(contains(read(path), "PC1101"));
  }
}

TEST_CASE("the pre-commit hook fails for what cannot be kept and prints no objects") {
  testing::Workplace workplace;
  fs::create_directory("policies");
  fs::create_directory("bin");
  fs::create_symlink(POLICYCONV_BINARY, "bin/policyconv");
  const YAML::Node hook = parsed(".pre-commit-hooks.yaml")[0];
  CHECK(hook["pass_filenames"].as<bool>() == false);
  CHECK(std::regex_search("policies/a.yml", std::regex(hook["files"].as<std::string>())));
  std::string command = hook["entry"].as<std::string>();
  for (const YAML::Node& arg : hook["args"]) command += " " + arg.as<std::string>();
  const Environment path = {{"PATH", fs::current_path().string() + "/bin:" + std::getenv("PATH")}};
  testing::write("policies/db.yaml", kept);
  const cli::ChildResult good = bash(command, path);
  INFO(good.out << good.err);
  CHECK(good.code == 0);
  CHECK(good.out.empty());
  testing::write("policies/db.yaml", refused);
  const cli::ChildResult bad = bash(command, path);
  CHECK(bad.code == 5);
  CHECK(contains(bad.err, "PC1101"));
}

TEST_CASE("called as kubectl-policyconv it speaks of kubectl policyconv") {
  testing::Workplace workplace;
  fs::create_directory("bin");
  fs::create_symlink(POLICYCONV_BINARY, "bin/kubectl-policyconv");
  const auto plugin = [](std::vector<std::string> args) {
    args.insert(args.begin(), fs::current_path().string() + "/bin/kubectl-policyconv");
    return cli::run_child(args, std::chrono::minutes(1));
  };
  CHECK(contains(plugin({"--help"}).out, "usage: kubectl policyconv COMMAND"));
  CHECK(contains(plugin({"migrate"}).err, "kubectl policyconv migrate: no policies given"));
  CHECK(contains(plugin({"migrate"}).err, "Try `kubectl policyconv migrate --help`."));
  CHECK(contains(plugin({"migrat"}).err, "kubectl policyconv: unknown command"));
  CHECK(contains(plugin({"explain", "PC9999"}).err, "(`kubectl policyconv explain` lists all)"));
  const std::regex bare("(^|[^l]) policyconv (migrate|verify|trace|replay|assess|explain|krm|report)\\b");
  for (const std::string_view command : cli::commands) {
    const std::string help = plugin({std::string(command), "--help"}).out;
    INFO(help);
    CHECK(contains(help, "kubectl policyconv " + std::string(command)));
    CHECK_FALSE(std::regex_search(help, bare));
    CHECK_FALSE(contains(help, "kubectl kubectl"));
    CHECK_FALSE(contains(testing::run({std::string(command), "--help"}).out, "kubectl policyconv"));
  }
  if (cli::run_child({"kubectl", "version", "--client"}, std::chrono::minutes(1)).code != 0) {
    WARN("there is no kubectl here: that it finds the plugin was not tested");
    return;
  }
  const cli::ChildResult through_kubectl = bash(
      "kubectl policyconv migrate --help", {{"PATH", fs::current_path().string() + "/bin:" + std::getenv("PATH")}});
  INFO(through_kubectl.err);
  CHECK(through_kubectl.code == 0);
  CHECK(contains(through_kubectl.out, "usage: kubectl policyconv migrate"));
}

TEST_CASE("the krew manifest names the file of the package") {
  const YAML::Node manifest = parsed("packaging/krew/policyconv.yaml");
  CHECK(manifest["metadata"]["name"].as<std::string>() == "policyconv");
  const YAML::Node platform = manifest["spec"]["platforms"][0];
  CHECK(platform["bin"].as<std::string>() == "bin/kubectl-policyconv");
  CHECK(
      contains(platform["uri"].as<std::string>(), "/releases/download/vVERSION/policyconv-VERSION-linux-amd64.tar.gz"));
}

TEST_CASE("docs/ci.md tells of options and settings that exist") {
  const std::string page = read(root / "docs/ci.md");
  for (const char* section : {"## GitHub Actions", "## GitLab CI", "## pre-commit", "## Argo CD and Flux",
                              "## kubectl plugin", "## KRM function"})
    CHECK(contains(page, std::string("\n") + section + "\n"));
  std::set<std::string> known;
  for (const std::string_view command : cli::commands)
    for (const std::string& option : cli::options_of(command)) known.insert(option);
  const std::regex fence("(?:^|\n)(?:    [^\n]*policyconv [^\n]*(?:\\\\\n[^\n]*)*)"), option("\\s(--[a-z][a-z-]+)");
  std::size_t seen = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), fence), end; at != end; ++at) {
    const std::string text = at->str();
    if (contains(text, "kustomize ") || contains(text, "kpt ")) continue;  // their own options
    for (std::sregex_iterator one(text.begin(), text.end(), option); one != end; ++one, ++seen) {
      INFO(text);
      CHECK(known.count(one->str(1)) == 1);
    }
  }
  CHECK(seen > 10);
}
