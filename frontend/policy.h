// What the YAML says, field for field, with places; no interpretation. Absent (nullopt) and empty are kept apart,
// because Cilium gives them different meanings (C§1.4). JSON null means absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/address.h"
#include "ir/source.h"

namespace policyconv::cilium {

template <typename T>
using List = std::optional<std::vector<T>>;

using policyconv::Text;

struct LabelPair {
  std::string key, value;
  Loc loc;
};

struct Expression {
  std::string key, op;  // op as written: In, NotIn, Exists, DoesNotExist, or something Cilium refuses
  std::vector<std::string> values;
  Loc loc;
};

/// matchLabels and matchExpressions; an empty selector selects everything its context allows.
struct Selector {
  std::vector<LabelPair> match_labels;
  std::vector<Expression> match_expressions;
  Loc loc;
  [[nodiscard]] bool empty() const { return match_labels.empty() && match_expressions.empty(); }
};

struct CidrRule {
  std::optional<Text> cidr, cidr_group_ref;
  std::optional<Selector> cidr_group_selector;
  std::vector<Text> except;
  Loc loc;
};

struct K8sService {       // k8sService, or (selector set) k8sServiceSelector
  std::optional<Selector> selector;
  std::string name, ns;   // ns empty: any namespace
  Loc loc;
};
/// One element of toServices; both members may be present as written.
struct ServiceRef {
  std::optional<K8sService> by_name, by_selector;
  Loc loc;
};

struct Fqdn {
  std::optional<Text> match_name, match_pattern;
  Loc loc;
};

struct PortProtocol {
  std::optional<Text> port, protocol;
  std::optional<std::int64_t> end_port;
  Loc loc;
};

struct HeaderMatch {
  std::optional<Text> name, value, mismatch;
  bool has_secret = false;
  std::string secret_name;
  Loc loc;
};
struct HttpRule {
  std::optional<Text> path, method, host;
  std::vector<Text> headers;
  std::vector<HeaderMatch> header_matches;
  Loc loc;
};
struct L7Rules {
  List<HttpRule> http;
  List<Fqdn> dns;
  List<Loc> kafka, l7;
  std::optional<Text> l7proto;
  Loc loc;
};

struct PortRule {
  List<PortProtocol> ports;
  std::optional<L7Rules> rules;
  List<Text> server_names;
  std::optional<Loc> terminating_tls, originating_tls, listener;
  Loc loc;
};

struct IcmpField {
  std::optional<Text> family, type;
  Loc loc;
};
struct IcmpRule {
  List<IcmpField> fields;
  Loc loc;
};

/// One element of ingress, ingressDeny, egress or egressDeny: the from* and to* members share one name here.
struct Rule {
  RuleId id = RuleId::None;
  List<Selector> endpoints, requires_, nodes;  // fromEndpoints/toEndpoints, fromRequires/toRequires, fromNodes/toNodes
  List<Text> cidr, entities;
  List<CidrRule> cidr_set;
  List<Loc> groups;                            // fromGroups/toGroups (AWS)
  List<ServiceRef> services;                   // egress only
  List<Fqdn> fqdns;                            // egress allow only
  List<PortRule> to_ports;
  List<IcmpRule> icmps;
  std::optional<Text> authentication;          // authentication.mode
  Loc loc;
};

struct Spec {
  std::optional<Selector> endpoint_selector, node_selector;  // `endpointSelector: null` is {} (C§1.2)
  List<Rule> ingress, ingress_deny, egress, egress_deny;
  std::optional<bool> default_deny_ingress, default_deny_egress;  // enableDefaultDeny
  Loc loc;
};

/// CiliumNetworkPolicy (ns set) or CiliumClusterwideNetworkPolicy (clusterwide).
struct Policy {
  PolicyId id = PolicyId::None;
  bool clusterwide = false;
  std::string name, ns;
  std::optional<Spec> spec;
  List<Spec> specs;
  Loc loc;
  /// Cilium's own error text, with its prefix ("Invalid CiliumNetworkPolicy spec: ..."), or empty. A policy that has
  /// one is stored by the API server but not enforced (C§1.1, C§10).
  std::string rejected;
  Loc rejected_at;
};

struct IpBlock {
  std::optional<Text> cidr;
  std::vector<Text> except;
  Loc loc;
};
struct NetworkPolicyPeer {
  std::optional<Selector> pod_selector, namespace_selector;
  std::optional<IpBlock> ip_block;
  Loc loc;
};
struct NetworkPolicyRule {
  RuleId id = RuleId::None;
  List<NetworkPolicyPeer> peers;   // from / to
  List<PortProtocol> ports;
  Loc loc;
};
/// networking.k8s.io/v1 NetworkPolicy.
struct NetworkPolicy {
  PolicyId id = PolicyId::None;
  std::string name, ns;
  Selector pod_selector;
  List<Text> policy_types;
  List<NetworkPolicyRule> ingress, egress;
  Loc loc;
  std::string rejected;            // as Policy::rejected
  Loc rejected_at;
};

/// CiliumCIDRGroup, v2 or v2alpha1.
struct CidrGroup {
  std::string name;
  std::vector<LabelPair> labels;   // metadata.labels
  std::vector<Text> cidrs;
  Loc loc;
};

/// All policies of a run, each vector sorted by (namespace, name); `catalog` numbers them and their rules.
struct Policies {
  std::vector<Policy> policies;    // clusterwide ones first
  std::vector<NetworkPolicy> network_policies;
  std::vector<CidrGroup> cidr_groups;
  Catalog catalog;
};

}  // namespace policyconv::cilium
