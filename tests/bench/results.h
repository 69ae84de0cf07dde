// Measurements as a Markdown page and as JSON. Entrances: print_table(), to_json().
#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/measure.h"

namespace policyconv::bench {

struct Results {
  std::string machine, compiler, commit, date;
  unsigned seed = 1;
  std::vector<Measurement> measurements;
  std::optional<Start> start;
};

/// How a number grows with the size of the input: like size^exponent.
struct Growth {
  std::string family, what;
  double exponent = 0;
  std::size_t sizes = 0;  // how many
  double first = 0, last = 0;  // sizes, in bytes
};

/// The slope of the straight line through (log x, log y) with the least squares. At least two points with different x, all
/// positive.
[[nodiscard]] double exponent(std::span<const std::pair<double, double>> points);
/// Of each family with several sizes: the whole run, its phases, memory and instructions.
[[nodiscard]] std::vector<Growth> growth(const std::vector<Measurement>& measurements);

/// A wish, and what was seen. Nothing fails if it is missed: machines differ.
struct Target {
  std::string what;
  double most = 0, seen = 0;
  std::string unit;
};
[[nodiscard]] std::vector<Target> targets(const Results& results);

/// The processor, its cores, the memory.
[[nodiscard]] std::string describe_machine();
/// UTC.
[[nodiscard]] std::string today();

void print_table(const Results& results, std::ostream& out);
[[nodiscard]] nlohmann::json to_json(const Results& results);

}  // namespace policyconv::bench
