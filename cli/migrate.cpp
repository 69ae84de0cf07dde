#include "cli/migrate.h"

#include <algorithm>
#include <optional>
#include <ostream>

#include "backends/kubeovn/print.h"
#include "cli/files.h"
#include "cli/inputs.h"
#include "report/build.h"
#include "report/terminal.h"
#include "report/text.h"
#include "cli/verify.h"
#include "cli/verify_report.h"
#include "ir/print.h"

namespace policyconv::cli {
namespace {

void write(const kubeovn::Manifest& manifest, const Catalog& catalog, const std::string& directory, std::ostream& out,
           Diagnostics& diagnostics) {
  const std::vector<kubeovn::OutputFile> files = kubeovn::print(manifest, catalog);
  if (directory.empty())
    write_stream(out, files, diagnostics);
  else
    write_directory(directory, files, diagnostics);
}

/// Compares what was written with the policies; the report follows that of the migration.
int verify_too(const MigrateOptions& options, const kubeovn::Manifest& manifest, Inputs& inputs, std::ostream& err) {
  const Verified verified = prove({}, options.input, manifest, inputs, err);
  if (!options.quiet)
    err << '\n'
        << verify_text(verified, {inputs.sources, inputs.policies.catalog, inputs.cluster},
                       report::wants_colour(options.colour, err));
  const int status = exit_status(verified);
  return status < exit_status(options.tolerance.fail_on) ? 0 : status;
}

}  // namespace

int migrate(const MigrateOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  Inputs inputs;
  Diagnostics& diagnostics = inputs.diagnostics;
  read_inputs(options.input, in, inputs);
  if (options.verify && inputs.cluster.pods.empty() && !diagnostics.has_errors()) diagnostics.report<Kind::NoPods>({});
  const Catalog& catalog = inputs.policies.catalog;

  std::optional<kubeovn::Manifest> manifest;
  if (!diagnostics.has_errors()) {
    const ir::Program program = program_of(options.input, inputs);
    if (options.emit == Emit::Objects) manifest = compile(options.input, program, inputs);
    if (diagnostics.has_errors())
      manifest.reset();
    else if (manifest)
      write(*manifest, catalog, options.output, out, diagnostics);
    else
      write_stream(out, ir::print(program, catalog), diagnostics);
  }

  diagnostics.sort();
  const report::Report made = report::make(
      "migrate",
      {inputs.sources, catalog, diagnostics, manifest ? &*manifest : nullptr, inputs.cluster.pods.empty(), inputs.policy_files},
      options.tolerance);
  report::print_text(made, {report::wants_colour(options.colour, err), options.verbose, options.quiet}, err);
  if (!options.verify || !manifest || diagnostics.has_errors()) return made.status;
  return std::max(made.status, verify_too(options, *manifest, inputs, err));
}

}  // namespace policyconv::cli
