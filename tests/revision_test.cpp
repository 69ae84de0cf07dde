// status.ingressMd5 of Kube-OVN: hex(structhash.Md5(rules, 1)).
#include "backends/kubeovn/revision.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

using namespace policyconv;
using kubeovn::ApiRule;
using kubeovn::hashed_text;
using kubeovn::Revision;
using kubeovn::SecurityGroup;
using kubeovn::SgName;
using kubeovn::SgProtocol;
using kubeovn::SgRule;

namespace {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ' ')
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

/// "ipv4 drop tcp 54 $a.b 8613-59622", where 0-0 is no ports.
SgRule rule(std::string_view text) {
  const std::vector<std::string> part = words(text);
  SgRule rule;
  rule.family = part[0] == "ipv4" ? Family::V4 : Family::V6;
  rule.policy = part[1] == "allow" ? Verdict::Allow : Verdict::Deny;
  for (const SgProtocol each : {SgProtocol::All, SgProtocol::Icmp, SgProtocol::Tcp, SgProtocol::Udp})
    if (to_string(each) == part[2]) rule.protocol = each;
  rule.priority = std::stoi(part[3]);
  if (part[4].front() == '$')
    rule.remote = SgName{part[4].substr(1)};
  else
    rule.remote = parse_cidr(part[4]).value();
  const std::size_t dash = part[5].find('-');
  if (part[5] != "0-0")
    rule.ports = {static_cast<std::uint16_t>(std::stoi(part[5])),
                  static_cast<std::uint16_t>(std::stoi(part[5].substr(dash + 1)))};
  return rule;
}

std::vector<SgRule> rules(const std::vector<std::string_view>& texts) {
  std::vector<SgRule> rules;
  for (const std::string_view text : texts) rules.push_back(rule(text));
  return rules;
}

std::string revision(const std::vector<SgRule>& rules, int minor) {
  SecurityGroup group;
  group.ingress = rules;
  const Revision ingress = revision_of(group, {minor});
  std::swap(group.ingress, group.egress);
  CHECK(revision_of(group, {minor}).egress == ingress.ingress);
  return ingress.ingress;
}

// Written by hand after structhash.go: a list is "[" + elements joined by ", " + "]"; a struct is "{\n", its fields
// sorted by the names that they have in Go and joined by ", \n", each behind two spaces for its depth and two more, and
// "}" behind two spaces for its depth; strings are quoted and not escaped; the whole ends with a line end.
// SecurityGroupRule has no tag for structhash, so that the version 1 leaves out no field, and empty fields are written.
constexpr std::string_view two_rules_of_1_16 = R"([{
    "IPVersion": "ipv4", 
    "LocalAddress": "", 
    "Policy": "drop", 
    "PortRangeMax": 0, 
    "PortRangeMin": 0, 
    "Priority": 69, 
    "Protocol": "all", 
    "RemoteAddress": "", 
    "RemoteSecurityGroup": "a.b", 
    "RemoteType": "securityGroup", 
    "SourcePortRangeMax": 0, 
    "SourcePortRangeMin": 0
  }, {
    "IPVersion": "ipv6", 
    "LocalAddress": "", 
    "Policy": "allow", 
    "PortRangeMax": 443, 
    "PortRangeMin": 80, 
    "Priority": 113, 
    "Protocol": "tcp", 
    "RemoteAddress": "2001:db8::1/128", 
    "RemoteSecurityGroup": "", 
    "RemoteType": "address", 
    "SourcePortRangeMax": 0, 
    "SourcePortRangeMin": 0
  }]
)";

// pkg/apis/kubeovn/v1/types.go of v1.12: no localAddress, no source ports.
constexpr std::string_view one_rule_of_1_12 = R"([{
    "IPVersion": "ipv4", 
    "Policy": "allow", 
    "PortRangeMax": 53, 
    "PortRangeMin": 53, 
    "Priority": 200, 
    "Protocol": "udp", 
    "RemoteAddress": "10.96.0.10/32", 
    "RemoteSecurityGroup": "", 
    "RemoteType": "address"
  }]
)";

struct Golden {
  std::string_view until_1_15, from_1_16;
  std::vector<std::string_view> rules;
};

