// A test environment for a kind cluster: pods that stand in for the real ones, the migrated objects, and flows to try.
// Entrance: rehearse().
#pragma once

#include <string_view>
#include <vector>

#include "backends/kubeovn/print.h"
#include "cli/inputs.h"
#include "cli/options.h"
#include "ir/program.h"

namespace policyconv::cli {

/// The folder of `Rehearsal::objects`, below that of `files`.
inline constexpr std::string_view rehearsal_objects = "objects";

struct Rehearsal {
  std::vector<kubeovn::OutputFile> files, objects;
};

/// `inputs` have been compiled without errors. The objects are compiled anew, for the pods of the rehearsal alone.
[[nodiscard]] Rehearsal rehearse(const InputOptions& options, const ir::Program& program, const Inputs& inputs);

}  // namespace policyconv::cli
