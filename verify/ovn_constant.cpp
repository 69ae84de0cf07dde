#include "verify/ovn_constant.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdint>

namespace policyconv::verify {
namespace {

enum class Format : std::uint8_t { Decimal, Hexadecimal, Ipv4, Ipv6, Ethernet };

struct Number {
  Format format = Format::Decimal;
  Bits value = 0;
};

std::optional<Bits> parse_hexadecimal(std::string_view digits) {
  Bits value = 0;
  for (const char& digit : digits) {
    unsigned four_bits = 0;
    if (std::from_chars(&digit, &digit + 1, four_bits, 16).ec != std::errc() || value >> 124 != 0) return std::nullopt;
    value = value << 4 | four_bits;
  }
  return digits.empty() ? std::nullopt : std::optional(value);
}

std::optional<Bits> parse_ethernet(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  Bits value = 0;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto octet = parse_hexadecimal(text.substr(i, 2));
    if (!octet || (i + 2 < text.size() && text[i + 2] != ':')) return std::nullopt;
    value = value << 8 | *octet;
  }
  return value;
}

std::optional<Number> parse_number(std::string_view text, std::string& error) {
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::uint64_t value = 0;
    if (text.size() > 1 && text.front() == '0') {
      error = fmt::format("decimal `{}` has a leading zero", text);
    } else if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) {
      error = fmt::format("decimal `{}` is not below 2^64", text);
    } else {
      return Number{Format::Decimal, value};
    }
    return std::nullopt;
  }
  if (text.starts_with("0x") || text.starts_with("0X")) {
    if (const auto value = parse_hexadecimal(text.substr(2))) return Number{Format::Hexadecimal, *value};
  } else if (const auto mac = parse_ethernet(text)) {
    return Number{Format::Ethernet, *mac};
  } else if (const auto address = parse_address(text)) {
    return Number{address->family == Family::V4 ? Format::Ipv4 : Format::Ipv6, bits_of(*address)};
  }
  error = fmt::format("`{}` is no number or address", text);
  return std::nullopt;
}

unsigned significant_bits(Bits value) {
  unsigned count = 0;
  for (; value != 0; value >>= 1) ++count;
  return count;
}

unsigned width_of(const Number& number) {
  switch (number.format) {
    case Format::Decimal:
    case Format::Hexadecimal:
      return significant_bits(number.value);
    case Format::Ipv4:
      return 32;
    case Format::Ethernet:
      return 48;
    case Format::Ipv6:
      break;
  }
  return 128;
}

/// nullopt if value and mask do not go together: same format, address and prefix length, or 0 and hexadecimal.
std::optional<Bits> mask_for(const Number& number, const Number& mask) {
  if (mask.format == number.format) return mask.value;
  const bool address = number.format == Format::Ipv4 || number.format == Format::Ipv6;
  if (address && mask.format == Format::Decimal && mask.value <= width_of(number))
    return low_ones(width_of(number)) ^ low_ones(width_of(number) - static_cast<unsigned>(mask.value));
  const bool zero = number.format == Format::Decimal && number.value == 0;
  return zero && mask.format == Format::Hexadecimal ? std::optional(mask.value) : std::nullopt;
}

}  // namespace

std::optional<Constant> parse_constant(std::string_view text, std::string& error) {
  const std::size_t slash = text.find('/');
  const auto number = parse_number(text.substr(0, slash), error);
  if (!number) return std::nullopt;
  if (slash == std::string_view::npos) return Constant{number->value, ~Bits(0), width_of(*number), false};

  const auto suffix = parse_number(text.substr(slash + 1), error);
  if (!suffix) return std::nullopt;
  if (const auto mask = mask_for(*number, *suffix))
    return Constant{number->value & *mask, *mask, significant_bits(*mask), true};
  error = fmt::format("value and mask of `{}` do not go together", text);
  return std::nullopt;
}

}  // namespace policyconv::verify
