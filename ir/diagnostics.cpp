#include "ir/diagnostics.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace policyconv {

std::string_view to_string(Effect effect) {
  switch (effect) {
    case Effect::Note: return "note";
    case Effect::NoEffect: return "no effect";
    case Effect::Error: return "error";
    case Effect::Stricter: return "stricter";
    case Effect::Looser: return "looser";
    case Effect::Refused: return "refused";
  }
  return {};
}

int exit_status(Effect effect) {
  switch (effect) {
    case Effect::Note:
    case Effect::NoEffect: return 0;
    case Effect::Error: return 1;
    case Effect::Stricter: return 3;
    case Effect::Looser: return 4;
    case Effect::Refused: return 5;
  }
  return 0;
}

bool Diagnostics::has_errors() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const Diagnostic& d) { return definition(d.kind).effect == Effect::Error; });
}

void Diagnostics::append(Diagnostics&& other) {
  all_.insert(all_.end(), std::make_move_iterator(other.all_.begin()), std::make_move_iterator(other.all_.end()));
  other.all_.clear();
}

void Diagnostics::sort() {
  std::sort(all_.begin(), all_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.where, a.kind, a.message, a.rule, a.policy) <
           std::tie(b.where, b.kind, b.message, b.rule, b.policy);
  });
  all_.erase(std::unique(all_.begin(), all_.end()), all_.end());
}

}  // namespace policyconv
