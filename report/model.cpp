#include "report/model.h"

#include <algorithm>

namespace policyconv::report {

void Counts::add(Effect effect, std::size_t count) {
  switch (effect) {
    case Effect::Note: same += count; return;
    case Effect::NoEffect: no_effect += count; return;
    case Effect::Stricter: stricter += count; return;
    case Effect::Looser: looser += count; return;
    case Effect::Error:
    case Effect::Refused: refused += count; return;
  }
}

Counts counts_of(const PolicyOutcome& policy) {
  Counts counts;
  for (const RuleOutcome& rule : policy.rules) counts.add(rule.effect);
  return counts;
}

Counts counts_of(const Report& report) {
  Counts counts;
  for (const PolicyOutcome& policy : report.policies)
    for (const RuleOutcome& rule : policy.rules) counts.add(rule.effect);
  return counts;
}

bool has_errors(const Report& report) {
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [](const Finding& finding) { return finding.effect == Effect::Error; });
}

Effect worst(const Report& report) {
  Effect worst = Effect::Note;
  for (const Finding& finding : report.findings)
    if (!finding.accepted) worst = std::max(worst, finding.effect);
  return worst;
}

int exit_status(const std::vector<Finding>& findings, Effect fail_on) {
  Effect worst = Effect::Note;
  for (const Finding& finding : findings) {
    if (finding.effect == Effect::Error) return policyconv::exit_status(Effect::Error);
    if (!finding.accepted) worst = std::max(worst, finding.effect);
  }
  return worst < fail_on ? 0 : policyconv::exit_status(worst);
}

}  // namespace policyconv::report
