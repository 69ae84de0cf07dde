#include "report/text.h"

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/build.h"

namespace policyconv::report {
namespace {

/// Repetitions of one code beyond `most` are cut to `shown`, unless the report is verbose.
constexpr std::size_t most = 20, shown = 10;

constexpr std::array<Effect, 6> by_urgency = {Effect::Error,    Effect::Refused,  Effect::Looser,
                                              Effect::Stricter, Effect::NoEffect, Effect::Note};

/// The policy and rule that a finding concerns, for people; empty if none.
std::string subject(const Finding& finding) {
  return printable(finding.rule.empty() ? finding.policy : fmt::format("{} {}", finding.policy, finding.rule));
}

std::string acceptance(const Acceptance& accepted) {
  std::string text = fmt::format("by {}: {}", printable(accepted.by), printable(accepted.reason));
  if (!accepted.owner.empty()) text += fmt::format(" ({})", printable(accepted.owner));
  if (!accepted.expires.empty()) text += fmt::format(", until {}", printable(accepted.expires));
  return text;
}

class Findings {
 public:
  Findings(const Report& report, const TextStyle& style, std::ostream& out) : report_(report), style_(style), out_(out) {
    for (const Finding& finding : report.findings) ++total_[finding.kind];
  }

  /// Those with a place first: the others are about the run as a whole.
  void print(Effect effect) {
    for (const bool placed : {true, false})
      for (const Finding& finding : report_.findings)
        if (finding.effect == effect && !finding.place.file.empty() == placed) print_unless_repeated(finding);
  }

 private:
  void print_unless_repeated(const Finding& finding) {
    const std::size_t total = total_[finding.kind], number = ++printed_[finding.kind];
    if (style_.verbose || total <= most || number <= shown) {
      print(finding);
    } else if (number == shown + 1) {
      out_ << fmt::format("… and {} more of {} (use -v)\n\n", total - shown, definition(finding.kind).code);
    }
  }

  void print(const Finding& finding) {
    const Definition& about = definition(finding.kind);
    const std::string where = place_text(finding.place);
    out_ << where << (where.empty() ? "" : ": ")
         << paint(fmt::format("{}[{}]", to_string(finding.effect), about.code), style_of(finding.effect), style_.colour)
         << ": " << paint(printable(finding.message), Style::Bold, style_.colour) << '\n';
    if (finding.place.line != 0)
      out_ << snippet(finding.place.text, finding.place.line, finding.place.caret, style_.colour);
    const auto remark = [&](std::string_view what, std::string_view text) {
      const std::string shown_what = paint(std::string(what), Style::Bold, style_.colour);
      if (!text.empty()) out_ << fmt::format("      = {}: {}\n", shown_what, text);
    };
    remark("in", subject(finding));
    remark("rendered from", printable(finding.place.origin));
    remark("help", printable(finding.suggestion));
    if (finding.effect != about.effect)
      remark("accepted", fmt::format("--allow-looser {} lets it pass instead", about.code));
    else if (finding.accepted)
      remark("accepted", acceptance(*finding.accepted));
    else if (printed_[finding.kind] == 1)
      remark("help", about.help);
    out_ << '\n';
  }

