// Tree nodes to values: the types that Kubernetes sees, and the exact words where another type is wanted.
#include "yaml/decode.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace policyconv;

namespace {

/// Calls `use` with the root of `text`; returns its answer, then the messages: "message [suggestion]".
template <typename Use>
std::string with(const std::string& text, const Use& use) {
  Sources sources;
  const std::uint32_t file = sources.add("a.yaml", text);
  Diagnostics diagnostics;
  const std::vector<yaml::Node> documents = yaml::read_documents(sources, file, diagnostics);
  REQUIRE(documents.size() == 1);
  std::vector<std::string> parts = {use(documents.front(), diagnostics)};
  for (const Diagnostic& one : diagnostics.all())
    parts.push_back(one.message + (one.suggestion.empty() ? "" : " [" + one.suggestion + "]"));
  return fmt::format("{}", fmt::join(parts, " | "));
}

struct Case {
  std::string in, out;
};

/// Reads the value of `a` in "a: ..." with `decode`, and shows it with `show`.
template <typename Decode, typename Show>
void check(const std::vector<Case>& cases, const Decode& decode, const Show& show) {
  for (const auto& [in, out] : cases) {
    CAPTURE(in);
    CHECK(with("a: " + in, [&](const yaml::Node& root, Diagnostics& diagnostics) {
            const auto value = decode(*root.find("a"), "`a`", diagnostics);
            return value ? show(*value) : std::string("-");
          }) == out);
  }
}

std::string as_is(const std::string& text) {
  return text;
}

}  // namespace

TEST_CASE("strings") {
  const auto number = [](const std::string& text) {
    return fmt::format("- | `a` is the number `{}`, it must be a string [put it in quotes: \"{}\"]", text, text);
  };
  const auto truth = [](const std::string& text) {
    return fmt::format("- | `a` is the truth value `{}`, it must be a string [put it in quotes: \"{}\"]", text, text);
  };
  std::vector<Case> cases = {
      {"b", "b"},
      {"'80'", "80"},
      {"\"true\"", "true"},
      {"''", ""},
      {"!!str 80", "80"},
      {"10.0.0.0/8", "10.0.0.0/8"},
      {"1.2.3", "1.2.3"},
      {"2024-01-01", "2024-01-01"},
      {"0xzz", "0xzz"},
      {"1_a", "1_a"},
      {".5_0", ".5_0"},
      {"-a", "-a"},
      {"+", "+"},
      {".", "."},
      {"..", ".."},
      {"1e", "1e"},
      {"_1", "_1"},
      {"1:2", "1:2"},
      {"tRUE", "tRUE"},
      {"null", "- | `a` is null, it must be a string"},
      {"[b]", "- | `a` is a list, it must be a string"},
      {"{b: c}", "- | `a` is a mapping, it must be a string"},
  };
  for (const std::string text : {"80", "-1", "+1", "0x1F", "0b11", "0o17", "010", "1_000", "0_8", "99999999999999999999",
                                 "1.5", "1.", ".5", "1e3", "-1.5E-3", "08", ".inf", "-.inf", ".NaN"})
    cases.push_back({text, number(text)});
  for (const std::string text : {"true", "False", "yes", "NO", "on", "Off", "y", "N"})
    cases.push_back({text, truth(text)});
  check(cases, decode::string, as_is);
}

TEST_CASE("whole numbers") {
  check(
      {
          {"80", "80"},
          {"-1", "-1"},
          {"+7", "7"},
          {"0", "0"},
          {"010", "8"},
          {"0o10", "8"},
          {"0x1f", "31"},
          {"0b101", "5"},
          {"1_000", "1000"},
          {"9223372036854775807", "9223372036854775807"},
          {"9223372036854775808",
           "- | `a` is the number `9223372036854775808`, it must be a whole number of at most 64 bits"},
          {"99999999999999999999999",
           "- | `a` is the number `99999999999999999999999`, it must be a whole number of at most 64 bits"},
          {"1.5", "- | `a` is the number `1.5`, it must be a whole number"},
          {"'80'", "- | `a` is the string `80`, it must be a whole number"},
          {"true", "- | `a` is the truth value `true`, it must be a whole number"},
          {"~", "- | `a` is null, it must be a whole number"},
      },
      decode::integer, [](std::int64_t value) { return std::to_string(value); });
}

TEST_CASE("truth values") {
  check({{"true", "true"},
         {"no", "false"},
         {"'true'", "- | `a` is the string `true`, it must be true or false"},
         {"1", "- | `a` is the number `1`, it must be true or false"},
         {"[]", "- | `a` is a list, it must be true or false"}},
        decode::boolean, [](bool value) { return std::string(value ? "true" : "false"); });
}

