// Entrance: edit_plan(). What each step applies, deletes and undoes; then numbers and words (edit_plan_words.cpp).
//
// The rules of all groups of a pod are one list, and the highest match decides. So a pod that carries all of its old
// and all of its new rules lets through what one of the two says, whatever they are; and a single change of its
// annotation takes it from one list to another. Hence the order: first everybody is in the address sets that new rules
// name, then pods get the new rules beside the old ones, then they lose the old ones, and only then does anybody leave
// the address sets that old rules name. A group that is both a peer and a subject is made without rules, so that pods
// can join it before it says anything.
//
// A group whose rules change keeps its name, since others name it as a peer. With --make-before-break its pods carry
// copies of its old and of its new rules while Kube-OVN rewrites it, so that its own rules add nothing and their
// absence takes nothing.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "backends/kubeovn/ownership.h"
#include "ir/digest.h"
#include "plan/edit_plan_words.h"
#include "plan/edits.h"
#include "plan/same.h"

namespace policyconv::plan {
namespace {

using kubeovn::Binding;
using kubeovn::Manifest;
using kubeovn::Role;
using kubeovn::SecurityGroup;
using kubeovn::SubnetPatch;
using Names = std::vector<std::string>;

bool has_rules(const SecurityGroup& group) {
  return !group.ingress.empty() || !group.egress.empty() || !group.written.empty() || group.allow_same_group;
}

SecurityGroup without_rules(SecurityGroup group) {
  group.ingress.clear();
  group.egress.clear();
  group.written.clear();
  group.allow_same_group = false;
  group.rejected.clear();
  return group;
}

void add(Names& names, const Names& more) {
  for (const std::string& name : more)
    if (!contains(names, name)) names.push_back(name);
}

class Editor {
 public:
  Editor(const Edits& edits, const Manifest& previous, const Manifest& next, const Cluster& cluster, const Options& options)
      : next_(next),
        cluster_(cluster),
        options_(options),
        edits_(edits),
        state_(previous) {
    plan_.release = next.release;
    plan_.is_edit = true;
    for (const SecurityGroup& group : previous.security_groups) old_.emplace(group.name, &group);
    for (const SecurityGroup& group : next.security_groups) new_.emplace(group.name, &group);
    sort_groups(peers_of(previous), peers_of(next));
    note_what_was();
  }

  Plan make() {
    if (edits_.adds_anchor) anchor();
    create();
    const std::size_t held_at = plan_.steps.size();
    rebind("join", [this](const PodEdit& pod) { return joined(pod); });
    rebind("stand-ins", [this](const PodEdit& pod) { return stood_in(pod); });
    rewrite();
    subnets();
    rebind("final", [this](const PodEdit& pod) { return rebound(pod); });
    rebind("leave", [](const PodEdit& pod) { return pod.after; });
    const bool rebinds = std::any_of(plan_.steps.begin(), plan_.steps.end(),
                                     [](const Step& step) { return step.kind == StepKind::Rebind; });
    if (options_.admission && rebinds) hold(held_at);
    if (options_.admission && (rebinds || edits_.membership)) step(StepKind::Admission, "").file = "40-admission.yaml";
    templates();
    remove();
    describe_edits(plan_, {edits_, old_, new_, stand_ins_, options_, cluster_, next_});
    return std::move(plan_);
  }

 private:
  void sort_groups(const Peers& peers_before, const Peers& peers_after) {
    for (const GroupEdit& edit : edits_.groups) {
      const bool removed = edit.change == Change::Removed, added = edit.change == Change::Added;
      const SecurityGroup& group = removed ? *old_.at(edit.name) : *new_.at(edit.name);
      if (edit.rewritten[0] || edit.rewritten[1]) rewritten_.insert(edit.name);
      if (added) added_.insert(edit.name);
      if (added && peers_after.contains(edit.name)) {
        peers_to_be_.insert(edit.name);
        if (has_rules(group)) hollow_.insert(edit.name);
      }
      if (removed && peers_before.contains(edit.name)) {
        peers_that_were_.insert(edit.name);
        if (has_rules(group) && options_.make_before_break) emptied_.insert(edit.name);
      }
    }
  }

