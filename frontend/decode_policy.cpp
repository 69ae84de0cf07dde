#include "frontend/decode_policy.h"

#include "frontend/decode_peers.h"
#include "frontend/decode_traffic.h"
#include "yaml/text.h"

namespace policyconv::cilium {

namespace {

using yaml::Node;
using Field = Fields::Field;

struct PeerNames {
  std::string_view endpoints, requires_, nodes, cidr, cidr_set, entities, groups;
};
constexpr PeerNames from{"fromEndpoints", "fromRequires", "fromNodes", "fromCIDR",
                         "fromCIDRSet",   "fromEntities", "fromGroups"};
constexpr PeerNames to{"toEndpoints", "toRequires", "toNodes", "toCIDR", "toCIDRSet", "toEntities", "toGroups"};

template <Direction direction, Verdict verdict>
Rule decode_rule(const Node& node, std::string_view what, const Fields& fields) {
  constexpr bool ingress = direction == Direction::Ingress, allow = verdict == Verdict::Allow;
  constexpr const PeerNames& names = ingress ? from : to;
  Rule rule;
  rule.loc = node.loc;
  // toGroups is older than fromGroups.
  Field groups = fields.items(names.groups, rule.groups, decode_group);
  std::vector<Field> rows = {
      fields.items(names.endpoints, rule.endpoints, decode_selector),
      fields.items(names.requires_, rule.requires_, decode_selector),
      fields.since(16, fields.items(names.nodes, rule.nodes, decode_selector)),
      fields.texts(names.cidr, rule.cidr),
      fields.items(names.cidr_set, rule.cidr_set, decode_cidr_rule),
      fields.texts(names.entities, rule.entities),
      ingress ? fields.since(16, std::move(groups)) : std::move(groups),
      fields.items("toPorts", rule.to_ports, allow ? decode_port_rule : decode_port_deny_rule),
      fields.items("icmps", rule.icmps, decode_icmp_rule),
  };
  if (!ingress) rows.push_back(fields.items("toServices", rule.services, decode_service));
  if (!ingress && allow) rows.push_back(fields.items("toFQDNs", rule.fqdns, decode_fqdn));
  if (allow) {
    const auto authentication = [&](const Node& value) {
      fields.decode(value, "`authentication`", {fields.text("mode", rule.authentication)});
    };
    rows.push_back({"authentication", authentication});
  }
  fields.decode(node, what, rows);
  return rule;
}

struct DefaultDeny {
  std::optional<bool> ingress, egress;
};
DefaultDeny decode_default_deny(const Node& node, std::string_view what, const Fields& fields) {
  DefaultDeny deny;
  fields.decode(node, what, {fields.boolean("ingress", deny.ingress), fields.boolean("egress", deny.egress)});
  return deny;
}

Loc decode_label(const Node& node, std::string_view what, const Fields& fields) {
  fields.decode(node, what,
                {fields.ignored_string("key"), fields.ignored_string("value"), fields.ignored_string("source")});
  return node.loc;
}

Loc decode_log(const Node& node, std::string_view what, const Fields& fields) {
  fields.decode(node, what, {fields.ignored_string("value")});
  return node.loc;
}

Spec decode_spec(const Node& node, std::string_view what, const Fields& fields) {
  Spec spec;
  spec.loc = node.loc;
  std::optional<DefaultDeny> deny;
  List<Loc> labels;
  std::optional<Loc> log;
  fields.decode(node, what,
                {fields.item("endpointSelector", spec.endpoint_selector, decode_selector),
                 fields.item("nodeSelector", spec.node_selector, decode_selector),
                 fields.items("ingress", spec.ingress, decode_rule<Direction::Ingress, Verdict::Allow>),
                 fields.items("ingressDeny", spec.ingress_deny, decode_rule<Direction::Ingress, Verdict::Deny>),
                 fields.items("egress", spec.egress, decode_rule<Direction::Egress, Verdict::Allow>),
                 fields.items("egressDeny", spec.egress_deny, decode_rule<Direction::Egress, Verdict::Deny>),
                 fields.since(16, fields.item("enableDefaultDeny", deny, decode_default_deny)),
                 fields.items("labels", labels, decode_label), fields.ignored_string("description"),
                 fields.item("log", log, decode_log)});
  if (deny) {
    spec.default_deny_ingress = deny->ingress;
    spec.default_deny_egress = deny->egress;
  }
  // Unlike elsewhere, null is {} here: it selects every pod (C§1.2).
  if (const Node* selector = node.find("endpointSelector"); selector && selector->shape == yaml::Shape::Null)
    spec.endpoint_selector = Selector{{}, {}, selector->loc};
  return spec;
}

template <Direction direction>
NetworkPolicyRule decode_network_policy_rule(const Node& node, std::string_view what, const Fields& fields) {
  NetworkPolicyRule rule;
  rule.loc = node.loc;
  fields.decode(node, what,
                {fields.items(direction == Direction::Ingress ? "from" : "to", rule.peers, decode_network_policy_peer),
                 fields.items("ports", rule.ports, decode_network_policy_port)});
  return rule;
}

/// The fields of every object, beside spec.
std::vector<Field> object_rows(std::vector<Field> own) {
  for (const std::string_view name : {"apiVersion", "kind", "metadata", "status"}) own.push_back(Fields::ignored(name));
  return own;
}

}  // namespace

Metadata decode_metadata(const Node& object, const Fields& fields) {
  Metadata metadata;
  const Node* node = object.find("metadata");
  if (!node || node->shape == yaml::Shape::Null) return metadata;
  std::vector<Field> rows = {fields.text("name", metadata.name), fields.text("namespace", metadata.ns),
                             fields.label_pairs("labels", metadata.labels), fields.ignored_string_map("annotations")};
  for (const std::string_view name :
       {"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName",
        "generation", "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid"})
    rows.push_back(Fields::ignored(name));
  fields.decode(*node, "`metadata`", rows);
  return metadata;
}

Policy decode_policy(const Node& object, std::string_view what, const Fields& fields) {
  Policy policy;
  policy.loc = object.loc;
  fields.decode(
      object, what,
      object_rows({fields.item("spec", policy.spec, decode_spec), fields.items("specs", policy.specs, decode_spec)}));
  return policy;
}

NetworkPolicy decode_network_policy(const Node& object, std::string_view what, const Fields& fields) {
  NetworkPolicy policy;
  policy.loc = policy.pod_selector.loc = object.loc;
  const auto decode_body = [&](const Node& spec) {
    std::optional<Selector> pods;
    fields.decode(spec, "`spec`",
                  {fields.item("podSelector", pods, decode_selector), fields.texts("policyTypes", policy.policy_types),
                   fields.items("ingress", policy.ingress, decode_network_policy_rule<Direction::Ingress>),
                   fields.items("egress", policy.egress, decode_network_policy_rule<Direction::Egress>)});
    if (pods) policy.pod_selector = std::move(*pods);
  };
  fields.decode(object, what, object_rows({{"spec", decode_body}}));
  return policy;
}

CidrGroup decode_cidr_group(const Node& object, std::string_view what, const Fields& fields) {
  CidrGroup group;
  group.loc = object.loc;
  const auto decode_body = [&](const Node& spec) {
    fields.decode(spec, "`spec`", {fields.texts("externalCIDRs", group.cidrs)});
    CidrError error;
    for (const Text& text : group.cidrs)  // the API server demands `format: cidr`
      if (!parse_cidr(text.value, &error))
        fields.diagnostics().report<Kind::NoCidr>(text.loc, "`externalCIDRs[]`", yaml::excerpt(text.value), error.text);
  };
  fields.decode(object, what, object_rows({{"spec", decode_body}}));
  return group;
}

}  // namespace policyconv::cilium
