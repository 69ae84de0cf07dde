// A Verified as text and Markdown. Entrances: verify_text(), verify_markdown().
#include "cli/verify_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "report/document.h"
#include "report/build.h"
#include "report/terminal.h"

namespace policyconv::cli {
namespace {

using verify::Change;

/// Names of one side of a region, and regions, beyond which people do not read on. JSON has all.
constexpr std::size_t most_names = 6, most_regions = 100;

constexpr std::array<Change, 3> differences = {Change::Looser, Change::Undefined, Change::Stricter};

constexpr std::string_view future_remark =
    "This assumes that each gets the groups whose selectors match it, as the policy in 40-admission.yaml sees to.";

std::string ends_text(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(names.size(), most_names);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return report::printable(text);
}

/// A pod that does not exist yet is told by its labels.
std::string end_text(const verify::End& end, const Names& names, bool is_future) {
  std::string text = verify::to_string(names.cluster, end);
  const auto* pod = std::get_if<verify::PodEnd>(&end);
  if (is_future && pod != nullptr) {
    std::vector<std::string> labels;
    for (const auto& [key, value] : names.cluster.pods[pod->pod].labels) labels.push_back(key + "=" + value);
    text += labels.empty() ? " without labels" : fmt::format(" with {}", fmt::join(labels, ","));
  }
  return report::printable(text);
}

std::string example_text(const Traced& example, const Names& names, bool is_future) {
  const verify::Packet& packet = example.judgement.packet;
  std::string text = fmt::format("{} ({}) -> {} ({}), {}", end_text(example.flow.from, names, is_future),
                                 to_string(packet.source), end_text(example.flow.to, names, is_future),
                                 to_string(packet.destination), packet_text(packet.protocol, packet.port));
  if (packet.source_port != verify::Packet().source_port && packet.source_port != 0)
    text += fmt::format(" from port {}", packet.source_port);
  if (example.to_service)
    text += fmt::format(", through {} port {}", to_string(example.to_service->destination), example.to_service->port);
  return text;
}

/// What decides, in both systems: label and text.
std::vector<std::pair<std::string, std::string>> reasons(const Traced& example, const Names& names) {
  std::vector<std::pair<std::string, std::string>> lines;
  const auto add = [&](std::string_view system, const EndJudgement& end, std::string text) {
    lines.emplace_back(fmt::format("[{} {}]", system, policyconv::to_string(end.direction)), std::move(text));
  };
  const std::vector<EndJudgement>& ends = example.judgement.ends;
  if (ends.empty()) return lines;
  const std::size_t at = example.deciding_end();
  const EndJudgement& end = at < ends.size() ? ends[at] : ends.front();
  add("Cilium", end, policies_text(end, names));
  if (example.first_packet)
    add("Kube-OVN", *example.first_packet,
        "first packet, to the Service: " +
            objects_text(example.first_packet->objects, example.first_packet->tied, names));
  // Of something looser through a Service, what the backend's own rules say comes too late.
  const bool is_late = example.first_packet && end.direction == Direction::Egress;
  if (at < ends.size() && !is_late) add("Kube-OVN", end, objects_text(end.objects, end.tied, names));
  return lines;
}

/// The line of a source, with a caret.
std::string excerpt(const Sources& sources, Loc where, bool colour) {
  if (where.file == 0 || where.line == 0) return {};
  return fmt::format("  --> {}\n", report::place_text(sources, where)) +
         report::snippet(sources.line(where.file, where.line), where.line, where.column, colour);
}

/// Excerpts of the rules that decide, one of each system; the rest is in the text.
std::string excerpts(const Traced& example, const Names& names, bool colour) {
  std::string text;
  const std::vector<EndJudgement>& ends = example.judgement.ends;
  if (ends.empty()) return text;
  const std::size_t at = example.deciding_end();
  const EndJudgement& end = at < ends.size() ? ends[at] : ends.front();
  const auto isolating = std::find_if(end.selections.begin(), end.selections.end(),
                                      [](const Selection& selection) { return selection.default_deny; });
  if (!end.policies.rules.empty() && end.policies.rules.front() != RuleId::None)
    text += excerpt(names.sources, names.catalog.rule(end.policies.rules.front()).loc, colour);
  else if (end.policies.verdict == Verdict::Deny && isolating != end.selections.end())
    text += excerpt(names.sources, names.catalog.policy(isolating->policy).loc, colour);
  const verify::Decision& objects =
      example.first_packet && end.direction == Direction::Egress ? example.first_packet->objects : end.objects;
  if (!objects.places.empty()) text += excerpt(names.sources, objects.places.front(), colour);
  return text;
}

std::string command_of(const Traced& example, const Names& names) {
  return trace_command(example.to_service.value_or(example.judgement.packet), names.cluster);
}

std::string bug_remark() {
  return "the evaluators of single flows do not find this difference: this is a bug of policyconv, please report it";
}

bool is_sctp(const verify::Traffic& traffic) {
  return std::all_of(traffic.begin(), traffic.end(),
                     [](const verify::Packets& packets) { return packets.protocol == Protocol::Sctp; });
}

class Text {
 public:
  Text(const Verified& verified, bool colour) : verified_(verified), colour_(colour) {}

