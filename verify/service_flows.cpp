#include "verify/service_flows.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

namespace policyconv::verify {
namespace {

using Backends = std::vector<ServiceEntrance::Backend>;

/// The number behind targetPort for one pod.
std::optional<std::uint16_t> target_of(const ServicePort& port, const Pod& pod) {
  std::uint16_t number = 0;
  const char* end = port.target.data() + port.target.size();
  if (const auto [at, error] = std::from_chars(port.target.data(), end, number); error == std::errc() && at == end)
    return number;
  for (const ContainerPort& each : pod.ports)
    if (each.name == port.target && each.protocol == port.protocol) return each.number;
  return std::nullopt;
}

bool selects(const Service& service, const Pod& pod) {
  return service.selector && pod.ns == service.ns &&
         std::all_of(service.selector->begin(), service.selector->end(), [&](const auto& wanted) {
           const auto at = pod.labels.find(wanted.first);
           return at != pod.labels.end() && at->second == wanted.second;
         });
}

/// The class of what has an address.
class Holders {
 public:
  Holders(const Cluster& cluster, const EndClasses& classes) : cluster_(cluster), classes_(classes) {
    for (std::size_t i = 0; i < cluster.pods.size(); ++i)
      if (classes.of_pod[i])
        for (const Address& address : cluster.pods[i].addresses) by_address_.emplace(address, *classes.of_pod[i]);
  }

  /// Every class, since pods of several VPCs may share an address; of what is outside the closest one.
  [[nodiscard]] std::vector<std::size_t> of(const Address& address) const {
    std::vector<std::size_t> found;
    const auto [first, last] = by_address_.equal_range(address);
    for (auto at = first; at != last; ++at) found.push_back(at->second);
    if (!found.empty()) return found;
    std::optional<std::size_t> closest;
    for (std::size_t i = classes_.pods.size(); i < classes_.ends.size(); ++i) {
      const EndClass& end = classes_.ends[i];
      if (std::any_of(end.nodes.begin(), end.nodes.end(), [&](const NodeEnd& n) { return *n.address == address; }))
        found.push_back(i);
      if (end.kind == EndKind::Outside && contains(end.within, address) &&
          (!closest || end.within.length > classes_.ends[*closest].within.length))
        closest = i;
    }
    if (found.empty() && closest) found.push_back(*closest);
    return found;
  }

  [[nodiscard]] const Cluster& cluster() const { return cluster_; }

 private:
  const Cluster& cluster_;
  const EndClasses& classes_;
  std::multimap<Address, std::size_t> by_address_;
};

Backends backends_of(const Service& service, const ServicePort& port, Family family,
                     const std::vector<const EndpointSlice*>& slices, const Holders& holders) {
  Backends backends;
  const auto add = [&](const Address& address, std::uint16_t number) {
    if (address.family != family) return;
    for (const std::size_t end : holders.of(address)) backends.push_back({end, number});
  };
  for (const EndpointSlice* slice : slices)
    for (const SlicePort& of_slice : slice->ports)
      if (of_slice.name == port.name && of_slice.protocol == port.protocol)
        for (const auto* addresses : {&slice->addresses, &slice->not_ready})
          for (const Address& address : *addresses) add(address, of_slice.port);
  if (slices.empty())
    for (const Pod& pod : holders.cluster().pods)
      if (!pod.finished && selects(service, pod))
        if (const auto number = target_of(port, pod))
          for (const Address& address : pod.addresses) add(address, *number);
  std::sort(backends.begin(), backends.end());
  backends.erase(std::unique(backends.begin(), backends.end()), backends.end());
  return backends;
}

bool has(const Traffic& traffic, Protocol protocol, std::uint16_t port) {
  return std::any_of(traffic.begin(), traffic.end(), [&](const Packets& packets) {
    return packets.protocol == protocol && packets.first <= port && port <= packets.last &&
           packets.source_first <= 50000 && 50000 <= packets.source_last;
  });
}

/// What happens to one packet at one end.
struct Point {
  bool policies = true, objects = true, may_pass = true;  // may_pass: or there is a tie
};

Point point_of(const Row& row, std::size_t peer, Family family, Protocol protocol, std::uint16_t port) {
  const auto f = static_cast<std::size_t>(family);
  const auto other = static_cast<std::uint32_t>(peer);
  const auto part = std::find_if(row.parts.begin(), row.parts.end(),
                                 [&](const RowPart& each) { return has(each.traffic, protocol, port); });
  if (part == row.parts.end()) return {false, false, false};
  const bool objects = part->objects[f].contains(other);
  return {part->policies.contains(other), objects, objects || part->tied[f].contains(other)};
}

}  // namespace

ServiceFlows::ServiceFlows(const Cluster& cluster, const EndClasses& classes) {
  const Holders holders(cluster, classes);
  std::map<std::pair<std::string_view, std::string_view>, std::vector<const EndpointSlice*>> slices;
  for (const EndpointSlice& slice : cluster.endpoint_slices) slices[{slice.ns, slice.service}].push_back(&slice);
  for (const std::size_t end : classes.services)
    for (const std::size_t i : classes.ends[end].services) {
      const Service& service = cluster.services[i];
      const Address& address = classes.ends[end].addresses.front();
      for (const ServicePort& port : service.ports)
        entrances.push_back({i, end, address, port.protocol, port.port,
                             backends_of(service, port, address.family, slices[{service.ns, service.name}], holders)});
    }
}

std::vector<ServiceDifference> ServiceFlows::differences(std::size_t from, const Space& space,
                                                         const std::vector<ByDirection<Row>>& rows) const {
  std::vector<ServiceDifference> found;
  const Row& egress = rows[from][static_cast<std::size_t>(Direction::Egress)];
  for (std::size_t i = 0; i < entrances.size(); ++i) {
    const ServiceEntrance& entrance = entrances[i];
    const Family family = entrance.address.family;
    std::optional<bool> enters;  // asked only if some backend can be reached at all
    for (const ServiceEntrance::Backend& backend : entrance.backends) {
      if (!space.meet(from, backend.end, family)) continue;
      if (!enters) enters = point_of(egress, entrance.end, family, entrance.protocol, entrance.port).may_pass;
      const Point out = point_of(egress, backend.end, family, entrance.protocol, backend.port);
      const Point in = backend.end >= rows.size()
                           ? Point{}
                           : point_of(rows[backend.end][static_cast<std::size_t>(Direction::Ingress)], from, family,
                                      entrance.protocol, backend.port);
      const bool by_policies = out.policies && in.policies, by_objects = out.objects && in.objects;
      const bool arrives = in.may_pass;
      if (!by_policies && !by_objects && *enters && arrives) found.push_back({Change::Looser, i, backend});
      if (by_policies && by_objects && !*enters) found.push_back({Change::Stricter, i, backend});
    }
  }
  return found;
}

}  // namespace policyconv::verify
