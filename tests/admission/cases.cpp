// Random policies as groups, namespaces and pods, with what admission() writes for them and what Membership says about
// each pod: admission_cases FILE SEED, one JSON object in a line. admission.test.mjs compares the two.
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/admission.h"
#include "backends/kubeovn/annotations.h"
#include "backends/kubeovn/membership.h"
#include "backends/kubeovn/names.h"
#include "backends/kubeovn/ownership.h"
#include "ir/membership.h"

namespace {

using namespace policyconv;
using kubeovn::SecurityGroup;
using nlohmann::json;
using Names = std::vector<std::string>;

class Case {
 public:
  explicit Case(unsigned seed) : random_(seed) {
    several_vpcs_ = one_in(2);
    make_namespaces();
    for (const char* vpc : {"ovn-cluster", "vpc-a", "vpc-b"})
      if (several_vpcs_ || std::string_view(vpc) == "ovn-cluster") make_groups(vpc);
    std::sort(manifest_.security_groups.begin(), manifest_.security_groups.end(),
              [](const SecurityGroup& a, const SecurityGroup& b) { return a.name < b.name; });
    if (several_vpcs_)
      manifest_.places = {{"ovn-cluster", {"default", "ovn-default"}, {"kube-system", "shop"}},
                          {"vpc-a", {"a-1", "a-2"}, {"bank", "team-1"}},
                          {"vpc-b", {"b-1"}, {"bank", "team-2"}}};
    if (several_vpcs_ && one_in(3)) manifest_.places[1].guarded = {"a-2"};
    if (!several_vpcs_ && one_in(3))
      manifest_.places = {{"ovn-cluster", {"a-1", "default", "ovn-default"}, {"kube-system", "shop"}, {"a-1"}}};
  }

  [[nodiscard]] json made() {
    const kubeovn::Membership membership(manifest_);
    json pods = json::array();
    for (int at = 0; at < 24; ++at) pods.push_back(make_pod(membership));
    Diagnostics diagnostics;
    json groups = json::object();
    for (const SecurityGroup& group : manifest_.security_groups)
      groups[group.name] = group.members ? kubeovn::members_text(*group.members) : kubeovn::unless_text(group.unless);
    json namespaces = json::object();
    for (const Namespace& ns : cluster_.namespaces)
      namespaces[ns.name] = {{"metadata", metadata(ns.name, ns.labels, ns.annotations)}};
    return {{"map", kubeovn::admission(manifest_, {kubeovn::AdmissionForm::Map, 36}, diagnostics)},
            {"kyverno", kubeovn::admission(manifest_, {kubeovn::AdmissionForm::Kyverno, 30}, diagnostics)},
            {"groups", groups},
            {"selectors", selectors_},
            {"namespaces", namespaces},
            {"pods", pods}};
  }

 private:
  bool one_in(unsigned n) { return random_() % n == 0; }
  template <typename List>
  const auto& any(const List& list) {
    return *(std::begin(list) + static_cast<std::ptrdiff_t>(random_() % std::size(list)));
  }

  static json metadata(const std::string& name, const Labels& labels, const Labels& annotations) {
    json made = {{"name", name}};
    if (!labels.empty()) made["labels"] = labels;
    if (!annotations.empty()) made["annotations"] = annotations;
    return made;
  }

  // What users write, what breaks quoting, what Cilium filters out, and what only Cilium may claim.
  inline static const std::array<std::string, 13> keys_{"app",
                                                        "tier",
                                                        "example.com/team",
                                                        "a\"b'c",
                                                        "it's{{x}}",
                                                        "\xF0\x9F\x98\x80",
                                                        "app.kubernetes.io/name",
                                                        "pod-template-hash",
                                                        "statefulset.kubernetes.io/pod-name",
                                                        "topology.kubernetes.io/zone",
                                                        "io.kubernetes.pod.namespace",
                                                        "io.cilium.k8s.policy.serviceaccount",
                                                        "io.cilium.k8s.namespace.labels.team"};
  inline static const std::array<std::string, 9> values_{
      "web",        "db", "", "a\"b", "it's", "back\\slash`${x}`", "{{ wanted }}", "\xF0\x9F\x98\x80\xE4\xB8\xAD",
      "line\nbreak"};
  inline static const std::array<std::string, 6> names_{"shop", "bank", "team-1", "team-2", "kube-system", "default"};
  inline static const std::array<std::string, 6> subnets_{"a-1", "a-2", "b-1", "default", "nowhere", ""};
  inline static const std::array<std::string, 5> namespace_subnets_{"a-1", "b-1,a-1", " a-2 , b-1", "nowhere", ""};
  inline static const std::array<std::string, 5> networks_{"nets/blue", "blue", "nets/a.b@eth0",
                                                           "[{\"name\":\"blue\"}]", ""};
  inline static const std::array<std::string, 3> accounts_{"default", "robot", "x"};

