// Text of users as literals of the languages that admission policies are written in: nothing but plain ASCII, whatever
// it holds.
#pragma once

#include <string>
#include <string_view>

namespace policyconv::kubeovn {

/// "..." with \uXXXX and \UXXXXXXXX.
[[nodiscard]] std::string cel_string(std::string_view text);

/// '...' where that is safe, else a JSON literal between backticks. It holds none of the characters that Kyverno takes
/// for a variable or a reference.
[[nodiscard]] std::string jmespath_string(std::string_view text);
/// "..." as the name of a field.
[[nodiscard]] std::string jmespath_field(std::string_view name);

}  // namespace policyconv::kubeovn
