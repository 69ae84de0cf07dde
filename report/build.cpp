#include "report/build.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ir/parallel.h"
#include "report/fingerprint.h"
#include "report/terminal.h"
#include "yaml/secrets.h"

namespace policyconv::report {
namespace {

Effect effect_of(const Diagnostic& diagnostic, const Tolerance& tolerance) {
  const Definition& about = definition(diagnostic.kind);
  const auto& accepted = tolerance.allow_looser;
  return std::find(accepted.begin(), accepted.end(), about.code) == accepted.end() ? about.effect : Effect::Looser;
}

/// The lines of the sources; finds each without reading the file from its beginning again.
class Lines {
 public:
  /// Of these files and no others.
  Lines(const Sources& sources, const std::set<std::uint32_t>& files) : sources_(sources) {
    for (const std::uint32_t file : files) indexes_.emplace(file, index(sources.text(file)));
  }

  [[nodiscard]] std::string_view at(std::uint32_t file, std::uint32_t number) const {
    const std::vector<std::size_t>& starts = of(file).starts;
    if (number == 0 || number > starts.size()) return {};
    std::string_view line = sources_.text(file).substr(starts[number - 1]);
    line = line.substr(0, line.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  /// The text from there to the end of the file.
  [[nodiscard]] std::string_view from(Loc where) const {
    if (where.line == 0) return {};
    const std::vector<std::size_t>& starts = of(where.file).starts;
    if (where.line > starts.size()) return {};
    const std::string_view text = sources_.text(where.file);
    return text.substr(std::min(starts[where.line - 1] + (where.column == 0 ? 0 : where.column - 1), text.size()));
  }

  /// Whether the line belongs to a Secret, of which nothing is shown.
  [[nodiscard]] bool is_secret(std::uint32_t file, std::uint32_t number) const {
    return yaml::is_among(of(file).secret, number);
  }

  /// What the last comment `# Source: ` at or above the line names.
  [[nodiscard]] std::string_view origin(std::uint32_t file, std::uint32_t number) const {
    const auto& origins = of(file).origins;
    const auto next = std::upper_bound(origins.begin(), origins.end(), number,
                                       [](std::uint32_t line, const auto& origin) { return line < origin.first; });
    return next == origins.begin() ? std::string_view() : std::prev(next)->second;
  }

 private:
  struct Index {
    std::vector<std::size_t> starts;
    std::vector<std::pair<std::uint32_t, std::string_view>> origins;  // by line
    std::vector<yaml::Lines> secret;
  };

  [[nodiscard]] const Index& of(std::uint32_t file) const { return indexes_.at(file); }

  static Index index(std::string_view text) {
    constexpr std::string_view mark = "# Source: ";
    Index made;
    made.secret = yaml::secret_lines(text);
    for (std::size_t start = 0; start <= text.size(); start = std::min(text.find('\n', start), text.size()) + 1) {
      made.starts.push_back(start);
      const std::string_view rest = text.substr(start);
      if (rest.starts_with(mark)) {
        std::string_view name = rest.substr(mark.size(), rest.find('\n') - mark.size());
        if (name.ends_with('\r')) name.remove_suffix(1);
        made.origins.emplace_back(static_cast<std::uint32_t>(made.starts.size()), name);
      }
    }
    return made;
  }

  const Sources& sources_;
  std::map<std::uint32_t, Index> indexes_;
};

/// Beyond this no reader needs the rest of a line, and a file of one line would be repeated in every finding.
constexpr std::size_t most_context = 500;

Place place_of(const Sources& sources, const Lines& lines, Loc where) {
  Place place;
  if (where.file == 0) return place;
  place.file = sources.name(where.file);
  place.line = where.line;
  place.column = where.column;
  if (where.line == 0) return place;
  place.origin = lines.origin(where.file, where.line);
  if (lines.is_secret(where.file, where.line)) {
    place.text = "(a line of a Secret)";
    return place;
  }
  const std::string_view line = lines.at(where.file, where.line);
  const std::size_t column = where.column == 0 ? 0 : where.column - 1;
  const std::size_t begin = column > most_context ? std::min(column - most_context, line.size()) : 0;
  place.text = line.substr(begin, 2 * most_context);
  place.caret = where.column - static_cast<std::uint32_t>(begin);
  return place;
}

/// Those that a report shows lines of.
std::set<std::uint32_t> files_of(const Outcome& outcome) {
  std::set<std::uint32_t> files;
  const auto add = [&](Loc where) {
    if (where.file != 0 && where.line != 0) files.insert(where.file);
  };
  for (const SourcePolicy& policy : outcome.catalog.policies) add(policy.loc);
  for (const SourceRule& rule : outcome.catalog.rules) add(rule.loc);
  for (const Diagnostic& diagnostic : outcome.diagnostics.all()) add(diagnostic.where);
  return files;
}

class Maker {
 public:
  Maker(const Outcome& outcome, const Tolerance& tolerance)
      : outcome_(outcome), tolerance_(tolerance), lines_(outcome.sources, files_of(outcome)) {}

  [[nodiscard]] Report make(std::string_view command, unsigned jobs) {
    Report report;
    report.command = command;
    report.version = POLICYCONV_VERSION;
    report.fail_on = tolerance_.fail_on;
    beside(jobs, [&] { add_policies(report); }, [&] { add_findings(report); });
    for (std::size_t at = 0; at < report.findings.size(); ++at) connect(at, report);
    for (std::size_t policy = 0; policy < report.policies.size(); ++policy)
      if (!report.policies[policy].enforced)
        for (RuleOutcome& rule : report.policies[policy].rules) rule.effect = Effect::NoEffect;
    add_files(report);
    if (outcome_.manifest != nullptr) add_generated(*outcome_.manifest, report);
    report.status = exit_status(report.findings, report.fail_on);
    return report;
  }

 private:
  void add_policies(Report& report) {
    const Catalog& catalog = outcome_.catalog;
    for (const SourcePolicy& policy : catalog.policies)
      report.policies.push_back({policy.kind, policy.ns, policy.name, place_of(outcome_.sources, lines_, policy.loc),
                                 policy.enforced, Effect::Note, {}, {}});
    for (const SourceRule& rule : catalog.rules) {
      std::vector<RuleOutcome>& rules = report.policies[static_cast<std::size_t>(rule.policy)].rules;
      number_of_.push_back(rules.size());
      rules.push_back({rule.path, rule.direction, rule.verdict, rule.loc.line, Effect::Note, {}});
    }
  }

  void add_findings(Report& report) {
    for (const Diagnostic& diagnostic : outcome_.diagnostics.all()) add_finding(diagnostic, report);
    add_fingerprints(report.findings, rule_of_, outcome_.sources);
  }

  void add_finding(const Diagnostic& diagnostic, Report& report) {
    Finding finding;
    finding.kind = diagnostic.kind;
    finding.effect = effect_of(diagnostic, tolerance_);
    finding.place = place_of(outcome_.sources, lines_, diagnostic.where);
    finding.message = diagnostic.message;
    finding.suggestion = diagnostic.suggestion;
    finding.arguments = diagnostic.arguments;
    rule_of_.emplace_back();
    if (diagnostic.rule != RuleId::None) {
      const SourceRule& rule = outcome_.catalog.rule(diagnostic.rule);
      const auto [known, added] = digests_.try_emplace(diagnostic.rule);
      if (added) known->second = digest_of_value(lines_.from(rule.loc), rule.loc.column);
      rule_of_.back() = known->second;
      finding.rule = rule.path;
    }
    if (const PolicyId policy = policy_of(diagnostic); policy != PolicyId::None) {
      // What opens something is accepted for the pods and the rules that were looked at, and for no others.
      if (finding.effect == Effect::Looser) {
        const Loc whole = outcome_.catalog.policy(policy).loc;
        rule_of_.back() += digest_of_value(lines_.from(whole), whole.column);
      }
      finding.policy = outcome_.catalog.policy(policy).display();
    }
    report.findings.push_back(std::move(finding));
  }

  [[nodiscard]] PolicyId policy_of(const Diagnostic& diagnostic) const {
    return diagnostic.rule == RuleId::None ? diagnostic.policy : outcome_.catalog.rule(diagnostic.rule).policy;
  }

  /// The finding with its policy and rule.
  void connect(std::size_t finding, Report& report) const {
    const Diagnostic& diagnostic = outcome_.diagnostics.all()[finding];
    const PolicyId id = policy_of(diagnostic);
    if (id == PolicyId::None) return;
    const auto concerns = [&](auto& outcome) {
      outcome.effect = std::max(outcome.effect, report.findings[finding].effect);
      outcome.findings.push_back(finding);
    };
    PolicyOutcome& policy = report.policies[static_cast<std::size_t>(id)];
    if (diagnostic.rule == RuleId::None) concerns(policy);
    else concerns(policy.rules[number_of_[static_cast<std::size_t>(diagnostic.rule)]]);
  }

  void add_files(Report& report) const {
    std::map<std::string, FileOutcome> files;
    for (const std::uint32_t file : outcome_.files) files[std::string(outcome_.sources.name(file))];
    for (const PolicyOutcome& policy : report.policies) {
      FileOutcome& file = files[policy.place.file];
      ++file.policies;
      for (const RuleOutcome& rule : policy.rules) file.rules.add(rule.effect);
    }
    for (const Finding& finding : report.findings)
      if (finding.effect == Effect::Error && !finding.place.file.empty()) ++files[finding.place.file].errors;
    for (auto& [name, file] : files) {
      file.name = name;
      report.files.push_back(std::move(file));
    }
  }

  void add_generated(const kubeovn::Manifest& manifest, Report& report) const {
    const auto bound = std::count_if(manifest.bindings.begin(), manifest.bindings.end(),
                                     [](const kubeovn::Binding& binding) { return !binding.groups.empty(); });
    report.generated = {manifest.security_groups.size(), manifest.subnets.size(), static_cast<std::size_t>(bound)};
    if (outcome_.list_groups)
      for (const kubeovn::SecurityGroup& group : manifest.security_groups) report.groups.emplace_back(group.name, group.about);
  }

  const Outcome& outcome_;
  const Tolerance& tolerance_;
  Lines lines_;
  std::vector<std::size_t> number_of_;  // of each rule of the catalog, among those of its policy
  std::map<RuleId, std::string> digests_;
  std::vector<std::string> rule_of_;    // of each finding, the digest of its rule
};

std::string text_of(std::string_view file, std::uint32_t line, std::uint32_t column) {
  const std::string name = printable(file);
  return line == 0 || name.empty() ? name : fmt::format("{}:{}:{}", name, line, column);
}

}  // namespace

Report make(std::string_view command, const Outcome& outcome, const Tolerance& tolerance, unsigned jobs) {
  return Maker(outcome, tolerance).make(command, jobs);
}

std::string place_text(const Place& place) { return text_of(place.file, place.line, place.column); }
std::string place_text(const Sources& sources, Loc where) {
  return where.file == 0 ? std::string() : text_of(sources.name(where.file), where.line, where.column);
}

std::string_view disposition(Effect effect) { return effect == Effect::Note ? "same" : to_string(effect); }

}  // namespace policyconv::report
