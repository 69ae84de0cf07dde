// Fingerprints: that they survive edits elsewhere, and tell apart what is not the same any more.
#include "report/fingerprint.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/command_line.h"

using namespace policyconv;
using namespace policyconv::testing;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0, number = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to + std::to_string(number++));
  return text;
}

/// As a person would fill it in.
std::string decided(const std::string& baseline) {
  return replaced(replaced(baseline, "TODO: why", "because of "), "TODO: who", "team-");
}

const std::string rule_http = R"(  - fromEndpoints: [{matchLabels: {app: web}}]
    toPorts:
    - ports: [{port: "80", protocol: TCP}]
      rules:
        http:
        - path: /
)";
const std::string rule_kafka = R"(  - toPorts:
    - ports: [{port: "9092", protocol: TCP}]
      rules: {kafka: [{topic: "it's # a topic"}]}
)";
const std::string rule_flow = R"(  - {fromEndpoints: [{matchLabels: {app: flow}}], toPorts: [{ports: [{port: "81", protocol: TCP}], rules: {http: [{path: /flow}]}}]}
)";
const std::string rule_plain = "  - fromEndpoints: [{matchLabels: {app: plain}}]\n";

std::string policy(const std::string& name, const std::vector<std::string>& rules) {
  std::string text = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata:\n  name: " + name +
                     "\n  namespace: shop\nspec:\n  endpointSelector: {matchLabels: {app: " + name + "}}\n  ingress:\n";
  for (const std::string& rule : rules) text += rule;
  return text;
}

std::string file_of(const std::vector<std::string>& policies) {
  std::string text;
  for (const std::string& each : policies) text += "---\n" + each;
  return text;
}

Result migrate(const std::vector<std::string>& more) {
  std::vector<std::string> args = {"migrate", "policies.yaml", "-o", "out"};
  args.insert(args.end(), more.begin(), more.end());
  return run(args);
}

/// Writes the policies, accepts everything they lose, and expects that to be something.
void accept_all(const std::string& policies) {
  write("policies.yaml", policies);
  const Result first = migrate({"--write-baseline", "baseline.yaml"});
  INFO(first.err);
  REQUIRE(first.status == 5);
  write("baseline.yaml", decided(text_of("baseline.yaml")));
  const Result accepted = migrate({"--baseline", "baseline.yaml"});
  INFO(accepted.err);
  REQUIRE(accepted.status == 0);
}

/// A blank or comment line somewhere between lines, or a harmless rule or policy: nothing that touches an accepted rule.
std::string edited(std::vector<std::vector<std::string>> rules, std::mt19937& random) {
  for (std::vector<std::string>& list : rules)
    for (std::size_t count = random() % 3; count > 0; --count)
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(random() % (list.size() + 1)), rule_plain);
  std::vector<std::string> policies;
  for (std::size_t at = 0; at < rules.size(); ++at) policies.push_back(policy("p" + std::to_string(at), rules[at]));
  for (std::size_t count = random() % 3; count > 0; --count)
    policies.push_back(policy("other" + std::to_string(count), {rule_plain}));
  std::shuffle(policies.begin(), policies.end(), random);
  std::string text = file_of(policies);
  for (std::size_t count = random() % 8; count > 0; --count) {
    const std::size_t at = text.find('\n', random() % text.size());
    const std::vector<std::string> lines = {"", "# a comment", "        # another one", "   "};
    text.insert(at + 1, lines[random() % lines.size()] + "\n");
  }
  if (random() % 4 == 0) {  // other line ends
    std::string windows;
    for (const char c : text) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
    text = windows;
  }
  return text;
}

}  // namespace

TEST_CASE("fingerprints survive lines, rules and policies that are put in elsewhere") {
  const Workplace workplace;
  const std::vector<std::vector<std::string>> rules = {
      {rule_http}, {rule_kafka, rule_http}, {rule_flow, rule_kafka, rule_http}, {rule_http, rule_http, rule_plain}, {rule_flow}};
  std::vector<std::string> policies;
  for (std::size_t at = 0; at < rules.size(); ++at) policies.push_back(policy("p" + std::to_string(at), rules[at]));
  accept_all(file_of(policies));
  std::mt19937 random(7);
  for (int round = 0; round < 150; ++round) {
    const std::string text = edited(rules, random);
    write("policies.yaml", text);
    const Result result = migrate({"--baseline", "baseline.yaml"});
    INFO(text << result.err);
    CHECK(result.status == 0);
  }
}

