#include "cli/costs.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace policyconv::cli {
namespace {

constexpr std::size_t most_objects = 10;  // that a table shows
constexpr std::size_t most_named = 3;     // that a message names

std::string row(std::string_view what, const kubeovn::Cost& cost) {
  return fmt::format("  {:<64} {:>8} {:>10} {:>10}\n", what, cost.acls, cost.addresses, cost.flows);
}

}  // namespace

std::string cost_text(const kubeovn::Costs& costs, std::size_t spared_rules) {
  std::string text = fmt::format("{:<66} {:>8} {:>10} {:>10}\n", "What OVN will have to hold, predicted:", "ACLs", "addresses", "flows");
  const std::size_t shown = std::min(costs.objects.size(), most_objects);
  kubeovn::Cost rest;
  for (std::size_t at = 0; at < costs.objects.size(); ++at) {
    const kubeovn::ObjectCost& each = costs.objects[at];
    if (at < shown) text += row(fmt::format("{} {}", each.kind, each.name), each.cost);
    else rest += each.cost;
  }
  if (shown < costs.objects.size()) text += row(fmt::format("{} more", costs.objects.size() - shown), rest);
  text += row("deny-all and the node rule", costs.shared);
  text += row("all", costs.total);
  if (spared_rules != 0)
    text += fmt::format("  {} {} left out or joined because others say the same\n", spared_rules,
                        spared_rules == 1 ? "rule was" : "rules were");
  return text;
}

std::string most_acls(const kubeovn::Costs& costs) {
  std::vector<const kubeovn::ObjectCost*> order;
  for (const kubeovn::ObjectCost& each : costs.objects) order.push_back(&each);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->cost.acls > b->cost.acls; });
  std::vector<std::string> names;
  for (std::size_t at = 0; at < std::min(order.size(), most_named); ++at)
    names.push_back(fmt::format("{} ({})", order[at]->name, order[at]->cost.acls));
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace policyconv::cli
