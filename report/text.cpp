#include "report/text.h"

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ir/exit_status.h"
#include "report/build.h"
#include "report/language.h"
#include "report/machine.h"

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

/// A phrase with placeholders, in the reader's language.
template <typename... Args>
std::string told(Language language, std::string_view phrase, const Args&... args) {
  return fmt::format(fmt::runtime(say(phrase, language)), args...);
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
      out_ << told(style_.language, "… and {} more of {} (use -v)", total - shown, definition(finding.kind).code) << "\n\n";
    }
  }

  void print(const Finding& finding) {
    const Definition& about = definition(finding.kind);
    const std::string where = place_text(finding.place);
    out_ << where << (where.empty() ? "" : ": ")
         << paint(fmt::format("{}[{}]", say(to_string(finding.effect), style_.language), about.code),
                  style_of(finding.effect), style_.colour)
         << ": " << paint(printable(message_of(finding, style_.language)), Style::Bold, style_.colour) << '\n';
    if (finding.place.line != 0)
      out_ << snippet(finding.place.text, finding.place.line, finding.place.caret, style_.colour);
    const auto remark = [&](std::string_view what, std::string_view text) {
      const std::string shown_what = paint(std::string(say(what, style_.language)), Style::Bold, style_.colour);
      if (!text.empty()) out_ << fmt::format("      = {}: {}\n", shown_what, text);
    };
    remark("in", subject(finding));
    remark("rendered from", printable(finding.place.origin));
    remark("help", printable(suggestion_of(finding, style_.language)));
    if (finding.effect == Effect::Looser && about.effect == Effect::Refused)
      remark("accepted", told(style_.language, "--allow-looser {} lets it pass instead", about.code));
    else if (finding.accepted)
      remark("accepted", acceptance_text(*finding.accepted, style_.language));
    else if (printed_[finding.kind] == 1)
      remark("help", help_of(finding.kind, style_.language));
    out_ << '\n';
  }

  const Report& report_;
  const TextStyle& style_;
  std::ostream& out_;
  std::map<Kind, std::size_t> total_, printed_;
};

/// "3 same, 1 stricter"
std::string tally(const Counts& counts, Language language) {
  const std::pair<std::size_t, Effect> all[] = {{counts.same, Effect::Note},         {counts.no_effect, Effect::NoEffect},
                                                {counts.stricter, Effect::Stricter}, {counts.looser, Effect::Looser},
                                                {counts.refused, Effect::Refused}};
  std::vector<std::string> parts;
  for (const auto& [count, effect] : all)
    if (count > 0) parts.push_back(fmt::format("{} {}", count, say(disposition(effect), language)));
  return fmt::format("{}", fmt::join(parts, say(", ", language)));
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
    if (cut)
      out_ << "  " << told(style_.language, "… and {} more policies, all same (use -v)", unchanged.size() - shown) << '\n';
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
    return paint(std::string(say(disposition(effect), style_.language)), style_of(effect), style_.colour) +
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
    if (policy.rules.empty()) out_ << say("no rules", style_.language);
    else
      out_ << counted(policy.rules.size(), "rule", "rules", style_.language) << say(": ", style_.language)
           << tally(counts_of(policy), style_.language);
    if (policy.effect != Effect::Note)
      out_ << say("; the policy as a whole: ", style_.language) << effect_text(policy.effect, policy.findings);
    out_ << '\n';
    std::vector<const RuleOutcome*> told_here;
    for (const RuleOutcome& rule : policy.rules) {
      const bool said_above = codes_of(rule.findings).empty();  // same, or without effect like the whole policy
      if (style_.verbose || !said_above) told_here.push_back(&rule);
    }
    const bool cut = !style_.verbose && told_here.size() > most;
    for (std::size_t at = 0; at < (cut ? shown : told_here.size()); ++at)
      out_ << fmt::format("      {}  {}\n", padded(told_here[at]->path, path_width),
                          effect_text(told_here[at]->effect, told_here[at]->findings));
    if (cut)
      out_ << "      " << told(style_.language, "… and {} more rules with findings (use -v)", told_here.size() - shown) << '\n';
  }

  const Report& report_;
  const TextStyle& style_;
  std::ostream& out_;
  std::size_t name_width_ = 0, kind_width_ = 0;
};

/// "3 policies, 7 rules: 5 same, 2 refused"
std::string counts_text(std::size_t policies, const Counts& counts, Language language) {
  std::string text = counted(policies, "policy", "policies", language).append(say(", ", language));
  text += counted(counts.rules(), "rule", "rules", language);
  return counts.rules() == 0 ? text : text.append(say(": ", language)) + tally(counts, language);
}

