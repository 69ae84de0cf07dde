#include "backends/kubeovn/services.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "ir/membership.h"

namespace policyconv::kubeovn {
namespace {

using PodsByAddress = std::multimap<Address, std::size_t>;

std::vector<std::size_t> pods_at(const PodsByAddress& pods, const Address& address) {
  std::vector<std::size_t> found;
  for (auto [at, end] = pods.equal_range(address); at != end; ++at) found.push_back(at->second);
  return found;
}

std::optional<std::uint16_t> plain_number(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::optional<std::uint16_t> target_number(const ServicePort& port, const Pod& pod) {
  if (const std::optional<std::uint16_t> number = plain_number(port.target)) return number;
  for (const ContainerPort& named : pod.ports)
    if (named.name == port.target && named.protocol == port.protocol) return named.number;
  return std::nullopt;
}

// The pods that Kubernetes puts behind the Service: it looks at all labels.
std::vector<std::size_t> pods_behind(const Service& service, const Topology& topology) {
  std::vector<std::size_t> found;
  if (!service.selector) return found;
  for (std::size_t i = 0; i < topology.pods.size(); ++i) {
    const PlacedPod& placed = topology.pods[i];
    if (placed.unbound == Unbound::NotAnEndpoint || placed.pod->ns != service.ns) continue;
    if (std::all_of(service.selector->begin(), service.selector->end(), [&](const auto& wanted) {
          const auto label = placed.pod->labels.find(wanted.first);
          return label != placed.pod->labels.end() && label->second == wanted.second;
        }))
      found.push_back(i);
  }
  return found;
}

// Does the entry cover every pod of the Service's selector, whichever they will be?
bool covers_selected(const Entry& entry, const ServiceAddress& service, const Vpc& vpc, const LowerState& state) {
  if (const auto* at = std::get_if<GroupAt>(&entry.remote))
    return service.selects && ir::implies(*service.selects, state.program.group(at->group));
  const Cidr& cidr = std::get<Cidr>(entry.remote);
  if (cidr.family != service.address.family) return false;
  return cidr.length == 0 || std::any_of(vpc.subnets.begin(), vpc.subnets.end(), [&](const Subnet* subnet) {
           return std::any_of(subnet->cidrs.begin(), subnet->cidrs.end(), [&](const Cidr& pods) { return contains(cidr, pods); });
         });
}

// What a group's own entries say about a backend of a Service, in band order; nothing of them matching gives nullptr. Bands
// B and B' keep D2 and A2 from every address of the cluster.
const Entry* judge(const std::vector<Entry>& entries, const ServiceAddress& service, const Backend& backend, const Vpc& vpc,
                   const LowerState& state) {
  const ir::Traffic traffic{service.protocol, {backend.port, backend.port}, std::nullopt};
  const bool of_cluster = !backend.address || !backend.pods.empty() || vpc.inside(*backend.address) ||
                          std::any_of(vpc.services.begin(), vpc.services.end(),
                                      [&](const Cidr& cidr) { return contains(cidr, *backend.address); });
  for (const Entry& entry : entries) {
    if (entry.direction != Direction::Egress || !covers(entry.traffic, traffic)) continue;
    if (entry.band == Band::DropCluster) continue;
    if (of_cluster && (entry.band == Band::DenyOutside || entry.band == Band::AllowOutside)) continue;
    if (!backend.address) {
      if (covers_selected(entry, service, vpc, state)) return &entry;
      continue;
    }
    if (const auto* cidr = std::get_if<Cidr>(&entry.remote)) {
      if (contains(*cidr, *backend.address)) return &entry;
      continue;
    }
    const GroupAt& at = std::get<GroupAt>(entry.remote);
    const std::vector<std::size_t>& members = state.groups[static_cast<std::size_t>(at.group)].members;
    if (std::any_of(backend.pods.begin(), backend.pods.end(), [&](std::size_t pod) {
          const PlacedPod& placed = state.topology.pods[pod];
          return placed.vpc == at.vpc && placed.unbound == Unbound::No && std::binary_search(members.begin(), members.end(), pod);
        }))
      return &entry;
  }
  return nullptr;
}

template <Kind kind, typename... Args>
void report(const std::vector<RuleId>& rules, const LowerState& state, const Args&... args) {
  for (const RuleId id : rules)
    state.diagnostics.report_rule<kind>(id, state.catalog.rule(id).loc, args...);
}

}  // namespace

std::vector<ServiceAddress> service_addresses(const Cluster& cluster, const Topology& topology) {
  PodsByAddress pods;
  for (std::size_t i = 0; i < topology.pods.size(); ++i)
    if (topology.pods[i].unbound != Unbound::NotAnEndpoint)
      for (const Address& address : topology.pods[i].pod->addresses) pods.emplace(address, i);
  std::map<std::pair<std::string_view, std::string_view>, std::vector<const EndpointSlice*>> slices;
  for (const EndpointSlice& slice : cluster.endpoint_slices) slices[{slice.ns, slice.service}].push_back(&slice);

  std::vector<ServiceAddress> found;
  for (const Service& service : cluster.services) {
    const std::optional<ir::Group> selects = ir::selected_by(service);
    const auto own_slices = slices.find({service.ns, service.name});
    const std::vector<std::size_t> selected = pods_behind(service, topology);
    for (const Address& vip : service.cluster_ips)
      for (const ServicePort& port : service.ports) {
        ServiceAddress address{service.ns + "/" + service.name, vip, port.protocol, port.port, {}, selects};
        const auto add = [&](const Address& backend, std::uint16_t number, std::vector<std::size_t> holders) {
          if (backend.family == vip.family) address.backends.push_back({backend, number, std::move(holders)});
        };
        if (own_slices != slices.end()) {
          for (const EndpointSlice* slice : own_slices->second)
            for (const SlicePort& backend : slice->ports)
              if (backend.name == port.name && backend.protocol == port.protocol)
                for (const std::vector<Address>* addresses : {&slice->addresses, &slice->not_ready})
                  for (const Address& ip : *addresses) add(ip, backend.port, pods_at(pods, ip));
        }
        if (address.backends.empty())
          for (const std::size_t pod : selected)
            if (const std::optional<std::uint16_t> number = target_number(port, *topology.pods[pod].pod))
              for (const Address& ip : topology.pods[pod].pod->addresses) add(ip, *number, {pod});
        if (address.backends.empty() && selects)
          if (const std::optional<std::uint16_t> number = plain_number(port.target))
            address.backends.push_back({std::nullopt, *number, {}});
        found.push_back(std::move(address));
      }
  }
  return found;
}

void add_service_entries(std::vector<Entry>& entries, std::size_t vpc, const std::vector<ServiceAddress>& services,
                         const LowerState& state) {
  const bool any_egress = std::any_of(entries.begin(), entries.end(), [](const Entry& entry) { return entry.direction == Direction::Egress; });
  if (!any_egress) return;
  const Vpc& here = state.topology.vpcs[vpc];
  std::vector<Entry> added;
  for (const ServiceAddress& service : services) {
    if (service.protocol == Protocol::Sctp && (!state.options.sctp || here.subnets.empty())) continue;
    if (!here.has(service.address.family)) continue;
    const ir::Traffic to_service{service.protocol, {service.port, service.port}, std::nullopt};
    std::vector<RuleId> denying, allowing;
    std::size_t denied = 0, allowed = 0;
    bool lasts = true;
    for (const Backend& backend : service.backends) {
      const Entry* entry = judge(entries, service, backend, here, state);
      if (!entry) continue;
      const bool deny = verdict(entry->band) == Verdict::Deny;
      ++(deny ? denied : allowed);
      std::vector<RuleId>& origins = deny ? denying : allowing;
      origins.insert(origins.end(), entry->origins.begin(), entry->origins.end());
      if (!deny) lasts = lasts && covers_selected(*entry, service, here, state);
    }
    for (std::vector<RuleId>* origins : {&denying, &allowing}) {
      std::sort(origins->begin(), origins->end());
      origins->erase(std::unique(origins->begin(), origins->end()), origins->end());
    }
    const Entry* now = judge(entries, service, {service.address, service.port, {}}, here, state);
    const Cidr remote = host_cidr(service.address);
    if (service.backends.empty()) {
      // Nobody knows what is behind it: whatever this group denies might be.
      for (const Entry& entry : entries)
        if (entry.direction == Direction::Egress && verdict(entry.band) == Verdict::Deny && entry.band != Band::DropCluster &&
            (entry.traffic.protocol == Protocol::Any || entry.traffic.protocol == service.protocol))
          denying.insert(denying.end(), entry.origins.begin(), entry.origins.end());
      if (denying.empty()) continue;
      report<Kind::ServiceBackendsUnknown>(denying, state, service.service, service.port);
      added.push_back({Direction::Egress, Band::DenyCluster, to_service, remote, std::move(denying)});
    } else if (denied != 0) {
      added.push_back({Direction::Egress, Band::DenyCluster, to_service, remote, denying});
      if (denied != service.backends.size()) report<Kind::ServiceClosed>(denying, state, service.service, service.port);
    } else if (now && now->band == Band::DenyCluster) {
      report<Kind::AnyDenyHitsService>(now->origins, state, service.service, service.port);
    } else if (allowed == service.backends.size()) {
      if (now && now->band == Band::AllowCluster) continue;  // an any-peer allow without ports covers Service addresses
      added.push_back({Direction::Egress, Band::AllowCluster, to_service, remote, allowing});
      if (!lasts) report<Kind::ServiceSnapshot>(allowing, state, service.service, service.port);
    } else if (allowed != 0) {
      report<Kind::ServicePartlyAllowed>(allowing, state, service.service, service.port);
    }
  }
  entries.insert(entries.end(), added.begin(), added.end());
  merge(entries);
}

}  // namespace policyconv::kubeovn
