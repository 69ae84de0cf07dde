// Things with labels, found by what a group requires. Asking all of them about each group is quadratic in a cluster.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "ir/cluster.h"
#include "ir/program.h"

namespace policyconv::ir {

class LabelIndex {
 public:
  /// `number` is larger than those before.
  void add(const Labels& labels, std::size_t number);

  /// Numbers among which all members of the group are, sorted: whether each is one has still to be asked of is_member().
  [[nodiscard]] std::vector<std::size_t> candidates(const Group& group) const;

 private:
  using Numbers = std::vector<std::size_t>;  // sorted
  Numbers all_;
  std::map<std::string, std::map<std::string, Numbers, std::less<>>, std::less<>> by_label_;  // by key and value
};

}  // namespace policyconv::ir
