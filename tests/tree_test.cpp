// YAML and JSON texts to trees: what is read, and the exact words about what is not.
#include "yaml/tree.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace policyconv;
using yaml::Node;
using yaml::Shape;

namespace {

/// ~ for null, 'text' for strings in quotes, [a, b], {k: v}
std::string show(const Node& node) {
  std::vector<std::string> parts;
  switch (node.shape) {
    case Shape::Null:
      return "~";
    case Shape::Scalar:
      return node.quoted ? "'" + node.scalar + "'" : node.scalar;
    case Shape::Sequence:
      for (const Node& item : node.items) parts.push_back(show(item));
      return fmt::format("[{}]", fmt::join(parts, ", "));
    case Shape::Mapping:
      for (const auto& [key, value] : node.members) parts.push_back(show(key) + ": " + show(value));
      return fmt::format("{{{}}}", fmt::join(parts, ", "));
  }
  return {};
}

/// The documents, then the messages, one a line: "line:column code message"
std::string read(std::string text) {
  Sources sources;
  const std::uint32_t file = sources.add("a.yaml", std::move(text));
  Diagnostics diagnostics;
  std::vector<std::string> lines;
  for (const Node& document : yaml::read_documents(sources, file, diagnostics)) lines.push_back(show(document));
  for (const Diagnostic& one : diagnostics.all()) {
    CHECK(one.where.file == file);
    lines.push_back(
        fmt::format("{}:{} {} {}", one.where.line, one.where.column, definition(one.kind).code, one.message));
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

struct Case {
  std::string in, out;
};

void check(const std::vector<Case>& cases) {
  for (const auto& [in, out] : cases) {
    CAPTURE(in.substr(0, 200));
    CHECK(read(in) == out);
  }
}

std::string repeat(std::string_view text, std::size_t count) {
  std::string result;
  result.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("what YAML says") {
  check({
      {"a: b\nc:\n- d\n- {e: f}\n", "{a: b, c: [d, {e: f}]}"},
      {R"({"a": 1, "b": [true, null, "c\/d\u0041"]})", "{'a': 1, 'b': [true, ~, 'c/dA']}"},
      {"a: 1\nb: '1'\nc: \"1\"\nd: |\n  1\ne: >-\n  x\n  y\n", "{a: 1, b: '1', c: '1', d: '1\n', e: 'x y'}"},
      {"a:\nb: ~\nc: null\nd: Null\ne: NULL\nf: nil\ng: 'null'\n", "{a: ~, b: ~, c: ~, d: ~, e: ~, f: nil, g: 'null'}"},
      {"a: []\nb: {}\nc: ''\n", "{a: [], b: {}, c: ''}"},
      {"a: b\n---\nc: d\n---\n---\n# nothing\n---\ne: f\n...\n", "{a: b}\n{c: d}\n{e: f}"},
      {"%YAML 1.1\n---\na: b\n", "{a: b}"},
      {"a: b # c\nd: e#f\n", "{a: b, d: e#f}"},
      {"a: !!str 1\nb: ! 2\nc: !!map {}\nd: !!seq []\n", "{a: '1', b: '2', c: {}, d: []}"},
      {"\xEF\xBB\xBF"
       "a: b\r\nc:\r\n  - d\r\n",
       "{a: b, c: [d]}"},
      {"a: caf\xC3\xA9 \xF0\x9F\x98\x80\n", "{a: caf\xC3\xA9 \xF0\x9F\x98\x80}"},
      {"", ""},
      {"# only a comment\n", ""},
      {"\xEF\xBB\xBF", ""},
      {"---\n", ""},
  });
}

TEST_CASE("places count from 1") {
  Sources sources;
  const std::uint32_t file = sources.add("a.yaml", "a: b\nc:\n  - d: &x\n      e\n  - *x\n");
  Diagnostics diagnostics;
  const std::vector<Node> documents = yaml::read_documents(sources, file, diagnostics);
  REQUIRE(documents.size() == 1);
  const Node& root = documents.front();
  const auto place = [](const Node& node) { return fmt::format("{}:{}", node.loc.line, node.loc.column); };
  CHECK(place(root) == "1:1");
  CHECK(place(root.members[0].value) == "1:4");
  REQUIRE(root.find("c"));
  CHECK(place(*root.find("c")) == "3:3");
  CHECK(place(root.find("c")->items[0]) == "3:5");
  CHECK(place(root.find("c")->items[1]) == "5:5");
  CHECK(root.find("x") == nullptr);
  CHECK(root.find("c")->find("d") == nullptr);
}

TEST_CASE("keys") {
  check({
      {"a: 1\nb: 2\na: 3\na: 4\n",
       "{a: 1, b: 2}\n3:1 PC0108 key `a` is already set in line 1\n4:1 PC0108 key `a` is already set in line 3"},
      {"{a: 1, 'a': 2}", "{a: 1}\n1:8 PC0108 key `a` is already set in line 1"},
      {"x:\n- {a: 1, a: 2}\n", "{x: [{a: 1}]}\n2:10 PC0108 key `a` is already set in line 2"},
      {"? [a]\n: b\nc: d\n", "{c: d}\n1:3 PC0109 a key is a list, it must be text"},
      {"? {a: b}\n: b\n", "{}\n1:3 PC0109 a key is a mapping, it must be text"},
      {"~: b\n", "{}\n1:1 PC0109 a key is null, it must be text"},
      {"a: &x {b: c}\nd:\n  <<: *x\n  e: f\n", "{a: {b: c}, d: {e: f}}\n3:3 PC0110 merge keys `<<` are not supported"},
      {"'<<': a\n", "{'<<': a}"},
      {"a: b\nspec", "2:1 PC0106 a `:` is missing after key `spec`"},
  });
}

TEST_CASE("one long line with characters of several bytes is read in one go") {
  std::string text = "{\"caf\xC3\xA9\": [";
  for (int i = 0; i < 100'000; ++i) text += "{\"k\": 1}, ";
  text += "{\"k\": 1, \"k\": 2}]}";
  const std::string found = read(text);  // minutes, if each place is counted from the line's beginning
  CHECK(found.substr(found.rfind('\n') + 1) == fmt::format("1:{} PC0108 key `k` is already set in line 1", text.size() - 8));
}

TEST_CASE("syntax errors say what to look for") {
  check({
      {"a:\n  b: c\n d: e\n",
       "3:2 PC0106 this is not a `key: value` line of the mapping it stands in; check its indentation"},
      {"a:\n  b: c\n   d: e\n",
       "3:5 PC0106 a `: ` cannot stand here; check the indentation, or put the text in quotes"},
      {"a: b: c\n", "1:5 PC0106 a `: ` cannot stand here; check the indentation, or put the text in quotes"},
      {"caf\xC3\xA9: b: c\n", "1:9 PC0106 a `: ` cannot stand here; check the indentation, or put the text in quotes"},
      {"\xE5\x80\xBC: \"\xE5\x80\xBC\"\n\xE5\x80\xBC: 1\n",
       "{\xE5\x80\xBC: '\xE5\x80\xBC'}\n2:1 PC0108 key `\xE5\x80\xBC` is already set in line 1"},
      {"[\xE5\x80\xBC, {a: 1, \xE5\x80\xBC: 2, a: 3}]\n",
       "[\xE5\x80\xBC, {a: 1, \xE5\x80\xBC: 2}]\n1:22 PC0108 key `a` is already set in line 1"},
      {"a: - b\n", "1:4 PC0106 a `- ` item cannot begin here; check its indentation"},
      {"a: [b, c\nd: e\n", "2:2 PC0106 a `,` or `]` is missing before this"},
      {"a: {b: c\nd: e\n", "2:2 PC0106 a `,` or `}` is missing before this"},
      {"a: ]\n", "1:4 PC0106 this bracket closes nothing"},
      {"a: @b\n", "1:4 PC0106 this character cannot begin a value; put the text in quotes"},
      {"a: b\nc: \"d\ne: f\n", "2:4 PC0106 this quoted text is never closed"},
      {"a: 'b", "1:4 PC0106 this quoted text is never closed"},
      {"a: *b\n", "1:4 PC0106 this alias names no anchor"},
      {"a: &x b\n---\nc: *x\n", "{a: b}\n3:4 PC0106 this alias names no anchor"},
      {"a: &x [&x b, *x]\nc: *x\n", "{a: [b, b], c: b}"},
      {"a: &x b\nc: &x d\ne: *x\n", "{a: b, c: d, e: d}"},
      {"a: \"\\d\"\n", "1:5 PC0106 this is no escape of double-quoted text; write a backslash as `\\\\`"},
      {"a:\n\tb: c\n", "2:1 PC0106 a tab in the indentation; YAML is indented with spaces only"},
      {"a:\n  b: c\n  \td: e\n", "3:3 PC0106 a tab in the indentation; YAML is indented with spaces only"},
      {"%FOO\n---\na: b\n", "1:1 PC0106 a line must not begin with `%`"},
      {"[a]\nb: c\n", "[a]\n2:1 PC0115 this belongs to no document: the one before has ended"},
      {"- a\n-b\n", "2:1 PC0106 a `:` is missing after key `-b`"},
      {"a: b\n---\nc: [\n", "{a: b}\n4:1 PC0106 the text ends before a bracket is closed"},
      {"a: !foo b\nc: !!binary aGk=\n",
       "{a: b, c: aGk=}\n1:4 PC0111 tag `!foo` is not supported\n2:4 PC0111 tag `!!binary` is not supported"},
  });
}

TEST_CASE("unrendered templates") {
  check({
      {"name: {{ .Values.name }}\n", "1:7 PC0107 `{{` is template syntax: the file must be rendered first"},
      {"{{- if .Values.x }}\na: b\n{{- end }}\n",
       "1:1 PC0107 `{{` is template syntax: the file must be rendered first"},
      {"a: b\n{{- end }}c: d\n", "2:1 PC0107 `{{` is template syntax: the file must be rendered first"},
      {"a: '{{ .Values.x }}'\n", "{a: '{{ .Values.x }}'}"},
  });
}

TEST_CASE("bytes that are no text, or not the same text to every reader") {
  using namespace std::string_literals;
  check({
      {"a: b\nc: \xFF\n", "2:4 PC0103 byte 0xFF is not UTF-8 text"},
      {"a: \xC3(", "1:4 PC0103 byte 0xC3 is not UTF-8 text"},
      {"a: \xC0\x80", "1:4 PC0103 byte 0xC0 is not UTF-8 text"},
      {"a: \xE0\x80\x80", "1:4 PC0103 byte 0xE0 is not UTF-8 text"},
      {"a: \xED\xA0\x80", "1:4 PC0103 byte 0xED is not UTF-8 text"},
      {"a: \xF4\x90\x80\x80", "1:4 PC0103 byte 0xF4 is not UTF-8 text"},
      {"a: \xE2\x82", "1:4 PC0103 byte 0xE2 is not UTF-8 text"},
      {"a: b\0c\n"s, "1:5 PC0104 character U+0000 may not stand in YAML"},
      {"a: b\x04\nc: d\n", "1:5 PC0104 character U+0004 may not stand in YAML"},
      {"a: \x7F\n", "1:4 PC0104 character U+007F may not stand in YAML"},
      {"a: \xC2\x9B\n", "1:4 PC0104 character U+009B may not stand in YAML"},
      {"a: b\xEF\xBB\xBF\n", "1:5 PC0104 character U+FEFF may not stand in YAML"},
      {"# a\rb: c\n", "1:4 PC0105 character U+000D ends a line for some YAML readers only"},
      {"# a\xC2\x85"
       "b: c\n",
       "1:4 PC0105 character U+0085 ends a line for some YAML readers only"},
      {"# a\xE2\x80\xA8"
       "b: c\n",
       "1:4 PC0105 character U+2028 ends a line for some YAML readers only"},
      {"\xFF\xFE"
       "a\0:\0 \0"s,
       "0:0 PC0102 the file is UTF-16 text, it must be UTF-8"},
      {"\xFE\xFF\0a\0:"s, "0:0 PC0102 the file is UTF-16 text, it must be UTF-8"},
      {"a\0:\0 \0b\0"s, "0:0 PC0102 the file is UTF-16 text, it must be UTF-8"},
      {"\0a\0:\0 \0b"s, "0:0 PC0102 the file is UTF-16 text, it must be UTF-8"},
      {"\xFF\xFE\0\0a\0\0\0"s, "0:0 PC0102 the file is UTF-32 text, it must be UTF-8"},
  });
}

TEST_CASE("anchors and aliases, within a budget") {
  check({
      {"a: &x {b: [1]}\nc: *x\nd: *x\n", "{a: {b: [1]}, c: {b: [1]}, d: {b: [1]}}"},
      {"a: &x 1\nb: &x 2\nc: *x\n", "{a: 1, b: 2, c: 2}"},
      {"&k a: b\nc: *k\n", "{a: b, c: a}"},
      {"a: &x [*x]\n", "1:8 PC0114 this alias stands inside the value it names"},
  });
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) bomb += fmt::format("a{}: &a{} [{}]\n", i, i, repeat(fmt::format("*a{}, ", i - 1), 10));
  CHECK(read(bomb) == "5:45 PC0113 anchors and aliases repeat more than 10 MB of values");
  const std::string large = "a: &x " + std::string(1'000'000, 'x') + "\nb: [" + repeat("*x, ", 100'000) + "]\n";
  CHECK(read(large) == "2:41 PC0113 anchors and aliases repeat more than 10 MB of values");
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 200; ++i) chain += fmt::format("a{}: &a{} [*a{}]\n", i, i, i - 1);
  CHECK(read(chain) == "100:12 PC0112 nesting is deeper than 100 levels");
}

TEST_CASE("nesting") {
  CHECK(read(repeat("[", 100) + repeat("]", 100)) == repeat("[", 100) + repeat("]", 100));
  for (const std::string_view opening : {"[", "{\"a\":", "- ", "? "}) {
    CAPTURE(opening);
    CHECK_THAT(read(repeat(opening, 101)), Catch::EndsWith("PC0112 nesting is deeper than 100 levels"));
    CHECK_THAT(read(repeat(opening, 100'000)), Catch::EndsWith("PC0112 nesting is deeper than 100 levels"));
  }
  CHECK(read(repeat("[", 101) + repeat("]", 101)) == "1:101 PC0112 nesting is deeper than 100 levels");
}

TEST_CASE("large inputs are read in linear time") {
  // A quadratic reader would take minutes for any of these; a linear one takes less than a second or two.
  const auto items_of = [](const std::string& text) {
    Sources sources;
    const std::uint32_t file = sources.add("a.yaml", text);
    Diagnostics diagnostics;
    const std::vector<Node> documents = yaml::read_documents(sources, file, diagnostics);
    CHECK(diagnostics.all().empty());
    return documents.size() == 1 ? documents[0].items.size() + documents[0].members.size() : 0;
  };
  std::string keys;
  for (int i = 0; i < 100'000; ++i) keys += fmt::format("key{}: value\n", i);
  CHECK(items_of(keys) == 100'000);
  CHECK(items_of(repeat("- item\n", 100'000)) == 100'000);
  CHECK(items_of("[" + repeat("item, ", 100'000) + "]") == 100'000);
  CHECK(items_of("a: \"" + std::string(10'000'000, 'x') + "\"\n") == 1);
  CHECK(items_of("a: |\n" + repeat("  x\n", 2'500'000)) == 1);
  CHECK(items_of("a: b\n" + repeat("# comment\n", 1'000'000)) == 1);
}

TEST_CASE("text of the user in messages") {
  check({{"'\\e[31m': 1\n\"\\e[31m\": 1\n\"\\e[31m\": 2\n",
          "{'\\e[31m': 1, '\x1B[31m': 1}\n3:1 PC0108 key `\\x1b[31m` is already set in line 2"}});
  CHECK(yaml::excerpt("caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(yaml::excerpt("a\nb\x9B") == "a\\x0ab\\x9b");
  CHECK(yaml::excerpt(std::string(100, 'x')) == std::string(80, 'x') + "...");
}
