#include "tests/ovn/expressions.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace policyconv::real_ovn {
namespace {

struct Field {
  const char* name;
  unsigned width;        // 0: a port
  bool nominal = false;  // may only be tested for equality
};

/// As ovn-sb(5) lists them, apart from registers and from what a packet's MAC addresses are. The first ones are what
/// ACLs are made of.
constexpr std::size_t usual = 8;
constexpr Field fields[] = {
    {"ip4.src", 32},         {"ip4.dst", 32},         {"ip6.src", 128},        {"ip6.dst", 128},
    {"tcp.dst", 16},         {"udp.dst", 16},         {"inport", 0, true},     {"outport", 0, true},
    {"sctp.dst", 16},        {"tcp.src", 16},         {"udp.src", 16},         {"sctp.src", 16},
    {"ip.proto", 8, true},   {"ip.ttl", 8, true},     {"ip.dscp", 6, true},    {"ip.ecn", 2, true},
    {"ip.frag", 2},          {"icmp4.type", 8, true}, {"icmp4.code", 8, true}, {"icmp6.type", 8, true},
    {"icmp6.code", 8, true}, {"eth.type", 16, true},  {"vlan.vid", 12},        {"arp.op", 16, true},
    {"arp.spa", 32},         {"nd.target", 128},      {"ip6.label", 20},       {"pkt.mark", 32},
    {"ct_mark", 32},         {"ct_label", 128},       {"tcp.flags", 12},       {"ct_state", 32}};
constexpr std::size_t stateful = 4;  // of them, at the end
constexpr const char* nominal_predicates[] = {"ip",    "ip4",   "ip6", "tcp", "udp",   "sctp", "icmp",
                                              "icmp4", "icmp6", "arp", "nd",  "nd_ns", "igmp", "mldv1"};
constexpr const char* flags[] = {"eth.mcast",  "eth.bcast",     "eth.mcastv6",    "ip4.mcast", "ip6.mcast",
                                 "ip.is_frag", "ip.later_frag", "vlan.present",   "ct.new",    "ct.est",
                                 "ct.rpl",     "ct.trk",        "ct_mark.blocked"};
constexpr std::size_t stateful_flags = 5;

/// Numbers that packets carry, so that comparisons have a chance to hold; and what no lexer takes.
constexpr const char* ports[] = {"80", "53", "67", "79", "81", "0", "1", "65535", "0x50", "50000", "0x50/0xf0"};
constexpr const char* numbers[] = {"0", "1", "2", "3", "0x1", "0x0/0x1"};
constexpr const char* octets[] = {"0", "1", "6", "8", "17", "64", "128", "132", "255", "0x11", "0x10/0xf0"};
constexpr const char* slips_of_the_pen[] = {"10.0.0.256", "10.0.0.0/33", "fd00::/129", "65536",
                                            "080",        "-1",          "5/3",        "$missing",
                                            "@missing",   "\"\"",        "0x",         "0a:00:00:00:00:01"};

}  // namespace

std::string RandomExpressions::next() {
  wild_ = chance(3);
  return expression(2);
}

std::string RandomExpressions::expression(int depth) {
  std::string text = operand(depth);
  const char* joint = chance(2) ? " && " : " || ";
  for (std::size_t more = depth == 0 ? 0 : below(3); more > 0; --more) {
    text += joint + operand(depth);
    if (slips(20)) joint = " && ";
  }
  return text;
}

std::string RandomExpressions::operand(int depth) {
  if (depth > 0 && chance(3)) return (slips(4) || chance(8) ? "!(" : "(") + expression(depth - 1) + ")";
  if (chance(30)) return slips(3) ? "2" : chance(2) ? "1" : "!0";
  if (chance(3)) return predicate();
  return (slips(10) ? "!" : "") + comparison();
}

std::string RandomExpressions::predicate() {
  if (chance(2)) return (slips(8) ? "!" : "") + std::string(pick(nominal_predicates)) + (chance(6) ? " == 1" : "");
  return (chance(3) ? "!" : "") + std::string(flags[below(std::size(flags) - (words_.state ? 0 : stateful_flags))]);
}

std::string RandomExpressions::comparison() {
  const Field& field = fields[below(chance(2) ? usual : std::size(fields) - (words_.state ? 0 : stateful))];
  std::string name = field.name;
  unsigned width = field.width;
  if (field.width > 2 && (!field.nominal || slips(4)) && chance(8)) {
    const std::size_t bit = below(field.width + (wild_ ? 1 : 0));
    const std::size_t last = wild_ ? bit + below(8) : std::min<std::size_t>(bit + below(8), field.width - 1);
    name += bit == last ? fmt::format("[{}]", bit) : fmt::format("[{}..{}]", bit, last);
    if (chance(2)) width = 1;
  }
  const bool equality_only = field.nominal && !slips(4);
  if (!equality_only && chance(6)) {
    const char* way = chance(4) ? ">" : "<";
    const auto order = [&] { return std::string(way) + (chance(2) ? "=" : ""); };
    const std::string before = order(), after = order();
    return fmt::format("{} {} {} {} {}", constant(width), before, name, after, constant(width));
  }
  if (chance(4)) {
    std::string list;
    for (std::size_t i = 0, count = 1 + below(3); i < count; ++i) list += (i ? ", " : "") + constant(width);
    return fmt::format("{} {} {{{}}}", name, equality_only || chance(2) ? "==" : slips(8) ? ">" : "!=", list);
  }
  const std::string sign = relation(equality_only), value = constant(width);
  return chance(8) ? fmt::format("{} {} {}", value, sign, name) : fmt::format("{} {} {}", name, sign, value);
}

std::string RandomExpressions::relation(bool equality_only) {
  constexpr const char* relations[] = {"==", "==", "!=", "<", "<=", ">", ">="};
  if (slips(20)) return "=";
  return equality_only ? "==" : pick(relations);
}

std::string RandomExpressions::constant(unsigned width) {
  if (slips(12)) return pick(slips_of_the_pen);
  if (slips(12)) width = chance(2) ? 32 : 16;
  if (width == 0) return pick(words_.ports);
  if ((width == 32 || width == 128) && chance(6)) return pick(words_.sets);
  if (width == 32) return pick(words_.v4);
  if (width == 128) return slips(4) ? pick(words_.v4) : pick(words_.v6);
  if (width >= 16) return pick(ports);
  return width >= 8 ? pick(octets) : pick(numbers);
}

}  // namespace policyconv::real_ovn
