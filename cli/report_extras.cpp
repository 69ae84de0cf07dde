// add_sources() and add_artefacts(); cli/matrix.cpp has add_matrix().
#include "cli/report_extras.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "yaml/secrets.h"

namespace policyconv::cli {
namespace {

/// Where the report has each rule of the catalog: it groups them by policy, in the catalog's order.
std::vector<std::size_t> numbers_in_policies(const Catalog& catalog) {
  std::vector<std::size_t> next(catalog.policies.size()), numbers;
  for (const SourceRule& rule : catalog.rules) numbers.push_back(next[static_cast<std::size_t>(rule.policy)]++);
  return numbers;
}

}  // namespace

bool shows_policies(const ReportOptions& options) {
  return std::any_of(options.files.begin(), options.files.end(), [](const ReportFile& file) { return file.face == Face::Html; });
}

void add_sources(report::Report& report, const Sources& sources, std::span<const std::uint32_t> files) {
  std::set<std::string_view> wanted;
  for (const report::PolicyOutcome& policy : report.policies) wanted.insert(policy.place.file);
  for (const std::uint32_t file : files)
    if (wanted.count(sources.name(file)) > 0)
      report.sources.emplace_back(sources.name(file), yaml::without_secrets(sources.text(file)));
  std::sort(report.sources.begin(), report.sources.end());
}

void add_artefacts(report::Report& report, const std::vector<kubeovn::OutputFile>& files, const Catalog& catalog) {
  const std::vector<std::size_t> numbers = numbers_in_policies(catalog);
  for (const kubeovn::OutputFile& file : files) {
    report::Artefact& artefact = report.artefacts.emplace_back();
    artefact.name = file.name;
    artefact.text = file.text;
    for (const kubeovn::OutputFile::Origin& origin : file.origins)
      for (std::uint32_t line = origin.first; line <= origin.last; ++line)
        artefact.links.push_back({line, static_cast<std::size_t>(catalog.rule(origin.rule).policy),
                                  numbers[static_cast<std::size_t>(origin.rule)]});
  }
}

}  // namespace policyconv::cli
