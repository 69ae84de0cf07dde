// What traffic a rule is about: ports, L7 rules, ICMP types. Each function decodes one node (Fields::Decoder).
#pragma once

#include <string_view>

#include "frontend/fields.h"
#include "frontend/policy.h"

namespace policyconv::cilium {

[[nodiscard]] PortRule decode_port_rule(const yaml::Node& node, std::string_view what, const Fields& fields);
/// toPorts of a deny rule, which knows `ports` only.
[[nodiscard]] PortRule decode_port_deny_rule(const yaml::Node& node, std::string_view what, const Fields& fields);
[[nodiscard]] IcmpRule decode_icmp_rule(const yaml::Node& node, std::string_view what, const Fields& fields);
[[nodiscard]] PortProtocol decode_network_policy_port(const yaml::Node& node, std::string_view what,
                                                      const Fields& fields);

}  // namespace policyconv::cilium
