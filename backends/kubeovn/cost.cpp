#include "backends/kubeovn/cost.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <tuple>
#include <utility>

namespace policyconv::kubeovn {
namespace {

constexpr std::size_t flows_of_acl = 2;  // one for new connections, one for known ones (K§8.3)

/// Who carries a group.
struct Members {
  std::map<std::string, std::size_t> pods;  // by Subnet
  std::size_t v4 = 0, v6 = 0;
  [[nodiscard]] std::size_t addresses(Family family) const { return std::max<std::size_t>(1, family == Family::V4 ? v4 : v6); }
};

std::size_t base_acls(const Release& release) { return release.minor >= 16 ? 20 : 10; }
std::size_t tiers(const Release& release) { return release.minor >= 16 ? 2 : 1; }

/// OpenFlow flows of one logical flow whose match has lists of these lengths.
std::size_t expanded(std::initializer_list<std::size_t> lists) {
  std::size_t product = 1, sum = 0, several = 0;
  for (const std::size_t length : lists) {
    product *= std::max<std::size_t>(1, length);
    if (length < 2) continue;
    sum += length;
    ++several;
  }
  return several > 1 ? sum + 1 : product;
}

class Reckoner {
 public:
  Reckoner(const Manifest& manifest, const Cluster& cluster) : manifest_(manifest) {
    for (const Binding& binding : manifest.bindings) {
      const Pod* pod = cluster.find_pod(binding.ns, binding.pod);
      const Subnet* subnet = pod == nullptr ? nullptr : subnet_of(cluster, *pod);
      if (pod == nullptr || binding.groups.empty()) continue;
      ++bound_;
      for (const std::string& group : binding.groups) {
        Members& members = members_[group];
        ++members.pods[subnet == nullptr ? "" : subnet->name];
        for (const Address& address : pod->addresses) ++(address.family == Family::V4 ? members.v4 : members.v6);
      }
    }
    nodes_ = cluster.nodes.size();
  }

  Costs reckon() {
    for (const SecurityGroup& group : manifest_.security_groups) costs_.objects.push_back({"SecurityGroup", group.name, of(group)});
    for (const SubnetPatch& patch : manifest_.subnets) costs_.objects.push_back({"Subnet", patch.subnet, of(patch)});
    shared();
    costs_.total = costs_.shared;
    for (const ObjectCost& each : costs_.objects) costs_.total += each.cost;
    std::sort(costs_.objects.begin(), costs_.objects.end(), [](const ObjectCost& a, const ObjectCost& b) {
      return std::tie(b.cost.flows, a.kind, a.name) < std::tie(a.cost.flows, b.kind, b.name);
    });
    return std::move(costs_);
  }

 private:
  [[nodiscard]] const Members& members(const std::string& group) const {
    static const Members nobody;
    const auto found = members_.find(group);
    return found == members_.end() ? nobody : found->second;
  }

  [[nodiscard]] Cost of(const SecurityGroup& group) const {
    const Members& own = members(group.name);
    const auto on_every_switch = [&](std::size_t addresses, std::size_t masks) {
      std::size_t flows = own.pods.empty() ? expanded({addresses, masks}) : 0;
      for (const auto& [subnet, pods] : own.pods) flows += expanded({pods, addresses, masks});
      return flows_of_acl * flows;
    };
    Cost cost;
    cost.acls = base_acls(manifest_.release);
    cost.addresses = own.v4 + own.v6;
    cost.flows = cost.acls * on_every_switch(1, 1);
    for (const auto* rules : {&group.ingress, &group.egress})
      for (const SgRule& rule : *rules) {
        const auto* peer = std::get_if<SgName>(&rule.remote);
        const std::size_t addresses = peer == nullptr ? 1 : members(peer->name).addresses(rule.family);
        ++cost.acls;
        cost.flows += on_every_switch(addresses, rule.ports ? masks_of(*rule.ports) : 1);
      }
    return cost;
  }

  [[nodiscard]] Cost of(const SubnetPatch& patch) const {
    const std::size_t acls = patch.kept.size() + patch.acls.size();
    return {acls, 0, acls * flows_of_acl};
  }

  /// deny-all in both directions and every tier, and the node rule of each node while a NetworkPolicy exists (K§4.1).
  void shared() {
    if (manifest_.security_groups.empty()) return;
    const std::size_t deny_all = 2 * tiers(manifest_.release), of_nodes = manifest_.node_anchor ? 2 * nodes_ : 0;
    costs_.shared.acls = deny_all + of_nodes;
    costs_.shared.flows = flows_of_acl * (deny_all * std::max<std::size_t>(1, bound_) + of_nodes);
  }

  const Manifest& manifest_;
  std::map<std::string, Members> members_;
  std::size_t bound_ = 0, nodes_ = 0;
  Costs costs_;
};

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  acls += other.acls;
  addresses += other.addresses;
  flows += other.flows;
  return *this;
}

Costs costs_of(const Manifest& manifest, const Cluster& cluster) { return Reckoner(manifest, cluster).reckon(); }

std::size_t masks_of(const ir::PortRange& ports) {
  std::size_t masks = 0;
  for (std::uint32_t at = ports.first; at <= ports.last; ++masks) {
    std::uint32_t size = at == 0 ? 1U << 16 : at & (~at + 1);  // the largest block that begins here
    while (at + size - 1 > ports.last) size >>= 1;
    at += size;
  }
  return masks;
}

}  // namespace policyconv::kubeovn
