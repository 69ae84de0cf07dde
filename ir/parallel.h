// Doing the same to many things at once.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace policyconv {

/// Calls work(i) for every i below `count`, on up to `jobs` threads, this one included; on fewer where the system has no more.
/// What work throws first ends the others after their present item, and is thrown here.
template <typename Work>
void in_parallel(std::size_t count, unsigned jobs, const Work& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto take_turns = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  {
    std::vector<std::jthread> helpers;  // joined when it goes
    try {
      while (helpers.size() + 1 < std::min<std::size_t>(jobs, count)) helpers.emplace_back(take_turns);
    } catch (const std::system_error&) {  // a limit of processes or memory; those that are there are enough
    }
    take_turns();
  }
  if (failure) std::rethrow_exception(failure);
}

/// Calls here() on this thread, and there() on another one beside it; afterwards on this one if `jobs` is 1 or the system has no
/// thread for it. Throws what they throw.
template <typename There, typename Here>
void beside(unsigned jobs, const There& there, const Here& here) {
  // With both policies it is deferred where no thread can be made (C++20 [futures.async]).
  const auto policy = jobs > 1 ? std::launch::async | std::launch::deferred : std::launch::deferred;
  std::future<void> done = std::async(policy, there);
  here();
  done.get();
}

}  // namespace policyconv
