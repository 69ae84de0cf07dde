#include "ir/expansion.h"

#include <iterator>
#include <limits>
#include <string>

#include "ir/limits.h"

namespace policyconv {

std::size_t total(const Expansion& expansion) {
  std::size_t sum = 0;
  for (const auto& [peers, ports] : expansion) sum = saturating_sum(sum, saturating_product(ports, peers));
  return sum;
}

// The text of the message has room for one product: the first factor takes the others along, "2 x 30 + 1 x 10 + 4".
void report_too_much(RuleId rule, const Expansion& expansion, std::size_t most, const Catalog& catalog, Diagnostics& diagnostics) {
  constexpr std::size_t shown = 3;
  std::string ports;
  std::size_t at = 0;
  for (auto term = expansion.rbegin(); term != std::prev(expansion.rend()); ++term, ++at) {
    if (at < shown) ports += fmt::format("{} x {} + ", term->second, term->first);
    else if (at == shown) ports += "... + ";
  }
  const auto& [peers, last] = *expansion.begin();
  ports += std::to_string(last);
  const std::size_t entries = total(expansion);
  const bool is_more = entries == std::numeric_limits<std::size_t>::max();
  diagnostics.report_rule<Kind::TooMuchExpansion>(rule, catalog.rule(rule).loc, catalog.display(rule),
                                                  fmt::format("{}{}", is_more ? ">=" : "", entries), ports, peers, most);
}

}  // namespace policyconv
