#include "backends/kubeovn/node_rule.h"

#include <algorithm>
#include <map>

namespace policyconv::kubeovn {
namespace {

bool share_addresses(const Vpc& a, const Vpc& b) {
  return std::any_of(a.subnets.begin(), a.subnets.end(), [&](const Subnet* mine) {
    return std::any_of(b.subnets.begin(), b.subnets.end(), [&](const Subnet* other) {
      return std::any_of(mine->cidrs.begin(), mine->cidrs.end(), [&](const Cidr& cidr) {
        return std::any_of(other->cidrs.begin(), other->cidrs.end(), [&](const Cidr& each) { return overlaps(cidr, each); });
      });
    });
  });
}

}  // namespace

std::vector<std::string> sharing_addresses(const Vpc& vpc, const std::vector<Vpc>& all) {
  std::vector<std::string> names;
  for (const Vpc& other : all)
    if (other.name != vpc.name && share_addresses(vpc, other)) names.push_back(other.name);
  return names;
}

void report_shared_addresses(const Topology& topology, Diagnostics& diagnostics) {
  std::multimap<Address, const PlacedPod*> holders;
  for (const PlacedPod& pod : topology.pods)
    if (pod.unbound != Unbound::NotAnEndpoint)
      for (const Address& address : pod.pod->addresses) holders.emplace(address, &pod);
  for (const PlacedPod& pod : topology.pods) {
    if (pod.unbound != Unbound::No || topology.vpcs[pod.vpc].name != default_vpc) continue;
    for (const Address& address : pod.pod->addresses) {
      const auto [first, last] = holders.equal_range(address);
      for (auto at = first; at != last; ++at)
        if (at->second->vpc != pod.vpc && at->second->pod->node != pod.pod->node)
          diagnostics.report<Kind::NodeRuleOfAnotherVpc>(pod.pod->loc, at->second->pod->node,
                                                         pod.pod->ns + "/" + pod.pod->name, to_string(address),
                                                         topology.vpcs[at->second->vpc].name);
    }
  }
}

}  // namespace policyconv::kubeovn
