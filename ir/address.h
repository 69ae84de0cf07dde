// IP addresses and CIDR algebra. Everything here is a value; both families share one left-aligned 128-bit form.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace policyconv {

enum class Family : std::uint8_t { V4, V6 };
[[nodiscard]] constexpr std::uint8_t address_bits(Family family) { return family == Family::V4 ? 32 : 128; }

/// An address: bits are left-aligned in hi:lo, so an IPv4 address occupies the top 32 bits of `hi` and the rest is 0.
struct Address {
  Family family = Family::V4;
  std::uint64_t hi = 0, lo = 0;
  auto operator<=>(const Address&) const = default;
};

/// A prefix; canonical when all bits after `length` are 0 (every function here returns canonical prefixes).
struct Cidr {
  Family family = Family::V4;
  std::uint64_t hi = 0, lo = 0;
  std::uint8_t length = 0;  // 0-32 or 0-128
  auto operator<=>(const Cidr&) const = default;
};

/// Parses what Go's netip.ParseAddr accepts without a zone: dotted quads without leading zeros, or RFC 4291 text.
/// An IPv4-mapped address (::ffff:a.b.c.d) stays IPv6, as in Go.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

/// Why a prefix was refused, in the words of Go's netip.ParsePrefix, which Cilium quotes (C§10):
/// `netip.ParsePrefix("x"): no '/'`, `... prefix length out of range`, `... bad bits after slash: "x"`,
/// `... ParseAddr("x"): unable to parse IP`.
struct CidrError {
  std::string text;
};
/// Parses "a.b.c.d/n" or "x::/n"; host bits are masked (C§5). On failure returns nullopt and, if wanted, the reason.
/// `has_host_bits` (optional) tells whether masking changed the address.
[[nodiscard]] std::optional<Cidr> parse_cidr(std::string_view text, CidrError* error = nullptr,
                                             bool* has_host_bits = nullptr);

[[nodiscard]] std::string to_string(const Address& address);  // RFC 5952 for IPv6
[[nodiscard]] std::string to_string(const Cidr& cidr);        // always with "/n"

[[nodiscard]] Cidr host_cidr(const Address& address);         // /32 or /128
[[nodiscard]] Cidr whole(Family family);                      // 0.0.0.0/0 or ::/0
[[nodiscard]] Address first_address(const Cidr& cidr);
[[nodiscard]] Address last_address(const Cidr& cidr);
[[nodiscard]] bool is_v4_mapped(const Cidr& cidr);            // inside ::ffff:0:0/96

[[nodiscard]] bool contains(const Cidr& outer, const Cidr& inner);
[[nodiscard]] bool contains(const Cidr& outer, const Address& address);
[[nodiscard]] bool overlaps(const Cidr& a, const Cidr& b);

/// The addresses of `from` that no element of `holes` contains, as the smallest list of prefixes, sorted.
[[nodiscard]] std::vector<Cidr> subtract(const Cidr& from, std::span<const Cidr> holes);
/// The same set of addresses as the smallest list of prefixes, sorted: contained ones dropped, siblings merged.
[[nodiscard]] std::vector<Cidr> minimal_cover(std::vector<Cidr> cidrs);

}  // namespace policyconv
