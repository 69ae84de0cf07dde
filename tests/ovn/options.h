// What the environment asks of these tests, and the line that tells how far they are.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace policyconv::real_ovn {

/// POLICYCONV_OVN_FULL=1: everything, however long it takes. POLICYCONV_OVN_SECONDS=N: how long a sample may take.
/// POLICYCONV_OVN_SEED=N: of samples and random cases. POLICYCONV_OVN_CASE=NAME: only that case of the corpora.
struct Options {
  bool full = false;
  std::chrono::seconds budget{0};
  unsigned seed = 1;
  std::string only;
};
/// `budget`: unless the environment says otherwise.
[[nodiscard]] Options options(std::chrono::seconds budget);

/// "curated: 120 of 298 cases, 9120 flows, 812/s" on standard error, once a second on a terminal and else every 15 s.
class Progress {
 public:
  Progress(std::string what, std::size_t total) : what_(std::move(what)), total_(total) {}
  ~Progress();
  void at(std::size_t cases, std::size_t flows);
  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  std::size_t total_;
  Clock::time_point begin_ = Clock::now(), shown_ = begin_;
};

}  // namespace policyconv::real_ovn
