// One flow through both systems, with what decides at each end.
#pragma once

#include <iosfwd>
#include <optional>
#include <vector>

#include "cli/judgement.h"
#include "cli/options.h"
#include "verify/flow.h"

namespace policyconv::cli {

/// A flow in one family, or one way that it may take through a Service.
struct Traced {
  verify::Flow flow;
  Judgement judgement;
  std::optional<verify::Packet> to_service;
  std::optional<EndJudgement> first_packet;  // what Kube-OVN says to it

  /// Through a Service the first packet is judged with the Service's address on egress, later ones with the backend's
  /// (K§2.4): what the policies allow needs both, what they deny must not pass even once. nullopt: undefined.
  [[nodiscard]] std::optional<Verdict> objects() const;
  [[nodiscard]] Agreement agreement() const { return agreement_of(judgement.policies(), objects()); }
  /// The end that makes the difference: of something looser the one that the policies deny, otherwise the one that the
  /// objects deny or leave undefined. judgement.ends.size() if it is the packet to the Service.
  [[nodiscard]] std::size_t deciding_end() const;
};

/// The answer goes to `out`, errors to `err`. Returns the exit status.
int trace(const TraceOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
