// Which addresses a gateway could move to.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "assess/dump.h"
#include "ir/address.h"

namespace policyconv::assess {

[[nodiscard]] std::optional<Address> address_after(const Address& address);  // nullopt: it was the last of its family

/// A set of addresses as ranges: sorted, apart from each other.
struct AddressSet {
  std::vector<AddressRange> ranges;
};
/// Ranges in any order; what runs backwards or from one family to the other is left out.
[[nodiscard]] AddressSet address_set(std::vector<AddressRange> ranges);

/// For each holder the gateway whose address it shows: the gateway itself, its pod, or the pod's IP object.
[[nodiscard]] std::vector<std::optional<std::size_t>> gateways_of_holders(const Dump& dump);

struct Occupied {
  AddressSet held;  // by holders other than gateways, nodes, and the gateways of Subnets: out of the question
  AddressSet
      shunned;  // ranges from which nodes, Cilium and Services take addresses: only if nothing else is left (K§7.3)
};
[[nodiscard]] Occupied occupied_addresses(const Dump& dump);

/// The first `most` addresses of that family in the Subnet that nothing but a gateway may hold, best first: smallest
/// first, shunned ones last. Never the first and last address of the CIDR, nor those of excludeIps.
[[nodiscard]] std::vector<Address> free_addresses(const DumpSubnet& subnet, Family family, const Occupied& occupied,
                                                  std::size_t most);

}  // namespace policyconv::assess
