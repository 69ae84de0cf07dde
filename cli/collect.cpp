#include "cli/collect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace policyconv::cli {
namespace {

struct Resource {
  std::string_view name;  // as kubectl wants it, with the group where another API has the same word
  std::string_view api_version, kind;
  std::string_view what;  // why it is read
};

/// Of ConfigMaps only those that set up both systems: any other may hold whatever people put there.
constexpr std::string_view config_maps[] = {"cni-configuration", "cilium-config", "ovn-config", "kube-ovn-config",
                                            "ovn-vpc-nat-config", "ovn-vpc-nat-gw-config", "vpc-dns-config"};

std::string config_maps_line() {
  return fmt::format("kubectl get configmaps -n kube-system {} --ignore-not-found -o yaml", fmt::join(config_maps, " "));
}

constexpr Resource resources[] = {
    {"nodes", "v1", "Node", "addresses, podCIDRs"},
    {"namespaces", "v1", "Namespace", "labels that policies select"},
    {"pods", "v1", "Pod", "addresses, labels, nodes"},
    {"deployments.apps", "apps/v1", "Deployment", "pod templates, arguments of kube-ovn-controller"},
    {"statefulsets.apps", "apps/v1", "StatefulSet", "pod templates, NAT gateways"},
    {"daemonsets.apps", "apps/v1", "DaemonSet", "arguments of kube-ovn-cni and cilium"},
    {"jobs.batch", "batch/v1", "Job", "pod templates"},
    {"cronjobs.batch", "batch/v1", "CronJob", "pod templates"},
    {"services", "v1", "Service", "cluster addresses"},
    {"endpointslices.discovery.k8s.io", "discovery.k8s.io/v1", "EndpointSlice", "backends, the API server"},
    {"servicecidrs.networking.k8s.io", "networking.k8s.io/v1", "ServiceCIDR", "the Service range"},
    {"networkpolicies.networking.k8s.io", "networking.k8s.io/v1", "NetworkPolicy", "policies"},
    {"adminnetworkpolicies.policy.networking.k8s.io", "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy",
     "policies above the others"},
    {"baselineadminnetworkpolicies.policy.networking.k8s.io", "policy.networking.k8s.io/v1alpha1",
     "BaselineAdminNetworkPolicy", "policies below the others"},
    {"clusternetworkpolicies.policy.networking.k8s.io", "policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy",
     "policies above and below the others"},
    {"vpcs.kubeovn.io", "kubeovn.io/v1", "Vpc", "VPCs and peerings"},
    {"subnets.kubeovn.io", "kubeovn.io/v1", "Subnet", "ranges, excluded addresses"},
    {"vpc-nat-gateways.kubeovn.io", "kubeovn.io/v1", "VpcNatGateway", "lanIp"},
    {"vpc-dnses.kubeovn.io", "kubeovn.io/v1", "VpcDns", "DNS of VPCs"},
    {"vips.kubeovn.io", "kubeovn.io/v1", "Vip", "addresses that are held"},
    {"ips.kubeovn.io", "kubeovn.io/v1", "IP", "addresses that are held"},
    {"security-groups.kubeovn.io", "kubeovn.io/v1", "SecurityGroup", "groups that exist"},
    {"virtualmachines.kubevirt.io", "kubevirt.io/v1", "VirtualMachine", "pod templates"},
    {"ciliumnetworkpolicies.cilium.io", "cilium.io/v2", "CiliumNetworkPolicy", "policies"},
    {"ciliumclusterwidenetworkpolicies.cilium.io", "cilium.io/v2", "CiliumClusterwideNetworkPolicy", "policies"},
    {"ciliumcidrgroups.cilium.io", "cilium.io/v2", "CiliumCIDRGroup", "policies"},
    {"ciliumendpoints.cilium.io", "cilium.io/v2", "CiliumEndpoint", "pods that Cilium manages"},
    {"ciliumnodes.cilium.io", "cilium.io/v2", "CiliumNode", "Cilium's own podCIDRs"},
    {"ciliumegressgatewaypolicies.cilium.io", "cilium.io/v2", "CiliumEgressGatewayPolicy", "what Cilium is used for"},
    {"ciliumlocalredirectpolicies.cilium.io", "cilium.io/v2", "CiliumLocalRedirectPolicy", "what Cilium is used for"},
    {"ciliumenvoyconfigs.cilium.io", "cilium.io/v2", "CiliumEnvoyConfig", "what Cilium is used for"},
    {"ciliumclusterwideenvoyconfigs.cilium.io", "cilium.io/v2", "CiliumClusterwideEnvoyConfig",
     "what Cilium is used for"},
    {"ciliumbgppeeringpolicies.cilium.io", "cilium.io/v2alpha1", "CiliumBGPPeeringPolicy", "what Cilium is used for"},
    {"ciliumbgpclusterconfigs.cilium.io", "cilium.io/v2", "CiliumBGPClusterConfig", "what Cilium is used for"},
    {"ciliumloadbalancerippools.cilium.io", "cilium.io/v2", "CiliumLoadBalancerIPPool", "what Cilium is used for"},
    {"ciliuml2announcementpolicies.cilium.io", "cilium.io/v2alpha1", "CiliumL2AnnouncementPolicy",
     "what Cilium is used for"},
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

# get NAME EMPTY COMMAND
# A kind that the cluster does not know is left out; any other failure ends the script, since half a dump would mislead.
# EMPTY, a list of the kind, says that the cluster was asked: the empty list that kubectl prints names no kind.
get() {
  name=$1 empty=$2
  shift 2
  echo "---" >>"$out"
  if ! "$@" >>"$out" 2>"$errors"; then
    if grep -q "doesn't have a resource type" "$errors"; then
      echo "not in this cluster: $name" >&2
    else
      cat "$errors" >&2
      exit 1
    fi
  fi
  printf -- '---\n%s\n' "$empty" >>"$out"
}

)";

}  // namespace

std::vector<std::string_view> collected_resources() {
  std::vector<std::string_view> names;
  for (const Resource& resource : resources) names.push_back(resource.name);
  return names;
}

std::vector<std::string_view> collected_config_maps() { return {std::begin(config_maps), std::end(config_maps)}; }

std::string empty_list(std::string_view resource) {
  const auto* found = std::find_if(std::begin(resources), std::end(resources),
                                   [&](const Resource& known) { return known.name == resource; });
  if (found == std::end(resources)) return {};
  return fmt::format("{{apiVersion: {}, kind: {}List, items: []}}", found->api_version, found->kind);
}

std::string collect_line(std::string_view resource) {
  if (without_group(resource) == "configmaps") return config_maps_line();
  const auto* found = std::find_if(std::begin(resources), std::end(resources), [&](const Resource& known) {
    return known.name == resource || without_group(known.name) == resource;
  });
  return fmt::format("kubectl get {} -A -o yaml", found == std::end(resources) ? resource : found->name);
}

std::string collect_script() {
  std::string script(script_begin);
  for (const Resource& resource : resources)
    script += fmt::format("get {} '{}' {}  # {}\n", without_group(resource.name), empty_list(resource.name),
                          collect_line(resource.name), resource.what);
  script += fmt::format("get configmaps '' {}\n", config_maps_line());  // only some of them are asked for
  return script + "\necho \"$out is complete: policyconv assess $out\" >&2\n";
}

}  // namespace policyconv::cli
