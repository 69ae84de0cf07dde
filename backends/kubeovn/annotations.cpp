#include "backends/kubeovn/annotations.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/kubeovn/selector.h"
#include "ir/membership.h"
#include "yaml/decode.h"
#include "yaml/view.h"

namespace policyconv::kubeovn {
namespace {

constexpr std::string_view name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::Udp: return "UDP";
    case Protocol::Sctp: return "SCTP";
    case Protocol::Tcp:
    case Protocol::Any:
    case Protocol::Icmp:
    case Protocol::Icmp6: break;  // no container port has these
  }
  return "TCP";
}

std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) json += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else json += c;
  }
  return json + '"';
}

bool is_label(const ir::Requirement& requirement) {
  return requirement.op == ir::Op::In && requirement.values.size() == 1;
}

std::optional<ContainerPort> named_port(const decode::View& written, Diagnostics& diagnostics) {
  std::string name = written["name"].text();
  const auto protocol = written["protocol"].protocol();
  const auto number = written["number"].port();
  if (name.empty() || !protocol || !number) {
    diagnostics.report<Kind::Syntax>(written.loc(), "the port needs name, protocol and number");
    return std::nullopt;
  }
  return ContainerPort{std::move(name), *protocol, *number};
}

ir::Group group_of(const yaml::Node& node, Diagnostics& diagnostics) {
  const auto known = [](const yaml::Node&) {};
  decode::mapping(node, "the selector", {{"matchLabels", known}, {"matchExpressions", known}, {"port", known}},
                  diagnostics);
  const decode::View selector(node, "the selector", ' ', diagnostics);
  ir::Group group;
  if (auto all_of = ir::normalize(requirements_of(selector, diagnostics))) group.all_of = std::move(*all_of);
  else diagnostics.report<Kind::Syntax>(selector.loc(), "no pod can meet it");
  if (node.find("port") != nullptr) group.port = named_port(selector["port"], diagnostics);
  return group;
}

/// `read` reports what it does not understand; the first such report is the reason.
template <typename T, typename Read>
std::optional<T> parse_json(std::string_view text, std::string& why, const Read& read) {
  Sources sources;  // JSON is YAML
  Diagnostics diagnostics;
  const std::uint32_t file = sources.add("annotation", std::string(text));
  const std::vector<yaml::Node> documents = yaml::read_documents(sources, file, diagnostics);
  std::optional<T> value;
  if (documents.size() == 1) value = read(documents.front(), diagnostics);
  else if (!diagnostics.has_errors()) why = "it is no JSON";
  if (!diagnostics.has_errors()) return value;
  why = diagnostics.all().front().message;
  return std::nullopt;
}

}  // namespace

std::string members_text(const ir::Group& group) {
  std::vector<std::string> labels, expressions, parts;
  for (const ir::Requirement& requirement : group.all_of) {
    if (is_label(requirement)) {
      labels.push_back(quoted(requirement.key) + ":" + quoted(requirement.values.front()));
      continue;
    }
    std::vector<std::string> values;
    for (const std::string& value : requirement.values) values.push_back(quoted(value));
    const std::string list = values.empty() ? "" : fmt::format(",\"values\":[{}]", fmt::join(values, ","));
    expressions.push_back(
        fmt::format("{{\"key\":{},\"operator\":\"{}\"{}}}", quoted(requirement.key), operator_name(requirement.op), list));
  }
  if (!labels.empty()) parts.push_back(fmt::format("\"matchLabels\":{{{}}}", fmt::join(labels, ",")));
  if (!expressions.empty()) parts.push_back(fmt::format("\"matchExpressions\":[{}]", fmt::join(expressions, ",")));
  if (group.port)
    parts.push_back(fmt::format("\"port\":{{\"name\":{},\"protocol\":\"{}\",\"number\":{}}}", quoted(group.port->name),
                                name_of(group.port->protocol), group.port->number));
  return fmt::format("{{{}}}", fmt::join(parts, ","));
}

std::optional<ir::Group> parse_members(std::string_view text, std::string& why) {
  return parse_json<ir::Group>(text, why, [](const yaml::Node& node, Diagnostics& diagnostics) {
    return group_of(node, diagnostics);
  });
}

std::string unless_text(const std::vector<ir::Group>& groups) {
  std::vector<std::string> texts;
  for (const ir::Group& group : groups) texts.push_back(members_text(group));
  return fmt::format("[{}]", fmt::join(texts, ","));
}

std::optional<std::vector<ir::Group>> parse_unless(std::string_view text, std::string& why) {
  return parse_json<std::vector<ir::Group>>(text, why, [](const yaml::Node& node, Diagnostics& diagnostics) {
    std::vector<ir::Group> groups;
    decode::sequence(
        node, "the list", [&](const yaml::Node& item, std::size_t) { groups.push_back(group_of(item, diagnostics)); },
        diagnostics);
    return groups;
  });
}

std::string_view to_string(Role role) {
  switch (role) {
    case Role::Members: return {};
    case Role::Base: return "base";
    case Role::OpenIn: return "open-in";
    case Role::OpenOut: return "open-out";
  }
  return {};
}

std::optional<Role> parse_role(std::string_view text) {
  for (const Role role : {Role::Base, Role::OpenIn, Role::OpenOut})
    if (to_string(role) == text) return role;
  return std::nullopt;
}

std::string isolates_text(const SecurityGroup& group) {
  std::string text = group.isolates_ingress ? "ingress" : "";
  if (group.isolates_egress) text += text.empty() ? "egress" : ",egress";
  return text;
}

bool parse_isolates(std::string_view text, SecurityGroup& group) {
  group.isolates_ingress = text == "ingress" || text == "ingress,egress";
  group.isolates_egress = text == "egress" || text == "ingress,egress";
  return group.isolates_ingress || group.isolates_egress;
}

std::string target_text(const Release& release) { return fmt::format("kube-ovn-1.{}", release.minor); }

}  // namespace policyconv::kubeovn
