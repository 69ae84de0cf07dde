// What edits ask of objects: whether two are the same to Kube-OVN and to whoever reads them back, and what they name.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/source.h"

namespace policyconv::plan {

/// `open-in` or `open-out`.
[[nodiscard]] bool opens(const kubeovn::SecurityGroup& group);
[[nodiscard]] bool contains(const std::vector<std::string>& names, std::string_view name);
/// The order does not matter to Kube-OVN.
[[nodiscard]] bool same_names(std::vector<std::string> a, std::vector<std::string> b);

/// The rules as print() writes them, so that Kube-OVN's acknowledgement is the same (K§1.4) and nothing is rewritten.
[[nodiscard]] bool same_rules(const kubeovn::SecurityGroup& a, const kubeovn::SecurityGroup& b, Direction direction);
/// Which pods are meant, now and later.
[[nodiscard]] bool same_membership(const kubeovn::SecurityGroup& a, const kubeovn::SecurityGroup& b);
/// The whole spec.acls, in order.
[[nodiscard]] bool same_acls(const kubeovn::SubnetPatch& a, const kubeovn::SubnetPatch& b);

using Peers = std::set<std::string, std::less<>>;
/// Groups whose address sets some rule or some Subnet ACL names.
[[nodiscard]] Peers peers_of(const kubeovn::Manifest& manifest);

}  // namespace policyconv::plan
