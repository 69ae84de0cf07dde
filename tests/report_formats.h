// Reports for the tests of formats: of every golden case, of policies with hostile names, and of nothing but chance.
#pragma once

#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "report/build.h"
#include "report/faces.h"
#include "tests/compile.h"

namespace policyconv::testing {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A JSON Schema of this repository.
class JsonSchema {
 public:
  JsonSchema(const std::string& path, valijson::SchemaParser::Version version)
      : json_(nlohmann::json::parse(read_file(std::filesystem::path(POLICYCONV_SOURCE_DIR) / path))) {
    const valijson::adapters::NlohmannJsonAdapter adapter(json_);
    valijson::SchemaParser(version).populateSchema(adapter, schema_);
  }
  /// Empty, or what is wrong first.
  [[nodiscard]] std::string problem(const nlohmann::json& document) const {
    valijson::Validator validator;
    valijson::ValidationResults results;
    const valijson::adapters::NlohmannJsonAdapter adapter(document);
    if (validator.validate(schema_, adapter, &results)) return {};
    valijson::ValidationResults::Error error;
    std::string text = "not valid";
    while (results.popError(error)) {
      text += "\n";
      for (const std::string& step : error.context) text += step;
      text += ": " + error.description;
    }
    return text;
  }
  [[nodiscard]] const nlohmann::json& json() const { return json_; }

 private:
  nlohmann::json json_;
  valijson::Schema schema_;
};

/// What `migrate` would report about these texts. Objects are made unless there are errors.
inline report::Report reported(const std::string& file, const std::string& policies, const std::string& cluster) {
  Sources sources;
  Diagnostics diagnostics;
  cilium::ParseOptions parse;
  parse.semantics = semantics_of(18);
  const std::array<std::uint32_t, 1> policy_file{sources.add(file, policies)};
  cilium::Policies parsed = cilium::parse_policies(sources, policy_file, parse, diagnostics);
  Cluster known;
  if (!cluster.empty()) {
    const std::array<std::uint32_t, 1> cluster_file{sources.add("cluster.yaml", cluster)};
    known = cilium::parse_cluster(sources, cluster_file, 1, diagnostics);
  }
  kubeovn::Manifest manifest;
  const bool is_good = !diagnostics.has_errors();
  if (is_good) {
    const ir::Program program = cilium::lower(parsed, known, {parse.semantics, {}}, diagnostics);
    manifest = kubeovn::lower(program, known, parsed.catalog, {}, diagnostics);
  }
  diagnostics.sort();
  report::Report made = report::make(
      "migrate", {sources, parsed.catalog, diagnostics, is_good ? &manifest : nullptr, cluster.empty(), policy_file},
      {});
  made.settings = {{"cilium", "1.18"}, {"kube-ovn", "1.16"}};
  return made;
}

/// Of every golden case with one input file.
inline const std::vector<report::Report>& golden_reports() {
  static const std::vector<report::Report> all = [] {
    std::vector<std::filesystem::path> folders;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(POLICYCONV_SOURCE_DIR) / "tests/golden"))
      if (std::filesystem::exists(entry.path() / "input.yaml")) folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end());
    std::vector<report::Report> made;
    for (const auto& folder : folders)
      made.push_back(reported("policies/" + folder.filename().string() + ".yaml", read_file(folder / "input.yaml"),
                              read_file(folder / "cluster.yaml")));
    return made;
  }();
  return all;
}

inline const std::vector<std::string> hostile_names = {
    "<script>alert(1)</script>",
    "]]>",
    "]]><![CDATA[x",
    "--> <!-- & &amp; \" '",
    "${{ github.token }} %0A::error::x",
    "[click](https://example.com) {0} {1}",
    "a,file=/etc/passwd,line=1::b",
    "\xD8\xA7\xD9\x84\xD8\xB9\xD8\xB1\xD8\xA8\xD9\x8A\xD8\xA9 \xD7\xA2\xD7\x91",
    "\xE2\x80\xAE"
    "desrever",
    "\xF0\x9F\x98\x80\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80",
    "noncharacters \xEF\xBF\xBE\xEF\xBF\xBF",
    std::string(5000, 'x'),
    "line\nbreak\r\nand\ttab \x1b[31m \x07 \x7f \xC2\x85 \xE2\x80\xA8",
    std::string("nul \0 byte", 10),
    "not UTF-8 \xFF\xC3 \xED\xA0\x80 \xC0\xAF"};

/// Each hostile name as a file, a policy, a rule, a message, a line of a file, and what a baseline says.
inline report::Report hostile_report() {
  report::Report made;
  made.command = "migrate";
  made.version = "0.1.0";
  for (std::size_t at = 0; at < hostile_names.size(); ++at) {
    const std::string& name = hostile_names[at];
    const bool is_bare = at % 2 == 0;
    const report::Place place{name + ".yaml", 3, 5, "  - " + name, 5, name};
    for (const auto& [kind, effect] :
         {std::pair{Kind::UnknownField, Effect::Error}, std::pair{Kind::UnsupportedKind, Effect::Refused}}) {
      report::Finding finding;
      finding.kind = kind;
      finding.effect = effect;
      finding.place = place;
      finding.policy = "CiliumNetworkPolicy " + name + "/" + name;
      finding.rule = name;
      finding.message = fmt::format("seen `{}`", name);
      finding.suggestion = name;
      finding.arguments = {name};
      finding.fingerprint = fmt::format("{:016x}", 2 * at + (effect == Effect::Error ? 0U : 1U));
      if (effect == Effect::Refused && is_bare) finding.accepted = report::Acceptance{name, name, name, "2031-01-01"};
      made.findings.push_back(finding);
    }
    report::PolicyOutcome policy{"CiliumNetworkPolicy", name, name, place, true, Effect::Note, {}, {}};
    policy.rules.push_back({name, Direction::Ingress, Verdict::Allow, 3, Effect::Error, {2 * at}});
    policy.rules.push_back({name, Direction::Egress, Verdict::Deny, 4, Effect::Refused, {2 * at + 1}});
    made.policies.push_back(policy);
    made.files.push_back({name + ".yaml", 1, 1, report::counts_of(policy)});
    made.settings.emplace_back(name, name);
  }
  made.status = report::exit_status(made.findings, made.fail_on);
  return made;
}

}  // namespace policyconv::testing
