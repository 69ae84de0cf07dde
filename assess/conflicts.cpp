// Entrance: find_conflicts(). Holders are sorted by address, so those of one address stand together.
#include "assess/conflicts.h"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/ranges.h>

#include "assess/next_address.h"
#include "assess/overlaps.h"

namespace policyconv::assess {
namespace {

constexpr std::string_view default_vpc = "ovn-cluster";

/// The message of a code.
template <Kind kind, typename... Args>
std::string text_of(const Args&... args) {
  constexpr std::string_view text = definition(kind).text;
  return fmt::format(fmt::format_string<const Args&...>(text), args...);
}

// --- Today -----------------------------------------------------------------------------------------------------------

std::vector<std::string> names_of(const Dump& dump, const std::vector<std::size_t>& holders) {
  std::vector<std::string> names;
  for (const std::size_t i : holders) {
    const Holder& holder = dump.holders[i];
    std::string where = holder.vpc.empty() ? "" : "VPC " + holder.vpc;
    if (!holder.node.empty()) where += (where.empty() ? "node " : ", node ") + holder.node;
    names.push_back(where.empty() ? holder.display() : fmt::format("{} ({})", holder.display(), where));
  }
  return names;
}

constexpr std::size_t shown_holders = 8;

void describe_endpoints(const Dump& dump, Conflict& conflict) {
  const std::string address = to_string(conflict.address);
  const std::string_view family = conflict.address.family == Family::V4 ? "ipv4" : "ipv6";
  const std::vector<std::string> names = names_of(dump, conflict.holders);
  std::size_t gateways = 0, dns = 0;
  for (const std::size_t i : conflict.holders) {
    gateways += dump.holders[i].kind == HolderKind::Gateway;
    dns += dump.holders[i].kind == HolderKind::VpcDns;
  }
  if (gateways == conflict.holders.size()) {
    conflict.kind = Kind::GatewaysShareAddress;
    conflict.text = text_of<Kind::GatewaysShareAddress>(address, listed(names, shown_holders));
  } else {
    conflict.kind = Kind::EndpointsShareAddress;
    conflict.text = text_of<Kind::EndpointsShareAddress>(address, listed(names, shown_holders));
  }

  if (!conflict.shared_nodes.empty())
    conflict.effect = fmt::format("on {} Cilium refuses every endpoint but the first: CNI ADD fails with `IP {}:{} is already in use`",
                                  listed(conflict.shared_nodes, 3), family, address);
  if (conflict.across_nodes)
    conflict.effect += fmt::format("{}across nodes the address has the identity of whoever was written last, so policies "
                                   "and Hubble take the others for it",
                                   conflict.effect.empty() ? "" : "; ");
  if (conflict.effect.empty())
    conflict.effect = fmt::format("on one node Cilium refuses the second endpoint (`IP {}:{} is already in use`), on "
                                  "different nodes the last one written decides the identity; the dump does not say "
                                  "where they run",
                                  family, address);

  if (gateways > 0)
    conflict.remedy = "give each gateway a lanIp that is unique in the whole cluster (the address plan has some)";
  if (gateways < conflict.holders.size())
    conflict.remedy += fmt::format("{}give the VPCs Subnets that do not overlap and recreate the {}in them",
                                   conflict.remedy.empty() ? "" : "; ", dns > 0 ? "pods (VpcDns included) " : "pods ");
  conflict.remedy += "; or leave chaining";
}

void describe_beside(const Dump& dump, Conflict& conflict, std::size_t endpoint) {
  const std::vector<std::string> others = [&] {
    std::vector<std::size_t> rest = conflict.holders;
    std::erase(rest, endpoint);
    return names_of(dump, rest);
  }();
  const std::string name = dump.holders[endpoint].display();
  conflict.kind = Kind::HeldBesideEndpoint;
  conflict.severity = Severity::Warning;
  conflict.text = text_of<Kind::HeldBesideEndpoint>(to_string(conflict.address), listed(others, shown_holders),
                                                    listed(names_of(dump, {endpoint}), 1));
  conflict.effect = fmt::format("Cilium knows {} only, and judges packets from and to the others by its identity", name);
  conflict.remedy = "recreate the Vip or IP with an address that is unique in the whole cluster; or leave chaining";
}

/// Holders of one address: what they are to Cilium.
void add_conflict(const Dump& dump, std::size_t first, std::size_t last, std::vector<Conflict>& into) {
  std::vector<std::size_t> endpoints, beside;
  for (std::size_t i = first; i < last; ++i) {
    const Holder& holder = dump.holders[i];
    if (holder.has_endpoint) endpoints.push_back(i);
    else if (holder.kind == HolderKind::Vip || holder.kind == HolderKind::Ip) beside.push_back(i);
  }
  // Within a VPC an address has one owner: a Vip that a pod has is that pod's.
  std::erase_if(beside, [&](std::size_t i) {
    return std::all_of(endpoints.begin(), endpoints.end(),
                       [&](std::size_t endpoint) { return dump.holders[endpoint].vpc == dump.holders[i].vpc; });
  });
  if (endpoints.empty() || endpoints.size() + beside.size() < 2) return;
  Conflict conflict;
  conflict.address = dump.holders[first].address;
  std::merge(endpoints.begin(), endpoints.end(), beside.begin(), beside.end(), std::back_inserter(conflict.holders));
  std::set<std::string_view> nodes;
  std::set<std::string> shared;
  for (const std::size_t i : endpoints)
    if (const std::string& node = dump.holders[i].node; !node.empty() && !nodes.insert(node).second) shared.insert(node);
  conflict.shared_nodes.assign(shared.begin(), shared.end());
  conflict.across_nodes = nodes.size() > 1;
  if (endpoints.size() > 1) describe_endpoints(dump, conflict);
  else describe_beside(dump, conflict, endpoints.front());
  into.push_back(std::move(conflict));
}

/// The end of the holders of the same address as the one at `first`.
std::size_t end_of(const std::vector<Holder>& holders, std::size_t first) {
  std::size_t last = first;
  while (last < holders.size() && holders[last].address == holders[first].address) ++last;
  return last;
}

// --- With one more gateway -------------------------------------------------------------------------------------------

/// Where a VPC would get its next gateway: in the Subnets that have one already, else in any. NAT gateways are a matter
/// of custom VPCs.
std::vector<std::size_t> gateway_subnets(const Dump& dump) {
  std::set<std::string_view> with_gateway, vpcs_with_gateway;
  for (const Gateway& gateway : dump.gateways) {
    with_gateway.insert(gateway.subnet);
    vpcs_with_gateway.insert(gateway.vpc);
  }
  std::vector<std::size_t> subnets;
  for (std::size_t i = 0; i < dump.subnets.size(); ++i) {
    const DumpSubnet& subnet = dump.subnets[i];
    const bool settled = vpcs_with_gateway.contains(subnet.vpc);
    if (is_ovn(subnet) && (settled ? with_gateway.contains(subnet.name) : subnet.vpc != default_vpc)) subnets.push_back(i);
  }
  return subnets;
}

/// Address and Subnet, sorted.
std::vector<std::pair<Address, std::size_t>> next_addresses(const Dump& dump) {
  std::map<std::string_view, std::vector<Address>> used;
  for (const Holder& holder : dump.holders) used[holder.subnet].push_back(holder.address);
  std::vector<std::pair<Address, std::size_t>> next;
  for (const std::size_t i : gateway_subnets(dump)) {
    const DumpSubnet& subnet = dump.subnets[i];
    for (const Cidr& cidr : subnet.cidrs)
      if (const auto address = next_address(subnet, cidr, used[subnet.name])) next.emplace_back(*address, i);
  }
  std::sort(next.begin(), next.end());
  return next;
}

std::vector<ComingConflict> find_coming(const Dump& dump) {
  std::vector<ComingConflict> coming;
  const auto next = next_addresses(dump);
  for (auto at = next.begin(); at != next.end();) {
    ComingConflict found;
    found.address = at->first;
    std::set<std::string_view> vpcs;
    for (; at != next.end() && at->first == found.address; ++at) {
      found.subnets.push_back(at->second);
      vpcs.insert(dump.subnets[at->second].vpc);
    }
    auto holder = std::lower_bound(dump.holders.begin(), dump.holders.end(), found.address,
                                   [](const Holder& one, const Address& address) { return one.address < address; });
    for (; holder != dump.holders.end() && holder->address == found.address; ++holder)
      if (holder->has_endpoint && (vpcs.size() > 1 || !vpcs.contains(holder->vpc)))
        found.holders.push_back(static_cast<std::size_t>(holder - dump.holders.begin()));
    if (vpcs.size() < 2 && found.holders.empty()) continue;
    std::vector<std::string> names;
    for (const std::size_t i : found.subnets) names.push_back(display(dump.subnets[i]));
    std::string why = vpcs.size() > 1 ? "the same in all of them" : "";
    if (!found.holders.empty())
      why += fmt::format("{}held by {}", why.empty() ? "" : " and ", listed(names_of(dump, found.holders), shown_holders));
    found.kind = Kind::NextGatewayCollides;
    found.text = text_of<Kind::NextGatewayCollides>(listed(names, shown_holders), to_string(found.address), why);
    found.remedy = "give new gateways a lanIp of their own choice that is unique in the whole cluster, or a dedicated "
                   "Subnet that overlaps with no other";
    coming.push_back(std::move(found));
  }
  return coming;
}

}  // namespace

bool Conflict::among_gateways(const Dump& dump) const {
  return std::count_if(holders.begin(), holders.end(),
                       [&](std::size_t i) { return dump.holders[i].kind == HolderKind::Gateway; }) > 1;
}

std::size_t addresses_of_nodes(const Conflicts& conflicts) {
  std::size_t count = 0;
  for (const Overlap& overlap : conflicts.overlaps) count += overlap.of_nodes;
  return count;
}

Conflicts find_conflicts(const Dump& dump) {
  Conflicts found;
  for (std::size_t first = 0; first < dump.holders.size();) {
    const std::size_t last = end_of(dump.holders, first);
    if (last - first > 1) add_conflict(dump, first, last, found.conflicts);
    first = last;
  }
  found.coming = find_coming(dump);
  found.overlaps = find_overlaps(dump, found.conflicts, found.coming);
  return found;
}

}  // namespace policyconv::assess