TEST_CASE("strings or whole numbers") {
  check({{"80", "80 number"},
         {"0x50", "80 number"},
         {"'080'", "080"},
         {"http", "http"},
         {"1.5", "- | `a` is the number `1.5`, it must be a string [put it in quotes: \"1.5\"]"},
         {"99999999999999999999",
          "- | `a` is the number `99999999999999999999`, it must be a whole number of at most 64 bits"}},
        decode::text_or_number, [](const Text& text) { return text.value + (text.number ? " number" : ""); });
}

TEST_CASE("maps of strings") {
  const auto read = [](const yaml::Node& root, Diagnostics& diagnostics) {
    std::vector<std::string> parts;
    for (const auto& [key, value] : decode::string_map(root, "`matchLabels`", diagnostics))
      parts.push_back(key + "=" + value);
    return fmt::format("{}", fmt::join(parts, ","));
  };
  CHECK(with("b: c\na: 'true'\n'1': ''\n", read) == "1=,a=true,b=c");
  CHECK(with("a: 1\nb: c\n", read) ==
        "b=c | `a` in `matchLabels` is the number `1`, it must be a string [put it in quotes: \"1\"]");
  CHECK(with("a:\n", read) == " | `a` in `matchLabels` is null, it must be a string");
  CHECK(with("y: a\n", read) ==
        " | a key of `matchLabels` is the truth value `y`, it must be a string [put it in quotes: \"y\"]");
  CHECK(with("[a]", read) == " | `matchLabels` is a list, it must be a mapping");
}

TEST_CASE("mappings report what they do not know") {
  std::string seen;
  const auto read = [&](const yaml::Node& root, Diagnostics& diagnostics) {
    seen.clear();
    const auto note = [&](const yaml::Node& value) { seen += value.scalar + ";"; };
    decode::mapping(root, "`spec`", {{"ingress", note}, {"egress", note}, {"toCIDRSet", note}, {"fromEndpoints", note}},
                    diagnostics);
    return seen;
  };
  CHECK(with("ingress: a\negress: b\n", read) == "a;b;");
  CHECK(with("ingress: ~\negress:\n", read).empty());
  CHECK(with("ingres: a\negress: b\n", read) == "b; | unknown field `ingres` in `spec` [did you mean `ingress`?]");
  CHECK(with("fromEndpoint: a\n", read) == " | unknown field `fromEndpoint` in `spec` [did you mean `fromEndpoints`?]");
  CHECK(with("toCidrSet: a\n", read) == " | unknown field `toCidrSet` in `spec` [did you mean `toCIDRSet`?]");
  CHECK(with("something: a\n", read) == " | unknown field `something` in `spec`");
  CHECK(with("unknown: ~\n", read) == " | unknown field `unknown` in `spec`");
  CHECK(with("[a]", read) == " | `spec` is a list, it must be a mapping");
  CHECK(with("a", read) == " | `spec` is the string `a`, it must be a mapping");
  const std::string endless(1'000, 'x');
  CHECK(with(endless + ": a\n", read) == " | unknown field `" + endless.substr(0, 80) + "...` in `spec`");
}

TEST_CASE("open mappings pass over what they do not know") {
  const auto read = [](const yaml::Node& root, Diagnostics& diagnostics) {
    std::string seen;
    decode::open_mapping(root, "`spec`", {{"a", [&](const yaml::Node& value) { seen = value.scalar; }}}, diagnostics);
    return seen;
  };
  CHECK(with("b: c\na: d\n", read) == "d");
  CHECK(with("[a]", read) == " | `spec` is a list, it must be a mapping");
}

TEST_CASE("lists") {
  const auto read = [](const yaml::Node& root, Diagnostics& diagnostics) {
    std::string seen;
    decode::sequence(
        root, "`ports`", [&](const yaml::Node& item, std::size_t i) { seen += fmt::format("{}={};", i, item.scalar); },
        diagnostics);
    return seen;
  };
  CHECK(with("[a, b]", read) == "0=a;1=b;");
  CHECK(with("{a: b}", read) == " | `ports` is a mapping, it must be a list");
}

TEST_CASE("the nearest name, if it is a typo") {
  const std::vector<std::string_view> names = {"ingress", "ingressDeny", "egress", "egressDeny", "toPorts"};
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"ingres", "ingress"},
      {"INGRESS", "ingress"},
      {"igress", "ingress"},
      {"ingerss", "ingress"},
      {"egres", "egress"},
      {"egress_deny", "egressDeny"},
      {"toPort", "toPorts"},
      {"toprots", "toPorts"},
      {"denyIngress", ""},
      {"from", ""},
      {"", ""},
  };
  for (const auto& [seen, meant] : cases) {
    CAPTURE(seen);
    CHECK(decode::nearest(seen, names) == meant);
  }
  CHECK(decode::nearest("a", {}).empty());
}
