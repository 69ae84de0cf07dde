// What a new migration changes of an earlier one, and the way there while pods carry the groups (docs/edits.md).
// Entrances: compare(), edit_plan(), report_edits().
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "plan/plan.h"

namespace policyconv::plan {

enum class Change : std::uint8_t { Added, Removed, Changed };

/// What becomes of a SecurityGroup.
struct GroupEdit {
  std::string name;
  Change change = Change::Changed;
  /// By Direction, of Changed: the rules differ, so that Kube-OVN empties the direction before it fills it (K§2.6).
  /// Neither: only annotations differ, and no packet notices.
  std::array<bool, 2> rewritten{};
  /// Of `rewritten`: there are allows, or denies, before and after, which do not hold in between.
  std::array<bool, 2> closes{}, lifts{};
  std::vector<std::string> pods;  // "namespace/name": those that carry it while it is edited, in order
};

/// A pod that carries groups of ours before or after.
struct PodEdit {
  std::string ns, pod, provider;
  std::vector<std::string> before, after;  // groups of others included
  /// By Direction: more than one object that decides about it changes, so that old and new rules are mixed in between.
  std::array<bool, 2> mixed{};
  [[nodiscard]] std::string name() const { return ns + "/" + pod; }
};

struct Edits {
  std::vector<GroupEdit> groups;                    // by name; those that differ
  std::vector<PodEdit> pods;                        // by namespace and name; also those that keep their groups
  std::vector<kubeovn::SubnetPatch> subnets;        // to apply
  std::vector<kubeovn::TemplateBinding> templates;  // to apply
  bool adds_anchor = false, removes_anchor = false;
  bool membership = false;  // which pods carry which groups is no longer the same, for pods of the future too
  bool make_before_break = false;
  std::vector<std::pair<std::string, std::size_t>> lost_vpcs;  // of removed groups: how many of a VPC that is not there
  /// Removed groups, and pods that carry them as far as the earlier run knows but are not in the dump.
  std::vector<std::pair<std::string, std::vector<std::string>>> unseen;

  [[nodiscard]] bool empty() const;
};

/// `previous` as read_previous() gives it. What of it is the same in `next` is left alone, also where the documents
/// differ in comments.
[[nodiscard]] Edits compare(const kubeovn::Manifest& previous, const kubeovn::Manifest& next, const Cluster& cluster,
                            const Options& options);

/// `edits`: what compare() gives for the same arguments. Taking the steps turns `previous` into `next`, and undoing them backwards turns it back. After each step, and
/// whichever objects of a step have been applied, what a pod lets through in a direction is what either the old or the
/// new rules say; excepted are what report_edits() names, Subnet ACLs while they change, and pods that change their
/// labels meanwhile.
[[nodiscard]] Plan edit_plan(const Edits& edits, const kubeovn::Manifest& previous, const kubeovn::Manifest& next, const Cluster& cluster,
                             const Options& options);

/// Blips and mixtures, and what of the earlier run is doubtful.
void report_edits(const Edits& edits, Diagnostics& diagnostics);

}  // namespace policyconv::plan
