// Entrance: read(). Both sets of files are read alike, object by object; then what the objects replace goes, and
// SecurityGroups are judged, since whether Kube-OVN takes one depends on which others exist.
#include "backends/kubeovn/read.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/kubeovn/ownership.h"
#include "backends/kubeovn/read_group.h"
#include "backends/kubeovn/selector.h"
#include "ir/membership.h"
#include "yaml/objects.h"
#include "yaml/view.h"

namespace policyconv::kubeovn {
namespace {

using decode::ApiObject;
using decode::View;
using GroupsByName = std::map<std::string, ApiGroup, std::less<>>;

struct NotModelled {
  std::string_view kind, reason;
};
constexpr NotModelled not_modelled[] = {
    {"AdminNetworkPolicy", "with --enable-anp it decides before SecurityGroups on ingress, and beside them on egress"},
    {"BaselineAdminNetworkPolicy", "with --enable-anp it decides on egress beside SecurityGroups"},
    {"ClusterNetworkPolicy", "with --enable-anp its tiers come before and after SecurityGroups"},
};
constexpr std::string_view cilium_policies[] = {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy",
                                                "CiliumCIDRGroup"};
/// What stands beside the objects in the output: API groups of admission policies, and workloads, for their pod templates.
constexpr std::string_view binding_groups[] = {"admissionregistration.k8s.io", "kyverno.io"};
constexpr std::string_view workloads[] = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController",
                                          "Job", "CronJob", "VirtualMachine"};

template <std::size_t N>
bool one_of(std::string_view text, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

bool has_label_of_ours(const Labels& labels) {
  const auto at = labels.find("app.kubernetes.io/managed-by");
  return at != labels.end() && at->second == "policyconv";
}

/// What one set of files says.
struct Said {
  GroupsByName groups;
  std::set<std::string> unreadable;  // groups that exist, but were reported
  std::map<std::string, SubnetPatch> subnets;
  std::map<std::pair<std::string, std::string>, Binding> bindings;
  bool node_anchor = false;
  bool anything = false;
};

enum class From : std::uint8_t { Objects, Dump };

class Reader {
 public:
  Reader(From from, const Sources& sources, const Release& release, const Cluster& cluster, Diagnostics& diagnostics)
      : from_(from), sources_(sources), release_(release), cluster_(cluster), diagnostics_(diagnostics) {}

  void read_file(std::uint32_t file) {
    const auto use = [&](const ApiObject& object) { read_object(object); };
    yaml::each_document(
        sources_, yaml::Part(file), [&](const yaml::Node& document) { decode::each_object(document, use, diagnostics_); },
        diagnostics_);
    const auto list = [](const std::map<std::string, std::size_t>& kinds) {
      std::vector<std::string> counts;
      for (const auto& [kind, count] : kinds) counts.push_back(fmt::format("{} {}", count, kind));
      return fmt::format("{}", fmt::join(counts, ", "));
    };
    if (from_ == From::Objects && !passed_over_.empty())
      diagnostics_.report<Kind::KindsPassedOver>({file, 0, 0}, list(passed_over_));
    if (!taken_as_gone_.empty()) diagnostics_.report<Kind::PoliciesTakenAsGone>({file, 0, 0}, list(taken_as_gone_));
    passed_over_.clear();
    taken_as_gone_.clear();
  }

  [[nodiscard]] Said take() { return std::move(said_); }

 private:
  void read_object(const ApiObject& object) {
    const std::string_view group = object.group(), kind = object.kind;
    const auto* unknown = std::find_if(std::begin(not_modelled), std::end(not_modelled),
                                       [&](const NotModelled& each) { return each.kind == kind; });
    if (kind == "SecurityGroup" && group == "kubeovn.io") {
      if (const auto name = name_of(object, "kubeovn.io/v1")) read_security_group(object, *name);
    } else if (kind == "NetworkPolicy" && group == "networking.k8s.io") {
      read_network_policy(object);
    } else if (unknown != std::end(not_modelled) && from_ == From::Dump) {
      ++taken_as_gone_[object.kind];
    } else if (unknown != std::end(not_modelled)) {
      diagnostics_.report<Kind::ObjectNotModelled>(object.node.loc, title_of(object), unknown->reason);
    } else if (from_ == From::Dump) {
      return;  // Subnets and Pods are in the Cluster
    } else if (kind == "Subnet" && group == "kubeovn.io") {
      if (const auto name = name_of(object, "kubeovn.io/v1")) read_subnet(object, *name);
    } else if (kind == "Pod" && group.empty()) {
      if (const auto name = name_of(object, "v1")) read_pod(object, *name);
    } else if (one_of(group, binding_groups) || one_of(kind, workloads)) {
      return;  // they bind pods that do not exist yet
    } else if (group == "cilium.io" && one_of(kind, cilium_policies)) {
      diagnostics_.report<Kind::PolicyAmongObjects>(object.node.loc, title_of(object));
    } else {
      ++passed_over_[yaml::excerpt(object.kind)];
    }
  }

  [[nodiscard]] View view_of(const ApiObject& object, const std::string& title) {
    return {object.node, title, ' ', diagnostics_};
  }

  /// "Pod shop/web-0"; for messages only, so that nothing is reported here.
  [[nodiscard]] std::string title_of(const ApiObject& object) const {
    Diagnostics unheard;
    const View metadata = View(object.node, object.kind, ' ', unheard)["metadata"];
    const std::string ns = metadata["namespace"].text();
    return yaml::excerpt(fmt::format("{} {}{}{}", object.kind, ns, ns.empty() ? "" : "/", metadata["name"].text()));
  }

  struct Name {
    std::string ns, name;
  };

  /// nullopt, with a report, if the object has no name, another version, or was there before.
  [[nodiscard]] std::optional<Name> name_of(const ApiObject& object, std::string_view api_version) {
    const View metadata = view_of(object, object.kind)["metadata"];
    if (object.api_version != api_version) {
      diagnostics_.report<Kind::WrongApiVersion>(object.node.loc, title_of(object), yaml::excerpt(object.api_version),
                                                 api_version);
      return std::nullopt;
    }
    const bool namespaced = object.kind == "Pod" || object.kind == "NetworkPolicy";
    const std::size_t said = diagnostics_.all().size();
    Name name{namespaced ? metadata["namespace"].text("default") : "", metadata["name"].text()};
    if (diagnostics_.all().size() != said) return std::nullopt;
    if (name.name.empty()) {
      diagnostics_.report<Kind::ObjectWithoutName>(object.node.loc, object.kind);
      return std::nullopt;
    }
    const auto [first, added] = seen_.try_emplace({object.kind, name.ns, name.name}, object.node.loc);
    if (added) return name;
    // A dump that holds an object twice is the business of whoever reads the Cluster.
    if (from_ == From::Objects)
      diagnostics_.report<Kind::DuplicateObject>(
          object.node.loc, title_of(object),
          fmt::format("{}:{}:{}", sources_.name(first->second.file), first->second.line, first->second.column));
    return std::nullopt;
  }

  void read_security_group(const ApiObject& object, const Name& name) {
    said_.anything = true;
    Diagnostics own;
    const View view(object.node, fmt::format("SecurityGroup {}", yaml::excerpt(name.name)), ' ', own);
    ApiGroup group = read_group(view, name.name, release_, own);
    if (own.has_errors()) said_.unreadable.insert(name.name);
    else said_.groups.emplace(name.name, std::move(group));
    diagnostics_.append(std::move(own));
  }

  /// One that selects no pod says nothing, but keeps the node ACL alive (K§4.3). Policies of the dump are those to be
  /// migrated, so they are deleted at the cut-over; ours stays.
  void read_network_policy(const ApiObject& object) {
    if (from_ == From::Dump) {
      Diagnostics unheard;
      const bool ours = has_label_of_ours(View(object.node, "", ' ', unheard)["metadata"]["labels"].labels());
      if (ours) said_.node_anchor = true;
      else ++taken_as_gone_[object.kind];
      return;
    }
    const auto name = name_of(object, "networking.k8s.io/v1");
    if (!name) return;
    said_.anything = true;
    const std::size_t said = diagnostics_.all().size();
    const View selector = view_of(object, title_of(object))["spec"]["podSelector"];
    const std::vector<ir::Requirement> wanted = requirements_of(selector, diagnostics_);
    if (diagnostics_.all().size() != said) return;
    const auto selected = std::find_if(cluster_.pods.begin(), cluster_.pods.end(), [&](const Pod& pod) {
      return pod.ns == name->ns && is_endpoint(pod) && ir::meets(wanted, pod.labels);
    });
    if (selected == cluster_.pods.end())
      said_.node_anchor = true;
    else
      diagnostics_.report<Kind::ObjectNotModelled>(
          object.node.loc, title_of(object),
          fmt::format("it selects pod `{}`, and Kube-OVN combines it with SecurityGroups", yaml::excerpt(selected->name)));
  }

  /// Server-side or not, applying an object without the list leaves the list as it is.
  void read_subnet(const ApiObject& object, const Name& name) {
    const std::string title = title_of(object);
    const View spec = view_of(object, title)["spec"];
    const yaml::Node* list = spec.node().find("acls");
    if (list == nullptr) return;
    said_.anything = true;
    if (cluster_.find_subnet(name.name) == nullptr) diagnostics_.report<Kind::NotInTheDump>(object.node.loc, title);
    SubnetPatch patch{name.name, {}, {}};
    for (const View& entry : spec["acls"].items()) {
      constexpr std::int64_t highest = 32767;  // beyond is all the same: OVN refuses it
      const std::int64_t priority = entry["priority"].number(-(1LL << 62), 1LL << 62).value_or(0);
      ExistingAcl acl{entry["direction"].text(), entry["match"].text(), entry["action"].text(),
                      static_cast<int>(std::clamp<std::int64_t>(priority, -1, highest + 1)), entry.loc()};
      check(acl, title, patch.kept.size());
      patch.kept.push_back(std::move(acl));
    }
    said_.subnets.emplace(name.name, std::move(patch));
  }

  /// Up to v1.15 the API server refuses what OVN would; from v1.16 on nobody does, and the switch loses all ACLs (K§5).
  void check(const ExistingAcl& acl, const std::string& subnet, std::size_t index) {
    constexpr std::string_view directions[] = {"to-lport", "from-lport"};
    constexpr std::string_view actions[] = {"allow", "allow-related", "allow-stateless", "drop", "reject"};
    const bool is_pass = acl.action == "pass" && release_.minor >= 16;
    std::string flaw;
    if (!one_of(acl.direction, directions)) flaw = fmt::format("direction is `{}`", yaml::excerpt(acl.direction));
    else if (!one_of(acl.action, actions) && !is_pass) flaw = fmt::format("action is `{}`", yaml::excerpt(acl.action));
    else if (acl.priority < 0 || acl.priority > 32767) flaw = "the priority is not from 0 to 32767";
    if (!flaw.empty() && release_.minor < 16)
      diagnostics_.report<Kind::AclRefused>(acl.loc, subnet, index, flaw, release_.minor);
    else if (!flaw.empty() || acl.match.empty())
      diagnostics_.report<Kind::SubnetAclsVoid>(acl.loc, subnet, index, flaw.empty() ? "the match is empty" : flaw);
  }

  void read_pod(const ApiObject& object, const Name& name) {
    const std::string title = title_of(object);
    const View annotations = view_of(object, title)["metadata"]["annotations"];
    const Pod* pod = cluster_.find_pod(name.ns, name.name);
    const std::string provider = pod == nullptr ? "ovn" : provider_of(*pod);
    const std::string key = annotation_of(provider);
    const yaml::Node* value = annotations.node().find(key);
    if (value == nullptr) return;
    said_.anything = true;
    const std::string text = annotations[key].text();
    if (pod == nullptr) diagnostics_.report<Kind::NotInTheDump>(object.node.loc, title);
    if (text.find(' ') != std::string::npos) diagnostics_.report<Kind::BlankInBinding>(value->loc, title);
    said_.bindings[{name.ns, name.name}] = {name.ns, name.name, groups_in(text), provider};
  }

  From from_;
  const Sources& sources_;
  const Release& release_;
  const Cluster& cluster_;
  Diagnostics& diagnostics_;
  Said said_;
  std::map<std::tuple<std::string, std::string, std::string>, Loc> seen_;
  std::map<std::string, std::size_t> passed_over_, taken_as_gone_;
};

/// Dumps are large, and most of their files hold nothing that is not in the Cluster.
bool may_matter(std::string_view text) {
  return text.find("SecurityGroup") != std::string_view::npos || text.find("NetworkPolicy") != std::string_view::npos;
}

/// A group that Kube-OVN refuses leaves the one before it in force (K§9.6).
std::vector<SecurityGroup> settle(Said& applied, Said& before, const Release& release, Diagnostics& diagnostics) {
  std::set<std::string, std::less<>> names;
  for (const Said* said : {&applied, &before}) {
    for (const auto& [name, group] : said->groups) names.insert(name);
    names.insert(said->unreadable.begin(), said->unreadable.end());
  }
  std::map<std::string, std::string> by_port_group;
  std::vector<SecurityGroup> groups;
  for (const std::string& name : names) {
    const auto now = applied.groups.find(name), old = before.groups.find(name);
    const bool is_new = now != applied.groups.end(), is_old = old != before.groups.end();
    if (!is_new && (!is_old || applied.unreadable.contains(name))) continue;
    ApiGroup& wanted = is_new ? now->second : old->second;
    judge(wanted, names, release);
    SecurityGroup group = finished(wanted, release, diagnostics);
    if (!group.rejected.empty() && is_new && is_old && judge(old->second, names, release)) {
      diagnostics.report<Kind::OldRulesStay>(group.loc, yaml::excerpt(name));
      group = finished(old->second, release, diagnostics);
    }
    const auto [first, added] = by_port_group.try_emplace(port_group_name(name), name);
    if (!added) diagnostics.report<Kind::NamesCollide>(group.loc, yaml::excerpt(first->second), yaml::excerpt(name));
    groups.push_back(std::move(group));
  }
  return groups;
}

/// What pods carry that no object mentions.
void keep_bindings(const Cluster& cluster, std::map<std::pair<std::string, std::string>, Binding>& bindings,
                   Diagnostics& diagnostics) {
  for (const Pod& pod : cluster.pods) {
    const std::string provider = provider_of(pod);
    const auto at = pod.annotations.find(annotation_of(provider));
    if (at == pod.annotations.end() || pod.host_network || bindings.contains({pod.ns, pod.name})) continue;
    if (at->second.find(' ') != std::string::npos)
      diagnostics.report<Kind::BlankInBinding>(pod.loc, fmt::format("Pod {}/{}", pod.ns, pod.name));
    std::vector<std::string> groups = groups_in(at->second);
    if (!groups.empty()) bindings[{pod.ns, pod.name}] = {pod.ns, pod.name, std::move(groups), provider};
  }
}

}  // namespace

Manifest read(const Sources& sources, std::span<const std::uint32_t> objects, std::span<const std::uint32_t> dump,
              const Release& release, const Cluster& cluster, Diagnostics& diagnostics) {
  Diagnostics own;
  Reader of_objects(From::Objects, sources, release, cluster, own), of_dump(From::Dump, sources, release, cluster, own);
  for (const std::uint32_t file : objects) of_objects.read_file(file);
  for (const std::uint32_t file : dump)
    if (may_matter(sources.text(file))) of_dump.read_file(file);
  Said applied = of_objects.take(), before = of_dump.take();
  if (!applied.anything && !own.has_errors())
    own.report<Kind::NoObjects>({objects.empty() ? 0 : objects.front(), 0, 0});

  Manifest manifest;
  manifest.release = release;
  manifest.node_anchor = applied.node_anchor || before.node_anchor;
  manifest.security_groups = settle(applied, before, release, own);
  keep_bindings(cluster, applied.bindings, own);
  for (auto& [name, patch] : applied.subnets) manifest.subnets.push_back(std::move(patch));
  for (auto& [name, binding] : applied.bindings) manifest.bindings.push_back(std::move(binding));
  diagnostics.append(std::move(own));
  return manifest;
}

}  // namespace policyconv::kubeovn
