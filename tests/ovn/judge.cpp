#include "tests/ovn/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

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
    return fmt::format("{} && {} && {}.src == {} && {}.dst == {}", ip, protocol, protocol, packet.source_port, protocol, packet.port);
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

std::string microflow(const std::string& inport, const std::string& from_mac, const std::string& to_mac,
                      const Packet& packet, Conntrack conntrack) {
  return fmt::format("inport == \"{}\" && eth.src == {} && eth.dst == {} && {}", inport, from_mac, to_mac,
                     fields_of(packet, conntrack));
}

/// Where multicast and broadcast go on Ethernet (RFC 1112, RFC 2464).
std::optional<std::string> multicast_mac(const Address& to) {
  if (to.family == Family::V6 && to.hi >> 56 == 0xff)
    return fmt::format("33:33:{:02x}:{:02x}:{:02x}:{:02x}", to.lo >> 24 & 0xff, to.lo >> 16 & 0xff, to.lo >> 8 & 0xff, to.lo & 0xff);
  if (to.family == Family::V6) return std::nullopt;
  const std::uint64_t bits = to.hi >> 32;
  if (bits == 0xffffffff) return "ff:ff:ff:ff:ff:ff";
  if (bits >> 28 != 0xe) return std::nullopt;
  return fmt::format("01:00:5e:{:02x}:{:02x}:{:02x}", bits >> 16 & 0x7f, bits >> 8 & 0xff, bits & 0xff);
}

Verdict verdict(bool allow) {
  return allow ? Verdict::Allow : Verdict::Deny;
}

}  // namespace

Judge::Judge(Server& server, const Cluster& cluster, int minor, const std::vector<std::string>& yaml)
    : server_(server), network_(cluster) {
  Controller controller(minor, cluster);
  for (const std::string& text : yaml) controller.apply(text);
  controller.program(network_);
  server.replace(network_.complete());
}

Judged Judge::operator()(const Packet& packet, Conntrack conntrack) {
  const std::string& vpc = vpc_of(packet);
  const Port& from = port_of(packet.source, packet.from_pod, vpc);
  const Port& to = port_of(packet.destination, packet.to_pod, vpc);
  const Trace& whole = trace(packet, conntrack);
  Judged judged;
  judged.delivered = whole.reaches(to.name);
  if (packet.from_pod) judged.egress = verdict(whole.left_source);
  if (packet.to_pod) {
    judged.from_router = from.on != to.on || !whole.left_source;
    judged.ingress = verdict(judged.from_router ? trace_arrival(packet, conntrack).reaches(to.name) : judged.delivered);
  }
  return judged;
}

const Trace& Judge::trace(const Packet& packet, Conntrack conntrack) {
  return ask(departure(packet, conntrack), conntrack);
}

const Trace& Judge::trace_arrival(const Packet& packet, Conntrack conntrack) {
  return ask(arrival(packet, conntrack), conntrack);
}

std::string Judge::command(const Packet& packet, Conntrack conntrack) const {
  // One for each switch on the way, one for the load balancer.
  const std::string option = fmt::format(" --ct={}", flags_of(conntrack));
  return fmt::format("ovn-trace{0}{0}{0} '{1}'", option, departure(packet, conntrack));
}

const Trace& Judge::ask(const std::string& microflow, Conntrack conntrack) {
  Asked& asked = asked_[static_cast<std::size_t>(conntrack)];
  const auto [at, is_new] = asked.answers.try_emplace(microflow);
  if (is_new) {
    if (!asked.tracer) asked.tracer.emplace(server_, conntrack);
    at->second = (*asked.tracer)(microflow);
    ++traces_;
  }
  return at->second;
}

const std::string& Judge::vpc_of(const Packet& packet) const {
  for (const auto& pod : {packet.from_pod, packet.to_pod})
    if (pod) return network_.switches[network_.pods.at(*pod).value().on].vpc;
  throw std::logic_error("neither end is a pod");
}

const Port& Judge::port_of(const Address& address, std::optional<std::size_t> pod, const std::string& vpc) const {
  if (pod) return network_.pods[*pod].value();
  for (std::size_t i = 0; i < network_.nodes.size(); ++i) {
    const Node& node = network_.cluster.nodes[i];
    const auto has = [&](const std::vector<Address>& list) { return std::find(list.begin(), list.end(), address) != list.end(); };
    const auto& port = network_.nodes[i];
    if ((has(node.internal) || has(node.join)) && port && network_.switches[port->on].vpc == vpc) return *port;
  }
  return network_.outside.at(vpc);
}

/// The packet leaves a pod, a node or the outside: to its neighbour if there is one, else to the router.
std::string Judge::departure(const Packet& packet, Conntrack conntrack) const {
  const std::string& vpc = vpc_of(packet);
  const Port& from = port_of(packet.source, packet.from_pod, vpc);
  const Port& to = port_of(packet.destination, packet.to_pod, vpc);
  const bool neighbours = from.on == to.on && packet.to_pod;
  const std::string next = neighbours ? to.mac : network_.switches[from.on].router_mac;
  return microflow(from.name, from.mac, multicast_mac(packet.destination).value_or(next), packet, conntrack);
}

std::string Judge::arrival(const Packet& packet, Conntrack conntrack) const {
  const Port& to = network_.pods[packet.to_pod.value()].value();
  const Switch& on = network_.switches[to.on];
  return microflow(on.router_port, on.router_mac, to.mac, packet, conntrack);
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
