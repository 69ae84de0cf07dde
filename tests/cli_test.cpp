// The program from the outside: usage, exit status, reading, writing, determinism.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "cli/help.h"
#include "cli/options.h"
#include "cli/run.h"

using namespace policyconv;
namespace fs = std::filesystem;

namespace {

struct Result {
  int status = 0;
  std::string out, err;
};

Result run(std::vector<std::string> args, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out, err;
  const int status = cli::run(std::move(args), in, out, err);
  return {status, out.str(), err.str()};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// An empty directory for one test, which becomes the working directory.
class Workplace {
 public:
  Workplace() : path_(fs::temp_directory_path() / ("policyconv-cli-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directory(path_);
    fs::current_path(path_);
  }
  ~Workplace() {
    fs::current_path("/");
    fs::remove_all(path_);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

 private:
  fs::path path_;
};

void write(const fs::path& path, const std::string& text) {
  if (path.has_parent_path()) fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> files_in(const fs::path& directory) {
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (entry.is_regular_file()) found[entry.path().lexically_relative(directory).generic_string()] = read(entry);
  return found;
}

/// A policy that lets pods with label app=`name` in from pods with app=`peer`, on what `rule` adds.
std::string policy(const std::string& name, const std::string& peer = "web", const std::string& rule = "") {
  return "apiVersion: cilium.io/v2\n"
         "kind: CiliumNetworkPolicy\n"
         "metadata: {name: " +
         name +
         ", namespace: shop}\n"
         "spec:\n"
         "  endpointSelector: {matchLabels: {app: " +
         name +
         "}}\n"
         "  ingress:\n"
         "  - fromEndpoints: [{matchLabels: {app: " +
         peer + "}}]\n" + rule;
}

const std::string http_rule = "    toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: {http: [{path: /}]}}]\n";
const std::string typo = "    toPort: []\n";

}  // namespace

// --- usage -----------------------------------------------------------------------------------------------------------

TEST_CASE("wrong usage is status 2, said on standard error, with a suggestion") {
  struct Row {
    std::vector<std::string> args;
    std::string said;
  };
  const Row rows[] = {
      {{}, "usage: policyconv COMMAND"},
      {{"migrat", "x"}, "unknown command `migrat`; did you mean `migrate`?"},
      {{"frobnicate"}, "unknown command `frobnicate`\n"},
      {{"verfy"}, "unknown command `verfy`; did you mean `verify`?"},
      {{"verify"}, "no policies given; name files or directories with --policies"},
      {{"verify", "x"}, "no policies given"},
      {{"verify", "--policies"}, "`--policies` needs a value"},
      {{"verify", "--policies", "p", "--format", "xml"}, "--format: `xml` is none of text, json, markdown"},
      {{"trace", "--policies", "p", "--from", "a/b", "--to", "a/c"}, "no packet given; name it with --port"},
      {{"trace", "--policies", "p", "--to", "a/c", "--port", "80"}, "`--from` is missing"},
      {{"trace", "--policies", "p", "--from", "a/b", "--to", "a/c", "--port", "http"}, "--port: `http` is none of"},
      {{"trace", "--policies", "p", "--from", "a/b", "--to", "a/c", "--port", "0"}, "--port: `0` is none of"},
      {{"trace", "--policies", "p", "--from", "a/b", "--to", "a/c", "--port", "icmp/256"}, "`icmp/256` is none of"},
      {{"trace", "--policies", "p", "--from", "a/b", "--to", "a/c", "--port", "80", "--format", "markdown"},
       "`markdown` is none of text, json"},
      {{"replay", "--policies", "p"}, "no flows given; name the file"},
      {{"--versoin"}, "unknown option `--versoin`; did you mean `--version`?"},
      {{"migrate"}, "no policies given"},
      {{"migrate", "--cluster", "c.yaml"}, "before any --cluster"},
      {{"migrate", "x", "--clster", "c"}, "unknown option `--clster`; did you mean `--cluster`?"},
      {{"migrate", "x", "--kube-ovm=1.14"}, "unknown option `--kube-ovm`; did you mean `--kube-ovn`?"},
      {{"migrate", "x", "--cilium", "1.30"}, "--cilium: `1.30` is not one of 1.14 to 1.20"},
      {{"migrate", "x", "--cilium", "1.1"}, "--cilium: `1.1` is not one of"},
      {{"migrate", "x", "--kube-ovn", "1.11"}, "--kube-ovn: `1.11` is not one of 1.12 to 1.16"},
      {{"migrate", "x", "--fail-on", "never"}, "--fail-on: `never` is none of same, stricter, looser, refused"},
      {{"migrate", "x", "--color", "blue"}, "--color: `blue` is none of auto, always, never"},
      {{"migrate", "x", "--emit", "ast"}, "--emit: `ast` is none of objects, ir"},
      {{"migrate", "x", "--emit", "ir", "-o", "d"}, "`--emit ir` prints to standard output"},
      {{"migrate", "x", "-o", ""}, "`--output` names no directory"},
      {{"migrate", "x", "-o"}, "`--output` needs a value"},
      {{"migrate", "x", "-o", "a", "-o", "b"}, "`--output` takes one value, once"},
      {{"migrate", "x", "--node-traffic", "some"}, "is none of anchor, all-nodes, none"},
      {{"migrate", "x", "--policy-default-local-cluster", "yes"}, "`yes` is none of true, false"},
      {{"migrate", "x", "--pod-cidr", "10.0.0.0"}, "--pod-cidr: `10.0.0.0` is no CIDR"},
      {{"migrate", "x", "--service-cidr", "10.0.0.0/8,x"}, "--service-cidr: `x` is no CIDR"},
      {{"migrate", "x", "--node-local-dns", "169.254.20"}, "--node-local-dns: `169.254.20` is no IP address"},
      {{"migrate", "x", "--jobs", "0"}, "--jobs: `0` is no number from 1 to 256"},
      {{"migrate", "x", "--jobs", "2x"}, "--jobs: `2x` is no number"},
      {{"migrate", "x", "--allow-looser", "PC9999"},
       "`PC9999` is no approximation that can be accepted; these are: PC1101"},
      {{"migrate", "x", "--allow-looser", "PC0101"}, "`PC0101` is no approximation that can be accepted"},
      {{"explain", "--long"}, "unknown option `--long`"},
      {{"explain", "PC9999"}, "no code `PC9999`; the nearest are PC"},
      {{"explain", "what"}, "no code `what`"}};
  for (const Row& row : rows) {
    const Result result = run(row.args);
    INFO(result.err);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK(contains(result.err, row.said));
  }
}

TEST_CASE("help and version are answers, not errors") {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"--help"}, {"-h"}, {"help"}, {"migrate", "--help"}, {"migrate", "x", "-h"}, {"explain", "--help"},
           {"verify", "--help"}, {"trace", "--help"}, {"replay", "-h"}}) {
    const Result result = run(args);
    CHECK(result.status == 0);
    CHECK(contains(result.out, "usage: policyconv"));
    CHECK(contains(result.out, "examples:"));
    CHECK(result.err.empty());
  }
  CHECK(std::regex_search(run({"--version"}).out, std::regex("^policyconv [0-9]+\\.[0-9]+\\.[0-9]+\n\nmodels:\n")));
}

TEST_CASE("the help names every option and no other") {
  for (const std::string_view command : cli::commands) {
    const std::string help = run({std::string(command), "--help"}).out;
    // Options stand at the beginning of a line, several of them with commas between.
    std::set<std::string> told;
    const std::regex line("\n  ((?:-[a-z], )?--[a-z-]+(?:(?:, | CIDR; )--[a-z-]+)*)"), option("--[a-z-]+");
    for (std::sregex_iterator at(help.begin(), help.end(), line), end; at != end; ++at) {
      const std::string options = at->str(1);
      for (std::sregex_iterator one(options.begin(), options.end(), option); one != end; ++one) told.insert(one->str());
    }
    const std::vector<std::string> all = cli::options_of(command);
    INFO(help);
    CHECK(told == std::set<std::string>(all.begin(), all.end()));
    const std::map<std::string_view, std::size_t> least = {
        {"explain", 4}, {"krm", 1}, {"report", 8}, {"drift", 8}, {"rollback-check", 5}};
    const auto found = least.find(command);
    CHECK(all.size() >= (found == least.end() ? 18 : found->second));
  }
}

TEST_CASE("versions may carry a v and a patch number") {
  for (const char* version : {"1.14", "v1.14", "1.14.3", "v1.14.0-rc.1"}) {
    const cli::Request request = cli::parse_command_line({"migrate", "x", "--cilium", version});
    REQUIRE(std::holds_alternative<cli::MigrateOptions>(request));
    CHECK(std::get<cli::MigrateOptions>(request).input.semantics.cilium_minor == 14);
  }
}

TEST_CASE("the version of Cilium decides about local clusters unless an option does") {
  struct Row {
    std::vector<std::string> more;
    bool local;
  };
  const Row rows[] = {{{}, false},
                      {{"--cilium", "1.19"}, true},
                      {{"--cilium", "1.18"}, false},
                      {{"--cilium", "1.19", "--policy-default-local-cluster=false"}, false},
                      {{"--policy-default-local-cluster=true", "--cilium", "1.16"}, true}};
  for (const Row& row : rows) {
    std::vector<std::string> args = {"migrate", "x"};
    args.insert(args.end(), row.more.begin(), row.more.end());
    const cli::Request request = cli::parse_command_line(args);
    REQUIRE(std::holds_alternative<cli::MigrateOptions>(request));
    CHECK(std::get<cli::MigrateOptions>(request).input.semantics.default_local_cluster == row.local);
  }
}

TEST_CASE("lists are repeatable and take commas") {
  const cli::Request request =
      cli::parse_command_line({"migrate", "--pod-cidr", "10.0.0.0/8,fd00::/8", "--pod-cidr", "10.1.2.3/16", "a.yaml",
                               "b.yaml", "--cluster", "c.yaml", "d.yaml", "--allow-looser", "pc1101,PC1102"});
  REQUIRE(std::holds_alternative<cli::MigrateOptions>(request));
  const auto& options = std::get<cli::MigrateOptions>(request);
  CHECK(options.input.ranges.pods.size() == 3);
  CHECK(to_string(options.input.ranges.pods.back()) == "10.1.0.0/16");
  CHECK(options.input.paths == std::vector<std::string>{"a.yaml", "b.yaml"});
  CHECK(options.input.cluster_paths == std::vector<std::string>{"c.yaml", "d.yaml"});
  CHECK(options.tolerance.allow_looser == std::vector<std::string>{"PC1101", "PC1102"});
}

// --- explain ---------------------------------------------------------------------------------------------------------

TEST_CASE("explain prints the long text whatever the spelling of the code") {
  for (const char* code : {"PC0301", "pc0301", "pc301"}) {
    const Result result = run({"explain", code});
    CHECK(result.status == 0);
    CHECK(contains(result.out, "PC0301 (no effect): Cilium rejects this policy"));
    for (const char* heading : {"What happened", "Why", "What to do", "Example"}) CHECK(contains(result.out, heading));
  }
}

TEST_CASE("explain without a code lists every code once") {
  const std::string list = run({"explain"}).out;
  CHECK(static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n')) == std::size(definitions));
  for (const Definition& about : definitions) CHECK(contains(list, std::string(about.code) + "  "));
}

// --- exit status -----------------------------------------------------------------------------------------------------

TEST_CASE("the exit status tells what became of the meaning") {
  const std::vector<std::string> ranges = {"--pod-cidr",     "10.16.0.0/16",   "--node-cidr",
                                           "192.168.0.0/24", "--service-cidr", "10.96.0.0/12"};
  const std::string host_egress =
      "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: out, namespace: shop}\n"
      "spec: {endpointSelector: {}, egress: [{toEntities: [host]}]}\n";
  struct Row {
    std::string input;
    std::vector<std::string> more;
    int status;
  };
  const Row rows[] = {{policy("db"), {}, 0},
                      {policy("db", "web", typo), {}, 1},
                      {"", {}, 1},
                      {host_egress, {}, 3},
                      {host_egress, {"--fail-on", "looser"}, 0},
                      {policy("db"), {"--node-traffic", "all-nodes"}, 3},  // no node is known, so none is let in
                      {policy("db"), {"--kube-ovn", "1.15", "--allow-looser", "PC1101"}, 0},
                      {policy("db", "web", http_rule), {"--allow-looser", "PC1101"}, 4},
                      {policy("db", "web", http_rule), {"--allow-looser", "PC1101", "--fail-on", "refused"}, 0},
                      {policy("db"), {"--node-traffic", "all-nodes", "--fail-on", "refused"}, 0},
                      {policy("db", "web", http_rule), {}, 5},
                      {policy("db", "web", http_rule), {"--fail-on", "refused"}, 5},
                      {policy("db", "web", http_rule) + "---\n" + host_egress, {}, 5},
                      {policy("db", "web", http_rule) + "---\n" + policy("x", "web", typo), {}, 1}};
  for (const Row& row : rows) {
    std::vector<std::string> args = {"migrate", "-"};
    args.insert(args.end(), ranges.begin(), ranges.end());
    args.insert(args.end(), row.more.begin(), row.more.end());
    const Result result = run(args, row.input);
    INFO(row.input << result.err);
    CHECK(result.status == row.status);
    CHECK(result.out.empty() == (row.status == 1));
  }
}

TEST_CASE("an accepted approximation is looser, no longer refused") {
  const Result result = run({"migrate", "-", "--allow-looser", "pc1101"}, policy("db", "web", http_rule));
  INFO(result.err);
  CHECK(result.status == 4);
}

TEST_CASE("a SecurityGroup that etcd may refuse is named") {
  std::string cidrs, ports;
  for (int at = 0; at < 100; ++at) cidrs += "- {cidr: 203.0." + std::to_string(at) + ".0/25}\n    ";
  for (int at = 0; at < 35; ++at) ports += "{port: \"" + std::to_string(1000 + 2 * at) + "\", protocol: TCP},";
  const std::string large =
      "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: large, namespace: shop}\n"
      "spec:\n  endpointSelector: {}\n  egress:\n  - toPorts:\n    - ports: [" +
      ports + "]\n    - ports: [" + std::regex_replace(ports, std::regex("\"1"), "\"3") + "]\n    toCIDRSet:\n    " +
      cidrs + "\n";
  const Result result = run({"migrate", "-", "--pod-cidr", "10.16.0.0/16", "--node-cidr", "192.168.0.0/24"}, large);
  CHECK(result.status == 0);
  CHECK(contains(result.err, "note[PC2061]: SecurityGroup `pc-shop-"));
}

// --- reading ---------------------------------------------------------------------------------------------------------

TEST_CASE("a directory is read with all below it, except what is hidden or no manifest") {
  const Workplace workplace;
  write("p/a.yaml", policy("a"));
  write("p/deep/er/b.yml", policy("b"));
  write("p/c.json",
        R"({"apiVersion":"cilium.io/v2","kind":"CiliumNetworkPolicy","metadata":{"name":"c","namespace":"shop"},)"
        R"("spec":{"endpointSelector":{},"ingress":[{}]}})");
  write("p/README.md", "no policy");
  write("p/.hidden.yaml", "[broken");
  write("p/.git/x.yaml", "[broken");
  fs::create_directory_symlink("..", "p/loop");
  const Result result = run({"migrate", "p"});
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(contains(result.err, "3 policies"));
}

TEST_CASE("standard input is read once, for policies and cluster alike") {
  const std::string both = policy("db") + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
  const Result result = run({"migrate", "-", "--cluster", "-"}, both);
  INFO(result.err);
  CHECK(result.status != 1);
  CHECK(contains(result.err, "1 policy, 1 rule"));
}

TEST_CASE("a file named twice is read once") {
  const Workplace workplace;
  write("p/a.yaml", policy("a"));
  const Result result = run({"migrate", "p", "p/a.yaml", "./p/../p/a.yaml"});
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(contains(result.err, "1 policy, 1 rule"));
}

TEST_CASE("what cannot be read is an error with the system's reason, and all are reported") {
  const Workplace workplace;
  fs::create_directory("empty");
  fs::create_symlink("nowhere", "dangling.yaml");
  const Result result = run({"migrate", "missing.yaml", "empty", "dangling.yaml", "/proc/self/mem"});
  CHECK(result.status == 1);
  CHECK(result.out.empty());
  CHECK(contains(result.err, "error[PC0101]: cannot read `missing.yaml`: No such file or directory"));
  CHECK(contains(result.err, "error[PC0101]: cannot read `dangling.yaml`: No such file or directory"));
  CHECK(contains(result.err, "error[PC0101]: cannot read `/proc/self/mem`: Input/output error"));
  CHECK(contains(result.err, "error[PC0191]: `empty` holds no .yaml, .yml or .json file"));
}

TEST_CASE("one run shows the mistakes of all files") {
  const Workplace workplace;
  write("a.yaml", policy("a", "web", typo));
  write("b.yaml", policy("b", "web", typo) + "---\n" + policy("c", "web", typo));
  const Result result = run({"migrate", "b.yaml", "a.yaml"});
  CHECK(result.status == 1);
  CHECK(contains(result.err, "a.yaml:8:5: error["));
  CHECK(contains(result.err, "b.yaml:8:5: error["));
  CHECK(contains(result.err, "b.yaml:17:5: error["));
  CHECK(contains(result.err, "3 errors"));
}

TEST_CASE("a document of megabytes is read") {
  std::string text = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicyList\nitems:\n";
  const std::string item =
      "- apiVersion: cilium.io/v2\n  kind: CiliumNetworkPolicy\n  metadata: {name: NAME, namespace: shop}\n"
      "  spec: {description: \"" +
      std::string(4000, 'x') + "\", endpointSelector: {}, ingress: [{}]}\n";
  for (int at = 0; text.size() < 10'000'000; ++at) {
    std::string named = item;
    text += named.replace(named.find("NAME"), 4, "p" + std::to_string(at));
  }
  const Result result = run({"migrate", "-", "-q"}, text);
  INFO(result.err);
  CHECK(result.status == 0);
}

// --- writing ---------------------------------------------------------------------------------------------------------

TEST_CASE("without a directory, objects go to standard output, each file behind its name") {
  const Result result = run({"migrate", "-"}, policy("db"));
  CHECK(result.out.starts_with("# 00-security-groups.yaml\napiVersion: kubeovn.io/v1\n"));
  CHECK(contains(result.out, "\n---\n# 20-node-anchor.yaml\n"));
  CHECK(contains(result.err, "exit 0 (same meaning)"));
}

TEST_CASE("a directory is made, filled, and holds nothing temporary") {
  const Workplace workplace;
  const Result result = run({"migrate", "-", "-o", "out/deep"}, policy("db"));
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(result.out.empty());
  const auto files = files_in("out/deep");
  CHECK(files.count("00-security-groups.yaml") == 1);
  for (const auto& [name, text] : files) CHECK_FALSE(name.starts_with('.'));
}

TEST_CASE("files of an earlier run that are no longer needed go, others stay") {
  const Workplace workplace;
  write("out/30-bindings.yaml", "old");
  write("out/README.md", "mine");
  write("out/31-mine.yaml", "mine");
  CHECK(run({"migrate", "-", "-o", "out"}, policy("db")).status == 0);
  CHECK_FALSE(fs::exists("out/30-bindings.yaml"));
  CHECK(read("out/README.md") == "mine");
  CHECK(read("out/31-mine.yaml") == "mine");
}

TEST_CASE("an input error leaves an earlier output as it was") {
  const Workplace workplace;
  REQUIRE(run({"migrate", "-", "-o", "out"}, policy("db")).status == 0);
  const auto before = files_in("out");
  CHECK(run({"migrate", "-", "-o", "out"}, policy("x", "web", typo)).status == 1);
  CHECK(files_in("out") == before);
  CHECK(run({"migrate", "-", "-o", "new"}, policy("x", "web", typo)).status == 1);
  CHECK_FALSE(fs::exists("new"));
}

TEST_CASE("nothing is written through a symbolic link, nor beside it") {
  const Workplace workplace;
  write("precious", "keep");
  fs::create_directory("out");
  fs::create_symlink("../precious", "out/00-security-groups.yaml");
  const Result result = run({"migrate", "-", "-o", "out"}, policy("db"));
  CHECK(result.status == 1);
  CHECK(contains(result.err, "error[PC0192]: cannot write `out/00-security-groups.yaml`: it is a symbolic link"));
  CHECK(read("precious") == "keep");
  CHECK(files_in("out").size() == 1);
}

TEST_CASE("what cannot be written is an error with the system's reason") {
  const Workplace workplace;
  write("file", "");
  const Result result = run({"migrate", "-", "-o", "file/out"}, policy("db"));
  CHECK(result.status == 1);
  CHECK(contains(result.err, "error[PC0192]: cannot write `file/out`: Not a directory"));

  std::istringstream in(policy("db"));
  std::ofstream full("/dev/full");
  std::ostringstream err;
  CHECK(cli::run({"migrate", "-"}, in, full, err) == 1);
  CHECK(contains(err.str(), "error[PC0192]: cannot write `standard output`: No space left on device"));
}

TEST_CASE("a closed pipe is reported, not a silent end") {
  const Workplace workplace;
  write("a.yaml", policy("db"));
  const std::string command =
      "bash -c '" POLICYCONV_BINARY " migrate a.yaml 2>err.txt | exec true; exit ${PIPESTATUS[0]}'";
  // The reader may be gone before or after the write; a pipe takes this little either way, so only a crash is wrong.
  const int status = std::system(command.c_str());
  CHECK(WIFEXITED(status));
  CHECK((WEXITSTATUS(status) == 0 || (WEXITSTATUS(status) == 1 && contains(read("err.txt"), "Broken pipe"))));
}

// --- determinism -----------------------------------------------------------------------------------------------------

TEST_CASE("neither the order of files and documents nor the number of jobs changes a byte") {
  const Workplace workplace;
  std::vector<std::string> documents;
  for (const char* name : {"a", "b", "c", "d", "e", "f"})
    for (const char* peer : {"web", "api", "a"}) {
      std::string text = policy(name, peer, peer == std::string("api") ? http_rule : "");
      const std::string wanted = std::string("name: ") + name;
      documents.push_back(text.replace(text.find(wanted), wanted.size(), wanted + "-" + peer));
    }
  const auto write_files = [&](std::size_t per_file) {
    fs::remove_all("p");
    for (std::size_t at = 0; at < documents.size(); ++at) {
      const fs::path path = "p/" + std::to_string(at / per_file) + ".yaml";
      write(path, (fs::exists(path) ? read(path) + "---\n" : "") + documents[at]);
    }
  };
  write_files(3);
  const Result first = run({"migrate", "p", "--jobs", "1"});
  REQUIRE(first.status == 5);
  const Result parallel = run({"migrate", "p", "--jobs", "4"});
  CHECK(parallel.out == first.out);
  CHECK(parallel.err == first.err);
  const Result reversed = run({"migrate", "p/5.yaml", "p/4.yaml", "p/3.yaml", "p/2.yaml", "p/1.yaml", "p/0.yaml"});
  CHECK(reversed.out == first.out);
  CHECK(reversed.err == first.err);

  std::mt19937 random(1);
  for (const std::size_t per_file : {1U, 2U, 4U, 18U}) {
    std::shuffle(documents.begin(), documents.end(), random);
    write_files(per_file);
    CHECK(run({"migrate", "p", "--jobs", "3"}).out == first.out);
  }
}
