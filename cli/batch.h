// migrate --tree: each file by itself, into a folder of its own.
#pragma once

#include <iosfwd>

#include "cli/options.h"

namespace policyconv::cli {

/// Converts the files of one part, several at the same time; nothing of a file but its report stays in memory, so that
/// reports have neither sources nor objects. The report of all goes to `err`. Nothing in the output directory changes if a file has errors, unless --keep-going, or if
/// a signal comes. Returns the exit status.
int migrate_tree(const MigrateOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
