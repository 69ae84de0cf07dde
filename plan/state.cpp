// What is in force after a step.
#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "plan/plan.h"

namespace policyconv::plan {
namespace {

/// Puts each of `news` in place of what has the same key, in the order of keys.
template <typename T, typename Key>
void put(const std::vector<T>& news, std::vector<T>& into, const Key& key_of) {
  const auto before = [&](const T& a, const T& b) { return key_of(a) < key_of(b); };
  for (const T& each : news) {
    const auto at = std::lower_bound(into.begin(), into.end(), each, before);
    if (at != into.end() && key_of(*at) == key_of(each)) *at = each;
    else into.insert(at, each);
  }
}

void remove(const std::vector<std::string>& names, kubeovn::Manifest& state) {
  std::erase_if(state.security_groups, [&](const kubeovn::SecurityGroup& group) {
    return std::find(names.begin(), names.end(), group.name) != names.end();
  });
}

}  // namespace

std::string_view to_string(StepKind kind) {
  switch (kind) {
    case StepKind::Preconditions: return "preconditions";
    case StepKind::EmptyGroups: return "empty-groups";
    case StepKind::Groups: return "groups";
    case StepKind::NodeAnchor: return "node-anchor";
    case StepKind::SubnetAcls: return "subnet-acls";
    case StepKind::Join: return "join";
    case StepKind::Templates: return "templates";
    case StepKind::Admission: return "admission";
    case StepKind::Enforce: return "enforce";
    case StepKind::Verify: return "verify";
    case StepKind::RemovePolicies: return "remove-policies";
    case StepKind::LeaveChaining: return "leave-chaining";
    case StepKind::HoldAdmission: return "hold-admission";
    case StepKind::EditGroups: return "edit-groups";
    case StepKind::Rebind: return "rebind";
    case StepKind::RemoveGroups: return "remove-groups";
  }
  return {};
}

kubeovn::Manifest before(const kubeovn::Manifest& manifest) {
  kubeovn::Manifest state;
  state.release = manifest.release;
  state.places = manifest.places;
  return state;
}

void apply(const kubeovn::Manifest& objects, kubeovn::Manifest& state) {
  put(objects.security_groups, state.security_groups, [](const kubeovn::SecurityGroup& group) { return std::tie(group.name); });
  put(objects.subnets, state.subnets, [](const kubeovn::SubnetPatch& patch) { return std::tie(patch.subnet); });
  put(objects.bindings, state.bindings, [](const kubeovn::Binding& each) { return std::tie(each.ns, each.pod); });
  put(objects.templates, state.templates,
      [](const kubeovn::TemplateBinding& each) { return std::tie(each.ns, each.kind, each.name); });
  state.node_anchor |= objects.node_anchor;
}

void apply(const Step& step, kubeovn::Manifest& state) {
  apply(step.objects, state);
  remove(step.remove_groups, state);
  if (step.remove_anchor) state.node_anchor = false;
}

void undo(const Step& step, kubeovn::Manifest& state) {
  apply(step.undo_objects, state);
  remove(step.undo_groups, state);
  if (step.undo_anchor) state.node_anchor = false;
}

}  // namespace policyconv::plan