  void make_namespaces() {
    for (const std::string& name : names_) {
      Namespace ns;
      ns.name = name;
      ns.labels["kubernetes.io/metadata.name"] = name;
      if (!one_in(3)) ns.labels["team"] = any(values_);
      if (one_in(3)) ns.labels["app"] = any(values_);
      if (one_in(4)) ns.annotations["ovn.kubernetes.io/logical_switch"] = any(namespace_subnets_);
      cluster_.namespaces.push_back(std::move(ns));
    }
    std::sort(cluster_.namespaces.begin(), cluster_.namespaces.end(),
              [](const Namespace& a, const Namespace& b) { return a.name < b.name; });
  }

  ir::Requirement requirement() {
    const auto op = static_cast<ir::Op>(random_() % 4);
    const bool by_value = op == ir::Op::In || op == ir::Op::NotIn;
    const auto some = [&](const auto& list) {
      Names values;
      if (by_value)
        for (std::size_t count = 1 + random_() % 3; count > 0; --count) values.push_back(any(list));
      return values;
    };
    switch (random_() % 8) {
      case 0:
        return {std::string(ir::namespace_key), op, some(names_)};
      case 1:
        return {std::string(ir::namespace_labels_prefix) + "team", op, some(values_)};
      case 2:
        return {std::string(ir::namespace_labels_prefix) + (one_in(2) ? "kubernetes.io/metadata.name" : "app"), op,
                some(names_)};
      case 3:
        return {std::string(ir::service_account_key), op, some(accounts_)};
      case 4:
        return {one_in(3) ? std::string(ir::cluster_key) : keys_[7 + random_() % 3], op, some(values_)};
      default:
        return {keys_[random_() % 7], op, some(values_)};
    }
  }

  ir::Group group() {
    for (;;) {
      std::vector<ir::Requirement> all_of;
      if (!one_in(4)) all_of.push_back({std::string(ir::namespace_key), ir::Op::In, {any(names_)}});
      for (std::size_t count = random_() % 3; count > 0; --count) all_of.push_back(requirement());
      auto normal = ir::normalize(std::move(all_of));
      if (!normal) continue;
      ir::Group made{*std::move(normal), std::nullopt};
      if (one_in(6))
        made.port = ContainerPort{one_in(2) ? "http" : "dns", one_in(2) ? Protocol::Tcp : Protocol::Udp, 8080};
      ++selectors_;
      return made;
    }
  }

  void make_groups(const std::string& vpc) {
    std::set<std::string> known;
    const std::size_t some = one_in(8) ? 0 : 12 + random_() % 12;
    for (std::size_t at = 0; at < some; ++at) {
      SecurityGroup made;
      made.members = group();
      made.vpc = vpc;
      made.name = kubeovn::group_name(*made.members, vpc);
      made.isolates_ingress = one_in(3);
      made.isolates_egress = one_in(3);
      if (one_in(2)) made.ingress.emplace_back();
      if (known.insert(made.name).second) manifest_.security_groups.push_back(std::move(made));
    }
    const auto helper = [&](kubeovn::Role role, std::string_view name) {
      SecurityGroup made;
      made.role = role;
      made.vpc = vpc;
      made.name = kubeovn::helper_name(name, vpc);
      if (role != kubeovn::Role::Base)
        for (std::size_t count = random_() % 3; count > 0; --count) made.unless.push_back(group());
      manifest_.security_groups.push_back(std::move(made));
    };
    if (one_in(10)) return;  // objects that were edited by hand
    helper(kubeovn::Role::Base, "base");
    helper(kubeovn::Role::OpenIn, "open-in");
    if (!one_in(10)) helper(kubeovn::Role::OpenOut, "open-out");
    if (manifest_.security_groups.back().role == kubeovn::Role::OpenOut && one_in(2))
      for (const SecurityGroup& each : manifest_.security_groups)
        if (each.role == kubeovn::Role::OpenIn && each.vpc == vpc)
          manifest_.security_groups.back().unless = each.unless;
  }

