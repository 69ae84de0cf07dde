// Entrances: read_previous(), names_of().
#include "plan/previous.h"

#include <algorithm>
#include <set>
#include <vector>

#include "backends/kubeovn/ownership.h"
#include "backends/kubeovn/read.h"

namespace policyconv::plan {
namespace {

using kubeovn::Binding;
using kubeovn::Manifest;

/// Bindings of pods that the dump does not have stay: whoever deletes a group has to know of them.
void take_bindings_of(const Cluster& cluster, Manifest& manifest) {
  const kubeovn::Ownership ownership(cluster);
  const bool is_live = std::any_of(cluster.pods.begin(), cluster.pods.end(),
                                   [&](const Pod& pod) { return ownership.carries_ours(pod); });
  if (!is_live) return;
  std::erase_if(manifest.bindings, [&](const Binding& each) { return cluster.find_pod(each.ns, each.pod) != nullptr; });
  for (const Pod& pod : cluster.pods) {
    const std::string provider = provider_of(pod);
    const auto at = pod.annotations.find(kubeovn::annotation_of(provider));
    if (at == pod.annotations.end() || !is_endpoint(pod)) continue;
    if (std::vector<std::string> names = kubeovn::groups_in(at->second); !names.empty())
      manifest.bindings.push_back({pod.ns, pod.name, std::move(names), provider, at->second});
  }
  std::sort(manifest.bindings.begin(), manifest.bindings.end(),
            [](const Binding& a, const Binding& b) { return std::tie(a.ns, a.pod) < std::tie(b.ns, b.pod); });
}

/// Pods come and go between two runs, and one word about another target is enough.
void append_what_matters(Diagnostics&& read, Diagnostics& diagnostics) {
  bool has_other_target = false;
  std::erase_if(read.all(), [&](const Diagnostic& found) {
    if (found.kind == Kind::OtherTarget) return std::exchange(has_other_target, true);
    return found.kind == Kind::NotInTheDump;
  });
  diagnostics.append(std::move(read));
}

}  // namespace

Manifest read_previous(const Sources& sources, std::span<const std::uint32_t> files, const kubeovn::Release& release,
                       const Cluster& cluster, Diagnostics& diagnostics) {
  Diagnostics own;
  Manifest manifest = kubeovn::read(sources, files, {}, release, cluster, own);
  append_what_matters(std::move(own), diagnostics);
  take_bindings_of(cluster, manifest);
  return manifest;
}

std::map<std::pair<std::string, ir::Group>, std::string> names_of(const Manifest& previous) {
  const Cluster nothing;
  const kubeovn::Ownership by_shape(nothing);
  std::map<std::pair<std::string, ir::Group>, std::string> names;
  for (const kubeovn::SecurityGroup& group : previous.security_groups)
    if (group.members && by_shape.is_ours(group.name)) names.try_emplace({group.vpc, *group.members}, group.name);
  return names;
}

}  // namespace policyconv::plan
