// Many reports as one: of the files of a tree, of the parts of a fleet. Entrance: merge().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/model.h"

namespace policyconv::report {

/// Everything that is in any of them; the order of `reports` has no influence.
/// Findings that are equal in all and concern no policy, such as those about a dump that all runs read, are one finding.
/// Fingerprints that meet are told apart. Settings that differ are listed. The least `fail_on` counts, and decides the
/// status together with the findings. Matrices are left out unless there is only one report: they do not add up.
[[nodiscard]] Report merge(std::vector<Report> reports);

/// The setting that says which part of a job a report is: "3 of 8".
inline constexpr std::string_view shard_setting = "shard";

/// Whether the reports are those of all parts of one job, or of no job that was spread.
struct Parts {
  std::string job;      // "8"; empty: no report is a part
  std::string problem;  // "part 2 is missing, part 1 is there twice"; empty: none
};
[[nodiscard]] Parts parts_of(const std::vector<Report>& reports);

/// Another fingerprint, for a finding that differs from one of the same words by `more`.
[[nodiscard]] std::string fingerprint_with(std::string_view fingerprint, std::string_view more);

}  // namespace policyconv::report
