// Entrances: compare(), report_edits(). The way itself is in edit_plan.cpp.
#include "plan/edits.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "backends/kubeovn/ownership.h"
#include "plan/edit_words.h"
#include "plan/same.h"

namespace policyconv::plan {
namespace {

using kubeovn::Binding;
using kubeovn::Manifest;
using kubeovn::SecurityGroup;
using kubeovn::SgRule;
using kubeovn::SubnetPatch;

constexpr Direction directions[] = {Direction::Ingress, Direction::Egress};

const std::vector<SgRule>& rules_of(const SecurityGroup& group, Direction direction) {
  return direction == Direction::Ingress ? group.ingress : group.egress;
}

bool has(const std::vector<SgRule>& rules, Verdict verdict) {
  return std::any_of(rules.begin(), rules.end(), [&](const SgRule& rule) { return rule.policy == verdict; });
}

class Comparison {
 public:
  Comparison(const Manifest& previous, const Manifest& next, const Cluster& cluster, const Options& options)
      : previous_(previous), next_(next), cluster_(cluster), ownership_(cluster) {
    edits_.make_before_break = options.make_before_break;
  }

  Edits compare() {
    for (const SecurityGroup& group : previous_.security_groups) before_.emplace(group.name, &group);
    for (const SecurityGroup& group : next_.security_groups) after_.emplace(group.name, &group);
    pods();
    groups();
    subnets();
    templates();
    lost_vpcs();
    unseen();
    edits_.adds_anchor = next_.node_anchor && !previous_.node_anchor;
    edits_.removes_anchor = !next_.node_anchor && previous_.node_anchor;
    mixtures();
    return std::move(edits_);
  }

 private:
  using Key = std::pair<std::string, std::string>;

  [[nodiscard]] bool is_ours(const std::string& name) const {
    const auto known = before_.find(name);
    if (known != before_.end() && (known->second->members || known->second->role != kubeovn::Role::Members))
      return true;
    return after_.contains(name) || ownership_.is_ours(name);
  }

  [[nodiscard]] std::vector<std::string> without_ours(std::vector<std::string> names) const {
    std::erase_if(names, [&](const std::string& name) { return is_ours(name); });
    return names;
  }

  void pods() {
    std::map<Key, PodEdit> pods;
    for (const Binding& each : previous_.bindings)
      if (cluster_.find_pod(each.ns, each.pod) != nullptr)
        pods[{each.ns, each.pod}] = {each.ns, each.pod, each.provider, each.groups, without_ours(each.groups)};
    for (const Binding& each : next_.bindings) {
      PodEdit& pod =
          pods.try_emplace({each.ns, each.pod}, PodEdit{each.ns, each.pod, each.provider, {}, {}}).first->second;
      pod.provider = each.provider;
      pod.after = each.groups;
    }
    for (auto& [key, pod] : pods) {
      if (same_names(pod.before, pod.after)) pod.after = pod.before;
      const auto ours = [&](const std::string& name) { return is_ours(name); };
      if (std::any_of(pod.before.begin(), pod.before.end(), ours) ||
          std::any_of(pod.after.begin(), pod.after.end(), ours))
        edits_.pods.push_back(std::move(pod));
    }
  }

  void groups() {
    std::map<std::string, std::vector<std::string>> carriers;
    const Peers peers_after = peers_of(next_);
    for (const PodEdit& pod : edits_.pods) {
      for (const std::string& name : pod.before) carriers[name].push_back(pod.name());
      if (pod.before.empty()) add_openers(pod, peers_after, carriers);
    }
    for (const auto& [name, old] : before_) {
      const auto found = after_.find(name);
      if (found != after_.end() ? !changed(*old, *found->second) : !is_ours(name)) continue;
      GroupEdit edit;
      edit.name = name;
      edit.pods = carriers[name];
      if (found == after_.end())
        edit.change = Change::Removed;
      else
        rewrite(*old, *found->second, edit);
      edits_.groups.push_back(std::move(edit));
      edits_.membership |= found == after_.end() || !same_membership(*old, *found->second);
    }
    for (const auto& [name, group] : after_)
      if (!before_.contains(name)) {
        edits_.groups.push_back({name, Change::Added, {}, {}, {}, {}});
        edits_.membership = true;
      }
    std::sort(edits_.groups.begin(), edits_.groups.end(),
              [](const GroupEdit& a, const GroupEdit& b) { return a.name < b.name; });
  }

