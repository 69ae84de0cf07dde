// Do the objects mean what the policies mean, for all packets?
#pragma once

#include <iosfwd>
#include <vector>

#include "cli/inputs.h"
#include "cli/options.h"
#include "cli/verify_report.h"
#include "verify/flow_syntax.h"

namespace policyconv::cli {

struct Proof {
  bool future = true;  // also pods that do not exist yet
  std::vector<verify::Assertion> assertions = {};
};

/// Compares the policies of `inputs` with `manifest`. Shows progress on `err` if that is a terminal. Mistakes in
/// assertions go to the diagnostics of `inputs`.
[[nodiscard]] Verified prove(const Proof& proof, const InputOptions& options, const kubeovn::Manifest& manifest,
                             Inputs& inputs, std::ostream& err);

/// The report goes to `out`, errors and progress to `err`. Returns the exit status.
int verify(const VerifyOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
