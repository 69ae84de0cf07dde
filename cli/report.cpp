#include "cli/report.h"

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/terminal.h"

namespace policyconv::cli {
namespace {

/// Repetitions of one code beyond `most` are cut to `shown`, unless the report is verbose.
constexpr std::size_t most = 20, shown = 10;

constexpr std::array<Effect, 6> by_urgency = {Effect::Error,    Effect::Refused,  Effect::Looser,
                                              Effect::Stricter, Effect::NoEffect, Effect::Note};

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

/// What became of a rule: a note about it leaves its meaning as it was.
std::string_view disposition(Effect effect) { return effect == Effect::Note ? "same" : to_string(effect); }

/// What a finding says about meaning, after what the user accepts.
Effect effect_of(const Diagnostic& diagnostic, const Tolerance& tolerance) {
  const Definition& about = definition(diagnostic.kind);
  const auto& accepted = tolerance.allow_looser;
  return std::find(accepted.begin(), accepted.end(), about.code) == accepted.end() ? about.effect : Effect::Looser;
}

/// The policy and rule that a diagnostic concerns, for people; empty if none.
std::string subject(const Diagnostic& diagnostic, const Catalog& catalog) {
  if (diagnostic.rule != RuleId::None) return printable(catalog.display(diagnostic.rule));
  if (diagnostic.policy != PolicyId::None) return printable(catalog.policy(diagnostic.policy).display());
  return {};
}

/// The lines of the sources; finds each without reading the file from its beginning again.
class Lines {
 public:
  explicit Lines(const Sources& sources) : sources_(sources) {}

