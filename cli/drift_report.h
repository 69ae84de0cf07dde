// What `drift` and `rollback-check` found out, for people (a Document, for every format that is read) and for programs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/options.h"
#include "report/document.h"
#include "report/model.h"

namespace policyconv::cli {

struct Compared {
  std::string title, equal;                                    // "the cluster is as emitted"
  std::vector<std::pair<std::string_view, std::size_t>> what;  // {"SecurityGroups", 12}, ...
  std::vector<std::string> not_seen;                           // what nobody looked at, in sentences
};

/// The findings of a comparison that are differences count as the least that fails, whatever their code says by itself.
void raise_differences(report::Report& report);
/// 0, or 3 if something differs that no baseline accepts.
[[nodiscard]] int difference_status(const report::Report& report);

[[nodiscard]] report::Document comparison_document(const Compared& compared, const report::Report& report);
[[nodiscard]] std::string comparison_json(const Compared& compared, const report::Report& report);
/// Either, as `format` says.
[[nodiscard]] std::string comparison_text(const Compared& compared, const report::Report& report, Format format,
                                          bool colour);

}  // namespace policyconv::cli
