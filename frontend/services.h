// toServices to groups and addresses (C§6.2).
#pragma once

#include <vector>

#include "frontend/peers.h"

namespace policyconv::cilium {

struct ResolvedServices {
  std::vector<ir::Group> groups;      // what the Services' selectors select, any port
  std::vector<Address> addresses;     // backends of Services without a selector; outside addresses only
};

/// Resolves the references of one rule against the cluster's Services. What matches no Service selects nothing, which is
/// deliberately stricter than Cilium's wildcard (C§6.2), and is reported.
[[nodiscard]] ResolvedServices resolve_services(const std::vector<ServiceRef>& references, const RuleContext& where,
                                                bool has_ports, LowerContext& context);

}  // namespace policyconv::cilium
