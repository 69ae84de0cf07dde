// The table of messages: well-formed, in one style, each produced by some golden case and explained at length.
#include "ir/diagnostics.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "report/explanations.h"

using namespace policyconv;
namespace fs = std::filesystem;

namespace {

/// Codes that no golden case can produce, and why.
const std::map<std::string_view, std::string_view> not_golden = {
    {"PC0101", "an unreadable file cannot be committed; tests/cli_test.cpp has one"},
    {"PC0170", "golden cases run without a cluster; tests/from_cluster_test.cpp has it"},
    {"PC0171", "golden cases run without a cluster; tests/from_cluster_test.cpp has it"},
    {"PC0172", "golden cases run without a cluster; tests/from_cluster_test.cpp has it"},
    {"PC0173", "golden cases run without a cluster; tests/from_cluster_test.cpp has it"},
    {"PC0174", "golden cases run without a cluster; tests/from_cluster_test.cpp has it"},
    {"PC0175", "golden cases run without a cluster; tests/from_cluster_test.cpp has it"},
    {"PC0176", "golden cases run without a cluster; tests/from_cluster_test.cpp has it"},
    {"PC0177", "golden cases run without a cluster; tests/from_cluster_test.cpp has it"},
    {"PC0178", "golden cases run without a cluster; tests/from_cluster_test.cpp has it"},
    {"PC0179", "migrate is no KRM function; tests/krm_test.cpp has it"},
    {"PC0180", "golden cases have no baseline; tests/baseline_test.cpp has it"},
    {"PC0181", "golden cases have no baseline; tests/baseline_test.cpp has it"},
    {"PC0182", "golden cases have no baseline; tests/baseline_test.cpp has it"},
    {"PC0183", "golden cases have no baseline; tests/baseline_test.cpp has it"},
    {"PC0184", "golden cases have no baseline; tests/baseline_test.cpp has it"},
    {"PC0185", "golden cases have no baseline; tests/baseline_test.cpp has it"},
    {"PC0186", "golden cases have no baseline; tests/baseline_test.cpp has it"},
    {"PC0187", "golden cases have no baseline; tests/baseline_test.cpp has it"},
    {"PC0188", "golden cases have no baseline; tests/baseline_test.cpp has it"},
    {"PC0191", "an empty directory cannot be committed; tests/cli_test.cpp has one"},
    {"PC0192", "a full disk or a link in the output directory; tests/cli_test.cpp has them"},
    {"PC0194", "a file of a gigabyte; tests/batch_test.cpp has one"},
    {"PC0199", "migrate merges no reports; tests/merge_test.cpp has it"},
    {"PC2061", "thousands of rules would bury the others; tests/cli_test.cpp makes them"},
    {"PC2070", "a policy of a mebibyte would bury the others; tests/admission_test.cpp has it"},
    {"PC2071", "--kubernetes takes no older one; tests/admission_test.cpp has it"},
    {"PC2072", "what a cluster of 1.34 gets is in tests/admission_test.cpp"},
    {"PC2073", "what Kyverno gets is in tests/admission_test.cpp"},
    {"PC2092", "golden cases have no earlier run; tests/edits_test.cpp has it"},
    {"PC2093", "golden cases have no earlier run; tests/edits_test.cpp has it"},
    {"PC2094", "golden cases have no earlier run; tests/edits_test.cpp has it"},
    {"PC2095", "golden cases have no earlier run; tests/edits_test.cpp has it"},
    {"PC2100", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2101", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2102", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2103", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2104", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2105", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2106", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2107", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2108", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2109", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2110", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2111", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2112", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2113", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2114", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC2115", "migrate reads no objects; tests/read_objects_test.cpp has it"},
    {"PC3000", "migrate reads no assertions; tests/flow_syntax_test.cpp has it"},
    {"PC3001", "migrate reads no assertions; tests/flow_syntax_test.cpp has it"},
    {"PC3002", "migrate reads no assertions; tests/flow_syntax_test.cpp has it"},
    {"PC3003", "migrate reads no assertions; tests/flow_syntax_test.cpp has it"},
    {"PC3004", "migrate reads no assertions; tests/flow_syntax_test.cpp has it"},
    {"PC3005", "migrate reads no assertions; tests/flow_syntax_test.cpp has it"},
    {"PC3006", "migrate reads no assertions; tests/flow_syntax_test.cpp has it"},
    {"PC3007", "migrate reads no assertions; tests/flow_syntax_test.cpp has it"},
    {"PC3010", "migrate reads no assertions; tests/assertions_test.cpp has it"},
    {"PC3011", "migrate reads no assertions; tests/assertions_test.cpp has it"},
    {"PC3100", "migrate is asked about no flow; tests/trace_test.cpp has it"},
    {"PC3101", "migrate is asked about no flow; tests/trace_test.cpp has it"},
    {"PC3102", "migrate is asked about no flow; tests/trace_test.cpp has it"},
    {"PC3103", "migrate is asked about no flow; tests/trace_test.cpp has it"},
    {"PC3104", "migrate is asked about no flow; tests/trace_test.cpp has it"},
    {"PC3105", "migrate is asked about no flow; tests/trace_test.cpp has it"},
    {"PC3106", "migrate is asked about no flow; tests/trace_test.cpp has it"},
    {"PC3110", "migrate reads no flows; tests/replay_test.cpp has it"},
    {"PC3111", "migrate reads no flows; tests/replay_test.cpp has it"},
    {"PC3112", "migrate reads no flows; tests/replay_test.cpp has it"},
    {"PC3113", "migrate reads no flows; tests/replay_test.cpp has it"},
    {"PC3120", "only --verify needs pods; tests/verify_command_test.cpp has it"},
    {"PC3130", "golden cases run migrate alone; tests/deliver_test.cpp has it"},
    {"PC3131", "golden cases run migrate alone; tests/deliver_test.cpp has it"},
    {"PC3132", "golden cases run migrate alone; tests/deliver_test.cpp has it"},
    {"PC3133", "golden cases run migrate alone; tests/deliver_test.cpp has it"},
    {"PC3134", "golden cases run migrate alone; tests/deliver_test.cpp has it"},
    {"PC3135", "golden cases run migrate alone; tests/deliver_test.cpp has it"},
};

/// Words that a text may begin with in spite of the lower case rule, because they are names.
const std::set<std::string_view> names = {
    "Cilium",          "Kube-OVN", "Kubernetes", "OVN",   "Service", "Subnet", "SecurityGroup",
    "CiliumCIDRGroup", "HTTP",     "DNS",        "Kafka", "TLS",     "ICMP",   "DHCP"};

/// Every report and expectation of the golden cases and samples.
std::string all_reports() {
  std::string all;
  for (const char* folder : {"tests/golden", "samples"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(POLICYCONV_SOURCE_DIR) / folder))
      if (entry.path().filename() == "report.txt" || entry.path().filename() == "output.txt") {
        std::ifstream in(entry.path());
        all.append(std::istreambuf_iterator<char>(in), {});
      }
  return all;
}

bool starts_in_style(std::string_view text) {
  const std::string_view word = text.substr(0, text.find_first_of(" ,:"));
  const bool is_upper = !text.empty() && 'A' <= text[0] && text[0] <= 'Z';
  return !is_upper || names.count(word) > 0 || text == "{}";
}

}  // namespace

TEST_CASE("codes are unique and well-formed") {
  std::set<std::string_view> codes, kinds;
  for (const Definition& about : definitions) {
    INFO(about.name);
    CHECK(about.code.size() == 6);
    CHECK(about.code.starts_with("PC"));
    CHECK(std::all_of(about.code.begin() + 2, about.code.end(), [](char c) { return '0' <= c && c <= '9'; }));
    CHECK(codes.insert(about.code).second);
    CHECK(kinds.insert(about.name).second);
  }
}

TEST_CASE("codes are in order") {
  for (std::size_t at = 1; at < std::size(definitions); ++at) {
    INFO(definitions[at].code);
    CHECK(definitions[at - 1].code < definitions[at].code);
  }
}

TEST_CASE("texts follow the style") {
  for (const Definition& about : definitions) {
    INFO(about.code);
    CHECK_FALSE(about.text.empty());
    for (const std::string_view text : {about.text, about.help}) {
      INFO(text);
      CHECK(starts_in_style(text));
      CHECK_FALSE(text.ends_with("."));
      CHECK_FALSE(text.ends_with(" "));
      CHECK(text.find('\n') == std::string_view::npos);
      CHECK(std::count(text.begin(), text.end(), '`') % 2 == 0);
    }
  }
}

TEST_CASE("every code is produced by some golden case") {
  const std::string reports = all_reports();
  std::string missing, needlessly_exempt;
  for (const Definition& about : definitions) {
    const auto has = [&](std::string_view open, std::string_view close) {
      return reports.find(std::string(open).append(about.code).append(close)) != std::string::npos;
    };
    const bool produced = has("[", "]") || has("\\[", "\\]");  // Markdown escapes brackets
    const bool exempt = not_golden.count(about.code) > 0;
    std::string& list = produced ? needlessly_exempt : missing;
    if (produced == exempt) list.append(about.code).append(" ").append(about.name).append("\n");
  }
  CHECK(missing == "");
  CHECK(needlessly_exempt == "");
}

TEST_CASE("every code is explained at length") {
  for (std::size_t at = 0; at < std::size(definitions); ++at) {
    INFO(definitions[at].code << " " << definitions[at].name);
    const report::Explanation* found = report::explanation(static_cast<Kind>(at));
    CHECK(found != nullptr);
    if (found == nullptr) continue;
    for (const std::string_view part : {found->happened, found->why, found->remedy, found->example})
      CHECK(part.size() > 20);
  }
}

TEST_CASE("effects map to the documented exit statuses") {
  CHECK(exit_status(Effect::Note) == 0);
  CHECK(exit_status(Effect::NoEffect) == 0);
  CHECK(exit_status(Effect::Error) == 1);
  CHECK(exit_status(Effect::Stricter) == 3);
  CHECK(exit_status(Effect::Looser) == 4);
  CHECK(exit_status(Effect::Refused) == 5);
}

TEST_CASE("sorting depends on nothing but the content and drops repetitions") {
  Diagnostics diagnostics;
  diagnostics.report<Kind::CannotRead>({2, 1, 1}, "b", "x");
  diagnostics.report<Kind::CannotRead>({1, 5, 1}, "a", "x");
  diagnostics.report<Kind::CannotRead>({2, 1, 1}, "b", "x");
  diagnostics.report<Kind::CannotRead>({1, 4, 9}, "c", "x");
  diagnostics.sort();
  REQUIRE(diagnostics.all().size() == 3);
  CHECK(diagnostics.all()[0].where == Loc{1, 4, 9});
  CHECK(diagnostics.all()[1].where == Loc{1, 5, 1});
  CHECK(diagnostics.all()[2].where == Loc{2, 1, 1});
}
