// What policyconv notes on its SecurityGroups, so that whoever reads them back knows which pods they are meant for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/program.h"

namespace policyconv::kubeovn {

inline constexpr std::string_view selects_annotation = "policyconv.io/selects";    // for people
inline constexpr std::string_view members_annotation = "policyconv.io/members";    // Role::Members only
inline constexpr std::string_view role_annotation = "policyconv.io/role";          // the other roles
inline constexpr std::string_view isolates_annotation = "policyconv.io/isolates";  // absent: neither direction
inline constexpr std::string_view unless_annotation = "policyconv.io/unless";      // open-in and open-out
inline constexpr std::string_view target_annotation = "policyconv.io/target";
inline constexpr std::string_view vpc_annotation = "policyconv.io/vpc";

/// A group as a label selector of Kubernetes in JSON, with full identity keys, and its named port beside it:
/// {"matchLabels":{"app":"web"},"matchExpressions":[...],"port":{"name":"http","protocol":"TCP","number":8080}}
[[nodiscard]] std::string members_text(const ir::Group& group);
/// nullopt, and `why`, if that is not what `text` is.
[[nodiscard]] std::optional<ir::Group> parse_members(std::string_view text, std::string& why);

/// The same for several: a JSON list.
[[nodiscard]] std::string unless_text(const std::vector<ir::Group>& groups);
[[nodiscard]] std::optional<std::vector<ir::Group>> parse_unless(std::string_view text, std::string& why);

/// "base", "open-in", "open-out"; empty for Role::Members.
[[nodiscard]] std::string_view to_string(Role role);
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);

/// "ingress,egress", or one of them, or empty.
[[nodiscard]] std::string isolates_text(const SecurityGroup& group);
/// Fills `isolates_*`; false if `text` is something else.
[[nodiscard]] bool parse_isolates(std::string_view text, SecurityGroup& group);

/// "kube-ovn-1.16".
[[nodiscard]] std::string target_text(const Release& release);

}  // namespace policyconv::kubeovn
