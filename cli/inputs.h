// What the commands read before they do anything: policies, facts about the cluster, and objects.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <vector>

#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/manifest.h"
#include "cli/files.h"
#include "cli/options.h"
#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/program.h"
#include "ir/source.h"
#include "yaml/tree.h"

namespace policyconv::cli {

struct Inputs {
  Sources sources;
  Diagnostics diagnostics;
  cilium::Policies policies;
  Cluster cluster;
  std::vector<std::uint32_t> policy_files, object_files, cluster_files;
  yaml::Trees trees;  // of files that several readers read
};

/// Reads the files that the options name, or asks the cluster. All mistakes of all files are in `diagnostics` afterwards;
/// no policy at all is one, too, unless the options say otherwise.
void read_inputs(const InputOptions& options, std::istream& in, Inputs& inputs);
/// The second half of it: policies and facts of files whose numbers, and perhaps trees, are in `inputs`.
void read_parsed(const InputOptions& options, Inputs& inputs);

/// Adds what the options tell about addresses.
void add_ranges(const Ranges& ranges, Cluster& cluster);

[[nodiscard]] ir::Program program_of(const InputOptions& options, const cilium::Policies& policies, const Cluster& cluster,
                                     Diagnostics& diagnostics);
[[nodiscard]] ir::Program program_of(const InputOptions& options, Inputs& inputs);
/// How objects are made.
[[nodiscard]] kubeovn::LowerOptions target_of(const InputOptions& options);
/// What migrate makes of the policies.
[[nodiscard]] kubeovn::Manifest compile(const InputOptions& options, const ir::Program& program, const Cluster& cluster,
                                        const Catalog& catalog, Diagnostics& diagnostics);
[[nodiscard]] kubeovn::Manifest compile(const InputOptions& options, const ir::Program& program, Inputs& inputs);

/// The objects to judge: those that were named, else what migrate makes of the policies. nullopt if there are errors.
/// What the compiler says about the meaning is dropped: verify, trace and replay find out for themselves.
[[nodiscard]] std::optional<kubeovn::Manifest> objects_to_judge(const InputOptions& options, Inputs& inputs);

/// Prints the errors to `err` the way migrate does; returns the exit status 1.
int report_errors(Inputs& inputs, report::Colour colour, std::ostream& err);

}  // namespace policyconv::cli
