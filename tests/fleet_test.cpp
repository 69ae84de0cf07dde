// samples/fleet: the command lines of its Jobs, run over dumps made of the other samples, give what one run gives.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "ir/diagnostics.h"
#include "ir/source.h"
#include "report/faces.h"
#include "tests/command_line.h"
#include "yaml/tree.h"

using namespace policyconv;
using namespace policyconv::testing;
namespace fs = std::filesystem;

namespace {

const fs::path root = POLICYCONV_SOURCE_DIR;

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> tree(const fs::path& directory) {
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (entry.is_regular_file() && !entry.path().filename().string().starts_with("."))
      found[entry.path().lexically_relative(directory).string()] = text_of(entry.path());
  return found;
}

/// The only document of a file of samples/fleet.
yaml::Node object(const std::string& name) {
  Sources sources;
  Diagnostics diagnostics;
  const std::uint32_t file = sources.add(name, text_of(root / "samples/fleet" / name));
  std::vector<yaml::Node> documents = yaml::read_documents(sources, file, diagnostics);
  REQUIRE_FALSE(diagnostics.has_errors());
  REQUIRE(documents.size() == 1);
  return documents.front();
}

const yaml::Node& at(const yaml::Node& node, const std::vector<std::string>& path) {
  const yaml::Node* found = &node;
  for (const std::string& key : path) {
    INFO(key);
    found = found->shape == yaml::Shape::Sequence ? &found->items.at(std::stoul(key)) : found->find(key);
    REQUIRE(found != nullptr);
  }
  return *found;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t place = text.find(what); place != std::string::npos; place = text.find(what, place + by.size()))
    text.replace(place, what.size(), by);
  return text;
}

/// The arguments of the container as its kubelet would give them, with the volume in the working directory.
std::vector<std::string> arguments(const yaml::Node& job, const std::string& index) {
  const yaml::Node& container = at(job, {"spec", "template", "spec", "containers", "0"});
  CHECK(at(container, {"volumeMounts", "0", "mountPath"}).scalar == "/fleet");
  std::vector<std::string> args;
  for (const yaml::Node& argument : at(container, {"args"}).items)
    args.push_back(replaced(replaced(argument.scalar, "$(JOB_COMPLETION_INDEX)", index), "/fleet/", "fleet/"));
  return args;
}

report::Report json_report(const std::string& path) {
  std::string problem;
  const auto report = report::from_json(text_of(path), problem);
  INFO(path << ": " << problem);
  REQUIRE(report.has_value());
  return *report;
}

/// A dump of each numbered sample that is of the default version.
std::size_t make_dumps() {
  std::size_t count = 0;
  fs::create_directories("fleet/dumps/eu");
  for (const auto& sample : fs::directory_iterator(root / "samples")) {
    const std::string name = sample.path().filename().string();
    if (!fs::exists(sample.path() / "input.yaml") || !fs::exists(sample.path() / "cluster.yaml")) continue;
    const std::string folder = ++count % 2 == 0 ? "fleet/dumps/eu/" : "fleet/dumps/";
    testing::write(folder + name + ".yaml", text_of(sample.path() / "input.yaml") + "\n---\n" + text_of(sample.path() / "cluster.yaml"));
  }
  return count;
}

}  // namespace

TEST_CASE("the Jobs of samples/fleet give what one run gives") {
  const Workplace here;
  const std::size_t dumps = make_dumps();
  REQUIRE(dumps >= 8);
  testing::write("fleet/dumps/eu/broken.yaml", "kind: [\n");  // --keep-going

  const yaml::Node job = object("shards.yaml");
  CHECK(at(job, {"spec", "completionMode"}).scalar == "Indexed");
  const std::string completions = at(job, {"spec", "completions"}).scalar;
  const std::vector<std::string> first = arguments(job, "0");
  CHECK(std::count(first.begin(), first.end(), "--shard-count=" + completions) == 1);

  // Three parts instead of eight: few dumps would leave most of the eight empty.
  for (const char* index : {"0", "1", "2"}) {
    std::vector<std::string> args = arguments(job, index);
    std::replace(args.begin(), args.end(), "--shard-count=" + completions, std::string("--shard-count=3"));
    const Result result = run(args);
    INFO(result.err);
    CHECK(result.status != 2);
    CHECK(fs::exists("fleet/reports/" + std::string(index) + ".json"));
  }
  const Result merged = run(arguments(object("merge.yaml"), ""));
  INFO(merged.err);
  CHECK(merged.status == 1);  // broken.yaml
  CHECK(contains(merged.err, "fleet/dumps/eu/broken.yaml"));
  CHECK(text_of("fleet/fleet.html").size() > 1000);

  const Result whole = run({"migrate", "fleet/dumps", "--tree", "--keep-going", "-o", "whole", "--report", "json=whole.json"});
  CHECK(whole.status == 1);
  CHECK(tree("fleet/objects") == tree("whole"));
  CHECK(tree("whole").size() >= dumps);
  CHECK(json_report("fleet/fleet.json") == json_report("whole.json"));
  CHECK(json_report("whole.json").files.size() == dumps + 1);
  CHECK(merged.err == whole.err);

  // A dump tells its own facts: its pods are bound.
  CHECK(fs::exists("whole/01-default-deny/30-bindings.yaml") != fs::exists("whole/eu/01-default-deny/30-bindings.yaml"));
}

TEST_CASE("the Jobs of samples/fleet use one volume, and no right of any kind") {
  const std::string claim = at(object("volume.yaml"), {"metadata", "name"}).scalar;
  for (const char* name : {"shards.yaml", "merge.yaml"}) {
    const yaml::Node job = object(name);
    const yaml::Node& pod = at(job, {"spec", "template", "spec"});
    CHECK(at(pod, {"volumes", "0", "persistentVolumeClaim", "claimName"}).scalar == claim);
    CHECK(at(pod, {"automountServiceAccountToken"}).scalar == "false");
    CHECK(pod.find("serviceAccountName") == nullptr);
    CHECK(at(pod, {"securityContext", "runAsNonRoot"}).scalar == "true");
    CHECK(at(pod, {"containers", "0", "securityContext", "readOnlyRootFilesystem"}).scalar == "true");
  }
}
