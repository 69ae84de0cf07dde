#include "backends/kubeovn/read_group.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "backends/kubeovn/annotations.h"
#include "backends/kubeovn/bands.h"
#include "backends/kubeovn/rule_order.h"

namespace policyconv::kubeovn {
namespace {

/// An annotation that says something else than what policyconv writes is worse than none: members that are guessed
/// would hide a difference.
void read_annotations(const decode::View& view, const Release& release, SecurityGroup& group, Diagnostics& diagnostics) {
  const Labels annotations = view.labels();
  const auto find = [&](std::string_view key) -> const std::string* {
    const auto at = annotations.find(key);
    return at == annotations.end() ? nullptr : &at->second;
  };
  const auto unreadable = [&](std::string_view key, const std::string& why) {
    const yaml::Node* value = view.node().find(key);
    diagnostics.report<Kind::AnnotationUnreadable>(value ? value->loc : view.loc(), yaml::excerpt(group.name), key, why);
    group.members.reset();
    group.role = Role::Members;
    group.isolates_ingress = group.isolates_egress = false;
    group.unless.clear();
  };
  if (const std::string* about = find(selects_annotation)) group.about = *about;
  if (const std::string* vpc = find(vpc_annotation)) group.vpc = *vpc;
  if (const std::string* target = find(target_annotation); target && *target != target_text(release))
    diagnostics.report<Kind::OtherTarget>(group.loc, yaml::excerpt(group.name), yaml::excerpt(*target), release.minor);

  const std::string *members = find(members_annotation), *role = find(role_annotation);
  if (members) {
    std::string why;
    group.members = parse_members(*members, why);
    if (!group.members) return unreadable(members_annotation, yaml::excerpt(why));
  }
  if (role) {
    const auto known = parse_role(*role);
    if (!known || members)
      return unreadable(role_annotation, members ? "a group with members has no role"
                                                 : fmt::format("`{}` is not base, open-in or open-out", yaml::excerpt(*role)));
    group.role = *known;
  }
  if (const std::string* unless = find(unless_annotation)) {
    std::string why = "only open-in and open-out have it";
    auto groups = parse_unless(*unless, why);
    if (!groups || (group.role != Role::OpenIn && group.role != Role::OpenOut))
      return unreadable(unless_annotation, yaml::excerpt(why));
    group.unless = std::move(*groups);
  }
  if (const std::string* isolates = find(isolates_annotation); isolates && !parse_isolates(*isolates, group))
    unreadable(isolates_annotation, fmt::format("`{}` names no directions", yaml::excerpt(*isolates)));
}

/// The band of a rule in a group of ours, for people.
std::string_view band_of(const SgRule& rule, const Release& release) {
  for (std::size_t i = 0; i < band_numbers.size(); ++i)
    if (const Band band = static_cast<Band>(i); api_priority(band, release) == rule.priority && verdict(band) == rule.policy)
      return name(band);
  return {};
}

}  // namespace

ApiGroup read_group(const decode::View& object, const std::string& name, const Release& release,
                    Diagnostics& diagnostics) {
  const std::string title = fmt::format("SecurityGroup {}", yaml::excerpt(name));
  const decode::View spec = object["spec"];
  ApiGroup read;
  read.group.name = name;
  read.group.loc = object.loc();
  read_annotations(object["metadata"]["annotations"], release, read.group, diagnostics);
  read.rules = read_rules(spec["ingressRules"], Direction::Ingress, title, release, diagnostics);
  std::vector<ApiRule> egress = read_rules(spec["egressRules"], Direction::Egress, title, release, diagnostics);
  read.rules.insert(read.rules.end(), std::make_move_iterator(egress.begin()), std::make_move_iterator(egress.end()));
  read.group.allow_same_group = spec["allowSameGroupTraffic"].flag();
  std::vector<std::string_view> known{"ingressRules", "egressRules", "allowSameGroupTraffic"};
  if (release.minor >= 16) {
    constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
    read.tier = spec["tier"].number(-any - 1, any).value_or(0);
    known.push_back("tier");
  }
  report_pruned(spec.node(), title + " spec", known, release, diagnostics);
  report_pruned(object.node(), title, {"apiVersion", "kind", "metadata", "spec", "status"}, release, diagnostics);
  return read;
}

bool judge(ApiGroup& written, const std::set<std::string, std::less<>>& groups, const Release& release) {
  std::string& why = written.group.rejected;
  if (written.tier != 0 && written.tier != 1) why = fmt::format("spec.tier is {}, it must be 0 or 1", written.tier);
  for (const ApiRule& rule : written.rules) {
    if (!why.empty()) return false;
    if (const std::string refused = refusal(rule, written.tier, groups, release); !refused.empty())
      why = fmt::format("{}: {}", rule.path, refused);
  }
  return why.empty();
}

SecurityGroup finished(const ApiGroup& written, const Release& release, Diagnostics& diagnostics) {
  SecurityGroup group = written.group;
  if (!group.rejected.empty()) {
    const auto bad = std::find_if(written.rules.begin(), written.rules.end(),
                                  [&](const ApiRule& rule) { return group.rejected.starts_with(rule.path + ":"); });
    diagnostics.report<Kind::SecurityGroupRejected>(bad == written.rules.end() ? group.loc : bad->loc,
                                                    yaml::excerpt(group.name), group.rejected);
    return group;
  }
  group.tier = static_cast<int>(written.tier);
  for (const ApiRule& rule : written.rules) add_rule(rule, group, release, diagnostics);
  const bool ours = group.members || group.role != Role::Members;
  for (std::vector<SgRule>* rules : {&group.ingress, &group.egress})
    for (SgRule& rule : *rules)
      if (ours) rule.band = band_of(rule, release);
  sort_rules(group);
  return group;
}

}  // namespace policyconv::kubeovn
