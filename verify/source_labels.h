// Identities and label selectors as Cilium sees them (C§3). Part of the source meaning; written apart from the
// compiler.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/semantics.h"

namespace policyconv::verify::source {

/// An identity label, `source:key=value`.
struct Label {
  std::string key, source, value;
  auto operator<=>(const Label&) const = default;
};
/// Sorted. Pods with equal labels share an identity.
using Identity = std::vector<Label>;

/// The labels of a pod that pass Cilium's default filter, and those Cilium adds (C§3.1, C§3.2).
[[nodiscard]] Identity identity_of(const Cluster& cluster, const Pod& pod, const Semantics& semantics);
/// An identity made of reserved labels: a node or an address outside.
[[nodiscard]] Identity reserved_identity(std::vector<std::string_view> names);

enum class Op : std::uint8_t { In, NotIn, Exists, DoesNotExist };

/// Source "any" stands for every source.
struct Requirement {
  std::string source, key;
  Op op = Op::Exists;
  std::vector<std::string> values;
  auto operator<=>(const Requirement&) const = default;
};
/// Conjunction; an empty one holds for every identity.
using Requirements = std::vector<Requirement>;

[[nodiscard]] bool meets(const Identity& identity, const Requirements& requirements);

/// Whose selectors are read: decides what is injected into them.
struct Scope {
  std::string ns;                    // empty: clusterwide
  bool subject_may_be_init = false;  // the policy's endpointSelector names reserved:init (C§3.5)
};

/// endpointSelector of a policy in namespace `ns` (empty: clusterwide) (C§3.4).
[[nodiscard]] Requirements subject(const cilium::Selector& selector, const std::string& ns);
/// One element of fromEndpoints or toEndpoints (C§3.5).
[[nodiscard]] Requirements peer(const cilium::Selector& selector, const Scope& scope, const Semantics& semantics);
/// One element of fromRequires or toRequires: like a peer, but reserved keys do not switch the injection off.
[[nodiscard]] Requirements required(const cilium::Selector& selector, const Scope& scope, const Semantics& semantics);

/// podSelector and namespaceSelector of a NetworkPolicy in namespace `ns` (C§9).
[[nodiscard]] Requirements network_policy_subject(const cilium::Selector& selector, const std::string& ns);
[[nodiscard]] Requirements network_policy_peer(const cilium::NetworkPolicyPeer& peer, const std::string& ns,
                                               const Semantics& semantics);

/// The pods behind a Service (C§6.2).
[[nodiscard]] Requirements backends(const Service& service, const Semantics& semantics);

/// Does a plain Kubernetes selector (sources are ignored) select these labels? For Services and CIDR groups.
[[nodiscard]] bool selects(const cilium::Selector& selector, const Labels& labels);

}  // namespace policyconv::verify::source
