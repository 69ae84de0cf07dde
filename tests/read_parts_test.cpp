// One file read by several threads: whatever stands at the cuts, what is read and said is what one thread reads and says.
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/tree.h"

using namespace policyconv;
using yaml::Node;

namespace {

/// Documents as people and tools write them, or should not have.
constexpr std::string_view texts[] = {
    "a: 1\nb: [x, y]\n",
    "block: |\n  ---\n  text\n",
    "keep: |+\n  text\n\n\n",
    "folded: >-\n  one\n  ---\n\n  two\n",
    "quoted: \"one\n  --- two\"\n",
    "quoted: 'one\n---\ntwo'\n",
    "[1,\n---\n2]\n",
    "{a: 1,\n b: 2}\n",
    "# ---\n# only remarks\n",
    "",
    "--- text\n",
    "---text: 1\n",
    "-- -\n",
    "- ---\n- \"---\"\n",
    "plain\n---\nplain\n",
    "|\n text\n---\n|\n more\n",
    "a: &x {k: v}\nb: *x\nc: *x\n",
    "b: *x\n",
    "caf\xC3\xA9: \xE6\x97\xA5\xE6\x9C\xAC\n",
    "a: 1\r\nb: 2\r\n",
    "a: 1\n...\n",
    "a: 1\n...\n%YAML 1.2\n",
    "%YAML 1.1\n",
    "a: 1\na: 2\n",
    "{\"json\": [1, 2, {\"x\": null}]}\n",
    "a:\n\t- tab\n",
    "a: {{ template }}\n",
    "bad: \xFF\n",
};
/// Which of these are fine wherever they stand, so that a run of many is, too.
constexpr std::size_t fine[] = {0, 1, 2, 3, 4, 7, 8, 9, 11, 13, 14, 15, 16, 18, 19, 20, 24};
constexpr std::string_view separators[] = {"---\n", "--- # next\n", "---\r\n", "---\t\n", "--- \n", "---\n---\n"};

void show(const Node& node, std::string& text) {
  text += fmt::format("{}:{}:{}{}{}", static_cast<int>(node.shape), node.loc.line, node.loc.column, node.quoted ? "q" : " ", node.scalar);
  for (const Node& item : node.items) show(item, text);
  for (const auto& [key, value] : node.members) {
    show(key, text);
    show(value, text);
  }
  text += '\n';
}

struct Seen {
  std::string documents;
  std::vector<Diagnostic> diagnostics;
  bool operator==(const Seen&) const = default;
};

Seen read(const Sources& sources, std::uint32_t file, unsigned jobs) {
  const yaml::Trees trees = yaml::read_trees(sources, {&file, 1}, jobs);
  Seen seen;
  for (const Node& document : trees.at(file).documents) show(document, seen.documents);
  seen.diagnostics = trees.at(file).diagnostics.all();
  return seen;
}

class Random {
 public:
  explicit Random(std::uint32_t seed) : numbers_(seed) {}
  std::size_t below(std::size_t most) { return numbers_() % most; }

  std::string text(bool is_fine) {
    std::string text = below(2) == 0 ? "" : "\xEF\xBB\xBF";
    const std::size_t bytes = (std::size_t(600) << 10U) + below(std::size_t(600) << 10U);
    std::string filler = "filler:\n";
    for (std::size_t lines = below(200); lines > 0; --lines) filler += fmt::format("- line {}\n", lines);
    while (text.size() < bytes) {
      text += below(3) == 0 ? filler : is_fine ? texts[fine[below(std::size(fine))]] : texts[0];
      text += separators[below(std::size(separators))];
    }
    return text;
  }

 private:
  std::mt19937 numbers_;
};

}  // namespace

TEST_CASE("a file is read in parts as it is read in one go") {
  std::size_t in_parts = 0;
  for (std::uint32_t seed = 1; seed <= 16; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Sources sources;
    const std::uint32_t file = sources.add("a.yaml", random.text(true));
    const Seen whole = read(sources, file, 1);
    CHECK(whole.diagnostics.empty());
    const unsigned jobs = 2 + static_cast<unsigned>(random.below(6));
    in_parts += yaml::parts_of(sources, file, jobs).size() > 1 ? 1 : 0;
    CHECK(read(sources, file, jobs) == whole);
  }
  CHECK(in_parts == 16);
}

