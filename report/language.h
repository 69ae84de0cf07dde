// Every text of ours in the user's language. What has no translation is English.
#pragma once

#include <string>
#include <string_view>

#include "report/model.h"

namespace policyconv::report {

[[nodiscard]] std::string message_of(const Finding& finding, Language language);
/// What to do, one sentence; may be empty.
[[nodiscard]] std::string_view help_of(Kind kind, Language language);
/// A phrase of the faces, given in English: "stricter", "3 rules" is put together by the face.
[[nodiscard]] std::string_view say(std::string_view english, Language language);

}  // namespace policyconv::report
