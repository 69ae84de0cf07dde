#include "cli/report_command.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/deliver.h"
#include "cli/files.h"
#include "ir/diagnostics.h"
#include "report/build.h"
#include "report/faces.h"
#include "report/merge.h"

namespace policyconv::cli {
namespace {

std::vector<report::Report> read_reports(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  std::vector<report::Report> reports;
  for (const NamedFile& file : list_files(paths, diagnostics)) {
    const std::optional<std::string> text = read_text(file.path, diagnostics);
    std::string problem;
    if (!text) continue;
    if (std::optional<report::Report> read = report::from_json(*text, problem)) reports.push_back(*std::move(read));
    else diagnostics.report<Kind::NotAReport>({}, file.path, problem);
  }
  return reports;
}

}  // namespace

int merge_reports(const MergeOptions& options, std::ostream& out, std::ostream& err) {
  Diagnostics diagnostics;
  std::vector<report::Report> reports = read_reports(options.paths, diagnostics);
  if (const report::Parts parts = report::parts_of(reports); !parts.problem.empty() && !diagnostics.has_errors())
    diagnostics.report<Kind::PartsMissing>({}, parts.job, parts.problem);
  report::Report merged;
  if (diagnostics.has_errors()) {
    diagnostics.sort();
    merged = report::make("report merge", {{}, {}, diagnostics}, {});
  } else {
    merged = report::merge(std::move(reports));
    std::erase_if(merged.settings, [](const auto& setting) { return setting.first == report::shard_setting; });
    if (options.fail_on) merged.fail_on = *options.fail_on;
  }
  Delivery delivery{{report::wants_colour(options.colour, err), options.verbose, options.quiet}};
  delivery.style.per_file = merged.files.size() > 1;
  return deliver(merged, options.reports, delivery, out, err);
}

}  // namespace policyconv::cli
