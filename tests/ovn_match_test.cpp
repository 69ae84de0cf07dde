// Which matches OVN parses, and what they say about packets; tests/ovn/match_test.cpp compares the same rows with OVN.
#include "tests/ovn_match_cases.h"

#include <catch2/catch.hpp>
#include <string>

using namespace policyconv;
using namespace policyconv::verify;
using namespace policyconv::testing::match;

TEST_CASE("a match parses exactly when OVN parses it") {
  for (const Syntax& row : syntax) {
    MatchError error;
    const bool parses = OvnMatch::parse(row.text, &error).has_value();
    INFO(row.text << " " << error.text);
    CHECK(parses == row.parses);
    CHECK(error.text.empty() == row.parses);
    CHECK((error.column == 0) == row.parses);
  }
}

TEST_CASE("a match says about a packet what OVN says") {
  for (const Answer& row : answers) {
    INFO(row.text << " on " << row.packet);
    const auto match = OvnMatch::parse(row.text);
    REQUIRE(match);
    const auto says = match->matches(packets.at(row.packet), names);
    CHECK((says ? *says ? 'y' : 'n' : '-') == row.says);
  }
}

TEST_CASE("an error names the place and the reason") {
  const auto error_of = [](std::string_view text) {
    MatchError error;
    (void)OvnMatch::parse(text, &error);
    return std::to_string(error.column) + " " + error.text;
  };
  CHECK(error_of("ip4 && foo == 1") == "8 there is no field `foo`");
  CHECK(error_of("ip4 && tcp || udp") == "12 && and || must be parenthesized when used together");
  CHECK(error_of("tcp.dst == 65536") == "12 17-bit constant `65536` does not fit 16-bit field tcp.dst");
  CHECK(error_of("ip4.src == fd00::/64") == "12 128-bit constant `fd00::/64` does not fit 32-bit field ip4.src");
  CHECK(error_of("!tcp") == "2 tcp cannot be negated");
  CHECK(error_of("icmp4.type != 8") == "15 icmp4.type can only be tested for equality");
  CHECK(error_of("ip4.src == 10.0.0.0/8,11.0.0.0/8") == "22 unexpected `,`");
  CHECK(error_of("ip4 &&") == "7 the match ends too early");
  CHECK(error_of("(ip4") == "5 the match ends too early");
  CHECK(error_of("ip4)") == "5 unexpected `)`");
  CHECK(error_of("ip4))") == "5 unexpected `)`");
  CHECK(error_of("") == "1 the match ends too early");
}

TEST_CASE("no input breaks the parser") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '(') + "ip" + std::string(depth, ')'); };
  CHECK(OvnMatch::parse(nested(99)));  // northd adds the hundredth
  CHECK_FALSE(OvnMatch::parse(nested(100)));
  CHECK_FALSE(OvnMatch::parse(nested(100'000)));
  CHECK_FALSE(OvnMatch::parse(std::string(100'000, '(')));
  CHECK_FALSE(OvnMatch::parse(std::string(100'000, '!')));
  CHECK_FALSE(OvnMatch::parse("ip4.src == \xff\xfe"));
  CHECK_FALSE(OvnMatch::parse(std::string_view("ip\0ip", 5)));
  CHECK_FALSE(OvnMatch::parse("inport == \"\\u0041\""));

  std::string wide = "tcp.dst == {1";
  for (int port = 2; port <= 5000; ++port) wide += ", " + std::to_string(port);
  const auto match = OvnMatch::parse(wide + "}");
  REQUIRE(match);
  CHECK(match->matches(packets.at("tcp"), names) == true);
}

TEST_CASE("the scope of a match is the one port group it requires") {
  const auto scope_of = [](std::string_view text) { return std::string(OvnMatch::parse(text)->scope("outport")); };
  CHECK(scope_of("outport == @pg") == "pg");
  CHECK(scope_of("outport == @pg && ip4 && (tcp || udp)") == "pg");
  CHECK(scope_of("ip4 && @ovn.sg.a == outport") == "ovn.sg.a");
  CHECK(scope_of("inport == @pg && ip4").empty());
  CHECK(scope_of("outport == @pg || ip4").empty());
  CHECK(scope_of("outport == {@pg, @ovn.sg.a} && ip4").empty());
  CHECK(scope_of("outport == {@pg, \"x\"} && ip4").empty());
  CHECK(scope_of("ip4").empty());
}
