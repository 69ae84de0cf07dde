// Recorded flows against both systems: which of them would fare differently.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "cli/flows.h"
#include "cli/judgement.h"
#include "cli/options.h"

namespace policyconv::cli {

/// Records between the same ends, with the same packet, for the same reason.
struct ReplayRow {
  Agreement change = Agreement::Same;
  std::string from, to;  // names that records are merged by
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;
  std::uint64_t records = 0;
  std::uint64_t audited = 0;        // of them, passed only because of policy audit mode
  std::uint64_t stand_ins = 0;      // of them, with a pod that is gone, and another one judged in its place
  Verdict before = Verdict::Allow;  // what happened, or what Cilium recorded
  EndJudgement end;                 // where it is decided, of the first record
  bool is_recorded = false;         // the records were made at that end
  verify::Packet packet;            // of the first record
};

struct Replayed {
  std::vector<ReplayRow> changed;      // the most frequent first
  std::vector<ReplayRow> unexplained;  // what Cilium recorded is not what its policies say
  std::uint64_t judged = 0, same = 0;  // records
  std::array<std::uint64_t, not_judged_causes> not_judged = {};
  int status = 0;                      // the exit status
  std::size_t accepted = 0;            // findings that a baseline accepts
};

/// Text or Markdown; JSON is in json_reports.h.
[[nodiscard]] std::string replay_text(const Replayed& replayed, const Names& names, bool colour);
[[nodiscard]] std::string replay_markdown(const Replayed& replayed, const Names& names);
/// What may be behind a row of `unexplained`.
[[nodiscard]] std::string hint_for(const ReplayRow& row);

/// The answer goes to `out`, errors to `err`. Returns the exit status.
int replay(const ReplayOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
