#include "tests/ovn/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tests/ovn/controller.h"

namespace policyconv::real_ovn {
namespace {

using verify::Packet;

Verdict verdict(bool allow) {
  return allow ? Verdict::Allow : Verdict::Deny;
}

Network programmed(const Cluster& cluster, int minor, const std::vector<std::string>& yaml) {
  Controller controller(minor, cluster);
  for (const std::string& text : yaml) controller.apply(text);
  Network network(cluster);
  controller.program(network);
  static_cast<void>(network.complete());
  return network;
}

}  // namespace

Judge::Judge(Server& server, const Cluster& cluster, int minor, const std::vector<std::string>& yaml)
    : Judge(server, programmed(cluster, minor, yaml)) {}

Judge::Judge(Server& server, Network network) : server_(server), network_(std::move(network)) {
  server.replace(network_.rows);
}

Judged Judge::operator()(const Packet& packet, Conntrack conntrack) {
  const std::string& vpc = vpc_of(packet);
  const Port& from = port_of(packet.source, packet.from_pod, vpc);
  const Port& to = port_of(packet.destination, packet.to_pod, vpc);
  const Trace& whole = trace(packet, conntrack);
  Judged judged;
  judged.delivered = whole.reaches(to.name);
  const bool neighbours = from.on == to.on || multicast_mac(packet.destination);
  if (packet.from_pod) judged.egress = verdict(neighbours ? whole.left_port : whole.left_switch);
  if (packet.to_pod) {
    judged.from_router = from.on != to.on || !whole.left_port;
    judged.ingress = verdict(judged.from_router ? trace_arrival(packet, conntrack).reaches(to.name) : judged.delivered);
  }
  return judged;
}

bool Judge::renew() {
  if (std::exchange(renewed_, true)) return false;
  for (Asked& asked : asked_) asked = {};
  server_.replace(network_.rows);
  return true;
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
    const auto has = [&](const std::vector<Address>& list) {
      return std::find(list.begin(), list.end(), address) != list.end();
    };
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

}  // namespace policyconv::real_ovn
