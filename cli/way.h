// What stands beside the objects: the policy that binds pods of the future, and the plan.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "backends/kubeovn/print.h"
#include "cli/inputs.h"
#include "cli/options.h"

namespace policyconv::cli {

/// The objects of the run that --previous names; nullopt without it, or after a report.
[[nodiscard]] std::optional<kubeovn::Manifest> read_previous(const MigrateOptions& options, std::istream& in, Inputs& inputs);

/// Everything that the run writes. On standard output only what may go straight to kubectl: a template restarts pods, and the
/// rest is no object. `previous`: null if there was no earlier run. `meanwhile` is done beside printing, first of all where
/// there is one thread; it may touch nothing of `inputs` but its policies.
[[nodiscard]] std::vector<kubeovn::OutputFile> files_of(const MigrateOptions& options, const kubeovn::Manifest& manifest,
                                                        const kubeovn::Manifest* previous, Inputs& inputs,
                                                        const std::function<void()>& meanwhile = [] {});

}  // namespace policyconv::cli
