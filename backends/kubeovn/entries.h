// The rules of one group in one VPC, as band entries: what a SecurityGroup or a Subnet ACL will say, before rendering.
#pragma once

#include <compare>
#include <set>
#include <span>
#include <variant>
#include <vector>

#include "backends/kubeovn/bands.h"
#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/topology.h"
#include "ir/program.h"

namespace policyconv::kubeovn {

/// A group within a VPC: what one SecurityGroup stands for. Address sets know no VPC, so groups must (K§7.1).
struct GroupAt {
  ir::GroupId group{};
  std::size_t vpc = 0;
  auto operator<=>(const GroupAt&) const = default;
};

using Remote = std::variant<Cidr, GroupAt>;

struct Entry {
  Direction direction = Direction::Ingress;
  Band band = Band::AllowCluster;
  ir::Traffic traffic;
  Remote remote;
  std::vector<RuleId> origins;  // sorted, unique
};

/// What is known of each group of the program: where it can have members, and who they are now.
struct GroupFacts {
  std::set<std::size_t> vpcs;
  std::vector<std::size_t> members;  // indices into Topology::pods
};

struct LowerState {
  const ir::Program& program;
  const Catalog& catalog;
  const LowerOptions& options;
  const Topology& topology;
  const std::vector<GroupFacts>& groups;
  Diagnostics& diagnostics;
  /// Pods that rules name by address, since they are never bound; reported once each.
  std::set<std::size_t>& named_by_address;
};

/// The entries of all rules of `rules` (which share their subject) for pods in VPC `vpc`, equal ones merged, sorted by
/// (direction, band, traffic, remote). Losses are reported.
[[nodiscard]] std::vector<Entry> entries_of(std::span<const ir::Rule> rules, std::size_t vpc, const LowerState& state);

/// Can a SecurityGroup rule say this, or must it be a Subnet ACL (K§9.1, K§9.3)?
[[nodiscard]] bool needs_subnet_acl(const Entry& entry);
/// Does the traffic exist in this family (ICMP in IPv4 only, ICMPv6 in IPv6 only)?
[[nodiscard]] bool carries(const ir::Traffic& traffic, Family family);
[[nodiscard]] bool covers(const ir::Traffic& wide, const ir::Traffic& narrow);

/// Merges entries that say the same for different source rules, and sorts.
void merge(std::vector<Entry>& entries);

}  // namespace policyconv::kubeovn
