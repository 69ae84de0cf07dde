// What assess finds, as a Report: for pipelines and baselines. Its own document says much more.
#pragma once

#include <cstdint>
#include <span>

#include "assess/findings.h"
#include "cli/assess_report.h"
#include "report/model.h"

namespace policyconv::cli {

/// Conflicts, overlaps, conflicts to come and the health of the chain, beside what compiling the policies said. A blocker
/// has the effect of something refused, a warning that of something stricter, as in the exit status. `files`: those read.
[[nodiscard]] report::Report findings_report(const Assessed& assessed, std::span<const std::uint32_t> files,
                                             assess::Verdict fail_on);

/// That of the verdict, or 0 if it is below `fail_on`, or if a baseline accepts everything behind it.
[[nodiscard]] int exit_status(const Assessed& assessed, assess::Verdict fail_on, const report::Report& report);

}  // namespace policyconv::cli
