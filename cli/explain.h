// `policyconv explain PC0301`.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "cli/options.h"

namespace policyconv::cli {

/// Prints the long texts, or, without codes, one line for each. Returns the exit status.
int explain(const ExplainOptions& options, std::ostream& out, std::ostream& err);

/// Breaks `text` into lines of at most `width` columns, and ends the last; line breaks in it count as spaces. Between
/// ideographs a line may break without a space, but not before a closing mark such as `。` or after an opening one.
/// What cannot be broken may be longer. For tests.
[[nodiscard]] std::string filled(std::string_view text, std::size_t width);

}  // namespace policyconv::cli
