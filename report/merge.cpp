// Findings are sorted and numbered anew; every index into them, and into policies, goes through a table.
#include "report/merge.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ir/digest.h"
#include "report/faces.h"

namespace policyconv::report {
namespace {

/// What [report][index] became.
using Renumbered = std::vector<std::vector<std::size_t>>;

bool comes_before(const Finding& a, const Finding& b) {
  const auto place = [](const Finding& f) { return std::tie(f.place.file, f.place.line, f.place.column); };
  const auto rest = [](const Finding& f) {
    return std::tie(f.message, f.policy, f.rule, f.fingerprint, f.effect, f.suggestion, f.place.text, f.place.caret,
                    f.place.origin, f.arguments);
  };
  if (place(a) != place(b)) return place(a) < place(b);
  if (a.kind != b.kind) return definition(a.kind).code < definition(b.kind).code;
  return rest(a) < rest(b);
}

bool comes_before(const PolicyOutcome& a, const PolicyOutcome& b) {
  const auto key = [](const PolicyOutcome& p) {
    return std::tie(p.place.file, p.place.line, p.place.column, p.kind, p.ns, p.name, p.enforced, p.effect, p.findings);
  };
  const auto rule_key = [](const RuleOutcome& r) {
    return std::tie(r.path, r.direction, r.verdict, r.line, r.effect, r.findings);
  };
  if (key(a) != key(b)) return key(a) < key(b);
  return std::lexicographical_compare(
      a.rules.begin(), a.rules.end(), b.rules.begin(), b.rules.end(),
      [&](const RuleOutcome& left, const RuleOutcome& right) { return rule_key(left) < rule_key(right); });
}

/// One element of one of the reports.
struct Origin {
  std::size_t report = 0, index = 0;
};

/// Sorts the elements of all reports, and says where each went. `same(a, b)`: one of both is enough.
template <typename T, typename Same>
std::vector<T> collect(std::vector<Report>& reports, std::vector<T> Report::* list, Same same, Renumbered& numbers) {
  std::vector<Origin> order;
  for (std::size_t report = 0; report < reports.size(); ++report) {
    numbers.emplace_back((reports[report].*list).size());
    for (std::size_t index = 0; index < numbers.back().size(); ++index) order.push_back({report, index});
  }
  const auto at = [&](const Origin& origin) -> T& { return (reports[origin.report].*list)[origin.index]; };
  std::stable_sort(order.begin(), order.end(), [&](const Origin& a, const Origin& b) { return comes_before(at(a), at(b)); });
  std::vector<T> collected;
  for (const Origin& origin : order) {
    if (collected.empty() || !same(collected.back(), at(origin))) collected.push_back(std::move(at(origin)));
    numbers[origin.report][origin.index] = collected.size() - 1;
  }
  return collected;
}

/// Sorts once more, since fingerprints have changed.
void sort_again(std::vector<Finding>& findings, Renumbered& numbers) {
  std::vector<std::size_t> order(findings.size()), place(findings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return comes_before(findings[a], findings[b]); });
  std::vector<Finding> sorted;
  for (const std::size_t at : order) {
    place[at] = sorted.size();
    sorted.push_back(std::move(findings[at]));
  }
  findings = std::move(sorted);
  for (std::vector<std::size_t>& of_report : numbers)
    for (std::size_t& number : of_report) number = place[number];
}

/// Where everything else is equal, the order of the reports decides; so they get one that depends on what they say.
void put_in_order(std::vector<Report>& reports) {
  std::stable_sort(reports.begin(), reports.end(), [](const Report& a, const Report& b) {
    const auto name = [](const FileOutcome& file) -> const std::string& { return file.name; };
    const auto differ = std::mismatch(a.files.begin(), a.files.end(), b.files.begin(), b.files.end(),
                                      [&](const auto& left, const auto& right) { return name(left) == name(right); });
    if (differ.first == a.files.end() && differ.second == b.files.end()) return to_json(a) < to_json(b);
    if (differ.first == a.files.end() || differ.second == b.files.end()) return differ.first == a.files.end();
    return name(*differ.first) < name(*differ.second);
  });
}

void renumber(std::vector<std::size_t>& indices, const std::vector<std::size_t>& numbers) {
  for (std::size_t& index : indices) index = numbers.at(index);
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
}

/// Findings of runs over files of the same name may have the same fingerprint.
void tell_apart(std::vector<Finding>& findings) {
  std::set<std::string> known;
  for (const Finding& finding : findings) known.insert(finding.fingerprint);
  std::set<std::string> taken;
  for (Finding& finding : findings) {
    std::string fingerprint = finding.fingerprint;
    for (std::size_t number = 1; taken.count(fingerprint) > 0; ++number) {
      fingerprint = fingerprint_with(finding.fingerprint, std::to_string(number));
      if (known.count(fingerprint) > 0) fingerprint = finding.fingerprint;  // belongs to another finding
    }
    finding.fingerprint = fingerprint;
    taken.insert(std::move(fingerprint));
  }
}

std::vector<FileOutcome> merge_files(const std::vector<Report>& reports, const std::vector<Finding>& findings) {
  std::map<std::string, FileOutcome> files;
  for (const Report& report : reports)
    for (const FileOutcome& file : report.files) {
      FileOutcome& merged = files[file.name];
      merged.policies += file.policies;
      const Counts& rules = file.rules;
      merged.rules.same += rules.same;
      merged.rules.no_effect += rules.no_effect;
      merged.rules.stricter += rules.stricter;
      merged.rules.looser += rules.looser;
      merged.rules.refused += rules.refused;
    }
  for (const Finding& finding : findings)
    if (finding.effect == Effect::Error && !finding.place.file.empty()) ++files[finding.place.file].errors;
  std::vector<FileOutcome> merged;
  for (auto& [name, file] : files) {
    file.name = name;
    merged.push_back(std::move(file));
  }
  return merged;
}

/// "1.16", or "1.15, 1.16" if they differ; each may be such a list already.
std::string listed(const std::set<std::string>& values) {
  if (values.size() == 1) return *values.begin();
  constexpr std::string_view comma = ", ";
  std::set<std::string_view> single;
  for (std::string_view value : values)
    for (std::size_t end = 0; end != std::string_view::npos; value.remove_prefix(end == std::string_view::npos ? 0 : end + comma.size())) {
      end = value.find(comma);
      single.insert(value.substr(0, end));
    }
  return fmt::format("{}", fmt::join(single, comma));
}

/// In the order that each report has them in.
std::vector<std::pair<std::string, std::string>> merge_settings(const std::vector<Report>& reports) {
  struct Setting {
    std::size_t position = 0;
    std::set<std::string> values;
  };
  std::map<std::string, Setting> known;
  for (const Report& report : reports)
    for (std::size_t at = 0; at < report.settings.size(); ++at) {
      const auto& [name, value] = report.settings[at];
      const auto [entry, added] = known.try_emplace(name, Setting{at, {}});
      entry->second.position = std::min(entry->second.position, at);
      entry->second.values.insert(value);
    }
  std::vector<std::pair<std::string, std::string>> settings;
  for (const auto& [name, setting] : known) settings.emplace_back(name, listed(setting.values));
  std::stable_sort(settings.begin(), settings.end(), [&](const auto& a, const auto& b) {
    return known.at(a.first).position < known.at(b.first).position;
  });
  return settings;
}

template <typename T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

template <typename T>
void sort_out(std::vector<T>& pairs) {
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
}

/// What stands for itself.
void add_extras(std::vector<Report>& reports, const Renumbered& policies, Report& merged) {
  std::set<std::string> commands, versions;
  for (std::size_t at = 0; at < reports.size(); ++at) {
    Report& report = reports[at];
    commands.insert(report.command);
    versions.insert(report.version);
    merged.fail_on = at == 0 ? report.fail_on : std::min(merged.fail_on, report.fail_on);
    if (report.generated) {
      if (!merged.generated) merged.generated = Report::Generated{};
      merged.generated->security_groups += report.generated->security_groups;
      merged.generated->subnets += report.generated->subnets;
      merged.generated->bound_pods += report.generated->bound_pods;
    }
    for (Artefact& artefact : report.artefacts) {
      for (Artefact::Link& link : artefact.links) link.policy = policies[at].at(link.policy);
      std::sort(artefact.links.begin(), artefact.links.end(), [](const Artefact::Link& a, const Artefact::Link& b) {
        return std::tie(a.line, a.policy, a.rule) < std::tie(b.line, b.policy, b.rule);
      });
    }
    append(merged.groups, report.groups);
    append(merged.artefacts, report.artefacts);
    append(merged.sources, report.sources);
  }
  merged.command = listed(commands);
  merged.version = listed(versions);
  sort_out(merged.groups);
  sort_out(merged.sources);
  std::stable_sort(merged.artefacts.begin(), merged.artefacts.end(),
                   [](const Artefact& a, const Artefact& b) { return std::tie(a.name, a.text) < std::tie(b.name, b.text); });
  if (reports.size() == 1) merged.matrix = std::move(reports.front().matrix);
}

std::string shard_of(const Report& report) {
  const auto found = std::find_if(report.settings.begin(), report.settings.end(),
                                  [](const auto& setting) { return setting.first == shard_setting; });
  return found == report.settings.end() ? std::string() : found->second;
}

}  // namespace

