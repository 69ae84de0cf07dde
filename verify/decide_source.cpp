// The evaluation of C§16 on prepared rules. Entrance: SourceMeaning::decide().
#include "verify/decide_source.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "verify/source_labels.h"
#include "verify/source_peers.h"
#include "verify/source_rules.h"

namespace policyconv::verify {
namespace {

using namespace source;

/// What the rules of one direction say about one pod.
struct Side {
  std::vector<const Rule*> deny, allow;
  Requirements required_of_allow, required_of_deny;
  bool selected = false, default_deny = false;
};

/// Pods of one identity: all rules are the same for them.
struct PodClass {
  Identity identity;
  std::vector<ContainerPort> ports;  // named ports on which they agree
  Side ingress, egress;
};

struct Subject {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::size_t pod_class = none;  // none: finished, or on the host's network
  std::vector<ContainerPort> ports;
};

template <typename T>
void append(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

void add(const std::optional<Section>& section, Side& side) {
  if (!section) return;
  side.selected = true;
  side.default_deny |= section->default_deny;
  for (const Rule& rule : section->rules) (rule.deny ? side.deny : side.allow).push_back(&rule);
  append(side.required_of_allow, section->required_of_allow);
  append(side.required_of_deny, section->required_of_deny);
}

bool among(const std::vector<Address>& sorted, const std::vector<Address>& addresses) {
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const Address& a) { return std::binary_search(sorted.begin(), sorted.end(), a); });
}

}  // namespace

struct SourceMeaning::Prepared {
  Prepared(const cilium::Policies& policies, const Cluster& cluster_, const Semantics& semantics_)
      : cluster(cluster_),
        semantics(semantics_),
        specs(read_specs(policies, cluster_, semantics_)),
        apiservers(apiserver_addresses(cluster_)),
        reserved(semantics_) {
    prepare_pods();
    prepare_rules();
    for (const Node& node : cluster.nodes) node_is_apiserver.push_back(among(apiservers, node.internal));
  }

  void prepare_pods() {
    std::map<Identity, std::size_t> numbers;
    std::vector<ContainerPort> all_ports;
    for (const Pod& pod : cluster.pods) {
      Subject& subject = subjects.emplace_back();
      if (!is_endpoint(pod)) continue;
      Identity identity = identity_of(cluster, pod, semantics);
      const auto [number, added] = numbers.try_emplace(identity, classes.size());
      if (added) {
        classes.push_back({std::move(identity), {}, {}, {}});
        classes_of[pod.ns].push_back(number->second);
        classes_of[""].push_back(number->second);
      }
      subject.pod_class = number->second;
      subject.ports = named_ports(pod);
      append(classes[subject.pod_class].ports, subject.ports);
      append(all_ports, subject.ports);
    }
    for (PodClass& one : classes) one.ports = unambiguous(std::move(one.ports));
    ports_of_cluster = unambiguous(std::move(all_ports));
  }

  void prepare_rules() {
    for (const Spec& spec : specs)
      for (const std::size_t number : classes_of[spec.ns]) {
        PodClass& pods = classes[number];
        if (!meets(pods.identity, spec.subject)) continue;
        add(spec.ingress, pods.ingress);
        add(spec.egress, pods.egress);
      }
  }

  [[nodiscard]] Peer node_peer(const std::string& name, bool apiserver, const Pod& subject) const {
    const bool own = !name.empty() && name == subject.node;
    return reserved.node(own, apiserver);
  }

  [[nodiscard]] Peer outside_peer(const Address& address) const {
    return reserved.outside(address, std::binary_search(apiservers.begin(), apiservers.end(), address));
  }

  [[nodiscard]] Peer peer(const End& end, const Pod& subject) const {
    if (const auto* node = std::get_if<NodeEnd>(&end))
      return node_peer(cluster.nodes[node->node].name,
                       node->address ? std::binary_search(apiservers.begin(), apiservers.end(), *node->address)
                                     : bool(node_is_apiserver[node->node]),
                       subject);
    if (const auto* address = std::get_if<AddressEnd>(&end)) return outside_peer(address->address);
    const std::size_t number = std::get<PodEnd>(end).pod;
    if (const std::size_t of = subjects[number].pod_class; of != Subject::none)
      return {Peer::Kind::Pod, false, &classes[of].identity, {}, &classes[of].ports};
    const Pod& pod = cluster.pods[number];
    if (pod.host_network) return node_peer(pod.node, among(apiservers, pod.addresses), subject);
    return outside_peer(pod.addresses.empty() ? Address{} : pod.addresses.front());
  }

