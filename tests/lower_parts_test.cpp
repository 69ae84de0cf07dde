// Policies shared out among threads: what comes of them is the same for any number of them.
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/print.h"
#include "frontend/lower.h"
#include "ir/print.h"
#include "tests/conformance.h"

using namespace policyconv;

namespace {

using Json = nlohmann::json;

/// All cases as one: policies under names of their own, so that each is there once, and what objects have the same name are that
/// of the first.
conformance::Case all_cases() {
  Json objects = Json::array(), policies = Json::array();
  std::set<std::string> known;
  std::size_t number = 0;
  const auto add = [&](const conformance::Case& source) {
    const Json case_objects = Json::parse(source.objects), case_policies = Json::parse(source.policies);
    for (const Json& object : case_objects.at("items"))
      if (known.insert(object.at("kind").get<std::string>() + object.at("metadata").dump()).second) objects.push_back(object);
    for (Json policy : case_policies.at("items")) {
      if (policy.at("kind") != "CiliumCIDRGroup") policy["metadata"]["name"] = "policy-" + std::to_string(number++);
      policies.push_back(policy);
    }
  };
  conformance::for_each_curated_case(add);
  conformance::for_each_case("public.jsonl.gz", 4, add);
  // Narrows rules of other policies (C§2.2), up to 1.18.
  policies.push_back(Json::parse(R"({"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
    "metadata": {"name": "zone", "namespace": "default"},
    "spec": {"endpointSelector": {}, "ingress": [{"fromRequires": [{"matchLabels": {"zone": "a"}}]}]}})"));
  return {"all", conformance::list_of(objects), conformance::list_of(policies), {}, {}};
}

struct Made {
  ir::Program program;
  std::vector<kubeovn::OutputFile> files;
  std::size_t spared_rules = 0;
  std::vector<Diagnostic> told;
};

Made make(const conformance::Input& input, unsigned minor, unsigned jobs) {
  Diagnostics diagnostics;
  cilium::LowerOptions options{semantics_of(minor), {}};
  options.jobs = jobs;
  kubeovn::LowerOptions target;
  target.jobs = jobs;
  Made made;
  made.program = cilium::lower(input.policies, input.cluster, options, diagnostics);
  const kubeovn::Manifest manifest =
      kubeovn::lower(made.program, input.cluster, input.policies.catalog, target, diagnostics);
  made.files = kubeovn::print(manifest, input.policies.catalog, jobs);
  made.spared_rules = manifest.spared_rules;
  diagnostics.sort();
  made.told = diagnostics.all();
  return made;
}

bool tells(const Made& made, Kind kind) {
  return std::any_of(made.told.begin(), made.told.end(), [&](const Diagnostic& told) { return told.kind == kind; });
}

}  // namespace

TEST_CASE("the number of threads changes nothing of what policies become") {
  const conformance::Case source = all_cases();
  for (const unsigned minor : {15U, 18U, 20U}) {
    const conformance::Input input = conformance::read(source, semantics_of(minor));
    REQUIRE(input.policies.policies.size() + input.policies.network_policies.size() > 400);  // so that four threads have a part
    const Made alone = make(input, minor, 1);
    REQUIRE(alone.program.rules.size() > 500);
    REQUIRE(alone.files.size() > 1);
    REQUIRE(alone.files.front().text.size() > 100'000);
    // What is known only when all policies were seen.
    CHECK(tells(alone, Kind::NamedPortNumbers));
    CHECK(tells(alone, Kind::NarrowedByRequires) == (minor <= 18));
    for (const unsigned jobs : {2U, 3U, 7U}) {
      const Made shared = make(input, minor, jobs);
      CHECK(shared.program == alone.program);
      CHECK((shared.told == alone.told));
      CHECK(shared.spared_rules == alone.spared_rules);
      REQUIRE(shared.files.size() == alone.files.size());
      for (std::size_t i = 0; i < shared.files.size(); ++i) {
        CHECK((shared.files[i].text == alone.files[i].text));
        CHECK((shared.files[i].origins == alone.files[i].origins));
      }
    }
  }
}

TEST_CASE("all that becomes too much is told, whoever lowers it") {
  const conformance::Input input = conformance::read(all_cases());
  const auto told = [&](unsigned jobs) {
    Diagnostics diagnostics;
    (void)cilium::lower(input.policies, input.cluster, {conformance::semantics(), {}, 3, jobs}, diagnostics);
    diagnostics.sort();
    return diagnostics.all();
  };
  const std::vector<Diagnostic> alone = told(1);
  CHECK(std::count_if(alone.begin(), alone.end(), [](const Diagnostic& told) { return told.kind == Kind::TooMuchExpansion; }) > 10);
  CHECK((told(4) == alone));
}
