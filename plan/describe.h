// What a step tells the person who takes it. Entrance: describe().
#pragma once

#include "ir/cluster.h"
#include "plan/plan.h"

namespace policyconv::plan {

/// What the words of all steps depend on.
struct Circumstances {
  const kubeovn::Manifest& manifest;
  const Cluster& cluster;
  const Options& options;
  std::string revisions_file, empty_groups_file, delete_file, allow_all_file;  // relative to the output
};

/// Fills title, why, commands, checks, if_it_fails and undo_commands of a step whose objects and files are known.
void describe(Step& step, const Circumstances& about);

/// `kubectl apply` of a file as the plan does it: server-side, so that partial objects leave the rest alone.
[[nodiscard]] std::string apply_command(std::string_view file, bool force);

}  // namespace policyconv::plan
