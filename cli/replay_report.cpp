// A Replayed as text and Markdown.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cli/replay.h"
#include "report/build.h"
#include "report/terminal.h"

namespace policyconv::cli {
namespace {

std::string records(std::uint64_t count) {
  return report::counted(count, "record", "records");
}

std::string flow_text(const ReplayRow& row) {
  return fmt::format("{} -> {} {}", report::printable(row.from), report::printable(row.to), packet_text(row.protocol, row.port));
}

/// What Cilium did: as recorded at this end, and what its policies say.
std::string cilium_text(const ReplayRow& row, const Names& names) {
  const std::string pod = verify::to_string(names.cluster, verify::PodEnd{row.end.pod});
  const std::string policies = policies_text(row.end, names);
  if (!row.is_recorded) return fmt::format("{}: by its policies {}", pod, policies);
  const std::string_view recorded = row.before == Verdict::Allow ? "passed" : "dropped";
  return fmt::format("{}: recorded as {}; by its policies {}", pod, recorded, policies);
}

std::string kube_ovn_text(const ReplayRow& row, const Names& names) {
  return fmt::format("{}: {}", verify::to_string(names.cluster, verify::PodEnd{row.end.pod}),
                     objects_text(row.end.objects, row.end.tied, names));
}

std::vector<std::string> remarks(const ReplayRow& row) {
  std::vector<std::string> texts;
  if (row.audited > 0)
    texts.push_back(fmt::format("{} passed only because of Cilium's policy audit mode", records(row.audited)));
  if (row.stand_ins > 0)
    texts.push_back(
        fmt::format("{}: the pod is gone, another one with the same labels was judged", records(row.stand_ins)));
  return texts;
}

std::string conclusion(const Replayed& replayed) {
  std::uint64_t stricter = 0, looser = 0, undefined = 0, skipped = 0;
  for (const ReplayRow& row : replayed.changed) {
    if (row.change == Agreement::Stricter) stricter += row.records;
    if (row.change == Agreement::Looser) looser += row.records;
    if (row.change == Agreement::Undefined) undefined += row.records;
  }
  for (const std::uint64_t count : replayed.not_judged) skipped += count;
  std::string text = fmt::format("{} judged: {} the same", records(replayed.judged), replayed.same);
  if (stricter > 0) text += fmt::format(", {} stricter", stricter);
  if (looser > 0) text += fmt::format(", {} looser", looser);
  if (undefined > 0) text += fmt::format(", {} undefined", undefined);
  if (skipped > 0) text += fmt::format("; {} not judged", skipped);
  if (replayed.accepted > 0)
    text += fmt::format(" · {} accepted by the baseline", report::counted(replayed.accepted, "finding", "findings"));
  return text + fmt::format(" · exit {}", replayed.status);
}

/// Largest first.
std::vector<std::pair<std::uint64_t, NotJudged>> not_judged(const Replayed& replayed) {
  std::vector<std::pair<std::uint64_t, NotJudged>> found;
  for (std::size_t at = 0; at < not_judged_causes; ++at)
    if (replayed.not_judged[at] > 0) found.emplace_back(replayed.not_judged[at], static_cast<NotJudged>(at));
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  return found;
}

std::string direction_label(std::string_view system, const ReplayRow& row) {
  return fmt::format("  {:<18} ", fmt::format("[{} {}]", system, policyconv::to_string(row.end.direction)));
}

/// Text in a cell of a Markdown table, or in a list.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : report::printable(text)) {
    if (c == '|' || c == '\\' || c == '`' || c == '*' || c == '_' || c == '<') result += '\\';
    result += c;
  }
  return result;
}

}  // namespace

std::string hint_for(const ReplayRow& row) {
  if (row.before == Verdict::Allow)
    return "a policy or label changed since, the connection is older than the policy, or a rule with toFQDNs or "
           "toGroups "
           "let it in, whose addresses are known at run time only";
  return "a policy or label changed since, the policy is missing in --policies, or a rule with authentication or layer "
         "7 "
         "dropped it";
}

std::string replay_text(const Replayed& replayed, const Names& names, bool colour) {
  std::string text;
  const auto add = [&](const ReplayRow& row, const std::string& title) {
    text += title + "\n";
    text += direction_label("Cilium", row) + cilium_text(row, names) + "\n";
    text += direction_label("Kube-OVN", row) + kube_ovn_text(row, names) + "\n";
    for (const std::string& remark : remarks(row)) text += fmt::format("  = note: {}\n", remark);
  };
  for (const ReplayRow& row : replayed.changed) {
    const std::string change = report::paint(std::string(to_string(row.change)), style_of(row.change), colour);
    add(row, fmt::format("{}: {}", change,
                         report::paint(fmt::format("{}: {}", flow_text(row), records(row.records)), report::Style::Bold, colour)));
    text += '\n';
  }
  if (!replayed.unexplained.empty()) text += "Cilium recorded something else than its policies say:\n\n";
  for (const ReplayRow& row : replayed.unexplained) {
    add(row, report::paint(fmt::format("{}: {}", flow_text(row), records(row.records)), report::Style::Bold, colour));
    text += fmt::format("  = help: {}\n\n", hint_for(row));
  }
  if (const auto causes = not_judged(replayed); !causes.empty()) {
    text += "not judged:\n";
    for (const auto& [count, cause] : causes) text += fmt::format("  {:>9}  {}\n", count, to_string(cause));
    text += '\n';
  }
  return text + conclusion(replayed) + "\n";
}

std::string replay_markdown(const Replayed& replayed, const Names& names) {
  std::string text = "# Replay of recorded flows\n\n" + escaped(conclusion(replayed)) + "\n";
  const auto table = [&](std::string_view title, const std::vector<ReplayRow>& rows, bool with_hint) {
    if (rows.empty()) return;
    text += fmt::format(
        "\n## {}\n\n| change | flow | records | Cilium | Kube-OVN | remarks |\n|---|---|---|---|---|---|\n", title);
    for (const ReplayRow& row : rows) {
      std::vector<std::string> notes = remarks(row);
      if (with_hint) notes.push_back(hint_for(row));
      text += fmt::format("| {} | {} | {} | {} {} | {} {} | {} |\n", with_hint ? "" : to_string(row.change),
                          escaped(flow_text(row)), row.records, policyconv::to_string(row.end.direction),
                          escaped(cilium_text(row, names)), policyconv::to_string(row.end.direction),
                          escaped(kube_ovn_text(row, names)), escaped(fmt::format("{}", fmt::join(notes, "; "))));
    }
  };
  table("Verdicts that would change", replayed.changed, false);
  table("Recorded otherwise than the policies say", replayed.unexplained, true);
  if (const auto causes = not_judged(replayed); !causes.empty()) {
    text += "\n## Not judged\n\n| records | cause |\n|---|---|\n";
    for (const auto& [count, cause] : causes) text += fmt::format("| {} | {} |\n", count, escaped(to_string(cause)));
  }
  return text;
}

}  // namespace policyconv::cli
