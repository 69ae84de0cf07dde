// What is fuzzed: each target takes any bytes, and must neither crash, hang nor leak. Where more than that can be said of the
// result, it is checked, and abort() tells the fuzzer.
#pragma once

#include <span>
#include <string_view>

namespace policyconv::fuzz {

struct Target {
  std::string_view name;
  void (*run)(std::string_view input);
};

/// All of them; docs/testing.md says what each is about.
[[nodiscard]] std::span<const Target> targets();
/// nullptr if there is none of that name.
[[nodiscard]] const Target* find_target(std::string_view name);

/// Inputs that are longer than this say no more than shorter ones and cost time; targets ignore them.
inline constexpr std::size_t longest_input = 1 << 16;

/// Separates the policies of a `migrate` input from its cluster.
inline constexpr std::string_view separator = "\n=== cluster\n";
/// Separates the tables of a `northbound` input.
inline constexpr std::string_view table_separator = "\n=== table\n";

}  // namespace policyconv::fuzz
