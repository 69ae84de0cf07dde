// What trace, replay and verify say, as JSON: everything that the text says, keys in a fixed order.
#pragma once

#include <string>
#include <vector>

#include "cli/judgement.h"
#include "cli/replay.h"
#include "cli/trace.h"
#include "cli/verify_report.h"

namespace policyconv::cli {

[[nodiscard]] std::string trace_json(const std::vector<Traced>& flows, const std::vector<std::string>& remarks,
                                     const Names& names, int status);
[[nodiscard]] std::string verify_json(const Verified& verified, const Names& names);
[[nodiscard]] std::string replay_json(const Replayed& replayed, const Names& names);

}  // namespace policyconv::cli
