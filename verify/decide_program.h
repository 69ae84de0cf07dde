// The meaning of a Program, from the first lines of ir/program.h and nothing else. It tells which half of the compiler is
// wrong where policies and objects disagree. Shares no code with what makes Programs or reads them.
#pragma once

#include <memory>
#include <optional>

#include "ir/cluster.h"
#include "ir/program.h"
#include "verify/flow.h"

namespace policyconv::verify {

/// Prepared once per (program, cluster); then asked about many flows.
class ProgramMeaning {
 public:
  /// The arguments must outlive the object. SCTP is judged like TCP: a Program does not say whether Cilium drops it.
  ProgramMeaning(const ir::Program& program, const Cluster& cluster);
  ~ProgramMeaning();
  ProgramMeaning(const ProgramMeaning&) = delete;
  ProgramMeaning& operator=(const ProgramMeaning&) = delete;

  /// What the rules and isolations of the pod at one end say: of `flow.from` for Egress, of `flow.to` for Ingress.
  /// nullopt if that end is no pod.
  [[nodiscard]] std::optional<Decision> decide(const Flow& flow, Direction direction) const;
  /// Both ends: Deny if either denies.
  [[nodiscard]] Verdict decide(const Flow& flow) const;

 private:
  struct Prepared;
  std::unique_ptr<Prepared> prepared_;
};

}  // namespace policyconv::verify
