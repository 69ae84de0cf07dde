// What `policyconv --version` prints, and the range of releases that the program knows.
#pragma once

#include <string>

namespace policyconv::cli {

/// Minor versions of 1.x; the facts are in docs/reference.
inline constexpr int oldest_cilium = 14, newest_cilium = 20, oldest_kube_ovn = 12, newest_kube_ovn = 16;
/// Kubernetes, for the form of admission policies; `first_with_admission_map`: MutatingAdmissionPolicy, v1beta1.
inline constexpr int oldest_kubernetes = 25, newest_kubernetes = 36, first_with_admission_map = 34;

/// "policyconv X.Y.Z", what it models, and how it was built. Says nothing of the machine or the time, so that two builds
/// of the same source say the same.
[[nodiscard]] std::string version_text();

}  // namespace policyconv::cli