  std::string_view at(Loc where) {
    const std::string_view text = sources_.text(where.file);
    const auto [entry, added] = starts_.try_emplace(where.file);
    std::vector<std::size_t>& starts = entry->second;
    if (added)
      for (std::size_t start = 0; start <= text.size(); start = std::min(text.find('\n', start), text.size()) + 1)
        starts.push_back(start);
    if (where.line == 0 || where.line > starts.size()) return {};
    std::string_view line = text.substr(starts[where.line - 1]);
    line = line.substr(0, line.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

 private:
  const Sources& sources_;
  std::map<std::uint32_t, std::vector<std::size_t>> starts_;
};

class Findings {
 public:
  Findings(const Outcome& outcome, const Tolerance& tolerance, const ReportStyle& style, std::ostream& out)
      : outcome_(outcome), tolerance_(tolerance), style_(style), out_(out), lines_(outcome.sources) {
    for (const Diagnostic& diagnostic : outcome.diagnostics.all()) ++total_[diagnostic.kind];
  }

  /// Those with a place first: the others are about the run as a whole.
  void print(Effect effect) {
    for (const bool placed : {true, false})
      for (const Diagnostic& diagnostic : outcome_.diagnostics.all())
        if (effect_of(diagnostic, tolerance_) == effect && (diagnostic.where.file != 0) == placed)
          print_unless_repeated(diagnostic);
  }

 private:
  void print_unless_repeated(const Diagnostic& diagnostic) {
    const std::size_t total = total_[diagnostic.kind], number = ++printed_[diagnostic.kind];
    if (style_.verbose || total <= most || number <= shown) {
      print(diagnostic);
    } else if (number == shown + 1) {
      out_ << fmt::format("… and {} more of {} (use -v)\n\n", total - shown, definition(diagnostic.kind).code);
    }
  }

  void print(const Diagnostic& diagnostic) {
    const Definition& about = definition(diagnostic.kind);
    const Effect effect = effect_of(diagnostic, tolerance_);
    const std::string where = place(outcome_.sources, diagnostic.where);
    out_ << where << (where.empty() ? "" : ": ")
         << paint(fmt::format("{}[{}]", to_string(effect), about.code), style_of(effect), style_.colour) << ": "
         << paint(printable(diagnostic.message), Style::Bold, style_.colour) << '\n';
    if (diagnostic.where.line != 0)
      out_ << snippet(lines_.at(diagnostic.where), diagnostic.where.line, diagnostic.where.column, style_.colour);
    const auto remark = [&](std::string_view what, std::string_view text) {
      const std::string shown_what = paint(std::string(what), Style::Bold, style_.colour);
      if (!text.empty()) out_ << fmt::format("      = {}: {}\n", shown_what, text);
    };
    remark("in", subject(diagnostic, outcome_.catalog));
    remark("help", printable(diagnostic.suggestion));
    if (effect != about.effect) remark("accepted", fmt::format("--allow-looser {} lets it pass instead", about.code));
    else if (printed_[diagnostic.kind] == 1) remark("help", about.help);
    out_ << '\n';
  }

  const Outcome& outcome_;
  const Tolerance& tolerance_;
  const ReportStyle& style_;
  std::ostream& out_;
  Lines lines_;
  std::map<Kind, std::size_t> total_, printed_;
};

/// What became of one rule, or of a policy apart from its rules.
struct Fate {
  Effect effect = Effect::Note;
  std::set<std::string_view> codes;
  void add(Effect found, std::string_view code) {
    effect = std::max(effect, found);
    if (found != Effect::Note) codes.insert(code);
  }
};

struct Fates {
  std::vector<Fate> rules, policies;  // as in the catalog
};

Fates fates(const Catalog& catalog, const Diagnostics& diagnostics, const Tolerance& tolerance) {
  Fates result{std::vector<Fate>(catalog.rules.size()), std::vector<Fate>(catalog.policies.size())};
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    const Effect effect = effect_of(diagnostic, tolerance);
    const auto add_to = [&](Fate& fate) { fate.add(effect, definition(diagnostic.kind).code); };
    if (diagnostic.rule != RuleId::None) add_to(result.rules[static_cast<std::size_t>(diagnostic.rule)]);
    else if (diagnostic.policy != PolicyId::None) add_to(result.policies[static_cast<std::size_t>(diagnostic.policy)]);
  }
  for (std::size_t rule = 0; rule < catalog.rules.size(); ++rule)
    if (!catalog.policy(catalog.rules[rule].policy).enforced) result.rules[rule].effect = Effect::NoEffect;
  return result;
}

/// "3 same, 1 stricter"
std::string tally(const std::vector<const Fate*>& rules) {
  std::vector<std::string> parts;
  for (auto effect = by_urgency.rbegin(); effect != by_urgency.rend(); ++effect) {
    const auto count = std::count_if(rules.begin(), rules.end(), [&](const Fate* f) { return f->effect == *effect; });
    if (count > 0) parts.push_back(fmt::format("{} {}", count, disposition(*effect)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t used = columns(text);
  return text.append(width > used ? width - used : 0, ' ');
}

class Table {
 public:
  Table(const Outcome& outcome, const Tolerance& tolerance, const ReportStyle& style, std::ostream& out)
      : catalog_(outcome.catalog),
        fates_(fates(outcome.catalog, outcome.diagnostics, tolerance)),
        style_(style),
        out_(out),
        rules_of_(catalog_.policies.size()) {
    for (std::size_t rule = 0; rule < catalog_.rules.size(); ++rule)
      rules_of_[static_cast<std::size_t>(catalog_.rules[rule].policy)].push_back(rule);
    for (const SourcePolicy& policy : catalog_.policies) {
      name_width_ = std::max(name_width_, columns(name(policy)));
      kind_width_ = std::max(kind_width_, policy.kind.size());
    }
  }

  /// Policies with a finding, then the others; of many others only a few unless the report is verbose.
  void print() {
    std::vector<std::size_t> unchanged;
    for (std::size_t policy = 0; policy < catalog_.policies.size(); ++policy) {
      if (is_unchanged(policy)) unchanged.push_back(policy);
      else print_policy(policy);
    }
    const bool cut = !style_.verbose && unchanged.size() > most;
    for (std::size_t at = 0; at < (cut ? shown : unchanged.size()); ++at) print_policy(unchanged[at]);
    if (cut) out_ << fmt::format("  … and {} more policies, all same (use -v)\n", unchanged.size() - shown);
    if (!catalog_.policies.empty()) out_ << '\n';
  }

  [[nodiscard]] std::string totals() const {
    std::vector<const Fate*> all;
    for (const Fate& rule : fates_.rules) all.push_back(&rule);
    return fmt::format("{}, {}{}{}", counted(catalog_.policies.size(), "policy", "policies"),
                       counted(all.size(), "rule", "rules"), all.empty() ? "" : ": ", tally(all));
  }

 private:
  static std::string name(const SourcePolicy& policy) {
    return printable(policy.ns.empty() ? policy.name : policy.ns + "/" + policy.name);
  }

  [[nodiscard]] bool is_unchanged(std::size_t policy) const {
    const auto& rules = rules_of_[policy];
    return fates_.policies[policy].effect == Effect::Note && std::all_of(rules.begin(), rules.end(), [&](auto rule) {
             return fates_.rules[rule].effect == Effect::Note;
           });
  }

  std::string effect_text(const Fate& fate) {
    const std::string codes = fate.codes.empty() ? "" : fmt::format(" ({})", fmt::join(fate.codes, ", "));
    return paint(std::string(disposition(fate.effect)), style_of(fate.effect), style_.colour) + codes;
  }

  void print_policy(std::size_t index) {
    const SourcePolicy& policy = catalog_.policies[index];
    const Fate& whole = fates_.policies[index];
    std::vector<const Fate*> rules;
    std::size_t path_width = 0;
    for (const std::size_t rule : rules_of_[index]) {
      rules.push_back(&fates_.rules[rule]);
      path_width = std::max(path_width, catalog_.rules[rule].path.size());
    }
    out_ << fmt::format("  {}  {}  ", padded(name(policy), name_width_), padded(policy.kind, kind_width_));
    out_ << (rules.empty() ? "no rules" : counted(rules.size(), "rule", "rules") + ": " + tally(rules));
    if (whole.effect != Effect::Note) out_ << "; the policy as a whole: " << effect_text(whole);
    out_ << '\n';
    for (const std::size_t rule : rules_of_[index]) {
      const Fate& fate = fates_.rules[rule];
      const bool said_above = fate.codes.empty();  // same, or without effect like the whole policy
      if (style_.verbose || !said_above)
        out_ << fmt::format("      {}  {}\n", padded(catalog_.rules[rule].path, path_width), effect_text(fate));
    }
  }

  const Catalog& catalog_;
  const Fates fates_;
  const ReportStyle& style_;
  std::ostream& out_;
  std::vector<std::vector<std::size_t>> rules_of_;
  std::size_t name_width_ = 0, kind_width_ = 0;
};

Effect worst(const Diagnostics& diagnostics, const Tolerance& tolerance) {
  Effect worst = Effect::Note;
  for (const Diagnostic& diagnostic : diagnostics.all()) worst = std::max(worst, effect_of(diagnostic, tolerance));
  return worst;
}

void print_groups(const kubeovn::Manifest& manifest, std::ostream& out) {
  std::size_t width = 0;
  for (const kubeovn::SecurityGroup& group : manifest.security_groups) width = std::max(width, group.name.size());
  if (width == 0) return;
  out << "SecurityGroups for the pods' annotation ovn.kubernetes.io/security_groups (--cluster would list the pods):\n";
  for (const kubeovn::SecurityGroup& group : manifest.security_groups)
    out << fmt::format("  {}  {}\n", padded(group.name, width), printable(group.about));
  out << '\n';
}

std::string objects(const kubeovn::Manifest& manifest) {
  std::string text = counted(manifest.security_groups.size(), "SecurityGroup", "SecurityGroups");
  if (!manifest.subnets.empty()) text += ", " + counted(manifest.subnets.size(), "Subnet", "Subnets");
  const auto bound = std::count_if(manifest.bindings.begin(), manifest.bindings.end(),
                                   [](const kubeovn::Binding& binding) { return !binding.groups.empty(); });
  if (bound != 0) text += ", " + counted(static_cast<std::size_t>(bound), "pod", "pods") + " bound";
  return text;
}

std::string exit_text(const Diagnostics& diagnostics, const Tolerance& tolerance) {
  const int status = exit_status(diagnostics, tolerance);
  const Effect found = worst(diagnostics, tolerance);
  std::string_view reason = "same meaning";
  if (status == 1) reason = "bad input, or reading or writing failed";
  else if (found == Effect::Stricter) reason = status == 0 ? "stricter, as --fail-on allows" : "something is stricter";
  else if (found == Effect::Looser) reason = status == 0 ? "looser, as --fail-on allows" : "something is looser";
  else if (found == Effect::Refused) reason = "something was refused";
  return fmt::format("exit {} ({})", status, reason);
}

std::size_t errors_in(const Diagnostics& diagnostics) {
  const auto& all = diagnostics.all();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const auto& d) { return definition(d.kind).effect == Effect::Error; }));
}

}  // namespace

std::string place(const Sources& sources, Loc where) {
  if (where.file == 0) return {};
  const std::string name = printable(sources.name(where.file));
  return where.line == 0 ? name : fmt::format("{}:{}:{}", name, where.line, where.column);
}

int exit_status(const Diagnostics& diagnostics, const Tolerance& tolerance) {
  if (diagnostics.has_errors()) return policyconv::exit_status(Effect::Error);
  const Effect found = worst(diagnostics, tolerance);
  return found < tolerance.fail_on ? 0 : policyconv::exit_status(found);
}

void report(const Outcome& outcome, const Tolerance& tolerance, const ReportStyle& style, std::ostream& out) {
  Findings findings(outcome, tolerance, style, out);
  if (style.quiet) return findings.print(Effect::Error);
  for (const Effect effect : by_urgency) findings.print(effect);

  std::vector<std::string> summary;
  if (const std::size_t errors = errors_in(outcome.diagnostics); errors > 0) {
    summary.push_back(counted(errors, "error", "errors"));
    if (outcome.manifest == nullptr) summary.push_back("no objects were made");
  } else {
    Table table(outcome, tolerance, style, out);
    table.print();
    summary.push_back(table.totals());
    if (outcome.manifest != nullptr) {
      if (outcome.list_groups) print_groups(*outcome.manifest, out);
      summary.push_back(objects(*outcome.manifest));
    }
  }
  summary.push_back(exit_text(outcome.diagnostics, tolerance));
  out << fmt::format("{}\n", fmt::join(summary, " · "));
}

}  // namespace policyconv::cli
