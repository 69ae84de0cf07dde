// How much input one run takes, so that hostile or mistaken input ends in an error and not in a machine without memory.
#pragma once

#include <cstddef>
#include <string_view>

namespace policyconv {

/// The defaults are beyond anything that a real cluster has; each has a flag that raises or lowers it (docs/security.md).
struct Limits {
  std::size_t file_megabytes = 1024;  // of one file, of standard input, of one answer of kubectl
  std::size_t depth = 100;            // of nesting, at most most_depth
  std::size_t documents = 1'000'000;  // of one file
  std::size_t alias_megabytes = 10;   // what anchors and aliases of one file may copy
  std::size_t rules = 1'000'000;      // of all policies: elements of their lists of rules
  std::size_t expansion = 1'000'000;  // what one rule of a policy may become: ports x peers and CIDRs

  /// What recurses over what users wrote recurses no deeper, with less than a KiB of stack for each level: 1 MiB of the 8
  /// that a thread has. Texts that no option is about (JSON of reports, plans, flows and OVN) have this limit, too.
  static constexpr std::size_t most_depth = 1000;
};

inline constexpr std::size_t megabyte = std::size_t(1) << 20U;

/// Whether brackets of a JSON text are nested deeper than `most`, whatever else may be wrong with it.
[[nodiscard]] bool is_deeper(std::string_view json, std::size_t most);

/// `a` times `b`, or the largest number there is.
[[nodiscard]] constexpr std::size_t saturating_product(std::size_t a, std::size_t b) {
  const std::size_t most = static_cast<std::size_t>(-1);
  return a != 0 && b > most / a ? most : a * b;
}
/// The same for the sum.
[[nodiscard]] constexpr std::size_t saturating_sum(std::size_t a, std::size_t b) {
  const std::size_t most = static_cast<std::size_t>(-1);
  return b > most - a ? most : a + b;
}

}  // namespace policyconv
