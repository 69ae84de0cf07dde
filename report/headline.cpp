#include "report/headline.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <tuple>

#include "report/language.h"

namespace policyconv::report {

std::string_view verdict_of(const Report& report, Language language) {
  if (report.status == 1) return say("bad input, or reading or writing failed", language);
  switch (worst(report)) {
    case Effect::Refused:
      return say("something was refused", language);
    case Effect::Looser:
      return report.status == 0 ? say("looser, as --fail-on allows", language) : say("something is looser", language);
    case Effect::Stricter:
      return report.status == 0 ? say("stricter, as --fail-on allows", language)
                                : say("something is stricter", language);
    case Effect::Note:
    case Effect::NoEffect:
    case Effect::Error:
      break;
  }
  return report.status == 0 ? say("same meaning", language) : say("failed", language);
}

Effect severity_of(const Report& report) {
  if (report.status == 0) return Effect::Note;
  return report.status == 1 ? Effect::Error : std::max(worst(report), Effect::Stricter);
}

std::string kept_text(const Report& report, Language language) {
  const Counts counts = counts_of(report);
  if (counts.rules() == 0) return {};
  const std::size_t tenths = 1000 * (counts.same + counts.no_effect) / counts.rules();
  return fmt::format(
      "{}.{} % {} {} {}", tenths / 10, tenths % 10, say("of", language), counts.rules(),
      counts.rules() == 1 ? say("rule kept identical", language) : say("rules kept identical", language));
}

std::string_view name_of(Effect effect, Language language) {
  switch (effect) {
    case Effect::Error:
      return say("error", language);
    case Effect::Refused:
      return say("refused", language);
    case Effect::Looser:
      return say("looser", language);
    case Effect::Stricter:
      return say("stricter", language);
    case Effect::NoEffect:
      return say("no effect", language);
    case Effect::Note:
      return say("note", language);
  }
  return {};
}

std::string_view outcome_of(Effect rule, Language language) {
  return rule == Effect::Note ? say("same", language) : name_of(rule, language);
}

std::vector<std::size_t> findings_by_urgency(const Report& report) {
  std::vector<std::size_t> order(report.findings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto rank = [&](std::size_t at) {
    const Finding& finding = report.findings[at];
    const auto urgency = std::find(std::begin(by_urgency), std::end(by_urgency), finding.effect);
    return std::tuple(finding.accepted.has_value(), urgency - std::begin(by_urgency), at);
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  return order;
}

std::string name_of(const PolicyOutcome& policy) {
  return policy.ns.empty() ? policy.name : policy.ns + "/" + policy.name;
}

Effect worst(const PolicyOutcome& policy) {
  Effect worst = policy.effect;
  for (const RuleOutcome& rule : policy.rules) worst = std::max(worst, rule.effect);
  return worst;
}

}  // namespace policyconv::report
