#include "frontend/validate.h"

#include <fmt/format.h>

#include <string_view>

#include "frontend/refusal.h"

namespace policyconv::cilium {
namespace {

void check(const Spec& spec, const Policy& policy, const Semantics& semantics, std::string_view prefix,
           Refusal& refusal) {
  Refusal found;
  sanitize(spec, semantics, found);
  if (found) return refusal.add(found.where, fmt::format("{}: {}", prefix, found.text));
  // Cilium says "spec" here for an element of `specs`, too.
  if (!policy.clusterwide && spec.node_selector)
    return refusal.add(spec.node_selector->loc, "Invalid CiliumNetworkPolicy spec: rule cannot have NodeSelector");
  // The schema comes first in a cluster, but where both refuse, Sanitize says it better.
  check_schema(spec, semantics, refusal);
}

}  // namespace

void validate(Policy& policy, const Semantics& semantics) {
  const std::string_view kind = policy.clusterwide ? "CiliumClusterwideNetworkPolicy" : "CiliumNetworkPolicy";
  Refusal refusal;
  if (policy.name.empty()) refusal.add(policy.loc, fmt::format("{} must have name", kind));
  if (!policy.spec && !policy.specs) refusal.add(policy.loc, fmt::format("Invalid {} spec(s): empty policy", kind));
  if (policy.spec) check(*policy.spec, policy, semantics, fmt::format("Invalid {} spec", kind), refusal);
  for (const Spec& spec : elements(policy.specs))
    check(spec, policy, semantics, fmt::format("Invalid {} specs", kind), refusal);
  policy.rejected = std::move(refusal.text);
  policy.rejected_at = refusal.where;
}

}  // namespace policyconv::cilium
