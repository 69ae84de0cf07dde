// Policies of the API server that bind pods when they are made or changed, as Cilium would follow their labels by itself.
// Entrance: admission().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/diagnostics.h"

namespace policyconv::kubeovn {

/// Map: MutatingAdmissionPolicy with CEL, from Kubernetes 1.34 on. Kyverno: a ClusterPolicy, for any Kubernetes.
enum class AdmissionForm : std::uint8_t { Map, Kyverno, None };

struct AdmissionOptions {
  AdmissionForm form = AdmissionForm::Map;
  int kubernetes_minor = 36;  // 1.36 and later: admissionregistration.k8s.io/v1; 1.34 and 1.35: v1beta1
};

/// The text of 40-admission.yaml: whatever recomputes our part of a pod's annotation as Membership::groups_of() says for
/// Stage::Enforced, and leaves the rest of it. Empty without SecurityGroups, or for AdmissionForm::None. What cannot be
/// said within the limits of the API is reported.
[[nodiscard]] std::string admission(const Manifest& manifest, const AdmissionOptions& options, Diagnostics& diagnostics);

}  // namespace policyconv::kubeovn
