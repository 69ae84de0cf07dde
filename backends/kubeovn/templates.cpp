// Entrance: bind_templates(). A template is looked at as a pod that has no address yet.
#include "backends/kubeovn/templates.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/kubeovn/membership.h"
#include "ir/membership.h"

namespace policyconv::kubeovn {
namespace {

constexpr std::string_view machine_kind = "VirtualMachine";

Pod pod_of(const Workload& workload) {
  Pod pod;
  pod.ns = workload.ns;
  pod.name = workload.name;
  pod.labels = workload.labels;
  pod.annotations = workload.annotations;
  pod.service_account = workload.service_account;
  pod.host_network = workload.host_network;
  pod.ports = workload.ports;
  pod.loc = workload.loc;
  return pod;
}

std::string joined(const std::vector<std::string>& groups) { return fmt::format("{}", fmt::join(groups, ",")); }

class Templates {
 public:
  Templates(const Manifest& manifest, const Cluster& cluster, const Topology& topology, Diagnostics& diagnostics)
      : membership_(manifest), cluster_(cluster), topology_(topology), diagnostics_(diagnostics) {}

  std::vector<TemplateBinding> bind() {
    for (const Workload& workload : cluster_.workloads) {
      const Pod pod = pod_of(workload);
      if (!workload.owned && !pod.host_network && !is_infrastructure(cluster_, pod)) bind(workload, pod);
    }
    if (machines_ != 0) diagnostics_.report<Kind::MachinesBoundAtStart>({}, machines_);
    if (!jobs_.empty()) diagnostics_.report<Kind::JobTemplatesFixed>({}, jobs_.size(), some_jobs());
    std::sort(bindings_.begin(), bindings_.end(), [](const TemplateBinding& a, const TemplateBinding& b) {
      return std::tie(a.ns, a.kind, a.name, a.api_version) < std::tie(b.ns, b.kind, b.name, b.api_version);
    });
    return std::move(bindings_);
  }

 private:
  /// Where pods of a template can be put, as far as that is known.
  struct Places {
    std::set<std::size_t> vpcs;
    std::vector<const Subnet*> subnets;
  };

  void bind(const Workload& workload, const Pod& pod) {
    const std::string name = workload.ns + "/" + workload.name;
    if (!may_need_groups(pod)) return take_off(workload, pod);
    const std::string provider = provider_of(pod);
    const auto named = pod.annotations.find(provider + ".kubernetes.io/logical_switch");
    const bool is_named = named != pod.annotations.end();
    Places places;
    if (const Subnet* subnet = subnet_of(cluster_, pod)) {
      places.subnets = {subnet};
      if (const auto vpc = topology_.vpc_index(subnet->vpc)) places.vpcs = {*vpc};
    } else if (provider != "ovn" && !is_named) {
      diagnostics_.report<Kind::DefaultNetworkUnknown>(pod.loc, workload.kind, name, pod.annotations.at("v1.multus-cni.io/default-network"));
      return;
    } else if (is_named && !cluster_.subnets.empty()) {
      diagnostics_.report<Kind::TemplateVpcUnclear>(pod.loc, workload.kind, name, fmt::format("Subnet `{}` is not in the dump", named->second));
      return;
    } else {
      places = places_of_namespace(pod.ns);
    }
    bind(workload, pod, places);
  }

  void bind(const Workload& workload, const Pod& pod, const Places& places) {
    const std::string name = workload.ns + "/" + workload.name;
    const Labels identity = ir::identity_labels(cluster_, pod);
    std::set<std::vector<std::string>> choices;
    for (const std::size_t vpc : places.vpcs)
      choices.insert(membership_.groups_of(topology_.vpcs[vpc].name, identity, pod.ports, Stage::Enforced));
    if (choices.size() > 1) {
      std::vector<std::string> names;
      for (const std::size_t vpc : places.vpcs) names.push_back(fmt::format("`{}`", topology_.vpcs[vpc].name));
      diagnostics_.report<Kind::TemplateVpcUnclear>(pod.loc, workload.kind, name, fmt::format("they may be in VPC {}", fmt::join(names, ", ")));
      return;
    }
    if (choices.empty() || choices.begin()->empty()) return take_off(workload, pod);
    for (const Subnet* subnet : places.subnets)
      if (const std::string guard = topology_.ownership.guard_of(*subnet); !guard.empty()) {
        diagnostics_.report<Kind::TemplateOnGuardedSubnet>(pod.loc, workload.kind, name, subnet->name, guard);
        return;
      }
    std::vector<std::string> groups = topology_.ownership.foreign_groups(pod);
    if (!groups.empty()) diagnostics_.report<Kind::ForeignGroupsInTemplate>(pod.loc, workload.kind, name, joined(groups));
    groups.insert(groups.end(), choices.begin()->begin(), choices.begin()->end());
    if (workload.kind == machine_kind) ++machines_;
    add(workload, pod, std::move(groups));
  }

  /// In some VPC; what is not about this template at all is not worth a word.
  [[nodiscard]] bool may_need_groups(const Pod& pod) const {
    const Labels identity = ir::identity_labels(cluster_, pod);
    const auto& vpcs = membership_.vpcs();
    return std::any_of(vpcs.begin(), vpcs.end(), [&](const auto& vpc) {
      return !membership_.groups_of(vpc.first, identity, pod.ports, Stage::Enforced).empty();
    });
  }

  [[nodiscard]] Places places_of_namespace(const std::string& ns) const {
    const auto placed = topology_.namespace_vpcs.find(ns);
    Places places{placed == topology_.namespace_vpcs.end() ? std::set{*topology_.vpc_index(default_vpc)} : placed->second, {}};
    for (const Subnet* subnet : subnets_of_namespace(cluster_, ns)) places.subnets.push_back(subnet);
    return places;
  }

  void take_off(const Workload& workload, const Pod& pod) {
    if (topology_.ownership.carries_ours(pod)) add(workload, pod, topology_.ownership.foreign_groups(pod));
  }

  void add(const Workload& workload, const Pod& pod, std::vector<std::string> groups) {
    TemplateBinding binding{workload.api_version, workload.kind, workload.ns, workload.name, std::move(groups), provider_of(pod)};
    if (const auto now = pod.annotations.find(annotation_of(binding.provider)); now != pod.annotations.end())
      binding.before = now->second;
    // The API server refuses another template for a Job that exists.
    if (workload.kind != "Job") bindings_.push_back(std::move(binding));
    else if (binding.before != joined(binding.groups)) jobs_.push_back(workload.ns + "/" + workload.name);
  }

  /// "`a/x`, `a/y`, `b/z` and 3 more"
  [[nodiscard]] std::string some_jobs() const {
    constexpr std::size_t shown = 3;
    const auto end = jobs_.begin() + static_cast<std::ptrdiff_t>(std::min(shown, jobs_.size()));
    std::string text = fmt::format("`{}`", fmt::join(jobs_.begin(), end, "`, `"));
    if (jobs_.size() > shown) text += fmt::format(" and {} more", jobs_.size() - shown);
    return text;
  }

  const Membership membership_;
  const Cluster& cluster_;
  const Topology& topology_;
  Diagnostics& diagnostics_;
  std::vector<TemplateBinding> bindings_;
  std::vector<std::string> jobs_;
  std::size_t machines_ = 0;
};

}  // namespace

std::vector<TemplateBinding> bind_templates(const Manifest& manifest, const Cluster& cluster, const Topology& topology,
                                            Diagnostics& diagnostics) {
  return Templates(manifest, cluster, topology, diagnostics).bind();
}

}  // namespace policyconv::kubeovn
