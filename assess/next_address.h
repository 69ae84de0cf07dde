// Which address Kube-OVN's IPAM gives next. Entrance: next_address().
#pragma once

#include <optional>
#include <vector>

#include "assess/dump.h"

namespace policyconv::assess {

/// The first address of `cidr`, a range of `subnet`, that is neither network nor broadcast address, nor its gateway, nor
/// excluded, nor in `used`. IPAM takes them in this order and those that were released after all others; which ones were
/// is in the memory of the controller only, and forgotten when it starts anew.
[[nodiscard]] std::optional<Address> next_address(const DumpSubnet& subnet, const Cidr& cidr,
                                                  const std::vector<Address>& used);

}  // namespace policyconv::assess