  /// What differs alone, since the rest of what an earlier run did stays on the way back.
  void note_what_was() {
    plan_.changed = {edits_.adds_anchor, edits_.subnets, {}, edits_.templates};
    for (const SecurityGroup& group : next_.security_groups)
      if (!old_.contains(group.name) || rewritten_.contains(group.name))
        plan_.revisions.emplace(group.name, kubeovn::revision_of(group, next_.release));
    for (const PodEdit& pod : edits_.pods)
      if (pod.before != pod.after)
        plan_.changed.bindings.push_back({pod.ns, pod.pod, pod.after, pod.provider, annotation_text(pod.before)});
    plan_.new_groups.assign(added_.begin(), added_.end());
  }

  /// Nobody can tell afterwards whether there was an annotation without names.
  static std::optional<std::string> annotation_text(const Names& names) {
    if (names.empty()) return std::nullopt;
    return fmt::format("{}", fmt::join(names, ","));
  }

  Step& step(StepKind kind, std::string word) {
    Step& added = plan_.steps.emplace_back();
    added.kind = kind;
    added.id = std::move(word);
    added.objects = added.undo_objects = before(next_);
    return added;
  }

  /// What takes `step` back, by what is in force before it; then it is.
  void take(Step& step) {
    const auto names_old = [&](const auto& all, const auto& is_same) {
      return std::find_if(all.begin(), all.end(), is_same);
    };
    for (const SecurityGroup& group : step.objects.security_groups) {
      const auto old =
          names_old(state_.security_groups, [&](const SecurityGroup& each) { return each.name == group.name; });
      if (old == state_.security_groups.end())
        step.undo_groups.push_back(group.name);
      else
        step.undo_objects.security_groups.push_back(*old);
    }
    for (const std::string& name : step.remove_groups) {
      const auto old = names_old(state_.security_groups, [&](const SecurityGroup& each) { return each.name == name; });
      if (old != state_.security_groups.end()) step.undo_objects.security_groups.push_back(*old);
    }
    std::sort(step.undo_objects.security_groups.begin(), step.undo_objects.security_groups.end(),
              [](const SecurityGroup& a, const SecurityGroup& b) { return a.name < b.name; });
    for (const Binding& binding : step.objects.bindings) {
      const auto old = names_old(state_.bindings,
                                 [&](const Binding& each) { return each.ns == binding.ns && each.pod == binding.pod; });
      step.undo_objects.bindings.push_back(
          {binding.ns, binding.pod, old == state_.bindings.end() ? Names{} : old->groups, binding.provider});
    }
    for (const SubnetPatch& patch : step.objects.subnets) {
      const auto old = names_old(state_.subnets, [&](const SubnetPatch& each) { return each.subnet == patch.subnet; });
      step.undo_objects.subnets.push_back(
          old == state_.subnets.end() ? SubnetPatch{patch.subnet, patch.before, {}, patch.before} : *old);
    }
    step.undo_anchor = step.objects.node_anchor;
    step.undo_objects.node_anchor = step.remove_anchor;
    apply(step, state_);
  }

  // --- steps
  // -----------------------------------------------------------------------------------------------------------

  void anchor() {
    Step& added = step(StepKind::NodeAnchor, "");
    added.objects.node_anchor = true;
    take(added);
  }

  void create() {
    std::vector<SecurityGroup> groups;
    for (const std::string& name : added_)
      groups.push_back(hollow_.contains(name) ? without_rules(*new_.at(name)) : *new_.at(name));
    if (options_.make_before_break) make_stand_ins(groups);
    if (groups.empty()) return;
    std::sort(groups.begin(), groups.end(),
              [](const SecurityGroup& a, const SecurityGroup& b) { return a.name < b.name; });
    Step& created = step(StepKind::Groups, "new");
    created.objects.security_groups = std::move(groups);
    take(created);
  }

