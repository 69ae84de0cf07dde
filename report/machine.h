// What the faces for programs share: how bad a finding is, where to show it, and its words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/model.h"

namespace policyconv::report {

/// What programs with three levels show.
enum class Level : std::uint8_t { Error, Warning, Note };
/// Refused and looser results are errors, stricter ones warnings. What is accepted is a note.
[[nodiscard]] Level level_of(const Finding& finding);
[[nodiscard]] Level level_of(Effect effect);

/// Whether the exit status is not 0 because of it alone.
[[nodiscard]] bool fails(const Finding& finding, Effect fail_on);

/// Where a program shows a finding. Programs drop those without a file or a line, so both are made up where there is
/// none: the first line, of the first file.
struct Spot {
  std::string file;  // "policies/web.yaml" for "./policies//web.yaml"
  std::uint32_t line = 1;
  std::uint32_t column = 0;  // from 1, in UTF-16 code units; 0: the line as a whole
  bool operator==(const Spot&) const = default;
};
[[nodiscard]] Spot spot_of(const Finding& finding, const Report& report);

/// The message, then what else there is to say about the finding, a line each. Nothing in them hides, moves a cursor or
/// is not UTF-8, and none is longer than a person would read.
[[nodiscard]] std::vector<std::string> lines_of(const Finding& finding, Language language);
/// "by baseline.yaml: reason (owner), until 2026-12-31"
[[nodiscard]] std::string acceptance_text(const Acceptance& accepted, Language language);

}  // namespace policyconv::report
