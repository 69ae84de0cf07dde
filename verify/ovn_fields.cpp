// OVN's symbol table (ovn-sb(5), Logical_Flow), read for the first packet of a connection: conntrack says tracked and
// new, TCP carries SYN alone. What MatchPacket does not hold and no policy decides on (MAC addresses of unicast
// packets, VLAN, DSCP, fragments, marks) reads as 0, what only an ARP packet has is absent.
#include "verify/ovn_fields.h"

#include <algorithm>
#include <iterator>

namespace policyconv::verify {
namespace {

using Read = std::optional<Bits>;

std::optional<unsigned> protocol_number(Protocol protocol) {
  switch (protocol) {
    case Protocol::Any:
      return std::nullopt;
    case Protocol::Tcp:
      return 6;
    case Protocol::Udp:
      return 17;
    case Protocol::Sctp:
      return 132;
    case Protocol::Icmp:
      return 1;
    case Protocol::Icmp6:
      return 58;
  }
  return std::nullopt;
}

bool v4(const MatchPacket& p) {
  return p.family == Family::V4;
}
bool v6(const MatchPacket& p) {
  return p.family == Family::V6;
}
bool icmp4(const MatchPacket& p) {
  return v4(p) && p.protocol == Protocol::Icmp;
}
bool icmp6(const MatchPacket& p) {
  return v6(p) && p.protocol == Protocol::Icmp6;
}

/// Neighbour discovery is only valid with hop limit 255, so packets of its types are taken to have it (RFC 4861).
bool neighbour_discovery(const MatchPacket& p, unsigned first, unsigned last) {
  return icmp6(p) && first <= p.icmp_type && p.icmp_type <= last && p.icmp_code == 0;
}
Bits time_to_live(const MatchPacket& p) {
  return neighbour_discovery(p, 133, 137) ? 255 : 64;
}

/// Where IP multicast and broadcast go on Ethernet (RFC 1112, RFC 2464); 0 for everything else.
Bits ethernet_destination(const MatchPacket& p) {
  const Bits address = bits_of(p.destination);
  if (v6(p)) return address >> 120 == 0xff ? Bits(0x3333) << 32 | (address & 0xffffffff) : 0;
  if (address == 0xffffffff) return 0xffffffffffff;
  return address >> 28 == 0xe ? Bits(0x01005e) << 24 | (address & 0x7fffff) : 0;
}
bool multicast4(const MatchPacket& p) {
  return v4(p) && bits_of(p.destination) >> 28 == 0xe;
}
bool multicast6(const MatchPacket& p) {
  return v6(p) && bits_of(p.destination) >> 120 == 0xff;
}
bool sent_to(const MatchPacket& p, std::uint64_t hi, std::uint64_t lo) {
  return v6(p) && p.destination.hi == hi && p.destination.lo == lo;
}
bool all_nodes(const MatchPacket& p) {
  return sent_to(p, 0xff01ull << 48, 1) || sent_to(p, 0xff02ull << 48, 1);
}
bool all_routers(const MatchPacket& p) {
  return sent_to(p, 0xff01ull << 48, 2) || sent_to(p, 0xff02ull << 48, 2) || sent_to(p, 0xff05ull << 48, 2);
}
bool solicited_node(const MatchPacket& p) {
  return v6(p) && p.destination.hi == 0xff02ull << 48 && p.destination.lo >> 24 == 0x1ff;
}
bool reserved_multicast(const MatchPacket& p) {
  return v6(p) && p.destination.hi >> 52 == 0xff0 && bits_of(p.destination) << 16 == 0;
}
bool link_local_source(const MatchPacket& p) {
  return v6(p) && p.source.hi >> 54 == 0xfe80 >> 6;
}

/// northd sends these past the connection tracker (ls_in_pre_acl, ls_out_pre_acl).
bool is_tracked(const MatchPacket& p) {
  const bool multicast = (ethernet_destination(p) >> 40 & 1) != 0;
  const bool dhcp6 = v6(p) && p.protocol == Protocol::Udp && p.source_port == 546 && p.destination_port == 547;
  return !multicast && !neighbour_discovery(p, 133, 136) && !dhcp6;
}

Read when(bool present, Bits value) {
  return present ? Read(value) : std::nullopt;
}
Read absent(const MatchPacket&) {
  return std::nullopt;
}
Read zero(const MatchPacket&) {
  return 0;
}
template <bool (*predicate)(const MatchPacket&)>
Read test(const MatchPacket& p) {
  return Bits(predicate(p));
}
template <Protocol protocol>
Read is(const MatchPacket& p) {
  return Bits(p.protocol == protocol);
}
template <Protocol protocol>
Read source_port(const MatchPacket& p) {
  return when(p.protocol == protocol, p.source_port);
}
template <Protocol protocol>
Read destination_port(const MatchPacket& p) {
  return when(p.protocol == protocol, p.destination_port);
}
template <unsigned first, unsigned last>
Read discovery(const MatchPacket& p) {
  return Bits(neighbour_discovery(p, first, last));
}

template <unsigned value>
Read tracked(const MatchPacket& p) {
  return when(is_tracked(p), value);
}

constexpr Level O = Level::Ordinal, N = Level::Nominal, NP = Level::NominalPredicate, BP = Level::BooleanPredicate;

constexpr Field fields[] = {
    {"inport", 0, N, nullptr, &MatchPacket::inport},
    {"outport", 0, N, nullptr, &MatchPacket::outport},

    {"ip", 1, NP, [](const MatchPacket&) { return Read(1); }},
    {"ip4", 1, NP, test<v4>},
    {"ip6", 1, NP, test<v6>},
    {"ip4.src", 32, O, [](const MatchPacket& p) { return when(v4(p), bits_of(p.source)); }},
    {"ip4.dst", 32, O, [](const MatchPacket& p) { return when(v4(p), bits_of(p.destination)); }},
    {"ip6.src", 128, O, [](const MatchPacket& p) { return when(v6(p), bits_of(p.source)); }},
    {"ip6.dst", 128, O, [](const MatchPacket& p) { return when(v6(p), bits_of(p.destination)); }},
    {"ip6.label", 20, O, [](const MatchPacket& p) { return when(v6(p), 0); }},
    // No protocol number stands for "some other protocol", so that no comparison claims to know it.
    {"ip.proto", 8, N,
     [](const MatchPacket& p) {
       const auto n = protocol_number(p.protocol);
       return when(n.has_value(), n.value_or(0));
     }},
    {"ip.ttl", 8, N, [](const MatchPacket& p) { return Read(time_to_live(p)); }},
    {"ip.dscp", 6, N, zero},
    {"ip.ecn", 2, N, zero},
    {"ip.frag", 2, O, zero},
    {"ip.is_frag", 1, BP, zero},
    {"ip.later_frag", 1, BP, zero},
    {"ip.first_frag", 1, BP, zero},
    {"ip4.src_mcast", 1, BP, [](const MatchPacket& p) { return Read(v4(p) && bits_of(p.source) >> 28 == 0xe); }},
    {"ip4.mcast", 1, BP, test<multicast4>},
    {"ip6.mcast", 1, BP, test<multicast6>},
    {"ip6.mcast_rsvd", 1, BP, test<reserved_multicast>},
    {"ip6.mcast_all_nodes", 1, BP, test<all_nodes>},
    {"ip6.mcast_all_rtrs", 1, BP, test<all_routers>},
    {"ip6.mcast_sol_node", 1, BP, test<solicited_node>},
    {"ip6.mcast_flood", 1, BP,
     [](const MatchPacket& p) {
       return Read(reserved_multicast(p) || all_nodes(p) || all_routers(p) || solicited_node(p));
     }},

    {"tcp", 1, NP, is<Protocol::Tcp>},
    {"tcp.src", 16, O, source_port<Protocol::Tcp>},
    {"tcp.dst", 16, O, destination_port<Protocol::Tcp>},
    {"tcp.flags", 12, O, [](const MatchPacket& p) { return when(p.protocol == Protocol::Tcp, 2); }},
    {"udp", 1, NP, is<Protocol::Udp>},
    {"udp.src", 16, O, source_port<Protocol::Udp>},
    {"udp.dst", 16, O, destination_port<Protocol::Udp>},
    {"sctp", 1, NP, is<Protocol::Sctp>},
    {"sctp.src", 16, O, source_port<Protocol::Sctp>},
    {"sctp.dst", 16, O, destination_port<Protocol::Sctp>},
    {"icmp", 1, NP, [](const MatchPacket& p) { return Read(icmp4(p) || icmp6(p)); }},
    {"icmp4", 1, NP, test<icmp4>},
    {"icmp4.type", 8, N, [](const MatchPacket& p) { return when(icmp4(p), p.icmp_type); }},
    {"icmp4.code", 8, N, [](const MatchPacket& p) { return when(icmp4(p), p.icmp_code); }},
    {"icmp6", 1, NP, test<icmp6>},
    {"icmp6.type", 8, N, [](const MatchPacket& p) { return when(icmp6(p), p.icmp_type); }},
    {"icmp6.code", 8, N, [](const MatchPacket& p) { return when(icmp6(p), p.icmp_code); }},
    {"igmp", 1, NP, zero},

    {"nd", 1, NP, discovery<135, 136>},
    {"nd_ns", 1, NP, discovery<135, 135>},
    {"nd_na", 1, NP, discovery<136, 136>},
    {"nd_rs", 1, NP, discovery<133, 133>},
    {"nd_ra", 1, NP, discovery<134, 134>},
    {"nd.target", 128, O, absent},
    {"nd.sll", 48, O, absent},
    {"nd.tll", 48, O, absent},
    {"mldv1", 1, NP,
     [](const MatchPacket& p) {
       return Read(multicast6(p) && link_local_source(p) && icmp6(p) && 130 <= p.icmp_type && p.icmp_type <= 132);
     }},
    {"mldv2", 1, NP,
     [](const MatchPacket& p) { return Read(sent_to(p, 0xff02ull << 48, 0x16) && icmp6(p) && p.icmp_type == 143); }},

    {"eth.src", 48, O, zero},
    {"eth.dst", 48, O, [](const MatchPacket& p) { return Read(ethernet_destination(p)); }},
    {"eth.type", 16, N, [](const MatchPacket& p) { return Read(v4(p) ? 0x0800 : 0x86dd); }},
    {"eth.bcast", 1, BP, [](const MatchPacket& p) { return Read(ethernet_destination(p) == 0xffffffffffff); }},
    {"eth.mcast", 1, O, [](const MatchPacket& p) { return Read(ethernet_destination(p) >> 40 & 1); }},
    {"eth.mcastv6", 1, BP, [](const MatchPacket& p) { return Read(ethernet_destination(p) >> 32 == 0x3333); }},
    {"vlan.tci", 16, O, zero},
    {"vlan.present", 1, BP, zero},
    {"vlan.pcp", 3, O, absent},
    {"vlan.vid", 12, O, absent},

    {"arp", 1, NP, zero},
    {"arp.op", 16, N, absent},
    {"arp.spa", 32, O, absent},
    {"arp.sha", 48, O, absent},
    {"arp.tpa", 32, O, absent},
    {"arp.tha", 48, O, absent},
    {"rarp", 1, NP, zero},
    {"rarp.op", 16, N, absent},
    {"rarp.spa", 32, O, absent},
    {"rarp.sha", 48, O, absent},
    {"rarp.tpa", 32, O, absent},
    {"rarp.tha", 48, O, absent},

    {"ct_state", 32, O, [](const MatchPacket& p) { return Read(is_tracked(p) ? 0x21 : 0); }},
    {"ct.trk", 1, O, test<is_tracked>},
    {"ct.new", 1, O, tracked<1>},
    {"ct.est", 1, O, tracked<0>},
    {"ct.rel", 1, O, tracked<0>},
    {"ct.rpl", 1, O, tracked<0>},
    {"ct.inv", 1, O, tracked<0>},
    {"ct.snat", 1, O, tracked<0>},
    {"ct.dnat", 1, O, tracked<0>},
    {"ct_mark", 32, O, zero},
    {"ct_mark.blocked", 1, O, zero},
    {"ct_mark.natted", 1, O, zero},
    {"ct_label", 128, O, zero},
    {"ct_label.label", 32, O, zero},
    {"pkt.mark", 32, O, zero},
};

}  // namespace

const Field* find_field(std::string_view name) {
  const auto at = std::find_if(std::begin(fields), std::end(fields), [&](const Field& f) { return f.name == name; });
  return at == std::end(fields) ? nullptr : at;
}

}  // namespace policyconv::verify
