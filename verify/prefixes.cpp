#include "verify/prefixes.h"

#include <algorithm>

#include "verify/ovn_constant.h"

namespace policyconv::verify {
namespace {

Address address_of(Family family, Bits bits) {
  if (family == Family::V4) return {family, static_cast<std::uint64_t>(bits) << 32, 0};
  return {family, static_cast<std::uint64_t>(bits >> 64), static_cast<std::uint64_t>(bits)};
}

/// Addresses for documentation, and ones that everybody knows: good examples of "somewhere outside".
constexpr const char* familiar[] = {"203.0.113.10", "198.51.100.10", "8.8.8.8", "2001:db8::10", "2600::10"};

}  // namespace

Prefixes::Prefixes(std::vector<Cidr> prefixes) : all_(std::move(prefixes)) {
  all_.push_back(whole(Family::V4));
  all_.push_back(whole(Family::V6));
  std::sort(all_.begin(), all_.end());
  all_.erase(std::unique(all_.begin(), all_.end()), all_.end());
  parents_.resize(all_.size());
  children_.resize(all_.size());
  std::vector<std::size_t> around;  // the prefixes that contain the current one, outermost first
  for (std::size_t i = 0; i < all_.size(); ++i) {
    while (!around.empty() && !contains(all_[around.back()], all_[i])) around.pop_back();
    if (!around.empty()) {
      parents_[i] = around.back();
      children_[around.back()].push_back(i);
    }
    around.push_back(i);
  }
}

std::size_t Prefixes::closest(const Address& address) const {
  const auto after = std::upper_bound(all_.begin(), all_.end(), host_cidr(address));
  auto i = static_cast<std::size_t>(after - all_.begin()) - 1;  // there is one: /0 sorts before every address
  while (!contains(all_[i], address)) i = *parents_[i];
  return i;
}

std::optional<Address> Prefixes::remainder(std::size_t i) const {
  for (const char* text : familiar) {
    const Address address = *parse_address(text);
    if (contains(all_[i], address) && closest(address) == i) return address;
  }
  const Family family = all_[i].family;
  const Bits end = bits_of(last_address(all_[i]));
  Bits next = bits_of(first_address(all_[i]));
  for (const std::size_t child : children_[i]) {
    const Bits first = bits_of(first_address(all_[child])), last = bits_of(last_address(all_[child]));
    // The second address of a gap rather than the first, which is often the name of a network.
    if (next < first) return address_of(family, next + 1 < first ? next + 1 : next);
    if (last == end) return std::nullopt;
    next = last + 1;
  }
  return address_of(family, next < end ? next + 1 : next);
}

std::vector<Cidr> cuts_at(const Address& address) {
  std::vector<Cidr> cuts;
  Cidr cut = host_cidr(address);
  for (;;) {
    cuts.push_back(cut);
    if (cut.length == 0) return cuts;
    --cut.length;
    const Bits width = address_bits(cut.family);
    const Bits kept = ~low_ones(static_cast<unsigned>(width) - cut.length) & low_ones(static_cast<unsigned>(width));
    const Address first = address_of(cut.family, bits_of(address) & kept);
    cut.hi = first.hi;
    cut.lo = first.lo;
  }
}

}  // namespace policyconv::verify
