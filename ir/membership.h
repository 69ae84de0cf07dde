// Which pods a group holds: identity labels as Cilium derives them from a pod, and group membership.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ir/cluster.h"
#include "ir/program.h"

namespace policyconv::ir {

inline constexpr std::string_view namespace_key = "io.kubernetes.pod.namespace";
inline constexpr std::string_view namespace_labels_prefix = "io.cilium.k8s.namespace.labels.";
inline constexpr std::string_view service_account_key = "io.cilium.k8s.policy.serviceaccount";
inline constexpr std::string_view cluster_key = "io.cilium.k8s.policy.cluster";

/// Does a Kubernetes label with this key become part of the identity under Cilium's default filter (C§3.2)?
/// A selector on any other key never matches (In, Exists) or always does (NotIn, DoesNotExist).
[[nodiscard]] bool identity_relevant(std::string_view key);

/// The identity labels of a pod without the cluster label: its relevant labels, namespace, namespace labels, account.
/// What begins with `io.cilium.k8s` only Cilium sets: a pod cannot claim it with labels of its own.
[[nodiscard]] Labels identity_labels(const Cluster& cluster, const Pod& pod);

[[nodiscard]] bool meets(const Requirement& requirement, const Labels& labels);
[[nodiscard]] bool meets(const std::vector<Requirement>& all_of, const Labels& labels);

/// `labels` are those of identity_labels(), `ports` the pod's named ports.
[[nodiscard]] bool is_member(const Group& group, const Labels& labels, const std::vector<ContainerPort>& ports);

/// True if every pod of `inner`, running or future, is in `outer` because inner's requirements include outer's.
[[nodiscard]] bool implies(const Group& inner, const Group& outer);

/// Sorts and merges the requirements; nullopt if they contradict each other, so that no pod can ever meet them.
[[nodiscard]] std::optional<std::vector<Requirement>> normalize(std::vector<Requirement> all_of);

/// The pods of a Service: its selector within its namespace, as far as labels of the identity can say it. nullopt: the
/// Service has no selector, or one that no identity ever meets.
[[nodiscard]] std::optional<Group> selected_by(const Service& service);

}  // namespace policyconv::ir
