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

/// A struct as structhash writes it. Every rule of every group gets here, so that no field is a string of its own.
class Struct {
 public:
  explicit Struct(std::string& text) : text_(text) { text_ += "{\n"; }
  ~Struct() { text_ += "\n  }"; }
  Struct(const Struct&) = delete;
  Struct& operator=(const Struct&) = delete;

  /// `name` as in Go; nothing is escaped.
  void field(std::string_view name, std::string_view value) {
    begin(name);
    text_.append("\"").append(value).append("\"");
  }
  void field(std::string_view name, std::int64_t value) {
    begin(name);
    const fmt::format_int digits(value);
    text_.append(digits.data(), digits.size());
  }

 private:
  void begin(std::string_view name) {
    text_.append(std::exchange(before_, ", \n")).append("    \"").append(name).append("\": ");
  }

  std::string& text_;
  std::string_view before_;
};

/// The fields of SecurityGroupRule, or SgRule up to v1.14, whose lists hold pointers, which structhash looks through.
/// None has a tag for structhash, so that its argument `version` leaves none out.
void add(std::string& text, const ApiRule& rule, const Release& release) {
  const bool has_local = release.minor >= 16;  // K§1.2
  Struct written(text);
  written.field("IPVersion", rule.ip_version);
  if (has_local) written.field("LocalAddress", rule.local_address);
  written.field("Policy", rule.policy);
  written.field("PortRangeMax", rule.port_max);
  written.field("PortRangeMin", rule.port_min);
  written.field("Priority", rule.priority);
  written.field("Protocol", rule.protocol);
  written.field("RemoteAddress", rule.remote_address);
  written.field("RemoteSecurityGroup", rule.remote_group);
  written.field("RemoteType", rule.remote_type);
  if (has_local) {
    written.field("SourcePortRangeMax", rule.source_max);
    written.field("SourcePortRangeMin", rule.source_min);
  }
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
    add(text, rule, release);
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
