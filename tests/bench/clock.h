// How long work takes.
#pragma once

#include <chrono>
#include <utility>

namespace policyconv::bench {

template <typename Work>
[[nodiscard]] double seconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  std::forward<Work>(work)();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace policyconv::bench
