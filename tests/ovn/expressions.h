// Random matches in OVN's language: two of three are meant to be well-formed, the others are nearly so.
#pragma once

#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace policyconv::real_ovn {

/// What there is to compare with, as written in a match.
struct Vocabulary {
  std::vector<std::string> ports, sets, v4, v6;
  bool state = false;  // use fields that differ between the packets of a connection
};

class RandomExpressions {
 public:
  RandomExpressions(unsigned seed, const Vocabulary& vocabulary) : random_(seed), words_(vocabulary) {}
  std::string next();

 private:
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  /// A slip, which only wild expressions make.
  bool slips(std::size_t one_in) { return wild_ && chance(one_in); }
  template <typename List>
  auto pick(const List& list) {
    return list[below(std::size(list))];
  }

  std::string expression(int depth);
  std::string operand(int depth);
  std::string predicate();
  std::string comparison();
  std::string relation(bool equality_only);
  std::string constant(unsigned width);

  std::mt19937 random_;
  const Vocabulary& words_;
  bool wild_ = false;
};

}  // namespace policyconv::real_ovn
