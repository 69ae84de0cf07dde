// Who a rule is about: selectors, CIDRs, services, names. Each function decodes one node (Fields::Decoder).
#pragma once

#include <string_view>

#include "frontend/fields.h"
#include "frontend/policy.h"

namespace policyconv::cilium {

[[nodiscard]] Selector decode_selector(const yaml::Node& node, std::string_view what, const Fields& fields);
[[nodiscard]] CidrRule decode_cidr_rule(const yaml::Node& node, std::string_view what, const Fields& fields);
[[nodiscard]] ServiceRef decode_service(const yaml::Node& node, std::string_view what, const Fields& fields);
[[nodiscard]] Fqdn decode_fqdn(const yaml::Node& node, std::string_view what, const Fields& fields);
/// An element of fromGroups or toGroups; only its place matters.
[[nodiscard]] Loc decode_group(const yaml::Node& node, std::string_view what, const Fields& fields);
[[nodiscard]] NetworkPolicyPeer decode_network_policy_peer(const yaml::Node& node, std::string_view what,
                                                           const Fields& fields);

}  // namespace policyconv::cilium
