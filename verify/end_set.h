// Sets of end classes (verify/ends.h) by their numbers.
#pragma once

#include <cstdint>

#include <roaring/roaring.hh>

namespace policyconv::verify {

/// A compressed bitmap: most sets are small, some hold nearly every class.
using EndSet = Roaring;

/// The numbers from 0 to `count` - 1.
[[nodiscard]] inline EndSet first_ends(std::size_t count) {
  EndSet all;
  all.addRange(0, count);
  return all;
}

}  // namespace policyconv::verify