Parts parts_of(const std::vector<Report>& reports) {
  Parts parts;
  std::map<std::string, std::size_t> times;
  for (const Report& report : reports) ++times[shard_of(report)];
  if (times.empty() || times.rbegin()->first.empty()) return parts;
  constexpr std::string_view of = " of ";
  const std::string& last = times.rbegin()->first;
  parts.job = last.substr(last.rfind(of) == std::string::npos ? last.size() : last.rfind(of) + of.size());
  std::size_t count = 0;
  std::from_chars(parts.job.data(), parts.job.data() + parts.job.size(), count);
  const std::string ending = fmt::format("{}{}", of, count);
  std::vector<std::string> problems;
  for (const auto& [shard, number] : times)
    if (!shard.ends_with(ending))
      problems.push_back(shard.empty() ? fmt::format("reports of no part: {}", number)
                                       : fmt::format("part {} belongs to another job", shard));
  constexpr std::size_t most_named = 10;
  for (std::size_t part = 0; part < count && problems.size() < most_named; ++part) {
    const auto found = times.find(fmt::format("{}{}", part, ending));
    if (found == times.end()) problems.push_back(fmt::format("part {} is missing", part));
    else if (found->second > 1) problems.push_back(fmt::format("part {} is there {} times", part, found->second));
  }
  parts.problem = fmt::format("{}", fmt::join(problems, ", "));
  return parts;
}

std::string fingerprint_with(std::string_view fingerprint, std::string_view more) {
  return fmt::format("{:016x}", fnv1a(fmt::format("{} {}", fingerprint, more)));
}

Report merge(std::vector<Report> reports) {
  put_in_order(reports);
  Report merged;
  merged.settings = merge_settings(reports);
  Renumbered findings, policies;
  const auto is_repeated = [](const Finding& a, const Finding& b) { return a == b && a.policy.empty(); };
  merged.findings = collect(reports, &Report::findings, is_repeated, findings);
  tell_apart(merged.findings);
  sort_again(merged.findings, findings);
  for (std::size_t at = 0; at < reports.size(); ++at)
    for (PolicyOutcome& policy : reports[at].policies) {
      renumber(policy.findings, findings[at]);
      for (RuleOutcome& rule : policy.rules) renumber(rule.findings, findings[at]);
    }
  merged.files = merge_files(reports, merged.findings);
  const auto never = [](const PolicyOutcome&, const PolicyOutcome&) { return false; };
  merged.policies = collect(reports, &Report::policies, never, policies);
  add_extras(reports, policies, merged);
  merged.status = exit_status(merged.findings, merged.fail_on);
  return merged;
}

}  // namespace policyconv::report
