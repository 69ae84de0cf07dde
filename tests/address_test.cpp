// Addresses: what Go's netip accepts and says, RFC 5952 text, and the CIDR algebra against brute force.
#include "ir/address.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <random>

using namespace policyconv;

namespace {

Cidr cidr(std::string_view text) {
  INFO(text);
  const auto parsed = parse_cidr(text);
  REQUIRE(parsed);
  return *parsed;
}

std::vector<Cidr> cidrs(std::initializer_list<std::string_view> texts) {
  std::vector<Cidr> parsed;
  for (const auto text : texts) parsed.push_back(cidr(text));
  return parsed;
}

std::vector<std::string> texts_of(const std::vector<Cidr>& list) {
  std::vector<std::string> texts;
  for (const Cidr& element : list) texts.push_back(to_string(element));
  return texts;
}

std::string refusal_of(std::string_view text) {
  CidrError error;
  return parse_cidr(text, &error) ? "accepted" : error.text;
}

}  // namespace

TEST_CASE("addresses are read as Go reads them and printed in one form") {
  const struct {
    std::string_view in, out;
  } cases[] = {
      {"0.0.0.0", "0.0.0.0"},
      {"10.0.0.1", "10.0.0.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"FD00:10:16::A", "fd00:10:16::a"},
      {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // a single zero group is not shortened
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run is
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of equal runs is
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},  // Go lets `::` stand for one group
      {"1:2:3:4:5:6:255.0.255.1", "1:2:3:4:5:6:ff00:ff01"},
      {"::1.2.3.4", "::102:304"},
      {"::ffff:10.0.0.1", "::ffff:10.0.0.1"},  // mapped, still IPv6
      {"::ffff:a00:1", "::ffff:10.0.0.1"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const auto& [in, out] : cases) {
    INFO(in);
    const auto parsed = parse_address(in);
    REQUIRE(parsed);
    CHECK(to_string(*parsed) == out);
    CHECK(parsed->family == (in.find(':') == std::string_view::npos ? Family::V4 : Family::V6));
  }
}

TEST_CASE("an address is left-aligned in both families") {
  CHECK(*parse_address("10.0.0.1") == Address{Family::V4, 0x0a000001'00000000, 0});
  CHECK(*parse_address("fd00::1") == Address{Family::V6, 0xfd00'0000'0000'0000, 1});
}

TEST_CASE("what is no address for Go is none here") {
  const std::vector<std::string_view> refused = {
      "", " ", "x", "1", "[::1]", "10.0.0.1/32",
      // IPv4
      "1.2.3", "1.2.3.4.5", "010.0.0.1", "1.2.3.04", "1.2.3.256", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4 ", " 1.2.3.4",
      "+1.2.3.4", "1.2.3.-4", "0x1.2.3.4",
      // IPv6
      ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2::3",
      "12345::", "00001::", "g::", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7",
      // IPv4 inside IPv6
      "::1.2.3", "::01.2.3.4", "1.2.3.4::", "1:2:3:4:5:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1:2:3:4:5:6:7:1.2.3.4",
      // zones
      "fe80::1%eth0", "%eth0", "1.2.3.4%eth0"};
  for (const std::string_view text : refused) {
    INFO(text);
    CHECK_FALSE(parse_address(text));
  }
}

TEST_CASE("prefixes are masked, and masking is told") {
  const struct {
    std::string_view in, out;
    bool host_bits;
  } cases[] = {
      {"0.0.0.0/0", "0.0.0.0/0", false},
      {"255.255.255.255/0", "0.0.0.0/0", true},
      {"10.0.0.1/32", "10.0.0.1/32", false},
      {"10.1.2.3/8", "10.0.0.0/8", true},
      {"10.0.0.129/31", "10.0.0.128/31", true},
      {"::/0", "::/0", false},
      {"fd00::1/0", "::/0", true},
      {"fd00::1/128", "fd00::1/128", false},
      {"fd00:0:0:ff::/57", "fd00:0:0:80::/57", true},
      {"fd00::ff00:0:0:1/64", "fd00::/64", true},
      {"fd00::ff00:0:0:1/65", "fd00::8000:0:0:0/65", true},
      {"::ffff:10.0.0.1/120", "::ffff:10.0.0.0/120", true},
  };
  for (const auto& [in, out, host_bits] : cases) {
    INFO(in);
    bool masked = !host_bits;
    const auto parsed = parse_cidr(in, nullptr, &masked);
    REQUIRE(parsed);
    CHECK(to_string(*parsed) == out);
    CHECK(masked == host_bits);
  }
}

TEST_CASE("refused prefixes are explained in Go's words") {
  const struct {
    std::string_view in, reason;
  } cases[] = {
      {"10.0.0.0/33", "prefix length out of range"},
      {"::/129", "prefix length out of range"},
      {"1.2.3.4/99999999999", "prefix length out of range"},
      {"not-a-cidr", "no '/'"},
      {"8.8.8.8", "no '/'"},
      {"", "no '/'"},
      {"1.2.3.4/x", R"(bad bits after slash: "x")"},
      {"1.2.3.4/", R"(bad bits after slash: "")"},
      {"1.2.3.4/032", R"(bad bits after slash: "032")"},
      {"1.2.3.4/00", R"(bad bits after slash: "00")"},
      {"1.2.3.4/-1", R"(bad bits after slash: "-1")"},
      {"1.2.3.4/-", R"(bad bits after slash: "-")"},
      {"1.2.3.4/+8", R"(bad bits after slash: "+8")"},
      {"1.2.3.4/8 ", R"(bad bits after slash: "8 ")"},
      {"1.2.3.4/99999999999999999999", R"(bad bits after slash: "99999999999999999999")"},
      {"x/8", R"(ParseAddr("x"): unable to parse IP)"},
      {"/8", R"(ParseAddr(""): unable to parse IP)"},
      {"1.2.3.4/8/8", R"(ParseAddr("1.2.3.4/8"): unexpected character (at "/8"))"},
      {"010.0.0.1/8", R"(ParseAddr("010.0.0.1"): IPv4 field has octet with leading zero)"},
      {"1.2.3.256/8", R"(ParseAddr("1.2.3.256"): IPv4 field has value >255)"},
      {"1.2.3/8", R"(ParseAddr("1.2.3"): IPv4 address too short)"},
      {"1.2.3.4.5/8", R"(ParseAddr("1.2.3.4.5"): IPv4 address too long)"},
      {"1..3.4/8", R"(ParseAddr("1..3.4"): IPv4 field must have at least one digit (at ".3.4"))"},
      {"a.b.c.d/8", R"(ParseAddr("a.b.c.d"): unexpected character (at "a.b.c.d"))"},
      {"1.2.3.\"/8", R"(ParseAddr("1.2.3.\""): unexpected character (at "\""))"},
      {"\t::/8", R"(ParseAddr("\t::"): each colon-separated field must have at least one digit (at "\t::"))"},
      {"\x01/8", R"(ParseAddr("\x01"): unable to parse IP)"},
      {"1::2::3/8", R"(ParseAddr("1::2::3"): multiple :: in address (at ":3"))"},
      {"1:2/8", R"(ParseAddr("1:2"): address string too short)"},
      {"1:/8", R"(ParseAddr("1:"): colon must be followed by more characters (at ":"))"},
      {"12345::/8", R"(ParseAddr("12345::"): each group must have 4 or less digits (at "12345::"))"},
      {"1:x::/8", R"(ParseAddr("1:x::"): each colon-separated field must have at least one digit (at "x::"))"},
      {"1x::/8", R"(ParseAddr("1x::"): unexpected character, want colon (at "x::"))"},
      {"1:2:3:4:5:6:7:8:9/8", R"(ParseAddr("1:2:3:4:5:6:7:8:9"): trailing garbage after address (at "9"))"},
      {"1:2:3:4:5:6:7:8::/8", R"(ParseAddr("1:2:3:4:5:6:7:8::"): the :: must expand to at least one field of zeros)"},
      {"1:1.2.3.4/8",
       R"(ParseAddr("1:1.2.3.4"): embedded IPv4 address must replace the final 2 fields of the address (at "1.2.3.4"))"},
      {"::2:3:4:5:6:7:8:1.2.3.4/8",
       R"(ParseAddr("::2:3:4:5:6:7:8:1.2.3.4"): too many hex fields to fit an embedded IPv4 at the end of the address (at "1.2.3.4"))"},
      {"::1.2.3.04/8", R"(ParseAddr("::1.2.3.04"): IPv4 field has octet with leading zero)"},
      {"fe80::1%eth0/64", "IPv6 zones cannot be present in a prefix"},
      {"fe80::1%/64", R"(ParseAddr("fe80::1%"): zone must be a non-empty string)"},
      {"%eth0/64", R"(ParseAddr("%eth0"): missing IPv6 address)"},
  };
  for (const auto& [in, reason] : cases) {
    const std::string refusal = refusal_of(in);
    INFO(in);
    CHECK(refusal.substr(0, 19) == "netip.ParsePrefix(\"");
    CHECK(refusal.size() >= reason.size());
    CHECK(refusal.substr(refusal.size() - std::min(refusal.size(), reason.size())) == reason);
  }
  CHECK(refusal_of("10.0.0.0/33") == R"(netip.ParsePrefix("10.0.0.0/33"): prefix length out of range)");
  CHECK(refusal_of("a\nb") == R"(netip.ParsePrefix("a\nb"): no '/')");
}

TEST_CASE("printing and reading are inverse, in both families and at every length") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20000; ++round) {
    const Family family = random() % 2 ? Family::V4 : Family::V6;
    // Sparse groups, so that runs of zeros of every length and place occur.
    const auto sparse = [&] {
      return random() & (random() % 2 ? 0xffff'0000'ffff'0000 : 0x0000'00ff'0000'ffff) & random();
    };
    const Address address =
        family == Family::V4 ? Address{family, random() << 32, 0} : Address{family, sparse(), sparse()};
    const std::string text = to_string(address);
    INFO(text);
    REQUIRE(parse_address(text) == address);

    const std::string wanted = text + "/" + std::to_string(random() % (address_bits(family) + 1u));
    const auto parsed = parse_cidr(wanted);
    REQUIRE(parsed);
    REQUIRE(contains(*parsed, address));
    REQUIRE(parse_cidr(to_string(*parsed)) == parsed);
    REQUIRE(contains(*parsed, first_address(*parsed)));
    REQUIRE(contains(*parsed, last_address(*parsed)));
  }
}

TEST_CASE("ends and relations of prefixes") {
  CHECK(host_cidr(*parse_address("10.0.0.1")) == cidr("10.0.0.1/32"));
  CHECK(host_cidr(*parse_address("fd00::1")) == cidr("fd00::1/128"));
  CHECK(whole(Family::V4) == cidr("0.0.0.0/0"));
  CHECK(whole(Family::V6) == cidr("::/0"));
  CHECK(to_string(last_address(cidr("10.0.0.0/8"))) == "10.255.255.255");
  CHECK(to_string(last_address(cidr("10.0.0.1/32"))) == "10.0.0.1");
  CHECK(last_address(whole(Family::V4)) == *parse_address("255.255.255.255"));
  CHECK(to_string(last_address(cidr("fd00::/63"))) == "fd00::1:ffff:ffff:ffff:ffff");
  CHECK(to_string(first_address(cidr("fd00::ff/120"))) == "fd00::");

  CHECK(contains(cidr("10.0.0.0/8"), cidr("10.0.0.0/8")));
  CHECK(contains(cidr("10.0.0.0/8"), cidr("10.255.255.255/32")));
  CHECK_FALSE(contains(cidr("10.0.0.0/8"), cidr("10.0.0.0/7")));
  CHECK_FALSE(contains(cidr("10.0.0.0/8"), cidr("11.0.0.0/8")));
  CHECK_FALSE(contains(whole(Family::V6), whole(Family::V4)));  // 0.0.0.0/0 says nothing about IPv6, and vice versa
  CHECK_FALSE(contains(whole(Family::V4), *parse_address("::1")));
  CHECK(overlaps(cidr("10.0.0.0/7"), cidr("10.0.0.0/8")));
  CHECK(overlaps(cidr("10.0.0.0/8"), cidr("10.0.0.0/7")));
  CHECK_FALSE(overlaps(cidr("10.0.0.0/9"), cidr("10.128.0.0/9")));
  CHECK_FALSE(overlaps(cidr("::/0"), cidr("0.0.0.0/0")));

  CHECK(is_v4_mapped(cidr("::ffff:0:0/96")));
  CHECK(is_v4_mapped(cidr("::ffff:10.0.0.1/128")));
  CHECK_FALSE(is_v4_mapped(cidr("::ffff:0:0/95")));
  CHECK_FALSE(is_v4_mapped(cidr("10.0.0.0/8")));
}

TEST_CASE("subtract and minimal_cover: edges") {
  const auto minus = [](std::string_view from, std::initializer_list<std::string_view> holes) {
    return texts_of(subtract(cidr(from), cidrs(holes)));
  };
  using Texts = std::vector<std::string>;
  CHECK(minus("10.0.0.0/8", {}) == Texts{"10.0.0.0/8"});
  CHECK(minus("10.0.0.0/8", {"10.0.0.0/8"}) == Texts{});
  CHECK(minus("10.0.0.0/8", {"0.0.0.0/0"}) == Texts{});
  CHECK(minus("10.0.0.0/8", {"11.0.0.0/8", "::/0"}) == Texts{"10.0.0.0/8"});
  CHECK(minus("10.0.0.0/30", {"10.0.0.1/32"}) == Texts{"10.0.0.0/32", "10.0.0.2/31"});
  CHECK(minus("10.0.0.0/31", {"10.0.0.1/32", "10.0.0.0/32"}) == Texts{});
  CHECK(minus("10.0.0.7/32", {"10.0.0.7/32"}) == Texts{});
  CHECK(minus("0.0.0.0/0", {"128.0.0.0/1", "0.0.0.0/2"}) == Texts{"64.0.0.0/2"});
  CHECK(minus("::/0", {"8000::/1"}) == Texts{"::/1"});
  CHECK(minus("fd00::/63", {"fd00::/64"}) == Texts{"fd00:0:0:1::/64"});
  CHECK(subtract(whole(Family::V6), cidrs({"::1/128"})).size() == 128);
  CHECK(subtract(whole(Family::V4), cidrs({"1.2.3.4/32", "1.2.3.4/32"})).size() == 32);

  const auto cover = [](std::initializer_list<std::string_view> list) { return texts_of(minimal_cover(cidrs(list))); };
  CHECK(cover({}) == Texts{});
  CHECK(cover({"::/1", "0.0.0.0/1", "8000::/1", "128.0.0.0/1"}) == Texts{"0.0.0.0/0", "::/0"});
  CHECK(cover({"10.0.0.3/32", "10.0.0.2/32", "10.0.0.0/31"}) == Texts{"10.0.0.0/30"});
  CHECK(cover({"10.0.0.1/32", "10.0.0.2/32"}) == Texts{"10.0.0.1/32", "10.0.0.2/32"});  // neighbours, not siblings
  CHECK(cover({"10.0.0.1/32", "10.0.0.0/8", "10.0.0.0/8"}) == Texts{"10.0.0.0/8"});
  CHECK(cover({"0.0.0.0/32", "::/32"}) == Texts{"0.0.0.0/32", "::/32"});  // equal bits, two families
}

TEST_CASE("subtract and minimal_cover agree with brute force") {
  // A universe is the prefixes of length `unit` inside `within`; every set of addresses here is a set of those.
  const struct {
    std::string_view within;
    unsigned unit;
  } universes[] = {{"10.0.0.0/27", 32}, {"0.0.0.0/0", 5},      {"255.255.255.224/27", 32},
                   {"fd00::/123", 128}, {"2001:db8::/61", 66}, {"::/0", 5}};
  std::mt19937 random(2);
  for (const auto& [within_text, unit] : universes) {
    const Cidr within = cidr(within_text);
    const unsigned depth = unit - within.length;
    // The k-th of the 2^bits prefixes of length `within.length + bits`, by its printed address alone.
    const std::function<Cidr(Cidr, unsigned, unsigned)> pick = [&](Cidr block, unsigned bits, unsigned k) {
      if (bits == 0) return block;
      Cidr half = block;
      ++half.length;
      if (k >> (bits - 1) & 1) {
        const unsigned place = block.length;
        (place < 64 ? half.hi : half.lo) |= std::uint64_t{1} << (63 - place % 64);
      }
      return pick(half, bits - 1, k);
    };
    // The reference: whole blocks where every unit is wanted, halves where only some are.
    const std::function<void(unsigned, unsigned, const std::vector<bool>&, std::vector<Cidr>&)> tile =
        [&](unsigned bits, unsigned k, const std::vector<bool>& wanted, std::vector<Cidr>& out) {
          const unsigned first = k << (depth - bits), last = (k + 1) << (depth - bits);
          const auto count = std::count(wanted.begin() + first, wanted.begin() + last, true);
          if (count == 0) return;
          if (count == last - first) return out.push_back(pick(within, bits, k));
          tile(bits + 1, 2 * k, wanted, out);
          tile(bits + 1, 2 * k + 1, wanted, out);
        };
    for (int round = 0; round < 1500; ++round) {
      std::vector<Cidr> list(random() % 12);
      std::vector<bool> covered(std::size_t{1} << depth);
      for (Cidr& element : list) {
        // Seldom the larger blocks, or everything would be covered at once.
        const unsigned bits = depth - std::min(static_cast<unsigned>(random() % (depth + 1)),
                                               static_cast<unsigned>(random() % (depth + 1)));
        const unsigned k = static_cast<unsigned>(random()) & ((1u << bits) - 1);
        element = pick(within, bits, k);
        std::fill(covered.begin() + (k << (depth - bits)), covered.begin() + ((k + 1) << (depth - bits)), true);
      }
      std::vector<Cidr> expected_cover, expected_rest;
      tile(0, 0, covered, expected_cover);
      covered.flip();
      tile(0, 0, covered, expected_rest);
      INFO(within_text << " round " << round);
      REQUIRE(texts_of(minimal_cover(list)) == texts_of(expected_cover));
      REQUIRE(texts_of(subtract(within, list)) == texts_of(expected_rest));
      REQUIRE(minimal_cover(expected_cover) == expected_cover);
    }
  }
}

TEST_CASE("100,000 prefixes take a moment, not minutes") {
  std::mt19937_64 random(3);
  std::vector<Cidr> v4, v6;
  for (int i = 0; i < 100000; ++i) {
    v4.push_back(host_cidr({Family::V4, random() & 0xffffffff'00000000, 0}));
    v6.push_back(host_cidr({Family::V6, 0xfd00'0000'0000'0000, random() >> 32}));
  }
  const auto start = std::chrono::steady_clock::now();
  for (const auto& [from, list] : {std::pair(cidr("0.0.0.0/0"), v4), std::pair(cidr("fd00::/96"), v6)}) {
    const auto rest = subtract(from, list);
    CHECK(subtract(from, rest) == minimal_cover(list));
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
}