  /// A pod that was open and joins what rules name stays open by these groups, until it gets its rules.
  void add_openers(const PodEdit& pod, const Peers& peers_after,
                   std::map<std::string, std::vector<std::string>>& carriers) const {
    const auto joined = std::find_if(pod.after.begin(), pod.after.end(), [&](const std::string& name) {
      return peers_after.contains(name) && after_.contains(name) && !before_.contains(name);
    });
    if (joined == pod.after.end()) return;
    for (const auto& [name, group] : before_)
      if (opens(*group) && group->vpc == after_.at(*joined)->vpc) carriers[name].push_back(pod.name());
  }

  static bool changed(const SecurityGroup& old, const SecurityGroup& now) {
    return !same_membership(old, now) || old.about != now.about || !same_rules(old, now, Direction::Ingress) ||
           !same_rules(old, now, Direction::Egress);
  }

  static void rewrite(const SecurityGroup& old, const SecurityGroup& now, GroupEdit& edit) {
    for (const Direction direction : directions) {
      if (same_rules(old, now, direction)) continue;
      const auto at = static_cast<std::size_t>(direction);
      const auto both_have = [&](Verdict verdict) {
        return has(rules_of(old, direction), verdict) && has(rules_of(now, direction), verdict);
      };
      edit.rewritten[at] = true;
      edit.closes[at] = both_have(Verdict::Allow);
      edit.lifts[at] = both_have(Verdict::Deny);
    }
  }

  void subnets() {
    std::map<std::string, const SubnetPatch*> before, after;
    for (const SubnetPatch& patch : previous_.subnets) before.emplace(patch.subnet, &patch);
    for (const SubnetPatch& patch : next_.subnets) after.emplace(patch.subnet, &patch);
    for (const auto& [name, patch] : after) {
      const auto old = before.find(name);
      if (!same_acls(*patch, old == before.end() ? SubnetPatch{name, patch->before, {}} : *old->second))
        edits_.subnets.push_back(*patch);
    }
    // The dump may be older than the ACLs of the earlier run, and then next says nothing about them.
    for (const auto& [name, patch] : before) {
      const Subnet* subnet = cluster_.find_subnet(name);
      if (after.contains(name) || subnet == nullptr) continue;
      SubnetPatch bare{name, patch->kept, {}, subnet->acls};
      std::erase_if(bare.kept, [&](const ExistingAcl& acl) { return ownership_.is_ours(acl); });
      if (!same_acls(bare, *patch)) edits_.subnets.push_back(std::move(bare));
    }
    std::sort(edits_.subnets.begin(), edits_.subnets.end(),
              [](const SubnetPatch& a, const SubnetPatch& b) { return a.subnet < b.subnet; });
  }

  void templates() {
    const auto key = [](const kubeovn::TemplateBinding& each) { return std::tie(each.ns, each.kind, each.name); };
    for (const kubeovn::TemplateBinding& wanted : next_.templates) {
      const auto old = std::find_if(previous_.templates.begin(), previous_.templates.end(),
                                    [&](const kubeovn::TemplateBinding& each) { return key(each) == key(wanted); });
      const bool as_before = old != previous_.templates.end() && old->groups == wanted.groups;
      if (!as_before && wanted.before.value_or("") != fmt::format("{}", fmt::join(wanted.groups, ",")))
        edits_.templates.push_back(wanted);
    }
  }

  void lost_vpcs() {
    std::map<std::string, std::size_t> lost;
    for (const GroupEdit& edit : edits_.groups) {
      if (edit.change != Change::Removed) continue;
      const std::string& vpc = before_.at(edit.name)->vpc;
      const bool is_there = std::any_of(next_.places.begin(), next_.places.end(),
                                        [&](const kubeovn::VpcPlace& place) { return place.vpc == vpc; });
      if (!is_there) ++lost[vpc];
    }
    edits_.lost_vpcs.assign(lost.begin(), lost.end());
  }

  void unseen() {
    std::map<std::string, std::vector<std::string>> unseen;
    for (const Binding& each : previous_.bindings)
      if (cluster_.find_pod(each.ns, each.pod) == nullptr)
        for (const std::string& name : each.groups) unseen[name].push_back(each.ns + "/" + each.pod);
    for (const GroupEdit& edit : edits_.groups)
      if (const auto found = unseen.find(edit.name); edit.change == Change::Removed && found != unseen.end())
        edits_.unseen.push_back(*found);
  }

