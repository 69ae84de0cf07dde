// `policyconv krm` passes items on: whatever stands in them, and however it is written, values and types stay.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/command_line.h"
#include "yaml/tree.h"

using namespace policyconv;
using testing::Result;
using testing::run;
using yaml::Node;
using yaml::Shape;

namespace {

const std::string policy =
    "- apiVersion: cilium.io/v2\n  kind: CiliumNetworkPolicy\n  metadata: {name: db, namespace: shop}\n  spec:\n"
    "    endpointSelector: {matchLabels: {app: db}}\n    ingress:\n"
    "    - fromEndpoints: [{matchLabels: {app: web}}]\n";

/// Texts that some YAML reader takes for something else, or that are hard to quote.
const std::vector<std::string> hostile = {"on",
                                          "off",
                                          "yes",
                                          "No",
                                          "y",
                                          "N",
                                          "true",
                                          "FALSE",
                                          "null",
                                          "Null",
                                          "~",
                                          "",
                                          "0x1",
                                          "0o17",
                                          "017",
                                          "1e3",
                                          "1_0",
                                          "12",
                                          "-1",
                                          "+1",
                                          "1.5",
                                          ".5",
                                          ".inf",
                                          "-.Inf",
                                          ".nan",
                                          "=",
                                          "<<",
                                          "2024-01-01",
                                          "12:30:45",
                                          "- a",
                                          "a: b",
                                          "a #b",
                                          "#a",
                                          "&a",
                                          "*a",
                                          "!a",
                                          "%a",
                                          "@a",
                                          "`a",
                                          "[a",
                                          "{a",
                                          "|",
                                          ">",
                                          "?",
                                          "'",
                                          "\"",
                                          "a'b",
                                          "a\\b",
                                          " a",
                                          "a ",
                                          "a\nb",
                                          "a\nb\n",
                                          "\n",
                                          "a\tb",
                                          "\ta",
                                          "---",
                                          "...",
                                          "0b11",
                                          "1e",
                                          "e1",
                                          "NaN",
                                          "Infinity",
                                          "caf\xC3\xA9",
                                          "\xE2\x80\x8F",
                                          "\xF0\x9F\x98\x80",
                                          "a,b",
                                          "a]",
                                          "a}",
                                          "key:",
                                          "x: |\n  y\n",
                                          "0.10",
                                          "1.0",
                                          "1e-7",
                                          "012345678901234567890",
                                          "true ",
                                          "\x7F"};
/// Written without quotes: numbers, truth values and other words whose text counts.
const std::vector<std::string> plain = {"0",          "12",       "-7",   "0x1F",      "1e3",   "1.50",  "0.10", "true",
                                        "False",      "on",       "No",   "y",         "1_000", ".inf",  "017",  "0o17",
                                        "2024-01-01", "12:30:45", "word", "two words", "a/b",   "1.25.3"};

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(engine_); }
  const std::string& of(const std::vector<std::string>& all) { return all[below(all.size())]; }

 private:
  std::mt19937 engine_;
};

Node value(Random& random, int depth) {
  Node node;
  const std::size_t what = random.below(depth > 3 ? 6 : 10);
  if (what == 0) return node;  // null
  if (what < 6) {
    node.shape = Shape::Scalar;
    node.quoted = what < 4;
    node.scalar = random.of(node.quoted ? hostile : plain);
  } else if (what < 8) {
    node.shape = Shape::Sequence;
    for (std::size_t count = random.below(4); count > 0; --count) node.items.push_back(value(random, depth + 1));
  } else {
    node.shape = Shape::Mapping;
    for (std::size_t count = random.below(4); count > 0; --count) {
      Node key;
      key.shape = Shape::Scalar;
      key.quoted = true;
      key.scalar = random.of(hostile);
      if (node.find(key.scalar) == nullptr) node.members.push_back({key, value(random, depth + 1)});
    }
  }
  return node;
}

std::string in_quotes(const std::string& text) {
  std::string quoted = nlohmann::json(text).dump();
  for (std::size_t at = quoted.find('\x7F'); at != std::string::npos; at = quoted.find('\x7F'))
    quoted.replace(at, 1, "\\u007f");
  return quoted;
}

/// As JSON or, with a margin, in lines.
std::string flow(const Node& node) {
  std::string text;
  switch (node.shape) {
    case Shape::Null:
      return "null";
    case Shape::Scalar:
      return node.quoted ? in_quotes(node.scalar) : node.scalar;
    case Shape::Sequence:
      for (const Node& item : node.items) text += (text.empty() ? "" : ", ") + flow(item);
      return "[" + text + "]";
    case Shape::Mapping:
      for (const auto& [key, member] : node.members)
        text += (text.empty() ? "" : ", ") + in_quotes(key.scalar) + ": " + flow(member);
      return "{" + text + "}";
  }
  return text;
}