TEST_CASE("an accepted rule that is edited is a new finding, and its entry is stale") {
  const Workplace workplace;
  struct Row {
    std::string from, to;
  };
  const Row rows[] = {{"app: web", "app: everybody"},    // other peers
                      {"port: \"80\"", "port: \"443\""},  // other traffic
                      {"path: /", "path: /admin"},
                      {"    toPorts:\n", "    - matchLabels: {app: one-more}\n    toPorts:\n"}};
  for (const Row& row : rows) {
    accept_all(policy("web", {"  - fromEndpoints:\n    - matchLabels: {app: web}\n" + rule_http.substr(rule_http.find("    toPorts"))}));
    std::string text = text_of("policies.yaml");
    const std::size_t at = text.find(row.from, text.find("ingress:"));
    REQUIRE(at != std::string::npos);
    write("policies.yaml", text.replace(at, row.from.size(), row.to));
    const Result result = migrate({"--baseline", "baseline.yaml"});
    INFO(text << result.err);
    CHECK(result.status == 1);
    CHECK(contains(result.err, "baseline.yaml:"));
    CHECK(contains(result.err, "[PC0185]"));
    CHECK(contains(result.err, "refused[PC1101]"));
    CHECK_FALSE(contains(result.err, "accepted: by"));
  }
}

TEST_CASE("of equal findings as many are accepted as have entries") {
  const Workplace workplace;
  accept_all(policy("web", {rule_http, rule_http}));
  write("policies.yaml", policy("web", {rule_http, rule_plain, rule_http, rule_http}));
  const Result more = migrate({"--baseline", "baseline.yaml"});
  INFO(more.err);
  CHECK(more.status == 5);
  CHECK(contains(more.err, "2 findings accepted by the baseline"));
  write("policies.yaml", policy("web", {rule_plain, rule_http}));
  const Result fewer = migrate({"--baseline", "baseline.yaml"});
  CHECK(fewer.status == 1);
  CHECK(contains(fewer.err, "[PC0185]"));
}

TEST_CASE("in a file of one line, neighbours have no part in a fingerprint") {
  const Workplace workplace;
  const auto item = [](const std::string& name, const std::string& app, bool http) {
    return "{\"apiVersion\":\"cilium.io/v2\",\"kind\":\"CiliumNetworkPolicy\",\"metadata\":{\"name\":\"" + name +
           "\",\"namespace\":\"shop\"},\"spec\":{\"endpointSelector\":{\"matchLabels\":{\"app\":\"" + app +
           "\"}},\"ingress\":[{\"toPorts\":[{\"ports\":[{\"port\":\"80\",\"protocol\":\"TCP\"}]" +
           (http ? ",\"rules\":{\"http\":[{\"path\":\"/}]\\\"\"}]}" : "") + "}]}]}}";
  };
  const auto list = [](const std::vector<std::string>& items) {
    std::string text = "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[";
    for (const std::string& each : items) text += (text.ends_with('[') ? "" : ",") + each;
    return text + "]}";
  };
  accept_all(list({item("a", "a", true), item("b", "b", true)}));
  write("policies.yaml", list({item("z", "zzz", false), item("b", "b", true), item("y", "y", false), item("a", "a", true)}));
  const Result result = migrate({"--baseline", "baseline.yaml"});
  INFO(result.err);
  CHECK(result.status == 0);
  write("policies.yaml", list({item("a", "a", true), item("b", "b", true), item("c", "c", true)}));
  CHECK(migrate({"--baseline", "baseline.yaml"}).status == 5);
}

TEST_CASE("the digest of a value ends where the value ends") {
  using report::digest_of_value;
  const std::string block = "a: 1\n  b:\n  - 2\n";
  CHECK(digest_of_value(block + "- a: 3\n", 3) == digest_of_value(block, 3));
  CHECK(digest_of_value("a: 1\n\n  # comment\n  b:\n  - 2\n x: y\n", 3) == digest_of_value(block, 3));
  CHECK(digest_of_value("a: 1\r\n    b:\r\n    - 2\r\n", 5) == digest_of_value(block, 3));
  CHECK(digest_of_value("a: 1\n  b:\n  - 2\n  - 3\n", 3) != digest_of_value(block, 3));
  CHECK(digest_of_value("{a: [1]}, {b: 2}", 1) == digest_of_value("{a: [1]}", 1));
  CHECK(digest_of_value("{a: \"}\"}, x", 1) == digest_of_value("{a: \"}\"}", 1));
  CHECK(digest_of_value("{a: b 'c}, {d: 'e}'}", 1) == digest_of_value("{a: b 'c}", 1));
  CHECK(digest_of_value("{a: '}', b: it's}, x", 1) == digest_of_value("{a: '}', b: it's}", 1));
  CHECK(digest_of_value("{a: \"\\\"}\"}, x", 1) != digest_of_value("{a: \"\\\"", 1));
}
