// Policies that allow everything for the time in which the real ones go or come. Entrance: allow_all().
#pragma once

#include <string>
#include <vector>

namespace policyconv::plan {

/// A CiliumClusterwideNetworkPolicy for every pod, and a NetworkPolicy for each of `namespaces`. While policies are deleted
/// one by one, a pod that two of them select is still isolated by the second when the first has taken its allows along;
/// with these beside them, what remains of Cilium closes nothing but what its denies close, whatever the order.
[[nodiscard]] std::string allow_all(const std::vector<std::string>& namespaces);

}  // namespace policyconv::plan