std::string lines(const Node& node, const std::string& margin) {
  std::string text;
  if (node.shape == Shape::Sequence && !node.items.empty()) {
    for (const Node& item : node.items) text += "\n" + margin + "- # an item\n" + margin + "  " + flow(item);
  } else if (node.shape == Shape::Mapping && !node.members.empty()) {
    for (const auto& [key, member] : node.members)
      text += "\n" + margin + in_quotes(key.scalar) + ": " + lines(member, margin + "  ");
  } else if (node.shape == Shape::Scalar && node.quoted && node.scalar == "a\nb\n") {
    text = "|\n" + margin + "a\n" + margin + "b";
  } else {
    return flow(node);
  }
  return text;
}

/// Whether any reader of YAML 1.1 or 1.2 takes this for a string although it has no quotes.
bool surely_text(std::string text) {
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0) return false;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static const std::vector<std::string> words = {
      "y", "n", "yes", "no", "on", "off", "true", "false", "null"};  // of the others only `.inf` and `.nan`
  return std::find(words.begin(), words.end(), text) == words.end();
}

/// Empty if both are the same; otherwise where they differ.
std::string difference(const Node& wanted, const YAML::Node& found, const std::string& path) {
  switch (wanted.shape) {
    case Shape::Null:
      return found.IsNull() ? "" : path + " is not null";
    case Shape::Scalar: {
      if (!found.IsScalar()) return path + " is no scalar";
      if (found.Scalar() != wanted.scalar) return path + " is " + found.Scalar() + ", was " + wanted.scalar;
      const bool quoted = found.Tag() == "!";
      return quoted == wanted.quoted || surely_text(wanted.scalar) ? "" : path + " has another type: " + wanted.scalar;
    }
    case Shape::Sequence:
      if (!found.IsSequence() || found.size() != wanted.items.size()) return path + " is another list";
      for (std::size_t i = 0; i < wanted.items.size(); ++i)
        if (std::string inner = difference(wanted.items[i], found[i], path + "/" + std::to_string(i)); !inner.empty())
          return inner;
      return "";
    case Shape::Mapping: {
      if (!found.IsMap() || found.size() != wanted.members.size()) return path + " is another mapping";
      std::size_t at = 0;
      for (const auto& pair : found) {
        const auto& [key, member] = wanted.members[at++];
        if (pair.first.Scalar() != key.scalar) return path + " has its keys in another order";
        if (pair.first.Tag() != "!" && !surely_text(key.scalar)) return path + ": key without quotes: " + key.scalar;
        if (std::string inner = difference(member, pair.second, path + "/" + key.scalar); !inner.empty()) return inner;
      }
      return "";
    }
  }
  return path;
}

Node object(Random& random, int number) {
  Node made;
  made.shape = Shape::Mapping;
  const auto text = [](const std::string& scalar) {
    Node node;
    node.shape = Shape::Scalar;
    node.quoted = true;
    node.scalar = scalar;
    return node;
  };
  Node metadata;
  metadata.shape = Shape::Mapping;
  metadata.members.push_back({text("name"), text("n" + std::to_string(number))});
  made.members.push_back({text("apiVersion"), text("example.com/v1")});
  made.members.push_back({text("kind"), text("Thing")});
  made.members.push_back({text("metadata"), metadata});
  for (const char* key : {"spec", "data", "status"}) made.members.push_back({text(key), value(random, 0)});
  return made;
}

}  // namespace

TEST_CASE("arbitrary items keep values and types, however they are written") {
  for (unsigned seed = 0; seed < 400; ++seed) {
    Random random(seed);
    std::vector<Node> items;
    for (int i = 0; i < 3; ++i) items.push_back(object(random, i));
    std::string in_lines = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n";
    std::string in_flow = R"({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [)";
    for (const Node& item : items) {
      std::string text = lines(item, "  ").substr(1);
      text[0] = '-';
      in_lines += text + "\n";
      in_flow += flow(item) + ", ";
    }
    const std::string with_policy = policy;
    in_lines += with_policy;
    in_flow += flow([&] {
                 Sources sources;
                 Diagnostics none;
                 return yaml::read_documents(sources, sources.add("", with_policy), none).front().items.front();
               }()) +
               "]}";
    for (const std::string& input : {in_lines, in_flow}) {
      const Result result = run({"krm"}, input);
      INFO("seed " << seed << '\n' << input << '\n' << result.out << result.err);
      REQUIRE(result.status == 0);
      const YAML::Node found = YAML::Load(result.out)["items"];
      REQUIRE(found.size() > items.size() + 1);
      for (std::size_t i = 0; i < items.size(); ++i)
        REQUIRE(difference(items[i], found[i], "item " + std::to_string(i)).empty());
    }
  }
}
