// What Kube-OVN accepts, and nothing else: SecurityGroups, entries of Subnet.spec.acls, pod annotations, one
// NetworkPolicy that keeps the node ACL alive. Data only.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ir/address.h"
#include "ir/program.h"
#include "ir/source.h"

namespace policyconv::kubeovn {

/// A Kube-OVN release line: 12-16 for v1.12-v1.16 (newest patch of each line, K§1.2).
struct Release {
  int minor = 16;
  /// SG priority p becomes OVN priority `base() - p` (K§1.2); p is 1..max_priority().
  [[nodiscard]] constexpr int base() const { return minor >= 16 ? 18484 : 2300; }
  [[nodiscard]] constexpr int max_priority() const { return minor >= 16 ? 16384 : 200; }
  auto operator<=>(const Release&) const = default;
};

enum class SgProtocol : std::uint8_t { All, Icmp, Tcp, Udp };  // no SCTP: the type cannot say it (K§9.1)
[[nodiscard]] std::string_view to_string(SgProtocol protocol);

struct SgName {
  std::string name;
  auto operator<=>(const SgName&) const = default;
};

struct SgRule {
  int priority = 1;                        // API priority; smaller wins
  Verdict policy = Verdict::Allow;         // allow or drop
  Family family = Family::V4;
  SgProtocol protocol = SgProtocol::All;
  std::optional<ir::PortRange> ports;      // set if and only if protocol is Tcp or Udp (K§9.2, K§9.4)
  std::variant<Cidr, SgName> remote;
  std::vector<RuleId> origins;             // sorted, unique; empty: infrastructure or helper
  std::string band;                        // "A1", "D2", ...: for people
  Loc loc = {};                            // of rules that were read
};

/// A rule of other hands that SgRule cannot say (localAddress, source ports, pass ...), as the ACL that Kube-OVN makes
/// of it (K§2.2). Only in groups that were read.
struct WrittenRule {
  Direction direction = Direction::Ingress;
  int priority = 1;                        // API priority
  std::string action;                      // "allow", "drop" or "pass"
  std::string match;
  Loc loc;
};

/// Which pods carry a group: those that its selector names; every pod with one of our groups (`base`); those that no
/// isolating group of a direction names (`open-in`, `open-out`).
enum class Role : std::uint8_t { Members, Base, OpenIn, OpenOut };

struct SecurityGroup {
  std::string name;
  std::string vpc;
  std::string about;                       // the selector, or what a helper group is for
  std::vector<SgRule> ingress, egress;     // sorted by (priority, rendered match), no duplicate matches
  Role role = Role::Members;
  std::optional<ir::Group> members = {};   // Role::Members; nullopt: a group of other hands, nobody knows
  bool isolates_ingress = false, isolates_egress = false;
  /// Of `open-in` and `open-out`: what isolates pods in this direction without a group of its own, since it has no rules
  /// and is nobody's peer. Pods that it names carry `base` all the same.
  std::vector<ir::Group> unless = {};
  // Of groups that were read; what the compiler writes has the defaults.
  std::vector<WrittenRule> written = {};
  bool allow_same_group = false;           // K§2.3: priority 2004
  int tier = 0;                            // 0 or 1 (K§4.1)
  std::string rejected = {};               // why Kube-OVN does not program it; it exists all the same (K§1.1)
  Loc loc = {};
};

enum class AclAction : std::uint8_t { AllowRelated, Drop };

struct SubnetAcl {
  Direction direction = Direction::Ingress;  // Ingress: to-lport, Egress: from-lport
  int priority = 0;                          // OVN priority, 0..32767; larger wins
  std::string match;
  AclAction action = AclAction::Drop;
  std::vector<RuleId> origins;
  std::string about = {};                    // why, where no rule says so
  Loc loc = {};                              // of entries that were read
};

/// The complete spec.acls of one Subnet: `kept` are entries that were there before and stay as they are.
struct SubnetPatch {
  std::string subnet;
  std::vector<ExistingAcl> kept;
  std::vector<SubnetAcl> acls;
  std::vector<ExistingAcl> before = {};  // the list as the dump has it
};

/// The security groups of a running pod, in this order: the value of the annotation that names them (annotation_of()).
struct Binding {
  std::string ns, pod;
  std::vector<std::string> groups;           // empty: whatever an earlier run bound is taken off
  std::string provider = "ovn";              // of the network card that policies are about (K§3.1)
  std::optional<std::string> before = {};    // the annotation as the dump has it; nullopt: none
};

/// The same for the pod template of a workload, whose pods get it when they are made anew.
struct TemplateBinding {
  std::string api_version, kind, ns, name;
  std::vector<std::string> groups;           // those of others first, as they are
  std::string provider = "ovn";
  std::optional<std::string> before = {};
};

/// Where the pods of a VPC are: what tells the VPC of a pod that does not exist yet.
struct VpcPlace {
  std::string vpc;
  std::vector<std::string> subnets, namespaces;  // sorted; namespaces: those whose pods land here by default
  std::vector<std::string> guarded = {};         // of `subnets`: those with restrictions of their own, whose pods are never bound
};

struct Manifest {
  Release release;
  std::vector<SecurityGroup> security_groups;  // sorted by name
  std::vector<SubnetPatch> subnets;            // sorted by name; only those that change
  std::vector<Binding> bindings;               // sorted by (ns, pod)
  bool node_anchor = false;                    // emit the NetworkPolicy that keeps the node ACL (design.md section 6)
  std::vector<TemplateBinding> templates = {};  // sorted by (ns, kind, name)
  std::size_t spared_rules = 0;                // left out or joined because others say the same
  std::vector<VpcPlace> places = {};           // sorted by VPC; all VPCs of the cluster, not only those with groups
};

/// "ovn.kubernetes.io/security_groups" for the default network, "<nad>.<ns>.ovn.kubernetes.io/security_groups" for an
/// attachment (K§3.1).
[[nodiscard]] std::string annotation_of(std::string_view provider);

/// OVN names derived from a SecurityGroup's name (K§2.1).
[[nodiscard]] std::string port_group_name(std::string_view sg);                 // "ovn.sg.<name>", '-' -> '.'
[[nodiscard]] std::string address_set_name(std::string_view sg, Family family);  // "ovn.sg.<name>.associated.v4"

}  // namespace policyconv::kubeovn
