#include "ir/label_index.h"

#include <algorithm>
#include <utility>

namespace policyconv::ir {

void LabelIndex::add(const Labels& labels, std::size_t number) {
  for (const auto& [key, value] : labels) by_label_[key][value].push_back(number);
  all_.push_back(number);
}

// Every member has one of the values of each Op::In: those of the rarest are the fewest to ask.
std::vector<std::size_t> LabelIndex::candidates(const Group& group) const {
  std::vector<const Numbers*> best{&all_};
  std::size_t fewest = all_.size();
  for (const Requirement& requirement : group.all_of) {
    if (requirement.op != Op::In) continue;
    std::vector<const Numbers*> lists;
    std::size_t count = 0;
    if (const auto values = by_label_.find(requirement.key); values != by_label_.end())
      for (const std::string& value : requirement.values)
        if (const auto at = values->second.find(value); at != values->second.end()) {
          lists.push_back(&at->second);
          count += at->second.size();
        }
    if (count < fewest) {
      best = std::move(lists);
      fewest = count;
    }
  }
  Numbers found;
  found.reserve(fewest);
  for (const Numbers* list : best) found.insert(found.end(), list->begin(), list->end());
  if (best.size() > 1) std::sort(found.begin(), found.end());
  return found;
}

}  // namespace policyconv::ir