  void make_stand_ins(std::vector<SecurityGroup>& groups) {
    for (const PodEdit& pod : edits_.pods) {
      for (const std::string& name : pod.before)
        if (rewritten_.contains(name) || emptied_.contains(name)) stand_in(*old_.at(name), "old", groups);
      for (const std::string& name : pod.after)
        if (rewritten_.contains(name) || hollow_.contains(name)) stand_in(*new_.at(name), "new", groups);
    }
  }

  /// A copy of the directions that change. It is no member of anything: only steps of this plan bind it.
  void stand_in(const SecurityGroup& group, std::string_view which, std::vector<SecurityGroup>& groups) {
    const std::string name = stand_in_name(group.name, which);
    if (!stand_ins_.insert(name).second) return;
    SecurityGroup copy;
    copy.name = name;
    copy.vpc = group.vpc;
    copy.about = fmt::format("stands in for {} rules of {}", which, group.name);
    const auto edit = std::find_if(edits_.groups.begin(), edits_.groups.end(),
                                   [&](const GroupEdit& each) { return each.name == group.name; });
    const bool whole = edit->change != Change::Changed;
    if (whole || edit->rewritten[static_cast<std::size_t>(Direction::Ingress)]) copy.ingress = group.ingress;
    if (whole || edit->rewritten[static_cast<std::size_t>(Direction::Egress)]) copy.egress = group.egress;
    plan_.revisions.emplace(name, kubeovn::revision_of(copy, next_.release));
    groups.push_back(std::move(copy));
  }

  /// Of the shape of our names (K§2.1), so that an admission policy takes it off again should a plan be left half-way.
  static std::string stand_in_name(const std::string& group, std::string_view which) {
    std::string slug = group.starts_with("pc-") ? group.substr(3) : group;
    slug.resize(std::min<std::size_t>(slug.size(), 40));
    const std::string digits = fmt::format("{:016x}", fnv1a(fmt::format("{}\n{}", group, which)));
    return fmt::format("pc-{}-{}-{}", which, slug, digits.substr(0, 12));
  }

  void rewrite() {
    Step& edited = step(StepKind::EditGroups, "");
    std::vector<SecurityGroup>& groups = edited.objects.security_groups;
    for (const GroupEdit& edit : edits_.groups) {
      if (edit.change == Change::Changed || hollow_.contains(edit.name))
        groups.push_back(*new_.at(edit.name));
      else if (emptied_.contains(edit.name))
        groups.push_back(without_rules(*old_.at(edit.name)));
    }
    if (groups.empty())
      plan_.steps.pop_back();
    else
      take(edited);
  }

  void subnets() {
    if (edits_.subnets.empty()) return;
    Step& patched = step(StepKind::SubnetAcls, "");
    patched.objects.subnets = edits_.subnets;
    take(patched);
  }

  template <typename Wanted>
  void rebind(std::string word, const Wanted& wanted) {
    Step& bound = step(StepKind::Rebind, std::move(word));
    std::set<std::string> namespaces;
    for (const PodEdit& pod : edits_.pods) {
      Names names = wanted(pod);
      if (same_names(names, carried(pod))) continue;
      bound.objects.bindings.push_back({pod.ns, pod.pod, std::move(names), pod.provider});
      namespaces.insert(pod.ns);
    }
    bound.namespaces.assign(namespaces.begin(), namespaces.end());
    if (bound.objects.bindings.empty())
      plan_.steps.pop_back();
    else
      take(bound);
  }

  void hold(std::size_t at) {
    Step holding = std::move(step(StepKind::HoldAdmission, ""));
    plan_.steps.pop_back();
    plan_.steps.insert(plan_.steps.begin() + static_cast<std::ptrdiff_t>(at), std::move(holding));
  }

  void templates() {
    if (edits_.templates.empty()) return;
    Step& changed = step(StepKind::Templates, "");
    changed.optional = options_.admission;
    changed.objects.templates = changed.undo_objects.templates = edits_.templates;
    for (kubeovn::TemplateBinding& each : changed.undo_objects.templates)
      each.groups = kubeovn::groups_as_written(each.before.value_or(""));
    apply(changed, state_);
  }

