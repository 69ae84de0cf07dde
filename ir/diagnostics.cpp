#include "ir/diagnostics.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "ir/exit_status.h"

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
    case Effect::NoEffect: return status::good;
    case Effect::Error: return status::error;
    case Effect::Stricter: return status::stricter;
    case Effect::Looser: return status::looser;
    case Effect::Refused: return status::refused;
  }
  return status::error;
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
