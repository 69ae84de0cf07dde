#include "report/explanations.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace policyconv::report {
namespace {

constexpr Explanation explanations[] = {
#define POLICYCONV_EXPLAIN(name, happened, why, remedy, example) {Kind::name, happened, why, remedy, example},
#include "report/explain_texts/assess.def"
#include "report/explain_texts/cilium.def"
#include "report/explain_texts/input.def"
#include "report/explain_texts/kubeovn.def"
#undef POLICYCONV_EXPLAIN
};

}  // namespace

const Explanation* explanation(Kind kind) {
  const auto found = std::find_if(std::begin(explanations), std::end(explanations),
                                  [&](const Explanation& e) { return e.kind == kind; });
  return found == std::end(explanations) ? nullptr : &*found;
}

std::string canonical_code(std::string_view typed) {
  const auto is_digit = [](char c) { return '0' <= c && c <= '9'; };
  const bool is_code = typed.size() >= 3 && typed.size() <= 6 && (typed[0] == 'p' || typed[0] == 'P') &&
                       (typed[1] == 'c' || typed[1] == 'C') && std::all_of(typed.begin() + 2, typed.end(), is_digit);
  return is_code ? fmt::format("PC{:0>4}", typed.substr(2)) : std::string(typed);
}

}  // namespace policyconv::report