  void add_regions(const std::vector<VerifiedRegion>& regions, const Names& names, bool is_future) {
    std::size_t shown = 0, left_out = 0;
    for (const VerifiedRegion& region : regions) {
      if (region.change == Change::Infrastructure) continue;
      if (++shown <= most_regions)
        add(region, names, is_future);
      else
        ++left_out;
    }
    if (left_out > 0) text_ += fmt::format("… and {} more (--format json has all)\n\n", left_out);
  }

  void add_infrastructure(const std::vector<VerifiedRegion>& regions) {
    bool any = false, any_sctp = false;
    const std::string note = report::paint("note", report::Style::Green, colour_);
    for (const VerifiedRegion& region : regions) {
      if (region.change != Change::Infrastructure) continue;
      any = true;
      if (is_sctp(region.traffic)) any_sctp = true;
      else
        text_ += fmt::format("{}: {} passes in Kube-OVN whatever the policies, as pods need it\n", note,
                             region_text(region, verified_.one_family));
    }
    if (any_sctp)
      text_ += note + ": sctp passes in Kube-OVN between ends that no policy selects; Cilium dropped it, without --sctp\n";
    if (any) text_ += '\n';
  }

  void add(const CheckedAssertion& checked, const Names& names) {
    if (!checked.policies && !checked.objects) return;
    const verify::Assertion& assertion = checked.assertion;
    text_ +=
        fmt::format("{}: {}: {}\n", report::place_text(names.sources, assertion.loc), report::paint("assertion fails", report::Style::Red, colour_),
                    report::paint(report::printable(assertion.text), report::Style::Bold, colour_));
    add_failure("Cilium", checked.policies, names);
    add_failure("Kube-OVN", checked.objects, names);
    text_ += '\n';
  }

  void add_line(std::string_view line) { text_ += fmt::format("{}\n", line); }
  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  void add(const VerifiedRegion& region, const Names& names, bool is_future) {
    text_ += fmt::format("{}: {}\n", report::paint(std::string(to_string(region.change)), style_of(agreement_of(region.change)), colour_),
                         report::paint(region_text(region, verified_.one_family), report::Style::Bold, colour_));
    text_ += excerpts(region.example, names, colour_);
    remark("example", example_text(region.example, names, is_future));
    for (const auto& [label, reason] : reasons(region.example, names))
      text_ += fmt::format("        {:<18} {}\n", label, reason);
    if (!is_future) remark("in OVN", command_of(region.example, names));
    if (!region.is_confirmed) remark("bug", bug_remark());
    text_ += '\n';
  }

  void add_failure(std::string_view system, const std::optional<CheckedAssertion::Failure>& failure,
                   const Names& names) {
    if (!failure) return remark(system, "holds");
    const bool passes = system == "Cilium" ? failure->example.judgement.policies() == Verdict::Allow
                                           : failure->example.judgement.objects() == Verdict::Allow;
    remark(system, fmt::format("{}: {}",
                               failure->is_undefined ? "is undefined"
                               : passes              ? "passes"
                                                     : "is denied",
                               example_text(failure->example, names, false)));
    for (const auto& [label, reason] : failure_reasons(system == "Cilium", *failure, names))
      text_ += fmt::format("        {:<18} {}\n", label, reason);
  }

