// Stable object names: the same selector in the same VPC has the same name in every run.
#pragma once

#include <string>
#include <string_view>

#include "ir/program.h"

namespace policyconv::kubeovn {

/// Name of the SecurityGroup of a group in a VPC: "pc-<words of the selector>-<hash>", at most 63 of [a-z0-9-], without
/// dots, because Kube-OVN maps both `-` and `.` to `.` (K§2.1, K§9.27).
/// `salt` other than 0 gives another name of the same kind, for the case that two groups would share one.
[[nodiscard]] std::string group_name(const ir::Group& group, std::string_view vpc, unsigned salt = 0);

/// Name of a helper SecurityGroup (`role`: "base", "open-in", "open-out") of a VPC.
[[nodiscard]] std::string helper_name(std::string_view role, std::string_view vpc);

}  // namespace policyconv::kubeovn
