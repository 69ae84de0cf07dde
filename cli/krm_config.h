// What a functionConfig sets for `policyconv krm`: options of migrate under names that fit into YAML, and a few of its
// own.
#pragma once

#include <string>

#include "cli/options.h"
#include "ir/diagnostics.h"
#include "yaml/tree.h"

namespace policyconv::cli {

struct FunctionConfig {
  MigrateOptions options;
  bool keep_source = true;        // policies stay among the items
  std::string path = "kube-ovn";  // folder of the package for new objects
};

/// `node` is a ConfigMap (settings in `data`), a PolicyConvConfig (settings in `spec`), or nullptr.
[[nodiscard]] FunctionConfig read_function_config(const yaml::Node* node, Diagnostics& diagnostics);

}  // namespace policyconv::cli
