// Fewer rules, the same packets: minimise() against a rule-by-rule reading of both lists.
#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "backends/kubeovn/minimise.h"
#include "tests/compile.h"

using namespace policyconv;
using kubeovn::SgProtocol;
using kubeovn::SgRule;

namespace {

SgRule rule(const std::string& remote, SgProtocol protocol = SgProtocol::All, std::uint16_t first = 0, std::uint16_t last = 0,
            std::uint32_t origin = 1, int priority = 2000) {
  SgRule made;
  made.priority = priority;
  made.policy = priority == 1000 ? Verdict::Deny : Verdict::Allow;
  made.band = priority == 1000 ? "D1" : "A1";
  made.protocol = protocol;
  if (first != 0) made.ports = ir::PortRange{first, last};
  if (const auto cidr = parse_cidr(remote)) {
    made.remote = *cidr;
    made.family = cidr->family;
  } else {
    made.remote = kubeovn::SgName{remote};
  }
  made.origins = {static_cast<RuleId>(origin)};
  return made;
}

std::string minimised(std::vector<SgRule> rules) {
  kubeovn::minimise(rules);
  return testing::text_of(rules);
}

struct Packet {
  Address address;
  std::string group;  // of the sender, or empty
  SgProtocol protocol = SgProtocol::All;  // All: another protocol, such as GRE
  std::uint16_t port = 0;
};

bool matches(const SgRule& rule, const Packet& packet) {
  if (packet.address.family != rule.family) return false;
  const auto* cidr = std::get_if<Cidr>(&rule.remote);
  if (cidr ? !contains(*cidr, packet.address) : std::get<kubeovn::SgName>(rule.remote).name != packet.group) return false;
  if (rule.protocol != SgProtocol::All && rule.protocol != packet.protocol) return false;
  return !rule.ports || (rule.ports->first <= packet.port && packet.port <= rule.ports->last);
}

/// What each band says, and the source rules that may have said it.
std::set<std::pair<int, bool>> verdicts(const std::vector<SgRule>& rules, const Packet& packet) {
  std::set<std::pair<int, bool>> found;
  for (const SgRule& rule : rules)
    if (matches(rule, packet)) found.insert({rule.priority, rule.policy == Verdict::Allow});
  return found;
}

std::set<RuleId> origins(const std::vector<SgRule>& rules) {
  std::set<RuleId> all;
  for (const SgRule& rule : rules) all.insert(rule.origins.begin(), rule.origins.end());
  return all;
}

/// Few addresses, ports and groups, so that much overlaps.
std::vector<SgRule> random_rules(std::mt19937& random) {
  const auto below = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  std::vector<SgRule> rules(static_cast<std::size_t>(1 + below(24)));
  for (std::size_t at = 0; at < rules.size(); ++at) {
    const bool v6 = below(3) == 0;
    std::string remote;
    if (below(4) == 0) remote = below(2) == 0 ? "pc-a" : "pc-b";
    else if (v6) remote = "fd00::" + std::to_string(below(8)) + "/" + std::to_string(124 + below(5));
    else remote = "10.0.0." + std::to_string(below(16)) + "/" + std::to_string(26 + below(7));
    const auto protocol = static_cast<SgProtocol>(below(4));
    const bool ported = protocol == SgProtocol::Tcp || protocol == SgProtocol::Udp;
    const auto first = static_cast<std::uint16_t>(ported ? 1 + below(12) : 0);
    const auto last = static_cast<std::uint16_t>(ported ? (below(6) == 0 ? 65535 : first + below(6)) : 0);
    rules[at] = rule(remote, protocol, first, last, static_cast<std::uint32_t>(at), below(2) == 0 ? 1000 : 2000);
    if (std::holds_alternative<kubeovn::SgName>(rules[at].remote) && v6) rules[at].family = Family::V6;
  }
  return rules;
}

std::vector<Packet> all_packets() {
  std::vector<Packet> packets;
  std::vector<Address> addresses;
  for (int last = 0; last < 66; ++last) addresses.push_back(*parse_address("10.0.0." + std::to_string(last)));
  for (int last = 0; last < 18; ++last) addresses.push_back(*parse_address("fd00::" + std::to_string(last)));
  for (const Address& address : addresses)
    for (const std::string group : {"", "pc-a", "pc-b"})
      for (const SgProtocol protocol : {SgProtocol::All, SgProtocol::Icmp, SgProtocol::Tcp, SgProtocol::Udp})
        for (const int port : {0, 1, 2, 5, 6, 7, 8, 12, 13, 17, 18, 65535}) {
          const bool ported = protocol == SgProtocol::Tcp || protocol == SgProtocol::Udp;
          if (ported == (port != 0)) packets.push_back({address, group, protocol, static_cast<std::uint16_t>(port)});
        }
  return packets;
}

}  // namespace

