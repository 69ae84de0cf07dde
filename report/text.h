// The Report on a terminal. Entrance: print_text().
#pragma once

#include <iosfwd>

#include "report/model.h"
#include "report/terminal.h"

namespace policyconv::report {

struct TextStyle {
  bool colour = false;
  bool verbose = false;  // every rule, every repetition
  bool quiet = false;    // errors only
  bool per_file = false; // a line for each file, the worst first; policies only if verbose
  Language language = Language::English;
};

[[nodiscard]] Style style_of(Effect effect);

/// Findings with their source lines, then each policy with what became of its rules, then one line of totals.
void print_text(const Report& report, const TextStyle& style, std::ostream& out);

}  // namespace policyconv::report
