// Two reports of the same policies at different times: what became better, and what worse. Entrance: compare().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/model.h"
#include "report/text.h"

namespace policyconv::report {

enum class Trend : std::uint8_t { Worse, Better, New, Gone };

/// A rule whose fate is another one now. Rules are the same if policy and path are; the file counts only where a policy
/// is not unique without it, so that moving a policy changes nothing.
struct RuleChange {
  Trend trend = Trend::New;
  std::string policy, rule;                // "CiliumNetworkPolicy shop/web" and "spec.ingress[0]"
  std::string file;                        // where it is, or was
  std::optional<Effect> before, after;     // nullopt: there was, or is, no such rule
  bool operator==(const RuleChange&) const = default;
};

struct Since {
  std::vector<RuleChange> changes;         // the worst first: worse, new, better, gone; then by file, policy and rule
  std::vector<Finding> appeared, vanished; // by fingerprint; those about rules among them
  Counts before, after;
  /// A smaller share of the rules means the same than before. Rules that Cilium does not enforce lose nothing. Where there
  /// were no rules, or are none now, nothing fell.
  bool share_fell = false;
  bool opened = false;                     // a rule that was there before is looser now, and was not
  /// What --ratchet does not allow.
  [[nodiscard]] bool slipped() const { return share_fell || opened; }
};

[[nodiscard]] Since compare(const Report& before, const Report& after);

/// "97.3 % of 112 rules": the share that means the same, rounded down.
[[nodiscard]] std::string share_text(const Counts& counts);

/// For a terminal, ending in a newline. `ratchet`: says, too, whether that is a failure.
[[nodiscard]] std::string since_text(const Since& since, bool ratchet, const TextStyle& style);

/// The exit status of a run that ends with `status`, if the share may not fall.
[[nodiscard]] int ratchet_status(const Since& since, int status);

}  // namespace policyconv::report
