// The L3 members of a rule to peers (C§2.2, C§4-C§6).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "frontend/cidr_groups.h"
#include "frontend/lower.h"
#include "frontend/policy.h"
#include "frontend/port_names.h"
#include "frontend/selector.h"
#include "ir/program.h"

namespace policyconv::cilium {

/// What lowering reads besides the policy in hand, and where it reports.
struct LowerContext {
  const Policies& policies;
  const Cluster& cluster;
  const LowerOptions& options;
  Diagnostics& diagnostics;
  const CidrGroups& cidr_groups;
  const PortNames& port_names;

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

/// What a rule names as its peers, before anything of it is lowered.
struct NamedPeers {
  std::size_t count = 0;  // a CIDR group counts as its CIDRs, each with its exceptions
  /// Of each element of the rule's cidr_set. Empty where `count` is more than a rule may become.
  std::vector<std::vector<const CidrGroup*>> groups;
};
/// Reports nothing.
[[nodiscard]] NamedPeers named_peers(const Rule& rule, const LowerContext& context);

/// The peers of a rule; empty: nobody. An allow is given less and a deny more than asked for where a Program cannot say
/// it; both are reported. `named` is what named_peers() found. Throws std::out_of_range if that is more than a rule may become.
[[nodiscard]] std::vector<PeerValue> lower_peers(const Rule& rule, const NamedPeers& named, const RuleContext& where,
                                                 LowerContext& context);

/// The peers of a NetworkPolicy rule.
[[nodiscard]] std::vector<PeerValue> lower_peers(const NetworkPolicyRule& rule, const RuleContext& where,
                                                 LowerContext& context);

}  // namespace policyconv::cilium
