// A help text taken apart. Entrance: help_page(). The texts of cli/help.h have one shape, which people read well and
// programs well enough; tests/package_test.cpp proves that nothing of them is lost on the way.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace policyconv::packaging {

/// "-o, --output DIR" and what it is for.
struct Entry {
  std::string term, text;
};

/// "output:" and what stands below it: entries, or command lines where it is "examples:".
struct Section {
  std::string title, remark;  // "exit status", "the highest that applies"
  std::vector<Entry> entries;
  std::vector<std::string> lines;
};

struct HelpPage {
  std::string name, summary;  // "policyconv migrate"
  std::vector<std::string> usages, paragraphs;
  std::vector<Section> sections;
};

[[nodiscard]] HelpPage help_page(std::string_view help);

/// The pages of the program and of each command, as the program itself prints them.
[[nodiscard]] std::vector<HelpPage> all_pages();

/// `text` cut at each `separator`.
[[nodiscard]] std::vector<std::string> split(std::string_view text, std::string_view separator);

}  // namespace policyconv::packaging
