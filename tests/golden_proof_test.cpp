// The report of migrate and the proof of verify say the same about every golden case and sample: what migrate calls the
// same is the same for all packets, what it calls stricter is nowhere looser.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "cli/run.h"

namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

fs::path first_that_exists(const fs::path& folder, const char* a, const char* b) {
  return fs::exists(folder / a) ? folder / a : folder / b;
}

/// Adds the arguments of the case; false if verify would not understand one.
bool add_arguments(const fs::path& folder, std::vector<std::string>& args) {
  std::istringstream in(read(folder / "args"));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("--node-traffic") || line.starts_with("--admission") || line.starts_with("--allow-looser") || line.starts_with("--fail-on") ||
        line.starts_with("-v") || line.starts_with("-q"))
      return false;
    if (!line.empty()) args.push_back(line);
  }
  return true;
}

}  // namespace

TEST_CASE("what migrate says of the golden cases, verify proves") {
  std::size_t proved = 0, equal = 0;
  for (const char* list : {"/samples", "/tests/golden"})
    for (const auto& entry : fs::directory_iterator(std::string(POLICYCONV_SOURCE_DIR) + list)) {
      const fs::path& folder = entry.path();
      const fs::path cluster = first_that_exists(folder, "cluster.yaml", "cluster");
      if (!fs::exists(folder / "expected") || !fs::exists(cluster)) continue;
      const int migrated = std::stoi(read(folder / "exit"));
      if (migrated != 0 && migrated != 3) continue;
      std::vector<std::string> args = {"verify", "--policies", first_that_exists(folder, "input.yaml", "policies"),
                                       "--objects", folder / "expected", "--cluster", cluster, "-j", "1"};
      if (!add_arguments(folder, args)) continue;
      std::istringstream in;
      std::ostringstream out, err;
      const int status = policyconv::cli::run(args, in, out, err);
      if (err.str().find("PC3120") != std::string::npos) continue;  // no pods, nothing to prove
      INFO(folder << "\n" << err.str() << out.str());
      CHECK((status == 0 || (migrated == 3 && status == 3)));
      ++proved;
      equal += status == 0;
    }
  CHECK(proved > 40);
  CHECK(equal > 25);
}
