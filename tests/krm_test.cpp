// `policyconv krm`: what comes out of a ResourceList, what stays as it was, and what is said about it.
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/child.h"
#include "tests/command_line.h"

using namespace policyconv;
using testing::contains;
using testing::Result;
using testing::run;
namespace fs = std::filesystem;

namespace {

const fs::path cases = fs::path(POLICYCONV_SOURCE_DIR) / "tests/krm";

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Compares with the file, or writes it if expectations are to be refreshed.
void compare(const fs::path& path, const std::string& text) {
  if (std::getenv("POLICYCONV_UPDATE") != nullptr) {
    if (text.empty())
      fs::remove(path);
    else
      testing::write(path.string(), text);
  }
  INFO(path);
  CHECK(text == read(path));
}

/// The objects of the results, as "severity code path".
std::vector<std::string> told(const std::string& output) {
  std::vector<std::string> lines;
  for (const YAML::Node& result : YAML::Load(output)["results"]) {
    std::string line = result["severity"].as<std::string>();
    if (result["tags"]) line += " " + result["tags"]["code"].as<std::string>();
    if (result["field"]) line += " " + result["field"]["path"].as<std::string>();
    lines.push_back(line);
  }
  return lines;
}

std::string list_of(const std::string& items, const std::string& settings = "") {
  std::string text = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n";
  if (!settings.empty())
    text += "functionConfig: {apiVersion: v1, kind: ConfigMap, metadata: {name: f}, data: {" + settings + "}}\n";
  return text + "items:\n" + items;
}

/// A policy whose only rule loses nothing.
std::string policy(const std::string& name) {
  return "- apiVersion: cilium.io/v2\n  kind: CiliumNetworkPolicy\n  metadata: {name: " + name +
         ", namespace: shop}\n  spec:\n    endpointSelector: {matchLabels: {app: " + name +
         "}}\n    ingress:\n    - fromEndpoints: [{matchLabels: {app: web}}]\n";
}

std::vector<std::string> names_of(const std::string& output, const std::string& kind) {
  std::vector<std::string> names;
  for (const YAML::Node& item : YAML::Load(output)["items"])
    if (item["kind"].as<std::string>() == kind) names.push_back(item["metadata"]["name"].as<std::string>());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("golden lists") {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(cases)) {
    ++count;
    DYNAMIC_SECTION(entry.path().filename().string()) {
      const Result result = run({"krm"}, read(entry.path() / "input.yaml"));
      compare(entry.path() / "output.yaml", result.out);
      compare(entry.path() / "report.txt", result.err);
      compare(entry.path() / "exit", std::to_string(result.status) + "\n");
    }
  }
  CHECK(count == 6);
}

TEST_CASE("items that stay keep every byte, comments and all") {
  const std::string input = read(cases / "keeps_and_adds/input.yaml");
  const Result result = run({"krm"}, input);
  const std::size_t first = input.find("# The shop"), end = input.find("functionConfig:");
  CHECK(result.status == 0);
  CHECK(contains(result.out, input.substr(first, end - first)));
  CHECK(contains(result.out, input.substr(end)));
}

TEST_CASE("a second run changes nothing more") {
  for (const char* name : {"keeps_and_adds", "changes_subnet_and_pods"}) {
    const Result once = run({"krm"}, read(cases / name / "input.yaml"));
    const Result twice = run({"krm"}, once.out);
    INFO(name << '\n' << twice.err);
    CHECK(twice.status == 0);
    const YAML::Node a = YAML::Load(once.out)["items"], b = YAML::Load(twice.out)["items"];
    CHECK(YAML::Dump(a) == YAML::Dump(b));
    CHECK(contains(twice.out, "objects added: 0, changed: 0, dropped: 0"));
    CHECK(YAML::Load(twice.out)["results"].IsSequence());
  }
}

TEST_CASE("objects of a policy that is gone go with it; without any policy nothing is touched") {
  const Result both = run({"krm"}, list_of(policy("a") + policy("b")));
  const std::vector<std::string> all = names_of(both.out, "SecurityGroup");
  const std::size_t begin = both.out.find(policy("b"));
  REQUIRE(begin != std::string::npos);
  std::string one = both.out;
  one.erase(begin, policy("b").size());
  const std::vector<std::string> fewer = names_of(run({"krm"}, one).out, "SecurityGroup");
  CHECK(fewer == names_of(run({"krm"}, list_of(policy("a"))).out, "SecurityGroup"));
  CHECK(fewer.size() < all.size());
  one.erase(one.find(policy("a")), policy("a").size());
  CHECK(names_of(run({"krm"}, one).out, "SecurityGroup") == all);
}

TEST_CASE("items of others stay, whatever their labels say, and a List goes with none of its policies") {
  const std::string label = "labels: {app.kubernetes.io/managed-by: policyconv}";
  const std::string others = "- {apiVersion: v1, kind: ConfigMap, metadata: {name: mine, namespace: shop, " + label + "}}\n" +
                             "- {apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: net, " + label +
                             "}, spec: {cidrBlock: 10.16.0.0/16, gateway: 10.16.0.1}}\n";
  std::string inner = policy("db");
  for (std::size_t at = 0; (at = inner.find('\n', at)) != std::string::npos && at + 1 < inner.size(); ++at) inner.insert(at + 1, "  ");
  const std::string list = "- apiVersion: v1\n  kind: List\n  items:\n  " + inner +
                           "  - {apiVersion: v1, kind: Service, metadata: {name: precious, namespace: shop}}\n";
  const Result result = run({"krm"}, list_of(policy("web") + others + list, "podCidr: 10.16.0.0/16, keepSource: 'false'"));
  INFO(result.out << result.err);
  CHECK(result.status == 0);
  CHECK(names_of(result.out, "ConfigMap") == std::vector<std::string>{"mine"});
  CHECK(names_of(result.out, "CiliumNetworkPolicy").empty());  // that of its own is gone
  CHECK(contains(result.out, "name: precious"));
  CHECK(contains(result.out, "cidrBlock: 10.16.0.0/16"));
}

TEST_CASE("new objects say where in the package they belong") {
  const Result result = run({"krm"}, list_of(policy("db"), "path: net/kube-ovn"));
  std::size_t next = 0;
  for (const YAML::Node& item : YAML::Load(result.out)["items"]) {
    if (item["kind"].as<std::string>() != "SecurityGroup") continue;
    const YAML::Node annotations = item["metadata"]["annotations"];
    for (const std::string prefix : {"", "internal."}) {
      CHECK(annotations[prefix + "config.kubernetes.io/path"].as<std::string>() ==
            "net/kube-ovn/00-security-groups.yaml");
      CHECK(annotations[prefix + "config.kubernetes.io/index"].as<std::string>() == std::to_string(next));
    }
    ++next;
  }
  CHECK(next > 0);
}

TEST_CASE("failOn decides about exit status, severity and whether anything changes") {
  const std::string named_port =
      "- apiVersion: cilium.io/v2\n  kind: CiliumNetworkPolicy\n  metadata: {name: db, namespace: shop}\n"
      "  spec:\n    endpointSelector: {matchLabels: {app: db}}\n    ingress:\n"
      "    - fromEndpoints: [{}]\n    - toPorts: [{ports: [{port: web, protocol: TCP}]}]\n";
  const Result strict = run({"krm"}, list_of(named_port));
  CHECK(strict.status == 3);
  CHECK(names_of(strict.out, "SecurityGroup").empty());
  CHECK(contains(strict.err, "stricter"));
  const Result lenient = run({"krm"}, list_of(named_port, "failOn: looser"));
  CHECK(lenient.status == 0);
  CHECK_FALSE(names_of(lenient.out, "SecurityGroup").empty());
  CHECK(lenient.err.empty());
  const auto severities = [](const Result& result) {
    std::vector<std::string> lines = told(result.out);
    std::string all;
    for (const std::string& line : lines) all += line.substr(0, line.find(' ')) + " ";
    return all;
  };
  CHECK(contains(severities(strict), "error "));
  CHECK_FALSE(contains(severities(lenient), "error "));
  CHECK(contains(severities(lenient), "warning "));
}

TEST_CASE("what is no ResourceList is refused, and nothing is written") {
  const std::pair<std::string, std::string> rows[] = {
      {"", "it holds 0 documents"},
      {"a: 1\n---\nb: 2\n", "it holds 2 documents"},
      {"apiVersion: v1\nkind: List\nitems: []\n", "its kind is `List`, it must be ResourceList"},
      {"[]", "its kind is ``"},
      {"apiVersion: config.kubernetes.io/v1alpha1\nkind: ResourceList\n", "it must be config.kubernetes.io/v1"},
      {"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: {a: b}\n", "its items are a mapping"},
      {"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: [\n", "PC0106"}};
  for (const auto& [input, said] : rows) {
    const Result result = run({"krm"}, input);
    INFO(input << '\n' << result.err);
    CHECK(result.status == 1);
    CHECK(result.out.empty());
    CHECK(contains(result.err, said));
  }
}

TEST_CASE("paths of fields lead to what the message is about") {
  const std::string output = run({"krm"}, read(cases / "refused_is_an_error/input.yaml")).out;
  CHECK(told(output) ==
        std::vector<std::string>{"info PC2063", "error PC1101 spec.ingress[0].toPorts[0].rules.http", "error"});
  const YAML::Node result = YAML::Load(output)["results"][1];
  CHECK(result["file"]["path"].as<std::string>() == "api.yaml");
  CHECK(result["file"]["index"].as<int>() == 2);
  CHECK(result["resourceRef"]["kind"].as<std::string>() == "CiliumNetworkPolicy");
  CHECK(result["resourceRef"]["namespace"].as<std::string>() == "shop");
  CHECK(told(run({"krm"}, read(cases / "bad_settings/input.yaml")).out) ==
        std::vector<std::string>{"error PC0179 data.cilium", "error PC0179 data.failon", "error PC0179 data.keepSource",
                                 "error PC0179 data.path", "error PC0179 data.podCidr", "error"});
}

// --- as others run it
// ----------------------------------------------------------------------------------------------------

TEST_CASE("a link whose name ends in -krm needs no argument") {
  testing::Workplace workplace;
  fs::create_symlink(POLICYCONV_BINARY, "policyconv-krm");
  testing::write("list.yaml", list_of(policy("db")));
  const cli::ChildResult ran =
      cli::run_child({"/bin/sh", "-c", "./policyconv-krm < list.yaml"}, std::chrono::seconds(60));
  CHECK(ran.end == cli::ChildResult::End::Exited);
  CHECK(ran.code == 0);
  CHECK(ran.out == run({"krm"}, list_of(policy("db"))).out);
}

TEST_CASE("kpt runs it, where there is a kpt") {
  testing::Workplace workplace;
  if (cli::run_child({"kpt", "version"}, std::chrono::seconds(60)).end != cli::ChildResult::End::Exited) {
    WARN("there is no kpt here: this was not tested");
    return;
  }
  fs::create_directory("package");
  std::string text = policy("db");
  std::string unindented = "# ours\n";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    unindented += text.substr(at + 2, end - at - 2);
    at = end;
  }
  testing::write("package/policy.yaml", unindented);
  fs::create_symlink(POLICYCONV_BINARY, "policyconv-krm");
  const std::string here = fs::current_path().string();
  const std::vector<std::string> command = {"kpt", "fn",         "eval", "package", "--exec", here + "/policyconv-krm",
                                            "--",  "cilium=1.17"};
  const cli::ChildResult ran = cli::run_child(command, std::chrono::minutes(2));
  INFO(ran.out << ran.err);
  REQUIRE(ran.code == 0);
  CHECK(contains(read("package/policy.yaml"), "# ours"));
  const std::string groups = read("package/kube-ovn/00-security-groups.yaml");
  CHECK(contains(groups, "kind: SecurityGroup"));
  CHECK_FALSE(contains(groups, "config.kubernetes.io/path"));
  const cli::ChildResult again = cli::run_child(command, std::chrono::minutes(2));
  CHECK(again.code == 0);
  CHECK(read("package/kube-ovn/00-security-groups.yaml") == groups);
  CHECK(contains(again.out + again.err, "objects added: 0, changed: 0, dropped: 0"));
}
