// Many random cases, judged on all cores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/long/judge.h"

namespace policyconv::long_tests {

struct Plan {
  std::uint64_t seed = 1;
  std::size_t flows = 0;
  unsigned jobs = 1;
};

/// From POLICYCONV_SEED and POLICYCONV_FLOWS, which stand above what is given here.
[[nodiscard]] Plan plan_of(std::uint64_t seed, std::size_t flows);

struct Tally {
  std::size_t cases = 0, unusable = 0;
  std::size_t flows = 0, verdicts = 0, denied = 0, equal = 0, explained = 0;
  std::size_t same = 0, results = 0;  // programs and manifests, and those of them for which nothing was reported lost
  std::map<int, std::size_t> flows_by_minor;
  std::size_t failures = 0;
  std::map<Symptom, std::size_t> first;  // the number of the first case that fails so
};

/// The same plan gives the same result, whatever the number of jobs. Shows how far it is on a terminal.
[[nodiscard]] Tally run(const Plan& plan);
[[nodiscard]] std::string to_string(const Tally& tally, const Plan& plan, double seconds);

/// Flows of one case; some of them are no packets of its cluster.
inline constexpr std::size_t flows_of_case = 64;

}  // namespace policyconv::long_tests
