// The long text of every code (report/explain_texts/*.def), for `policyconv explain` and for faces that carry it along.
#pragma once

#include <string>
#include <string_view>

#include "ir/diagnostics.h"

namespace policyconv::report {

/// The four parts of an entry of report/explain_texts/*.def. `example` is shown as it is, the others are filled to the
/// line.
struct Explanation {
  Kind kind{};
  std::string_view happened, why, remedy, example;
};

/// nullptr if there is none (tests/diagnostics_test.cpp proves that it has).
[[nodiscard]] const Explanation* explanation(Kind kind);

/// A code as people type it (`pc301`, ` PC0301`) in the form of the table.
[[nodiscard]] std::string canonical_code(std::string_view typed);

}  // namespace policyconv::report
