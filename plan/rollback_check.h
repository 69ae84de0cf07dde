// Is the cluster what it was before the first step of a plan? Entrances: read_before(), rollback_check().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "plan/live.h"

namespace policyconv::plan {

/// An annotation of a pod or of a pod template.
struct AnnotationBefore {
  ObjectKey object;
  std::string key;
  std::optional<std::string> value;  // nullopt: there was none
};

/// What plan.json says about the cluster before the plan.
struct Before {
  kubeovn::Release release;
  std::vector<std::string> new_groups;  // of the plan; the cluster had none of them
  bool had_no_anchor = false;
  std::vector<std::pair<std::string, std::vector<ExistingAcl>>> subnets;
  std::vector<AnnotationBefore> pods, templates;
};

/// nullopt if `text` is not what print() writes; `problem` then says where, what stands there and what is expected.
[[nodiscard]] std::optional<Before> read_before(std::string_view text, std::string& problem);

/// Reports whatever is of the plan, and whatever was there before and is not. Pods and workloads that have gone are no
/// matter, nor are new ones, unless they carry groups of the plan. `cluster` is of the same dump as `live`.
void rollback_check(const Before& before, const WrittenObjects& live, const Cluster& cluster, Diagnostics& diagnostics);

/// What a dump cannot tell about a rollback, in sentences.
[[nodiscard]] std::vector<std::string> not_told(const WrittenObjects& live);

}  // namespace policyconv::plan
