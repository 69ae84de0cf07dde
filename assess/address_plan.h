// Way 2: lanIps that are unique in the whole cluster, because Cilium has one table for all VPCs (K§7.3).
// Entrances: plan_addresses(), print_plan().
#pragma once

#include <string>

#include "assess/dump.h"
#include "assess/findings.h"

namespace policyconv::assess {

/// Gives every gateway an address of its own. In this order: as many gateways as possible stay in their Subnet, as few
/// as possible move, who has a Cilium endpoint keeps the address, the smallest free address is taken. A gateway moves
/// into its Subnet only, to an address that nothing else in the cluster holds and that excludeIps leave free; it leaves
/// an address that according to `conflicts` something other than gateways also holds. A gateway that is alone on its
/// address stays, wherever that lies. Gateways with several replicas get their addresses from IPAM, so they cannot be
/// told to move.
[[nodiscard]] AddressPlan plan_addresses(const Dump& dump, const Conflicts& conflicts);

/// The objects of the plan in the order in which they are to be replaced, ready for kubectl, with comments that say
/// how.
[[nodiscard]] std::string print_plan(const Dump& dump, const AddressPlan& plan);

}  // namespace policyconv::assess
