#include "cli/way.h"

#include <algorithm>
#include <filesystem>
#include <istream>
#include <set>
#include <string>
#include <utility>

#include "backends/kubeovn/admission.h"
#include "plan/edits.h"
#include "plan/plan.h"
#include "plan/previous.h"

namespace policyconv::cli {
namespace {

/// As commands in `directory` have to name it.
std::string seen_from(const std::string& directory, const std::string& path) {
  namespace fs = std::filesystem;
  if (path == "-" || fs::path(path).is_absolute()) return path;
  const fs::path relative = fs::path(path).lexically_normal().lexically_relative(fs::path(directory).lexically_normal());
  std::error_code error;
  return relative.empty() ? fs::absolute(path, error).lexically_normal().string() : relative.string();
}

plan::Options plan_options(const MigrateOptions& options, bool has_admission, const Catalog& catalog) {
  plan::Options wanted;
  wanted.waves = options.waves;
  for (const std::string& path : options.input.paths) wanted.policy_paths.push_back(seen_from(options.output, path));
  wanted.admission = has_admission;
  wanted.make_before_break = options.make_before_break;
  std::set<std::string> namespaces;
  for (const SourcePolicy& policy : catalog.policies)
    if (policy.kind == "NetworkPolicy") namespaces.insert(policy.ns);
  wanted.network_policies.assign(namespaces.begin(), namespaces.end());
  return wanted;
}

plan::Plan plan_of(const plan::Options& wanted, const kubeovn::Manifest& manifest, const kubeovn::Manifest* previous, Inputs& inputs) {
  if (previous == nullptr) return plan::make(manifest, inputs.cluster, wanted);
  const plan::Edits edits = plan::compare(*previous, manifest, inputs.cluster, wanted);
  plan::report_edits(edits, inputs.diagnostics);
  return plan::edit_plan(edits, *previous, manifest, inputs.cluster, wanted);
}

}  // namespace

std::optional<kubeovn::Manifest> read_previous(const MigrateOptions& options, std::istream& in, Inputs& inputs) {
  namespace fs = std::filesystem;
  if (options.previous.empty()) return std::nullopt;
  std::vector<std::string> paths;
  std::error_code error;
  for (const std::string_view name : plan::previous_files)
    if (const fs::path path = fs::path(options.previous) / name; fs::exists(path, error)) paths.push_back(path.string());
  if (paths.empty()) {
    inputs.diagnostics.report<Kind::CannotRead>({}, options.previous, "no objects of an earlier run are there");
    return std::nullopt;
  }
  const std::vector<std::uint32_t> files = Reader(inputs.sources, in, inputs.diagnostics).read(paths);
  kubeovn::Manifest previous =
      plan::read_previous(inputs.sources, files, options.input.release, inputs.cluster, inputs.diagnostics);
  if (inputs.diagnostics.has_errors()) return std::nullopt;
  return previous;
}

std::vector<kubeovn::OutputFile> files_of(const MigrateOptions& options, const kubeovn::Manifest& manifest,
                                          const kubeovn::Manifest* previous, Inputs& inputs,
                                          const std::function<void()>& meanwhile) {
  const Catalog& catalog = inputs.policies.catalog;
  std::vector<kubeovn::OutputFile> more;
  const auto add = [](std::vector<kubeovn::OutputFile> from, std::vector<kubeovn::OutputFile>& to) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
  };
  const auto print_more = [&] {
    std::string admission = kubeovn::admission(manifest, {*options.admission, options.kubernetes_minor}, inputs.diagnostics);
    const bool has_admission = !admission.empty();
    if (has_admission) more.push_back({"40-admission.yaml", std::move(admission)});
    if (options.output.empty()) return;
    add(kubeovn::print_component(manifest), more);
    add(plan::print(plan_of(plan_options(options, has_admission, catalog), manifest, previous, inputs), catalog), more);
  };
  std::vector<kubeovn::OutputFile> files = kubeovn::print(manifest, catalog, options.input.jobs, {meanwhile, print_more});
  if (options.output.empty())
    std::erase_if(files, [](const kubeovn::OutputFile& file) { return file.name == "31-templates.yaml"; });
  add(std::move(more), files);
  return files;
}

}  // namespace policyconv::cli
