// How long work takes.
#pragma once

#include <chrono>
#include <ctime>
#include <utility>

namespace policyconv::bench {

template <typename Work>
[[nodiscard]] double seconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  std::forward<Work>(work)();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The processor's time for this process: what other programs do meanwhile, and waiting for a disk, does not count.
template <typename Work>
[[nodiscard]] double processor_seconds(Work&& work) {
  const std::clock_t start = std::clock();
  std::forward<Work>(work)();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

}  // namespace policyconv::bench
