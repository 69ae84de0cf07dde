// From a line on which the evaluators disagree to the smallest one on which they still do.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/long/judge.h"

namespace policyconv::long_tests {

struct Shrunk {
  nlohmann::json line;   // with verdicts, ready for a file of cases
  std::string words;     // what disagrees on it
  std::size_t tried = 0;
};

/// Takes objects, policies and every part of them away, and makes ports, ranges and prefixes simpler, as long as `symptom`
/// of failure stays. Deterministic; nothing that is left can be taken away alone. `line` must fail so.
[[nodiscard]] Shrunk shrink(const nlohmann::json& line, Symptom symptom, const Damage& damage = {});

/// What is left, in words and as a line to keep.
[[nodiscard]] std::string report(const Shrunk& shrunk);

}  // namespace policyconv::long_tests