  std::string annotation() {
    const std::array<std::string, 8> parts{"theirs",
                                           "other-group",
                                           "theirs",
                                           "pc-old-0123456789ab",
                                           "pc-base-1234",
                                           "pc-0123456789ab",
                                           "pc-Base-0123456789AB",
                                           any(manifest_.security_groups).name};
    std::string text;
    for (std::size_t count = random_() % 5; count > 0; --count) {
      if (!text.empty()) text += one_in(3) ? " , " : ",";
      text += any(parts);
    }
    return one_in(5) ? " " + text + "," : text;
  }

  json make_pod(const kubeovn::Membership& membership) {
    Pod pod;
    pod.ns = any(names_);
    pod.name = "pod";
    pod.service_account = any(accounts_);
    for (std::size_t count = random_() % 5; count > 0; --count) pod.labels[any(keys_)] = any(values_);
    if (pod.ns == "kube-system" && one_in(4)) {
      const std::array<std::pair<std::string, std::string>, 4> marks{{{"app", "vpc-nat-gw-x"},
                                                                      {"app", "vpc-egress-gateway"},
                                                                      {"ovn.kubernetes.io/vpc-nat-gw", "true"},
                                                                      {"k8s-app", "vpc-dns-a"}}};
      const auto& [key, value] = any(marks);
      pod.labels.insert_or_assign(key, value);
    }
    for (const char* name : {"http", "dns", "other"})
      if (one_in(3))
        pod.ports.push_back(
            {name, one_in(2) ? Protocol::Tcp : Protocol::Udp, static_cast<std::uint16_t>(one_in(2) ? 8080 : 53)});
    pod.host_network = one_in(12);
    if (one_in(6)) pod.annotations["v1.multus-cni.io/default-network"] = any(networks_);
    const std::string provider = provider_of(pod).empty() ? "ovn" : provider_of(pod);
    const std::string key = kubeovn::annotation_of(provider);
    if (!one_in(3)) pod.annotations[key] = annotation();
    if (provider != "ovn" && one_in(4)) pod.annotations["ovn.kubernetes.io/security_groups"] = "theirs,pc-base-old";
    if (one_in(3)) pod.annotations[provider + ".kubernetes.io/logical_switch"] = any(subnets_);
    if (one_in(4)) pod.annotations["example.com/a"] = "b";
    const Names ours = groups_of(membership, pod);
    json made = {{"object", object(pod)}, {"key", key}, {"map", after(pod, key, ours, true)}};
    // The ClusterPolicy knows the default network alone.
    if (provider == "ovn") made["kyverno"] = after(pod, key, ours, false);
    return made;
  }

  json object(const Pod& pod) {
    json containers = json::array({{{"name", "a"}}, {{"name", "b"}}});
    for (const ContainerPort& port : pod.ports) {
      json made = {{"containerPort", port.number}, {"name", port.name}};
      if (port.protocol == Protocol::Udp)
        made["protocol"] = "UDP";
      else if (one_in(2))
        made["protocol"] = "TCP";
      containers[random_() % 2]["ports"].push_back(std::move(made));
    }
    if (one_in(4)) containers[0]["ports"].push_back({{"containerPort", 8080}});
    json spec = {{"containers", containers}};
    if (pod.host_network)
      spec["hostNetwork"] = true;
    else if (one_in(4))
      spec["hostNetwork"] = false;
    if (pod.service_account != "default" || one_in(2)) spec["serviceAccountName"] = pod.service_account;
    json made = {{"metadata", metadata(pod.name, pod.labels, pod.annotations)}, {"spec", spec}};
    made["metadata"]["namespace"] = pod.ns;
    return made;
  }

