// The long text of a diagnostic: `policyconv explain PC0301`.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "ir/diagnostics.h"

namespace policyconv::cli {

/// The four parts of an entry of cli/explain_texts/*.def. `example` is shown as it is, the others are filled to the
/// line.
struct Explanation {
  Kind kind{};
  std::string_view happened, why, remedy, example;
};

/// nullptr if there is none (tests/diagnostics_test.cpp proves that it has).
[[nodiscard]] const Explanation* explanation(Kind kind);

/// A code as people type it (`pc301`, ` PC0301`) in the form of the table.
[[nodiscard]] std::string canonical_code(std::string_view typed);

/// Prints the long texts, or, without codes, one line for each. Returns the exit status.
int explain(const std::vector<std::string>& codes, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
