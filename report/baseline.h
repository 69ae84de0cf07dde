// Findings that somebody has accepted, each with a reason and somebody who answers for it (docs/ci.md). Entrances:
// read_baseline(), apply(), print_baseline().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/diagnostics.h"
#include "ir/source.h"
#include "report/model.h"

namespace policyconv::report {

/// Accepts one finding: the one with this code, fingerprint and effect.
struct BaselineEntry {
  Kind kind{};
  std::string fingerprint;
  Effect effect = Effect::Refused;     // Stricter, Looser or Refused
  std::string about;                   // policy, rule and file as the entry names them; for people
  std::string reason, owner, expires;  // expires: the last day, "2027-03-31", or empty
  Loc loc, reason_loc, expires_loc;
};

struct Baseline {
  std::string file;                    // as the user named it
  std::vector<BaselineEntry> entries;  // in the order of the file, no finding twice
};

/// Reads file `file` of `sources`. Entries with mistakes are left out and reported.
[[nodiscard]] Baseline read_baseline(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics);

/// Accepts the findings of `report` that have an entry, and reports entries that accept nothing any more (stale), have
/// expired, or accept another effect than the finding has. `today` is like "2027-03-31". `is_whole`: the report covers
/// everything that the baseline is about. If it does not, or has errors, then nobody knows what is stale.
void apply(const Baseline& baseline, Report& report, std::string_view today, bool is_whole, Diagnostics& diagnostics);

/// A baseline of everything that makes `report` fail. What has been accepted keeps its reason, owner and expiry; the others
/// get ones that read_baseline() refuses, so that a person has to write them.
[[nodiscard]] std::string print_baseline(const Report& report);

}  // namespace policyconv::report