std::string file_text(const FileOutcome& file, Language language) {
  if (file.errors > 0) return counted(file.errors, "error", "errors", language);
  if (file.policies == 0) return std::string(say("no policies", language));
  return counts_text(file.policies, file.rules, language);
}

/// The worst first; of many only some unless the report is verbose.
void print_files(const Report& report, const TextStyle& style, std::ostream& out) {
  std::vector<const FileOutcome*> files;
  for (const FileOutcome& file : report.files) files.push_back(&file);
  std::stable_sort(files.begin(), files.end(), [](const FileOutcome* a, const FileOutcome* b) {
    const auto badness = [](const FileOutcome& file) {
      return std::tuple(file.errors, file.rules.refused, file.rules.looser, file.rules.stricter);
    };
    return badness(*a) > badness(*b);
  });
  const std::size_t count = style.verbose ? files.size() : std::min(files.size(), most);
  std::size_t width = 0;
  for (std::size_t at = 0; at < count; ++at) width = std::max(width, columns(printable(files[at]->name)));
  for (std::size_t at = 0; at < count; ++at)
    out << fmt::format("  {}  {}\n", padded(printable(files[at]->name), width), file_text(*files[at], style.language));
  if (count < files.size())
    out << "  " << told(style.language, "… and {} more files, none worse (use -v)", files.size() - count) << '\n';
  if (count > 0) out << '\n';
}

void print_groups(const Report& report, Language language, std::ostream& out) {
  std::size_t width = 0;
  for (const auto& [name, about] : report.groups) width = std::max(width, name.size());
  if (width == 0) return;
  out << say("SecurityGroups for the pods' annotation ovn.kubernetes.io/security_groups (--cluster would list the pods):",
             language)
      << '\n';
  for (const auto& [name, about] : report.groups) out << fmt::format("  {}  {}\n", padded(name, width), printable(say(about, language)));
  out << '\n';
}

std::string objects(const Report::Generated& generated, Language language) {
  std::vector<std::string> parts = {counted(generated.security_groups, "SecurityGroup", "SecurityGroups", language)};
  if (generated.subnets != 0) parts.push_back(counted(generated.subnets, "Subnet", "Subnets", language));
  if (generated.bound_pods != 0)
    parts.push_back(told(language, "{} bound", counted(generated.bound_pods, "pod", "pods", language)));
  return fmt::format("{}", fmt::join(parts, say(", ", language)));
}

std::string exit_text(const Report& report, Language language) {
  const Effect found = worst(report);
  const bool is_assessment = report.command == "assess", is_good = report.status == status::good;
  const bool is_accepted = std::any_of(report.findings.begin(), report.findings.end(), [](const Finding& finding) {
    return finding.accepted && finding.effect >= Effect::Stricter;
  });
  std::string_view reason = "same meaning";
  if (report.status == status::error) reason = "bad input, or reading or writing failed";
  else if (is_assessment) reason = is_good ? "ready, or accepted" : report.status == status::refused ? "blocked" : "work to do";
  else if (found == Effect::Stricter) reason = is_good ? "stricter, as --fail-on allows" : "something is stricter";
  else if (found == Effect::Looser) reason = is_good ? "looser, as --fail-on allows" : "something is looser";
  else if (found == Effect::Refused) reason = "something was refused";
  else if (is_good && is_accepted) reason = "what differs is accepted";
  else if (!is_good) reason = "a smaller share of rules is kept identical";
  return told(language, "exit {} ({})", report.status, say(reason, language));
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
  const Language language = style.language;
  Findings findings(report, style, out);
  if (style.quiet) return findings.print(Effect::Error);
  for (const Effect effect : by_urgency) findings.print(effect);

  std::vector<std::string> summary;
  if (style.per_file) {
    print_files(report, style, out);
    summary.push_back(counted(report.files.size(), "file", "files", language));
  }
  const std::size_t errors = count_if(report, [](const Finding& finding) { return finding.effect == Effect::Error; });
  const std::size_t accepted = count_if(report, [](const Finding& finding) { return finding.accepted.has_value(); });
  if (errors > 0) {
    summary.push_back(counted(errors, "error", "errors", language));
    if (!report.generated) summary.emplace_back(say("no objects were made", language));
  } else {
    if (!style.per_file || style.verbose) Table(report, style, out).print();
    summary.push_back(counts_text(report.policies.size(), counts_of(report), language));
    print_groups(report, language, out);
    if (report.generated) summary.push_back(objects(*report.generated, language));
  }
  if (accepted > 0)
    summary.push_back(told(language, "{} accepted by the baseline", counted(accepted, "finding", "findings", language)));
  summary.push_back(exit_text(report, language));
  out << fmt::format("{}\n", fmt::join(summary, " · "));
}

}  // namespace policyconv::report
