#include "frontend/port_names.h"

#include <map>

#include "ir/membership.h"

namespace policyconv::cilium {

PortNames::PortNames(const Cluster& cluster) {
  for (const Pod& pod : cluster.pods)
    if (!pod.host_network && !pod.finished && !pod.ports.empty())
      entries_.push_back({ir::identity_labels(cluster, pod), &pod.ports, true});
  for (const Workload& workload : cluster.workloads) {
    if (workload.host_network || workload.ports.empty()) continue;
    Pod future;
    future.ns = workload.ns;
    future.labels = workload.labels;
    future.service_account = workload.service_account;
    entries_.push_back({ir::identity_labels(cluster, future), &workload.ports, false});
  }
}

template <typename Each>
void PortNames::for_each(const ir::Group& group, std::string_view name, Protocol protocol, Each&& each) const {
  for (const Entry& entry : entries_)
    for (const ContainerPort& port : *entry.ports)
      if (port.name == name && port.protocol == protocol && ir::is_member(group, entry.labels, *entry.ports))
        each(entry, port.number);
}

std::set<std::uint16_t> PortNames::numbers(const ir::Group& group, std::string_view name, Protocol protocol) const {
  std::set<std::uint16_t> found;
  for_each(group, name, protocol, [&](const Entry&, std::uint16_t number) { found.insert(number); });
  return found;
}

std::set<std::uint16_t> PortNames::running_numbers(std::string_view name, Protocol protocol) const {
  std::set<std::uint16_t> found;
  for_each(ir::Group{}, name, protocol, [&](const Entry& entry, std::uint16_t number) {
    if (entry.running) found.insert(number);
  });
  return found;
}

bool PortNames::disagree(const ir::Group& group, std::string_view name, Protocol protocol) const {
  std::map<Labels, std::uint16_t> seen;
  bool disagree = false;
  for_each(group, name, protocol, [&](const Entry& entry, std::uint16_t number) {
    disagree = disagree || seen.try_emplace(entry.labels, number).first->second != number;
  });
  return disagree;
}

}  // namespace policyconv::cilium
