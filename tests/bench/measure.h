// What docs/performance.md shows, measured. Entrances: measure(), measure_start().
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/bench/phases.h"
#include "tests/bench/process.h"
#include "tests/bench/shapes.h"

namespace policyconv::bench {

struct Settings {
  std::string policyconv;              // the program
  std::string self;                    // this program
  std::filesystem::path place;         // a directory for files, not of anyone else
  unsigned seed = 1;
  unsigned rounds = 3;                 // the median counts
  double patience = 20;                // no further round after so many seconds
  bool counts_instructions = false;    // by callgrind, of shapes that ask for it
};

struct Instructions {
  std::uint64_t migrate = 0, yaml_cpp = 0;  // on one thread; the walk over the same bytes
};

struct Measurement {
  std::string shape, family;
  Counts counts;
  double input = 0, output = 0;  // bytes
  unsigned rounds = 0;
  Usage yaml_cpp, libyaml;       // the walks over the bytes of the input
  Usage one, two;                // the whole migrate with --jobs 1 and 2
  Phases phases;
  std::optional<Instructions> instructions;
};

struct Start {
  double version = 0, migrate = 0;  // `--version`, and `migrate` of one small file; seconds
};

/// The text of `input` in files below `directory`: policies/*.yaml and perhaps cluster.yaml.
void write_input(const Input& input, const std::filesystem::path& directory);

/// Throws std::runtime_error if migrate ends with an error.
[[nodiscard]] Measurement measure(const Shape& shape, const Settings& settings);
[[nodiscard]] Start measure_start(const std::filesystem::path& small_file, const Settings& settings);

/// The yaml-cpp walk over these files, for callgrind.
void walk_files(const std::vector<std::filesystem::path>& files);

}  // namespace policyconv::bench
