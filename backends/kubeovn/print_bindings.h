// What names the SecurityGroups of pods, as files: running pods, pod templates, and these for Kustomize.
#pragma once

#include <string>

#include "backends/kubeovn/manifest.h"

namespace policyconv::kubeovn {

/// Objects with nothing but the annotation, for server-side apply. An empty list is written as an empty annotation, which
/// Kube-OVN takes as none (K§3.4).
[[nodiscard]] std::string bindings_text(const Manifest& manifest);
[[nodiscard]] std::string templates_text(const Manifest& manifest);

/// A Kustomize component that patches those of the workloads that a base holds.
[[nodiscard]] std::string component_text(const Manifest& manifest);

}  // namespace policyconv::kubeovn
