// The public conformance cases in an order that a seed decides, so that any first part of it is a sample.
#pragma once

#include <random>
#include <utility>
#include <vector>

#include "tests/conformance.h"

namespace policyconv::real_ovn {

inline std::vector<conformance::Case> shuffled_public_cases(unsigned seed) {
  std::vector<conformance::Case> cases;
  conformance::for_each_case("public.jsonl.gz", 1,
                             [&](conformance::Case source) { cases.push_back(std::move(source)); });
  std::mt19937 random(seed);  // std::shuffle differs between libraries
  for (std::size_t i = cases.size(); i > 1; --i) std::swap(cases[i - 1], cases[random() % i]);
  return cases;
}

}  // namespace policyconv::real_ovn
