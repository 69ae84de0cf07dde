// Cases of the conformance format through the compiler, and what a verdict that differs from the policies' amounts to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>

#include "backends/kubeovn/lower.h"
#include "frontend/lower.h"
#include "tests/conformance.h"
#include "verify/flow.h"

namespace policyconv::conformance {

/// What was reported lost.
struct Losses {
  std::set<RuleId> rules;   // whose meaning is concerned
  std::set<RuleId> opened;  // of these, what passes more than the source says
  bool any_rule = false;    // there is a loss that may concern every other rule, too
  bool none = true;         // nothing was reported at all

  void add(const Diagnostics& diagnostics) {
    for (const Diagnostic& diagnostic : diagnostics.all()) {
      const Effect effect = definition(diagnostic.kind).effect;
      if (effect != Effect::Stricter && effect != Effect::Looser && effect != Effect::Refused) continue;
      none = false;
      rules.insert(diagnostic.rule);
      if (effect == Effect::Looser) opened.insert(diagnostic.rule);
      // from/toRequires narrow every rule of the pods that they select (C§2.2), and are reported once.
      if (diagnostic.kind == Kind::Requires) any_rule = true;
    }
  }
  [[nodiscard]] bool concern(const verify::Decision& decision) const { return any_rule || any_of(decision, rules); }
  [[nodiscard]] bool announce_opening_by(const verify::Decision& decision) const { return any_of(decision, opened); }

 private:
  static bool any_of(const verify::Decision& decision, const std::set<RuleId>& among) {
    return std::any_of(decision.rules.begin(), decision.rules.end(), [&](RuleId rule) { return among.count(rule) != 0; });
  }
};

/// Only Same and Explained may happen.
enum class Difference : std::uint8_t {
  Same,
  Looser,       // the policies deny, the result allows
  Unequal,      // stricter, though nothing was reported lost
  Unexplained,  // stricter, and no rule that decided has a reported loss
  Explained,    // stricter, as was reported
};

inline Difference difference(const verify::Decision& wanted, const verify::Decision& got, const Losses& losses) {
  if (wanted.verdict == got.verdict) return Difference::Same;
  if (got.verdict == Verdict::Allow) return Difference::Looser;
  if (losses.none) return Difference::Unequal;
  return losses.concern(wanted) || losses.concern(got) ? Difference::Explained : Difference::Unexplained;
}

/// Adds what the cases leave out: where Services lie, and the one Service that every cluster has.
inline void complete(Cluster& cluster) {
  cluster.service_cidrs = service_cidrs();
  Service kubernetes;
  kubernetes.ns = "default", kubernetes.name = "kubernetes";
  cluster.services.push_back(kubernetes);
}

/// The objects of a Program that was made with enable-sctp, for a completed cluster.
inline kubeovn::Manifest migrate(const ir::Program& program, const Input& input, kubeovn::Release release,
                                 Diagnostics& diagnostics) {
  kubeovn::LowerOptions options;
  options.release = release;
  options.sctp = true;
  return kubeovn::lower(program, input.cluster, input.policies.catalog, options, diagnostics);
}

}  // namespace policyconv::conformance
