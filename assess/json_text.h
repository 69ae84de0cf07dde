// A value of an API object as JSON, which kubectl takes wherever it takes YAML.
#pragma once

#include <string>

#include "yaml/tree.h"

namespace policyconv::assess {

/// One line. Plain scalars that are JSON literals or numbers stay such; all others become strings.
[[nodiscard]] std::string json_text(const yaml::Node& node);

}  // namespace policyconv::assess
