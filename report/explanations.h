// The long text of every code (report/explain_texts/*.def, in Chinese zh/*.def), for `policyconv explain`, for
// docs/codes/, and for faces that carry it along.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/diagnostics.h"
#include "report/model.h"

namespace policyconv::report {

/// The parts of an entry of report/explain_texts/*.def. `example` is shown as it is, the others are filled to the line.
struct Explanation {
  Kind kind{};
  std::string_view happened, why;
  std::string_view cilium, kubeovn;  // what Cilium does and what Kube-OVN can do, for codes about meaning; else empty
  std::string_view remedy, example;
};

/// In English if there is none in `language`; nullptr if there is none at all (tests/language_test.cpp proves that both
/// exist).
[[nodiscard]] const Explanation* explanation(Kind kind, Language language = Language::English);

/// Its parts that are text, under the headings that people read, in the order in which they are shown.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> parts_of(const Explanation& about,
                                                                                  Language language);

/// What a code is about in one line; a message that is nothing but its argument says less than its long text.
[[nodiscard]] std::string summary_of(Kind kind, Language language);

/// Every kind, by code.
[[nodiscard]] std::vector<Kind> kinds_by_code();

/// A code as people type it (`pc301`, ` PC0301`) in the form of the table.
[[nodiscard]] std::string canonical_code(std::string_view typed);

}  // namespace policyconv::report
