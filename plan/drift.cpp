// Entrance: drift(). Objects are compared in drift_objects.cpp; here are those who carry them.
#include "plan/drift.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/annotations.h"
#include "backends/kubeovn/membership.h"
#include "backends/kubeovn/ownership.h"
#include "backends/kubeovn/topology.h"
#include "ir/shell.h"
#include "plan/describe.h"
#include "plan/drift_objects.h"
#include "yaml/text.h"

namespace policyconv::plan {
namespace {

using kubeovn::PlacedPod;
using kubeovn::Stage;
using kubeovn::Unbound;
using Names = std::vector<std::string>;  // sorted

Names sorted(Names names) {
  std::sort(names.begin(), names.end());
  return names;
}

Names without(const Names& from, const Names& those) {
  Names rest;
  std::set_difference(from.begin(), from.end(), those.begin(), those.end(), std::back_inserter(rest));
  return rest;
}

class Pods {
 public:
  Pods(const Comparison& between, Diagnostics& diagnostics)
      : between_(between),
        topology_(between.cluster, unheard_),
        membership_(between.meant),
        diagnostics_(diagnostics) {}

  void compare() const {
    for (const PlacedPod& placed : topology_.pods)
      if (placed.unbound != Unbound::NotAnEndpoint && placed.unbound != Unbound::NowhereKnown) compare(placed);
  }

 private:
  [[nodiscard]] bool is_ours(const std::string& group) const {
    return between_.emitted.groups.contains(group) || topology_.ownership.is_ours(group);
  }

  void compare(const PlacedPod& placed) const {
    const Pod& pod = *placed.pod;
    const auto emitted = between_.emitted.pods.find({pod.ns, pod.name});
    const bool was_bound = emitted != between_.emitted.pods.end() && !emitted->second.groups.empty();
    const std::string key =
        was_bound ? emitted->second.groups.begin()->first : kubeovn::annotation_of(provider_of(pod));
    const auto annotation = pod.annotations.find(key);
    const Names carried = annotation == pod.annotations.end() ? Names() : sorted_groups_in(annotation->second);
    Names ours, foreign;
    for (const std::string& group : carried) (is_ours(group) ? ours : foreign).push_back(group);
    if (was_bound) foreign = without(foreign, sorted_groups_in(emitted->second.groups.begin()->second));
    // Such pods migrate does not bind, and says so.
    if ((placed.unbound == Unbound::GuardedSubnet || placed.unbound == Unbound::Foreign) && !was_bound && ours.empty())
      return;
    if (!foreign.empty()) report_foreign(pod, key, foreign, carried);
    const bool may_carry = placed.unbound != Unbound::Infrastructure;
    const std::vector<std::string> wanted = may_carry ? groups_of(placed, Stage::Enforced) : std::vector<std::string>();
    if (ours != sorted(wanted)) report(placed, key, ours, wanted, without(carried, ours));
  }

  /// In the order in which migrate writes them.
  [[nodiscard]] std::vector<std::string> groups_of(const PlacedPod& placed, Stage stage) const {
    return membership_.groups_of(topology_.vpcs[placed.vpc].name, placed.labels, placed.pod->ports, stage);
  }

  static std::string annotate(const Pod& pod, const std::string& key, const Names& names) {
    const std::string text = fmt::format("{}={}", key, fmt::join(names, ","));
    return fmt::format("`kubectl annotate pod -n {} {} --overwrite {}`", shell_word(pod.ns), shell_word(pod.name),
                       shell_word(text));
  }

  void report_foreign(const Pod& pod, const std::string& key, const Names& foreign, const Names& carried) const {
    diagnostics_.report<Kind::PodForeignGroups>(pod.loc, title(pod), listed(foreign)).suggestion =
        annotate(pod, key, without(carried, foreign));
  }

  void report(const PlacedPod& placed, const std::string& key, const Names& ours,
              const std::vector<std::string>& wanted, Names others) const {
    const Pod& pod = *placed.pod;
    if (!wanted.empty() && ours == sorted(groups_of(placed, Stage::Joining))) {
      diagnostics_.report<Kind::PodNotEnforced>(pod.loc, title(pod), listed(without(ours, sorted(wanted))));
      return;
    }
    Diagnostic& found =
        ours.empty() ? diagnostics_.report<Kind::PodUnbound>(pod.loc, title(pod), listed(wanted))
                     : diagnostics_.report<Kind::PodBoundOtherwise>(pod.loc, title(pod), listed(ours), listed(wanted));
    others.insert(others.end(), wanted.begin(), wanted.end());
    found.suggestion = annotate(pod, key, others);
  }

  static std::string title(const Pod& pod) { return yaml::excerpt(pod.ns + "/" + pod.name); }

  const Comparison& between_;
  Diagnostics unheard_;  // what is odd about the VPCs was said when the objects were made
  kubeovn::Topology topology_;
  kubeovn::Membership membership_;
  Diagnostics& diagnostics_;
};

/// Whether everything that binds new pods is there, so that templates need not.
bool admission_is_there(const Comparison& between) {
  bool any = false;
  for (const auto& [key, object] : between.emitted.others) {
    if (!is_admission(key)) continue;
    any = true;
    if (!between.live.others.contains(key)) return false;
  }
  return any;
}

void compare_templates(const Comparison& between, Diagnostics& diagnostics) {
  if (admission_is_there(between)) return;
  for (const Workload& workload : between.cluster.workloads) {
    const ObjectKey name{workload.kind, workload.ns, workload.name};
    const auto emitted = between.emitted.templates.find(name);
    if (emitted == between.emitted.templates.end()) continue;
    for (const auto& [key, wanted] : emitted->second.groups) {
      const auto at = workload.annotations.find(key);
      if (at != workload.annotations.end() && sorted_groups_in(at->second) == sorted_groups_in(wanted)) continue;
      const std::string now = at == workload.annotations.end() ? fmt::format("no annotation {}", yaml::excerpt(key))
                                                               : fmt::format("`{}`", yaml::excerpt(at->second));
      diagnostics.report<Kind::TemplateUnbound>(workload.loc, title_of(name), now, yaml::excerpt(wanted)).suggestion =
          fmt::format("`{}`", apply_command(between.sources.name(emitted->second.loc.file), false));
    }
  }
}

}  // namespace

void drift(const Comparison& between, Diagnostics& diagnostics) {
  const kubeovn::Ownership ownership(between.cluster);
  compare_groups(between, ownership, diagnostics);
  compare_acls(between, ownership, diagnostics);
  compare_others(between, diagnostics);
  Pods(between, diagnostics).compare();
  compare_templates(between, diagnostics);
}

bool is_difference(Kind kind) {
  const std::string_view code = definition(kind).code;
  return code.starts_with("PC50") && definition(kind).effect != Effect::Error && kind != Kind::ObjectsNotInDump &&
         kind != Kind::GroupNotAcknowledged;
}

}  // namespace policyconv::plan
