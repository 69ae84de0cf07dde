#include "tests/ovn/microflow.h"

#include <fmt/format.h>

#include <utility>

namespace policyconv::real_ovn {
namespace {

using verify::Packet;

constexpr std::uint16_t echo = 8, echo6 = 128;

/// Layer 3 and up, as ovn-trace wants it: every field that a flow may look at has to be fixed.
std::string fields_of(const Packet& packet, Conntrack conntrack) {
  const bool v4 = packet.source.family == Family::V4;
  const bool discovery = packet.protocol == Protocol::Icmp6 && 133 <= packet.port && packet.port <= 137;
  const std::string ip = fmt::format("ip{0}.src == {1} && ip{0}.dst == {2} && ip.ttl == {3}", v4 ? 4 : 6,
                                     to_string(packet.source), to_string(packet.destination), discovery ? 255 : 64);
  const auto ports = [&](std::string_view protocol) {
    return fmt::format("{} && {} && {}.src == {} && {}.dst == {}", ip, protocol, protocol, packet.source_port, protocol,
                       packet.port);
  };
  switch (packet.protocol) {
    case Protocol::Tcp:  // SYN opens a connection, ACK is part of one
      return ports("tcp") + fmt::format(" && tcp.flags == {}", conntrack == Conntrack::New ? 2 : 16);
    case Protocol::Udp:
      return ports("udp");
    case Protocol::Sctp:
      return ports("sctp");
    case Protocol::Icmp:
      return ip + fmt::format(" && icmp4.type == {} && icmp4.code == 0", packet.port);
    case Protocol::Icmp6:
      return ip + fmt::format(" && icmp6.type == {} && icmp6.code == 0", packet.port);
    case Protocol::Any:
      break;
  }
  return ip + " && ip.proto == 47";  // GRE stands for all the others
}

}  // namespace

std::string_view flags_of(Conntrack conntrack) {
  switch (conntrack) {
    case Conntrack::New:
      return "new";
    case Conntrack::Established:
      return "est";
    case Conntrack::Reply:
      break;
  }
  return "est,rpl";
}

std::string microflow(const std::string& inport, const std::string& from_mac, const std::string& to_mac,
                      const Packet& packet, Conntrack conntrack) {
  return fmt::format("inport == \"{}\" && eth.src == {} && eth.dst == {} && {}", inport, from_mac, to_mac,
                     fields_of(packet, conntrack));
}

std::optional<std::string> multicast_mac(const Address& to) {
  if (to.family == Family::V6 && to.hi >> 56 == 0xff)
    return fmt::format("33:33:{:02x}:{:02x}:{:02x}:{:02x}", to.lo >> 24 & 0xff, to.lo >> 16 & 0xff, to.lo >> 8 & 0xff,
                       to.lo & 0xff);
  if (to.family == Family::V6) return std::nullopt;
  const std::uint64_t bits = to.hi >> 32;
  if (bits == 0xffffffff) return "ff:ff:ff:ff:ff:ff";
  if (bits >> 28 != 0xe) return std::nullopt;
  return fmt::format("01:00:5e:{:02x}:{:02x}:{:02x}", bits >> 16 & 0x7f, bits >> 8 & 0xff, bits & 0xff);
}

std::optional<Packet> reply_to(const Packet& packet) {
  Packet reply = packet;
  std::swap(reply.source, reply.destination);
  std::swap(reply.from_pod, reply.to_pod);
  if (packet.protocol == Protocol::Icmp && packet.port == echo) {
    reply.port = 0;
  } else if (packet.protocol == Protocol::Icmp6 && packet.port == echo6) {
    reply.port = 129;
  } else if (packet.protocol == Protocol::Icmp || packet.protocol == Protocol::Icmp6) {
    return std::nullopt;
  } else {
    std::swap(reply.source_port, reply.port);
  }
  return reply;
}

}  // namespace policyconv::real_ovn
