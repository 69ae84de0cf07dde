// From the cluster as it is to the cluster without Cilium, in steps that can each be checked and undone.
// Entrances: make(), apply(), print().
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "backends/kubeovn/print.h"
#include "backends/kubeovn/revision.h"
#include "ir/cluster.h"
#include "ir/source.h"

namespace policyconv::plan {

enum class StepKind : std::uint8_t {
  Preconditions,   // nothing is applied
  EmptyGroups,     // groups that name each other in a circle, without rules (K§9.28)
  Groups,          // all groups with their rules, in the order of dependency
  NodeAnchor,
  SubnetAcls,
  Join,            // pods of some namespaces carry their groups, and open-in and open-out beside them: nothing closes yet
  Admission,       // pods that are made or changed from now on
  Enforce,         // pods of some namespaces carry their final groups
  Verify,          // nothing is applied
  RemovePolicies,  // Cilium's policies, and NetworkPolicies that were compiled
  LeaveChaining,   // CNI files, DaemonSets, kube-proxy
};
[[nodiscard]] std::string_view to_string(StepKind kind);  // "preconditions", "empty-groups", ...

struct Check {
  std::string command, expect;
};

struct Step {
  StepKind kind = StepKind::Preconditions;
  std::string id;                          // of a file name's letters, unique: "05-join-shop"
  std::string title, why;
  std::vector<std::string> namespaces;     // Join and Enforce
  /// Objects that take the place of those of the same name. Their order does not matter for safety.
  kubeovn::Manifest objects;
  std::string file;                        // which has `objects`, relative to the directory of the output; or empty
  std::vector<std::string> commands;       // of a shell, in order
  std::vector<Check> checks;
  std::vector<std::string> if_it_fails;
  kubeovn::Manifest undo_objects;
  std::vector<std::string> undo_groups;    // SecurityGroups to delete
  bool undo_anchor = false;                // the NetworkPolicy of the anchor is to be deleted
  std::string undo_file;
  std::vector<std::string> undo_commands;
};

/// What the user says about the way.
struct Options {
  std::vector<std::vector<std::string>> waves;  // namespaces that go together; the others follow, each by itself
  std::vector<std::string> policy_paths;        // the sources, as named on the command line
  bool admission = false;                       // there is a 40-admission.yaml
};

struct Plan {
  kubeovn::Release release;
  std::vector<Step> steps;
  std::map<std::string, kubeovn::Revision> revisions;  // by group: what status shows once it is programmed
};

/// Never looser at any step: until RemovePolicies Cilium enforces beside the objects, so that what passes passes both; from
/// Enforce on the objects alone mean what `manifest` means. Nor is anything closed on the way that `manifest` allows.
[[nodiscard]] Plan make(const kubeovn::Manifest& manifest, const Cluster& cluster, const Options& options);

/// What is in force of ours before the first step: the groups, ACLs and annotations of an earlier run are not known
/// from a Cluster, so this is empty but for release and places.
[[nodiscard]] kubeovn::Manifest before(const kubeovn::Manifest& manifest);
/// Puts `objects` into `state` in place of what has the same name.
void apply(const kubeovn::Manifest& objects, kubeovn::Manifest& state);
/// Undoes a step.
void undo(const Step& step, kubeovn::Manifest& state);

/// PLAN.md, plan.json, and what stands in `steps/`.
[[nodiscard]] std::vector<kubeovn::OutputFile> print(const Plan& plan, const Catalog& catalog);

}  // namespace policyconv::plan
