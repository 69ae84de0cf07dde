// Whether a file is text that every YAML reader sees alike. Wherever this program and the Go reader behind kubectl could
// see different lines or characters in the same bytes, the file is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::yaml {

/// False, with one report, if `text` is not UTF-8 or holds what readers disagree about.
[[nodiscard]] bool check_text(std::string_view text, std::uint32_t file, Diagnostics& diagnostics);

/// A byte offset as a place; columns count bytes.
[[nodiscard]] Loc place_of(std::string_view text, std::size_t at, std::uint32_t file);

/// Text of the user for use in a message: control characters escaped, long text cut.
[[nodiscard]] std::string excerpt(std::string_view text);

}  // namespace policyconv::yaml
