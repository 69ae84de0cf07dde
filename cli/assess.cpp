#include "cli/assess.h"

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <utility>

#include "assess/address_plan.h"
#include "assess/chaining.h"
#include "assess/conflicts.h"
#include "assess/features.h"
#include "assess/readiness.h"
#include "assess/ways.h"
#include "cli/assess_findings.h"
#include "cli/assess_report.h"
#include "cli/collect.h"
#include "cli/deliver.h"
#include "cli/files.h"
#include "cli/inputs.h"
#include "cli/rehearsal.h"
#include "report/terminal.h"

namespace policyconv::cli {
namespace {

assess::Assessment assessment_of(const Inputs& inputs, const assess::Dump& dump) {
  assess::Assessment found;
  found.conflicts = assess::find_conflicts(dump);
  found.plan = assess::plan_addresses(dump, found.conflicts);
  found.health = assess::check_chaining(dump);
  found.features = assess::features_in_use(inputs.policies, inputs.diagnostics, dump);
  found.namespaces = assess::readiness(inputs.policies.catalog, inputs.diagnostics);
  found.missing = assess::missing_kinds(dump);
  assess::weigh(found, dump);
  return found;
}

void write_rehearsal(const AssessOptions& options, const ir::Program& program, const Inputs& inputs,
                     Diagnostics& diagnostics) {
  const Rehearsal rehearsal = rehearse(options.input, program, inputs);
  write_directory(options.rehearsal, rehearsal.files, diagnostics, {});
  if (!diagnostics.has_errors())
    write_directory((std::filesystem::path(options.rehearsal) / rehearsal_objects).string(), rehearsal.objects, diagnostics);
}

std::string rendered(const Assessed& assessed, const AssessOptions& options, const std::ostream& out) {
  switch (options.format) {
    case DocumentFormat::Text: return report::document_text(assess_document(assessed), report::wants_colour(options.colour, out));
    case DocumentFormat::Markdown: return report::document_markdown(assess_document(assessed));
    case DocumentFormat::Html: return report::document_html(assess_document(assessed));
    case DocumentFormat::Json: return assess_json(assessed);
  }
  return {};
}

}  // namespace

int assess(const AssessOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  Inputs inputs;
  Diagnostics& diagnostics = inputs.diagnostics;
  if (options.print_collect) {
    write_stream(out, collect_script(), diagnostics);
    return diagnostics.has_errors() ? report_errors(inputs, options.colour, err) : 0;
  }
  read_inputs(options.input, in, inputs);
  const assess::Dump dump = assess::read_dump(inputs.sources, inputs.cluster_files, diagnostics, &inputs.trees);
  inputs.trees.clear();
  ir::Program program;
  if (!diagnostics.has_errors()) {
    program = program_of(options.input, inputs);
    static_cast<void>(compile(options.input, program, inputs));  // for what it says about each rule
  }
  if (diagnostics.has_errors())
    return deliver_errors("assess", inputs, options.input, options.reports, options.colour, out, err);
  diagnostics.sort();

  const assess::Assessment found = assessment_of(inputs, dump);
  Assessed assessed{found, dump, inputs.sources, inputs.policies.catalog, diagnostics};
  report::Report made = findings_report(assessed, inputs.cluster_files, options.fail_on);
  made.settings = settings_of(options.input);
  assessed.status = deliver_beside_answer(made, options.reports, options.colour, out, err, [&](const report::Report& report) {
    return exit_status(assessed, options.fail_on, report);
  });
  assessed.accepted = accepted_in(made);
  write_stream(out, rendered(assessed, options, out), diagnostics);
  if (!options.plan.empty()) write_file(options.plan, assess::print_plan(dump, found.plan), diagnostics);
  if (!options.rehearsal.empty()) write_rehearsal(options, program, inputs, diagnostics);
  return diagnostics.has_errors() ? report_errors(inputs, options.colour, err) : assessed.status;
}

}  // namespace policyconv::cli
