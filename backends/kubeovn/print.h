// A Manifest as YAML files, ready for kubectl. Entrance: print().
#pragma once

#include <string>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/source.h"

namespace policyconv::kubeovn {

struct OutputFile {
  std::string name;  // "00-security-groups.yaml", "10-subnet-acls.yaml", ...
  std::string text;
};

/// The files of design.md section 2 that this manifest needs, in the order in which they are to be applied.
[[nodiscard]] std::vector<OutputFile> print(const Manifest& manifest, const Catalog& catalog);

}  // namespace policyconv::kubeovn
