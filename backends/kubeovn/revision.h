// What Kube-OVN writes into the status of a SecurityGroup once it has programmed it. Entrance: revision_of().
#pragma once

#include <string>
#include <vector>

#include "backends/kubeovn/api_rules.h"
#include "backends/kubeovn/manifest.h"

namespace policyconv::kubeovn {

/// status.ingressMd5 and status.egressMd5 (K§1.4): 32 hexadecimal digits each.
struct Revision {
  std::string ingress, egress;
  bool operator==(const Revision&) const = default;
};

/// The acknowledgement that this release gives for the group as print() writes it: hex(structhash.Md5(rules, 1)).
[[nodiscard]] Revision revision_of(const SecurityGroup& group, const Release& release);
/// The same for one list as somebody wrote it.
[[nodiscard]] std::string revision_of(const std::vector<ApiRule>& rules, const Release& release);

/// structhash.Dump(rules, 1), which is what is hashed.
[[nodiscard]] std::string hashed_text(const std::vector<ApiRule>& rules, const Release& release);

}  // namespace policyconv::kubeovn
