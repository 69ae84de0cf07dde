// What the API server refuses of a NetworkPolicy (pkg/apis/networking/validation of Kubernetes). Cilium checks almost
// nothing of it again, but what was never stored means nothing. Entrance: validate(NetworkPolicy).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "frontend/refusal.h"
#include "frontend/traffic_syntax.h"
#include "frontend/validate.h"

namespace policyconv::cilium {
namespace {

class NetworkPolicySchema {
 public:
  explicit NetworkPolicySchema(Refusal& refusal) : refusal_(refusal) {}

  void check(const NetworkPolicy& policy) {
    selector(policy.pod_selector);
    for (const auto* rules : {&policy.ingress, &policy.egress})
      for (const NetworkPolicyRule& rule : elements(*rules)) {
        for (const PortProtocol& one : elements(rule.ports)) port(one);
        for (const NetworkPolicyPeer& one : elements(rule.peers)) peer(one);
      }
    const auto& types = elements(policy.policy_types);
    for (const Text& type : types)
      if (type.value != "Ingress" && type.value != "Egress")
        refuse(type.loc, fmt::format("policyTypes {:?} is none of Ingress, Egress", type.value));
    if (types.size() > 2) refuse(types[2].loc, "policyTypes has more than two elements");
  }

 private:
  void refuse(Loc where, std::string_view why) {
    refusal_.add(where, fmt::format("the API server refuses it: {}", why));
  }

  void selector(const Selector& written) {
    const Refusal error = selector_error(written, KeySyntax::Kubernetes);
    if (error) refuse(error.where, fmt::format("invalid label selector: {}", error.text));
  }

  void port(const PortProtocol& one) {
    constexpr std::array<std::string_view, 3> protocols{"TCP", "UDP", "SCTP"};
    if (one.protocol && std::find(protocols.begin(), protocols.end(), one.protocol->value) == protocols.end())
      refuse(one.protocol->loc, fmt::format("protocol {:?} is none of TCP, UDP, SCTP", one.protocol->value));
    if (one.port && one.port->number) return range(one);
    if (one.port) {
      const std::string& name = one.port->value;
      if (!is_service_name(name) ||
          std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::isupper(c) != 0; }))
        refuse(one.port->loc, fmt::format("port {:?} is text and no port name", name));
    }
    if (one.end_port) refuse(one.loc, "endPort needs a port that is a number");
  }

  void range(const PortProtocol& one) {
    const PortNumber first = parse_port(one.port->value);
    if (!first.error.empty() || first.value == 0)
      return refuse(one.port->loc, fmt::format("port {} is outside 1-65535", one.port->value));
    if (one.end_port && (*one.end_port < first.value || *one.end_port > 65535))
      refuse(one.loc, fmt::format("endPort {} is outside {}-65535", *one.end_port, first.value));
  }

  void peer(const NetworkPolicyPeer& one) {
    if (one.pod_selector) selector(*one.pod_selector);
    if (one.namespace_selector) selector(*one.namespace_selector);
    const bool selects = one.pod_selector || one.namespace_selector;
    if (!selects && !one.ip_block) refuse(one.loc, "a peer must have podSelector, namespaceSelector or ipBlock");
    if (selects && one.ip_block) refuse(one.ip_block->loc, "a peer with ipBlock must have no selector");
    if (one.ip_block) block(*one.ip_block);
  }

  void block(const IpBlock& block) {
    if (value_of(block.cidr).empty()) return refuse(block.loc, "ipBlock must have a cidr");
    const std::optional<Cidr> within = cidr(*block.cidr);
    for (const Text& text : block.except) {
      const std::optional<Cidr> hole = cidr(text);
      if (within && hole && (!contains(*within, *hole) || hole->length == within->length))
        refuse(text.loc, fmt::format("except {} is no strict part of cidr {}", text.value, block.cidr->value));
    }
  }

  std::optional<Cidr> cidr(const Text& text) {
    const std::optional<Cidr> found = parse_cidr(text.value);
    if (!found) refuse(text.loc, fmt::format("{:?} is no CIDR", text.value));
    return found;
  }

  Refusal& refusal_;
};

}  // namespace

void validate(NetworkPolicy& policy, const Semantics&) {
  Refusal refusal;
  NetworkPolicySchema(refusal).check(policy);
  policy.rejected = std::move(refusal.text);
  policy.rejected_at = refusal.where;
}

}  // namespace policyconv::cilium
