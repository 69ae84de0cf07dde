// What Kube-OVN's controller makes of a Manifest in OVN (K§2-K§5): port groups, address sets, and the ACLs that one
// stage of a pod's port looks through. Entrance: Northbound.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "verify/ovn_match.h"

namespace policyconv::verify::ovn {

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  std::size_t operator()(const Address& a) const {
    return std::hash<std::uint64_t>()((a.hi * 0x9e3779b97f4a7c15u) ^ a.lo ^ static_cast<std::uint64_t>(a.family));
  }
};
template <typename T>
using ByName = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

enum class Action : std::uint8_t { Allow, Drop, Pass };

struct Group;
struct Switch;

struct AddressPair {
  Address source, destination;
};

struct Acl {
  int priority = 0;  // OVN's: larger wins
  Action action = Action::Drop;
  std::string about;  // for people
  std::span<const RuleId> origins;
  const kubeovn::SgRule* rule = nullptr;  // either a rule of a SecurityGroup; thousands of those need no parser
  const Group* remote = nullptr;          //   its remote group, if that is programmed
  const OvnMatch* match = nullptr;        // or a match
  std::optional<AddressPair> between;     // or just this
  /// Tier 3 is looked at after a `pass`, and where nothing in tier 2 matches. Base ACLs and deny-all are in both (K§2.3),
  /// what SecurityGroups of tier 1 say is in tier 3 alone (K§4.1).
  bool in_tier_2 = true, in_tier_3 = false;
  Loc loc;  // of the rule or entry, if it was read
};

/// The ACLs of one owner by direction, each list by descending priority.
struct Acls {
  std::array<std::vector<Acl>, 2> lists;
  [[nodiscard]] std::vector<Acl>& of(Direction direction) { return lists[static_cast<std::size_t>(direction)]; }
  [[nodiscard]] const std::vector<Acl>& of(Direction direction) const {
    return lists[static_cast<std::size_t>(direction)];
  }
};

/// A port group: of a SecurityGroup, or deny-all.
struct Group {
  const kubeovn::SecurityGroup* object = nullptr;
  Acls acls;
  std::array<std::vector<Address>, 2> addresses;  // of its members, by family, sorted: its address sets
  std::set<const Switch*> switches;               // those with a member
  [[nodiscard]] const std::vector<Address>& of(Family family) const {
    return addresses[static_cast<std::size_t>(family)];
  }
  [[nodiscard]] bool contains(const Address& address) const;
};

/// A logical switch, which is a Subnet. ACLs that require a port group are kept by it, so that they cost nothing at
/// ports outside of it.
struct Switch {
  std::string router_port;  // its port towards the router of the VPC
  Acls unscoped;
  std::unordered_map<const Group*, Acls> scoped;
  MatchNames names;
};

/// The logical port of a pod.
struct Port {
  std::string name;
  std::vector<const Group*> groups;  // deny-all included
  const Switch* on = nullptr;        // nullptr: a pod without a port
  std::vector<Acl> node_acls;        // those that can match at this port
};

struct AddressSet {
  const Group* group = nullptr;
  Family family = Family::V4;
};

/// Is a packet of this protocol, to this destination port, in a family that the rule is for, one of those that it is
/// about? Addresses are not looked at.
[[nodiscard]] bool covers(const kubeovn::SgRule& rule, Protocol protocol, std::uint16_t port);

[[nodiscard]] bool is_multicast(const Address& address);  // or broadcast

class Northbound {
 public:
  /// The arguments must outlive the object.
  Northbound(const kubeovn::Manifest& manifest, const Cluster& cluster);
  Northbound(const Northbound&) = delete;
  Northbound& operator=(const Northbound&) = delete;

  /// nullptr if there is no pod, or it has no port of its own: finished, or on the host's network.
  [[nodiscard]] const Port* port_of(std::optional<std::size_t> pod) const;
  /// By name of the port group; deny-all among them.
  [[nodiscard]] const ByName<Group>& groups() const { return groups_; }
  [[nodiscard]] const std::vector<Switch>& switches() const { return switches_; }
  /// OVN's own, above every ACL.
  [[nodiscard]] const std::vector<Acl>& discovery() const { return discovery_; }
  /// The base ACLs, of which every programmed SecurityGroup has a copy.
  [[nodiscard]] const std::vector<Acl>& base(Direction direction) const { return base_.of(direction); }
  /// Base ACLs for egress that are to-lport ones (v1.12, K§1.2): they let in what a member of the group on the same
  /// switch sends.
  [[nodiscard]] const std::vector<Acl>& misplaced_base() const { return misplaced_base_; }

 private:
  const OvnMatch* match_of(const std::string& text);
  Acl acl_of(int priority, Action action, std::string about, const std::string& match);
  void create_groups();
  void create_base(Direction direction);
  void program(Group& group, Direction direction);
  void program_written(Group& group, Direction direction);
  void program_nodes();
  void create_ports();
  void join(Port& port, const Pod& pod, std::string_view port_group);
  void bind();
  [[nodiscard]] MatchNames names_on(const Switch& here) const;
  void program(const Subnet& subnet, Switch& on);
  [[nodiscard]] bool is_valid(const ExistingAcl& acl) const;
  void add(Acl acl, Loc loc, Direction direction, Switch& on);

  const kubeovn::Manifest& manifest_;
  const Cluster& cluster_;
  ByName<std::optional<OvnMatch>> matches_;  // by text, each parsed once; nullopt: OVN would not parse it
  ByName<Group> groups_;                     // by name of the port group
  ByName<AddressSet> address_sets_;
  std::vector<Switch> switches_;  // of cluster.subnets, then one for pods of no known Subnet
  std::vector<Port> ports_;       // of cluster.pods
  ByName<const Port*> port_names_;
  std::vector<Acl> discovery_;
  Acls base_;
  std::vector<Acl> misplaced_base_;
};

}  // namespace policyconv::verify::ovn
