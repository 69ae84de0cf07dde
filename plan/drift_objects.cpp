#include "plan/drift_objects.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/kubeovn/revision.h"
#include "ir/shell.h"
#include "plan/describe.h"
#include "yaml/text.h"

namespace policyconv::plan {
namespace {

using kubeovn::ApiRule;
using Field = std::pair<std::string_view, std::string>;

std::string place(const Sources& sources, Loc loc) {
  return fmt::format("{}:{}:{}", sources.name(loc.file), loc.line, loc.column);
}

/// Applies the file that `loc` lies in.
std::string reapply(const Sources& sources, Loc loc, bool force) {
  return apply_command(sources.name(loc.file), force);
}

std::string number(std::int64_t value) {
  return value == 0 ? std::string() : fmt::to_string(value);
}

/// By their names in the API; absent fields are empty.
std::vector<Field> fields_of(const ApiRule& rule) {
  return {{"ipVersion", rule.ip_version},
          {"priority", number(rule.priority)},
          {"policy", rule.policy},
          {"protocol", rule.protocol},
          {"remoteType", rule.remote_type},
          {"remoteAddress", rule.remote_address},
          {"remoteSecurityGroup", rule.remote_group},
          {"portRangeMin", number(rule.port_min)},
          {"portRangeMax", number(rule.port_max)},
          {"localAddress", rule.local_address},
          {"sourcePortRangeMin", number(rule.source_min)},
          {"sourcePortRangeMax", number(rule.source_max)}};
}

std::string rule_text(const ApiRule& rule) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : fields_of(rule))
    if (!value.empty()) parts.push_back(fmt::format("{} {}", name, yaml::excerpt(value)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// A list of differences of which only the first are told.
class Differences {
 public:
  void add(std::string text) {
    constexpr std::size_t most = 3;
    if (++count_ <= most) told_.push_back(std::move(text));
  }
  [[nodiscard]] std::string text() const {
    std::string text = fmt::format("{}", fmt::join(told_, "; "));
    if (count_ > told_.size()) text += fmt::format("; and {} more", count_ - told_.size());
    return text;
  }

 private:
  std::vector<std::string> told_;
  std::size_t count_ = 0;
};

void compare_rules(std::string_view list, const std::vector<ApiRule>& emitted, const std::vector<ApiRule>& live,
                   Differences& found) {
  if (emitted.size() != live.size())
    found.add(fmt::format("{} has {} rules, emitted were {}", list, live.size(), emitted.size()));
  for (std::size_t i = 0; i < std::min(emitted.size(), live.size()); ++i) {
    const std::vector<Field> wanted = fields_of(emitted[i]), present = fields_of(live[i]);
    for (std::size_t field = 0; field < wanted.size(); ++field) {
      const auto& [name, value] = wanted[field];
      const std::string& now = present[field].second;
      if (now == value) continue;
      const std::string path = fmt::format("{}[{}].{}", list, i, name);
      if (now.empty())
        found.add(fmt::format("{} is missing, emitted was {}", path, yaml::excerpt(value)));
      else if (value.empty())
        found.add(fmt::format("{} is {}, emitted was none", path, yaml::excerpt(now)));
      else
        found.add(fmt::format("{} is {}, emitted was {}", path, yaml::excerpt(now), yaml::excerpt(value)));
      if (emitted.size() != live.size()) return;  // the rest is as likely shifted as edited
    }
  }
  if (emitted.size() < live.size()) found.add(fmt::format("the last of them: {}", rule_text(live.back())));
}

std::string group_differences(const WrittenGroup& emitted, const WrittenGroup& live) {
  Differences found;
  compare_rules("ingressRules", emitted.ingress, live.ingress, found);
  compare_rules("egressRules", emitted.egress, live.egress, found);
  if (emitted.allow_same_group != live.allow_same_group)
    found.add(fmt::format("allowSameGroupTraffic is {}", live.allow_same_group));
  if (emitted.tier != live.tier) found.add(fmt::format("tier is {}, emitted was {}", live.tier, emitted.tier));
  if (emitted.managed && !live.managed) found.add("the label app.kubernetes.io/managed-by is not policyconv");
  for (const auto& [key, value] : emitted.annotations) {
    const auto at = live.annotations.find(key);
    if (at == live.annotations.end())
      found.add(fmt::format("the annotation {} is missing", yaml::excerpt(key)));
    else if (at->second != value)
      found.add(fmt::format("the annotation {} is `{}`", yaml::excerpt(key), yaml::excerpt(at->second)));
  }
  return found.text();
}

void check_programmed(const WrittenGroup& live, Direction direction, const kubeovn::Release& release,
                      Diagnostics& diagnostics) {
  const bool in = direction == Direction::Ingress;
  const SyncState& state = in ? live.ingress_state : live.egress_state;
  const std::string field = fmt::format("status.{}Md5", to_string(direction));
  const std::string wanted = kubeovn::revision_of(in ? live.ingress : live.egress, release);
  std::string why;
  if (!state.succeeded)
    why = fmt::format("status.{}LastSyncSuccess is not true", to_string(direction));
  else if (!state.revision.empty() && state.revision != wanted)
    why = fmt::format("{} is {}, of these rules it is {}", field, yaml::excerpt(state.revision), wanted);
  if (!why.empty())
    diagnostics.report<Kind::GroupUnprogrammed>(live.loc, to_string(direction), yaml::excerpt(live.name), why)
        .suggestion =
        fmt::format("`kubectl -n kube-system logs deploy/kube-ovn-controller | grep -F {}`", shell_word(live.name));
  else if (state.revision.empty())
    diagnostics.report<Kind::GroupNotAcknowledged>(live.loc, field.substr(7), yaml::excerpt(live.name));
}

void missing(const Sources& sources, Loc loc, const std::string& title, Diagnostics& diagnostics) {
  diagnostics.report<Kind::ObjectMissing>(loc, title).suggestion = fmt::format("`{}`", reapply(sources, loc, false));
}

void edited(const Sources& sources, Loc live, Loc emitted, const std::string& title, const std::string& how,
            Diagnostics& diagnostics) {
  diagnostics.report<Kind::ObjectEdited>(live, title, place(sources, emitted), how).suggestion =
      fmt::format("`{}`", reapply(sources, emitted, true));
}

void left_over(Loc loc, const ObjectKey& key, std::string_view resource, Diagnostics& diagnostics) {
  const auto& [kind, ns, name] = key;
  std::string command = fmt::format("kubectl delete {}", resource);
  if (!ns.empty()) command += fmt::format(" -n {}", shell_word(ns));
  diagnostics.report<Kind::ObjectLeftOver>(loc, title_of(key)).suggestion =
      fmt::format("`{} {}`", command, shell_word(name));
}

std::string acl_text(const ExistingAcl& acl) {
  return fmt::format("{} {} {} `{}`", acl.direction, acl.priority, yaml::excerpt(acl.action), yaml::excerpt(acl.match));
}

bool is_same(const ExistingAcl& a, const ExistingAcl& b) {
  return a.direction == b.direction && a.match == b.match && a.action == b.action && a.priority == b.priority;
}

/// Takes the first that fits out of `from`.
template <typename Fits>
std::optional<ExistingAcl> taken(std::vector<ExistingAcl>& from, Fits fits) {
  const auto at = std::find_if(from.begin(), from.end(), fits);
  if (at == from.end()) return std::nullopt;
  std::optional<ExistingAcl> found = std::move(*at);
  from.erase(at);
  return found;
}

/// What the API server, and Kyverno, write where an object says nothing.
bool is_default(std::string_view key, const yaml::Node& value) {
  constexpr std::pair<std::string_view, std::string_view> defaults[] = {{"matchPolicy", "Equivalent"},
                                                                        {"scope", "*"},
                                                                        {"failurePolicy", "Fail"},
                                                                        {"admission", "true"},
                                                                        {"background", "true"},
                                                                        {"emitWarning", "false"},
                                                                        {"skipBackgroundRequests", "true"},
                                                                        {"allowExistingViolations", "true"},
                                                                        {"validationFailureAction", "Audit"}};
  switch (value.shape) {
    case yaml::Shape::Null:
      return true;
    case yaml::Shape::Mapping:
      return value.members.empty();
    case yaml::Shape::Sequence:
      return value.items.empty();
    case yaml::Shape::Scalar:
      break;
  }
  return std::any_of(std::begin(defaults), std::end(defaults),
                     [&](const auto& each) { return each.first == key && each.second == value.scalar; });
}

void compare_nodes(const yaml::Node& emitted, const yaml::Node& live, const std::string& path, Differences& found) {
  if (emitted.shape != live.shape) {
    found.add(
        fmt::format("{} is {}, emitted was {}", path, yaml::shape_name(live.shape), yaml::shape_name(emitted.shape)));
  } else if (emitted.shape == yaml::Shape::Scalar) {
    if (emitted.scalar != live.scalar)
      found.add(
          fmt::format("{} is `{}`, emitted was `{}`", path, yaml::excerpt(live.scalar), yaml::excerpt(emitted.scalar)));
  } else if (emitted.shape == yaml::Shape::Sequence) {
    if (emitted.items.size() != live.items.size())
      found.add(fmt::format("{} has {} items, emitted were {}", path, live.items.size(), emitted.items.size()));
    else
      for (std::size_t i = 0; i < emitted.items.size(); ++i)
        compare_nodes(emitted.items[i], live.items[i], fmt::format("{}[{}]", path, i), found);
  } else {
    for (const auto& [key, value] : emitted.members) {
      const std::string below = fmt::format("{}.{}", path, yaml::excerpt(key.scalar));
      if (const yaml::Node* other = live.find(key.scalar))
        compare_nodes(value, *other, below, found);
      else if (!is_default(key.scalar, value))
        found.add(fmt::format("{} is missing", below));
    }
    for (const auto& [key, value] : live.members)
      if (emitted.find(key.scalar) == nullptr && !is_default(key.scalar, value))
        found.add(fmt::format("{}.{} was not emitted", path, yaml::excerpt(key.scalar)));
  }
}

std::string_view resource_of(std::string_view kind) {
  if (kind == "NetworkPolicy") return "networkpolicies.networking.k8s.io";
  if (kind == "ClusterPolicy") return "clusterpolicies.kyverno.io";
  return kind == "MutatingAdmissionPolicy" ? "mutatingadmissionpolicies.admissionregistration.k8s.io"
                                           : "mutatingadmissionpolicybindings.admissionregistration.k8s.io";
}

}  // namespace

std::string difference(const yaml::Node& emitted, const yaml::Node& live) {
  Differences found;
  compare_nodes(emitted, live, "spec", found);
  return found.text();
}

void compare_groups(const Comparison& between, const kubeovn::Ownership& ownership, Diagnostics& diagnostics) {
  const auto title = [](const std::string& name) { return title_of({"SecurityGroup", "", name}); };
  for (const auto& [name, group] : between.emitted.groups) {
    const auto at = between.live.groups.find(name);
    if (at == between.live.groups.end()) {
      missing(between.sources, group.loc, title(name), diagnostics);
      continue;
    }
    const WrittenGroup& live = at->second;
    if (const std::string how = group_differences(group, live); !how.empty())
      edited(between.sources, live.loc, group.loc, title(name), how, diagnostics);
    for (const Direction direction : {Direction::Ingress, Direction::Egress})
      check_programmed(live, direction, between.meant.release, diagnostics);
  }
  for (const auto& [name, group] : between.live.groups)
    if (!between.emitted.groups.contains(name) && (group.managed || ownership.is_ours(name)))
      left_over(group.loc, {"SecurityGroup", "", name}, "security-groups.kubeovn.io", diagnostics);
}

void compare_acls(const Comparison& between, const kubeovn::Ownership& ownership, Diagnostics& diagnostics) {
  const auto not_emitted = [&](const Subnet& subnet, const ExistingAcl& acl) {
    diagnostics.report<Kind::AclNotEmitted>(acl.loc, yaml::excerpt(subnet.name),
                                            ownership.is_ours(acl) ? "of an earlier run" : "of other hands",
                                            acl_text(acl));
  };
  for (const auto& [name, written] : between.emitted.subnets) {
    const Subnet* subnet = between.cluster.find_subnet(name);
    if (subnet == nullptr) {
      missing(between.sources, written.loc, title_of({"Subnet", "", name}), diagnostics);
      continue;
    }
    std::vector<ExistingAcl> live = subnet->acls, lacking;
    for (const ExistingAcl& acl : written.acls)
      if (!taken(live, [&](const ExistingAcl& other) { return is_same(acl, other); })) lacking.push_back(acl);
    for (const ExistingAcl& acl : lacking) {
      const auto other = taken(
          live, [&](const ExistingAcl& each) { return each.direction == acl.direction && each.match == acl.match; });
      Diagnostic& found =
          other ? diagnostics.report<Kind::AclEdited>(other->loc, yaml::excerpt(name), place(between.sources, acl.loc),
                                                      acl_text(*other), acl_text(acl))
                : diagnostics.report<Kind::AclMissing>(subnet->loc, yaml::excerpt(name),
                                                       place(between.sources, acl.loc), acl_text(acl));
      found.suggestion = fmt::format("`{}`", reapply(between.sources, acl.loc, true));
    }
    for (const ExistingAcl& acl : live) not_emitted(*subnet, acl);
  }
  for (const Subnet& subnet : between.cluster.subnets)
    if (!between.emitted.subnets.contains(subnet.name))
      for (const ExistingAcl& acl : subnet.acls)
        if (ownership.is_ours(acl)) not_emitted(subnet, acl);
}

void compare_others(const Comparison& between, Diagnostics& diagnostics) {
  std::map<std::string, std::pair<Loc, std::vector<std::string>>> unknown;
  for (const auto& [key, object] : between.emitted.others) {
    const auto at = between.live.others.find(key);
    const std::string& kind = std::get<0>(key);
    if (at != between.live.others.end()) {
      if (const std::string how = difference(object.spec, at->second.spec); !how.empty())
        edited(between.sources, at->second.loc, object.loc, title_of(key), how, diagnostics);
    } else if (is_admission(key) && !between.live.kinds.contains(kind)) {
      auto& [loc, names] = unknown[kind];
      if (names.empty()) loc = object.loc;
      names.push_back(yaml::excerpt(std::get<2>(key)));
    } else {
      missing(between.sources, object.loc, title_of(key), diagnostics);
    }
  }
  for (const auto& [kind, which] : unknown)
    diagnostics.report<Kind::ObjectsNotInDump>(which.first, kind, fmt::format("{}", fmt::join(which.second, ", ")))
        .suggestion = fmt::format("`kubectl get {} -o yaml`", resource_of(kind));
  for (const auto& [key, object] : between.live.others)
    if (object.managed && !between.emitted.others.contains(key))
      left_over(object.loc, key, resource_of(std::get<0>(key)), diagnostics);
}

}  // namespace policyconv::plan
