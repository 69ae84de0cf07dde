#include "yaml/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace policyconv::yaml {

namespace {

/// A character at a byte offset; `size` 0: the bytes there are not UTF-8.
struct Character {
  char32_t value = 0;
  std::size_t size = 0;
};

Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < size) return {};
  char32_t value = lead & (0x7Fu >> size);
  for (std::size_t i = at + 1; i < at + size; ++i) {
    if ((byte(i) & 0xC0u) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, size};
}

bool check_characters(std::string_view text, std::uint32_t file, Diagnostics& diagnostics) {
  for (std::size_t at = 0; at < text.size();) {
    const char byte = text[at];
    if ((byte >= ' ' && byte <= '~') || byte == '\n' || byte == '\t') {
      ++at;
      continue;
    }
    const auto [value, size] = character_at(text, at);
    if (size == 0) {
      diagnostics.report<Kind::NotUtf8>(place_of(text, at, file), static_cast<unsigned char>(byte));
      return false;
    }
    const bool lone_return = value == '\r' && (at + 1 == text.size() || text[at + 1] != '\n');
    if (lone_return || value == 0x85 || value == 0x2028 || value == 0x2029) {
      diagnostics.report<Kind::AmbiguousLineBreak>(place_of(text, at, file), static_cast<std::uint32_t>(value));
      return false;
    }
    if ((value < ' ' && value != '\r') || (value >= 0x7F && value < 0xA0) || value == 0xFEFF || value == 0xFFFE ||
        value == 0xFFFF) {
      diagnostics.report<Kind::ControlCharacter>(place_of(text, at, file), static_cast<std::uint32_t>(value));
      return false;
    }
    at += size;
  }
  return true;
}

/// Whether there is no directive but `%YAML 1.x`. YAML readers disagree about what other directives do.
bool check_directives(std::string_view text, std::uint32_t file, Diagnostics& diagnostics) {
  for (std::size_t at = text.starts_with('%') ? 0 : text.find("\n%"); at != std::string_view::npos;) {
    const std::size_t percent = text[at] == '\n' ? at + 1 : at;
    if (!text.substr(percent).starts_with("%YAML 1.")) {
      diagnostics.report<Kind::Syntax>(place_of(text, percent, file), "a line must not begin with `%`");
      return false;
    }
    at = text.find("\n%", percent);
  }
  return true;
}

/// The name of a UTF-16 or UTF-32 encoding that `text` begins with, or empty. JSON and YAML begin with an ASCII
/// character, so its zero bytes give the encoding away where no byte order mark does.
std::string_view wide_encoding(std::string_view text) {
  using namespace std::string_view_literals;
  if (text.starts_with("\0\0\xFE\xFF"sv) || text.starts_with("\xFF\xFE\0\0"sv)) return "UTF-32";
  if (text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE")) return "UTF-16";
  if (text.size() < 4) return {};
  const bool zero[] = {text[0] == '\0', text[1] == '\0', text[2] == '\0', text[3] == '\0'};
  const bool big_endian = zero[0] && !zero[1] && zero[2], little_endian = !zero[0] && zero[1] && zero[3];
  return big_endian || little_endian ? "UTF-16" : "";
}

}  // namespace

Loc place_of(std::string_view text, std::size_t at, std::uint32_t file) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
  return {file, line, static_cast<std::uint32_t>(at - line_start + 1)};
}

bool check_text(std::string_view text, std::uint32_t file, Diagnostics& diagnostics) {
  if (const std::string_view encoding = wide_encoding(text); !encoding.empty()) {
    diagnostics.report<Kind::WideEncoding>({file, 0, 0}, encoding);
    return false;
  }
  return check_characters(text, file, diagnostics) && check_directives(text, file, diagnostics);
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t limit = 80;
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    if (shown.size() >= limit) return shown + "...";
    const auto [value, size] = character_at(text, at);
    if (size == 0 || value < ' ' || (value >= 0x7F && value < 0xA0)) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
      ++at;
    } else {
      shown += text.substr(at, size);
      at += size;
    }
  }
  return shown;
}

}  // namespace policyconv::yaml
