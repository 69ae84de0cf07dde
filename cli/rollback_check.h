// Is the cluster what it was before the first step of a plan? Reads the plan and a dump; plan/rollback_check.h decides.
#pragma once

#include <iosfwd>

#include "cli/options.h"

namespace policyconv::cli {

/// The report goes to `out`, errors to `err`. Returns the exit status.
int rollback_check(const RollbackCheckOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
