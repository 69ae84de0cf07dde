// IP addresses and CIDR algebra. Because both families are left-aligned, a prefix of length n is the same range of
// 128-bit numbers in either, and nothing below needs to know the family except parsing, printing and last_address().
#include "ir/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace policyconv {
namespace {

__extension__ typedef unsigned __int128 Bits;

Bits bits_of(const Address& address) {
  return Bits{address.hi} << 64 | address.lo;
}
Bits bits_of(const Cidr& cidr) {
  return Bits{cidr.hi} << 64 | cidr.lo;
}

/// The bits that a prefix of that length leaves open.
Bits open_bits(unsigned length) {
  return length == 0 ? ~Bits{0} : length >= 128 ? Bits{0} : ~Bits{0} >> length;
}

Address make_address(Family family, Bits bits) {
  return {family, static_cast<std::uint64_t>(bits >> 64), static_cast<std::uint64_t>(bits)};
}

Cidr make_cidr(Family family, Bits bits, unsigned length) {
  const Address masked = make_address(family, bits & ~open_bits(length));
  return {family, masked.hi, masked.lo, static_cast<std::uint8_t>(length)};
}

Cidr parent_of(const Cidr& cidr) {
  return make_cidr(cidr.family, bits_of(cidr), cidr.length - 1u);
}
Cidr low_half(const Cidr& cidr) {
  return make_cidr(cidr.family, bits_of(cidr), cidr.length + 1u);
}
Cidr high_half(const Cidr& cidr) {
  return make_cidr(cidr.family, bits_of(cidr) | (open_bits(cidr.length) ^ open_bits(cidr.length + 1u)),
                   cidr.length + 1u);
}

// --- Parsing ---------------------------------------------------------------------------------------------------------

/// Why an address was refused, in the words of netip.ParseAddr; `at` is the part that was not understood, if it says.
struct Refusal {
  std::string_view reason, at;
};

/// As strconv.Quote does for all text that can reach a policy; what Go calls unprintable above ASCII stays as it is.
std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    constexpr std::string_view escaped = "\a\b\f\n\r\t\v\"\\", letters = "abfnrtv\"\\";
    if (const auto at = escaped.find(c); at != std::string_view::npos)
      quoted += {'\\', letters[at]};
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      quoted += fmt::format("\\x{:02x}", c);
    else
      quoted += c;
  }
  return quoted + '"';
}

std::optional<Address> refuse(Refusal& refusal, std::string_view reason, std::string_view at = {}) {
  refusal = {reason, at};
  return std::nullopt;
}

std::optional<Address> read_v4(std::string_view text, Refusal& refusal) {
  unsigned octet = 0, digits = 0, dots = 0;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      if (digits == 1 && octet == 0) return refuse(refusal, "IPv4 field has octet with leading zero");
      octet = octet * 10 + static_cast<unsigned>(c - '0');
      ++digits;
      if (octet > 255) return refuse(refusal, "IPv4 field has value >255");
    } else if (c == '.') {
      if (digits == 0 || i + 1 == text.size())
        return refuse(refusal, "IPv4 field must have at least one digit", text.substr(i));
      if (dots == 3) return refuse(refusal, "IPv4 address too long");
      bits = bits << 8 | octet;
      octet = digits = 0;
      ++dots;
    } else {
      return refuse(refusal, "unexpected character", text.substr(i));
    }
  }
  if (dots < 3) return refuse(refusal, "IPv4 address too short");
  return Address{Family::V4, std::uint64_t{bits << 8 | octet} << 32, 0};
}

