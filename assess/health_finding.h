// How a finding about chaining is made from its row of ir/diagnostics.def.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "assess/findings.h"

namespace policyconv::assess {

/// Appends the finding `kind`; its remedy is the help of the row. The number of arguments is checked at compile time.
template <Kind kind, typename... Args>
void add_finding(std::vector<HealthFinding>& findings, Severity severity, Loc loc, std::string evidence,
                 const Args&... args) {
  constexpr std::string_view text = definition(kind).text;
  findings.push_back({kind, severity, fmt::format(fmt::format_string<const Args&...>(text), args...),
                      std::move(evidence), std::string(definition(kind).help), loc});
}

}  // namespace policyconv::assess
