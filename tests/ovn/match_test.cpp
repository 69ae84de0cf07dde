// Does verify::OvnMatch take and refuse what OVN takes and refuses, and do both say the same about packets? OVN is
// asked by ACLs of one switch: northd compiles each into logical flows, and ovn-trace parses those. A flow that it
// cannot parse has no effect (K§1.3).
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "tests/ovn/expressions.h"
#include "tests/ovn/options.h"
#include "tests/ovn/tracer.h"
#include "tests/ovn_match_cases.h"
#include "verify/ovn_match.h"

using namespace policyconv;
using namespace policyconv::real_ovn;
namespace table = policyconv::testing::match;

namespace {

/// Every expression has two source MAC addresses: packets from the first are dropped if it matches, packets from the
/// second if OVN can parse it.
std::string mac(std::size_t expression, bool parses) {
  return fmt::format("0a:{:02x}:00:00:{:02x}:{:02x}", parses ? 2 : 1, expression >> 8, expression & 0xff);
}

constexpr const char* receiver = "0a:00:00:00:00:02";

std::vector<std::string> selected(const std::vector<std::string>& expressions) {
  std::vector<std::string> matches;
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    matches.push_back(fmt::format("eth.src == {} && ({})", mac(i, false), expressions[i]));
    matches.push_back(fmt::format("eth.src == {} && (({}) || 1)", mac(i, true), expressions[i]));
  }
  return matches;
}

/// A switch that drops what one of the matches is true for.
class Oracle {
 public:
  explicit Oracle(const std::vector<std::string>& matches) {
    Rows rows;
    std::map<std::string, Reference> ports;
    for (const char* name : {"a.shop", "b.shop", "c.shop"}) {
      const std::string address =
          name == std::string("b.shop") ? receiver : fmt::format("0a:00:00:00:00:{:02x}", name[0]);
      ports[name] = rows.add("Logical_Switch_Port", {{"name", name}, {"addresses", address}});
    }
    for (const auto& [name, members] : table::port_groups) {
      std::vector<Reference> references;
      for (const std::string& member : members) references.push_back(ports.at(member));
      rows.add("Port_Group", {{"name", name}, {"ports", set_of(references)}});
    }
    for (const auto& [name, members] : table::address_sets) {
      std::vector<nlohmann::json> addresses;
      for (const Address& member : members) addresses.push_back(to_string(member));
      rows.add("Address_Set", {{"name", name}, {"addresses", set_of(addresses)}});
    }
    std::vector<Reference> acls;
    const auto acl = [&](int priority, const std::string& match, const char* action) {
      acls.push_back(
          rows.add("ACL", {{"priority", priority}, {"direction", "to-lport"}, {"match", match}, {"action", action}}));
    };
    for (const std::string& match : matches) acl(1000, match, "drop");
    acl(1, "ip", "allow-related");  // so that there is connection tracking
    rows.add("Logical_Switch", {{"name", "shop"},
                                {"ports", set_of({ports.at("a.shop"), ports.at("b.shop"), ports.at("c.shop")})},
                                {"acls", set_of(acls)}});
    server_.replace(rows);
    tracer_.emplace(server_, Conntrack::New);
  }

  [[nodiscard]] bool drops(const verify::MatchPacket& packet, const std::string& from) {
    verify::Packet sent;
    sent.source = packet.source, sent.destination = packet.destination;
    sent.protocol = packet.protocol;
    sent.source_port = packet.source_port;
    const bool icmp = packet.protocol == Protocol::Icmp || packet.protocol == Protocol::Icmp6;
    sent.port = icmp ? packet.icmp_type : packet.destination_port;
    const std::string to = multicast_mac(packet.destination).value_or(receiver);
    return !(*tracer_)(microflow(packet.inport, from, to, sent, Conntrack::New)).reaches(packet.outport);
  }

 private:
  Server server_;
  std::optional<Tracer> tracer_;
};

/// northd puts a match in parentheses, which these open or hide; so they cannot be asked about within others.
constexpr const char* outside_of_parentheses[] = {"ip) && (ip4", "ip) || (ip4", "ip) && (", "ip // comment",
                                                  "ip // comment\n"};

/// OVN lets discovery pass whatever the ACLs say (K§2.3), so what a match says about it cannot be seen. And what is
/// GRE in the trace is no certain protocol to OvnMatch.
bool is_exempt(const std::string& packet, const std::string& text) {
  return packet == "solicit" || packet == "mld" || (packet == "other" && text.find("ip.proto") != text.npos);
}

