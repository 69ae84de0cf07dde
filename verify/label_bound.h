// What several selectors ask of one label. Part of verify/future.h.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "verify/future_labels.h"

namespace policyconv::verify::future {

/// Everything that is asked of one key.
struct Bound {
  bool present = false, missing = false;
  std::optional<std::vector<Value>> in;
  std::vector<Value> not_in;  // sorted

  void narrow(const Need& need) {
    switch (need.op) {
      case source::Op::Exists:
        present = true;
        return;
      case source::Op::DoesNotExist:
        missing = true;
        return;
      case source::Op::NotIn: {
        std::vector<Value> both;
        std::set_union(not_in.begin(), not_in.end(), need.values.begin(), need.values.end(), std::back_inserter(both));
        not_in = std::move(both);
        return;
      }
      case source::Op::In: {
        std::vector<Value> both = need.values;
        if (in) {
          both.clear();
          std::set_intersection(in->begin(), in->end(), need.values.begin(), need.values.end(),
                                std::back_inserter(both));
        }
        in = std::move(both);
        return;
      }
    }
  }
  [[nodiscard]] bool can_miss() const { return !present && !in; }
  [[nodiscard]] bool allows(Value value) const {
    return !missing && !std::binary_search(not_in.begin(), not_in.end(), value) &&
           (!in || std::binary_search(in->begin(), in->end(), value));
  }
  [[nodiscard]] bool possible(bool always_there) const {
    if (missing) return can_miss() && !always_there;
    return !in || std::any_of(in->begin(), in->end(), [&](Value value) { return allows(value); });
  }
};

/// Of several selectors: what they ask of each label.
using Bounds = std::map<Key, Bound>;

}  // namespace policyconv::verify::future
