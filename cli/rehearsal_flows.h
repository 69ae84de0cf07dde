// Flows worth trying in a rehearsal: for every rule that decides something between pods, one that it decides, and where
// possible one beside it that fares the other way. Entrance: flows_to_try().
#pragma once

#include <cstddef>
#include <vector>

#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/program.h"
#include "ir/semantics.h"
#include "verify/flow.h"

namespace policyconv::cli {

struct TriedFlow {
  verify::Flow flow;  // between pods
  RuleId rule = RuleId::None;
};

struct TriedFlows {
  std::vector<TriedFlow> flows;
  std::size_t rules = 0;      // that have flows
  std::size_t not_tried = 0;  // rules that decide nothing between two pods of one VPC, or came after the limit
};

/// Depends on nothing but the input. Pods that policies cannot tell apart are stood in for by the first of them, or the
/// first two.
[[nodiscard]] TriedFlows flows_to_try(const ir::Program& program, const cilium::Policies& policies,
                                      const Cluster& cluster, const Semantics& semantics);

}  // namespace policyconv::cli