// What structhash.Md5(rules, 1) gave in Go 1.19 for random lists, with structhash.go of cnf/structhash as it is, over
// []*SgRule as v1.12 declares it and over []SecurityGroupRule as v1.16.2 does. That copy of structhash.go also gave the
// hashes of the library's own test (structhash_test.go, TestHash).
const Golden golden[] = {
    {"58e0494c51d30eb3494f7c9198986bb9", "58e0494c51d30eb3494f7c9198986bb9", {}},
    {"96ffd09f44d1b9e6083962622cca8a87", "c377da3cc41f93209a6088a076045727", {"ipv4 drop tcp 54 $a.b 8613-59622"}},
    {"23eb27ebfef2beac1d12efafb71da005",
     "fa05580e8946882c22fb769df4b79a45",
     {"ipv4 drop all 69 $a.b 0-0", "ipv6 allow all 113 2001:db8::1/128 0-0"}},
    {"f0e48400974c805fb22248706452ec53",
     "c0d5a23607749e877ecfac3d94e9d2c5",
     {"ipv4 drop tcp 44 10.16.0.0/16 41031-58702", "ipv6 drop udp 149 2001:db8::1/128 47930-55529",
      "ipv4 allow icmp 193 $pc-shop-web-0a1b2c3d 0-0"}},
    {"a4a7278790440112a4d3fa6e8a0dd394",
     "ed0605e626c0666a4a3ecdfa4b73f478",
     {"ipv6 allow udp 134 ::/0 30278-39649", "ipv4 allow tcp 133 $pc-base 42600-57298",
      "ipv4 allow udp 98 0.0.0.0/0 34389-60178", "ipv4 allow icmp 19 192.0.2.7/32 0-0",
      "ipv6 drop icmp 90 fd00:10:16::/64 0-0", "ipv6 allow tcp 28 fd00:10:16::/64 53461-60718",
      "ipv4 drop all 79 $x 0-0"}},
    {"0bab9be596da3b07703fc957c272e4fd",
     "6df8aa16a79fbc306db851951f1cfd3d",
     {"ipv6 drop icmp 116 2001:db8::1/128 0-0"}},
    {"6d7165cf5aefbfb49bd1ea23bec7278c",
     "05e8eb657a066234ee061c88c744ad5c",
     {"ipv4 allow icmp 54 192.0.2.7/32 0-0", "ipv6 drop all 183 $x 0-0"}},
    {"19b391815e4f8248e57460ae06403c0c",
     "2f35606352be2bf602c3e22077d05dc4",
     {"ipv4 drop tcp 173 $pc-base 16859-18491", "ipv6 allow icmp 177 ::/0 0-0", "ipv4 drop all 57 $x 0-0"}},
    {"29768cadac92dee382e805830e9d7e99",
     "ff5dcc5d709969a9f424730f25ecdc49",
     {"ipv6 drop udp 10 $pc-base 15961-39148", "ipv6 drop udp 194 $a.b 25205-41916",
      "ipv4 allow icmp 87 192.0.2.7/32 0-0", "ipv6 drop icmp 141 $pc-base 0-0",
      "ipv6 allow icmp 100 fd00:10:16::/64 0-0", "ipv4 drop udp 55 0.0.0.0/0 47431-58767",
      "ipv6 drop udp 20 2001:db8::1/128 60186-60398"}},
    {"fb0f7c8639a9dfc48a4b8e4e62458522", "4b2b406978bb8b7d213815dd3dbc3a4d", {"ipv4 drop udp 46 $x 19524-42646"}},
    {"6af0193a30f05a4e02a1c91aee1906c6",
     "ba380500082a8e0bf9a292d947447e0b",
     {"ipv6 allow icmp 91 fd00:10:16::/64 0-0", "ipv4 allow udp 20 0.0.0.0/0 52502-56249"}},
    {"49ab6973826b2238e7cd02457be38aae",
     "c0bd8be248171fbf280c7dfc82553ffe",
     {"ipv6 allow icmp 71 fd00:10:16::/64 0-0", "ipv6 drop all 22 fd00:10:16::/64 0-0",
      "ipv4 drop icmp 59 $pc-shop-web-0a1b2c3d 0-0"}},
    {"fbcd3719a6f77f1041e3eae1cd5989fb",
     "665039a79beb2c49f92b13ff8e49d4d6",
     {"ipv6 allow udp 24 ::/0 20105-26636", "ipv4 drop udp 1 $pc-base 24384-45421",
      "ipv4 allow icmp 33 192.0.2.7/32 0-0", "ipv6 drop udp 163 $pc-shop-web-0a1b2c3d 36092-59888",
      "ipv6 allow udp 185 2001:db8::1/128 33986-52437", "ipv4 allow udp 145 192.0.2.7/32 6004-44841",
      "ipv4 drop all 92 192.0.2.7/32 0-0"}},
    {"8e870214cca0da9d78588b0eb5203a44", "b3ef5ae0db4cffb227b28efa92ef896a", {"ipv6 drop udp 68 $pc-base 14976-25063"}},
    {"8ff42ef9b1687aa976fc03d515a23d7e",
     "6e439274b9a8734b9ccc02c6cc67aedc",
     {"ipv4 drop tcp 184 10.16.0.0/16 44695-44900", "ipv6 drop udp 92 ::/0 10347-57495"}},
    {"d339d1b88ecc4b449523d993a4985e9d",
     "7d8bc0845f941bd6745aec260141839d",
     {"ipv6 drop udp 65 2001:db8::1/128 57890-63212", "ipv6 allow all 118 fd00:10:16::/64 0-0",
      "ipv4 allow all 161 $pc-shop-web-0a1b2c3d 0-0"}},
    {"c2eaff432fc4d96eac7f66bbc81d46ca",
     "08eae6f632aed1c5a35834bbf26293fe",
     {"ipv6 allow udp 139 2001:db8::1/128 40254-54570", "ipv4 drop all 130 10.0.0.128/25 0-0",
      "ipv6 allow icmp 173 $x 0-0", "ipv6 allow tcp 142 $a.b 29181-33681", "ipv4 drop icmp 6 0.0.0.0/0 0-0",
      "ipv6 allow udp 38 $x 24191-28731", "ipv6 drop all 51 $x 0-0"}},
};

