// The parts of the HTML report. Each answers the inside of one section; report/html.cpp puts them together.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "report/html_text.h"
#include "report/language.h"
#include "report/model.h"

namespace policyconv::report::html {

/// A report, and what the parts of its page have to know of each other.
struct Page {
  Page(const Report& report, Language language);

  const Report& report;
  Language language;
  struct Rule {
    std::size_t policy = 0;
    std::optional<std::size_t> rule;  // nullopt: the policy apart from its rules
  };
  std::vector<std::optional<Rule>> rule_of;  // by finding
  std::vector<std::size_t> policies;         // those that are shown, in order: what changed most first
  std::size_t changed = 0;                   // so many of these changed
  std::vector<bool> is_shown;                // by policy
};

/// More would make browsers slow; what is left out is said.
inline constexpr std::size_t most_findings = 10'000, most_policies = 2'000;

[[nodiscard]] Html findings_part(const Page& page);
[[nodiscard]] Html codes_part(const Page& page);
[[nodiscard]] Html policies_part(const Page& page);
[[nodiscard]] Html matrix_part(const Page& page);

/// Ids of elements.
[[nodiscard]] std::string finding_id(std::size_t finding);
[[nodiscard]] std::string code_id(std::string_view code);
[[nodiscard]] std::string policy_id(std::size_t policy);
[[nodiscard]] std::string rule_id(std::size_t policy, std::size_t rule);
[[nodiscard]] std::string source_id(std::size_t policy, std::size_t rule);   // its first line
[[nodiscard]] std::string objects_id(std::size_t policy, std::size_t rule);  // the first line that comes from it

/// "stricter" with a sign, so that it does not take colours to tell effects apart. Of a finding Effect::Note is "note",
/// of a rule "same".
[[nodiscard]] Html finding_badge(Effect effect, Language language);
[[nodiscard]] Html outcome_badge(Effect effect, Language language);
[[nodiscard]] Html badge(std::string_view classes, std::string_view sign, std::string_view words);
[[nodiscard]] std::string_view class_of(Effect outcome);
[[nodiscard]] std::string_view class_of_finding(Effect effect);
[[nodiscard]] std::string_view sign_of(Effect outcome);
/// What stands between backticks as code.
[[nodiscard]] Html with_code(std::string_view message);
/// An element that text of `classes` styles.
[[nodiscard]] Html classed(Name name, std::string_view classes, const Html& content);
/// "3 rules", for words that say() has translated.
[[nodiscard]] Html counted_text(std::size_t count, std::string_view one, std::string_view many, Language language);
/// Cells of one row.
[[nodiscard]] Html row(Name cell, const std::vector<Html>& cells);
/// A table of `rows`, for narrow screens inside something that scrolls.
[[nodiscard]] Html table(const std::vector<std::string_view>& head, const Html& rows,
                         std::string_view classes = "wide");

}  // namespace policyconv::report::html
