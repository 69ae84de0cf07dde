// A share of pods as a ClusterPolicy of Kyverno. Entrance: kyverno_policy().
#pragma once

#include <string>
#include <string_view>

#include "backends/kubeovn/admission_share.h"

namespace policyconv::kubeovn {

[[nodiscard]] std::string kyverno_policy(const Share& share, const Shares& shares, std::string_view name);

}  // namespace policyconv::kubeovn
