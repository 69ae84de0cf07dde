// What the policies mean, on one page. A Program is groups of pods, isolations, and an unordered set of rules.
// Its meaning for a pod and a direction: a matching deny rule denies; else a matching allow rule allows; else the
// connection passes unless the pod is isolated in that direction (C§16). On ingress the pod's own node counts as
// allowed unless denied.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ir/address.h"
#include "ir/cluster.h"
#include "ir/source.h"

namespace policyconv::ir {

enum class Op : std::uint8_t { In, NotIn, Exists, DoesNotExist };

/// A requirement on the identity labels of a pod (C§3.1): its own labels that pass Cilium's filter,
/// `io.kubernetes.pod.namespace`, `io.cilium.k8s.namespace.labels.<key>` and `io.cilium.k8s.policy.serviceaccount`.
/// The key has no source prefix: all labels of a pod come from Kubernetes. NotIn also holds where the label is missing.
struct Requirement {
  std::string key;
  Op op = Op::In;
  std::vector<std::string> values;  // sorted, unique
  auto operator<=>(const Requirement&) const = default;
};

/// A set of pods: those that meet every requirement and, if `port` is set, define exactly that named container port
/// (that is how named ports become numbers without losing pods whose numbers differ, C§2.3).
struct Group {
  std::vector<Requirement> all_of;  // sorted, unique; empty: every pod
  std::optional<ContainerPort> port;
  auto operator<=>(const Group&) const = default;
};

enum class GroupId : std::uint32_t {};  // index into Program::groups; printed g0, g1, ...

struct Anyone {                         // every peer whatever it is: pods, nodes, outside
  auto operator<=>(const Anyone&) const = default;
};
/// Addresses outside the cluster: `within` minus `except`, never a pod or a node (C§5).
struct Outside {
  Cidr within;
  std::vector<Cidr> except;             // sorted; each inside `within`
  auto operator<=>(const Outside&) const = default;
};
/// Host: the node a pod runs on. RemoteNode: all other nodes. Nodes: both. Apiserver: kube-apiserver, wherever it is.
/// Cluster: all pods, all nodes and the API server.
enum class Entity : std::uint8_t { Host, RemoteNode, Nodes, Apiserver, Cluster };

using Peer = std::variant<Anyone, GroupId, Outside, Entity>;

struct PortRange {
  std::uint16_t first = 1, last = 65535;
  auto operator<=>(const PortRange&) const = default;
};

/// What kind of packets. `ports` counts for tcp, udp and sctp only; `icmp_type` for icmp and icmp6 (nullopt: all types).
struct Traffic {
  Protocol protocol = Protocol::Any;
  PortRange ports;
  std::optional<std::uint8_t> icmp_type;
  auto operator<=>(const Traffic&) const = default;
};

struct Rule {
  GroupId subject{};
  Direction direction = Direction::Ingress;
  Verdict verdict = Verdict::Allow;
  Peer peer;
  Traffic traffic;
  RuleId origin = RuleId::None;         // which source rule says so
  auto operator<=>(const Rule&) const = default;
};

/// Whatever no rule allows is denied to these pods in this direction.
struct Isolation {
  GroupId subject{};
  Direction direction = Direction::Ingress;
  auto operator<=>(const Isolation&) const = default;
};

struct Program {
  std::vector<Group> groups;            // sorted, unique
  std::vector<Isolation> isolations;    // sorted, unique
  std::vector<Rule> rules;              // sorted, unique
  bool operator==(const Program&) const = default;
  [[nodiscard]] const Group& group(GroupId id) const { return groups[static_cast<std::size_t>(id)]; }
};

}  // namespace policyconv::ir