  const Report& report_;
  const TextStyle& style_;
  std::ostream& out_;
  std::map<Kind, std::size_t> total_, printed_;
};

/// "3 same, 1 stricter"
std::string tally(const Counts& counts) {
  const std::pair<std::size_t, Effect> all[] = {{counts.same, Effect::Note},         {counts.no_effect, Effect::NoEffect},
                                                {counts.stricter, Effect::Stricter}, {counts.looser, Effect::Looser},
                                                {counts.refused, Effect::Refused}};
  std::vector<std::string> parts;
  for (const auto& [count, effect] : all)
    if (count > 0) parts.push_back(fmt::format("{} {}", count, disposition(effect)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t used = columns(text);
  return text.append(width > used ? width - used : 0, ' ');
}

class Table {
 public:
  Table(const Report& report, const TextStyle& style, std::ostream& out) : report_(report), style_(style), out_(out) {
    for (const PolicyOutcome& policy : report.policies) {
      name_width_ = std::max(name_width_, columns(name(policy)));
      kind_width_ = std::max(kind_width_, policy.kind.size());
    }
  }

  /// Policies with a finding, then the others; of many others only a few unless the report is verbose.
  void print() {
    std::vector<const PolicyOutcome*> unchanged;
    for (const PolicyOutcome& policy : report_.policies) {
      if (is_unchanged(policy)) unchanged.push_back(&policy);
      else print_policy(policy);
    }
    const bool cut = !style_.verbose && unchanged.size() > most;
    for (std::size_t at = 0; at < (cut ? shown : unchanged.size()); ++at) print_policy(*unchanged[at]);
    if (cut) out_ << fmt::format("  … and {} more policies, all same (use -v)\n", unchanged.size() - shown);
    if (!report_.policies.empty()) out_ << '\n';
  }

 private:
  static std::string name(const PolicyOutcome& policy) {
    return printable(policy.ns.empty() ? policy.name : policy.ns + "/" + policy.name);
  }

  static bool is_unchanged(const PolicyOutcome& policy) {
    return policy.effect == Effect::Note &&
           std::all_of(policy.rules.begin(), policy.rules.end(), [](const auto& rule) { return rule.effect == Effect::Note; });
  }

  /// "stricter (PC1003, PC2010)"
  std::string effect_text(Effect effect, const std::vector<std::size_t>& findings) {
    const std::set<std::string_view> codes = codes_of(findings);
    return paint(std::string(disposition(effect)), style_of(effect), style_.colour) +
           (codes.empty() ? "" : fmt::format(" ({})", fmt::join(codes, ", ")));
  }

  std::set<std::string_view> codes_of(const std::vector<std::size_t>& findings) {
    std::set<std::string_view> codes;
    for (const std::size_t at : findings)
      if (report_.findings[at].effect != Effect::Note) codes.insert(definition(report_.findings[at].kind).code);
    return codes;
  }

  void print_policy(const PolicyOutcome& policy) {
    std::size_t path_width = 0;
    for (const RuleOutcome& rule : policy.rules) path_width = std::max(path_width, rule.path.size());
    out_ << fmt::format("  {}  {}  ", padded(name(policy), name_width_), padded(policy.kind, kind_width_));
    out_ << (policy.rules.empty() ? "no rules"
                                  : counted(policy.rules.size(), "rule", "rules") + ": " + tally(counts_of(policy)));
    if (policy.effect != Effect::Note)
      out_ << "; the policy as a whole: " << effect_text(policy.effect, policy.findings);
    out_ << '\n';
    for (const RuleOutcome& rule : policy.rules) {
      const bool said_above = codes_of(rule.findings).empty();  // same, or without effect like the whole policy
      if (style_.verbose || !said_above)
        out_ << fmt::format("      {}  {}\n", padded(rule.path, path_width), effect_text(rule.effect, rule.findings));
    }
  }

  const Report& report_;
  const TextStyle& style_;
  std::ostream& out_;
  std::size_t name_width_ = 0, kind_width_ = 0;
};

std::string totals(const Report& report) {
  const Counts counts = counts_of(report);
  return fmt::format("{}, {}{}{}", counted(report.policies.size(), "policy", "policies"),
                     counted(counts.rules(), "rule", "rules"), counts.rules() == 0 ? "" : ": ", tally(counts));
}

void print_groups(const Report& report, std::ostream& out) {
  std::size_t width = 0;
  for (const auto& [name, about] : report.groups) width = std::max(width, name.size());
  if (width == 0) return;
  out << "SecurityGroups for the pods' annotation ovn.kubernetes.io/security_groups (--cluster would list the pods):\n";
  for (const auto& [name, about] : report.groups) out << fmt::format("  {}  {}\n", padded(name, width), printable(about));
  out << '\n';
}

std::string objects(const Report::Generated& generated) {
  std::string text = counted(generated.security_groups, "SecurityGroup", "SecurityGroups");
  if (generated.subnets != 0) text += ", " + counted(generated.subnets, "Subnet", "Subnets");
  if (generated.bound_pods != 0) text += ", " + counted(generated.bound_pods, "pod", "pods") + " bound";
  return text;
}

std::string exit_text(const Report& report) {
  const Effect found = worst(report);
  std::string_view reason = "same meaning";
  if (report.status == 1) reason = "bad input, or reading or writing failed";
  else if (found == Effect::Stricter) reason = report.status == 0 ? "stricter, as --fail-on allows" : "something is stricter";
  else if (found == Effect::Looser) reason = report.status == 0 ? "looser, as --fail-on allows" : "something is looser";
  else if (found == Effect::Refused) reason = "something was refused";
  return fmt::format("exit {} ({})", report.status, reason);
}

std::size_t count_if(const Report& report, bool (*is)(const Finding&)) {
  return static_cast<std::size_t>(std::count_if(report.findings.begin(), report.findings.end(), is));
}

}  // namespace

Style style_of(Effect effect) {
  switch (effect) {
    case Effect::Error:
    case Effect::Refused: return Style::Red;
    case Effect::Looser: return Style::Magenta;
    case Effect::Stricter: return Style::Yellow;
    case Effect::NoEffect: return Style::Blue;
    case Effect::Note: return Style::Green;
  }
  return Style::Plain;
}

void print_text(const Report& report, const TextStyle& style, std::ostream& out) {
  Findings findings(report, style, out);
  if (style.quiet) return findings.print(Effect::Error);
  for (const Effect effect : by_urgency) findings.print(effect);

  std::vector<std::string> summary;
  const std::size_t errors = count_if(report, [](const Finding& finding) { return finding.effect == Effect::Error; });
  const std::size_t accepted = count_if(report, [](const Finding& finding) { return finding.accepted.has_value(); });
  if (errors > 0) {
    summary.push_back(counted(errors, "error", "errors"));
    if (!report.generated) summary.push_back("no objects were made");
  } else {
    Table(report, style, out).print();
    summary.push_back(totals(report));
    print_groups(report, out);
    if (report.generated) summary.push_back(objects(*report.generated));
  }
  if (accepted > 0) summary.push_back(counted(accepted, "finding", "findings") + " accepted by the baseline");
  summary.push_back(exit_text(report));
  out << fmt::format("{}\n", fmt::join(summary, " · "));
}

}  // namespace policyconv::report
