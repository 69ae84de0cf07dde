#include "tests/fuzz/targets.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "backends/kubeovn/annotations.h"
#include "backends/kubeovn/read.h"
#include "cli/flows.h"
#include "cli/judgement.h"
#include "cli/observed_ends.h"
#include "cli/run.h"
#include "ir/address.h"
#include "plan/drift_northbound.h"
#include "plan/live.h"
#include "plan/live_northbound.h"
#include "plan/rollback_check.h"
#include "report/baseline.h"
#include "report/faces.h"
#include "tests/compile.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/seeds.h"
#include "verify/flow_syntax.h"
#include "verify/ovn_match.h"

namespace policyconv::fuzz {
namespace {

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  for (std::size_t end = 0; end != text.npos; text.remove_prefix(end == text.npos ? 0 : end + separator.size())) {
    end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
  }
  return parts;
}

void policies(std::string_view input) {
  Sources sources;
  Diagnostics diagnostics;
  const std::array<std::uint32_t, 1> files{sources.add("policies.yaml", std::string(input))};
  const cilium::Policies read = cilium::parse_policies(sources, files, {}, diagnostics);
  if (!diagnostics.has_errors()) (void)cilium::lower(read, {}, {{}, {}}, diagnostics);
}

void cluster(std::string_view input) {
  Sources sources;
  Diagnostics diagnostics;
  const std::array<std::uint32_t, 1> files{sources.add("cluster.yaml", std::string(input))};
  (void)cilium::parse_cluster(sources, files, 1, diagnostics);
}

void objects(std::string_view input) {
  Sources sources;
  Diagnostics diagnostics;
  const std::array<std::uint32_t, 1> files{sources.add("objects.yaml", std::string(input))};
  (void)kubeovn::read(sources, files, {}, {}, {}, diagnostics);
}

void match(std::string_view input) {
  const std::optional<verify::OvnMatch> parsed = verify::OvnMatch::parse(input);
  if (!parsed) return;
  const std::vector<Address> members = {*parse_address("10.0.0.1")};
  const verify::MatchNames names = {[](std::string_view, std::string_view) { return std::optional(true); },
                                    [&](std::string_view) { return &members; }};
  for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Icmp})
    (void)parsed->matches({"in", "out", Family::V4, members.front(), members.front(), protocol, 1, 80, 8, 0}, names);
  (void)parsed->scope("inport");
}

// A selector that can be read has a text that reads the same.
void selector(std::string_view input) {
  std::string why;
  const std::optional<ir::Group> group = kubeovn::parse_members(input, why);
  if (!group) return;
  const std::optional<ir::Group> again = kubeovn::parse_members(kubeovn::members_text(*group), why);
  if (again != group) std::abort();
}

void flow(std::string_view input) {
  Sources sources;
  Diagnostics diagnostics;
  const std::uint32_t file = sources.add("assertions.txt", std::string(input));
  (void)verify::parse_assertions(sources, file, diagnostics);
  verify::FlowError error;
  (void)verify::parse_end_term(input, error);
}

// Lines of CIDRs, "-" before those to take out. What is covered must be what is covered address by address at every bound.
void cidr(std::string_view input) {
  std::vector<Cidr> whole, holes;
  std::istringstream lines{std::string(input)};
  for (std::string line; std::getline(lines, line) && whole.size() + holes.size() < 64;) {
    const bool hole = line.starts_with('-');
    if (const auto parsed = parse_cidr(std::string_view(line).substr(hole ? 1 : 0))) {
      if (parse_cidr(to_string(*parsed)) != parsed) std::abort();
      (hole ? holes : whole).push_back(*parsed);
    }
  }
  check_cover(whole, holes);
}

void baseline(std::string_view input) {
  Sources sources;
  Diagnostics diagnostics;
  (void)report::read_baseline(sources, sources.add("baseline.yaml", std::string(input)), diagnostics);
}

// A report that can be read is written so that it reads the same.
void report_json(std::string_view input) {
  std::string problem;
  const std::optional<report::Report> read = report::from_json(input, problem);
  if (!read) return;
  const std::string text = report::to_json(*read);
  const std::optional<report::Report> again = report::from_json(text, problem);
  if (!again || report::to_json(*again) != text) std::abort();
  for (const auto face : {&report::to_sarif, &report::to_junit, &report::to_gitlab, &report::to_github, &report::to_markdown, &report::to_html})
    (void)(*face)(*read, report::Language::English);
}

void krm(std::string_view input) {
  std::istringstream in{std::string(input)};
  std::ostringstream out, err;
  (void)cli::run({"krm"}, in, out, err, cli::Invocation::Program);
}

/// A golden case that the seeds of a target belong to, read once.
struct Golden {
  explicit Golden(const std::string& name) : folder(std::string(POLICYCONV_SOURCE_DIR "/tests/golden/") + name) {}
  [[nodiscard]] std::uint32_t read(Sources& sources, const char* file) const {
    return sources.add(file, contents(folder / file));
  }
  std::filesystem::path folder;
};

