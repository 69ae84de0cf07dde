// Entrances: occupied_addresses(), free_addresses(). A Subnet may have 2^64 addresses, so ranges are skipped as a whole
// and addresses are listed only as far as they are wanted.
#include "assess/free_addresses.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <utility>

namespace policyconv::assess {
namespace {

AddressRange range_of(const Cidr& cidr) {
  return {first_address(cidr), last_address(cidr)};
}

/// Appends what lies in `range` and in none of `holes`, until `found` has `most` addresses.
void collect(const AddressRange& range, std::initializer_list<const AddressSet*> holes, std::size_t most,
             std::vector<Address>& found) {
  using Ahead = std::span<const AddressRange>;  // the ranges of a set that do not end before the current address
  std::vector<Ahead> ahead;
  for (const AddressSet* set : holes)
    ahead.push_back(Ahead(set->ranges)
                        .subspan(static_cast<std::size_t>(
                            std::partition_point(set->ranges.begin(), set->ranges.end(),
                                                 [&](const AddressRange& hole) { return hole.last < range.first; }) -
                            set->ranges.begin())));
  for (std::optional<Address> at = range.first; at && *at <= range.last && found.size() < most;) {
    const AddressRange* hole = nullptr;
    for (Ahead& next : ahead) {
      while (!next.empty() && next.front().last < *at) next = next.subspan(1);
      if (!next.empty() && next.front().first <= *at) hole = &next.front();
    }
    if (hole == nullptr) found.push_back(*at);
    at = address_after(hole != nullptr ? hole->last : *at);
  }
}

}  // namespace

std::optional<Address> address_after(const Address& address) {
  Address next = address;
  if (address.family == Family::V4) {
    next.hi += std::uint64_t{1} << 32;
    if (next.hi == 0) return std::nullopt;
  } else if (++next.lo == 0 && ++next.hi == 0) {
    return std::nullopt;
  }
  return next;
}

AddressSet address_set(std::vector<AddressRange> ranges) {
  std::erase_if(ranges, [](const AddressRange& r) { return r.first.family != r.last.family || r.last < r.first; });
  std::sort(ranges.begin(), ranges.end());
  AddressSet set;
  for (const AddressRange& range : ranges) {
    const std::optional<Address> next = set.ranges.empty() ? std::nullopt : address_after(set.ranges.back().last);
    const bool touches =
        !set.ranges.empty() && set.ranges.back().first.family == range.first.family && (!next || range.first <= *next);
    if (touches)
      set.ranges.back().last = std::max(set.ranges.back().last, range.last);
    else
      set.ranges.push_back(range);
  }
  return set;
}

std::vector<std::optional<std::size_t>> gateways_of_holders(const Dump& dump) {
  std::map<std::pair<HolderKind, std::string>, std::size_t> by_name;
  for (std::size_t i = 0; i < dump.gateways.size(); ++i) {
    const Gateway& gateway = dump.gateways[i];
    by_name[{HolderKind::Gateway, gateway.name}] = i;  // no namespace: VpcNatGateways have cluster scope
    by_name[{HolderKind::Pod, fmt::format("{}/vpc-nat-gw-{}-0", gateway.ns, gateway.name)}] = i;
    by_name[{HolderKind::Ip, fmt::format("vpc-nat-gw-{}-0.{}", gateway.name, gateway.ns)}] = i;
  }
  std::vector<std::optional<std::size_t>> gateways;
  gateways.reserve(dump.holders.size());
  for (const Holder& holder : dump.holders) {
    const auto found =
        by_name.find({holder.kind, holder.kind == HolderKind::Pod ? holder.ns + "/" + holder.name : holder.name});
    const bool is_one = found != by_name.end() && dump.gateways[found->second].address == holder.address;
    gateways.push_back(is_one ? std::optional(found->second) : std::nullopt);
  }
  return gateways;
}

Occupied occupied_addresses(const Dump& dump) {
  std::vector<AddressRange> held, shunned;
  const auto hold = [&](const Address& address) { held.push_back({address, address}); };
  const std::vector<std::optional<std::size_t>> gateways = gateways_of_holders(dump);
  for (std::size_t i = 0; i < dump.holders.size(); ++i)
    if (!gateways[i]) hold(dump.holders[i].address);
  for (const DumpSubnet& subnet : dump.subnets)
    for (const Address& gateway : subnet.gateways) hold(gateway);
  for (const DumpNode& node : dump.nodes) {
    for (const Address& address : node.addresses) hold(address);
    for (const Cidr& cidr : node.pod_cidrs) shunned.push_back(range_of(cidr));
  }
  for (const Cidr& cidr : dump.service_cidrs) shunned.push_back(range_of(cidr));
  return {address_set(std::move(held)), address_set(std::move(shunned))};
}

std::vector<Address> free_addresses(const DumpSubnet& subnet, Family family, const Occupied& occupied,
                                    std::size_t most) {
  std::vector<AddressRange> reserved = subnet.exclude;
  for (const Cidr& cidr : subnet.cidrs) {
    const AddressRange all = range_of(cidr);
    reserved.insert(reserved.end(), {{all.first, all.first}, {all.last, all.last}});
  }
  const AddressSet excluded = address_set(std::move(reserved));
  std::vector<Address> found;
  for (const Cidr& cidr : subnet.cidrs)
    if (cidr.family == family) collect(range_of(cidr), {&occupied.held, &excluded, &occupied.shunned}, most, found);
  for (const Cidr& cidr : subnet.cidrs) {
    if (cidr.family != family) continue;
    const AddressRange all = range_of(cidr);
    for (const AddressRange& range : occupied.shunned.ranges)
      if (range.first.family == family && all.first <= range.last && range.first <= all.last)
        collect({std::max(all.first, range.first), std::min(all.last, range.last)}, {&occupied.held, &excluded}, most,
                found);
  }
  return found;
}

}  // namespace policyconv::assess