std::optional<Address> read_v6(std::string_view text, Refusal& refusal) {
  std::string_view rest = text.substr(0, text.find('%'));
  if (rest.size() + 1 == text.size()) return refuse(refusal, "zone must be a non-empty string");

  std::array<std::uint16_t, 8> groups{};
  std::size_t count = 0;
  std::optional<std::size_t> gap;  // before which group the `::` stood
  if (rest.starts_with("::")) {
    gap = 0;
    rest.remove_prefix(2);
  }
  while (count < groups.size() && !(rest.empty() && gap == count)) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789abcdefABCDEF"), rest.size());
    if (digits > 4) return refuse(refusal, "each group must have 4 or less digits", rest);
    if (digits == 0) return refuse(refusal, "each colon-separated field must have at least one digit", rest);
    if (digits < rest.size() && rest[digits] == '.') {
      if (!gap && count != 6)
        return refuse(refusal, "embedded IPv4 address must replace the final 2 fields of the address", rest);
      if (count > 6)
        return refuse(refusal, "too many hex fields to fit an embedded IPv4 at the end of the address", rest);
      const auto embedded = read_v4(rest, refusal);
      if (!embedded) return std::nullopt;
      groups[count++] = static_cast<std::uint16_t>(embedded->hi >> 48);
      groups[count++] = static_cast<std::uint16_t>(embedded->hi >> 32);
      rest = {};
      break;
    }
    std::from_chars(rest.data(), rest.data() + digits, groups[count++], 16);
    rest.remove_prefix(digits);
    if (rest.empty()) break;
    if (rest.front() != ':') return refuse(refusal, "unexpected character, want colon", rest);
    if (rest.size() == 1) return refuse(refusal, "colon must be followed by more characters", rest);
    rest.remove_prefix(1);
    if (rest.front() == ':') {
      if (gap) return refuse(refusal, "multiple :: in address", rest);
      gap = count;
      rest.remove_prefix(1);
    }
  }
  if (!rest.empty()) return refuse(refusal, "trailing garbage after address", rest);
  if (count < groups.size() && !gap) return refuse(refusal, "address string too short");
  if (count == groups.size() && gap) return refuse(refusal, "the :: must expand to at least one field of zeros");
  if (gap)  // the zeros after the groups read so far move to where the `::` stood
    std::rotate(groups.begin() + static_cast<std::ptrdiff_t>(*gap), groups.begin() + static_cast<std::ptrdiff_t>(count),
                groups.end());

  Bits bits = 0;
  for (const std::uint16_t group : groups) bits = bits << 16 | group;
  return make_address(Family::V6, bits);
}

/// Like netip.ParseAddr, hence with zones, which the callers refuse.
std::optional<Address> read_address(std::string_view text, Refusal& refusal) {
  const std::size_t decisive = text.find_first_of(".:%");
  if (decisive == std::string_view::npos) return refuse(refusal, "unable to parse IP");
  if (text[decisive] == '%') return refuse(refusal, "missing IPv6 address");
  return text[decisive] == '.' ? read_v4(text, refusal) : read_v6(text, refusal);
}

// --- Printing --------------------------------------------------------------------------------------------------------

std::string v4_text(std::uint32_t bits) {
  return fmt::format("{}.{}.{}.{}", bits >> 24, bits >> 16 & 255, bits >> 8 & 255, bits & 255);
}

std::string v6_text(Bits bits) {
  if (bits >> 32 == 0xffff) return "::ffff:" + v4_text(static_cast<std::uint32_t>(bits));
  std::array<std::uint16_t, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = static_cast<std::uint16_t>(bits >> (112 - 16 * i));

  std::size_t zeros_at = groups.size(), zeros = 1;  // RFC 5952: the first of the longest runs, and never a single zero
  for (std::size_t i = 0; i < groups.size();) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i > zeros) zeros_at = i, zeros = end - i;
    i = end + 1;
  }
  std::string text;
  for (std::size_t i = 0; i < groups.size();) {
    if (i == zeros_at) {
      text += "::";
      i += zeros;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    text += fmt::format("{:x}", groups[i++]);
  }
  return text;
}

// --- Algebra ---------------------------------------------------------------------------------------------------------

/// Appends what is left of `block`. `holes` are sorted, disjoint, and each overlaps `block`. A block is kept whole as
/// soon as no hole touches it, so the result is the smallest one.
void cut(const Cidr& block, std::span<const Cidr> holes, std::vector<Cidr>& left) {
  if (holes.empty()) {
    left.push_back(block);
    return;
  }
  if (contains(holes.front(), block)) return;
  const Cidr low = low_half(block);
  const auto middle =
      std::partition_point(holes.begin(), holes.end(), [&](const Cidr& hole) { return contains(low, hole); });
  const auto in_low = static_cast<std::size_t>(middle - holes.begin());
  cut(low, holes.first(in_low), left);
  cut(high_half(block), holes.subspan(in_low), left);
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  Refusal ignored;
  return text.find('%') == std::string_view::npos ? read_address(text, ignored) : std::nullopt;
}

