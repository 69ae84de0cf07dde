#include "report/since.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "report/build.h"
#include "report/terminal.h"

namespace policyconv::report {
namespace {

/// A list beyond `most` is cut to `shown`, unless the report is verbose.
constexpr std::size_t most = 20, shown = 10;

std::string display(const PolicyOutcome& policy) {
  return fmt::format("{} {}{}{}", policy.kind, policy.ns, policy.ns.empty() ? "" : "/", policy.name);
}

/// Policies that either report has more than once.
std::set<std::string> ambiguous(const Report& before, const Report& after) {
  std::set<std::string> found;
  for (const Report* report : {&before, &after}) {
    std::set<std::string> seen;
    for (const PolicyOutcome& policy : report->policies)
      if (!seen.insert(display(policy)).second) found.insert(display(policy));
  }
  return found;
}

/// File (empty if the policy is unique), policy, rule, and a number for what is still the same.
using Key = std::tuple<std::string, std::string, std::string, std::size_t>;

struct Fate {
  Effect effect = Effect::Note;
  std::string file;
};

std::map<Key, Fate> fates(const Report& report, const std::set<std::string>& ambiguous) {
  std::map<Key, Fate> found;
  for (const PolicyOutcome& policy : report.policies) {
    const std::string name = display(policy);
    const std::string file = ambiguous.count(name) > 0 ? policy.place.file : std::string();
    for (const RuleOutcome& rule : policy.rules) {
      Key key(file, name, rule.path, 0);
      while (!found.try_emplace(key, Fate{rule.effect, policy.place.file}).second) ++std::get<3>(key);
    }
  }
  return found;
}

/// A rule with an error is as good as refused.
Effect settled(Effect effect) { return effect == Effect::Error ? Effect::Refused : effect; }

/// What opens something is worse than what closes it, whatever the exit status says.
int harm(Effect effect) {
  switch (effect) {
    case Effect::Note: return 0;
    case Effect::NoEffect: return 1;
    case Effect::Stricter: return 2;
    case Effect::Error:
    case Effect::Refused: return 3;
    case Effect::Looser: return 4;
  }
  return 4;
}

RuleChange change_of(const Key& key, const Fate* before, const Fate* after) {
  RuleChange change;
  change.policy = std::get<1>(key);
  change.rule = std::get<2>(key);
  change.file = (after != nullptr ? after : before)->file;
  if (before != nullptr) change.before = settled(before->effect);
  if (after != nullptr) change.after = settled(after->effect);
  if (before == nullptr) change.trend = Trend::New;
  else if (after == nullptr) change.trend = Trend::Gone;
  else change.trend = harm(*change.before) < harm(*change.after) ? Trend::Worse : Trend::Better;
  return change;
}

std::size_t urgency(Trend trend) {
  switch (trend) {
    case Trend::Worse: return 0;
    case Trend::New: return 1;
    case Trend::Better: return 2;
    case Trend::Gone: return 3;
  }
  return 4;
}

std::vector<RuleChange> changes_of(const Report& before, const Report& after) {
  const std::set<std::string> unclear = ambiguous(before, after);
  const std::map<Key, Fate> old = fates(before, unclear), now = fates(after, unclear);
  std::vector<RuleChange> changes;
  for (const auto& [key, fate] : now) {
    const auto known = old.find(key);
    const Fate* was = known == old.end() ? nullptr : &known->second;
    if (was == nullptr || settled(was->effect) != settled(fate.effect)) changes.push_back(change_of(key, was, &fate));
  }
  for (const auto& [key, fate] : old)
    if (now.count(key) == 0) changes.push_back(change_of(key, &fate, nullptr));
  std::stable_sort(changes.begin(), changes.end(), [](const RuleChange& a, const RuleChange& b) {
    return std::tuple(urgency(a.trend), std::tie(a.file, a.policy, a.rule)) <
           std::tuple(urgency(b.trend), std::tie(b.file, b.policy, b.rule));
  });
  return changes;
}

/// The findings of one report whose fingerprint the other does not have.
std::vector<Finding> missing_in(const Report& other, const Report& report) {
  std::set<std::string_view> known;
  for (const Finding& finding : other.findings) known.insert(finding.fingerprint);
  std::vector<Finding> found;
  for (const Finding& finding : report.findings)
    if (known.count(finding.fingerprint) == 0) found.push_back(finding);
  return found;
}

std::size_t kept(const Counts& counts) { return counts.same + counts.no_effect; }

std::string_view trend_text(Trend trend) {
  switch (trend) {
    case Trend::Worse: return "worse";
    case Trend::Better: return "better";
    case Trend::New: return "new";
    case Trend::Gone: return "gone";
  }
  return "";
}

Style style_of_trend(const RuleChange& change) {
  switch (change.trend) {
    case Trend::Worse: return Style::Red;
    case Trend::Better: return Style::Green;
    case Trend::New: return style_of(*change.after);
    case Trend::Gone: return Style::Dim;
  }
  return Style::Plain;
}

std::string line_of(const RuleChange& change, const TextStyle& style) {
  std::string fate;
  if (change.before && change.after) fate = fmt::format("{} -> {}", disposition(*change.before), disposition(*change.after));
  else fate = disposition(change.after ? *change.after : *change.before);
  return fmt::format("  {}  {}: {} {}: {}\n", paint(fmt::format("{:6}", trend_text(change.trend)), style_of_trend(change), style.colour),
                     printable(change.file), printable(change.policy), printable(change.rule), fate);
}

std::string line_of(const Finding& finding, std::string_view what, const TextStyle& style) {
  const std::string where = place_text(finding.place);
  return fmt::format("  {:6}  {}{}{}: {}\n", what, where, where.empty() ? "" : ": ",
                     paint(fmt::format("{}[{}]", to_string(finding.effect), definition(finding.kind).code),
                           style_of(finding.effect), style.colour),
                     printable(finding.message));
}

/// Each line that `line` makes of an element, or the first few of many.
template <typename T, typename Line>
std::string lines(const std::vector<T>& list, const TextStyle& style, Line line) {
  const bool cut = !style.verbose && list.size() > most;
  std::string text;
  for (std::size_t at = 0; at < (cut ? shown : list.size()); ++at) text += line(list[at]);
  if (cut) text += fmt::format("  … and {} more (use -v)\n", list.size() - shown);
  return text;
}

/// Those that no change of a rule tells of already.
std::vector<Finding> beyond_rules(const std::vector<Finding>& findings, const std::vector<RuleChange>& changes) {
  std::set<std::pair<std::string_view, std::string_view>> told;
  for (const RuleChange& change : changes) told.emplace(change.policy, change.rule);
  std::vector<Finding> found;
  for (const Finding& finding : findings)
    if (told.count({finding.policy, finding.rule}) == 0) found.push_back(finding);
  return found;
}

std::string tally(const Since& since) {
  std::array<std::size_t, 4> counts{};
  for (const RuleChange& change : since.changes) ++counts[urgency(change.trend)];
  std::string text = fmt::format("{} worse, {} new, {} better, {} gone", counts[0], counts[1], counts[2], counts[3]);
  return text + fmt::format(" · kept identical: {} -> {}", share_text(since.before), share_text(since.after));
}

}  // namespace

Since compare(const Report& before, const Report& after) {
  Since since;
  since.changes = changes_of(before, after);
  since.appeared = missing_in(before, after);
  since.vanished = missing_in(after, before);
  since.before = counts_of(before);
  since.after = counts_of(after);
  since.share_fell = since.before.rules() > 0 && since.after.rules() > 0 &&
                     kept(since.after) * since.before.rules() < kept(since.before) * since.after.rules();
  since.opened = std::any_of(since.changes.begin(), since.changes.end(), [](const RuleChange& change) {
    return change.trend == Trend::Worse && change.after == Effect::Looser;
  });
  return since;
}

std::string share_text(const Counts& counts) {
  if (counts.rules() == 0) return "no rules";
  const std::size_t tenths = kept(counts) * 1000 / counts.rules();
  return fmt::format("{}.{} % of {}", tenths / 10, tenths % 10, counted(counts.rules(), "rule", "rules"));
}

std::string since_text(const Since& since, bool ratchet, const TextStyle& style) {
  if (style.quiet && !(ratchet && since.slipped())) return {};
  std::string text = "since the earlier report:\n";
  if (!style.quiet) {
    text += lines(since.changes, style, [&](const RuleChange& change) { return line_of(change, style); });
    text += lines(beyond_rules(since.appeared, since.changes), style,
                  [&](const Finding& finding) { return line_of(finding, "new", style); });
    text += lines(beyond_rules(since.vanished, since.changes), style,
                  [&](const Finding& finding) { return line_of(finding, "gone", style); });
  }
  text += fmt::format("  {}\n", tally(since));
  if (ratchet && since.share_fell)
    text += paint("  the share of rules kept identical fell, which --ratchet does not allow\n", Style::Red, style.colour);
  if (ratchet && since.opened)
    text += paint("  a rule became looser, which --ratchet does not allow\n", Style::Red, style.colour);
  return text;
}

int ratchet_status(const Since& since, int status) {
  const int fell = policyconv::exit_status(Effect::Stricter);
  return since.slipped() && status != policyconv::exit_status(Effect::Error) ? std::max(status, fell) : status;
}

}  // namespace policyconv::report
