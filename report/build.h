// What a run found out becomes a Report. Entrance: make().
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/diagnostics.h"
#include "ir/source.h"
#include "report/model.h"

namespace policyconv::report {

/// What came out of a run. `diagnostics` are sorted; `manifest` is null if none was made.
struct Outcome {
  const Sources& sources;
  const Catalog& catalog;
  const Diagnostics& diagnostics;
  const kubeovn::Manifest* manifest = nullptr;
  bool list_groups = false;                      // name each SecurityGroup and its selector, because no cluster tells
                                                 // which pods to bind
  std::span<const std::uint32_t> files = {};     // those with policies
};

/// What the user accepts.
struct Tolerance {
  std::vector<std::string> allow_looser;  // codes whose findings are looser by choice instead of refused
  Effect fail_on = Effect::Stricter;      // findings below this level leave the exit status at 0
};

/// Everything but settings, artefacts and matrix. The exit status is that of the findings alone. `jobs`: threads.
[[nodiscard]] Report make(std::string_view command, const Outcome& outcome, const Tolerance& tolerance, unsigned jobs = 1);

/// "file:line:column", or the file alone; empty for no file at all.
[[nodiscard]] std::string place_text(const Place& place);
[[nodiscard]] std::string place_text(const Sources& sources, Loc where);

/// One effect for rules: a note about a rule leaves its meaning as it was. "same", "no effect", "stricter" ...
[[nodiscard]] std::string_view disposition(Effect effect);

}  // namespace policyconv::report
