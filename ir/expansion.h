// What one source rule becomes, and the report when that is too much (PC0142).
#pragma once

#include <cstddef>
#include <map>

#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv {

/// The entries of a source rule as a sum of products: by number of peers, how many kinds of traffic have so many.
using Expansion = std::map<std::size_t, std::size_t>;

/// The largest number there is if it is more.
[[nodiscard]] std::size_t total(const Expansion& expansion);

/// Reports TooMuchExpansion with the total and the products that it is the sum of.
void report_too_much(RuleId rule, const Expansion& expansion, std::size_t most, const Catalog& catalog, Diagnostics& diagnostics);

}  // namespace policyconv
