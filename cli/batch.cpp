// Entrance: migrate_tree(). Facts are read once, and files are numbered behind theirs; each file is then a migration of
// its own, on some thread.
#include "cli/batch.h"

#include <algorithm>
#include <atomic>
#include <istream>
#include <iterator>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "backends/kubeovn/print.h"
#include "cli/batch_output.h"
#include "cli/batch_units.h"
#include "cli/deliver.h"
#include "cli/inputs.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "frontend/parse.h"
#include "ir/parallel.h"
#include "report/build.h"
#include "report/merge.h"
#include "report/terminal.h"

namespace policyconv::cli {
namespace {

/// What all files share.
struct Shared {
  const MigrateOptions& options;
  const Inputs& facts;
  std::istream& in;
  Staging& staging;
  std::atomic<std::size_t> rules = 0;  // of all files
  [[nodiscard]] bool has_too_many_rules() const { return rules > options.input.limits.rules; }
};

/// One file, from its text to its report.
class Conversion {
 public:
  Conversion(Shared& shared, const Unit& unit) : shared_(shared), unit_(unit), sources_(&shared.facts.sources) {}

  [[nodiscard]] report::Report run() {
    read();
    std::optional<kubeovn::Manifest> manifest;
    shared_.rules += policies_.catalog.rules.size();
    if (shared_.has_too_many_rules()) return {};
    if (!diagnostics_.has_errors() && !policies_.catalog.policies.empty()) manifest = compile_and_write();
    if (diagnostics_.has_errors()) manifest.reset();
    // Without a place it is about the file as a whole.
    for (Diagnostic& found : diagnostics_.all())
      if (found.where.file == 0) found.where = {file_, 0, 0};
    diagnostics_.sort();
    report::Report made = report::make(
        "migrate", {sources_, policies_.catalog, diagnostics_, manifest ? &*manifest : nullptr, false, {&file_, 1}},
        shared_.options.tolerance);
    tell_apart(made);
    return made;
  }

 private:
  void read() {
    Reader reader(sources_, shared_.in, diagnostics_);
    const std::optional<std::uint32_t> number = reader.read(unit_.file);
    file_ = number ? *number : sources_.add(unit_.file.path, "");
    if (!number) return;
    const InputOptions& input = shared_.options.input;
    yaml::Trees trees;
    if (input.cluster_paths.empty()) trees = yaml::read_trees(sources_, {&file_, 1}, 1);
    policies_ = cilium::parse_policies(sources_, {&file_, 1}, {input.semantics, input.default_namespace, 1, &trees}, diagnostics_);
    suggest_rendering(sources_, diagnostics_);
    if (input.cluster_paths.empty()) read_own_facts(trees);
  }

  /// A file with nodes and pods is a dump of its cluster, so it tells the facts about it.
  void read_own_facts(const yaml::Trees& trees) {
    Diagnostics found;
    Cluster cluster = cilium::parse_cluster(sources_, {&file_, 1}, 1, found, &trees);
    if (cluster.nodes.empty() || cluster.pods.empty()) return;
    add_ranges(shared_.options.input.ranges, cluster);
    diagnostics_.append(std::move(found));
    // Neither what is no policy nor what is no fact is passed over.
    std::erase_if(diagnostics_.all(), [](const Diagnostic& note) {
      return note.kind == Kind::ObjectsPassedOver || note.kind == Kind::PoliciesInDump;
    });
    own_facts_ = std::move(cluster);
  }

  std::optional<kubeovn::Manifest> compile_and_write() {
    const InputOptions& input = shared_.options.input;
    const Cluster& cluster = own_facts_ ? *own_facts_ : shared_.facts.cluster;
    const ir::Program program = program_of(input, policies_, cluster, diagnostics_);
    kubeovn::Manifest manifest = compile(input, program, cluster, policies_.catalog, diagnostics_);
    if (!diagnostics_.has_errors())
      shared_.staging.write(unit_.folder, kubeovn::print(manifest, policies_.catalog), diagnostics_);
    return manifest;
  }

  /// Policies of different files may have one name, and the same to say about a fact that all share.
  void tell_apart(report::Report& made) const {
    for (report::Finding& finding : made.findings)
      if (!finding.policy.empty() && finding.place.file != unit_.file.path)
        finding.fingerprint = report::fingerprint_with(finding.fingerprint, unit_.folder);
  }

