// User text made fit for a terminal: nothing in it may move the cursor, hide, or break the layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace policyconv::report {

enum class Style : std::uint8_t { Plain, Bold, Dim, Red, Yellow, Blue, Magenta, Green };

enum class Colour : std::uint8_t { Auto, Always, Never };

/// Auto: if `out` is standard output or standard error, that is a terminal, and NO_COLOR is not set.
[[nodiscard]] bool wants_colour(Colour colour, const std::ostream& out);
[[nodiscard]] bool is_terminal(const std::ostream& out);

/// `text` in that style, or as it is when `colour` is off.
[[nodiscard]] std::string paint(std::string text, Style style, bool colour);

/// Control characters, characters that reorder text, and bytes that are not UTF-8 become visible escapes.
[[nodiscard]] std::string printable(std::string_view text);

/// "1 rule", "2 rules".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one, std::string_view many);

/// Terminal columns that printable text takes.
[[nodiscard]] std::size_t columns(std::string_view text);

/// A source line with a caret under byte `column` (from 1), behind a gutter with the line's number; long lines are cut
/// around the caret. Two lines, each ending in a newline.
[[nodiscard]] std::string snippet(std::string_view line, std::uint32_t number, std::uint32_t column, bool colour);

}  // namespace policyconv::report
