#include "cli/flow_ends.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <variant>

#include "verify/flow_syntax.h"
#include "verify/select.h"

namespace policyconv::cli {
namespace {

using namespace verify;

bool has_end(const Pod& pod) {
  return is_endpoint(pod) && !pod.addresses.empty();
}

/// Turns a term into an end; what is missing goes to `problem`.
struct Finder {
  const Cluster& cluster;
  std::string& problem;

  [[nodiscard]] std::optional<TypedEnd> none(std::string text) const {
    problem = std::move(text);
    return std::nullopt;
  }

  /// A pod on the host's network is its node to both systems.
  [[nodiscard]] std::optional<TypedEnd> one_pod(const Pod& pod) const {
    const auto index = static_cast<std::size_t>(&pod - cluster.pods.data());
    if (pod.finished)
      return none(fmt::format("pod {}/{} has finished, so it has no address any more", pod.ns, pod.name));
    if (pod.addresses.empty()) return none(fmt::format("pod {}/{} has no address yet", pod.ns, pod.name));
    if (!pod.host_network) return TypedEnd{PodEnd{index}, nullptr, {}};
    const Node* node = cluster.find_node(pod.node);
    if (node == nullptr)
      return none(
          fmt::format("pod {}/{} is on the network of its node, and the dump lacks that node", pod.ns, pod.name));
    return TypedEnd{NodeEnd{static_cast<std::size_t>(node - cluster.nodes.data())}, nullptr,
                    fmt::format("pod {}/{} is on the network of this node", pod.ns, pod.name)};
  }

  /// Named ones; those that labels select are found by verify::select().
  std::optional<TypedEnd> operator()(const PodsTerm& term) const {
    if (const Pod* pod = cluster.find_pod(term.ns, term.name)) return one_pod(*pod);
    return none(fmt::format("there is no pod `{}` in namespace `{}`", term.name, term.ns));
  }

  std::optional<TypedEnd> operator()(const NodesTerm& term) const {
    if (cluster.nodes.empty()) return none("the dump has no nodes");
    if (term.name.empty())
      return TypedEnd{NodeEnd{0, term.address}, nullptr, fmt::format("the first of {} nodes", cluster.nodes.size())};
    const std::string address = term.address ? "/" + policyconv::to_string(*term.address) : "";
    if (const auto end = parse_end(cluster, "node:" + term.name + address)) return TypedEnd{*end, nullptr, {}};
    if (cluster.find_node(term.name) != nullptr)
      return none(fmt::format("node `{}` has no address {}", term.name, address.substr(1)));
    return none(fmt::format("there is no node `{}`", term.name));
  }

  std::optional<TypedEnd> operator()(const RangeTerm& term) const {
    const Address address = first_address(term.cidr);
    const End end = end_of(cluster, address);
    const bool is_single = term.cidr == host_cidr(address);
    if (const auto* pod = std::get_if<PodEnd>(&end); pod != nullptr)
      return TypedEnd{end, nullptr, fmt::format("{} is the address of this pod", policyconv::to_string(address))};
    return TypedEnd{end, nullptr, is_single ? "" : "the first address of " + policyconv::to_string(term.cidr)};
  }

  std::optional<TypedEnd> operator()(EntityTerm) const {
    return none("an entity is many ends; name one of its pods, nodes or addresses");
  }

  std::optional<TypedEnd> operator()(const ServiceTerm& term) const {
    const auto found = std::find_if(cluster.services.begin(), cluster.services.end(), [&](const Service& service) {
      return service.ns == term.ns && service.name == term.name;
    });
    if (found != cluster.services.end()) return TypedEnd{{}, &*found, {}};
    return none(fmt::format("there is no Service `{}` in namespace `{}`", term.name, term.ns));
  }
};

bool has_kind(std::string_view text) {
  constexpr std::string_view kinds[] = {"pod:", "ns:", "node:", "ip:", "cidr:", "entity:", "svc:"};
  return std::any_of(std::begin(kinds), std::end(kinds), [&](std::string_view kind) { return text.starts_with(kind); });
}

/// The number behind targetPort, where no EndpointSlice tells: a number, or the name of a port of the pod.
std::optional<std::uint16_t> target_of(const ServicePort& port, const Pod& pod) {
  std::uint16_t number = 0;
  const char* last = port.target.data() + port.target.size();
  if (const auto [end, error] = std::from_chars(port.target.data(), last, number); error == std::errc() && end == last)
    return number;
  for (const ContainerPort& named : pod.ports)
    if (named.name == port.target && named.protocol == port.protocol) return named.number;
  return std::nullopt;
}

std::vector<ServiceWay::Backend> backends_of(const Service& service, const ServicePort& port, Family family,
                                             const Cluster& cluster) {
  std::vector<ServiceWay::Backend> found;
  bool sliced = false;
  for (const EndpointSlice& slice : cluster.endpoint_slices) {
    if (slice.ns != service.ns || slice.service != service.name) continue;
    sliced = true;
    for (const SlicePort& target : slice.ports)
      if (target.name == port.name && target.protocol == port.protocol)
        for (const Address& address : slice.addresses)
          if (address.family == family) found.push_back({end_of(cluster, address), target.port});
  }
  if (sliced || !service.selector) return found;
  for (const Pod& pod : cluster.pods) {
    const bool selected = pod.ns == service.ns && has_end(pod) &&
                          std::all_of(service.selector->begin(), service.selector->end(), [&](const auto& label) {
                            const auto at = pod.labels.find(label.first);
                            return at != pod.labels.end() && at->second == label.second;
                          });
    const auto number = selected ? target_of(port, pod) : std::nullopt;
    if (number) found.push_back({PodEnd{static_cast<std::size_t>(&pod - cluster.pods.data())}, *number});
  }
  return found;
}

}  // namespace

std::optional<TypedEnd> find_end(std::string_view option, std::string_view text, const Cluster& cluster,
                                 Diagnostics& diagnostics) {
  FlowError error;
  const std::string written = has_kind(text) ? std::string(text) : "pod:" + std::string(text);
  const std::optional<EndTerm> term = parse_end_term(written, error);
  if (!term) {
    diagnostics.report<Kind::EndNotUnderstood>({}, option, text, error.text);
    return std::nullopt;
  }
  if (const auto* pods = std::get_if<PodsTerm>(&term->what); pods != nullptr && pods->name.empty()) {
    const std::optional<Selected> selected = select(*term, cluster, {}, diagnostics);
    if (!selected) return std::nullopt;
    const std::size_t count = selected->pods.size();
    return TypedEnd{PodEnd{selected->pods.front()}, nullptr,
                    count == 1 ? "" : fmt::format("the first of {} pods that match", count)};
  }
  std::string problem;
  std::optional<TypedEnd> end = std::visit(Finder{cluster, problem}, term->what);
  if (!end) diagnostics.report<Kind::EndNotFound>({}, option, text, problem);
  return end;
}

std::vector<ServiceWay> ways_through(const Service& service, PacketKind packet, const Cluster& cluster) {
  std::vector<ServiceWay> ways;
  for (const ServicePort& port : service.ports) {
    if (port.port != packet.port || port.protocol != packet.protocol) continue;
    for (const Address& address : service.cluster_ips)
      ways.push_back({address, port.port, backends_of(service, port, address.family, cluster)});
  }
  return ways;
}

}  // namespace policyconv::cli
