// Rules with ports that are written by name (C§2.3, C§18.1-2).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "frontend/made_rules.h"
#include "frontend/peers.h"
#include "frontend/traffic.h"
#include "ir/program.h"

namespace policyconv::cilium {

/// An ingress rule with a port name: lowered when all uses of the name are known.
struct NamedIngress {
  ir::Group subject;
  RuleContext where;
  std::vector<PeerValue> peers;
  NamedPort named;
};

/// An egress rule with a port name: what holds for pods that do not define it is lowered when all labels that policies select by
/// are known.
struct NamedEgress {
  ir::Group subject;
  RuleContext where;
  ir::Group pods;
  Text name;
  Protocol protocol;
};

/// What waits until all policies were seen.
struct LaterRules {
  std::vector<NamedIngress> ingress;
  std::vector<NamedEgress> egress;
};

/// Makes the rules that `named` stands for, as far as one policy tells them; the rest waits in `later`.
void lower_named_port(const ir::Group& subject, const RuleContext& where, const std::vector<PeerValue>& peers,
                      const NamedPort& named, LowerContext& context, MadeRules& made, LaterRules& later);

/// Makes the rules that waited, of all policies. `keys`: labels by which the policies select, beside those of the rules that waited.
void lower_named_ports(const LaterRules& later, std::set<std::string> keys, LowerContext& context, MadeRules& made);

}  // namespace policyconv::cilium
