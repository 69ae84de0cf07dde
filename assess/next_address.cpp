#include "assess/next_address.h"

#include <algorithm>

namespace policyconv::assess {
namespace {

/// One of the family's numbers, as it is left-aligned in hi:lo.
constexpr std::uint64_t v4_one = std::uint64_t{1} << 32;

Address after(Address address) {
  if (address.family == Family::V4) address.hi += v4_one;
  else if (++address.lo == 0) ++address.hi;
  return address;
}

Address before(Address address) {
  if (address.family == Family::V4) address.hi -= v4_one;
  else if (address.lo-- == 0) --address.hi;
  return address;
}

}  // namespace

std::optional<Address> next_address(const DumpSubnet& subnet, const Cidr& cidr, const std::vector<Address>& used) {
  if (address_bits(cidr.family) - cidr.length < 2) return std::nullopt;
  std::vector<AddressRange> taken = subnet.exclude;
  for (const auto* list : {&subnet.gateways, &used})
    for (const Address& address : *list) taken.push_back({address, address});
  std::sort(taken.begin(), taken.end());
  Address candidate = after(first_address(cidr));
  const Address last = before(last_address(cidr));
  for (const AddressRange& range : taken) {
    if (range.first.family != cidr.family || range.last < candidate) continue;
    if (candidate < range.first) break;
    if (!(range.last < last)) return std::nullopt;
    candidate = after(range.last);
  }
  return candidate;
}

}  // namespace policyconv::assess
