// Doing the same to many things at once.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace policyconv {

/// Calls work(i) for every i below `count`, on up to `jobs` threads, this one included. Work must not throw.
template <typename Work>
void in_parallel(std::size_t count, unsigned jobs, const Work& work) {
  std::atomic<std::size_t> next = 0;
  const auto take_turns = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> helpers;  // joined when it goes
  while (helpers.size() + 1 < std::min<std::size_t>(jobs, count)) helpers.emplace_back(take_turns);
  take_turns();
}

}  // namespace policyconv
