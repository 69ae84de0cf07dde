// PLAN.md, for whoever takes the steps. Entrance: markdown_text().
#pragma once

#include <string>
#include <string_view>

#include "plan/plan.h"

namespace policyconv::plan {

[[nodiscard]] std::string markdown_text(const Plan& plan);

/// A name from the input in the middle of a text: whatever Markdown or a terminal could take for more than a name is `?`.
[[nodiscard]] std::string plain_name(std::string_view name);

}  // namespace policyconv::plan
