// Entrance: rollback_check().
#include "plan/rollback_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "backends/kubeovn/ownership.h"
#include "ir/shell.h"
#include "yaml/text.h"

namespace policyconv::plan {
namespace {

using Names = std::set<std::string, std::less<>>;

constexpr std::string_view anchor = "policyconv-node-anchor";

std::vector<std::string> names_of(const std::optional<std::string>& annotation) {
  return annotation ? sorted_groups_in(*annotation) : std::vector<std::string>();
}

std::string quoted(const std::vector<std::string>& names) {
  return names.empty() ? listed(names) : fmt::format("`{}`", listed(names));
}

std::vector<std::tuple<std::string, int, std::string, std::string>> sorted(const std::vector<ExistingAcl>& acls) {
  std::vector<std::tuple<std::string, int, std::string, std::string>> all;
  for (const ExistingAcl& acl : acls) all.emplace_back(acl.direction, acl.priority, acl.match, acl.action);
  std::sort(all.begin(), all.end());
  return all;
}

class Checker {
 public:
  Checker(const Before& before, const WrittenObjects& live, const Cluster& cluster, Diagnostics& diagnostics)
      : before_(before),
        live_(live),
        cluster_(cluster),
        ownership_(cluster),
        diagnostics_(diagnostics),
        new_groups_(before.new_groups.begin(), before.new_groups.end()) {}

  void check() {
    for (const std::string& name : before_.new_groups)
      if (const auto at = live_.groups.find(name); at != live_.groups.end())
        report(at->second.loc, {"SecurityGroup", "", name}, "it was not there",
               fmt::format("kubectl delete security-groups.kubeovn.io {}", shell_word(name)));
    check_others();
    check_acls();
    check_pods();
    check_templates();
  }

 private:
  void report(Loc loc, const ObjectKey& object, const std::string& how, const std::string& command = {}) {
    Diagnostic& found = diagnostics_.report<Kind::NotAsBefore>(loc, title_of(object), how);
    if (!command.empty()) found.suggestion = fmt::format("`{}`", command);
  }

  void check_others() {
    for (const auto& [key, object] : live_.others) {
      const auto& [kind, ns, name] = key;
      const bool is_anchor = before_.had_no_anchor && ns == "kube-system" && name == anchor;
      if (!is_anchor && !(is_admission(key) && object.managed)) continue;
      report(object.loc, key, "it was not there",
             ns.empty() ? fmt::format("kubectl delete {} {}", kind, shell_word(name))
                        : fmt::format("kubectl delete {} -n {} {}", kind, shell_word(ns), shell_word(name)));
    }
  }

  void check_acls() {
    for (const auto& [name, acls] : before_.subnets) {
      const Subnet* subnet = cluster_.find_subnet(name);
      if (subnet != nullptr && sorted(subnet->acls) != sorted(acls))
        report(subnet->loc, {"Subnet", "", name},
               fmt::format("spec.acls has {} entries, and not the {} that it had", subnet->acls.size(), acls.size()));
    }
  }

  void check_pods() {
    std::set<std::pair<ObjectKey, std::string>> told;
    for (const AnnotationBefore& was : before_.pods) {
      told.emplace(was.object, was.key);
      const auto& [kind, ns, name] = was.object;
      if (const Pod* pod = cluster_.find_pod(ns, name); pod != nullptr && !pod->finished)
        check(was, pod->annotations, pod->loc);
    }
    for (const Pod& pod : cluster_.pods) check_unknown({"Pod", pod.ns, pod.name}, pod.annotations, pod.loc, told);
  }

  void check_templates() {
    std::set<std::pair<ObjectKey, std::string>> told;
    std::map<ObjectKey, const Workload*> workloads;
    for (const Workload& workload : cluster_.workloads)
      workloads.emplace(ObjectKey{workload.kind, workload.ns, workload.name}, &workload);
    for (const AnnotationBefore& was : before_.templates) {
      told.emplace(was.object, was.key);
      if (const auto at = workloads.find(was.object); at != workloads.end())
        check(was, at->second->annotations, at->second->loc);
    }
    for (const Workload& workload : cluster_.workloads)
      check_unknown({workload.kind, workload.ns, workload.name}, workload.annotations, workload.loc, told);
  }

  void check(const AnnotationBefore& was, const Labels& annotations, Loc loc) {
    const auto at = annotations.find(was.key);
    const std::vector<std::string> now = at == annotations.end() ? std::vector<std::string>() : sorted_groups_in(at->second);
    if (now == names_of(was.value)) return;
    report(loc, was.object,
           fmt::format("annotation {} names {}, before {}", yaml::excerpt(was.key), quoted(now),
                       quoted(names_of(was.value))),
           restore(was));
  }

  static std::string restore(const AnnotationBefore& was) {
    const auto& [kind, ns, name] = was.object;
    if (kind != "Pod") return {};
    const std::string text = was.value ? fmt::format("{}={}", was.key, *was.value) : was.key + "-";
    return fmt::format("kubectl annotate pod -n {} {} --overwrite {}", shell_word(ns), shell_word(name),
                       shell_word(text));
  }

  /// What the plan does not mention carries nothing of it.
  void check_unknown(const ObjectKey& object, const Labels& annotations, Loc loc,
                     const std::set<std::pair<ObjectKey, std::string>>& told) {
    for (const auto& [key, value] : annotations) {
      if (!key.ends_with("kubernetes.io/security_groups") || told.contains({object, key})) continue;
      std::vector<std::string> left = sorted_groups_in(value);
      std::erase_if(left, [&](const std::string& name) { return !new_groups_.contains(name) && !is_stray(name); });
      if (!left.empty())
        report(
            loc, object,
            fmt::format("annotation {} names {}, and the plan knows nothing of it", yaml::excerpt(key), quoted(left)),
            restore({object, key, rest_of(value, left)}));
    }
  }

  static std::optional<std::string> rest_of(const std::string& annotation, const std::vector<std::string>& those) {
    std::vector<std::string> rest = sorted_groups_in(annotation);
    std::erase_if(rest,
                  [&](const std::string& name) { return std::find(those.begin(), those.end(), name) != those.end(); });
    return rest.empty() ? std::nullopt : std::optional(fmt::format("{}", fmt::join(rest, ",")));
  }

  /// A group of ours by its name, which does not exist.
  [[nodiscard]] bool is_stray(const std::string& name) const {
    return !live_.groups.contains(name) && ownership_.is_ours(name);
  }

  const Before& before_;
  const WrittenObjects& live_;
  const Cluster& cluster_;
  kubeovn::Ownership ownership_;
  Diagnostics& diagnostics_;
  Names new_groups_;
};

}  // namespace

void rollback_check(const Before& before, const WrittenObjects& live, const Cluster& cluster,
                    Diagnostics& diagnostics) {
  Checker(before, live, cluster, diagnostics).check();
}

std::vector<std::string> not_told(const WrittenObjects& live) {
  std::vector<std::string> told = {
      "what is in OVN itself: `kubectl ko nbctl list Port_Group` shows whether the port groups have gone",
      "whether Cilium enforces again: its policies, the CNI configuration on the nodes and its agents; `policyconv "
      "assess` looks "
      "at these",
      "connections that were established meanwhile, which go on as OVN or Cilium has tracked them"};
  for (const std::string_view kind : {"SecurityGroup", "MutatingAdmissionPolicy", "ClusterPolicy"})
    if (!live.kinds.contains(std::string(kind)))
      told.push_back(fmt::format(
          "objects of kind {}: there is none in the dump, so either none exists, or it was taken without them", kind));
  return told;
}

}  // namespace policyconv::plan
