#include "ir/print.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ir/diagnostics.h"
#include "ir/membership.h"
#include "ir/overloaded.h"

namespace policyconv::ir {
namespace {

std::string to_string(const Requirement& requirement) {
  std::string_view key = requirement.key;
  if (key == namespace_key) key = "namespace";
  else if (key == service_account_key) key = "service account";
  std::string name(key);
  if (key.starts_with(namespace_labels_prefix)) name = fmt::format("namespace label {}", key.substr(namespace_labels_prefix.size()));
  switch (requirement.op) {
    case Op::In:
      if (requirement.values.size() == 1) return fmt::format("{}={}", name, requirement.values.front());
      return fmt::format("{} in ({})", name, fmt::join(requirement.values, ","));
    case Op::NotIn: return fmt::format("{} not in ({})", name, fmt::join(requirement.values, ","));
    case Op::Exists: return fmt::format("has {}", name);
    case Op::DoesNotExist: return fmt::format("has no {}", name);
  }
  return name;
}

std::string to_string(Entity entity) {
  switch (entity) {
    case Entity::Host: return "own node";
    case Entity::RemoteNode: return "other nodes";
    case Entity::Nodes: return "all nodes";
    case Entity::Apiserver: return "kube-apiserver";
    case Entity::Cluster: return "cluster";
  }
  return {};
}

}  // namespace

std::string to_string(const Group& group) {
  std::vector<std::string> parts;
  for (const Requirement& requirement : group.all_of) parts.push_back(to_string(requirement));
  if (group.port)
    parts.push_back(fmt::format("port {} is {}/{}", group.port->name, policyconv::to_string(group.port->protocol), group.port->number));
  return parts.empty() ? "every pod" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string to_string(const Traffic& traffic) {
  const std::string name(policyconv::to_string(traffic.protocol));
  switch (traffic.protocol) {
    case Protocol::Any: return "any protocol";
    case Protocol::Icmp:
    case Protocol::Icmp6:
      return traffic.icmp_type ? fmt::format("{} type {}", name, *traffic.icmp_type) : name;
    case Protocol::Tcp:
    case Protocol::Udp:
    case Protocol::Sctp:
      if (traffic.ports == PortRange{}) return name;
      if (traffic.ports.first == traffic.ports.last) return fmt::format("{} {}", name, traffic.ports.first);
      return fmt::format("{} {}-{}", name, traffic.ports.first, traffic.ports.last);
  }
  return name;
}

std::string to_string(const Program& program, const Peer& peer) {
  return std::visit(Overloaded{[](Anyone) { return std::string("anyone"); },
                               [&](GroupId id) { return fmt::format("g{} ({})", static_cast<unsigned>(id), to_string(program.group(id))); },
                               [](const Outside& outside) {
                                 std::string text = "outside " + policyconv::to_string(outside.within);
                                 for (const Cidr& hole : outside.except) text += " except " + policyconv::to_string(hole);
                                 return text;
                               },
                               [](Entity entity) { return to_string(entity); }},
                    peer);
}

std::string print(const Program& program, const Catalog& catalog) {
  std::string text;
  for (std::size_t i = 0; i < program.groups.size(); ++i)
    text += fmt::format("group g{}: {}\n", i, to_string(program.groups[i]));
  for (const Isolation& isolation : program.isolations)
    text += fmt::format("isolate g{} {}\n", static_cast<unsigned>(isolation.subject), policyconv::to_string(isolation.direction));
  for (const Rule& rule : program.rules)
    text += fmt::format("{} g{} {} {} {}: {}  # {}\n", policyconv::to_string(rule.verdict), static_cast<unsigned>(rule.subject),
                        policyconv::to_string(rule.direction), rule.direction == Direction::Ingress ? "from" : "to",
                        to_string(program, rule.peer), to_string(rule.traffic), catalog.display(rule.origin));
  return text;
}

}  // namespace policyconv::ir