/// The two sides that `drift` compares.
struct Sides {
  Sides() {
    const Golden golden("drift_of_the_northbound");
    const std::array<std::uint32_t, 1> objects{golden.read(sources, "objects.yaml")}, dump{golden.read(sources, "dump.yaml")};
    Diagnostics diagnostics;
    emitted = plan::read_objects(sources, objects, {}, nullptr, diagnostics);
    live = plan::read_objects(sources, dump, {}, nullptr, diagnostics);
    cluster = cilium::parse_cluster(sources, dump, 1, diagnostics);
    meant = kubeovn::read(sources, objects, {}, {}, cluster, diagnostics);
    if (diagnostics.has_errors() || emitted.groups.empty()) fail("the golden case of `northbound` cannot be read");
  }
  Sources sources;
  plan::WrittenObjects emitted, live;
  kubeovn::Manifest meant;
  Cluster cluster;
};

// Tables, in any order. One that is refused adds nothing.
void northbound(std::string_view input) {
  static const Sides sides;
  const auto size = [](const plan::Northbound& tables) {
    return std::tuple(tables.acls ? tables.acls->size() + 1 : 0, tables.port_groups ? tables.port_groups->size() + 1 : 0,
                      tables.address_sets ? tables.address_sets->size() + 1 : 0);
  };
  Sources sources(&sides.sources);
  Diagnostics diagnostics;
  plan::Northbound read;
  for (const std::string& table : split(input, table_separator)) {
    const auto before = size(read);
    Diagnostics of_table;
    plan::read_northbound(sources, sources.add("table.json", table), read, of_table);
    if (of_table.has_errors() && size(read) != before) fail("a table that is refused adds rows");
  }
  plan::compare_northbound({sources, sides.emitted, sides.meant, sides.live, sides.cluster}, read, diagnostics);
}

/// The cluster that `rollback-check` looks at.
struct RolledBack {
  RolledBack() {
    const std::array<std::uint32_t, 1> dump{Golden("rollback_left_things").read(sources, "dump.yaml")};
    Diagnostics diagnostics;
    live = plan::read_objects(sources, dump, {}, nullptr, diagnostics);
    cluster = cilium::parse_cluster(sources, dump, 1, diagnostics);
    if (diagnostics.has_errors() || cluster.pods.empty()) fail("the golden case of `plan` cannot be read");
  }
  Sources sources;
  plan::WrittenObjects live;
  Cluster cluster;
};

// What is no plan.json is refused, on one line that can be read.
void plan_json(std::string_view input) {
  static const RolledBack now;
  std::string problem;
  Diagnostics diagnostics;
  if (const std::optional<plan::Before> before = plan::read_before(input, problem))
    plan::rollback_check(*before, now.live, now.cluster, diagnostics);
  else if (problem.empty() || problem.size() > 400 || problem.find('\n') != std::string::npos)
    fail("a plan.json that is refused with: " + problem);
}

// Every line is a flow, not judged, or a mistake; and ends that are found can be judged.
void hubble(std::string_view input) {
  static const testing::Compiled compiled = testing::compile(testing::cnp(R"(  endpointSelector: {matchLabels: {app: db}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: web}}]
    toPorts: [{ports: [{port: "5432", protocol: TCP}]}])", "db"), testing::small_cluster);
  static const Semantics semantics = semantics_of(20);
  static const cli::Judge judge(compiled.policies, compiled.manifest, compiled.cluster, semantics);
  cli::ObservedEnds ends(compiled.cluster, semantics);
  std::size_t told = 0;
  const cli::FlowSink sink{[&](const cli::ObservedFlow& flow) {
                             ++told;
                             const auto from = ends.find(flow.source, flow.destination), to = ends.find(flow.destination, flow.source);
                             if (std::holds_alternative<cli::FoundEnd>(from) && std::holds_alternative<cli::FoundEnd>(to))
                               (void)judge.judge({std::get<cli::FoundEnd>(from).end, std::get<cli::FoundEnd>(to).end, flow.protocol, flow.port});
                           },
                           [&](cli::NotJudged, std::uint64_t) { ++told; }};
  Sources sources;
  Diagnostics diagnostics;
  std::istringstream in{std::string(input)};
  cli::read_flows(in, "flows.json", sink, sources, diagnostics);
  const std::vector<std::string> lines = split(input, "\n");
  const auto is_written = [](const std::string& line) { return line.find_first_not_of(" \t\r") != std::string::npos; };
  const auto written = static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), is_written));
  const std::size_t bad = diagnostics.all().size();
  if (written == 0 ? bad != 1 : bad <= 100 && told + bad != written)
    fail(fmt::format("{} lines, {} told, {} refused", written, told, bad));
}

void migrate(std::string_view input) {
  const std::size_t at = input.find(separator);
  const std::string policies(input.substr(0, at));
  const std::string dump = at == std::string_view::npos ? testing::small_cluster : std::string(input.substr(at + separator.size()));
  check_migration(policies, dump);
}

constexpr std::array<Target, 14> all = {{{"policies", policies},
                                         {"cluster", cluster},
                                         {"objects", objects},
                                         {"match", match},
                                         {"selector", selector},
                                         {"flow", flow},
                                         {"cidr", cidr},
                                         {"baseline", baseline},
                                         {"report", report_json},
                                         {"krm", krm},
                                         {"northbound", northbound},
                                         {"plan", plan_json},
                                         {"hubble", hubble},
                                         {"migrate", migrate}}};

}  // namespace

std::span<const Target> targets() { return all; }

const Target* find_target(std::string_view name) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const Target& target) { return target.name == name; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace policyconv::fuzz