  // The numbers behind a named port differ by direction and version (C§2.3, C§18.1).
  [[nodiscard]] bool named_port_matches(const Traffic& traffic, const Flow& flow, Direction direction,
                                        const Subject& subject, const Peer& peer) const {
    const bool per_peer = direction == Direction::Egress && semantics.cilium_minor >= 20;
    if (per_peer && !peer.named_ports) return false;
    const std::vector<ContainerPort>& ports = direction == Direction::Ingress ? subject.ports
                                              : per_peer                      ? *peer.named_ports
                                                                              : ports_of_cluster;
    return std::any_of(ports.begin(), ports.end(), [&](const ContainerPort& port) {
      const std::uint16_t last = per_peer ? port.number : std::max(port.number, traffic.last);
      return port.protocol == flow.protocol && port.name == traffic.name && port.number <= flow.port &&
             flow.port <= last;
    });
  }

  [[nodiscard]] bool traffic_matches(const Rule& rule, const Flow& flow, Direction direction, const Subject& subject,
                                     const Peer& peer) const {
    return rule.every_protocol || std::any_of(rule.traffic.begin(), rule.traffic.end(), [&](const Traffic& traffic) {
             const auto& protocols = traffic.protocols;
             if (std::find(protocols.begin(), protocols.end(), flow.protocol) == protocols.end()) return false;
             if (!traffic.name.empty()) return named_port_matches(traffic, flow, direction, subject, peer);
             return traffic.first <= flow.port && flow.port <= traffic.last;
           });
  }

  [[nodiscard]] Decision decide(const Flow& flow, Direction direction, const Subject& subject, const Peer& peer) const {
    const PodClass& pods = classes[subject.pod_class];
    const Side& side = direction == Direction::Ingress ? pods.ingress : pods.egress;
    const auto matching = [&](const std::vector<const Rule*>& rules, const Requirements& required) {
      std::vector<RuleId> ids;
      for (const Rule* rule : rules)
        if (traffic_matches(*rule, flow, direction, subject, peer) && rule->peers.contain(peer, required))
          ids.push_back(rule->id);
      std::sort(ids.begin(), ids.end());
      return ids;
    };
    if (flow.protocol == Protocol::Sctp && !semantics.sctp) return {Verdict::Deny, {}, "SCTP is off"};
    if (!side.selected) return {Verdict::Allow, {}, "not selected"};
    if (auto ids = matching(side.deny, side.required_of_deny); !ids.empty())
      return {Verdict::Deny, std::move(ids), "a deny rule matches"};
    if (auto ids = matching(side.allow, side.required_of_allow); !ids.empty())
      return {Verdict::Allow, std::move(ids), "an allow rule matches"};
    if (direction == Direction::Ingress && peer.kind == Peer::Kind::Host) return {Verdict::Allow, {}, "own node"};
    if (side.default_deny) return {Verdict::Deny, {}, "default deny"};
    return {Verdict::Allow, {}, "no default deny"};
  }

  const Cluster& cluster;
  const Semantics& semantics;
  std::vector<Spec> specs;
  std::vector<Address> apiservers;
  ReservedPeers reserved;
  std::vector<bool> node_is_apiserver;
  std::vector<Subject> subjects;  // one for each pod
  std::vector<PodClass> classes;
  std::map<std::string, std::vector<std::size_t>> classes_of;  // by namespace; "" holds all
  std::vector<ContainerPort> ports_of_cluster;
};

SourceMeaning::SourceMeaning(const cilium::Policies& policies, const Cluster& cluster, const Semantics& semantics)
    : prepared_(std::make_unique<Prepared>(policies, cluster, semantics)) {}
SourceMeaning::~SourceMeaning() = default;

std::optional<Decision> SourceMeaning::decide(const Flow& flow, Direction direction) const {
  const End& own = direction == Direction::Ingress ? flow.to : flow.from;
  const End& other = direction == Direction::Ingress ? flow.from : flow.to;
  const auto* pod = std::get_if<PodEnd>(&own);
  if (!pod || prepared_->subjects[pod->pod].pod_class == Subject::none) return std::nullopt;
  const auto* other_pod = std::get_if<PodEnd>(&other);
  if (other_pod && other_pod->pod == pod->pod) return Decision{Verdict::Allow, {}, "the same pod"};
  const Peer peer = prepared_->peer(other, prepared_->cluster.pods[pod->pod]);
  return prepared_->decide(flow, direction, prepared_->subjects[pod->pod], peer);
}

Verdict SourceMeaning::decide(const Flow& flow) const {
  for (const Direction direction : {Direction::Egress, Direction::Ingress})
    if (const auto decision = decide(flow, direction); decision && decision->verdict == Verdict::Deny)
      return Verdict::Deny;
  return Verdict::Allow;
}

}  // namespace policyconv::verify
