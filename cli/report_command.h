// policyconv report merge: JSON reports of other runs, as one.
#pragma once

#include <iosfwd>

#include "cli/options.h"

namespace policyconv::cli {

/// The report goes to `err`, and where the options say. Returns the exit status.
int merge_reports(const MergeOptions& options, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
