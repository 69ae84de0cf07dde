#include "assess/chaining.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "assess/chain_files.h"
#include "assess/health_finding.h"
#include "assess/settings.h"

namespace policyconv::assess {
namespace {

using Findings = std::vector<HealthFinding>;

bool is_chained(const Dump& dump) {
  const auto mode = cilium_setting(dump, "cni-chaining-mode", "none");
  return mode && !mode->value.empty() && mode->value != "none";
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

/// The first object of a kind, to show where to look; evidence names it first, as its place is that of the finding.
struct First {
  std::string title;
  Loc loc;
};
First first_of(const Dump& dump, std::string_view kind) {
  const auto found = std::find_if(dump.others.begin(), dump.others.end(),
                                  [&](const OtherObject& object) { return object.kind == kind; });
  if (found == dump.others.end()) return {std::string(kind), {}};
  return {fmt::format("{} {}", kind, found->name), found->loc};
}

/// NetworkPolicies without the one that policyconv itself writes, which selects nothing.
std::size_t network_policies(const Dump& dump) {
  const bool anchor = std::any_of(dump.others.begin(), dump.others.end(), [](const OtherObject& object) {
    return object.kind == "NetworkPolicy" && object.name == "policyconv-node-anchor";
  });
  return count_of(dump, "NetworkPolicy") - (anchor ? 1 : 0);
}

std::size_t cilium_policies(const Dump& dump) {
  return count_of(dump, "CiliumNetworkPolicy") + count_of(dump, "CiliumClusterwideNetworkPolicy");
}

// --- who enforces NetworkPolicies ------------------------------------------------------------------------------------

void check_network_policies(const Dump& dump, Findings& findings) {
  const auto enabled = kube_ovn_setting(dump, "kube-ovn-controller", "enable-np", "true");
  if (!enabled) return;
  const std::size_t policies = network_policies(dump);
  const std::string evidence =
      fmt::format("{}; {}", enabled->evidence, counted(policies, "NetworkPolicy", "NetworkPolicies"));
  if (is_on(*enabled) && is_chained(dump))
    add_finding<Kind::NetworkPolicyTwice>(findings, policies > 0 ? Severity::Warning : Severity::Note, enabled->loc,
                                          evidence, policies);
  if (!is_on(*enabled) && policies > 0 && enforces_nothing(findings))
    add_finding<Kind::NetworkPolicyNowhere>(findings, Severity::Blocker, enabled->loc, evidence, policies);
}

// --- who translates Services -----------------------------------------------------------------------------------------

void check_services(const Dump& dump, Findings& findings) {
  const auto by_ovn = kube_ovn_setting(dump, "kube-ovn-controller", "enable-lb", "true");
  const auto replacement = cilium_setting(dump, "kube-proxy-replacement", "false");
  const auto socket = cilium_setting(dump, "bpf-lb-sock", "false");
  if (!by_ovn || (!known_on(replacement) && !known_on(socket))) return;
  const Setting& by_cilium = known_on(replacement) ? *replacement : *socket;
  const std::string evidence = fmt::format("{}; {}", by_ovn->evidence, by_cilium.evidence);
  if (is_on(*by_ovn))
    add_finding<Kind::ServicesTwice>(findings, Severity::Note, by_ovn->loc, evidence,
                                     known_on(replacement) ? "kube-proxy replacement" : "socket load balancing");
  else if (known_on(replacement))
    add_finding<Kind::ServicesByCiliumAlone>(findings, Severity::Warning, by_ovn->loc, evidence);
}

// --- settings of the recipe ------------------------------------------------------------------------------------------

void check_gateways(const Dump& dump, Findings& findings) {
  const auto verification = cilium_setting(dump, "enable-source-ip-verification", "true");
  if (dump.gateways.empty() || !known_on(verification)) return;
  // From 1.20 on the gateway pods may be excepted one by one, which the dump does not show.
  const std::optional<int> minor = cilium_minor(dump);
  const Severity severity = minor && *minor < 20 ? Severity::Blocker : Severity::Warning;
  const std::string version = minor ? fmt::format("; Cilium is 1.{}", *minor) : "";
  add_finding<Kind::GatewaysLoseTraffic>(findings, severity, verification->loc, verification->evidence + version,
                                         dump.gateways.size());
}

void check_families(const Dump& dump, Findings& findings) {
  const auto v4 = cilium_setting(dump, "enable-ipv4", "true"), v6 = cilium_setting(dump, "enable-ipv6", "true");
  const auto with_v6 = std::find_if(dump.subnets.begin(), dump.subnets.end(), [](const DumpSubnet& subnet) {
    return std::any_of(subnet.cidrs.begin(), subnet.cidrs.end(), [](const Cidr& c) { return c.family == Family::V6; });
  });
  const bool any_v4 = std::any_of(dump.subnets.begin(), dump.subnets.end(), [](const DumpSubnet& subnet) {
    return std::any_of(subnet.cidrs.begin(), subnet.cidrs.end(), [](const Cidr& c) { return c.family == Family::V4; });
  });
  if (known_off(v4) && known_on(v6))
    add_finding<Kind::Ipv6Alone>(findings, Severity::Blocker, v4->loc,
                                 fmt::format("{}; {}", v4->evidence, v6->evidence), "Cilium runs without IPv4");
  else if (with_v6 != dump.subnets.end() && !any_v4)
    add_finding<Kind::Ipv6Alone>(
        findings, Severity::Blocker, with_v6->loc,
        fmt::format("{}, all with IPv6 CIDRs only", counted(dump.subnets.size(), "Subnet", "Subnets")),
        "no Subnet has IPv4");
  else if (with_v6 != dump.subnets.end() && known_off(v6))
    add_finding<Kind::Ipv6Unguarded>(findings, Severity::Warning, with_v6->loc,
                                     fmt::format("Subnet {}; {}", with_v6->name, v6->evidence), with_v6->name);
}

void check_recipe(const Dump& dump, Findings& findings) {
  if (const auto mark = cilium_setting(dump, "enable-identity-mark", "true"); known_on(mark))
    add_finding<Kind::IdentityMarkOn>(findings, Severity::Warning, mark->loc, mark->evidence);
  check_families(dump, findings);
  for (const std::string_view key : {"enable-ipv4-masquerade", "enable-ipv6-masquerade"}) {
    const bool v6 = key == "enable-ipv6-masquerade";
    const auto family = cilium_setting(dump, v6 ? "enable-ipv6" : "enable-ipv4", "true");
    if (const auto masquerade = cilium_setting(dump, key, "true"); known_on(masquerade) && !known_off(family))
      add_finding<Kind::MasqueradeOn>(findings, Severity::Warning, masquerade->loc, masquerade->evidence, key);
  }
  // Up to 1.14 the setting was called `tunnel`, with `disabled` for native routing.
  const auto old = cilium_setting(dump, "tunnel", "");
  const auto routing = cilium_setting(dump, "routing-mode", "tunnel");
  const bool native = (routing && routing->value == "native") || (old && old->value == "disabled");
  if (routing && !native)
    add_finding<Kind::TunnelOn>(findings, Severity::Warning, routing->loc, routing->evidence, routing->value);
}

void check_devices(const Dump& dump, Findings& findings) {
  const auto devices = cilium_setting(dump, "devices", "");
  if (devices && devices->given && devices->value.find("ovn0") == std::string::npos)
    add_finding<Kind::DevicesIncomplete>(findings, Severity::Note, devices->loc, devices->evidence, devices->value);
}

/// The ranges that Cilium itself gives addresses from, each with where that was seen.
std::vector<std::pair<Cidr, std::string>> ranges_of_cilium(const Dump& dump) {
  std::vector<std::pair<Cidr, std::string>> ranges;
  const auto mode = cilium_setting(dump, "ipam", "cluster-pool");
  if (mode && mode->value == "kubernetes")
    for (const DumpNode& node : dump.nodes)
      for (const Cidr& cidr : node.pod_cidrs)
        ranges.emplace_back(cidr, fmt::format("podCIDR {} of node {}", to_string(cidr), node.name));
  if (!mode || mode->value != "cluster-pool") return ranges;
  for (const std::string_view key : {"cluster-pool-ipv4-cidr", "cluster-pool-ipv6-cidr"}) {
    const auto pool = cilium_setting(dump, key, "");
    const std::string text = pool ? pool->value : "";
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find_first_of(" ,", at), text.size());
      if (const auto cidr = parse_cidr(std::string_view(text).substr(at, end - at)))
        ranges.emplace_back(*cidr, fmt::format("its cluster pool {}", to_string(*cidr)));
      at = end + 1;
    }
  }
  return ranges;
}

/// One finding for each Subnet, however many nodes have a range in it.
void check_ranges(const Dump& dump, Findings& findings) {
  const auto ranges = ranges_of_cilium(dump);
  const auto mode = cilium_setting(dump, "ipam", "cluster-pool");
  for (const DumpSubnet& subnet : dump.subnets)
    for (const Cidr& cidr : subnet.cidrs) {
      const auto hit =
          std::find_if(ranges.begin(), ranges.end(), [&](const auto& range) { return overlaps(range.first, cidr); });
      if (hit == ranges.end()) continue;
      const auto others =
          std::count_if(hit + 1, ranges.end(), [&](const auto& range) { return overlaps(range.first, cidr); });
      const std::string more = others == 0   ? ""
                               : others == 1 ? "; 1 more range overlaps it"
                                             : fmt::format("; {} more ranges overlap it", others);
      add_finding<Kind::AddressesOfTwoPlans>(findings, Severity::Warning, subnet.loc,
                                             fmt::format("Subnet {}; {}{}", subnet.name, mode->evidence, more),
                                             hit->second, subnet.name, to_string(cidr));
    }
}

// --- pods without endpoint -------------------------------------------------------------------------------------------

/// "ns/name" of the pod behind a holder that Cilium should have an endpoint for; empty if that is not known.
std::string pod_of(const Dump& dump, const Holder& holder) {
  if (!holder.has_endpoint) return {};
  if (holder.kind == HolderKind::Pod) return holder.ns + "/" + holder.name;
  const auto gateway = std::find_if(dump.gateways.begin(), dump.gateways.end(), [&](const Gateway& candidate) {
    return holder.kind == HolderKind::Gateway && candidate.ns == holder.ns && candidate.name == holder.name;
  });
  if (gateway == dump.gateways.end() || gateway->replicas > 1 || count_of(dump, "Pod") == 0) return {};
  return holder.ns + "/vpc-nat-gw-" + holder.name + "-0";
}

/// Whether the agent writes CiliumEndpoints; without them nothing follows from there being none.
bool writes_endpoints(const Dump& dump) {
  if (!dump.endpoints.empty()) return true;
  const auto without = cilium_setting(dump, "disable-endpoint-crd", "false");
  return known_off(without);
}

void check_endpoints(const Dump& dump, Findings& findings) {
  if (!was_asked_for(dump, "CiliumEndpoint") || !writes_endpoints(dump)) return;
  std::set<std::string> pods;
  std::map<std::string, Loc> unmanaged;
  for (const Holder& holder : dump.holders) {
    const std::string pod = pod_of(dump, holder);
    if (pod.empty()) continue;
    pods.insert(pod);
    if (dump.endpoints.count(pod) == 0) unmanaged.emplace(pod, holder.loc);
  }
  if (unmanaged.empty()) return;
  const Loc loc = unmanaged.begin()->second;
  if (unmanaged.size() == pods.size()) {
    add_finding<Kind::NothingManaged>(
        findings, Severity::Blocker, loc,
        dump.endpoints.empty()
            ? "the dump says that there are no CiliumEndpoints"
            : counted(dump.endpoints.size(), "CiliumEndpoint, of another pod", "CiliumEndpoints, all of other pods"),
        pods.size());
    return;
  }
  std::vector<std::string> some;
  for (const auto& [pod, where] : unmanaged) some.push_back(pod);
  constexpr std::size_t shown = 5;
  const std::string more = some.size() > shown ? fmt::format(" and {} more", some.size() - shown) : "";
  some.resize(std::min(some.size(), shown));
  add_finding<Kind::PodsUnmanaged>(findings, Severity::Warning, loc, fmt::format("{}{}", fmt::join(some, ", "), more),
                                   unmanaged.size(), pods.size());
}

// --- mixtures that change meaning (K§4.2) ----------------------------------------------------------------------------

void check_mixtures(const Dump& dump, Findings& findings) {
  const std::size_t groups = count_of(dump, "SecurityGroup"), policies = network_policies(dump);
  const First group = first_of(dump, "SecurityGroup");
  const auto np = kube_ovn_setting(dump, "kube-ovn-controller", "enable-np", "true");
  if (groups > 0 && policies > 0 && known_on(np))
    add_finding<Kind::GroupsAndNetworkPolicies>(findings, Severity::Warning, group.loc,
                                                fmt::format("{}; {}", group.title, np->evidence), groups, policies);

  std::vector<std::string> admin;
  First first;
  for (const std::string_view kind : {"AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"}) {
    if (count_of(dump, kind) == 0) continue;
    if (admin.empty()) first = first_of(dump, kind);
    admin.push_back(fmt::format("{} {}", count_of(dump, kind), kind));
  }
  const auto anp = kube_ovn_setting(dump, "kube-ovn-controller", "enable-anp", "false");
  const std::string listed = fmt::format("{}", fmt::join(admin, ", "));
  if (!admin.empty() && groups > 0 && known_on(anp))
    add_finding<Kind::GroupsAndAdminPolicies>(findings, Severity::Warning, first.loc,
                                              fmt::format("{}; {}; {}", first.title, group.title, anp->evidence),
                                              listed);
  if (!admin.empty() && known_off(anp))
    add_finding<Kind::AdminPoliciesIdle>(findings, Severity::Warning, first.loc,
                                         fmt::format("{}; {}", first.title, anp->evidence), listed);
}

void check_groups_and_cilium(const Dump& dump, Findings& findings) {
  const std::size_t groups = count_of(dump, "SecurityGroup"), policies = cilium_policies(dump);
  const First group = first_of(dump, "SecurityGroup");
  if (groups > 0 && policies > 0 && is_chained(dump) && !enforces_nothing(findings))
    add_finding<Kind::GroupsAndCiliumPolicies>(
        findings, Severity::Note, group.loc,
        fmt::format("{}; {} CiliumNetworkPolicy, {} CiliumClusterwideNetworkPolicy", group.title,
                    count_of(dump, "CiliumNetworkPolicy"), count_of(dump, "CiliumClusterwideNetworkPolicy")),
        groups, policies);
}

}  // namespace