  /// With groups that stand in, pods go from all old rules over both to all new ones.
  void mixtures() {
    if (edits_.make_before_break) return;
    const Peers peers_before = peers_of(previous_), peers_after = peers_of(next_);
    std::map<std::string, const GroupEdit*> edits;
    for (const GroupEdit& edit : edits_.groups) edits.emplace(edit.name, &edit);
    for (PodEdit& pod : edits_.pods)
      for (const Direction direction : directions) {
        const auto at = static_cast<std::size_t>(direction);
        std::size_t changes = 0;
        bool rebound = false, left_late = false;
        for (const std::string& name : pod.before) {
          const auto found = edits.find(name);
          const bool has_rules = before_.contains(name) && !rules_of(*before_.at(name), direction).empty();
          const bool stays = contains(pod.after, name);
          if (found != edits.end() && found->second->rewritten[at]) ++changes;
          if (!stays && has_rules) (peers_before.contains(name) && !after_.contains(name) ? left_late : rebound) = true;
        }
        for (const std::string& name : pod.after) {
          if (contains(pod.before, name) || !after_.contains(name) || rules_of(*after_.at(name), direction).empty())
            continue;
          const auto found = edits.find(name);
          const bool is_added = found != edits.end() && found->second->change == Change::Added;
          if (is_added && peers_after.contains(name))
            ++changes;
          else
            rebound = true;
        }
        pod.mixed[at] = changes + rebound + left_late > 1;
      }
  }

  const Manifest &previous_, &next_;
  const Cluster& cluster_;
  const kubeovn::Ownership ownership_;
  std::map<std::string, const SecurityGroup*> before_, after_;
  Edits edits_;
};

/// The groups that ACLs of the list are scoped to or name are hard to read; what people look for is the protocol.
std::string traffic_of(const SubnetPatch& patch) {
  std::set<std::string_view> words;
  for (const kubeovn::SubnetAcl& acl : patch.acls) {
    if (acl.match.find("icmp") != std::string::npos)
      words.insert("ICMP types");
    else if (acl.match.find("sctp") != std::string::npos)
      words.insert("SCTP");
    else
      words.insert("nodes");
  }
  if (words.empty()) words = {"ICMP types", "SCTP"};
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

bool Edits::empty() const {
  const bool same_pods =
      std::all_of(pods.begin(), pods.end(), [](const PodEdit& pod) { return pod.before == pod.after; });
  return groups.empty() && same_pods && subnets.empty() && templates.empty() && !adds_anchor && !removes_anchor;
}

Edits compare(const Manifest& previous, const Manifest& next, const Cluster& cluster, const Options& options) {
  return Comparison(previous, next, cluster, options).compare();
}

void report_edits(const Edits& edits, Diagnostics& diagnostics) {
  for (const GroupEdit& edit : edits.groups)
    for (const Direction direction : directions) {
      const auto at = static_cast<std::size_t>(direction);
      if (edits.make_before_break || edit.pods.empty()) continue;
      const std::string pods = count_of(edit.pods.size(), "pod");
      if (edit.closes[at])
        diagnostics.report<Kind::EditCloses>({}, edit.name, to_string(direction), pods, first_of(edit.pods));
      if (edit.lifts[at])
        diagnostics.report<Kind::EditLiftsDenies>({}, edit.name, to_string(direction), pods, first_of(edit.pods));
    }
  for (const SubnetPatch& patch : edits.subnets)
    diagnostics.report<Kind::EditRewritesAcls>({}, patch.subnet, traffic_of(patch));
  std::vector<std::string> mixed;
  for (const PodEdit& pod : edits.pods)
    if (pod.mixed[0] || pod.mixed[1]) mixed.push_back(pod.name());
  if (!mixed.empty()) diagnostics.report<Kind::EditsMix>({}, count_of(mixed.size(), "pod"), first_of(mixed));
  for (const auto& [vpc, count] : edits.lost_vpcs)
    diagnostics.report<Kind::PreviousOfOtherCluster>({}, count_of(count, "SecurityGroup"), vpc);
  for (const auto& [name, pods] : edits.unseen) diagnostics.report<Kind::RemovedStillBound>({}, name, first_of(pods));
}

}  // namespace policyconv::plan
