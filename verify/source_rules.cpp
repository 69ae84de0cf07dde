#include "verify/source_rules.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <string_view>

namespace policyconv::verify::source {
namespace {

// --- traffic ---------------------------------------------------------------------------------------------------------

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_name(const std::string& port) {
  return port.size() <= 15 &&  // longer ones are numbers in disguise: 0x...
         std::any_of(port.begin(), port.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
}

// strconv.ParseUint with base 0: a leading 0 means octal, underscores may group digits (C§2.3).
std::optional<std::uint16_t> number_of(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
  char* end = nullptr;
  const unsigned long value = std::strtoul(text.c_str(), &end, 0);
  if (text.empty() || *end != '\0' || value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::vector<Protocol> protocols_of(const std::string& name) {
  const std::string protocol = lower_case(name);
  if (protocol.empty() || protocol == "any") return {Protocol::Tcp, Protocol::Udp, Protocol::Sctp};
  if (protocol == "tcp") return {Protocol::Tcp};
  if (protocol == "udp") return {Protocol::Udp};
  if (protocol == "sctp") return {Protocol::Sctp};
  return {};  // GRE, ESP ...: no flow of ours has such a protocol
}

std::optional<Traffic> traffic_of(const cilium::PortProtocol& written, std::string_view default_protocol, int minor) {
  Traffic traffic;
  traffic.protocols = protocols_of(written.protocol ? written.protocol->value : std::string(default_protocol));
  if (!written.port || written.port->value.empty()) return traffic;
  const std::int64_t end_port = minor >= 16 ? written.end_port.value_or(0) : 0;  // C§0.1
  const auto last = static_cast<std::uint16_t>(std::clamp<std::int64_t>(end_port, 0, 65535));
  if (is_name(written.port->value)) {
    traffic.name = lower_case(written.port->value);
    traffic.last = last;
    return traffic;
  }
  const std::optional<std::uint16_t> first = number_of(written.port->value);
  if (!first) return std::nullopt;
  if (*first == 0 && (minor >= 20 || last == 0)) return traffic;  // C§18: "0" with endPort was a range before 1.20
  traffic.first = *first;
  traffic.last = std::max(*first, last);
  return traffic;
}

struct IcmpName {
  std::string_view name;
  std::uint16_t v4, v6;
};
constexpr std::uint16_t none = 256;
constexpr IcmpName icmp_names[] = {
    {"EchoReply", 0, 129},
    {"DestinationUnreachable", 3, 1},
    {"Redirect", 5, none},
    {"Echo", 8, none},
    {"EchoRequest", 8, 128},
    {"RouterAdvertisement", 9, 134},
    {"RouterSelection", 10, none},
    {"TimeExceeded", 11, 3},
    {"ParameterProblem", 12, 4},
    {"Timestamp", 13, none},
    {"TimestampReply", 14, none},
    {"Photuris", 40, none},
    {"ExtendedEchoRequest", 42, 160},
    {"ExtendedEchoReply", 43, 161},
    {"PacketTooBig", none, 2},
    {"MulticastListenerQuery", none, 130},
    {"MulticastListenerReport", none, 131},
    {"MulticastListenerDone", none, 132},
    {"RouterSolicitation", none, 133},
    {"NeighborSolicitation", none, 135},
    {"NeighborAdvertisement", none, 136},
    {"RedirectMessage", none, 137},
    {"RouterRenumbering", none, 138},
    {"ICMPNodeInformationQuery", none, 139},
    {"ICMPNodeInformationResponse", none, 140},
    {"InverseNeighborDiscoverySolicitation", none, 141},
    {"InverseNeighborDiscoveryAdvertisement", none, 142},
    {"HomeAgentAddressDiscoveryRequest", none, 144},
    {"HomeAgentAddressDiscoveryReply", none, 145},
    {"MobilePrefixSolicitation", none, 146},
    {"MobilePrefixAdvertisement", none, 147},
    {"DuplicateAddressRequestCodeSuffix", none, 157},
    {"DuplicateAddressConfirmationCodeSuffix", none, 158},
};

std::optional<Traffic> traffic_of(const cilium::IcmpField& field) {
  if (!field.type) return std::nullopt;
  const bool v6 = field.family && field.family->value == "IPv6";
  std::optional<std::uint16_t> type = number_of(field.type->value);
  const auto named = std::find_if(std::begin(icmp_names), std::end(icmp_names),
                                  [&](const IcmpName& name) { return name.name == field.type->value; });
  if (named != std::end(icmp_names)) type = v6 ? named->v6 : named->v4;
  if (!type || *type > 255) return std::nullopt;
  Traffic traffic{{v6 ? Protocol::Icmp6 : Protocol::Icmp}, {}, *type, *type};
  if (*type == 0) traffic.last = 255;  // type 0 is encoded as the wildcard (C§2.4)
  return traffic;
}

template <typename Traffics, typename... Arguments>
void add_traffic(Rule& rule, const Traffics& written, const Arguments&... arguments) {
  for (const auto& one : written)
    if (auto traffic = traffic_of(one, arguments...)) rule.traffic.push_back(std::move(*traffic));
}

// --- peers -----------------------------------------------------------------------------------------------------------

bool is_entity(const std::string& entity, const Peer& peer) {
  using Kind = Peer::Kind;
  const bool outside = peer.kind == Kind::Outside;
  if (entity == "all") return true;
  if (entity == "world") return outside;
  if (entity == "world-ipv4") return outside && peer.address.family == Family::V4;
  if (entity == "world-ipv6") return outside && peer.address.family == Family::V6;
  if (entity == "cluster" || entity == "cluster-mesh") return !outside || peer.apiserver;
  if (entity == "host") return peer.kind == Kind::Host;
  if (entity == "remote-node") return peer.kind == Kind::RemoteNode;
  if (entity == "kube-apiserver") return peer.apiserver;
  return false;  // health, init, ingress, unmanaged, none: nothing here is one of them (C§17)
}

bool in_block(const Block& block, const Address& address) {
  return contains(block.within, address) && std::none_of(block.except.begin(), block.except.end(),
                                                         [&](const Cidr& hole) { return contains(hole, address); });
}

std::optional<Cidr> cidr_of(const std::string& text) {
  if (const auto cidr = parse_cidr(text)) return cidr;
  const auto address = parse_address(text);  // accepted by Sanitize before 1.20 (C§0.1)
  return address ? std::optional(host_cidr(*address)) : std::nullopt;
}

std::vector<Cidr> cidrs_of(const std::vector<cilium::Text>& texts) {
  std::vector<Cidr> result;
  for (const cilium::Text& text : texts)
    if (const auto cidr = cidr_of(text.value)) result.push_back(*cidr);
  return result;
}

template <typename T>
bool given(const cilium::List<T>& list) {
  return list && !list->empty();
}
template <typename T>
bool given_empty(const cilium::List<T>& list) {
  return list && list->empty();
}

/// Reads the policies of a run; holds what every reader needs.
class Reader {
 public:
  Reader(const cilium::Policies& policies, const Cluster& cluster, const Semantics& semantics)
      : policies_(policies), cluster_(cluster), semantics_(semantics) {}

  std::vector<Spec> read() {
    for (const cilium::Policy& policy : policies_.policies) {
      if (!policy.rejected.empty()) continue;
      const std::string ns = policy.clusterwide ? "" : policy.ns;
      if (policy.spec) add(*policy.spec, ns, policy.id);
      if (policy.specs)
        for (const cilium::Spec& spec : *policy.specs) add(spec, ns, policy.id);
    }
    for (const cilium::NetworkPolicy& policy : policies_.network_policies)
      if (policy.rejected.empty()) add(policy);
    return std::move(specs_);
  }

 private:
  void add(const cilium::Spec& written, const std::string& ns, PolicyId policy) {
    if (!written.endpoint_selector) return;  // nodeSelector: a host policy, touches no pod
    Spec spec{ns, subject(*written.endpoint_selector, ns), {}, {}, policy};
    Scope scope{ns, false};
    for (const Requirement& r : spec.subject) scope.subject_may_be_init |= r.source == "reserved" && r.key == "init";
    spec.ingress =
        section(written.ingress, written.ingress_deny, written.default_deny_ingress, Direction::Ingress, scope);
    spec.egress = section(written.egress, written.egress_deny, written.default_deny_egress, Direction::Egress, scope);
    specs_.push_back(std::move(spec));
  }

  std::optional<Section> section(const cilium::List<cilium::Rule>& allow, const cilium::List<cilium::Rule>& deny,
                                 const std::optional<bool>& default_deny, Direction direction, const Scope& scope) {
    Section result;
    if (allow)
      for (const cilium::Rule& written : *allow) {
        result.rules.push_back(rule(written, false, direction, scope));
        add_required(written, scope, result.required_of_allow);
      }
    if (deny)
      for (const cilium::Rule& written : *deny) {
        result.rules.push_back(rule(written, true, direction, scope));
        add_required(written, scope, result.required_of_deny);
      }
    if (result.rules.empty()) return std::nullopt;
    result.default_deny = semantics_.cilium_minor < 16 || default_deny.value_or(true);
    return result;
  }

  void add_required(const cilium::Rule& written, const Scope& scope, Requirements& all) {
    if (!written.requires_ || semantics_.cilium_minor >= 19) return;  // C§0.1
    for (const cilium::Selector& selector : *written.requires_) {
      const Requirements some = required(selector, scope, semantics_);
      all.insert(all.end(), some.begin(), some.end());
    }
  }

  Rule rule(const cilium::Rule& written, bool deny, Direction direction, const Scope& scope) {
    Rule result;
    result.id = written.id;
    result.deny = deny;
    if (written.to_ports)
      for (const cilium::PortRule& entry : *written.to_ports)
        if (entry.ports) add_traffic(result, *entry.ports, "ANY", semantics_.cilium_minor);
    if (written.icmps)
      for (const cilium::IcmpRule& entry : *written.icmps)
        if (entry.fields) add_traffic(result, *entry.fields);
    const bool any_l4 = given(written.to_ports) || given(written.icmps);
    result.every_protocol = !any_l4;
    result.peers = peers(written, deny, any_l4, direction, scope);
    return result;
  }

  // C§16 matchesL3, with C§1.4: an empty list selects nobody, an absent one is no restriction.
  Peers peers(const cilium::Rule& written, bool deny, bool any_l4, Direction direction, const Scope& scope) {
    const bool since_16 = semantics_.cilium_minor >= 16;
    const bool nobody = given_empty(written.endpoints) || given_empty(written.cidr) || given_empty(written.cidr_set) ||
                        given_empty(written.entities) || given_empty(written.nodes);
    if (nobody && since_16) return {};
    // Nobody resolves toServices of a deny rule, so Cilium sees a rule without peers (C§6.2).
    const bool services = given(written.services) && !deny;
    const bool groups = given(written.groups) && (since_16 || direction == Direction::Egress);
    const bool l3 = given(written.endpoints) || given(written.cidr) || given(written.cidr_set) ||
                    given(written.entities) || given(written.nodes) || given(written.fqdns) || services || groups;
    Peers result;
    result.anyone = !l3 && any_l4;
    if (written.endpoints)
      for (const cilium::Selector& selector : *written.endpoints)
        result.selectors.push_back(peer(selector, scope, semantics_));
    if (written.entities)
      for (const cilium::Text& entity : *written.entities) result.entities.push_back(entity.value);
    // Only denies before 1.17 get here, which Cilium did not check (C§0.1). They never match the pod's own node (C§3.5);
    // which others have the labels is not known here, so the deny is taken for all of them.
    if (given(written.nodes)) result.entities.emplace_back("remote-node");
    if (written.cidr)
      for (const Cidr& cidr : cidrs_of(*written.cidr)) result.blocks.push_back({cidr, {}});
    if (written.cidr_set)
      for (const cilium::CidrRule& element : *written.cidr_set) add_blocks(element, result.blocks);
    if (services)
      for (const cilium::ServiceRef& reference : *written.services) add_service(reference, result);
    // What toFQDNs and groups stand for is learnt at run time, so they are known to select nobody only.
    return result;
  }

  void add_blocks(const cilium::CidrRule& element, std::vector<Block>& blocks) {
    const std::vector<Cidr> except = cidrs_of(element.except);
    const auto add = [&](const cilium::Text& text) {
      if (const auto cidr = cidr_of(text.value)) blocks.push_back({*cidr, except});
    };
    if (element.cidr) add(*element.cidr);
    for (const cilium::CidrGroup& group : policies_.cidr_groups) {
      const bool named = element.cidr_group_ref && element.cidr_group_ref->value == group.name;
      const bool selected = element.cidr_group_selector && semantics_.cilium_minor >= 17 &&
                            selects(*element.cidr_group_selector, labels_of(group));
      if (named || selected) std::for_each(group.cidrs.begin(), group.cidrs.end(), add);
    }
  }

  static Labels labels_of(const cilium::CidrGroup& group) {
    Labels labels;
    for (const cilium::LabelPair& label : group.labels) labels.emplace(label.key, label.value);
    return labels;
  }

  // C§6.2. Cilium opens the ports to everyone if no Service matches; here that selects nobody, as policyconv promises.
  void add_service(const cilium::ServiceRef& reference, Peers& result) {
    for (const Service& service : cluster_.services) {
      if (!refers(reference, service)) continue;
      if (!service.selector) {
        add_endpoints(service, result.blocks);
      } else if (semantics_.cilium_minor >= 17) {
        result.selectors.push_back(backends(service, semantics_));
      }
    }
  }

  static bool refers(const cilium::ServiceRef& reference, const Service& service) {
    const auto in_scope = [&](const std::string& ns) { return ns.empty() || ns == service.ns; };
    if (const auto& by_selector = reference.by_selector)
      return in_scope(by_selector->ns) && by_selector->selector && selects(*by_selector->selector, service.labels);
    const auto& by_name = reference.by_name;
    return by_name && in_scope(by_name->ns) && by_name->name == service.name;
  }

  void add_endpoints(const Service& service, std::vector<Block>& blocks) {
    for (const EndpointSlice& slice : cluster_.endpoint_slices)
      if (slice.ns == service.ns && slice.service == service.name)
        for (const Address& address : slice.addresses) blocks.push_back({host_cidr(address), {}});
  }

  // C§9: both directions are enforced where there are rules, whatever policyTypes says.
  void add(const cilium::NetworkPolicy& policy) {
    const auto has_type = [&](std::string_view type) {
      return policy.policy_types && std::any_of(policy.policy_types->begin(), policy.policy_types->end(),
                                                [&](const cilium::Text& text) { return text.value == type; });
    };
    Spec spec{policy.ns, network_policy_subject(policy.pod_selector, policy.ns), {}, {}, policy.id};
    if (given(policy.ingress) || has_type("Ingress") || !has_type("Egress"))
      spec.ingress = section(policy.ingress, policy.ns);
    if (given(policy.egress) || has_type("Egress")) spec.egress = section(policy.egress, policy.ns);
    specs_.push_back(std::move(spec));
  }

  Section section(const cilium::List<cilium::NetworkPolicyRule>& written, const std::string& ns) {
    Section result;
    if (given(written))
      for (const cilium::NetworkPolicyRule& one : *written) result.rules.push_back(rule(one, ns));
    else
      result.rules.push_back({});  // a rule that matches nothing: isolates
    return result;
  }

  Rule rule(const cilium::NetworkPolicyRule& written, const std::string& ns) {
    Rule result;
    result.id = written.id;
    result.every_protocol = !given(written.ports);
    if (written.ports) add_traffic(result, *written.ports, "TCP", semantics_.cilium_minor);
    if (!given(written.peers)) {
      result.peers.selectors.push_back({});  // everyone, yet a selector: fromRequires of a CNP narrow it
      return result;
    }
    for (const cilium::NetworkPolicyPeer& one : *written.peers) {
      if (one.pod_selector || one.namespace_selector)
        result.peers.selectors.push_back(network_policy_peer(one, ns, semantics_));
      if (!one.ip_block || !one.ip_block->cidr) continue;
      if (const auto within = cidr_of(one.ip_block->cidr->value))
        result.peers.blocks.push_back({*within, cidrs_of(one.ip_block->except)});
    }
    return result;
  }

  const cilium::Policies& policies_;
  const Cluster& cluster_;
  const Semantics& semantics_;
  std::vector<Spec> specs_;
};

}  // namespace

bool Peers::contain_unselected(const Peer& peer) const {
  if (anyone) return true;
  if (std::any_of(entities.begin(), entities.end(), [&](const std::string& e) { return is_entity(e, peer); }))
    return true;
  // CIDR rules never match pods or nodes, whatever their addresses (C§5).
  return peer.kind == Peer::Kind::Outside &&
         std::any_of(blocks.begin(), blocks.end(), [&](const Block& block) { return in_block(block, peer.address); });
}

bool Peers::contain(const Peer& peer, const Requirements& required) const {
  return contain_unselected(peer) ||
         (std::any_of(selectors.begin(), selectors.end(),
                      [&](const Requirements& selector) { return meets(*peer.identity, selector); }) &&
          meets(*peer.identity, required));
}

std::vector<Spec> read_specs(const cilium::Policies& policies, const Cluster& cluster, const Semantics& semantics) {
  return Reader(policies, cluster, semantics).read();
}

}  // namespace policyconv::verify::source
