// What Cilium does besides policies. It goes with Cilium, whatever the policies.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "assess/features.h"
#include "assess/settings.h"

namespace policyconv::assess {
namespace {

struct About {
  std::string_view name;
  std::array<std::string_view, 2> keys;   // switches of cilium-config; either turns it on
  std::array<std::string_view, 2> kinds;  // objects that use it; a `*` at the end covers every kind that begins so
  std::string_view note;                  // what takes its place, as far as the references say
};

constexpr About all[] = {
    {hubble,
     {"enable-hubble"},
     {},
     "flows are no longer recorded: rules of SecurityGroups log nothing (K§2.2), NetworkPolicies can by annotation "
     "(K§6.2)"},
    {"Egress gateway",
     {"enable-ipv4-egress-gateway", "enable-egress-gateway"},
     {"CiliumEgressGatewayPolicy"},
     "Kube-OVN has VpcNatGateways for the Subnets of a VPC (K§7.2)"},
    {"BGP", {"enable-bgp-control-plane"}, {"CiliumBGP*"}, "VpcNatGateways have a bgpSpeaker from v1.13 on (K§7.2)"},
    {"LoadBalancer addresses (LB IPAM)", {}, {"CiliumLoadBalancerIPPool"}, "nothing takes its place by itself"},
    {"L2 announcements",
     {"enable-l2-announcements"},
     {"CiliumL2AnnouncementPolicy"},
     "nothing takes its place by itself"},
    {"Local redirect policies",
     {"enable-local-redirect-policy"},
     {"CiliumLocalRedirectPolicy"},
     "for NodeLocal DNS, their usual purpose, Kube-OVN has --node-local-dns-ip (K§4.3)"},
    {"Envoy configuration",
     {"enable-envoy-config"},
     {"CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig"},
     "needs a service mesh or gateway of its own"},
    {"Gateway API and Ingress",
     {"enable-gateway-api", "enable-ingress-controller"},
     {},
     "needs another gateway or ingress controller"},
    {"Encryption by WireGuard", {"enable-wireguard"}, {}, "traffic between nodes is no longer encrypted by Cilium"},
    {"Encryption by IPsec",
     {"enable-ipsec"},
     {},
     "limited under chaining (C§11); traffic between nodes is no longer encrypted by Cilium"},
    {proxy_replacement,
     {"kube-proxy-replacement"},
     {},
     "Kube-OVN's load balancer serves pods with --enable-lb=true (K§2.4); nodes need kube-proxy"},
    {socket_balancing, {"bpf-lb-sock"}, {}, "Kube-OVN's load balancer serves pods with --enable-lb=true (K§2.4)"},
    {"Host firewall", {"enable-host-firewall"}, {}, "nodes need a firewall of their own"},
    {"Bandwidth manager", {"enable-bandwidth-manager"}, {}, "limits by annotation of Cilium are gone"},
};

bool matches(std::string_view kind, std::string_view wanted) {
  if (wanted.empty()) return false;
  return wanted.ends_with('*') ? kind.starts_with(wanted.substr(0, wanted.size() - 1)) : kind == wanted;
}

Feature feature_of(const About& about, const Dump& dump) {
  Feature feature{std::string(about.name), {}, {}, std::string(about.note)};
  std::optional<Setting> on;
  bool off = false;
  for (const std::string_view key : about.keys) {
    if (key.empty()) continue;
    const auto setting = cilium_setting(dump, key, "false");
    if (known_on(setting)) on = setting;
    off = off || known_off(setting);
  }
  std::size_t objects = 0;
  for (const OtherObject& object : dump.others)
    if (matches(object.kind, about.kinds[0]) || matches(object.kind, about.kinds[1])) {
      ++objects;
      if (feature.places.size() < 5) feature.places.push_back(object.loc);
    }
  if (objects > 0) {
    // The API server stores the objects although the agent does not look at them.
    const bool idle = !on && off;
    feature.uses[idle ? Fate::NeverEnforced : Fate::Lost] = objects;
    if (idle) feature.note = fmt::format("not switched on in Cilium ({})", about.keys[0]);
  } else if (on) {
    feature.uses[Fate::Lost] = 1;
    feature.places.push_back(on->loc);
    if (!about.kinds[0].empty()) feature.note += "; switched on, but no object of it is in the dump";
  }
  return feature;
}

/// A cluster with an id of its own takes part in a mesh, or can.
void add_cluster_mesh(const Dump& dump, std::vector<Feature>& features) {
  const auto id = cilium_setting(dump, "cluster-id", "0");
  if (!id || id->value.empty() || id->value == "0") return;
  features.push_back(
      {"Cluster mesh",
       {{Fate::Lost, 1}},
       {id->loc},
       fmt::format("this is cluster {} of a mesh; Services and identities of the others are gone", id->value)});
}

}  // namespace

void add_features_of_cilium(const Dump& dump, std::vector<Feature>& features) {
  for (const About& about : all) {
    Feature feature = feature_of(about, dump);
    if (!feature.uses.empty()) features.push_back(std::move(feature));
  }
  add_cluster_mesh(dump, features);
}

}  // namespace policyconv::assess
