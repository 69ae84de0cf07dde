// Which lines of a YAML or JSON text belong to Secrets. They are never shown, not even where the text cannot be parsed.
// Entrances: secret_lines(), without_secrets().
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace policyconv::yaml {

/// From 1, both included.
struct Lines {
  std::uint32_t first = 0, last = 0;
  auto operator<=>(const Lines&) const = default;
};

/// In order and apart. Rather too many than too few: where the text does not tell the end of a Secret for sure, up to the
/// end of the document; of documents that hold one in brackets, all lines.
[[nodiscard]] std::vector<Lines> secret_lines(std::string_view text);
/// The text with other lines in their place, so that the numbers of the lines stay.
[[nodiscard]] std::string without_secrets(std::string_view text);
[[nodiscard]] bool is_among(const std::vector<Lines>& lines, std::uint32_t line);

}  // namespace policyconv::yaml