std::vector<HealthFinding> check_chaining(const Dump& dump) {
  Findings findings;
  check_chain_files(dump, findings);
  check_endpoints(dump, findings);
  check_network_policies(dump, findings);
  check_services(dump, findings);
  if (is_chained(dump)) {
    check_gateways(dump, findings);
    check_recipe(dump, findings);
    check_devices(dump, findings);
  }
  check_ranges(dump, findings);
  check_mixtures(dump, findings);
  check_groups_and_cilium(dump, findings);
  std::stable_sort(findings.begin(), findings.end(),
                   [](const HealthFinding& a, const HealthFinding& b) { return a.kind < b.kind; });
  return findings;
}

bool enforces_nothing(const std::vector<HealthFinding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const HealthFinding& finding) {
    const bool about_the_path = finding.kind == Kind::KubeOvnFileFirst || finding.kind == Kind::NotChained ||
                                finding.kind == Kind::ChainNotWritten || finding.kind == Kind::ChainPluginMissing ||
                                finding.kind == Kind::ChainPluginOrder || finding.kind == Kind::NothingManaged;
    return about_the_path && finding.severity == Severity::Blocker;
  });
}

bool has_managed_pods(const Dump& dump) {
  return std::any_of(dump.holders.begin(), dump.holders.end(),
                     [&](const Holder& holder) { return dump.endpoints.count(pod_of(dump, holder)) > 0; });
}