  Shared& shared_;
  const Unit& unit_;
  Sources sources_;
  Diagnostics diagnostics_;
  cilium::Policies policies_;
  std::optional<Cluster> own_facts_;
  std::uint32_t file_ = 0;
};

/// The files of this part; notes and mistakes of the list are those of the run.
std::vector<Unit> units_of(const MigrateOptions& options, std::istream& in, Inputs& facts) {
  const std::vector<Unit> all = list_units(options.input.paths, facts.diagnostics);
  std::vector<Unit> units;
  Reader reader(facts.sources, in, facts.diagnostics);
  for (const Unit& unit : all) {
    if (shard_of(unit.folder, options.shard_count) != options.shard_index) continue;
    if (unit.file.is_kustomization) static_cast<void>(reader.read(unit.file));
    else units.push_back(unit);
  }
  if (units.empty() && options.shard_count > 1 && !facts.diagnostics.has_errors())
    facts.diagnostics.report<Kind::EmptyShard>({}, all.size(), options.shard_index, options.shard_count);
  return units;
}

/// A run over files without any policy is an accident; a part of a job may well have none.
void require_policies(const MigrateOptions& options, const std::vector<report::Report>& reports, Diagnostics& diagnostics) {
  const bool explained = std::any_of(reports.begin(), reports.end(), [](const report::Report& report) {
    return !report.policies.empty() || has_errors(report) || report::worst(report) == Effect::Refused;
  });
  if (!explained && options.shard_count == 1 && !diagnostics.has_errors()) diagnostics.report<Kind::NoPolicies>({});
}

/// Whether the output is in its place now.
bool place(const MigrateOptions& options, const std::vector<Unit>& units, const std::vector<report::Report>& reports,
           Staging& staging, Diagnostics& diagnostics) {
  std::set<std::string> failed;
  for (std::size_t at = 0; at < units.size(); ++at)
    if (has_errors(reports[at])) failed.insert(units[at].folder);
  if (stop_requested() || diagnostics.has_errors() || (!failed.empty() && !options.keep_going)) return false;
  return staging.place(failed, diagnostics);
}

/// The files' reports and that of the run, as one.
report::Report merged(const MigrateOptions& options, std::vector<report::Report> reports, Inputs& facts, bool placed) {
  facts.diagnostics.sort();
  reports.push_back(report::make("migrate", {facts.sources, facts.policies.catalog, facts.diagnostics}, options.tolerance));
  report::Report merged = report::merge(std::move(reports));
  if (!placed) merged.generated.reset();
  merged.settings = settings_of(options.input);
  if (options.shard_count > 1)
    merged.settings.emplace_back(report::shard_setting, fmt::format("{} of {}", options.shard_index, options.shard_count));
  return merged;
}

Inputs read_facts(const InputOptions& options, std::istream& in) {
  InputOptions of_facts = options;
  of_facts.paths.clear();
  of_facts.policies_required = false;
  Inputs facts;
  read_inputs(of_facts, in, facts);
  facts.trees.clear();
  return facts;
}

}  // namespace

int migrate_tree(const MigrateOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  Inputs facts = read_facts(options.input, in);
  const std::vector<Unit> units = units_of(options, in, facts);
  report::Report report;
  {
    const StopLater stop_later;
    std::vector<report::Report> reports(units.size());
    bool placed = false;
    if (!facts.diagnostics.has_errors()) {
      Staging staging(options.output, {options.shard_index, options.shard_count}, facts.diagnostics);
      Shared shared{options, facts, in, staging};
      {
        ProgressLine progress(err);
        std::atomic<std::size_t> done = 0;
        in_parallel(facts.diagnostics.has_errors() ? 0 : units.size(), options.input.jobs, [&](std::size_t at) {
          if (stop_requested() || shared.has_too_many_rules()) return;
          reports[at] = Conversion(shared, units[at]).run();
          progress.count("converting files", ++done, units.size());
        });
      }
      if (shared.has_too_many_rules()) {  // which files were read by then is a matter of chance
        facts.diagnostics.report<Kind::TooManyRules>({}, options.input.limits.rules);
        reports.assign(units.size(), {});
      }
      if (!stop_requested()) require_policies(options, reports, facts.diagnostics);
      placed = place(options, units, reports, staging, facts.diagnostics);
    }
    if (stop_requested()) err << (placed ? "stopped; everything had been written\n" : "stopped; nothing was written\n") << std::flush;
    else report = merged(options, std::move(reports), facts, placed);
  }
  Delivery delivery{{report::wants_colour(options.colour, err), options.verbose, options.quiet}, options.shard_count == 1};
  delivery.style.per_file = true;
  return deliver(report, options.reports, delivery, out, err);
}

}  // namespace policyconv::cli