TEST_CASE("what another rule of the band covers goes") {
  CHECK(minimised({rule("pc-a"), rule("pc-a", SgProtocol::Tcp, 80, 80), rule("pc-a", SgProtocol::Icmp)}) == "A1 allow ipv4 all pc-a\n");
  CHECK(minimised({rule("10.0.0.0/8"), rule("10.1.0.0/16", SgProtocol::Udp, 53, 53)}) == "A1 allow ipv4 all 10.0.0.0/8\n");
  CHECK(minimised({rule("10.0.0.0/8", SgProtocol::Tcp, 1, 1000), rule("10.1.0.0/16", SgProtocol::Tcp, 53, 80)}) ==
        "A1 allow ipv4 tcp 1-1000 10.0.0.0/8\n");
  // Not the nearest prefix around it says it, but the one around that.
  CHECK(minimised({rule("10.0.0.0/8", SgProtocol::Tcp, 1, 1000), rule("10.1.0.0/16", SgProtocol::Udp, 53, 53),
                   rule("10.1.1.0/24", SgProtocol::Tcp, 80, 80)}) ==
        "A1 allow ipv4 tcp 1-1000 10.0.0.0/8\nA1 allow ipv4 udp 53-53 10.1.0.0/16\n");
}

TEST_CASE("ports that touch are joined, others are not") {
  CHECK(minimised({rule("pc-a", SgProtocol::Tcp, 80, 81), rule("pc-a", SgProtocol::Tcp, 82, 90)}) == "A1 allow ipv4 tcp 80-90 pc-a\n");
  CHECK(minimised({rule("pc-a", SgProtocol::Tcp, 65535, 65535), rule("pc-a", SgProtocol::Tcp, 1, 65535)}) ==
        "A1 allow ipv4 tcp 1-65535 pc-a\n");
  const std::vector<SgRule> apart = {rule("pc-a", SgProtocol::Tcp, 80, 81), rule("pc-a", SgProtocol::Tcp, 83, 90),
                                     rule("pc-a", SgProtocol::Udp, 82, 82)};
  CHECK(minimised(apart) == testing::text_of(apart));
}

TEST_CASE("siblings become one prefix, and bands stay apart") {
  CHECK(minimised({rule("10.0.0.0/25"), rule("10.0.0.128/25")}) == "A1 allow ipv4 all 10.0.0.0/24\n");
  const std::vector<SgRule> bands = {rule("10.0.0.0/25", SgProtocol::All, 0, 0, 1, 1000), rule("10.0.0.128/25")};
  CHECK(minimised(bands) == testing::text_of(bands));
}

TEST_CASE("what stays stands for all that it replaces") {
  std::vector<SgRule> rules = {rule("10.0.0.0/25", SgProtocol::All, 0, 0, 1), rule("10.0.0.128/25", SgProtocol::All, 0, 0, 2),
                               rule("10.0.0.7/32", SgProtocol::Tcp, 80, 80, 3)};
  CHECK(kubeovn::minimise(rules) == 2);
  REQUIRE(rules.size() == 1);
  CHECK(rules.front().origins == std::vector<RuleId>{RuleId{1}, RuleId{2}, RuleId{3}});
}

TEST_CASE("random lists match the same packets afterwards, band by band") {
  std::mt19937 random(20261123);
  const std::vector<Packet> packets = all_packets();
  std::size_t saved = 0, compared = 0;
  for (int round = 0; round < 400; ++round) {
    const std::vector<SgRule> before = random_rules(random);
    std::vector<SgRule> after = before;
    saved += kubeovn::minimise(after);
    INFO("round " << round << "\n" << testing::text_of(before) << "->\n" << testing::text_of(after));
    REQUIRE(after.size() <= before.size());
    CHECK(origins(after) == origins(before));
    std::vector<SgRule> again = after;
    CHECK(kubeovn::minimise(again) == 0);
    CHECK(testing::text_of(again) == testing::text_of(after));
    for (const Packet& packet : packets) {
      ++compared;
      if (verdicts(before, packet) != verdicts(after, packet)) FAIL(to_string(packet.address) << " " << packet.group << " " << packet.port);
    }
  }
  CHECK(saved > 400);
  CHECK(compared > 1'000'000);
}
