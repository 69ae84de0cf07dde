// What people are told first: how it went, and how much kept its meaning. For Markdown and HTML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/model.h"

namespace policyconv::report {

/// "something is stricter", as one sentence.
[[nodiscard]] std::string_view verdict_of(const Report& report, Language language);
/// What decides about the colour of the verdict: Effect::Note if the exit status is 0.
[[nodiscard]] Effect severity_of(const Report& report);
/// "97.3 % of 112 rules kept identical", rounded down; empty if there are no rules. Those that Cilium does not enforce
/// lose nothing.
[[nodiscard]] std::string kept_text(const Report& report, Language language);

/// "refused", "stricter" ... of a finding; of a rule Effect::Note is "same".
[[nodiscard]] std::string_view name_of(Effect effect, Language language);
[[nodiscard]] std::string_view outcome_of(Effect rule, Language language);

/// The worst first.
inline constexpr Effect by_urgency[] = {Effect::Error,    Effect::Refused,  Effect::Looser,
                                        Effect::Stricter, Effect::NoEffect, Effect::Note};
/// Numbers of findings, the worst first, accepted ones behind the others; equally bad ones in their order.
[[nodiscard]] std::vector<std::size_t> findings_by_urgency(const Report& report);

/// "shop/web"
[[nodiscard]] std::string name_of(const PolicyOutcome& policy);
/// Of the policy as a whole and of its rules. Effect::Note: all of it kept its meaning.
[[nodiscard]] Effect worst(const PolicyOutcome& policy);

}  // namespace policyconv::report
