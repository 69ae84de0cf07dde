// Entrance: revision_of(). github.com/cnf/structhash writes a value as text and hashes that: lists as "[a, b]", structs
// as their fields in the order of the names in Go, indented by two spaces for each level, empty ones included.
#include "backends/kubeovn/revision.h"

#include <fmt/format.h>
#include <md5.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

namespace policyconv::kubeovn {
namespace {

using Field = std::pair<std::string_view, std::string>;  // the name in Go, the value as structhash writes it

std::string quoted(std::string_view text) {
  return fmt::format("\"{}\"", text);
}  // nothing is escaped

/// The fields of SecurityGroupRule, or SgRule up to v1.14, whose lists hold pointers, which structhash looks through.
/// None has a tag for structhash, so that its argument `version` leaves none out.
std::vector<Field> fields_of(const ApiRule& rule, const Release& release) {
  const bool has_local = release.minor >= 16;  // K§1.2
  std::vector<Field> fields{{"IPVersion", quoted(rule.ip_version)}};
  if (has_local) fields.emplace_back("LocalAddress", quoted(rule.local_address));
  fields.emplace_back("Policy", quoted(rule.policy));
  fields.emplace_back("PortRangeMax", fmt::to_string(rule.port_max));
  fields.emplace_back("PortRangeMin", fmt::to_string(rule.port_min));
  fields.emplace_back("Priority", fmt::to_string(rule.priority));
  fields.emplace_back("Protocol", quoted(rule.protocol));
  fields.emplace_back("RemoteAddress", quoted(rule.remote_address));
  fields.emplace_back("RemoteSecurityGroup", quoted(rule.remote_group));
  fields.emplace_back("RemoteType", quoted(rule.remote_type));
  if (has_local) {
    fields.emplace_back("SourcePortRangeMax", fmt::to_string(rule.source_max));
    fields.emplace_back("SourcePortRangeMin", fmt::to_string(rule.source_min));
  }
  return fields;
}

/// As print() writes it.
ApiRule written(const SgRule& rule) {
  ApiRule api;
  api.ip_version = rule.family == Family::V4 ? "ipv4" : "ipv6";
  api.policy = rule.policy == Verdict::Allow ? "allow" : "drop";
  api.protocol = to_string(rule.protocol);
  api.priority = rule.priority;
  if (const auto* cidr = std::get_if<Cidr>(&rule.remote)) {
    api.remote_type = "address";
    api.remote_address = to_string(*cidr);
  } else {
    api.remote_type = "securityGroup";
    api.remote_group = std::get<SgName>(rule.remote).name;
  }
  if (rule.ports) {
    api.port_min = rule.ports->first;
    api.port_max = rule.ports->last;
  }
  return api;
}

std::vector<ApiRule> written(const std::vector<SgRule>& rules) {
  std::vector<ApiRule> api;
  for (const SgRule& rule : rules) api.push_back(written(rule));
  return api;
}

}  // namespace

std::string hashed_text(const std::vector<ApiRule>& rules, const Release& release) {
  std::string text = "[";
  for (const ApiRule& rule : rules) {
    if (text.size() > 1) text += ", ";
    std::string_view before = "{\n";
    for (const auto& [name, value] : fields_of(rule, release))
      text += fmt::format("{}    \"{}\": {}", std::exchange(before, ", \n"), name, value);
    text += "\n  }";
  }
  return text + "]\n";
}

std::string revision_of(const std::vector<ApiRule>& rules, const Release& release) {
  const std::string text = hashed_text(rules, release);
  std::array<char, MD5_DIGEST_STRING_LENGTH> digits{};
  return MD5Data(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), digits.data());
}

Revision revision_of(const SecurityGroup& group, const Release& release) {
  return {revision_of(written(group.ingress), release), revision_of(written(group.egress), release)};
}

}  // namespace policyconv::kubeovn
