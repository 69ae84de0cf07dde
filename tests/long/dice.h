// Random choices that are the same everywhere: the distributions of the standard library differ between libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace policyconv::long_tests {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  /// SplitMix64.
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }
  std::size_t between(std::size_t first, std::size_t last) { return first + below(last - first + 1); }
  bool chance(std::size_t percent) { return below(100) < percent; }

  template <typename T>
  const T& of(const std::vector<T>& all) {
    return all[below(all.size())];
  }
  std::string of(std::initializer_list<const char*> all) { return all.begin()[below(all.size())]; }
  /// An index into `weights`, each as likely as its weight.
  std::size_t weighted(std::initializer_list<std::size_t> weights) {
    std::size_t total = 0, at = 0;
    for (const std::size_t weight : weights) total += weight;
    std::size_t rest = below(total);
    for (const std::size_t weight : weights) {
      if (rest < weight) break;
      rest -= weight;
      ++at;
    }
    return at;
  }

 private:
  std::uint64_t state_;
};

}  // namespace policyconv::long_tests