  void remove() {
    Names doomed(stand_ins_.begin(), stand_ins_.end());
    for (const GroupEdit& edit : edits_.groups)
      if (edit.change == Change::Removed) doomed.push_back(edit.name);
    if (doomed.empty() && !edits_.removes_anchor) return;
    std::sort(doomed.begin(), doomed.end());
    Step& removed = step(StepKind::RemoveGroups, "");
    removed.remove_groups = std::move(doomed);
    removed.remove_anchor = edits_.removes_anchor;
    take(removed);
  }

  // --- what a pod carries
  // ----------------------------------------------------------------------------------------------

  [[nodiscard]] Names carried(const PodEdit& pod) const {
    const auto found = std::find_if(state_.bindings.begin(), state_.bindings.end(),
                                    [&](const Binding& each) { return each.ns == pod.ns && each.pod == pod.pod; });
    return found == state_.bindings.end() ? Names{} : found->groups;
  }

  /// In the address sets that new rules name. A pod that was open stays open: beside its groups it gets what opens it.
  [[nodiscard]] Names joined(const PodEdit& pod) const {
    Names names = pod.before, joins;
    for (const std::string& name : pod.after)
      if (peers_to_be_.contains(name)) joins.push_back(name);
    if (joins.empty()) return names;
    add(names, joins);
    if (pod.before.empty()) add(names, openers_of(new_.at(joins.front())->vpc));
    return names;
  }

  /// All old and all new rules; but not yet a group that will be rewritten, unless the pod carries it anyway.
  [[nodiscard]] Names stood_in(const PodEdit& pod) const {
    Names stand_ins;
    if (options_.make_before_break) {
      for (const std::string& name : pod.before)
        if (rewritten_.contains(name) || emptied_.contains(name)) stand_ins.push_back(stand_in_name(name, "old"));
      for (const std::string& name : pod.after)
        if (rewritten_.contains(name) || hollow_.contains(name)) stand_ins.push_back(stand_in_name(name, "new"));
    }
    if (stand_ins.empty()) return carried(pod);
    Names names = pod.before;
    for (const std::string& name : pod.after)
      if (!rewritten_.contains(name)) add(names, {name});
    add(names, stand_ins);
    return names;
  }

  /// New rules only, and still in the address sets that old rules of others name.
  [[nodiscard]] Names rebound(const PodEdit& pod) const {
    Names names = pod.after, stays;
    for (const std::string& name : pod.before)
      if (peers_that_were_.contains(name)) stays.push_back(name);
    if (stays.empty()) return names;
    add(names, stays);
    if (pod.after.empty()) add(names, openers_of(old_.at(stays.front())->vpc));
    return names;
  }

  /// Without `base`: what it drops would need the ranges that only open-in and open-out of the same run let through.
  [[nodiscard]] Names openers_of(const std::string& vpc) const {
    std::set<std::string> names;
    for (const auto* groups : {&old_, &new_})
      for (const auto& [name, group] : *groups)
        if (group->vpc == vpc && opens(*group)) names.insert(name);
    return {names.begin(), names.end()};
  }

  const Manifest& next_;
  const Cluster& cluster_;
  const Options& options_;
  const Edits& edits_;
  Manifest state_;
  GroupsByName old_, new_;
  std::set<std::string> rewritten_, added_;
  std::set<std::string> peers_to_be_, peers_that_were_;  // added and removed groups that rules name
  std::set<std::string> hollow_;   // of peers_to_be_: have rules, but only after pods have joined them
  std::set<std::string> emptied_;  // of peers_that_were_: lose their rules before pods leave them
  std::set<std::string> stand_ins_;
  Plan plan_;
};

}  // namespace

Plan edit_plan(const Edits& edits, const Manifest& previous, const Manifest& next, const Cluster& cluster,
               const Options& options) {
  return Editor(edits, previous, next, cluster, options).make();
}

}  // namespace policyconv::plan
