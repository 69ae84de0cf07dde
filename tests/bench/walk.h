// What is left of reading YAML if nothing is done with it: the measure of everything else.
#pragma once

#include <cstddef>
#include <string>

namespace policyconv::bench {

/// Lets the library make all events of `text` and drops them. How many there were; both give the same number. Throws
/// std::runtime_error if `text` is no YAML.
[[nodiscard]] std::size_t walk_yaml_cpp(const std::string& text);
[[nodiscard]] std::size_t walk_libyaml(const std::string& text);

}  // namespace policyconv::bench
