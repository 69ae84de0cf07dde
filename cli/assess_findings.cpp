#include "cli/assess_findings.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "assess/ways.h"
#include "cli/deliver.h"
#include "report/build.h"

namespace policyconv::cli {
namespace {

using assess::Severity;

Effect effect_of(Severity severity, Kind kind) {
  switch (severity) {
    case Severity::Note: return definition(kind).effect;
    case Severity::Warning: return Effect::Stricter;
    case Severity::Blocker: return Effect::Refused;
  }
  return Effect::Note;
}

/// The findings of an assessment as diagnostics, and how severe each is here: the same code may be a warning in one
/// cluster and a blocker in another.
class Collector {
 public:
  explicit Collector(const Assessed& assessed) : assessed_(assessed), all_(assessed.diagnostics) {
    const assess::Assessment& found = assessed.assessment;
    for (const assess::Conflict& conflict : found.conflicts.conflicts)
      add(conflict.kind, conflict.severity, assessed.dump.holders[conflict.holders.front()].loc, conflict.text, conflict.remedy);
    for (const assess::Overlap& overlap : found.conflicts.overlaps)
      add(overlap.kind, overlap.severity, overlap.loc, overlap.text, overlap.remedy);
    for (const assess::ComingConflict& coming : found.conflicts.coming)
      add(coming.kind, Severity::Warning, assessed.dump.subnets[coming.subnets.front()].loc, coming.text, coming.remedy);
    for (const assess::HealthFinding& finding : found.health)
      add(finding.kind, finding.severity, finding.loc, finding.text, finding.remedy);
    all_.sort();
  }

  [[nodiscard]] report::Report report(std::span<const std::uint32_t> files, assess::Verdict fail_on) && {
    const Effect level = fail_on == assess::Verdict::Blocked ? Effect::Refused : Effect::Stricter;
    report::Report made =
        report::make("assess", {assessed_.sources, assessed_.catalog, all_, nullptr, false, files}, {{}, level});
    for (report::Finding& finding : made.findings)
      if (const auto known = severities_.find({finding.kind, finding.message}); known != severities_.end())
        finding.effect = effect_of(known->second, finding.kind);
    return made;
  }

 private:
  void add(Kind kind, Severity severity, Loc loc, const std::string& text, const std::string& remedy) {
    const bool is_usual = remedy == definition(kind).help;
    all_.all().push_back({kind, loc, RuleId::None, PolicyId::None, text, is_usual ? std::string() : remedy});
    Severity& worst = severities_[{kind, text}];
    worst = std::max(worst, severity);
  }

  const Assessed& assessed_;
  Diagnostics all_;
  std::map<std::pair<Kind, std::string>, Severity> severities_;
};

}  // namespace

report::Report findings_report(const Assessed& assessed, std::span<const std::uint32_t> files, assess::Verdict fail_on) {
  return Collector(assessed).report(files, fail_on);
}

int exit_status(const Assessed& assessed, assess::Verdict fail_on, const report::Report& report) {
  const assess::Verdict verdict = assessed.assessment.verdict;
  if (verdict < fail_on) return status::good;
  // What is not known can be accepted by nobody.
  const bool is_accepted = accepted_in(report) > 0 && worst(report) < Effect::Stricter &&
                           saw_everything(assessed.assessment, assessed.dump);
  return is_accepted ? status::good : exit_status(verdict);
}

}  // namespace policyconv::cli
