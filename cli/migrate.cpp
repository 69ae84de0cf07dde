#include "cli/migrate.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "backends/kubeovn/print.h"
#include "cli/files.h"
#include "cli/report.h"
#include "frontend/lower.h"
#include "frontend/parse.h"
#include "ir/print.h"

namespace policyconv::cli {
namespace {

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

Cluster read_cluster(const Sources& sources, const std::vector<std::uint32_t>& files, const MigrateOptions& options,
                     Diagnostics& diagnostics) {
  Cluster cluster;
  if (!options.cluster_paths.empty()) cluster = cilium::parse_cluster(sources, files, options.jobs, diagnostics);
  append(cluster.pod_cidrs, options.ranges.pods);
  append(cluster.service_cidrs, options.ranges.services);
  append(cluster.node_cidrs, options.ranges.nodes);
  append(cluster.join_cidrs, options.ranges.joins);
  append(cluster.node_local_dns, options.ranges.node_local_dns);
  return cluster;
}

void write(const kubeovn::Manifest& manifest, const Catalog& catalog, const std::string& directory, std::ostream& out,
           Diagnostics& diagnostics) {
  const std::vector<kubeovn::OutputFile> files = kubeovn::print(manifest, catalog);
  if (directory.empty()) write_stream(out, files, diagnostics);
  else write_directory(directory, files, diagnostics);
}

/// An empty input is an accident rather than a wish, unless what it holds was refused by name.
void require_policies(const Catalog& catalog, Diagnostics& diagnostics) {
  const auto& all = diagnostics.all();
  const bool explained = std::any_of(all.begin(), all.end(), [](const Diagnostic& found) {
    const Effect effect = definition(found.kind).effect;
    return effect == Effect::Error || effect == Effect::Refused;
  });
  if (catalog.policies.empty() && !explained) diagnostics.report<Kind::NoPolicies>({});
}

bool wants_colour(Colour colour, const std::ostream& err) {
  const auto is_terminal = [&] { return &err == &std::cerr && ::isatty(STDERR_FILENO) == 1; };
  const char* no_color = std::getenv("NO_COLOR");
  const bool refused = no_color != nullptr && *no_color != '\0';
  return colour == Colour::Always || (colour == Colour::Auto && !refused && is_terminal());
}

}  // namespace

int migrate(const MigrateOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  Diagnostics diagnostics;
  Sources sources;
  Reader reader(sources, in, diagnostics);
  const auto policy_files = reader.read(options.paths);
  const auto cluster_files = reader.read(options.cluster_paths);

  const cilium::Policies policies = cilium::parse_policies(
      sources, policy_files, {options.semantics, options.default_namespace, options.jobs}, diagnostics);
  require_policies(policies.catalog, diagnostics);
  const Cluster cluster = read_cluster(sources, cluster_files, options, diagnostics);
  const Catalog& catalog = policies.catalog;

  std::optional<kubeovn::Manifest> manifest;
  if (!diagnostics.has_errors()) {
    const ir::Program program =
        cilium::lower(policies, cluster, {options.semantics, options.tolerance.allow_looser}, diagnostics);
    if (options.emit == Emit::Objects)
      manifest = kubeovn::lower(
          program, cluster, catalog,
          {options.release, options.node_traffic, options.semantics.sctp, options.tolerance.allow_looser}, diagnostics);
    if (diagnostics.has_errors()) manifest.reset();
    else if (manifest) write(*manifest, catalog, options.output, out, diagnostics);
    else write_stream(out, ir::print(program, catalog), diagnostics);
  }

  diagnostics.sort();
  report({sources, catalog, diagnostics, manifest ? &*manifest : nullptr, cluster.pods.empty()}, options.tolerance,
         {wants_colour(options.colour, err), options.verbose, options.quiet}, err);
  return exit_status(diagnostics, options.tolerance);
}

}  // namespace policyconv::cli
