// Writes the pages that report.test.mjs looks at: report_pages DIRECTORY. One is a real run on samples/shop.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "backends/kubeovn/print.h"
#include "cli/deliver.h"
#include "cli/inputs.h"
#include "cli/report_extras.h"
#include "report/build.h"
#include "report/faces.h"
#include "tests/sample_reports.h"

namespace {

using namespace policyconv;

report::Report shop() {
  // So that the page names files as a user in that folder would see them.
  std::filesystem::current_path(POLICYCONV_SOURCE_DIR "/samples/shop");
  cli::InputOptions options;
  options.paths = {"policies"};
  options.cluster_paths = {"cluster.yaml"};
  cli::Inputs inputs;
  std::istringstream in;
  cli::read_inputs(options, in, inputs);
  const Catalog& catalog = inputs.policies.catalog;
  const kubeovn::Manifest manifest = cli::compile(options, cli::program_of(options, inputs), inputs);
  inputs.diagnostics.sort();
  report::Report made =
      report::make("migrate", {inputs.sources, catalog, inputs.diagnostics, &manifest, false, inputs.policy_files}, {});
  made.settings = cli::settings_of(options);
  cli::add_sources(made, inputs.sources, inputs.policy_files);
  cli::add_artefacts(made, kubeovn::print(manifest, catalog), catalog);
  cli::add_matrix(made, inputs.policies, options.semantics, manifest, inputs.cluster, 1);
  return made;
}

void write(const std::string& path, const report::Report& report) {
  std::ofstream(path) << report::to_html(report, report::Language::English);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: report_pages DIRECTORY\n", stderr);
    return 2;
  }
  const std::string directory = std::filesystem::absolute(arguments[1]).string();
  write(directory + "/shop.html", shop());
  write(directory + "/hostile.html", testing::hostile_report());
  write(directory + "/large.html", testing::large_report(5000));
}
