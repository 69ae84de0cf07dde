#include "frontend/decode_peers.h"

namespace policyconv::cilium {

namespace {

using yaml::Node;

Expression decode_expression(const Node& node, std::string_view what, const Fields& fields) {
  Expression expression;
  expression.loc = node.loc;
  fields.decode(node, what,
                {fields.string("key", expression.key), fields.string("operator", expression.op),
                 fields.strings("values", expression.values)});
  return expression;
}

K8sService decode_named_service(const Node& node, std::string_view what, const Fields& fields) {
  K8sService service;
  service.loc = node.loc;
  fields.decode(node, what, {fields.string("serviceName", service.name), fields.string("namespace", service.ns)});
  return service;
}

K8sService decode_selected_services(const Node& node, std::string_view what, const Fields& fields) {
  K8sService service;
  service.loc = node.loc;
  fields.decode(node, what,
                {fields.item("selector", service.selector, decode_selector), fields.string("namespace", service.ns)});
  return service;
}

Loc decode_aws(const Node& node, std::string_view what, const Fields& fields) {
  fields.decode(node, what,
                {fields.ignored_string_map("labels"), fields.ignored_strings("securityGroupsIds"),
                 fields.ignored_strings("securityGroupsNames"), fields.ignored_string("region")});
  return node.loc;
}

IpBlock decode_ip_block(const Node& node, std::string_view what, const Fields& fields) {
  IpBlock block;
  block.loc = node.loc;
  fields.decode(node, what, {fields.text("cidr", block.cidr), fields.texts("except", block.except)});
  return block;
}

}  // namespace

Selector decode_selector(const Node& node, std::string_view what, const Fields& fields) {
  Selector selector;
  selector.loc = node.loc;
  fields.decode(node, what,
                {fields.label_pairs("matchLabels", selector.match_labels),
                 fields.items("matchExpressions", selector.match_expressions, decode_expression)});
  return selector;
}

CidrRule decode_cidr_rule(const Node& node, std::string_view what, const Fields& fields) {
  CidrRule rule;
  rule.loc = node.loc;
  fields.decode(node, what,
                {fields.text("cidr", rule.cidr), fields.text("cidrGroupRef", rule.cidr_group_ref),
                 fields.since(17, fields.item("cidrGroupSelector", rule.cidr_group_selector, decode_selector)),
                 fields.texts("except", rule.except)});
  return rule;
}

ServiceRef decode_service(const Node& node, std::string_view what, const Fields& fields) {
  ServiceRef service;
  service.loc = node.loc;
  fields.decode(node, what,
                {fields.item("k8sService", service.by_name, decode_named_service),
                 fields.item("k8sServiceSelector", service.by_selector, decode_selected_services)});
  return service;
}

Fqdn decode_fqdn(const Node& node, std::string_view what, const Fields& fields) {
  Fqdn fqdn;
  fqdn.loc = node.loc;
  fields.decode(node, what,
                {fields.text("matchName", fqdn.match_name), fields.text("matchPattern", fqdn.match_pattern)});
  return fqdn;
}

Loc decode_group(const Node& node, std::string_view what, const Fields& fields) {
  std::optional<Loc> aws;
  fields.decode(node, what, {fields.item("aws", aws, decode_aws)});
  return node.loc;
}

NetworkPolicyPeer decode_network_policy_peer(const Node& node, std::string_view what, const Fields& fields) {
  NetworkPolicyPeer peer;
  peer.loc = node.loc;
  fields.decode(node, what,
                {fields.item("podSelector", peer.pod_selector, decode_selector),
                 fields.item("namespaceSelector", peer.namespace_selector, decode_selector),
                 fields.item("ipBlock", peer.ip_block, decode_ip_block)});
  return peer;
}

}  // namespace policyconv::cilium
