// Label selectors of Kubernetes, as objects and our annotations hold them.
#pragma once

#include <vector>

#include "ir/diagnostics.h"
#include "ir/program.h"
#include "yaml/view.h"

namespace policyconv::kubeovn {

/// `matchLabels` and `matchExpressions` of `selector`; values sorted, as ir::meets() wants them. Reports what is wrong.
[[nodiscard]] std::vector<ir::Requirement> requirements_of(const decode::View& selector, Diagnostics& diagnostics);

/// "In", "NotIn", "Exists", "DoesNotExist".
[[nodiscard]] std::string_view operator_name(ir::Op op);

}  // namespace policyconv::kubeovn
