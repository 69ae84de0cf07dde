#include "cli/proof_findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "report/fingerprint.h"

namespace policyconv::cli {
namespace {

/// Names of one side beyond which people do not read on.
constexpr std::size_t most_names = 6;

/// What is cut is told apart by a digest, so that a baseline that accepts six names of seven does not accept another
/// seventh.
std::string ends_text(const std::vector<std::string>& names) {
  if (names.size() <= most_names) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more [{}]",
                     fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(most_names), ", "),
                     names.size() - most_names, report::digest(fmt::format("{}", fmt::join(names, "\n"))));
}

std::string region_text(const VerifiedRegion& region, bool one_family, bool is_future) {
  std::string text =
      fmt::format("{} -> {} {}", ends_text(region.from), ends_text(region.to), verify::to_string(region.traffic));
  if (!one_family && region.v4 != region.v6) text += region.v4 ? " (IPv4)" : " (IPv6)";
  if (!region.service.empty()) text += " through svc:" + region.service;
  return is_future ? text + ", of pods that do not exist yet" : text;
}

RuleId first_rule(const verify::Decision& decision) {
  const auto found = std::find_if(decision.rules.begin(), decision.rules.end(), [](RuleId rule) { return rule != RuleId::None; });
  return found == decision.rules.end() ? RuleId::None : *found;
}

/// The diagnostic `kind`, about whatever of the policies decides at `end` (nullptr: nothing).
template <Kind kind>
void report_at(const EndJudgement* end, const std::string& text, const Names& names, Diagnostics& diagnostics) {
  if (end == nullptr) {
    diagnostics.report<kind>({}, text);
    return;
  }
  RuleId rule = first_rule(end->policies);
  if (rule == RuleId::None && end->policies.verdict == Verdict::Deny) {
    const auto isolating = std::find_if(end->selections.begin(), end->selections.end(),
                                        [](const Selection& selection) { return selection.default_deny; });
    if (isolating != end->selections.end()) {
      diagnostics.report_policy<kind>(isolating->policy, names.catalog.policy(isolating->policy).loc, text);
      return;
    }
  }
  if (rule == RuleId::None) rule = first_rule(end->objects);
  if (rule == RuleId::None) diagnostics.report<kind>({}, text);
  else diagnostics.report_rule<kind>(rule, names.catalog.rule(rule).loc, text);
}

void report_change(Agreement change, const EndJudgement* end, const std::string& text, const Names& names,
                   Diagnostics& diagnostics) {
  switch (change) {
    case Agreement::Same: return;
    case Agreement::Stricter: return report_at<Kind::FoundStricter>(end, text, names, diagnostics);
    case Agreement::Looser: return report_at<Kind::FoundLooser>(end, text, names, diagnostics);
    case Agreement::Undefined: return report_at<Kind::FoundUndefined>(end, text, names, diagnostics);
  }
}

const EndJudgement* deciding(const Traced& example) {
  const std::vector<EndJudgement>& ends = example.judgement.ends;
  const std::size_t at = example.deciding_end();
  if (at < ends.size()) return &ends[at];
  return ends.empty() ? nullptr : &ends.front();
}

std::string flow_text(const ReplayRow& row) {
  return fmt::format("{} -> {} {}", row.from, row.to, packet_text(row.protocol, row.port));
}

}  // namespace

void add_findings(const Verified& verified, const Names& names, Diagnostics& diagnostics) {
  for (const auto* regions : {&verified.present, &verified.future})
    for (const VerifiedRegion& region : *regions)
      report_change(agreement_of(region.change), deciding(region.example),
                    region_text(region, verified.one_family, regions == &verified.future), names, diagnostics);
  for (const CheckedAssertion& checked : verified.assertions) {
    const verify::Assertion& assertion = checked.assertion;
    if (!checked.policies && !checked.objects) continue;
    if (checked.objects && assertion.verdict == Verdict::Deny)
      diagnostics.report<Kind::AssertionOpen>(assertion.loc, assertion.text);
    else
      diagnostics.report<Kind::AssertionFails>(assertion.loc,
                                               !checked.objects    ? "in Cilium"
                                               : !checked.policies ? "in Kube-OVN"
                                                                   : "on both sides",
                                               assertion.text);
  }
}

void add_findings(const Replayed& replayed, const Names& names, Diagnostics& diagnostics) {
  for (const ReplayRow& row : replayed.changed) report_change(row.change, &row.end, flow_text(row), names, diagnostics);
  for (const ReplayRow& row : replayed.unexplained)
    report_at<Kind::RecordedOtherwise>(&row.end, flow_text(row), names, diagnostics);
}

}  // namespace policyconv::cli
