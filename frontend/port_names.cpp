#include "frontend/port_names.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "ir/membership.h"

namespace policyconv::cilium {

namespace {

/// The group of those pods of `within` that have `labels` and no other of `keys`.
ir::Group exactly(const Labels& labels, const ir::Group& within, const std::set<std::string>& keys) {
  std::vector<ir::Requirement> all_of = within.all_of;
  for (const auto& [key, value] : labels) all_of.push_back({key, ir::Op::In, {value}});
  for (const std::string& key : keys)
    if (!labels.contains(key)) all_of.push_back({key, ir::Op::DoesNotExist, {}});
  return {*ir::normalize(std::move(all_of)), std::nullopt};  // pods with these labels are in `within`
}

}  // namespace

// A pod without ports matters only if it may have the identity of one with ports.
PortNames::PortNames(const Cluster& cluster) {
  std::set<std::pair<std::string_view, std::string_view>> accounts;
  for (const Pod& pod : cluster.pods)
    if (is_endpoint(pod) && !pod.ports.empty()) accounts.emplace(pod.ns, pod.service_account);
  for (const Pod& pod : cluster.pods)
    if (is_endpoint(pod) && accounts.contains({pod.ns, pod.service_account}))
      add(ir::identity_labels(cluster, pod), pod.ports, true);
  for (const Workload& workload : cluster.workloads) {
    if (workload.host_network || (workload.ports.empty() && !accounts.contains({workload.ns, workload.service_account}))) continue;
    Pod future;
    future.ns = workload.ns;
    future.labels = workload.labels;
    future.service_account = workload.service_account;
    add(ir::identity_labels(cluster, future), workload.ports, false);
  }
}

void PortNames::add(Labels labels, const std::vector<ContainerPort>& ports, bool running) {
  by_label_.add(labels, entries_.size());
  entries_.push_back({std::move(labels), &ports, running});
}

template <typename Each>
void PortNames::for_each(const ir::Group& group, std::string_view name, Protocol protocol, Each&& each) const {
  for (const std::size_t number : by_label_.candidates(group)) {
    const Entry& entry = entries_[number];
    for (const ContainerPort& port : *entry.ports)
      if (port.name == name && port.protocol == protocol && ir::is_member(group, entry.labels, *entry.ports))
        each(entry, port.number);
  }
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

std::vector<PortNames::Shared> PortNames::shared(const ir::Group& group, std::string_view name, Protocol protocol,
                                                 const std::set<std::string>& keys) const {
  struct Pods {
    std::set<std::uint16_t> numbers;
    bool without = false;
  };
  std::map<Labels, Pods> identities;
  for_each(group, name, protocol, [&](const Entry& entry, std::uint16_t number) {
    if (entry.running) identities[entry.labels].numbers.insert(number);
  });
  if (identities.empty()) return {};
  for (const Entry& entry : entries_)
    if (const auto at = identities.find(entry.labels); at != identities.end())
      at->second.without |= std::none_of(entry.ports->begin(), entry.ports->end(), [&](const ContainerPort& port) {
        return port.name == name && port.protocol == protocol;
      });
  std::set<std::string> all = keys;
  for (const Entry& entry : entries_)
    for (const auto& [key, value] : entry.labels) all.insert(key);
  std::vector<Shared> found;
  for (const auto& [labels, pods] : identities)
    if (pods.without && pods.numbers.size() == 1) found.push_back({exactly(labels, group, all), *pods.numbers.begin()});
  return found;
}

}  // namespace policyconv::cilium
