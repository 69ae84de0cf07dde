// Rules of SecurityGroups as somebody wrote them, and what Kube-OVN's controller makes of them (K§1.1, K§2.2).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/diagnostics.h"
#include "yaml/view.h"

namespace policyconv::kubeovn {

/// Absent fields are empty or 0, as in the controller.
struct ApiRule {
  Direction direction = Direction::Ingress;
  std::string path;  // "spec.ingressRules[0]"
  std::string ip_version, protocol, remote_type, remote_address, remote_group, local_address, policy;
  std::int64_t priority = 0, port_min = 0, port_max = 0, source_min = 0, source_max = 0;
  Loc loc;
};

/// Reports fields of the wrong type, and those that the API server of `release` drops. `title`: "SecurityGroup web".
[[nodiscard]] std::vector<ApiRule> read_rules(const decode::View& list, Direction direction, const std::string& title,
                                              const Release& release, Diagnostics& diagnostics);

/// A note for every member of `node` that `release` does not know.
void report_pruned(const yaml::Node& node, const std::string& title, const std::vector<std::string_view>& known,
                   const Release& release, Diagnostics& diagnostics);

/// Why Kube-OVN refuses the rule, and with it the whole object; empty if it does not. `groups`: those that exist.
[[nodiscard]] std::string refusal(const ApiRule& rule, std::int64_t tier,
                                  const std::set<std::string, std::less<>>& groups, const Release& release);

/// Adds a rule that is not refused to the rules of `group`. Reports one that can never match.
void add_rule(const ApiRule& rule, SecurityGroup& group, const Release& release, Diagnostics& diagnostics);

}  // namespace policyconv::kubeovn
