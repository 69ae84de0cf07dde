// A Program as stable text: --emit=ir and golden files.
#pragma once

#include <string>

#include "ir/program.h"
#include "ir/source.h"

namespace policyconv::ir {

/// "app in (web)" style text of a group; "every pod" for the empty one.
[[nodiscard]] std::string to_string(const Group& group);
[[nodiscard]] std::string to_string(const Traffic& traffic);  // "tcp 80-90", "icmp type 8", "any protocol"
[[nodiscard]] std::string to_string(const Program& program, const Peer& peer);
/// One line per group, isolation and rule, in the program's order.
[[nodiscard]] std::string print(const Program& program, const Catalog& catalog);

}  // namespace policyconv::ir
