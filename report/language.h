// Every text of ours in the user's language. What has no translation is English.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "report/model.h"

namespace policyconv::report {

[[nodiscard]] std::string message_of(const Finding& finding, Language language);
/// "did you mean `ingress`?"; may be empty.
[[nodiscard]] std::string suggestion_of(const Finding& finding, Language language);
/// What to do, one sentence; may be empty.
[[nodiscard]] std::string_view help_of(Kind kind, Language language);
/// What a code is about, with `…` for what differs from finding to finding.
[[nodiscard]] std::string outline_of(Kind kind, Language language);
/// A phrase of the faces, given in English: "stricter". Where a face puts phrases together, the phrase is a whole
/// pattern
/// (`, until {}`), because other languages order words in other ways.
[[nodiscard]] std::string_view say(std::string_view english, Language language);
/// "1 rule", "2 rules"; in Chinese the phrase of `many` follows the number.
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one, std::string_view many, Language language);

/// A text of report/diagnostics_zh.def with `arguments` in its placeholders `{0}`, `{1}`; `{{` is a brace. For tests.
[[nodiscard]] std::string_view pattern_of(Kind kind, Language language);

}  // namespace policyconv::report
