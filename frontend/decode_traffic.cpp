#include "frontend/decode_traffic.h"

#include "frontend/decode_peers.h"

namespace policyconv::cilium {

namespace {

using yaml::Node;

PortProtocol decode_port(const Node& node, std::string_view what, const Fields& fields) {
  PortProtocol port;
  port.loc = node.loc;
  fields.decode(node, what,
                {fields.text_or_number("port", port.port), fields.since(16, fields.integer("endPort", port.end_port)),
                 fields.text("protocol", port.protocol)});
  if (port.port && port.port->number)
    fields.diagnostics().report<Kind::UnquotedPort>(port.port->loc, port.port->value).suggestion =
        fmt::format("write `port: \"{}\"`", port.port->value);
  return port;
}

struct Secret {
  std::string name;
};
Secret decode_secret(const Node& node, std::string_view what, const Fields& fields) {
  Secret secret;
  fields.decode(node, what, {fields.string("name", secret.name), fields.ignored_string("namespace")});
  return secret;
}

HeaderMatch decode_header_match(const Node& node, std::string_view what, const Fields& fields) {
  HeaderMatch match;
  match.loc = node.loc;
  std::optional<Secret> secret;
  fields.decode(node, what,
                {fields.text("name", match.name), fields.text("value", match.value),
                 fields.text("mismatch", match.mismatch), fields.item("secret", secret, decode_secret)});
  match.has_secret = secret.has_value();
  if (secret) match.secret_name = std::move(secret->name);
  return match;
}

HttpRule decode_http_rule(const Node& node, std::string_view what, const Fields& fields) {
  HttpRule rule;
  rule.loc = node.loc;
  fields.decode(
      node, what,
      {fields.text("path", rule.path), fields.text("method", rule.method), fields.text("host", rule.host),
       fields.texts("headers", rule.headers), fields.items("headerMatches", rule.header_matches, decode_header_match)});
  return rule;
}

Loc decode_kafka_rule(const Node& node, std::string_view what, const Fields& fields) {
  fields.decode(node, what,
                {fields.ignored_string("role"), fields.ignored_string("apiKey"), fields.ignored_string("apiVersion"),
                 fields.ignored_string("clientID"), fields.ignored_string("topic")});
  return node.loc;
}

/// A rule of a parser that plugs into the proxy: a map of strings whose keys only that parser knows.
Loc decode_l7_rule(const Node& node, std::string_view what, const Fields& fields) {
  (void)decode::string_map(node, what, fields.diagnostics());
  return node.loc;
}

L7Rules decode_l7_rules(const Node& node, std::string_view what, const Fields& fields) {
  L7Rules rules;
  rules.loc = node.loc;
  fields.decode(node, what,
                {fields.items("http", rules.http, decode_http_rule), fields.items("dns", rules.dns, decode_fqdn),
                 fields.until(19, fields.items("kafka", rules.kafka, decode_kafka_rule)),
                 fields.until(19, fields.text("l7proto", rules.l7proto)),
                 fields.until(19, fields.items("l7", rules.l7, decode_l7_rule))});
  return rules;
}

Loc decode_tls(const Node& node, std::string_view what, const Fields& fields) {
  std::optional<Secret> secret;
  fields.decode(node, what,
                {fields.item("secret", secret, decode_secret), fields.ignored_string("trustedCA"),
                 fields.ignored_string("certificate"), fields.ignored_string("privateKey")});
  return node.loc;
}

Loc decode_envoy_config(const Node& node, std::string_view what, const Fields& fields) {
  fields.decode(node, what, {fields.ignored_string("kind"), fields.ignored_string("name")});
  return node.loc;
}

Loc decode_listener(const Node& node, std::string_view what, const Fields& fields) {
  std::optional<Loc> config;
  std::optional<std::int64_t> priority;
  fields.decode(node, what,
                {fields.item("envoyConfig", config, decode_envoy_config), fields.ignored_string("name"),
                 fields.integer("priority", priority)});
  return node.loc;
}

IcmpField decode_icmp_field(const Node& node, std::string_view what, const Fields& fields) {
  IcmpField field;
  field.loc = node.loc;
  fields.decode(node, what, {fields.text("family", field.family), fields.text_or_number("type", field.type)});
  return field;
}

}  // namespace

PortRule decode_port_rule(const Node& node, std::string_view what, const Fields& fields) {
  PortRule rule;
  rule.loc = node.loc;
  fields.decode(
      node, what,
      {fields.items("ports", rule.ports, decode_port), fields.item("rules", rule.rules, decode_l7_rules),
       fields.texts("serverNames", rule.server_names), fields.item("terminatingTLS", rule.terminating_tls, decode_tls),
       fields.item("originatingTLS", rule.originating_tls, decode_tls),
       fields.item("listener", rule.listener, decode_listener)});
  return rule;
}

PortRule decode_port_deny_rule(const Node& node, std::string_view what, const Fields& fields) {
  PortRule rule;
  rule.loc = node.loc;
  fields.decode(node, what, {fields.items("ports", rule.ports, decode_port)});
  return rule;
}

IcmpRule decode_icmp_rule(const Node& node, std::string_view what, const Fields& fields) {
  IcmpRule rule;
  rule.loc = node.loc;
  fields.decode(node, what, {fields.items("fields", rule.fields, decode_icmp_field)});
  return rule;
}

PortProtocol decode_network_policy_port(const Node& node, std::string_view what, const Fields& fields) {
  PortProtocol port;
  port.loc = node.loc;
  fields.decode(node, what,
                {fields.text_or_number("port", port.port), fields.integer("endPort", port.end_port),
                 fields.text("protocol", port.protocol)});
  return port;
}

}  // namespace policyconv::cilium
