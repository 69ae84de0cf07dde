// The meaning of the source policies, straight from what was written (C§16). Shares no code with the compiler.
#pragma once

#include <memory>
#include <optional>

#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/semantics.h"
#include "verify/flow.h"

namespace policyconv::verify {

/// Prepared once per (policies, cluster); then asked about many flows.
class SourceMeaning {
 public:
  /// The arguments must outlive the object. Rejected policies count for nothing.
  SourceMeaning(const cilium::Policies& policies, const Cluster& cluster, const Semantics& semantics);
  ~SourceMeaning();
  SourceMeaning(const SourceMeaning&) = delete;
  SourceMeaning& operator=(const SourceMeaning&) = delete;

  /// What the policies of the pod at one end say: of `flow.from` for Egress, of `flow.to` for Ingress.
  /// nullopt if that end is no pod.
  [[nodiscard]] std::optional<Decision> decide(const Flow& flow, Direction direction) const;
  /// Both ends: Deny if either denies.
  [[nodiscard]] Verdict decide(const Flow& flow) const;

 private:
  struct Prepared;
  std::unique_ptr<Prepared> prepared_;
};

}  // namespace policyconv::verify
