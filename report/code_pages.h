// The pages of docs/codes/: every code at length, a page for each family of codes and language.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/diagnostics.h"
#include "report/model.h"

namespace policyconv::report {

struct CodePage {
  std::string name;  // "PC11xx.md", "PC11xx.zh.md", "README.md"
  std::string text;
};

/// All pages and their indexes, sorted by name.
[[nodiscard]] std::vector<CodePage> code_pages();

/// A text of ours, in which backticks stand around code.
[[nodiscard]] std::string prose_markdown(std::string_view text);

/// One code as Markdown; its heading is the code, so that links can end in `#pc1101`.
[[nodiscard]] std::string code_markdown(Kind kind, Language language);

}  // namespace policyconv::report
