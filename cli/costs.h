// What objects will cost OVN, for --cost and --max-acls.
#pragma once

#include <cstddef>
#include <string>

#include "backends/kubeovn/cost.h"

namespace policyconv::cli {

/// A table: the dearest objects, what is shared, and the total.
[[nodiscard]] std::string cost_text(const kubeovn::Costs& costs, std::size_t spared_rules);

/// The names of the objects with the most ACLs, for a message: "pc-a (120), pc-b (84)".
[[nodiscard]] std::string most_acls(const kubeovn::Costs& costs);

}  // namespace policyconv::cli
