// Options that are fine one by one and not together. Entrance: settle().
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/options.h"

namespace policyconv::cli {

/// Fills in what follows from other options. A problem of options that are fine one by one; empty if there is none.
/// `app`: what was parsed, to tell an empty value from none.
[[nodiscard]] std::string settle(MigrateOptions& options, const CLI::App& app);
[[nodiscard]] std::string settle(VerifyOptions& options, const CLI::App& app);
[[nodiscard]] std::string settle(TraceOptions& options, const CLI::App& app);
[[nodiscard]] std::string settle(ReplayOptions& options, const CLI::App& app);
[[nodiscard]] std::string settle(AssessOptions& options, const CLI::App& app);
[[nodiscard]] std::string settle(DriftOptions& options, const CLI::App& app);
[[nodiscard]] std::string settle(RollbackCheckOptions& options, const CLI::App& app);
[[nodiscard]] std::string settle(ExplainOptions& options, const CLI::App& app);
[[nodiscard]] std::string settle(KrmOptions& options, const CLI::App& app);
[[nodiscard]] std::string settle(MergeOptions& options, const CLI::App& app);

}  // namespace policyconv::cli
