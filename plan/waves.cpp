#include "plan/waves.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace policyconv::plan {
namespace {

using kubeovn::Binding;
using kubeovn::SecurityGroup;

/// The groups of a Manifest by name, and the two helpers of each VPC that open a direction.
class Groups {
 public:
  explicit Groups(const kubeovn::Manifest& manifest) {
    for (const SecurityGroup& group : manifest.security_groups) {
      by_name_.emplace(group.name, &group);
      if (group.role == kubeovn::Role::OpenIn) open_[group.vpc].first = group.name;
      if (group.role == kubeovn::Role::OpenOut) open_[group.vpc].second = group.name;
    }
  }

  [[nodiscard]] bool has_foreign(const Binding& binding) const {
    return std::any_of(binding.groups.begin(), binding.groups.end(),
                       [&](const std::string& name) { return by_name_.count(name) == 0; });
  }

  /// The same pod with both helpers of its VPC. Those come first, because Kube-OVN puts a port into its groups one by one in this
  /// order, and deny-all follows the first of them (K§3.5): what opens should be there by then.
  [[nodiscard]] Binding joining(Binding binding) const {
    const auto open = open_.find(by_name_.at(binding.groups.front())->vpc);
    if (open == open_.end()) return binding;
    for (const std::string& helper : {open->second.second, open->second.first}) {
      std::erase(binding.groups, helper);
      if (!helper.empty()) binding.groups.insert(binding.groups.begin(), helper);
    }
    return binding;
  }

 private:
  std::map<std::string_view, const SecurityGroup*> by_name_;
  std::map<std::string_view, std::pair<std::string, std::string>> open_;  // by VPC
};

std::vector<std::vector<std::string>> order_of(const std::set<std::string>& present,
                                               const std::vector<std::vector<std::string>>& wanted,
                                               std::vector<std::string>& unknown) {
  std::vector<std::vector<std::string>> order;
  std::set<std::string> left = present;
  for (const std::vector<std::string>& together : wanted) {
    std::vector<std::string>& wave = order.emplace_back();
    for (const std::string& ns : together) {
      if (left.erase(ns) != 0) wave.push_back(ns);
      else if (present.count(ns) == 0) unknown.push_back(ns);
    }
    std::sort(wave.begin(), wave.end());
  }
  const bool system_last = left.erase("kube-system") != 0;
  for (const std::string& ns : left) order.push_back({ns});
  if (system_last) order.push_back({"kube-system"});
  std::erase_if(order, [](const std::vector<std::string>& wave) { return wave.empty(); });
  std::sort(unknown.begin(), unknown.end());
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  return order;
}

}  // namespace

Waves waves_of(const kubeovn::Manifest& manifest, const std::vector<std::vector<std::string>>& wanted) {
  const Groups groups(manifest);
  Waves result;
  std::map<std::string, std::vector<const Binding*>> by_namespace;
  std::set<std::string> present;
  for (const Binding& binding : manifest.bindings) {
    if (binding.groups.empty()) result.leftovers.push_back(binding);
    else if (groups.has_foreign(binding)) result.beside_others.push_back(binding);
    else by_namespace[binding.ns].push_back(&binding);
    if (!binding.groups.empty()) present.insert(binding.ns);
  }
  for (std::vector<std::string>& namespaces : order_of(present, wanted, result.unknown)) {
    Wave wave;
    wave.namespaces = std::move(namespaces);
    for (const std::string& ns : wave.namespaces)
      for (const Binding* binding : by_namespace[ns]) {
        wave.enforced.push_back(*binding);
        wave.joining.push_back(groups.joining(*binding));
      }
    if (!wave.enforced.empty()) result.waves.push_back(std::move(wave));
  }
  return result;
}

}  // namespace policyconv::plan
