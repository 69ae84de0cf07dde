#include "backends/kubeovn/match.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/kubeovn/manifest.h"

namespace policyconv::kubeovn {
namespace {

std::string scope(std::string_view sg, Direction direction) {
  return fmt::format("{} == @{}", direction == Direction::Ingress ? "outport" : "inport", port_group_name(sg));
}

std::string remote_field(Direction direction, Family family) {
  return fmt::format("{}.{}", family == Family::V4 ? "ip4" : "ip6", direction == Direction::Ingress ? "src" : "dst");
}

std::string ports(std::string_view protocol, const ir::PortRange& range) {
  if (range == ir::PortRange{}) return fmt::format(" && {}", protocol);
  if (range.first == range.last) return fmt::format(" && {}.dst == {}", protocol, range.first);
  return fmt::format(" && {} <= {}.dst <= {}", range.first, protocol, range.last);
}

std::string text(const ir::Traffic& traffic) {
  switch (traffic.protocol) {
    case Protocol::Any: return {};
    case Protocol::Tcp: return ports("tcp", traffic.ports);
    case Protocol::Udp: return ports("udp", traffic.ports);
    case Protocol::Sctp: return ports("sctp", traffic.ports);
    case Protocol::Icmp:
    case Protocol::Icmp6: {
      const std::string_view name = traffic.protocol == Protocol::Icmp ? "icmp4" : "icmp6";
      return traffic.icmp_type ? fmt::format(" && {}.type == {}", name, *traffic.icmp_type) : fmt::format(" && {}", name);
    }
  }
  return {};
}

}  // namespace

std::string match_addresses(std::string_view sg, Direction direction, const ir::Traffic& traffic, Family family,
                            const std::vector<Cidr>& remotes) {
  std::string address = family == Family::V4 ? "ip4" : "ip6";
  const bool all = std::any_of(remotes.begin(), remotes.end(), [](const Cidr& cidr) { return cidr.length == 0; });
  if (!all) {
    std::vector<std::string> texts;
    for (const Cidr& cidr : minimal_cover(remotes)) texts.push_back(to_string(cidr));
    address = texts.size() == 1 ? fmt::format("{} == {}", remote_field(direction, family), texts.front())
                                : fmt::format("{} == {{{}}}", remote_field(direction, family), fmt::join(texts, ", "));
  }
  return fmt::format("{} && {}{}", scope(sg, direction), address, text(traffic));
}

std::string match_group(std::string_view sg, Direction direction, const ir::Traffic& traffic, Family family,
                        std::string_view remote_sg) {
  return fmt::format("{} && {} == ${}{}", scope(sg, direction), remote_field(direction, family),
                     address_set_name(remote_sg, family), text(traffic));
}

std::string match_sctp(std::string_view sg, Direction direction) { return scope(sg, direction) + " && sctp"; }

}  // namespace policyconv::kubeovn
