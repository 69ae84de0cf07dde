// Policies written by others (shared/corpus beside the checkout, where it is present): each file is converted or refused
// by code, with and without a cluster; none is an input error.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/run.h"

namespace fs = std::filesystem;

TEST_CASE("every policy of the corpus is converted or refused by code") {
  const fs::path corpus = fs::path(POLICYCONV_SOURCE_DIR) / ".." / "shared" / "corpus";
  if (!fs::exists(corpus)) {
    std::cout << "no corpus beside this checkout\n";
    return;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(corpus))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() >= 65);
  const std::string cluster = std::string(POLICYCONV_SOURCE_DIR) + "/samples/shop/cluster.yaml";
  std::vector<int> by_status(6);
  for (const fs::path& file : files)
    for (const bool with_cluster : {false, true}) {
      std::vector<std::string> args{"migrate", file.string(), "--sctp"};
      if (with_cluster) args.insert(args.end(), {"--cluster", cluster});
      std::istringstream in;
      std::ostringstream out, err;
      const int status = policyconv::cli::run(args, in, out, err);
      INFO(file.string() << "\n" << err.str());
      CHECK((status == 0 || (status >= 3 && status <= 5)));
      if (status != 0) CHECK(err.str().find("[PC") != std::string::npos);
      ++by_status[static_cast<std::size_t>(status)];
    }
  std::cout << files.size() << " files, each without and with a cluster: " << by_status[0] << " same, " << by_status[3] << " stricter, "
            << by_status[4] << " looser, " << by_status[5] << " refused\n";
}
