// Can and should this cluster leave Cilium chaining? Reads a dump, decides nothing itself: assess/ does.
#pragma once

#include <iosfwd>

#include "cli/options.h"

namespace policyconv::cli {

/// The report, or the collect script, goes to `out`, errors to `err`. Returns the exit status.
int assess(const AssessOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