  static std::vector<std::pair<std::string, std::string>> failure_reasons(bool of_policies,
                                                                          const CheckedAssertion::Failure& failure,
                                                                          const Names& names) {
    std::vector<std::pair<std::string, std::string>> lines;
    for (const EndJudgement& end : failure.example.judgement.ends)
      lines.emplace_back(
          fmt::format("[{} {}]", of_policies ? "Cilium" : "Kube-OVN", policyconv::to_string(end.direction)),
          of_policies ? policies_text(end, names) : objects_text(end.objects, end.tied, names));
    return lines;
  }

  void remark(std::string_view what, std::string_view text) {
    if (!text.empty()) text_ += fmt::format("      = {}: {}\n", report::paint(std::string(what), report::Style::Bold, colour_), text);
  }

  const Verified& verified_;
  bool colour_;
  std::string text_;
};

std::size_t count(const std::vector<VerifiedRegion>& regions, Change change) {
  return static_cast<std::size_t>(std::count_if(regions.begin(), regions.end(),
                                                [&](const VerifiedRegion& region) { return region.change == change; }));
}

/// "2 looser, 1 stricter"; empty if there is no difference.
std::string tally(const std::vector<VerifiedRegion>& regions) {
  std::vector<std::string> parts;
  for (const Change change : differences)
    if (const std::size_t found = count(regions, change); found > 0)
      parts.push_back(fmt::format("{} {}", found, to_string(change)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::size_t failures(const Verified& verified) {
  return static_cast<std::size_t>(
      std::count_if(verified.assertions.begin(), verified.assertions.end(),
                    [](const CheckedAssertion& each) { return each.policies || each.objects; }));
}

std::string future_summary(const Verified& verified) {
  std::string text = report::counted(verified.future_pods, "label combination", "label combinations") + " of future pods";
  if (verified.over_budget > 0) text += fmt::format(" ({} more not looked at)", verified.over_budget);
  if (verified.without_address > 0)
    text += fmt::format(" ({} left out: no free address where they would land)", verified.without_address);
  return text;
}

std::string summary(const Verified& verified) {
  std::vector<std::string> parts = {verdict_text(verified)};
  parts.push_back(fmt::format("{}, {} compared", report::counted(verified.pods, "class of pods", "classes of pods"),
                              report::counted(verified.pairs, "pair that may differ", "pairs that may differ")));
  if (verified.future_cluster) parts.push_back(future_summary(verified));
  if (!verified.assertions.empty())
    parts.push_back(fmt::format("{} of {} hold", verified.assertions.size() - failures(verified),
                                report::counted(verified.assertions.size(), "assertion", "assertions")));
  if (verified.accepted > 0)
    parts.push_back(report::counted(verified.accepted, "finding", "findings") + " accepted by the baseline");
  parts.push_back(fmt::format("exit {}", verified.status));
  return fmt::format("{}", fmt::join(parts, " · "));
}

void add_markdown(const std::vector<VerifiedRegion>& regions, const Names& names, bool is_future, bool one_family,
                  std::string& text) {
  std::size_t shown = 0;
  for (const VerifiedRegion& region : regions) {
    if (region.change == Change::Infrastructure || ++shown > most_regions) continue;
    text += fmt::format("\n### {}: {}\n\n", to_string(region.change), report::markdown(region_text(region, one_family)));
    text += fmt::format("- example: {}\n", report::markdown(example_text(region.example, names, is_future)));
    for (const auto& [label, reason] : reasons(region.example, names))
      text += fmt::format("- {} {}\n", report::markdown(label), report::markdown(reason));
    if (const std::string command = command_of(region.example, names); !is_future && !command.empty())
      text += fmt::format("\n```sh\n{}\n```\n", report::printable(command));
    if (!region.is_confirmed) text += fmt::format("- **bug**: {}\n", bug_remark());
  }
  if (shown > most_regions) text += fmt::format("\n… and {} more (`--format json` has all)\n", shown - most_regions);
}

}  // namespace

Agreement agreement_of(Change change) {
  switch (change) {
    case Change::Looser:
      return Agreement::Looser;
    case Change::Undefined:
      return Agreement::Undefined;
    case Change::Stricter:
      return Agreement::Stricter;
    case Change::Infrastructure:
      return Agreement::Same;
  }
  return Agreement::Same;
}

int exit_status(const Verified& verified) {
  int status = 0;
  for (const auto* regions : {&verified.present, &verified.future})
    for (const VerifiedRegion& region : *regions) status = std::max(status, exit_status(agreement_of(region.change)));
  for (const CheckedAssertion& checked : verified.assertions) {
    if (!checked.policies && !checked.objects) continue;
    const bool is_open = checked.objects && checked.assertion.verdict == Verdict::Deny;
    status = std::max(status, exit_status(is_open ? Agreement::Looser : Agreement::Stricter));
  }
  return status;
}

std::string region_text(const VerifiedRegion& region, bool one_family) {
  std::string text =
      fmt::format("{} -> {} {}", ends_text(region.from), ends_text(region.to), verify::to_string(region.traffic));
  if (!one_family && region.v4 != region.v6) text += region.v4 ? " (IPv4)" : " (IPv6)";
  if (!region.service.empty()) text += " through svc:" + report::printable(region.service);
  switch (region.change) {
    case Change::Looser:
      return text + ": cilium deny, kube-ovn allow";
    case Change::Undefined:
      return text + ": kube-ovn undefined, rules of different actions tie";
    case Change::Stricter:
      return text + ": cilium allow, kube-ovn deny";
    case Change::Infrastructure:
      return text;
  }
  return text;
}

std::string verdict_text(const Verified& verified) {
  const std::string present = tally(verified.present), future = tally(verified.future);
  if (present.empty() && future.empty()) return "equal for all packets";
  if (present.empty()) return fmt::format("equal for all packets of today's pods; {} for future pods", future);
  return future.empty() ? present : fmt::format("{}; {} for future pods", present, future);
}

std::string verify_text(const Verified& verified, const Names& names, bool colour) {
  Text text(verified, colour);
  text.add_regions(verified.present, names, false);
  if (!tally(verified.future).empty()) {
    text.add_line(report::paint("Pods that do not exist yet:", report::Style::Bold, colour));
    text.add_line(fmt::format("{}\n", future_remark));
    text.add_regions(verified.future, {names.sources, names.catalog, *verified.future_cluster}, true);
  }
  for (const CheckedAssertion& checked : verified.assertions) text.add(checked, names);
  text.add_infrastructure(verified.present);
  for (const std::string& match : verified.not_told_apart)
    text.add_line(
        fmt::format("note: match `{}` compares parts of addresses; outside addresses that only it tells apart "
                    "were not looked at one by one\n",
                    report::printable(match)));
  text.add_line(summary(verified));
  return std::move(text).take();
}

std::string verify_markdown(const Verified& verified, const Names& names) {
  std::string text = "# Verification: " + report::markdown(verdict_text(verified)) + "\n\n" + report::markdown(summary(verified)) + "\n";
  if (!tally(verified.present).empty()) text += "\n## Pods of today\n";
  add_markdown(verified.present, names, false, verified.one_family, text);
  if (!tally(verified.future).empty()) {
    text += fmt::format("\n## Pods that do not exist yet\n\n{}\n", future_remark);
    add_markdown(verified.future, {names.sources, names.catalog, *verified.future_cluster}, true, verified.one_family,
                 text);
  }
  if (!verified.assertions.empty()) text += "\n## Assertions\n\n| assertion | Cilium | Kube-OVN |\n|---|---|---|\n";
  for (const CheckedAssertion& checked : verified.assertions) {
    const auto cell = [&](const std::optional<CheckedAssertion::Failure>& failure) {
      return failure ? "fails: " + report::markdown(example_text(failure->example, names, false)) : std::string("holds");
    };
    text += fmt::format("| {} ({}) | {} | {} |\n", report::markdown(checked.assertion.text),
                        report::markdown(report::place_text(names.sources, checked.assertion.loc)), cell(checked.policies),
                        cell(checked.objects));
  }
  if (count(verified.present, Change::Infrastructure) > 0) text += "\n## Passes whatever the policies\n\n";
  for (const VerifiedRegion& region : verified.present)
    if (region.change == Change::Infrastructure)
      text += fmt::format("- {}\n", report::markdown(region_text(region, verified.one_family)));
  for (const std::string& match : verified.not_told_apart)
    text += fmt::format(
        "\nMatch `{}` compares parts of addresses; outside addresses that only it tells apart were not "
        "looked at one by one.\n",
        report::printable(match));
  return text;
}

}  // namespace policyconv::cli
