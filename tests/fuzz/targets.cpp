#include "tests/fuzz/targets.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "backends/kubeovn/annotations.h"
#include "backends/kubeovn/read.h"
#include "cli/flows.h"
#include "cli/run.h"
#include "ir/address.h"
#include "report/baseline.h"
#include "report/faces.h"
#include "tests/compile.h"
#include "tests/fuzz/oracle.h"
#include "verify/flow_syntax.h"
#include "verify/ovn_match.h"

namespace policyconv::fuzz {
namespace {

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

void migrate(std::string_view input) {
  const std::size_t at = input.find(separator);
  const std::string policies(input.substr(0, at));
  const std::string dump = at == std::string_view::npos ? testing::small_cluster : std::string(input.substr(at + separator.size()));
  check_migration(policies, dump);
}

constexpr std::array<Target, 11> all = {{{"policies", policies},
                                         {"cluster", cluster},
                                         {"objects", objects},
                                         {"match", match},
                                         {"selector", selector},
                                         {"flow", flow},
                                         {"cidr", cidr},
                                         {"baseline", baseline},
                                         {"report", report_json},
                                         {"krm", krm},
                                         {"migrate", migrate}}};

}  // namespace

std::span<const Target> targets() { return all; }

const Target* find_target(std::string_view name) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const Target& target) { return target.name == name; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace policyconv::fuzz
