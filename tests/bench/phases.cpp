// The recipe of cli/migrate.cpp with a clock between its steps.
#include "tests/bench/phases.h"

#include <sstream>
#include <stdexcept>
#include <utility>
#include <variant>

#include "backends/kubeovn/lower.h"
#include "cli/deliver.h"
#include "cli/files.h"
#include "cli/inputs.h"
#include "cli/options.h"
#include "cli/way.h"
#include "report/build.h"
#include "tests/bench/clock.h"
#include "tests/bench/process.h"
#include "verify/space.h"
#include "yaml/tree.h"

namespace policyconv::bench {
namespace {

cli::MigrateOptions options_of(const std::filesystem::path& input, const std::filesystem::path& output) {
  return std::get<cli::MigrateOptions>(cli::parse_command_line(migrate_arguments(input, output, 1)));
}

void require_no_errors(const Diagnostics& diagnostics) {
  for (const Diagnostic& found : diagnostics.all())
    if (definition(found.kind).effect == Effect::Error) throw std::runtime_error(found.message);
}

/// Each document is dropped once it is read, as migrate does when it has decoded it.
double read_alone(const std::filesystem::path& input, const std::filesystem::path& output) {
  const cli::MigrateOptions options = options_of(input, output);
  cli::Inputs inputs;
  std::istringstream nothing;
  cli::Reader reader(inputs.sources, nothing, inputs.diagnostics);
  return processor_seconds([&] {
    for (const std::vector<std::string>* paths : {&options.input.paths, &options.input.cluster_paths})
      for (const std::uint32_t file : reader.read(*paths))
        yaml::each_document(inputs.sources, yaml::Part(file), [](yaml::Node&&) {}, inputs.diagnostics);
  });
}

/// `decode` is that of reading and decoding.
Phases others(const std::filesystem::path& input, const std::filesystem::path& output, bool is_proved) {
  const cli::MigrateOptions options = options_of(input, output);
  Phases times;
  cli::Inputs inputs;
  std::istringstream nothing;
  times["decode"] = processor_seconds([&] { cli::read_inputs(options.input, nothing, inputs); });
  require_no_errors(inputs.diagnostics);
  ir::Program program;
  times["IR"] = processor_seconds([&] { program = cli::program_of(options.input, inputs); });
  kubeovn::LowerOptions target = cli::target_of(options.input);
  target.binds_new_pods = options.admission != kubeovn::AdmissionForm::None;
  kubeovn::Manifest manifest;
  const Catalog& catalog = inputs.policies.catalog;
  times["lower"] = processor_seconds([&] { manifest = kubeovn::lower(program, inputs.cluster, catalog, target, inputs.diagnostics); });
  std::vector<kubeovn::OutputFile> files;
  times["print"] = processor_seconds([&] { files = cli::files_of(options, manifest, nullptr, inputs); });
  times["write"] = seconds([&] { cli::write_directory(options.output, files, inputs.diagnostics); });
  require_no_errors(inputs.diagnostics);
  times["report"] = processor_seconds([&] {
    inputs.diagnostics.sort();
    report::Report made = report::make(
        "migrate",
        {inputs.sources, catalog, inputs.diagnostics, &manifest, inputs.cluster.pods.empty(), inputs.policy_files},
        options.tolerance);
    made.settings = cli::settings_of(options.input);
    std::ostringstream out, err;
    static_cast<void>(cli::deliver(made, options.reports, {}, out, err));
  });
  if (is_proved && !inputs.cluster.pods.empty())
    times["verify"] = processor_seconds([&] {
      const verify::Space space(inputs.policies, options.input.semantics, manifest, inputs.cluster, 1);
      static_cast<void>(verify::compare(space));
    });
  return times;
}

}  // namespace

std::vector<std::string> migrate_arguments(const std::filesystem::path& input, const std::filesystem::path& output,
                                           unsigned jobs) {
  std::vector<std::string> arguments = {"migrate", (input / "policies").string(), "-o", output.string(),
                                        "--jobs",  std::to_string(jobs)};
  if (const std::filesystem::path cluster = input / "cluster.yaml"; exists(cluster)) {
    arguments.emplace_back("--cluster");
    arguments.push_back(cluster.string());
  }
  return arguments;
}

Phases measure_phases(const std::filesystem::path& input, const std::filesystem::path& output, bool is_proved) {
  const double read = in_child([&] { return nlohmann::json(read_alone(input, output)); }).get<double>();
  Phases times = in_child([&] { return nlohmann::json(others(input, output, is_proved)); }).get<Phases>();
  times["read"] = read;
  times["decode"] -= read;
  return times;
}

}  // namespace policyconv::bench
