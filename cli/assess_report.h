// What `assess` found out, for people (a Document, for every format that is read) and for programs (JSON).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "assess/dump.h"
#include "assess/findings.h"
#include "report/document.h"
#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::cli {

/// All that a report of `assess` is made of. `diagnostics` are those of compiling the policies, sorted.
struct Assessed {
  const assess::Assessment& assessment;
  const assess::Dump& dump;
  const Sources& sources;
  const Catalog& catalog;
  const Diagnostics& diagnostics;
  int status = 0;            // the exit status
  std::size_t accepted = 0;  // findings that a baseline accepts
};

[[nodiscard]] std::string_view to_string(assess::Severity severity);
[[nodiscard]] std::string_view to_string(assess::Verdict verdict);  // "ready", "work to do", "blocked"
[[nodiscard]] std::string_view to_string(assess::Fate fate);
[[nodiscard]] std::string_view to_string(assess::Way way);
[[nodiscard]] int exit_status(assess::Verdict verdict);  // 0, 3, 5

[[nodiscard]] report::Document assess_document(const Assessed& assessed);
[[nodiscard]] std::string assess_json(const Assessed& assessed);

}  // namespace policyconv::cli
