// What an earlier run left: its directory read again. Entrances: read_previous(), names_of().
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/program.h"
#include "ir/source.h"

namespace policyconv::plan {

/// The files of an earlier run that say what it did. The others follow from them, or repeat parts of them.
inline constexpr std::string_view previous_files[] = {"00-security-groups.yaml", "10-subnet-acls.yaml",
                                                      "20-node-anchor.yaml", "30-bindings.yaml"};

/// What is in force if the objects of `files` have been applied and the cluster has lived on since. What pods carry
/// comes from the cluster, as soon as one of its pods carries a group of ours: then the dump is younger than the
/// objects, and an admission policy may have bound pods since. Templates come from the cluster, too. Groups that were
/// edited by hand are read as they are.
[[nodiscard]] kubeovn::Manifest read_previous(const Sources& sources, std::span<const std::uint32_t> files,
                                              const kubeovn::Release& release, const Cluster& cluster,
                                              Diagnostics& diagnostics);

/// By VPC and selector: the names that groups of members have, for LowerOptions::known_names. Names of other shapes
/// than ours are not kept, because nobody could tell such groups from those of others.
[[nodiscard]] std::map<std::pair<std::string, ir::Group>, std::string> names_of(const kubeovn::Manifest& previous);

}  // namespace policyconv::plan