std::optional<Cidr> parse_cidr(std::string_view text, CidrError* error, bool* has_host_bits) {
  const auto fail = [&](std::string_view reason) -> std::optional<Cidr> {
    if (error) error->text = fmt::format("netip.ParsePrefix({}): {}", quote(text), reason);
    return std::nullopt;
  };
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return fail("no '/'");

  const std::string_view host = text.substr(0, slash);
  Refusal refusal;
  const auto address = read_address(host, refusal);
  if (!address) {
    const std::string at = refusal.at.empty() ? "" : fmt::format(" (at {})", quote(refusal.at));
    return fail(fmt::format("ParseAddr({}): {}{}", quote(host), refusal.reason, at));
  }
  if (host.find('%') != std::string_view::npos) return fail("IPv6 zones cannot be present in a prefix");

  const std::string_view digits = text.substr(slash + 1);
  std::int64_t length = 0;  // as wide as Go's int: what does not fit is bad, what fits but is too long is out of range
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool signed_or_padded = digits.size() > 1 && (digits.front() < '1' || digits.front() > '9');
  if (status != std::errc{} || end != digits.data() + digits.size() || signed_or_padded)
    return fail(fmt::format("bad bits after slash: {}", quote(digits)));
  if (length > address_bits(address->family)) return fail("prefix length out of range");

  const Bits bits = bits_of(*address);
  const Cidr cidr = make_cidr(address->family, bits, static_cast<unsigned>(length));
  if (has_host_bits) *has_host_bits = bits != bits_of(cidr);
  return cidr;
}

std::string to_string(const Address& address) {
  return address.family == Family::V4 ? v4_text(static_cast<std::uint32_t>(address.hi >> 32))
                                      : v6_text(bits_of(address));
}

std::string to_string(const Cidr& cidr) {
  return fmt::format("{}/{}", to_string(first_address(cidr)), static_cast<unsigned>(cidr.length));
}

Cidr host_cidr(const Address& address) {
  return {address.family, address.hi, address.lo, address_bits(address.family)};
}
Cidr whole(Family family) {
  return {family, 0, 0, 0};
}
Address first_address(const Cidr& cidr) {
  return {cidr.family, cidr.hi, cidr.lo};
}

Address last_address(const Cidr& cidr) {
  return make_address(cidr.family, bits_of(cidr) | (open_bits(cidr.length) ^ open_bits(address_bits(cidr.family))));
}

bool is_v4_mapped(const Cidr& cidr) {
  return contains({Family::V6, 0, 0xffff'0000'0000, 96}, cidr);
}

bool contains(const Cidr& outer, const Cidr& inner) {
  return outer.family == inner.family && outer.length <= inner.length &&
         ((bits_of(outer) ^ bits_of(inner)) & ~open_bits(outer.length)) == 0;
}

bool contains(const Cidr& outer, const Address& address) {
  return contains(outer, host_cidr(address));
}
bool overlaps(const Cidr& a, const Cidr& b) {
  return contains(a, b) || contains(b, a);
}

std::vector<Cidr> subtract(const Cidr& from, std::span<const Cidr> holes) {
  std::vector<Cidr> touching;
  std::copy_if(holes.begin(), holes.end(), std::back_inserter(touching),
               [&](const Cidr& hole) { return overlaps(from, hole); });
  std::vector<Cidr> left;
  cut(from, minimal_cover(std::move(touching)), left);
  return left;
}

std::vector<Cidr> minimal_cover(std::vector<Cidr> cidrs) {
  std::sort(cidrs.begin(), cidrs.end());  // a prefix comes before everything it contains, siblings meet
  std::vector<Cidr> cover;
  for (const Cidr& cidr : cidrs) {
    if (!cover.empty() && contains(cover.back(), cidr)) continue;
    cover.push_back(cidr);
    while (cover.size() >= 2) {
      const Cidr &low = cover[cover.size() - 2], &high = cover.back();
      if (low.length != high.length || low.family != high.family || parent_of(low) != parent_of(high)) break;
      const Cidr parent = parent_of(high);
      cover.resize(cover.size() - 2);
      cover.push_back(parent);
    }
  }
  return cover;
}

}  // namespace policyconv
