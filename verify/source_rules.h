// The source policies as rules that can be asked: whom does it select, which peers, which packets (C§16). Part of the
// source meaning; written apart from the compiler.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "frontend/policy.h"
#include "ir/address.h"
#include "ir/cluster.h"
#include "ir/semantics.h"
#include "ir/source.h"
#include "verify/source_labels.h"

namespace policyconv::verify::source {

/// The other end of a flow, as the subject's node sees it.
struct Peer {
  enum class Kind : std::uint8_t { Pod, Host, RemoteNode, Outside };
  Kind kind = Kind::Outside;
  bool apiserver = false;  // the address is one of the API server's
  const Identity* identity = nullptr;
  Address address;                                          // Outside only
  const std::vector<ContainerPort>* named_ports = nullptr;  // Pod only: of its identity (C§2.3)
};

struct Block {
  Cidr within;
  std::vector<Cidr> except;
};

/// A union of peers.
struct Peers {
  bool anyone = false;
  std::vector<Requirements> selectors;
  std::vector<std::string> entities;
  std::vector<Block> blocks;
  /// `required`: fromRequires of all rules of the subject; narrows the selectors only (C§2.2).
  [[nodiscard]] bool contain(const Peer& peer, const Requirements& required) const;
  /// By anything but selectors.
  [[nodiscard]] bool contain_unselected(const Peer& peer) const;
};

/// One port of toPorts, one field of icmps, or one port of a NetworkPolicy.
struct Traffic {
  std::vector<Protocol> protocols;
  std::string name;                       // a named port: looked up for each flow; `last` is then its endPort
  std::uint16_t first = 0, last = 65535;  // ports, or ICMP types
};

struct Rule {
  RuleId id = RuleId::None;
  bool deny = false;
  Peers peers;
  bool every_protocol = false;
  std::vector<Traffic> traffic;  // a union; nothing if empty and not every_protocol
};

/// One direction of one spec.
struct Section {
  std::vector<Rule> rules;  // never empty in a direction the spec is about
  bool default_deny = true;
  Requirements required_of_allow, required_of_deny;  // from/toRequires
};

struct Spec {
  std::string ns;  // empty: clusterwide
  Requirements subject;
  std::optional<Section> ingress, egress;
  PolicyId policy = PolicyId::None;
};

/// Every spec of every enforced policy that can select a pod.
[[nodiscard]] std::vector<Spec> read_specs(const cilium::Policies& policies, const Cluster& cluster,
                                           const Semantics& semantics);

}  // namespace policyconv::verify::source
