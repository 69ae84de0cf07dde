// What a report holds beyond the findings, for faces that show policies beside objects: only worth its cost if one is
// asked for. Entrances: add_sources(), add_artefacts(), add_matrix().
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "backends/kubeovn/print.h"
#include "cli/options.h"
#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/semantics.h"
#include "ir/source.h"
#include "report/model.h"
#include "verify/space.h"

namespace policyconv::cli {

/// Whether some face of `options` shows policies.
[[nodiscard]] bool shows_policies(const ReportOptions& options);

/// The texts of `files` that hold policies, by name.
void add_sources(report::Report& report, const Sources& sources, std::span<const std::uint32_t> files);

/// What was written, and which rule each line comes from. `catalog` is that of the report.
void add_artefacts(report::Report& report, const std::vector<kubeovn::OutputFile>& files, const Catalog& catalog);

/// Who reaches whom in `cluster`, for at most `most_ends` namespaces and other ends and not much longer than a second
/// on top of what `space` cost; what had to be left out is counted. Nothing if the cluster has no pods.
inline constexpr std::size_t most_matrix_ends = 30;
void add_matrix(report::Report& report, const verify::Space& space, const Cluster& cluster,
                std::size_t most_ends = most_matrix_ends);
/// The same for those who have no Space yet; `jobs`: threads.
void add_matrix(report::Report& report, const cilium::Policies& policies, const Semantics& semantics,
                const kubeovn::Manifest& manifest, const Cluster& cluster, unsigned jobs);

}  // namespace policyconv::cli
