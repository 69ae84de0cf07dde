// The main job as a recipe: files, policies, program, manifest, files.
#pragma once

#include <iosfwd>

#include "cli/options.h"

namespace policyconv::cli {

/// Objects go to `out` or the directory of the options, the report to `err`. Returns the exit status.
int migrate(const MigrateOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
