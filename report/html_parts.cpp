#include "report/html_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/headline.h"
#include "report/terminal.h"

namespace policyconv::report::html {
Page::Page(const Report& report_, Language language_)
    : report(report_), language(language_), rule_of(report_.findings.size()), policies(report_.policies.size()) {
  for (std::size_t policy = 0; policy < report.policies.size(); ++policy) {
    const PolicyOutcome& outcome = report.policies[policy];
    policies[policy] = policy;
    for (const std::size_t finding : outcome.findings) rule_of[finding] = Rule{policy, {}};
    for (std::size_t rule = 0; rule < outcome.rules.size(); ++rule)
      for (const std::size_t finding : outcome.rules[rule].findings) rule_of[finding] = Rule{policy, rule};
  }
  std::stable_sort(policies.begin(), policies.end(),
                   [&](std::size_t a, std::size_t b) { return worst(report.policies[a]) > worst(report.policies[b]); });
  const auto unchanged = std::find_if(policies.begin(), policies.end(), [&](std::size_t policy) {
    return worst(report.policies[policy]) == Effect::Note;
  });
  const auto all_changed = static_cast<std::size_t>(unchanged - policies.begin());
  policies.resize(std::min(policies.size(), most_policies));
  changed = std::min(policies.size(), all_changed);
  is_shown.resize(report.policies.size());
  for (const std::size_t policy : policies) is_shown[policy] = true;
}

std::string finding_id(std::size_t finding) {
  return fmt::format("f{}", finding);
}
std::string code_id(std::string_view code) {
  return fmt::format("code-{}", code);
}
std::string policy_id(std::size_t policy) {
  return fmt::format("p{}", policy);
}
std::string rule_id(std::size_t policy, std::size_t rule) {
  return fmt::format("p{}r{}", policy, rule);
}
std::string source_id(std::size_t policy, std::size_t rule) {
  return fmt::format("p{}r{}s", policy, rule);
}
std::string objects_id(std::size_t policy, std::size_t rule) {
  return fmt::format("p{}r{}o", policy, rule);
}

std::string_view class_of(Effect outcome) {
  switch (outcome) {
    case Effect::Error:
      return "error";
    case Effect::Refused:
      return "refused";
    case Effect::Looser:
      return "looser";
    case Effect::Stricter:
      return "stricter";
    case Effect::NoEffect:
      return "none";
    case Effect::Note:
      return "same";
  }
  return {};
}

std::string_view class_of_finding(Effect effect) {
  return effect == Effect::Note ? "note" : class_of(effect);
}

std::string_view sign_of(Effect outcome) {
  switch (outcome) {
    case Effect::Error:
      return "!";
    case Effect::Refused:
      return "✕";
    case Effect::Looser:
      return "▲";
    case Effect::Stricter:
      return "▼";
    case Effect::NoEffect:
      return "○";
    case Effect::Note:
      return "=";
  }
  return {};
}

Html badge(std::string_view classes, std::string_view sign, std::string_view words) {
  Html content = element("i", {{"aria-hidden", "true"}}, text(sign));
  content += text(words);
  return classed("span", fmt::format("badge {}", classes), content);
}

Html finding_badge(Effect effect, Language language) {
  return badge(class_of_finding(effect), effect == Effect::Note ? "·" : sign_of(effect), name_of(effect, language));
}

Html outcome_badge(Effect effect, Language language) {
  return badge(class_of(effect), sign_of(effect), outcome_of(effect, language));
}

Html with_code(std::string_view message) {
  if (std::count(message.begin(), message.end(), '`') % 2 != 0) return text(message);
  Html all;
  for (bool is_code = false; !message.empty(); is_code = !is_code) {
    const std::size_t end = std::min(message.find('`'), message.size());
    const Html part = text(message.substr(0, end));
    all += is_code ? element("code", part) : part;
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return all;
}

Html classed(Name name, std::string_view classes, const Html& content) {
  return element(name, {{"class", std::string(classes)}}, content);
}

Html counted_text(std::size_t count, std::string_view one, std::string_view many, Language language) {
  return text(counted(count, one, many, language));
}

Html row(Name cell, const std::vector<Html>& cells) {
  Html all;
  for (const Html& each : cells) all += element(cell, each);
  return element("tr", all);
}

Html table(const std::vector<std::string_view>& head, const Html& rows, std::string_view classes) {
  Html names;
  for (const std::string_view name : head) names += element("th", {{"scope", "col"}}, text(name));
  Html content = element("thead", element("tr", names));
  content += element("tbody", rows);
  return classed("div", classes, element("table", content));
}

}  // namespace policyconv::report::html
