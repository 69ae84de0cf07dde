// Numbers for texts, the same on every machine and for all time, which std::hash does not promise.
#pragma once

#include <cstdint>
#include <string_view>

namespace policyconv {

/// FNV-1a, 64 bits. Names of objects and fingerprints hang on it: it never changes.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return value;
}

}  // namespace policyconv
