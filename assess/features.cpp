#include "assess/features.h"

#include <algorithm>
#include <array>
#include <set>

#include "assess/readiness.h"
#include "assess/settings.h"

namespace policyconv::assess {
namespace {

using namespace cilium;

enum class Use : std::uint8_t {
  Pods,
  Cidrs,
  CidrGroups,
  Entities,
  Nodes,
  AwsGroups,
  Services,
  Fqdns,
  Ports,
  NamedPorts,
  Icmp,
  Http,
  Dns,
  Kafka,
  CustomL7,
  Sni,
  Tls,
  Listener,
  Authentication,
  Requires,
  Denies,
  NoDefaultDeny,
  HostPolicies
};
constexpr std::size_t uses = static_cast<std::size_t>(Use::HostPolicies) + 1;

struct About {
  Use use;
  std::string_view name;
  bool in_chain = true;  // false: never enforced under chaining (C§11)
  std::string_view note = {};
};

constexpr std::string_view l7_note =
    "L7 policy is not supported in a chain (C§11); the L3/L4 part of a rule can be kept with --allow-looser";

constexpr std::array<About, uses> about = {{
    {Use::Pods, "Peers: pods by label"},
    {Use::Cidrs, "Peers: CIDR"},
    {Use::CidrGroups, "Peers: CIDR groups", true, "resolved when policyconv runs; run it again when a group changes"},
    {Use::Entities, "Peers: entities"},
    {Use::Nodes, "Peers: nodes by label"},
    {Use::AwsGroups, "Peers: AWS groups", true, "the addresses are known to AWS only"},
    {Use::Services, "Peers: Services", true, "resolved when policyconv runs; run it again when they change"},
    {Use::Fqdns, "toFQDNs", false,
     "not supported in a chain (C§11); Kube-OVN has domainNames in ANP and ClusterNetworkPolicy egress (K§6.3)"},
    {Use::Ports, "Ports"},
    {Use::NamedPorts, "Named ports"},
    {Use::Icmp, "ICMP types"},
    {Use::Http, "L7 HTTP", false, l7_note},
    {Use::Dns, "L7 DNS", false, l7_note},
    {Use::Kafka, "L7 Kafka", false, l7_note},
    {Use::CustomL7, "L7 by l7proto", false, l7_note},
    {Use::Sni, "TLS SNI (serverNames)", false, l7_note},
    {Use::Tls, "TLS interception", false, l7_note},
    {Use::Listener, "Envoy listener", false, l7_note},
    {Use::Authentication, "Mutual authentication", true, "OVN cannot do it; a service mesh can"},
    {Use::Requires, "fromRequires, toRequires", true, "removed in Cilium 1.19"},
    {Use::Denies, "Deny rules"},
    {Use::NoDefaultDeny, "enableDefaultDeny"},
    {Use::HostPolicies, "Host policies (nodeSelector)", true,
     "SecurityGroups guard pods; nodes need a firewall of their own"},
}};
static_assert([] {
  for (std::size_t at = 0; at < uses; ++at)
    if (about[at].use != static_cast<Use>(at)) return false;
  return true;
}());

template <typename T>
bool filled(const List<T>& list) {
  return list && !list->empty();
}

bool is_name(const PortProtocol& port) {
  return port.port && std::any_of(port.port->value.begin(), port.port->value.end(),
                                  [](char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z'); });
}

using Seen = std::set<Use>;

void add_ports(const List<PortProtocol>& ports, Seen& seen) {
  if (!filled(ports)) return;
  seen.insert(Use::Ports);
  if (std::any_of(ports->begin(), ports->end(), is_name)) seen.insert(Use::NamedPorts);
}

/// Empty lists of L7 rules are plain L4 (C§1.4), so they do not count.
void add_l7(const PortRule& rule, Seen& seen) {
  if (rule.rules) {
    if (filled(rule.rules->http)) seen.insert(Use::Http);
    if (filled(rule.rules->dns)) seen.insert(Use::Dns);
    if (filled(rule.rules->kafka)) seen.insert(Use::Kafka);
    if (rule.rules->l7proto || filled(rule.rules->l7)) seen.insert(Use::CustomL7);
  }
  if (filled(rule.server_names)) seen.insert(Use::Sni);
  if (rule.terminating_tls || rule.originating_tls) seen.insert(Use::Tls);
  if (rule.listener) seen.insert(Use::Listener);
}

Seen uses_of(const Rule& rule) {
  Seen seen;
  if (filled(rule.endpoints)) seen.insert(Use::Pods);
  if (filled(rule.requires_)) seen.insert(Use::Requires);
  if (filled(rule.nodes)) seen.insert(Use::Nodes);
  if (filled(rule.cidr)) seen.insert(Use::Cidrs);
  if (filled(rule.entities)) seen.insert(Use::Entities);
  if (filled(rule.groups)) seen.insert(Use::AwsGroups);
  if (filled(rule.services)) seen.insert(Use::Services);
  if (filled(rule.fqdns)) seen.insert(Use::Fqdns);
  if (filled(rule.icmps)) seen.insert(Use::Icmp);
  if (rule.authentication && rule.authentication->value != "disabled") seen.insert(Use::Authentication);
  if (rule.cidr_set)
    for (const CidrRule& cidr : *rule.cidr_set)
      seen.insert(cidr.cidr_group_ref || cidr.cidr_group_selector ? Use::CidrGroups : Use::Cidrs);
  if (rule.to_ports)
    for (const PortRule& ports : *rule.to_ports) {
      add_ports(ports.ports, seen);
      add_l7(ports, seen);
    }
  return seen;
}

Seen uses_of(const NetworkPolicyRule& rule) {
  Seen seen;
  add_ports(rule.ports, seen);
  if (rule.peers)
    for (const NetworkPolicyPeer& peer : *rule.peers) seen.insert(peer.ip_block ? Use::Cidrs : Use::Pods);
  return seen;
}

Fate fate_of(Effect effect) {
  switch (effect) {
    case Effect::Note:
      return Fate::Kept;
    case Effect::NoEffect:
      return Fate::NeverEnforced;
    case Effect::Stricter:
      return Fate::Stricter;
    case Effect::Looser:
      return Fate::Looser;
    case Effect::Error:
    case Effect::Refused:
      return Fate::Refused;
  }
  return Fate::Refused;
}

constexpr std::size_t places_shown = 5;

void add_use(Feature& feature, Fate fate, Loc loc) {
  ++feature.uses[fate];
  if (feature.places.size() < places_shown) feature.places.push_back(loc);
}

/// Walks all rules of all policies.
class Count {
 public:
  Count(const Catalog& catalog, const Diagnostics& of_compiling, const Dump& dump)
      : outcomes_(outcomes(catalog, of_compiling)),
        host_firewall_(cilium_setting(dump, "enable-host-firewall", "false")) {
    for (std::size_t at = 0; at < uses; ++at) {
      features_[at].name = about[at].name;
      features_[at].note = about[at].note;
    }
  }

  void add(const Spec& spec) {
    const bool of_hosts = !spec.endpoint_selector && spec.node_selector;
    for (const List<Rule>* list : {&spec.ingress, &spec.ingress_deny, &spec.egress, &spec.egress_deny}) {
      if (!*list) continue;
      const bool denies = list == &spec.ingress_deny || list == &spec.egress_deny;
      const bool out = list == &spec.egress || list == &spec.egress_deny;
      for (const Rule& rule : **list) {
        Seen seen = uses_of(rule);
        if (denies) seen.insert(Use::Denies);
        if (of_hosts) seen.insert(Use::HostPolicies);
        if (!(out ? spec.default_deny_egress : spec.default_deny_ingress).value_or(true))
          seen.insert(Use::NoDefaultDeny);
        add(rule.id, rule.loc, seen, of_hosts);
      }
    }
  }

  void add(const NetworkPolicy& policy) {
    for (const List<NetworkPolicyRule>* list : {&policy.ingress, &policy.egress})
      if (*list)
        for (const NetworkPolicyRule& rule : **list) add(rule.id, rule.loc, uses_of(rule), false);
  }

  std::vector<Feature> used() {
    std::vector<Feature> result;
    for (Feature& feature : features_)
      if (!feature.uses.empty()) result.push_back(std::move(feature));
    return result;
  }

 private:
  void add(RuleId id, Loc loc, const Seen& seen, bool of_hosts) {
    const Fate fate = id == RuleId::None ? Fate::Refused : fate_of(outcomes_[static_cast<std::size_t>(id)].effect);
    // Without the host firewall Cilium accepts host policies and enforces none (C§7).
    const bool idle_host = of_hosts && known_off(host_firewall_);
    for (const Use use : seen) {
      const std::size_t at = static_cast<std::size_t>(use);
      add_use(features_[at], idle_host || !about[at].in_chain ? Fate::NeverEnforced : fate, loc);
    }
  }

  std::vector<RuleOutcome> outcomes_;
  std::optional<Setting> host_firewall_;
  std::array<Feature, uses> features_;
};

/// Pods that a policy selects and that get no SecurityGroup all the same.
void add_unbound_pods(const Diagnostics& of_compiling, std::vector<Feature>& features) {
  Feature feature{std::string(unbound_pods),
                  {},
                  {},
                  "policies select them, but they get no SecurityGroup; see the messages of the migration"};
  for (const Diagnostic& diagnostic : of_compiling.all()) {
    const bool looser = diagnostic.kind == Kind::InfrastructurePod;
    if (looser || diagnostic.kind == Kind::ForeignSecurityGroups || diagnostic.kind == Kind::GuardedSubnet ||
        diagnostic.kind == Kind::PodNowhereKnown)
      add_use(feature, looser ? Fate::Looser : Fate::Refused, diagnostic.where);
  }
  if (!feature.uses.empty()) features.push_back(std::move(feature));
}

}  // namespace

std::vector<Feature> features_in_use(const cilium::Policies& policies, const Diagnostics& of_compiling,
                                     const Dump& dump) {
  Count count(policies.catalog, of_compiling, dump);
  for (const Policy& policy : policies.policies) {
    if (policy.spec) count.add(*policy.spec);
    if (policy.specs)
      for (const Spec& spec : *policy.specs) count.add(spec);
  }
  for (const NetworkPolicy& policy : policies.network_policies) count.add(policy);
  std::vector<Feature> features = count.used();
  add_unbound_pods(of_compiling, features);
  add_features_of_cilium(dump, features);
  return features;
}

}  // namespace policyconv::assess
