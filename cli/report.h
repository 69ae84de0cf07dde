// What a run tells the user on the terminal. Entrance: report().
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::cli {

/// What came out of a run. `diagnostics` are sorted; `manifest` is null if none was made.
struct Outcome {
  const Sources& sources;
  const Catalog& catalog;
  const Diagnostics& diagnostics;
  const kubeovn::Manifest* manifest = nullptr;
  bool list_groups = false;  // name each SecurityGroup and its selector, because no cluster tells which pods to bind
};

/// What the user accepts.
struct Tolerance {
  std::vector<std::string> allow_looser;  // codes whose findings are looser by choice instead of refused
  Effect fail_on = Effect::Stricter;      // findings below this level leave the exit status at 0
};

struct ReportStyle {
  bool colour = false;
  bool verbose = false;  // every rule, every repetition
  bool quiet = false;    // errors only
};

/// "file:line:column", or the file alone; empty for no file at all.
[[nodiscard]] std::string place(const Sources& sources, Loc where);

/// Errors: 1. Otherwise the worst finding's status, or 0 if that finding is below `fail_on` (design.md section 2).
[[nodiscard]] int exit_status(const Diagnostics& diagnostics, const Tolerance& tolerance);

/// Diagnostics with their source lines, then each policy with what became of its rules, then one line of totals.
void report(const Outcome& outcome, const Tolerance& tolerance, const ReportStyle& style, std::ostream& out);

}  // namespace policyconv::cli