ApiRule api(std::string_view family, std::string_view policy, std::string_view protocol, int priority) {
  ApiRule rule;
  rule.ip_version = family;
  rule.policy = policy;
  rule.protocol = protocol;
  rule.priority = priority;
  return rule;
}

}  // namespace

TEST_CASE("the revision is the MD5 of what structhash writes (K§1.4)") {
  ApiRule first = api("ipv4", "drop", "all", 69), second = api("ipv6", "allow", "tcp", 113),
          third = api("ipv4", "allow", "udp", 200);
  first.remote_type = "securityGroup";
  first.remote_group = "a.b";
  second.remote_type = third.remote_type = "address";
  second.remote_address = "2001:db8::1/128";
  second.port_min = 80;
  second.port_max = 443;
  third.remote_address = "10.96.0.10/32";
  third.port_min = third.port_max = 53;
  CHECK(hashed_text({first, second}, {16}) == two_rules_of_1_16);
  CHECK(hashed_text({third}, {12}) == one_rule_of_1_12);
  CHECK(hashed_text({}, {16}) == "[]\n");

  // md5sum of each of the three texts.
  CHECK(revision(rules({"ipv4 drop all 69 $a.b 0-0", "ipv6 allow tcp 113 2001:db8::1/128 80-443"}), 16) ==
        "f3a01e68a7faeb7ecc484ce01cc5acd3");
  CHECK(revision(rules({"ipv4 allow udp 200 10.96.0.10/32 53-53"}), 12) == "fcfef224958a8ac7c95563a8a6754710");
  CHECK(revision({}, 12) == "58e0494c51d30eb3494f7c9198986bb9");
  CHECK(revision({}, 16) == "58e0494c51d30eb3494f7c9198986bb9");
}

TEST_CASE("local addresses and source ports of other hands are in the revision since v1.16 (K§1.2)") {
  ApiRule rule = api("ipv4", "allow", "tcp", 1), local = rule, source = rule;
  local.local_address = "10.0.0.1";
  source.source_min = 1;
  for (const ApiRule& other : {local, source}) {
    CHECK(kubeovn::revision_of(std::vector{other}, {16}) != kubeovn::revision_of(std::vector{rule}, {16}));
    CHECK(kubeovn::revision_of(std::vector{other}, {15}) == kubeovn::revision_of(std::vector{rule}, {15}));
  }
}

TEST_CASE("the revision is what structhash itself gave") {
  for (const Golden& each : golden) {
    for (const int minor : {12, 13, 14, 15}) CHECK(revision(rules(each.rules), minor) == each.until_1_15);
    CHECK(revision(rules(each.rules), 16) == each.from_1_16);
  }
}

TEST_CASE("each part of a rule, and the order of rules, is in the revision") {
  const std::string_view base = "ipv4 allow tcp 5 10.0.0.0/8 80-90";
  const std::string before = revision(rules({base}), 16);
  for (const std::string_view other :
       {"ipv6 allow tcp 5 10.0.0.0/8 80-90", "ipv4 drop tcp 5 10.0.0.0/8 80-90", "ipv4 allow udp 5 10.0.0.0/8 80-90",
        "ipv4 allow tcp 6 10.0.0.0/8 80-90", "ipv4 allow tcp 5 10.0.0.0/9 80-90", "ipv4 allow tcp 5 $a 80-90",
        "ipv4 allow tcp 5 10.0.0.0/8 81-90", "ipv4 allow tcp 5 10.0.0.0/8 80-91", "ipv4 allow tcp 5 10.0.0.0/8 0-0"}) {
    CAPTURE(other);
    CHECK(revision(rules({other}), 16) != before);
    CHECK(revision(rules({base, other}), 16) != revision(rules({other, base}), 16));
  }
}
