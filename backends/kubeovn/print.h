// A Manifest as YAML files, ready for kubectl. Entrance: print().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/source.h"

namespace policyconv::kubeovn {

/// Every name that print() may give a file; a later run removes those that it no longer needs.
inline constexpr std::string_view output_names[] = {"00-security-groups.yaml", "10-subnet-acls.yaml",
                                                    "20-node-anchor.yaml", "30-bindings.yaml"};

struct OutputFile {
  std::string name;  // "00-security-groups.yaml", "10-subnet-acls.yaml", ...
  std::string text;
  struct Origin {    // lines `first` to `last` of `text`, from 1, come from `rule`
    std::uint32_t first = 0, last = 0;
    RuleId rule = RuleId::None;
    bool operator==(const Origin&) const = default;
  };
  std::vector<Origin> origins = {};  // by line, then rule
};

/// The files of design.md section 2 that this manifest needs, in the order in which they are to be applied.
[[nodiscard]] std::vector<OutputFile> print(const Manifest& manifest, const Catalog& catalog);

}  // namespace policyconv::kubeovn
