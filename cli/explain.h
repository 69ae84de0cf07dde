// `policyconv explain PC0301`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace policyconv::cli {

/// Prints the long texts, or, without codes, one line for each. Returns the exit status.
int explain(const std::vector<std::string>& codes, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
