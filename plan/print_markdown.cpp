// Entrance: markdown_text(). A table of all steps, then each step; steps that differ in their pods alone are one section with
// a table, so that 500 of them can still be read.
#include "plan/print_markdown.h"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plan/edit_plan_words.h"

namespace policyconv::plan {
namespace {

constexpr std::string_view head = R"(# Plan: from Cilium in chaining to Kube-OVN alone

Every step has commands, checks, what to do if a check fails, and how to undo it. Commands run in the directory of this file.
Take the steps in order and do not go on before the checks of a step hold. `plan.json` says the same for programs.

**The promise.** Up to the step that removes policies Cilium enforces beside Kube-OVN: what passes, passes both, so nothing is
let through that Cilium's policies deny. From the last *enforce* on the objects alone are enough. Nor is anything closed on the
way that is open at the end. Each file may be applied again, and may be interrupted: the promise holds in the middle of a step,
in whatever order its objects are applied.
)";

constexpr std::string_view leaks = R"(
## What can leak or blink

- **Established connections.** Where Kube-OVN revokes what passed, a connection that is established already goes on passing
  every second packet (1.13 and later, K§8.1); new ones are blocked. While Cilium enforces it cuts what its policies deny, so
  this concerns only what the report calls stricter: restart the pods at the closed end when it must be certain.
- **Groups that are edited.** Kube-OVN empties a direction of a group before it fills it (K§2.6): pods that carry it are closed
  for a moment, and its denies are missing. No step of this plan edits a group that pods carry.
- **Subnets that are edited**, by whomever: their ACLs are gone for a moment (K§5).
- **A controller that was down** when an annotation changed has not seen the change (K§3.3): take the annotation off and apply
  the step again.
- **New pods** run for a moment before their groups hold (K§3.5), as with every group.
- **Pods that join.** Kube-OVN puts a port into its groups one by one, and into deny-all from another queue (K§3.5). While these
  queues are full a pod may be closed before open-in and open-out hold it, so a wave should have few pods.
- **Virtual machines** take annotations from the template of the VirtualMachine at their next start (K§3.6).
)";

constexpr std::string_view stays_closed = R"(- **Pods that leave.** Up to Kube-OVN 1.14.11 a pod stays closed when its last group is taken off (K§8.2): after undoing a *join*
  restart its pods.
)";

constexpr std::string_view references = R"(
K§n are sections of `docs/reference/kube-ovn.md` in policyconv's documentation: what was measured, and how.
)";

constexpr std::string_view rollback = R"(
## Back

Undo the steps backwards, beginning with the one you are at, each with its own *undo*. Cilium's policies come back first; only
when they are enforced again do the objects go. Then take a dump as in the first step, as now.yaml, and ask whether everything
is as it was:

```sh
policyconv rollback-check --plan plan.json --cluster now.yaml
```
)";

/// Steps that are shown together.
using Section = std::span<const Step>;

std::vector<Section> sections_of(const std::vector<Step>& steps) {
  std::vector<Section> sections;
  for (std::size_t first = 0; first < steps.size();) {
    std::size_t last = first + 1;
    const bool in_waves = steps[first].kind == StepKind::Join || steps[first].kind == StepKind::Enforce;
    while (in_waves && last < steps.size() && steps[last].kind == steps[first].kind) ++last;
    sections.emplace_back(steps.data() + first, last - first);
    first = last;
  }
  return sections;
}

std::size_t pods_of(Section section) {
  std::size_t pods = 0;
  for (const Step& step : section) pods += step.objects.bindings.size();
  return pods;
}

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string namespaces_of(const Step& step) {
  constexpr std::size_t shown = 4;
  std::vector<std::string> names;
  for (const std::string& ns : step.namespaces) names.push_back(plain_name(ns));
  if (names.size() <= shown) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + shown, ", "), names.size() - shown);
}

std::string title_of(Section section) {
  if (section.size() == 1) return section.front().title;
  return fmt::format("{} in {} waves, {} pods", section.front().kind == StepKind::Join ? "Join" : "Enforce", section.size(),
                     pods_of(section));
}

std::string ids_of(Section section) {
  if (section.size() == 1) return fmt::format("`{}`", section.front().id);
  return fmt::format("`{}` to `{}`", section.front().id, section.back().id);
}

