#include "frontend/port_names.h"

#include <map>

#include "ir/membership.h"

namespace policyconv::cilium {

PortNames::PortNames(const Cluster& cluster) {
  for (const Pod& pod : cluster.pods)
    if (!pod.host_network && !pod.finished && !pod.ports.empty())
      entries_.push_back({ir::identity_labels(cluster, pod), &pod.ports});
  for (const Workload& workload : cluster.workloads) {
    if (workload.host_network || workload.ports.empty()) continue;
    Pod future;
    future.ns = workload.ns;
    future.labels = workload.labels;
    future.service_account = workload.service_account;
    entries_.push_back({ir::identity_labels(cluster, future), &workload.ports});
  }
}

template <typename Each>
void PortNames::for_each(const ir::Group& group, const NamedPort& wanted, Each&& each) const {
  for (const Entry& entry : entries_)
    for (const ContainerPort& port : *entry.ports)
      if (port.name == wanted.name && port.protocol == wanted.protocol && ir::is_member(group, entry.labels, *entry.ports))
        each(entry.labels, port.number);
}

std::set<std::uint16_t> PortNames::numbers(const ir::Group& group, const NamedPort& wanted) const {
  std::set<std::uint16_t> found;
  for_each(group, wanted, [&](const Labels&, std::uint16_t number) { found.insert(number); });
  return found;
}

bool PortNames::disagree(const ir::Group& group, const NamedPort& wanted) const {
  std::map<Labels, std::uint16_t> seen;
  bool disagree = false;
  for_each(group, wanted, [&](const Labels& labels, std::uint16_t number) {
    disagree = disagree || seen.try_emplace(labels, number).first->second != number;
  });
  return disagree;
}

}  // namespace policyconv::cilium
