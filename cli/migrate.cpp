#include "cli/migrate.h"

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "backends/kubeovn/cost.h"
#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/print.h"
#include "cli/batch.h"
#include "cli/costs.h"
#include "cli/deliver.h"
#include "cli/files.h"
#include "cli/inputs.h"
#include "cli/interrupt.h"
#include "cli/report_extras.h"
#include "cli/way.h"
#include "cli/verify.h"
#include "cli/verify_report.h"
#include "ir/parallel.h"
#include "ir/print.h"
#include "plan/previous.h"
#include "report/build.h"
#include "report/terminal.h"

namespace policyconv::cli {
namespace {

/// `program` by value: it is large, and nobody needs it afterwards.
kubeovn::Manifest compile(const MigrateOptions& options, ir::Program program,
                          const std::optional<kubeovn::Manifest>& previous, Inputs& inputs) {
  kubeovn::LowerOptions target = target_of(options.input);
  target.binds_new_pods = options.admission != kubeovn::AdmissionForm::None;
  if (previous) target.known_names = plan::names_of(*previous);
  return kubeovn::lower(program, inputs.cluster, inputs.policies.catalog, target, inputs.diagnostics);
}

/// Only the catalog is asked for from here on, unless the policies are to be compared. They are a third of the memory.
void forget_policies(const MigrateOptions& options, cilium::Policies& policies) {
  if (options.verify || shows_policies(options.reports)) return;
  std::exchange(policies.policies, {});  // `= {}` would keep the memory
  std::exchange(policies.network_policies, {});
  std::exchange(policies.cidr_groups, {});
}

/// Policies beside objects, and who reaches whom, for the face that shows them.
void add_extras(const MigrateOptions& options, const std::vector<kubeovn::OutputFile>& files,
                const kubeovn::Manifest& manifest, const Inputs& inputs, report::Report& made) {
  if (!shows_policies(options.reports)) return;
  add_sources(made, inputs.sources, inputs.policy_files);
  add_artefacts(made, files, inputs.policies.catalog);
  add_matrix(made, inputs.policies, options.input.semantics, manifest, inputs.cluster, options.input.jobs);
}

/// Compares what was written with the policies; the report follows that of the migration, which ended with `before`, and
/// ends with the status of both.
int verify_too(const MigrateOptions& options, const kubeovn::Manifest& manifest, Inputs& inputs, int before,
               std::ostream& err) {
  Verified verified = prove({}, options.input, manifest, inputs, err);
  if (verified.status < exit_status(options.tolerance.fail_on)) verified.status = status::good;
  verified.status = before == status::error ? before : std::max(before, verified.status);
  if (!options.quiet)
    err << '\n'
        << verify_text(verified, {inputs.sources, inputs.policies.catalog, inputs.cluster},
                       report::wants_colour(options.colour, err));
  return verified.status;
}

}  // namespace

int migrate(const MigrateOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  if (options.tree) return migrate_tree(options, in, out, err);
  Inputs inputs;
  Diagnostics& diagnostics = inputs.diagnostics;
  read_inputs(options.input, in, inputs);
  if (options.verify && inputs.cluster.pods.empty() && !diagnostics.has_errors()) diagnostics.report<Kind::NoPods>({});
  const Catalog& catalog = inputs.policies.catalog;

  std::optional<kubeovn::Manifest> manifest;
  std::vector<kubeovn::OutputFile> files;
  std::string program_text;
  kubeovn::Costs costs;
  if (!diagnostics.has_errors()) {
    ir::Program program = program_of(options.input, inputs);
    const std::optional<kubeovn::Manifest> previous = read_previous(options, in, inputs);
    if (options.emit == Emit::Objects) {
      manifest = compile(options, std::move(program), previous, inputs);
      if (options.cost || options.max_acls != 0) costs = kubeovn::costs_of(*manifest, inputs.cluster);
      if (options.max_acls != 0 && costs.total.acls > options.max_acls)
        diagnostics.report<Kind::TooManyAcls>({}, costs.total.acls, options.max_acls, most_acls(costs));
      if (!diagnostics.has_errors())
        files = files_of(options, *manifest, previous ? &*previous : nullptr, inputs,
                         [&] { forget_policies(options, inputs.policies); });
    }
    if (options.emit == Emit::Ir) program_text = ir::print(program, catalog);
  }
  const bool has_result = !diagnostics.has_errors();
  if (!has_result) manifest.reset();

  report::Report made;
  const auto make_report = [&] {
    diagnostics.sort();
    made = report::make(
        "migrate",
        {inputs.sources, catalog, diagnostics, manifest ? &*manifest : nullptr, inputs.cluster.pods.empty(), inputs.policy_files},
        options.tolerance, options.input.jobs);
  };
  Diagnostics writing;
  const auto report_beside = [&] {
    const NoStopNow no_stop;  // signals are for the thread that writes
    make_report();
  };
  beside(options.input.jobs, report_beside, [&] {
    if (!has_result) return;
    if (options.emit == Emit::Ir) write_stream(out, program_text, writing);
    else if (options.output.empty()) write_stream(out, files, writing);
    else write_directory(options.output, files, writing);
  });
  if (!writing.all().empty()) {
    diagnostics.append(std::move(writing));
    make_report();
  }
  made.settings = settings_of(options.input);
  if (manifest) add_extras(options, files, *manifest, inputs, made);
  const Delivery delivery{{report::wants_colour(options.colour, err), options.verbose, options.quiet},
                          options.shard_count == 1};
  int status = status::good;
  const auto forget = [&] {  // takes a while, too
    const NoStopNow no_stop;
    std::exchange(files, {});
    if (options.cost || options.verify) return;
    manifest.reset();
    std::exchange(inputs, {});
  };
  beside(options.input.jobs, forget, [&] { status = deliver(made, options.reports, delivery, out, err); });
  if (options.cost && manifest && !options.quiet) err << '\n' << cost_text(costs, manifest->spared_rules);
  if (!options.verify || !manifest || diagnostics.has_errors()) return status;
  return verify_too(options, *manifest, inputs, status, err);
}

}  // namespace policyconv::cli
