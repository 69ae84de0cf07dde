// What the last steps tell: proving, taking Cilium's policies away, leaving the chain.
#pragma once

#include <string>
#include <string_view>

#include "plan/describe.h"

namespace policyconv::plan {

inline constexpr std::string_view field_manager = "policyconv";

/// What `policyconv drift` and `policyconv rollback-check` ask for.
inline constexpr std::string_view dump_command =
    "kubectl get namespaces,pods,nodes,services,endpointslices,deployments,statefulsets,daemonsets,jobs,cronjobs,subnets,vpcs,"
    "security-groups,networkpolicies --all-namespaces -o yaml";

[[nodiscard]] Check drift_check(std::string_view expect);

void verify(Step& step, const Circumstances& about);
void remove_policies(Step& step, const Circumstances& about);
void leave_chaining(Step& step, const Circumstances& about);

}  // namespace policyconv::plan