std::string overview(const std::vector<Section>& sections) {
  if (sections.empty()) return {};
  std::string text = "\n## Overview\n\n| step | what | objects | undo |\n|---|---|---|---|\n";
  for (const Section& section : sections) {
    const Step& step = section.front();
    const bool one = section.size() == 1;
    const std::string file = step.file.empty() ? "" : one ? fmt::format("`{}`", step.file) : "`steps/`, see there";
    const std::string undo = step.undo_commands.empty() ? "nothing to undo" : "see there";
    text += fmt::format("| {} | {}{} | {} | {} |\n", ids_of(section), cell(title_of(section)), step.optional ? " (optional)" : "",
                        file, undo);
  }
  return text;
}

/// With a fence that nothing inside can end.
std::string fenced(const std::vector<std::string>& commands) {
  const std::string text = fmt::format("{}\n", fmt::join(commands, "\n"));
  std::size_t longest = 0, run = 0;
  for (const char c : text) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  const std::string fence(std::max<std::size_t>(3, longest + 1), '`');
  return fmt::format("\n{}sh\n{}{}\n", fence, text, fence);
}

/// `text` with $STEP for the id of the step.
std::string generic(std::string text, const Step& step) {
  for (std::size_t at = 0; (at = text.find(step.id, at)) != text.npos; at += 5) text.replace(at, step.id.size(), "$STEP");
  return text;
}

std::vector<std::string> generic(std::vector<std::string> texts, const Step& step) {
  for (std::string& text : texts) text = generic(std::move(text), step);
  return texts;
}

std::string checks_text(const Step& step, bool one) {
  if (step.checks.empty()) return {};
  std::string text = one ? "\n**Check:**\n" : fmt::format("\n**Check**, here for `{}`:\n", step.id);
  for (const Check& check : step.checks) text += fmt::format("{}\nExpected: {}.\n", fenced({check.command}), check.expect);
  return text;
}

std::string waves_table(Section section) {
  std::string text = "\n| STEP | namespaces | pods |\n|---|---|---|\n";
  for (const Step& step : section)
    text += fmt::format("| `{}` | {} | {} |\n", step.id, cell(namespaces_of(step)), step.objects.bindings.size());
  return text;
}

std::string section_text(Section section) {
  const Step& step = section.front();
  const bool one = section.size() == 1;
  std::string text = fmt::format("\n## {}: {}{}\n\n{}\n", ids_of(section), title_of(section), step.optional ? " (optional)" : "", step.why);
  if (!one) text += "\nOne after the other, with `STEP` set to each name of the first column:\n" + waves_table(section);
  if (!step.commands.empty()) text += fenced(one ? step.commands : generic(step.commands, step));
  text += checks_text(step, one);
  if (!step.if_it_fails.empty()) text += "\n**If it fails:**\n\n";
  for (const std::string& advice : step.if_it_fails) text += fmt::format("- {}\n", advice);
  if (step.undo_commands.empty()) return text + "\n**Undo:** nothing.\n";
  return text + (one ? "\n**Undo:**\n" : "\n**Undo**, backwards:\n") + fenced(one ? step.undo_commands : generic(step.undo_commands, step));
}

}  // namespace

std::string plain_name(std::string_view name) {
  std::string plain(name);
  for (char& c : plain) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                      c == '_' || c == '/' || c == ',';
    if (!fine) c = '?';
  }
  return plain;
}

std::string markdown_text(const Plan& plan) {
  std::string text(plan.is_edit ? edit_head : head);
  text += fmt::format("\nFor Kube-OVN 1.{}; objects of another release mean something else.\n", plan.release.minor);
  if (!plan.notes.empty()) text += "\n**Note:**\n\n";
  for (const std::string& note : plan.notes) text += fmt::format("- {}\n", note);
  const std::vector<Section> sections = sections_of(plan.steps);
  text += overview(sections);
  for (const Section& section : sections) text += section_text(section);
  if (plan.is_edit) return text.append(edit_tail).append(references);
  text += rollback;
  text += leaks;
  if (plan.release.minor <= 14) text += stays_closed;
  return text.append(references);
}

}  // namespace policyconv::plan
