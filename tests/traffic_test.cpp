// Sets of traffic, against sets of single packets.
#include "verify/traffic.h"

#include <algorithm>
#include <array>
#include <random>
#include <tuple>

#include <catch2/catch.hpp>

using namespace policyconv;
using namespace policyconv::verify;

namespace {

constexpr std::array protocols{Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Icmp, Protocol::Icmp6};
// Ports of the small world, both ends of the scale included, so that nothing overflows unseen.
constexpr std::array<std::uint16_t, 8> ports{0, 1, 2, 3, 65532, 65533, 65534, 65535};

using Grid = std::array<bool, protocols.size() * ports.size() * ports.size()>;

bool has(const Packets& packets, Protocol protocol, std::uint16_t port, std::uint16_t source) {
  return packets.protocol == protocol && packets.first <= port && port <= packets.last &&
         packets.source_first <= source && source <= packets.source_last;
}

/// Also checks that no packet is in two pieces.
Grid grid_of(const Traffic& traffic) {
  Grid grid{};
  std::size_t at = 0;
  for (const Protocol protocol : protocols)
    for (const std::uint16_t port : ports)
      for (const std::uint16_t source : ports) {
        const auto count = std::count_if(traffic.begin(), traffic.end(),
                                         [&](const Packets& each) { return has(each, protocol, port, source); });
        if (count > 1) FAIL("pieces overlap");
        grid[at++] = count == 1;
      }
  return grid;
}

/// Two pieces of which the union is a rectangle.
bool could_be_one(const Packets& a, const Packets& b) {
  if (a.protocol != b.protocol) return false;
  const bool same_source = a.source_first == b.source_first && a.source_last == b.source_last;
  const bool same_ports = a.first == b.first && a.last == b.last;
  return (same_source && a.last + 1 == b.first) || (same_ports && a.source_last + 1 == b.source_first);
}

void check_shape(const Traffic& traffic) {
  CHECK(std::is_sorted(traffic.begin(), traffic.end()));
  for (const Packets& a : traffic) {
    CHECK(a.first <= a.last);
    CHECK(a.source_first <= a.source_last);
    for (const Packets& b : traffic) CHECK_FALSE(could_be_one(a, b));
  }
}

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {}

  /// `sources`: some pieces ask for source ports.
  std::vector<Packets> pieces(bool sources) {
    std::vector<Packets> found;
    for (std::size_t left = below(6); left > 0; --left) {
      Packets piece{protocols[below(sources ? 2 : 5)]};
      std::tie(piece.first, piece.last) = interval();
      if (sources && below(3) != 0) std::tie(piece.source_first, piece.source_last) = interval();
      found.push_back(piece);
    }
    return found;
  }

 private:
  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }
  std::pair<std::uint16_t, std::uint16_t> interval() {
    const std::uint16_t a = ports[below(ports.size())], b = ports[below(ports.size())];
    return std::minmax(a, b);
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("sets of traffic are exact, disjoint and in their one shape") {
  const bool sources = GENERATE(false, true);
  World world(sources ? 1 : 2);
  for (int round = 0; round < 3000; ++round) {
    const std::vector<Packets> pieces = world.pieces(sources);
    Grid expected{};
    for (const Packets& piece : pieces) {
      const Grid one = grid_of({piece});
      for (std::size_t i = 0; i < one.size(); ++i) expected[i] |= one[i];
    }
    const Traffic a = merged(pieces), b = merged(world.pieces(sources));
    check_shape(a);
    REQUIRE(grid_of(a) == expected);

    const Grid in_a = grid_of(a), in_b = grid_of(b);
    Grid in_both{}, only_a{};
    for (std::size_t i = 0; i < in_a.size(); ++i) in_both[i] = in_a[i] && in_b[i], only_a[i] = in_a[i] && !in_b[i];
    const Traffic both = common(a, b), rest = without(a, b);
    check_shape(both);
    check_shape(rest);
    REQUIRE(grid_of(both) == in_both);
    REQUIRE(grid_of(rest) == only_a);

    // Equal sets are equal values, by whatever way they came about.
    std::vector<Packets> parts = both;
    parts.insert(parts.end(), rest.begin(), rest.end());
    REQUIRE(merged(parts) == a);
    REQUIRE(common(b, a) == both);
    REQUIRE(without(a, rest) == both);
  }
}

TEST_CASE("two pieces have in common what the sets of each have") {
  World world(3);
  for (int round = 0; round < 3000; ++round) {
    const std::vector<Packets> a = world.pieces(true), b = world.pieces(true);
    if (a.empty() || b.empty()) continue;
    const std::optional<Packets> both = common(a.front(), b.front());
    const Traffic sets = common(Traffic{a.front()}, Traffic{b.front()});
    REQUIRE((both ? Traffic{*both} : Traffic{}) == sets);
  }
}

TEST_CASE("neighbour discovery is in no set") {
  const Traffic all = all_traffic();
  check_shape(all);
  CHECK(merged(all) == all);
  for (std::uint16_t type = 0; type < 256; ++type) {
    const bool is_discovery = (type >= 130 && type <= 136) || type == 143;
    INFO(type);
    CHECK(common(all, {{Protocol::Icmp6, type, type}}).empty() == is_discovery);
    CHECK_FALSE(common(all, {{Protocol::Icmp, type, type}}).empty());
  }
  CHECK(common(all, {{Protocol::Icmp, 256, 65535}, {Protocol::Icmp6, 256, 65535}}).empty());
}

TEST_CASE("traffic in words") {
  const Traffic all = all_traffic();
  const std::pair<Traffic, std::string_view> cases[] = {
      {{}, "nothing"},
      {all, "any"},
      {{{Protocol::Tcp}}, "tcp"},
      {{{Protocol::Tcp, 5433, 5440}, {Protocol::Udp, 53, 53}}, "tcp 5433-5440, udp 53"},
      {{{Protocol::Icmp, 8, 8}}, "icmp type 8"},
      {{{Protocol::Icmp, 0, 255}}, "icmp"},
      {common(all, {{Protocol::Icmp6, 0, 255}}), "icmp6"},
      {common(all, {{Protocol::Icmp6, 128, 140}}), "icmp6 type 128-129, icmp6 type 137-140"},
      {without(all, {{Protocol::Tcp, 80, 80}}), "tcp 1-79, tcp 81-65535, udp, sctp, icmp, icmp6"},
      {{{Protocol::Tcp, 80, 80, 1, 1023}}, "tcp 80 from ports 1-1023"},
      {{{Protocol::Udp, 67, 67, 68, 68}}, "udp 67 from port 68"},
      {{{Protocol::Udp, 1, 65535, 68, 68}}, "udp from port 68"},
  };
  for (const auto& [traffic, words] : cases) CHECK(to_string(traffic) == words);
}
