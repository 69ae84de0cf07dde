// A share of pods as MutatingAdmissionPolicy and its binding. Entrance: cel_policy().
#pragma once

#include <string>
#include <string_view>

#include "backends/kubeovn/admission_share.h"

namespace policyconv::kubeovn {

/// Both objects as YAML. `version`: of admissionregistration.k8s.io.
[[nodiscard]] std::string cel_policy(const Share& share, const Shares& shares, std::string_view name,
                                     std::string_view version);

}  // namespace policyconv::kubeovn
