// What objects make of OVN, predicted before they are applied. Entrance: costs_of().
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"

namespace policyconv::kubeovn {

/// ACLs in the northbound database; addresses in address sets; flows that ovn-controller makes of the ACLs on a node that
/// runs all pods, which is the most that a node can have.
struct Cost {
  std::size_t acls = 0, addresses = 0, flows = 0;
  Cost& operator+=(const Cost& other);
  bool operator==(const Cost&) const = default;
};

struct ObjectCost {
  std::string kind, name;
  Cost cost;
};

struct Costs {
  std::vector<ObjectCost> objects;  // SecurityGroups and Subnets, the most flows first, then by kind and name
  Cost shared;                      // deny-all and the node rule, which belong to no object
  Cost total;
};

/// K§8.3: a group has its rules and base ACLs (20, up to v1.15 10); an ACL is two logical flows on every switch that has a
/// member; a flow is as many OpenFlow flows as the product of its ports, addresses and port masks, or their sum and one more
/// where several of them are lists (OVN matches those conjunctively). Members are the pods of the bindings; without any, each
/// group counts as one pod with one address.
[[nodiscard]] Costs costs_of(const Manifest& manifest, const Cluster& cluster);

/// How many masked matches a range of ports takes: 1 for 80-80, 16 for 1-65535 (K§1.3).
[[nodiscard]] std::size_t masks_of(const ir::PortRange& ports);

}  // namespace policyconv::kubeovn
