// Services for the conformance cases, whose clusters have none.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "tests/conformance.h"

namespace policyconv::real_ovn {

/// Random Services over the pods, nodes and outside addresses of a conformance case.
inline void add_services(conformance::Input& input, const conformance::Case& source, std::mt19937& random) {
  const auto pick = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
  std::vector<Address> addresses = {*parse_address("52.1.1.1"), *parse_address("203.0.113.9"),
                                    *parse_address("2001:db8::9")};
  for (const Pod& pod : input.cluster.pods)
    addresses.insert(addresses.end(), pod.addresses.begin(), pod.addresses.end());
  for (const Node& node : input.cluster.nodes) {
    // Of the control-plane node only the IPv4 address is one of the API server's; the source evaluator asks for the
    // node.
    const std::size_t count = node.name == "cp1" ? 1 : node.internal.size();
    addresses.insert(addresses.end(), node.internal.begin(),
                     node.internal.begin() + static_cast<std::ptrdiff_t>(count));
  }
  std::vector<const conformance::Flow*> flows;
  for (const conformance::Flow& flow : source.flows)
    if (flow.protocol != Protocol::Icmp && flow.protocol != Protocol::Icmp6) flows.push_back(&flow);
  for (std::uint64_t i = 1; i <= 6 && !flows.empty(); ++i) {
    const conformance::Flow& like = *flows[pick(flows.size())];
    const std::uint16_t target = flows[pick(flows.size())]->port;
    const Address& first = addresses[pick(addresses.size())];
    Service service;
    service.ns = "shop", service.name = fmt::format("s{}", i), service.type = "ClusterIP";
    service.cluster_ips = {
        *parse_address(fmt::format("{}{}", first.family == Family::V4 ? "198.18.0." : "fdff:0:5e::", i))};
    service.ports = {{"", like.protocol, like.port, ""}};
    EndpointSlice slice;
    slice.ns = "shop", slice.name = service.name, slice.service = service.name;
    slice.addresses = {first};
    const Address& second = addresses[pick(addresses.size())];
    if (second.family == first.family && second != first) slice.addresses.push_back(second);
    slice.ports = {{"", like.protocol, target}};
    input.cluster.services.push_back(std::move(service));
    input.cluster.endpoint_slices.push_back(std::move(slice));
  }
}

}  // namespace policyconv::real_ovn
