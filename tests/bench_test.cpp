// What `./x bench` measures with: the shapes have what they promise, the walks see all of a text, and each shape goes
// through the whole measurement.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "frontend/parse.h"
#include "tests/bench/measure.h"
#include "tests/bench/results.h"
#include "tests/bench/shapes.h"
#include "tests/bench/walk.h"
#include "tests/command_line.h"

using namespace policyconv;

namespace {

struct Small {
  std::string name;
  bench::Counts promised;
  std::function<bench::Input(unsigned seed)> make;
};

const std::vector<Small>& small_shapes() {
  static const std::vector<Small> all = {
      {"uniform", {250, 500, 0, 0}, [](unsigned seed) { return bench::uniform(250, 1, seed); }},
      {"uniform in files", {250, 500, 0, 0}, [](unsigned seed) { return bench::uniform(250, 7, seed); }},
      {"one namespace", {120, 360, 0, 0}, [](unsigned seed) { return bench::one_namespace(120, seed); }},
      {"one policy", {1, 300, 0, 0}, [](unsigned seed) { return bench::one_policy(300, seed); }},
      {"pods", {10, 20, 450, 1}, [](unsigned seed) { return bench::many_pods(450, seed); }},
      {"nodes", {30, 30, 60, 30}, [](unsigned seed) { return bench::many_nodes(30, seed); }},
      {"profile", {854, 973, 338, 10}, [](unsigned seed) { return bench::production(16, seed); }}};
  return all;
}

std::string text_of(const bench::Counts& counts) { return nlohmann::json(counts).dump(); }

}  // namespace

TEST_CASE("each shape holds what it promises") {
  for (const Small& shape : small_shapes()) {
    INFO(shape.name);
    const bench::Input input = shape.make(1);
    CHECK(text_of(input.counts) == text_of(shape.promised));
    Sources sources;
    Diagnostics diagnostics;
    std::vector<std::uint32_t> files;
    for (const std::string& text : input.policies) files.push_back(sources.add("policies.yaml", text));
    const cilium::Policies policies = cilium::parse_policies(sources, files, {}, diagnostics);
    const std::array<std::uint32_t, 1> dump{sources.add("cluster.yaml", input.cluster)};
    Cluster cluster;
    if (!input.cluster.empty()) cluster = cilium::parse_cluster(sources, dump, 1, diagnostics);
    CHECK_FALSE(diagnostics.has_errors());
    const Catalog& catalog = policies.catalog;
    const bench::Counts seen{catalog.policies.size(), catalog.rules.size(), cluster.pods.size(), cluster.nodes.size()};
    CHECK(text_of(seen) == text_of(shape.promised));
    CHECK(std::all_of(catalog.policies.begin(), catalog.policies.end(), [](const auto& policy) { return policy.enforced; }));
  }
}

TEST_CASE("the same seed gives the same bytes, another one others") {
  for (const Small& shape : small_shapes()) {
    INFO(shape.name);
    const bench::Input one = shape.make(1), same = shape.make(1), other = shape.make(2);
    CHECK(one.policies == same.policies);
    CHECK(one.cluster == same.cluster);
    CHECK(std::pair(one.policies, one.cluster) != std::pair(other.policies, other.cluster));
    CHECK(text_of(one.counts) == text_of(other.counts));
  }
}

TEST_CASE("names of shapes are different") {
  const std::vector<bench::Shape> all = bench::shapes();
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK(all[i].name != all[j].name);
}

TEST_CASE("both walks see every event") {
  CHECK(bench::walk_libyaml("a: 1\n") == 6);  // document, mapping, two scalars
  CHECK(bench::walk_yaml_cpp("a: 1\n") == 6);
  CHECK_THROWS(bench::walk_libyaml("a: [1\n"));
  CHECK_THROWS(bench::walk_yaml_cpp("a: [1\n"));
  for (const Small& shape : small_shapes()) {
    INFO(shape.name);
    const bench::Input input = shape.make(1);
    for (const std::string& text : input.policies) {
      const std::size_t events = bench::walk_libyaml(text);
      CHECK(events == bench::walk_yaml_cpp(text));
      CHECK(events > text.size() / 100);
    }
  }
}

TEST_CASE("exponents are those of powers") {
  using Points = std::vector<std::pair<double, double>>;
  CHECK(bench::exponent(Points{{1, 5}, {10, 50}, {100, 500}}) == Approx(1));
  CHECK(bench::exponent(Points{{1, 3}, {2, 12}, {4, 48}}) == Approx(2));
  CHECK(bench::exponent(Points{{3, 7}, {30, 7}}) == Approx(0).margin(1e-12));
}

TEST_CASE("each shape goes through the whole measurement") {
  const testing::Workplace workplace;
  bench::Settings settings;
  settings.policyconv = POLICYCONV_BINARY;
  settings.place = std::filesystem::current_path();
  settings.rounds = 1;
  for (const Small& small : small_shapes()) {
    INFO(small.name);
    bench::Shape shape;
    shape.make = small.make;
    const bench::Measurement measured = bench::measure(shape, settings);
    CHECK(text_of(measured.counts) == text_of(small.promised));
    CHECK(measured.rounds == 1);
    const bench::Input input = small.make(settings.seed);
    std::size_t bytes = input.cluster.size();
    for (const std::string& text : input.policies) bytes += text.size();
    CHECK(measured.input == static_cast<double>(bytes));
    CHECK(measured.output > 1000);
    for (const bench::Usage& usage : {measured.yaml_cpp, measured.libyaml, measured.one, measured.two}) {
      CHECK(usage.wall > 0);
      CHECK(usage.peak > 1e6);
    }
    for (const std::string_view phase : bench::phase_names)
      CHECK(measured.phases.contains(std::string(phase)) == (phase != "verify" || small.promised.pods > 0));
  }
}

TEST_CASE("a run that ends with an error is no measurement") {
  const testing::Workplace workplace;
  bench::Settings settings;
  settings.policyconv = POLICYCONV_BINARY;
  settings.place = std::filesystem::current_path();
  bench::Shape shape;
  shape.make = [](unsigned) { return bench::Input{{"kind: CiliumNetworkPolicy\n"}, {}, {}}; };
  CHECK_THROWS_WITH(bench::measure(shape, settings), Catch::Contains("ended with status 1"));
}
