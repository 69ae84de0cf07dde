#include "frontend/tree.h"

#include <algorithm>

namespace policyconv::yaml {

const Node* Node::find(std::string_view key) const {
  const auto at = std::find_if(members.begin(), members.end(), [&](const auto& member) { return member.first.scalar == key; });
  return at == members.end() ? nullptr : &at->second;
}

}  // namespace policyconv::yaml
