// Label selectors to groups of pods and reserved identities: key sources, namespace and cluster injection (C§3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/policy.h"
#include "ir/program.h"
#include "ir/semantics.h"

namespace policyconv::cilium {

/// A requirement with its label source: `any` (written without a source), `k8s`, `reserved`, ...
struct SourcedRequirement {
  std::string source;
  ir::Requirement requirement;
};

/// The requirements of a selector as written. A key without a source gets `bare_source` ("any"; "k8s" in
/// NetworkPolicies). The operators are Kubernetes' four: validate() refuses policies with another.
[[nodiscard]] std::vector<SourcedRequirement> requirements(const Selector& selector, std::string_view bare_source);

/// Which identities a peer selector selects. Nodes and outside addresses come in flavours because a selector may ask
/// for reserved:kube-apiserver.
struct PeerIdentities {
  std::optional<ir::Group> pods;  // nullopt: no pod ever
  bool host = false, host_apiserver = false, remote = false, remote_apiserver = false;
  bool world_v4 = false, world_v6 = false, world_v4_apiserver = false, world_v6_apiserver = false;
  /// Which outside addresses are selected depends on whether Cilium runs with one address family or with two, which no
  /// policy says. The members above hold what both agree on for an allow, and what either selects for a deny.
  bool families_matter = false;
};

/// Applies the requirements to pods (for which labels of other sources than k8s do not exist, and labels outside the
/// identity filter neither) and to each kind of reserved identity.
[[nodiscard]] PeerIdentities identities(const std::vector<SourcedRequirement>& all_of, Verdict verdict,
                                        const Semantics& semantics);

/// May a pod of another cluster of a mesh meet a requirement on the cluster's name that the user wrote?
[[nodiscard]] bool asks_other_clusters(const std::vector<SourcedRequirement>& all_of, const Semantics& semantics);

/// The pods of an endpointSelector in namespace `ns` (nullopt: clusterwide), with injection (C§3.4); nullopt: no pod ever.
[[nodiscard]] std::optional<ir::Group> subject(const Selector& selector, const std::optional<std::string>& ns,
                                               const Semantics& semantics);

/// A fromEndpoints/toEndpoints selector with namespace and cluster injected (C§3.5). `subject_is_init`: the policy's own
/// endpointSelector has the key reserved:init, which switches the injection of clusterwide policies off.
[[nodiscard]] std::vector<SourcedRequirement> with_injection(const Selector& selector,
                                                             const std::optional<std::string>& ns,
                                                             bool subject_is_init, const Semantics& semantics);

/// The peer of a NetworkPolicy in namespace `ns` (C§9).
[[nodiscard]] std::vector<SourcedRequirement> with_injection(const NetworkPolicyPeer& peer, const std::string& ns,
                                                             const Semantics& semantics);

[[nodiscard]] bool has_key(const Selector& selector, std::string_view key);

}  // namespace policyconv::cilium
