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
  Templates,       // pod templates, whose pods are made anew
  Admission,       // pods that are made or changed from now on
  Enforce,         // pods of some namespaces carry their final groups
  Verify,          // nothing is applied
  RemovePolicies,  // Cilium's policies, and NetworkPolicies that were compiled
  LeaveChaining,   // CNI files, DaemonSets, kube-proxy
  // Of edits of what is in force (plan/edits.h):
  HoldAdmission,   // the admission policies let be what pods carry, and go on binding new ones
  EditGroups,      // groups that pods carry get other rules
  Rebind,          // pods carry other groups
  RemoveGroups,    // groups that no pod carries any more
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
  bool optional = false;                   // the promise holds without it, too
  /// Objects that take the place of those of the same name. Their order does not matter for safety.
  kubeovn::Manifest objects;
  std::string file;                        // which has `objects`, relative to the directory of the output; or empty
  std::vector<std::string> commands;       // of a shell, in order
  std::vector<Check> checks;
  std::vector<std::string> if_it_fails;
  kubeovn::Manifest undo_objects;
  std::vector<std::string> remove_groups;  // SecurityGroups to delete
  bool remove_anchor = false;              // the NetworkPolicy of the anchor is to be deleted
  std::vector<std::string> undo_groups;    // SecurityGroups to delete
  bool undo_anchor = false;                // the NetworkPolicy of the anchor is to be deleted
  std::string undo_file;
  std::vector<std::string> undo_commands;
  std::vector<kubeovn::OutputFile> files;  // what else commands and checks read, by name relative to the output
};

/// What the user says about the way.
struct Options {
  std::vector<std::vector<std::string>> waves;  // namespaces that go together; the others follow, each by itself
  std::vector<std::string> policy_paths;        // the sources, as seen from the directory of the output; "-": none that could be named
  bool admission = false;                       // there is a 40-admission.yaml
  std::vector<std::string> network_policies;    // namespaces of NetworkPolicies among the sources; sorted, unique
  bool make_before_break = false;               // of edits: groups stand in for those that are rewritten
};

/// What a plan changes beside groups, with what was there before.
struct Changed {
  bool node_anchor = false;  // there is to be one, and there was none
  std::vector<kubeovn::SubnetPatch> subnets;
  std::vector<kubeovn::Binding> bindings;
  std::vector<kubeovn::TemplateBinding> templates;
};

struct Plan {
  kubeovn::Release release;
  std::vector<Step> steps;
  std::map<std::string, kubeovn::Revision> revisions;  // by group: what status shows once it is programmed
  std::vector<std::string> notes;                      // sentences about what this plan lacks or presumes
  std::vector<std::string> new_groups;                 // those that the dump does not have; sorted
  Changed changed;
  bool is_edit = false;                                // of an earlier run; Cilium has no part in it
};

/// Never looser at any step: until RemovePolicies Cilium enforces beside the objects, so that what passes passes both; from
/// Enforce on the objects alone mean what `manifest` means. Nor is anything closed on the way that `manifest` allows.
[[nodiscard]] Plan make(const kubeovn::Manifest& manifest, const Cluster& cluster, const Options& options);

/// What is in force of ours before the first step: the groups, ACLs and annotations of an earlier run are not known
/// from a Cluster, so this is empty but for release and places.
[[nodiscard]] kubeovn::Manifest before(const kubeovn::Manifest& manifest);
/// Puts `objects` into `state` in place of what has the same name.
void apply(const kubeovn::Manifest& objects, kubeovn::Manifest& state);
/// Takes a step: what it applies, and what it deletes.
void apply(const Step& step, kubeovn::Manifest& state);
/// Undoes a step.
void undo(const Step& step, kubeovn::Manifest& state);

/// PLAN.md, plan.json, and what stands in `steps/`.
[[nodiscard]] std::vector<kubeovn::OutputFile> print(const Plan& plan, const Catalog& catalog);

}  // namespace policyconv::plan