TEST_CASE("what is wrong with a file is said in the same words, with the same places, when it is read in parts") {
  std::size_t refused = 0;
  for (std::uint32_t seed = 1; seed <= 56; ++seed) {
    Random random(seed);
    std::string text = random.text(seed % 2 == 0);
    const std::string_view wrong = texts[seed % std::size(texts)];
    text.insert(random.below(text.size()), seed % 3 == 0 ? std::string(wrong) : "\n---\n" + std::string(wrong));
    CAPTURE(seed, wrong);
    Sources sources;
    const std::uint32_t file = sources.add("a.yaml", std::move(text));
    const Seen whole = read(sources, file, 1);
    refused += whole.diagnostics.empty() ? 0 : 1;
    CHECK(read(sources, file, 2 + static_cast<unsigned>(random.below(6))) == whole);
  }
  CHECK(refused > 20);
  CHECK(refused < 56);
}

TEST_CASE("the limits of a file hold for all of its parts together") {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "---\na: &x {some: values, that: are, copied: twice}\nb: [*x, *x]\n";
  Sources sources;
  const std::uint32_t file = sources.add("a.yaml", text);
  for (const std::size_t documents : {19'999U, 20'000U, 20'001U})
    for (const std::size_t megabytes : {1U, 10U, 50U}) {
      CAPTURE(documents, megabytes);
      Limits limits;
      limits.documents = documents;
      limits.alias_megabytes = megabytes;
      sources.set_limits(limits);
      const Seen whole = read(sources, file, 1);
      CHECK(whole.diagnostics.empty() == (documents >= 20'000 && megabytes == 50));
      CHECK(read(sources, file, 3) == whole);
    }
}

TEST_CASE("only what ends the reading of a part has the file read again") {
  struct Result {
    yaml::Progress progress;
    Diagnostics diagnostics;
  };
  std::string documents;
  while (documents.size() < (std::size_t(1) << 20U)) documents += "---\na: [some, values]\n";
  const auto reads_of = [&](const std::string& text, std::size_t most_documents) {
    Sources sources;
    Limits limits;
    limits.documents = most_documents;
    sources.set_limits(limits);
    const std::uint32_t file = sources.add("a.yaml", text);
    std::atomic<std::size_t> whole = 0;
    const auto read = [&](const yaml::Part& part) {
      whole += part.of == 1 ? 1 : 0;
      Result result;
      result.progress = yaml::each_document(sources, part, [](Node&&) {}, result.diagnostics);
      return result;
    };
    CHECK(yaml::parts_of(sources, file, 2).size() > 1);
    static_cast<void>(yaml::read_in_parts(nullptr, sources, {&file, 1}, 2, read));
    return whole.load();
  };
  const std::size_t count = Limits().documents;
  CHECK(reads_of(documents, count) == 0);
  CHECK(reads_of(documents + "---\na: 1\na: 2\n", count) == 0);  // an error after which reading goes on
  CHECK(reads_of(documents + "---\na: [1\n", count) == 1);
  CHECK(reads_of("%YAML 1.1\n" + documents, count) == 0);
  // Unevenly long documents have no share of the number of documents.
  CHECK(reads_of(documents, documents.size() / 22 + 1) == 0);
  CHECK(reads_of(documents + "---\n" + std::string(documents.size(), '#') + "\n", documents.size() / 22 + 2) == 0);
  CHECK(reads_of(documents, documents.size() / 22 - 1) == 1);
}

TEST_CASE("a long document does not leave many short parts behind it") {
  Sources sources;
  std::string text = "---\na:\n";
  while (text.size() < (std::size_t(6) << 20U)) text += "- some value of a long list\n";
  while (text.size() < (std::size_t(12) << 20U)) text += "---\na: short\n";
  const std::uint32_t file = sources.add("a.yaml", text);
  const std::vector<yaml::Part> parts = yaml::parts_of(sources, file, 2);
  CHECK(parts.size() > 4);
  for (const yaml::Part& part : parts) {
    CHECK(std::min(part.last, text.size()) - part.first > (std::size_t(256) << 10U));
    CHECK(part.of == parts.size());
  }
}
