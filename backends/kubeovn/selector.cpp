#include "backends/kubeovn/selector.h"

#include <algorithm>
#include <string>
#include <utility>

namespace policyconv::kubeovn {
namespace {

struct OperatorName {
  ir::Op op;
  std::string_view name;
};
constexpr OperatorName operators[] = {
    {ir::Op::In, "In"}, {ir::Op::NotIn, "NotIn"}, {ir::Op::Exists, "Exists"}, {ir::Op::DoesNotExist, "DoesNotExist"}};

}  // namespace

std::vector<ir::Requirement> requirements_of(const decode::View& selector, Diagnostics& diagnostics) {
  std::vector<ir::Requirement> all_of;
  for (const auto& [key, value] : selector["matchLabels"].labels()) all_of.push_back({key, ir::Op::In, {value}});
  for (const decode::View& written : selector["matchExpressions"].items()) {
    const std::string key = written["key"].text(), op = written["operator"].text();
    std::vector<std::string> values = written["values"].texts();
    std::sort(values.begin(), values.end());
    const auto* named = std::find_if(std::begin(operators), std::end(operators),
                                     [&](const OperatorName& each) { return each.name == op; });
    const bool wants_values = op == "In" || op == "NotIn";
    if (key.empty() || named == std::end(operators) || wants_values == values.empty())
      diagnostics.report<Kind::BadSelector>(written.loc());
    else
      all_of.push_back({key, named->op, std::move(values)});
  }
  return all_of;
}

std::string_view operator_name(ir::Op op) {
  for (const OperatorName& each : operators)
    if (each.op == op) return each.name;
  return {};
}

}  // namespace policyconv::kubeovn
