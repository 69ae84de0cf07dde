// One SecurityGroup object.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "backends/kubeovn/api_rules.h"
#include "backends/kubeovn/manifest.h"
#include "ir/diagnostics.h"
#include "yaml/view.h"

namespace policyconv::kubeovn {

/// As the API server keeps it. What its rules come to depends on which other groups exist.
struct ApiGroup {
  SecurityGroup group;  // without rules
  std::vector<ApiRule> rules;
  std::int64_t tier = 0;
};

[[nodiscard]] ApiGroup read_group(const decode::View& object, const std::string& name, const Release& release,
                                  Diagnostics& diagnostics);

/// Sets `rejected` if Kube-OVN refuses the group (K§1.1). True if it does not.
bool judge(ApiGroup& written, const std::set<std::string, std::less<>>& groups, const Release& release);

/// The group with its rules, or with the reason why it has none, which is reported.
[[nodiscard]] SecurityGroup finished(const ApiGroup& written, const Release& release, Diagnostics& diagnostics);

}  // namespace policyconv::kubeovn
