// Reports that no run would make, for faces: hostile texts in every place, and thousands of findings.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <vector>

#include "report/model.h"

namespace policyconv::testing {

/// Each in a form that would do harm, or hide, where a face does not escape it. "mark" is in all of them.
inline const std::vector<std::string> hostile_texts = {
    "<script>document.title='mark'</script>",
    "\"><img src=x onerror=document.title='mark'>",
    "' onmouseover='document.title=mark' x='",
    "]]><svg onload=document.title='mark'>",
    "</style><style>main{display:none}/*mark*/</style>",
    "</script><script>document.title='mark'</script>",
    "<!-- mark",
    "&lt;mark&gt; &amp;",
    "javascript:mark()",
    "`|` **mark** [a](http://mark.example) @mark #1",
    "\xE2\x80\xAE mark \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
    "\xF0\x9F\x94\xA5 mark \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
    "mark\nmark\r\n\tmark\x1b[31m\x01",
    "mark \xFF\xC0\x80 no UTF-8",
    "mark-" + std::string(5000, 'w'),
};

inline Kind kind_with(Effect effect) {
  for (std::size_t at = 0; at < std::size(definitions); ++at)
    if (definitions[at].effect == effect) return static_cast<Kind>(at);
  return {};
}

/// Each hostile text in every text of a report.
inline report::Report hostile_report() {
  report::Report report;
  report.command = "migrate";
  report.version = "0";
  for (std::size_t at = 0; at < hostile_texts.size(); ++at) {
    const std::string& text = hostile_texts[at];
    report::Finding finding;
    finding.kind = kind_with(Effect::Stricter);
    finding.effect = Effect::Stricter;
    finding.place = {text, 2, 3, text, 3, text};
    finding.policy = "CiliumNetworkPolicy " + text;
    finding.rule = text;
    finding.message = text;
    finding.suggestion = text;
    finding.arguments = {text};
    finding.fingerprint = fmt::format("{:016x}", at);
    if (at % 2 == 1) finding.accepted = report::Acceptance{text, text, text, text};
    report::RuleOutcome rule{text, Direction::Ingress, Verdict::Allow, 2, Effect::Stricter, {at}};
    report.policies.push_back({text, text, text, {text, 1, 1, text, 1, {}}, true, Effect::Note, {}, {rule}});
    report.findings.push_back(finding);
    report.settings.emplace_back(text, text);
    report.files.push_back({text, 1, 0, {}});
    report.sources.emplace_back(text, text + "\n  - " + text + "\n");
    report.artefacts.push_back(
        {text, "kind: " + text + "\nmetadata:\n  name: " + text + "\n" + text + "\n", {{1, at, 0}, {3, at, 0}}});
    report.groups.emplace_back(text, text);
  }
  report.matrix.emplace();
  report.matrix->ends = hostile_texts;
  report.matrix->cells.assign(hostile_texts.size(), std::vector<report::Matrix::Cell>(hostile_texts.size()));
  report.status = 3;
  return report;
}

/// `count` policies with a finding each.
inline report::Report large_report(std::size_t count) {
  constexpr Effect effects[] = {Effect::Refused, Effect::Looser, Effect::Stricter, Effect::NoEffect, Effect::Note};
  report::Report report;
  report.command = "migrate";
  report.version = "0";
  std::string source;
  report::Artefact artefact{"00-security-groups.yaml", {}, {}};
  for (std::size_t at = 0; at < count; ++at) {
    const Effect effect = effects[at % std::size(effects)];
    const auto line = static_cast<std::uint32_t>(6 * at + 1);
    const std::string name = fmt::format("policy-{}", at);
    source += fmt::format(
        "kind: CiliumNetworkPolicy\nmetadata: {{name: {}}}\nspec:\n  ingress:\n  - fromEndpoints: [{{}}]\n---\n", name);
    artefact.text +=
        fmt::format("kind: SecurityGroup\nmetadata:\n  name: pc-{}\nspec:\n  - priority: {}\n---\n", name, at);
    artefact.links.push_back({line + 4, at, 0});
    report::Finding finding;
    finding.kind = kind_with(effect);
    finding.effect = effect;
    finding.place = {"policies.yaml", line + 4, 5, "  - fromEndpoints: [{}]", 5, {}};
    finding.policy = "CiliumNetworkPolicy shop/" + name;
    finding.rule = "spec.ingress[0]";
    finding.message = fmt::format("finding number {}", at);
    finding.fingerprint = fmt::format("{:016x}", at);
    report.findings.push_back(finding);
    report::RuleOutcome rule{"spec.ingress[0]", Direction::Ingress, Verdict::Allow, line + 4, effect, {at}};
    report.policies.push_back(
        {"CiliumNetworkPolicy", "shop", name, {"policies.yaml", line, 1, {}, 1, {}}, true, Effect::Note, {}, {rule}});
  }
  report.sources.emplace_back("policies.yaml", source);
  report.artefacts.push_back(std::move(artefact));
  report.status = 5;
  return report;
}

}  // namespace policyconv::testing
