// Inputs to begin with: what the golden cases and samples hold, in the form that each target reads.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "tests/fuzz/targets.h"

namespace policyconv::fuzz {

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// By the target's name.
using Seeds = std::map<std::string, std::vector<std::string>, std::less<>>;

/// From the tree at `root`: golden cases and samples, and what was found before, tests/fuzz/corpus/TARGET.
inline Seeds seeds(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  Seeds found;
  for (const char* folder : {"tests/golden", "samples"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file()) continue;
      const fs::path& path = entry.path();
      const std::string text = contents(path), name = path.filename().string();
      if (text.size() > longest_input) continue;
      if (name == "input.yaml") {
        found["policies"].push_back(text);
        const fs::path cluster = path.parent_path() / "cluster.yaml";
        found["migrate"].push_back(fs::exists(cluster) ? text + std::string(separator) + contents(cluster) : text);
      } else if (name == "cluster.yaml") {
        found["cluster"].push_back(text);
      } else if (name.starts_with("00-") || name.starts_with("10-") || name.starts_with("30-")) {
        found["objects"].push_back(text);
      } else if (name.find("baseline") != std::string::npos) {
        found["baseline"].push_back(text);
      } else if (name == "plan.json") {
        found["plan"].push_back(text);
      }
    }
  const fs::path tables = root / "tests/golden/drift_of_the_northbound";
  found["northbound"].push_back(contents(tables / "acl.json") + std::string(table_separator) + contents(tables / "port-groups.json") +
                                std::string(table_separator) + contents(tables / "address-sets.json"));
  for (const Target& target : targets()) {
    const fs::path corpus = root / "tests/fuzz/corpus" / target.name;
    if (fs::exists(corpus))
      for (const auto& entry : fs::directory_iterator(corpus)) found[std::string(target.name)].push_back(contents(entry.path()));
  }
  for (auto& [target, list] : found) std::sort(list.begin(), list.end());
  return found;
}

}  // namespace policyconv::fuzz