/// What the packets carry and the table defines.
const Vocabulary vocabulary{
    {"\"a.shop\"", "\"b.shop\"", "\"c.shop\"", "@pg", "@ovn.sg.other"},
    {"$as4", "$as6", "$as_empty"},
    {"10.0.0.1", "10.0.0.2", "10.0.0.0/24", "0.0.0.0/0", "224.0.0.0/4", "10.0.7.1/255.255.0.255", "255.255.255.255",
     "10.0.0.3/31", "10.0.0.2/32", "1.2.3.4"},
    {"fd00::1", "fd00::2", "fd00::/64", "::/0", "ff02::/16", "FD00::1/128", "::", "fd00::/ffff::"},
    true};

struct Tally {
  std::size_t expressions = 0, parsed = 0, answers = 0, differences = 0;

  void complain(const std::string& text) {
    if (++differences <= 30) std::cout << text << "\n";
  }

  void compare(const std::vector<std::string>& texts) {
    Oracle ovn(selected(texts));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      ++expressions;
      verify::MatchError error;
      const auto match = verify::OvnMatch::parse(texts[i], &error);
      const bool effective = match && match->matches({}, table::names).has_value();
      const bool parses = ovn.drops(table::packets.at("tcp"), mac(i, true));
      if (parses) ++parsed;
      if (parses != effective) {
        complain(fmt::format("`{}`: OVN {}, OvnMatch {} {}", texts[i], parses ? "takes it" : "does not",
                             match ? (effective ? "does" : "misses a name") : "does not:", error.text));
        continue;
      }
      if (!parses) continue;
      for (const auto& [name, packet] : table::packets) {
        if (is_exempt(name, texts[i])) continue;
        ++answers;
        const bool wanted = ovn.drops(packet, mac(i, false)), got = *match->matches(packet, table::names);
        if (wanted != got) complain(fmt::format("`{}` on packet {}: OVN {}, OvnMatch {}", texts[i], name, wanted, got));
      }
    }
  }

  void summarize(std::string_view what) const {
    std::cout << fmt::format("{} on OVN {}: {} expressions, {} parse, {} answers about packets, {} differences\n", what,
                             ovn_version(), expressions, parsed, answers, differences);
    CHECK(differences == 0);
  }
};

}  // namespace

TEST_CASE("OvnMatch and OVN agree on the table of matches") {
  std::set<std::string> texts;
  for (const table::Syntax& row : table::syntax) texts.insert(row.text);
  for (const table::Answer& row : table::answers) texts.insert(row.text);
  for (const char* text : outside_of_parentheses) texts.erase(text);
  Tally tally;
  tally.compare({texts.begin(), texts.end()});
  tally.summarize("the table");
  CHECK(tally.expressions >= 200);
}

TEST_CASE("OvnMatch and OVN agree on what can leave northd's parentheses") {
  std::vector<std::string> texts(std::begin(outside_of_parentheses), std::end(outside_of_parentheses));
  for (const std::size_t depth : {98u, 99u, 100u, 101u})
    texts.push_back(std::string(depth, '(') + "ip" + std::string(depth, ')'));
  const verify::MatchPacket& packet = table::packets.at("tcp");
  for (const std::string& text : texts) {
    const auto match = verify::OvnMatch::parse(text);
    INFO(text);
    CHECK(Oracle({text}).drops(packet, mac(0, false)) == (match && match->matches(packet, table::names) == true));
  }
}

TEST_CASE("OvnMatch and OVN agree on random matches") {
  const Options wanted = options(std::chrono::seconds(20));
  RandomExpressions random(wanted.seed, vocabulary);
  Tally tally;
  const std::size_t most = wanted.full ? 100 : 20;
  Progress progress("random matches", most);
  for (std::size_t batch = 0;
       batch < most && (wanted.full || progress.seconds() < static_cast<double>(wanted.budget.count())); ++batch) {
    std::vector<std::string> expressions;
    for (int i = 0; i < 200; ++i) expressions.push_back(random.next());
    tally.compare(expressions);
    progress.at(batch + 1, tally.answers);
  }
  tally.summarize(fmt::format("random matches, seed {}", wanted.seed));
  CHECK(tally.parsed * 4 > tally.expressions);  // not only nonsense
}
