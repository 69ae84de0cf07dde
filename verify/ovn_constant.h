// Number constants of OVN matches: decimal, hexadecimal, IPv4, IPv6 and Ethernet, with or without a mask.
// Entrance: parse_constant().
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ir/address.h"

namespace policyconv::verify {

__extension__ typedef unsigned __int128 Bits;  // wide enough for an IPv6 address

/// As many 1-bits as asked for, at the low end.
[[nodiscard]] constexpr Bits low_ones(unsigned count) {
  return count >= 128 ? ~Bits(0) : (Bits(1) << count) - 1;
}

/// The bits of an address as a number.
[[nodiscard]] constexpr Bits bits_of(const Address& address) {
  return address.family == Family::V4 ? Bits(address.hi >> 32) : Bits(address.hi) << 64 | address.lo;
}

/// OVN compares a constant only with fields that are as wide. The width of an address is that of its family whatever
/// its value; a masked constant is as wide as its mask, so `::/0` even fits ip4.src.
struct Constant {
  Bits value = 0, mask = ~Bits(0);  // no bit of value is outside of mask: host bits do not matter (K§1.3)
  unsigned width = 0;
  bool masked = false;
};

/// nullopt and the reason if OVN's lexer would not take `text`.
[[nodiscard]] std::optional<Constant> parse_constant(std::string_view text, std::string& error);

}  // namespace policyconv::verify
