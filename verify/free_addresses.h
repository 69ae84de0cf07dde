// Addresses that nothing in the cluster has. Part of verify/future.h.
#pragma once

#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include "ir/address.h"
#include "ir/cluster.h"

namespace policyconv::verify::future {

class FreeAddresses {
 public:
  explicit FreeAddresses(const Cluster& cluster);
  /// One address for each family of `ranges`, from now on taken; nullopt if a family has none left, or there is no
  /// range.
  [[nodiscard]] std::optional<std::vector<Address>> take(const std::vector<Cidr>& ranges);

 private:
  std::optional<Address> take(const Cidr& range);
  struct Hash {
    std::size_t operator()(const Address& address) const {
      return static_cast<std::size_t>((address.hi ^ (address.lo * 0x9e3779b97f4a7c15)) * 0x9e3779b97f4a7c15 >> 16);
    }
  };
  std::unordered_set<Address, Hash> taken_;
  std::map<Cidr, Address> next_;  // where to go on looking
};

}  // namespace policyconv::verify::future
