// Address prefixes as a forest: which of them is the closest around an address. Prefixes never overlap but by
// containment, so the closest one says which others contain the address too.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ir/address.h"

namespace policyconv::verify {

class Prefixes {
 public:
  /// Any order, repetitions allowed; 0.0.0.0/0 and ::/0 are always among them.
  explicit Prefixes(std::vector<Cidr> prefixes);

  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] const Cidr& operator[](std::size_t i) const { return all_[i]; }
  [[nodiscard]] std::optional<std::size_t> parent(std::size_t i) const { return parents_[i]; }
  [[nodiscard]] const std::vector<std::size_t>& children(std::size_t i) const { return children_[i]; }
  /// The number of the longest prefix that contains the address.
  [[nodiscard]] std::size_t closest(const Address& address) const;
  /// An address in `i` and in none of its children, a familiar one if possible; nullopt if they leave nothing.
  [[nodiscard]] std::optional<Address> remainder(std::size_t i) const;

 private:
  std::vector<Cidr> all_;  // sorted: a prefix stands before those inside of it
  std::vector<std::optional<std::size_t>> parents_;
  std::vector<std::vector<std::size_t>> children_;
};

/// Prefixes that cut the address space at `address`: what lies below it and what does not is then never in one piece.
[[nodiscard]] std::vector<Cidr> cuts_at(const Address& address);

}  // namespace policyconv::verify
