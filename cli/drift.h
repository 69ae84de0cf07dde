// What in a live cluster differs from what was emitted? Reads objects and a dump; plan/drift.h decides.
#pragma once

#include <iosfwd>

#include "cli/options.h"

namespace policyconv::cli {

/// The report goes to `out`, errors to `err`. Returns the exit status.
int drift(const DriftOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
