// The L3 members of a rule to peers (C§2.2, C§4-C§6).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "frontend/lower.h"
#include "frontend/policy.h"
#include "frontend/selector.h"
#include "ir/program.h"

namespace policyconv::cilium {

/// What lowering reads besides the policy in hand, and where it reports.
struct LowerContext {
  const Policies& policies;
  const Cluster& cluster;
  const LowerOptions& options;
  Diagnostics& diagnostics;

  [[nodiscard]] const Semantics& semantics() const { return options.semantics; }
  /// Did the user accept this approximation with --allow-looser?
  [[nodiscard]] bool accepts(Kind kind) const;
};

/// Where a rule stands.
struct RuleContext {
  RuleId id = RuleId::None;
  Direction direction = Direction::Ingress;
  Verdict verdict = Verdict::Allow;
  std::optional<std::string> ns;  // nullopt: clusterwide
  bool subject_is_init = false;   // the endpointSelector names reserved:init
  bool isolates = true;           // its spec has default deny in this direction
};

/// A peer before its group has a number.
using PeerValue = std::variant<ir::Anyone, ir::Group, ir::Outside, ir::Entity>;

/// The peers of a rule; empty: nobody. An allow is given less and a deny more than asked for where a Program cannot say
/// it; both are reported.
[[nodiscard]] std::vector<PeerValue> lower_peers(const Rule& rule, const RuleContext& where, LowerContext& context);

/// How many peers a rule names: a CIDR group counts as its CIDRs, each with its exceptions. Reports nothing.
[[nodiscard]] std::size_t count_peers(const Rule& rule, const Policies& policies);

/// The peers of a NetworkPolicy rule.
[[nodiscard]] std::vector<PeerValue> lower_peers(const NetworkPolicyRule& rule, const RuleContext& where,
                                                 LowerContext& context);

}  // namespace policyconv::cilium
