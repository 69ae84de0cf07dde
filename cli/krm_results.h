// What a Report says about the items of a ResourceList, as `results` of the KRM functions specification.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "cli/krm_list.h"
#include "ir/source.h"
#include "report/model.h"
#include "yaml/tree.h"

namespace policyconv::cli {

/// The item that `where` lies in, as an index; nullopt if it lies in none.
[[nodiscard]] std::optional<std::size_t> item_at(const ResourceList& list, Loc where);

/// A result for each finding, in the order of the report, and one that sums up.
[[nodiscard]] std::vector<yaml::Node> results_of(const report::Report& report, const ResourceList& list,
                                                 const ResourceChanges& changes);

}  // namespace policyconv::cli
