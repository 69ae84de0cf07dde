// What the fuzzers begin with and what they once found, in every build, and so under the sanitizers.
// POLICYCONV_WRITE_SEEDS=DIR writes it for them instead (`./x fuzz`).
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <catch2/catch.hpp>

#include "tests/fuzz/seeds.h"

using namespace policyconv;

TEST_CASE("every seed passes its target") {
  const fuzz::Seeds seeds = fuzz::seeds(POLICYCONV_SOURCE_DIR);
  const char* const directory = std::getenv("POLICYCONV_WRITE_SEEDS");
  for (const fuzz::Target& target : fuzz::targets()) {
    INFO(target.name);
    const auto found = seeds.find(target.name);
    REQUIRE(found != seeds.end());
    if (directory != nullptr) {
      const std::filesystem::path place = std::filesystem::path(directory) / target.name;
      std::filesystem::create_directories(place);
      for (std::size_t at = 0; at < found->second.size(); ++at)
        std::ofstream(place / ("seed-" + std::to_string(at)), std::ios::binary) << found->second[at];
      continue;
    }
    for (const std::string& seed : found->second) target.run(seed);
  }
  SUCCEED();
}
