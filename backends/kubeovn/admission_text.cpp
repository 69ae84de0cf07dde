// Entrances: cel_string(), jmespath_string(), jmespath_field().
#include "backends/kubeovn/admission_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace policyconv::kubeovn {
namespace {

constexpr char32_t replacement = 0xFFFD;  // for bytes that are no UTF-8

char32_t next_code_point(std::string_view& rest) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80 ? 1 : (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : (lead >> 3) == 30 ? 4 : 0;
  if (length == 0 || length > rest.size()) {
    rest.remove_prefix(1);
    return replacement;
  }
  char32_t point = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t at = 1; at < length; ++at) point = (point << 6U) | (byte(at) & 0x3FU);
  rest.remove_prefix(length);
  return point;
}

bool is_safe(char32_t point) {
  constexpr std::string_view punctuation = "-_./ ,";
  return point < 0x80 && (std::isalnum(static_cast<int>(point)) != 0 ||
                          punctuation.find(static_cast<char>(point)) != std::string_view::npos);
}

std::string json_string(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const char32_t point = next_code_point(text);
    if (is_safe(point))
      json += static_cast<char>(point);
    else if (point < 0x10000)
      json += fmt::format("\\u{:04x}", static_cast<unsigned>(point));
    else
      json += fmt::format("\\u{:04x}\\u{:04x}", 0xD800U + ((static_cast<unsigned>(point) - 0x10000U) >> 10U),
                          0xDC00U + ((static_cast<unsigned>(point) - 0x10000U) & 0x3FFU));
  }
  return json + '"';
}

}  // namespace

std::string cel_string(std::string_view text) {
  std::string literal = "\"";
  while (!text.empty()) {
    const char32_t point = next_code_point(text);
    if (point >= ' ' && point <= '~' && point != '"' && point != '\\')
      literal += static_cast<char>(point);
    else if (point < 0x10000)
      literal += fmt::format("\\u{:04x}", static_cast<unsigned>(point));
    else
      literal += fmt::format("\\U{:08x}", static_cast<unsigned>(point));
  }
  return literal + '"';
}

std::string jmespath_string(std::string_view text) {
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return is_safe(static_cast<unsigned char>(c)); });
  return plain ? fmt::format("'{}'", text) : fmt::format("`{}`", json_string(text));
}

std::string jmespath_field(std::string_view name) {
  return json_string(name);
}

}  // namespace policyconv::kubeovn
