// Which Cilium the source policies were written for, and how it was configured.
#pragma once

#include <string>

namespace policyconv {

/// Settings of Cilium that change what a policy means (C§0.1). Defaults are Cilium's own.
struct Semantics {
  int cilium_minor = 18;              // 14-20, for 1.14-1.20
  std::string cluster_name = "default";
  /// policy-default-local-cluster: peer selectors see only pods of the local cluster. Default on since 1.19.
  bool default_local_cluster = false;
  bool sctp = false;                  // enable-sctp; off: Cilium's datapath drops SCTP
};

/// The defaults of release 1.`minor`.
[[nodiscard]] inline Semantics semantics_of(int minor) {
  Semantics semantics;
  semantics.cilium_minor = minor;
  semantics.default_local_cluster = minor >= 19;
  return semantics;
}

}  // namespace policyconv
