#include "cli/collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace policyconv::cli {
namespace {

struct Resource {
  std::string_view name;  // as kubectl wants it, with the group where another API has the same word
  std::string_view what;  // why it is read
};

/// Of ConfigMaps only those that set up both systems: any other may hold whatever people put there.
constexpr std::string_view config_maps =
    "kubectl get configmaps -n kube-system cni-configuration cilium-config ovn-config kube-ovn-config "
    "ovn-vpc-nat-config ovn-vpc-nat-gw-config vpc-dns-config --ignore-not-found -o yaml";

constexpr Resource resources[] = {
    {"nodes", "addresses, podCIDRs"},
    {"namespaces", "labels that policies select"},
    {"pods", "addresses, labels, nodes"},
    {"deployments.apps", "pod templates, arguments of kube-ovn-controller"},
    {"statefulsets.apps", "pod templates, NAT gateways"},
    {"daemonsets.apps", "arguments of kube-ovn-cni and cilium"},
    {"jobs.batch", "pod templates"},
    {"cronjobs.batch", "pod templates"},
    {"services", "cluster addresses"},
    {"endpointslices.discovery.k8s.io", "backends, the API server"},
    {"servicecidrs.networking.k8s.io", "the Service range"},
    {"networkpolicies.networking.k8s.io", "policies"},
    {"adminnetworkpolicies.policy.networking.k8s.io", "policies above the others"},
    {"baselineadminnetworkpolicies.policy.networking.k8s.io", "policies below the others"},
    {"clusternetworkpolicies.policy.networking.k8s.io", "policies above and below the others"},
    {"vpcs.kubeovn.io", "VPCs and peerings"},
    {"subnets.kubeovn.io", "ranges, excluded addresses"},
    {"vpc-nat-gateways.kubeovn.io", "lanIp"},
    {"vpc-dnses.kubeovn.io", "DNS of VPCs"},
    {"vips.kubeovn.io", "addresses that are held"},
    {"ips.kubeovn.io", "addresses that are held"},
    {"security-groups.kubeovn.io", "groups that exist"},
    {"virtualmachines.kubevirt.io", "pod templates"},
    {"ciliumnetworkpolicies.cilium.io", "policies"},
    {"ciliumclusterwidenetworkpolicies.cilium.io", "policies"},
    {"ciliumcidrgroups.cilium.io", "policies"},
    {"ciliumendpoints.cilium.io", "pods that Cilium manages"},
    {"ciliumnodes.cilium.io", "Cilium's own podCIDRs"},
    {"ciliumegressgatewaypolicies.cilium.io", "what Cilium is used for"},
    {"ciliumlocalredirectpolicies.cilium.io", "what Cilium is used for"},
    {"ciliumenvoyconfigs.cilium.io", "what Cilium is used for"},
    {"ciliumclusterwideenvoyconfigs.cilium.io", "what Cilium is used for"},
    {"ciliumbgppeeringpolicies.cilium.io", "what Cilium is used for"},
    {"ciliumbgpclusterconfigs.cilium.io", "what Cilium is used for"},
    {"ciliumloadbalancerippools.cilium.io", "what Cilium is used for"},
    {"ciliuml2announcementpolicies.cilium.io", "what Cilium is used for"},
};

std::string_view without_group(std::string_view name) { return name.substr(0, name.find('.')); }

constexpr std::string_view script_begin = R"(#!/bin/sh
# Fetches what `policyconv assess` reads into one file. Reads only; asks for no Secret, and of ConfigMaps for those
# alone that set up Kube-OVN and Cilium. Pods and their templates may hold passwords in `env`: keep the file to yourself.
#   sh collect.sh [FILE]       default: cluster.yaml
set -eu
out=${1:-cluster.yaml}
umask 077
: >"$out"
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

# A kind that the cluster does not know is left out; any other failure ends the script, since half a dump would mislead.
get() {
  name=$1
  shift
  echo "---" >>"$out"
  if "$@" >>"$out" 2>"$errors"; then
    return 0
  fi
  if grep -q "doesn't have a resource type" "$errors"; then
    echo "not in this cluster: $name" >&2
  else
    cat "$errors" >&2
    exit 1
  fi
}

)";

}  // namespace

std::string collect_line(std::string_view resource) {
  if (without_group(resource) == "configmaps") return std::string(config_maps);
  const auto* found = std::find_if(std::begin(resources), std::end(resources), [&](const Resource& known) {
    return known.name == resource || without_group(known.name) == resource;
  });
  return fmt::format("kubectl get {} -A -o yaml", found == std::end(resources) ? resource : found->name);
}

std::string collect_script() {
  std::string script(script_begin);
  for (const Resource& resource : resources)
    script += fmt::format("get {} {}  # {}\n", without_group(resource.name), collect_line(resource.name),
                          resource.what);
  script += fmt::format("get configmaps {}\n", config_maps);
  return script + "\necho \"$out is complete: policyconv assess $out\" >&2\n";
}

}  // namespace policyconv::cli