std::vector<std::string> missing_kinds(const Dump& dump) {
  struct Wanted {
    std::string_view kind, resource;
  };
  constexpr Wanted all[] = {{"Pod", "pods"},
                            {"Subnet", "subnets.kubeovn.io"},
                            {"Vpc", "vpcs.kubeovn.io"},
                            {"IP", "ips.kubeovn.io"},
                            {"Node", "nodes"},
                            {"Namespace", "namespaces"},
                            {"ConfigMap", "configmaps"},
                            {"DaemonSet", "daemonsets.apps"},
                            {"Deployment", "deployments.apps"},
                            {"Service", "services"},
                            {"EndpointSlice", "endpointslices.discovery.k8s.io"},
                            {"CiliumEndpoint", "ciliumendpoints.cilium.io"},
                            {"CiliumNode", "ciliumnodes.cilium.io"},
                            {"CiliumNetworkPolicy", "ciliumnetworkpolicies.cilium.io"},
                            {"CiliumClusterwideNetworkPolicy", "ciliumclusterwidenetworkpolicies.cilium.io"},
                            {"NetworkPolicy", "networkpolicies.networking.k8s.io"},
                            {"Vip", "vips.kubeovn.io"},
                            {"CiliumLoadBalancerIPPool", "ciliumloadbalancerippools.cilium.io"}};
  // Of these only the objects that set up the chain matter, and no cluster with chaining is without them.
  const auto sees = [&](std::string_view kind) {
    if (kind == "ConfigMap") return config_map(dump, "cilium-config") != nullptr;
    if (kind == "DaemonSet") return kube_ovn_setting(dump, "kube-ovn-cni", "cni-conf-name", "").has_value();
    if (kind == "Deployment") return kube_ovn_setting(dump, "kube-ovn-controller", "enable-np", "").has_value();
    return was_asked_for(dump, kind);
  };
  std::vector<std::string> missing;
  // A second VPC without a gateway is possible, but more often the gateways were forgotten.
  if (!was_asked_for(dump, "VpcNatGateway") && dump.gateways.empty() && dump.vpcs.size() > 1)
    missing.emplace_back("vpc-nat-gateways.kubeovn.io");
  for (const Wanted& wanted : all)
    if (!sees(wanted.kind)) missing.emplace_back(wanted.resource);
  return missing;
}

}  // namespace policyconv::assess