  /// nullopt: its Subnet is in no place, or of another network and not named yet.
  [[nodiscard]] std::optional<std::string> vpc_of(const Pod& pod) const {
    if (manifest_.places.empty()) return "ovn-cluster";
    const auto named = [](const Labels& annotations, const std::string& provider) {
      const auto found = annotations.find(provider + ".kubernetes.io/logical_switch");
      std::string first = found == annotations.end() ? "" : found->second.substr(0, found->second.find(','));
      std::erase(first, ' ');
      return first;
    };
    const std::string provider = provider_of(pod).empty() ? "ovn" : provider_of(pod);
    std::string subnet = named(pod.annotations, provider);
    if (subnet.empty() && provider != "ovn") return std::nullopt;
    if (subnet.empty()) subnet = named(cluster_.find_namespace(pod.ns)->annotations, "ovn");
    for (const kubeovn::VpcPlace& place : manifest_.places) {
      // No VPC has this name, so there are no groups for it.
      if (std::find(place.guarded.begin(), place.guarded.end(), subnet) != place.guarded.end()) return "guarded";
      const Names& list = subnet.empty() ? place.namespaces : place.subnets;
      if (std::find(list.begin(), list.end(), subnet.empty() ? pod.ns : subnet) != list.end()) return place.vpc;
    }
    return subnet.empty() ? std::optional<std::string>("ovn-cluster") : std::nullopt;
  }

  [[nodiscard]] Names groups_of(const kubeovn::Membership& membership, const Pod& pod) const {
    const Labels identity = ir::identity_labels(cluster_, pod);
    if (const auto vpc = vpc_of(pod)) return membership.groups_of(*vpc, identity, pod.ports, kubeovn::Stage::Enforced);
    std::string closed;
    bool concerned = false;
    for (const SecurityGroup& group : manifest_.security_groups) {
      const auto has = [&](const ir::Group& some) { return ir::is_member(some, identity, pod.ports); };
      if (group.role == kubeovn::Role::Base && (closed.empty() || group.vpc == "ovn-cluster")) closed = group.name;
      const bool says =
          !group.ingress.empty() || !group.egress.empty() || group.isolates_ingress || group.isolates_egress;
      concerned |=
          (group.members && says && has(*group.members)) || std::any_of(group.unless.begin(), group.unless.end(), has);
    }
    // The first by VPC, which is not the first by name.
    if (const auto& vpcs = membership.vpcs();
        vpcs.find("ovn-cluster") == vpcs.end() || vpcs.find("ovn-cluster")->second.base == nullptr)
      for (const auto& [vpc, groups] : vpcs)
        if (groups.base != nullptr) {
          closed = groups.base->name;
          break;
        }
    return concerned && !closed.empty() ? Names{closed} : Names{};
  }

  [[nodiscard]] static bool infrastructure(const Pod& pod) {
    const auto starts = [&](const char* key, std::string_view text) {
      const auto found = pod.labels.find(key);
      return found != pod.labels.end() && found->second.starts_with(text);
    };
    return pod.ns == "kube-system" && (starts("app", "vpc-nat-gw-") || starts("app", "vpc-egress-gateway") ||
                                       starts("ovn.kubernetes.io/vpc-nat-gw", "") || starts("k8s-app", "vpc-dns"));
  }

  /// The annotation of the admitted pod; null: none. `unique`: foreign names lose their duplicates.
  [[nodiscard]] json after(const Pod& pod, const std::string& key, const Names& ours, bool unique) const {
    const auto found = pod.annotations.find(key);
    const json now = found == pod.annotations.end() ? json() : json(found->second);
    if (pod.host_network || infrastructure(pod)) return now;
    const Cluster nothing;
    const kubeovn::Ownership ownership(nothing);
    Pod named;
    if (now.is_string()) named.annotations[std::string(kubeovn::security_groups_annotation)] = now;
    if (ours.empty() && !ownership.carries_ours(named)) return now;
    Names all;
    for (const std::string& name : ownership.foreign_groups(named)) {
      if (unique && std::find(all.begin(), all.end(), name) != all.end()) continue;
      if (!unique && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") != std::string::npos) continue;
      all.push_back(name);
    }
    all.insert(all.end(), ours.begin(), ours.end());
    std::string text;
    for (const std::string& name : all) text += (text.empty() ? "" : ",") + name;
    return text;
  }

  std::mt19937 random_;
  bool several_vpcs_ = false;
  int selectors_ = 0;
  Cluster cluster_;
  kubeovn::Manifest manifest_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: admission_cases FILE SEED\n", stderr);
    return 2;
  }
  const unsigned seed = static_cast<unsigned>(std::stoul(arguments[2]));
  std::ofstream file(arguments[1]);
  for (unsigned at = 0; at < 60; ++at) file << Case(seed + at).made().dump() << '\n';
  return file ? 0 : 1;
}
