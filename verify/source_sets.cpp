#include "verify/source_sets.h"

#include <algorithm>
#include <string_view>

namespace policyconv::verify {
namespace {

using source::Op;
using source::Requirement;
using source::Requirements;

bool carries(const std::vector<Protocol>& protocols, Protocol protocol) {
  return std::find(protocols.begin(), protocols.end(), protocol) != protocols.end();
}

/// The namespaces that these requirements are confined to, if they say so by name; nullptr: any.
const std::vector<std::string>* namespaces_of(const Requirements& requirements) {
  for (const Requirement& r : requirements)
    if (r.op == Op::In && r.key == "io.kubernetes.pod.namespace") return &r.values;
  return nullptr;
}

}  // namespace

std::vector<Cidr> prefixes_of(const std::vector<source::Spec>& specs, const Cluster& cluster) {
  std::vector<Cidr> prefixes;
  for (const source::Spec& spec : specs)
    for (const auto* section : {&spec.ingress, &spec.egress})
      for (const source::Rule& rule : *section ? (*section)->rules : std::vector<source::Rule>())
        for (const source::Block& block : rule.peers.blocks) {
          prefixes.push_back(block.within);
          prefixes.insert(prefixes.end(), block.except.begin(), block.except.end());
        }
  for (const Address& address : apiserver_addresses(cluster)) prefixes.push_back(host_cidr(address));
  return prefixes;
}

SourceSets::SourceSets(const std::vector<source::Spec>& specs, const Cluster& cluster, const Semantics& semantics,
                       const EndClasses& classes)
    : semantics_(semantics), classes_(classes), reserved_(semantics), of_class_(classes.pods.size()) {
  prepare_ports(cluster);
  prepare_peers(cluster);
  for (const source::Spec& spec : specs) {
    EndSet subjects = cached(spec.subject) & all_pods_;
    if (!spec.ns.empty()) subjects &= by_namespace_[spec.ns];
    if (subjects.isEmpty()) continue;
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      const auto& written = direction == Direction::Ingress ? spec.ingress : spec.egress;
      if (!written) continue;
      const Section* section = add(*written);
      for (const std::uint32_t subject : subjects)
        of_class_[subject][static_cast<std::size_t>(direction)].push_back(section);
    }
  }
  cache_.clear();
}

void SourceSets::prepare_ports(const Cluster& cluster) {
  std::map<source::Identity, std::pair<std::vector<ContainerPort>, EndSet>> by_identity;
  std::vector<ContainerPort> all;
  for (std::size_t i = 0; i < classes_.pods.size(); ++i) {
    const PodClass& pods = classes_.pods[i];
    auto& [ports, ends] = by_identity[pods.identity];
    ports.insert(ports.end(), pods.ports.begin(), pods.ports.end());
    all.insert(all.end(), pods.ports.begin(), pods.ports.end());
    ends.add(static_cast<std::uint32_t>(i));
    by_namespace_[cluster.pods[classes_.ends[i].pods.front()].ns].add(static_cast<std::uint32_t>(i));
  }
  ports_of_cluster_ = source::unambiguous(std::move(all));
  for (auto& [identity, known] : by_identity)
    for (const ContainerPort& port : source::unambiguous(std::move(known.first)))
      ports_of_peers_[{port.name, port.protocol}].emplace_back(port.number, known.second);
}

void SourceSets::prepare_peers(const Cluster& cluster) {
  const std::vector<Address> apiservers = apiserver_addresses(cluster);
  for (std::size_t i = 0; i < classes_.ends.size(); ++i) {
    const EndClass& end = classes_.ends[i];
    const auto number = static_cast<std::uint32_t>(i);
    if (end.kind == EndKind::Pods) {
      peers_.push_back({source::Peer::Kind::Pod, false, &classes_.pods[i].identity, {}, nullptr});
      all_pods_.add(number);
      continue;
    }
    const bool apiserver = std::binary_search(apiservers.begin(), apiservers.end(), end.addresses.front());
    if (end.kind == EndKind::OwnNode) own_nodes_.add(number);
    const bool is_node = end.kind == EndKind::OwnNode || end.kind == EndKind::OtherNode;
    peers_.push_back(is_node ? reserved_.node(end.kind == EndKind::OwnNode, apiserver)
                             : reserved_.outside(end.addresses.front(), apiserver));
    by_reserved_[peers_.back().identity].add(number);
  }
}

EndSet SourceSets::meeting(const Requirements& requirements) const {
  EndSet met;
  const auto add_pods = [&](const EndSet& candidates) {
    for (const std::uint32_t i : candidates)
      if (source::meets(classes_.pods[i].identity, requirements)) met.add(i);
  };
  if (const std::vector<std::string>* namespaces = namespaces_of(requirements)) {
    for (const std::string& ns : *namespaces)
      if (const auto at = by_namespace_.find(ns); at != by_namespace_.end()) add_pods(at->second);
  } else {
    add_pods(all_pods_);
  }
  for (const auto& [identity, ends] : by_reserved_)
    if (source::meets(*identity, requirements)) met |= ends;
  return met;
}

const EndSet& SourceSets::cached(const Requirements& requirements) {
  const auto [at, added] = cache_.try_emplace(requirements);
  if (added) at->second = meeting(requirements);
  return at->second;
}

const SourceSets::Section* SourceSets::add(const source::Section& written) {
  sections_.push_back(std::make_unique<Section>(Section{&written, {}}));
  for (const source::Rule& rule : written.rules) {
    PeerSets& sets = sections_.back()->peers.emplace_back();
    for (const Requirements& selector : rule.peers.selectors) sets.selected |= cached(selector);
    const source::Peers& peers = rule.peers;
    if (peers.anyone) {
      sets.unselected = first_ends(peers_.size());
    } else if (!peers.entities.empty() || !peers.blocks.empty()) {
      // Pods are all the same to entities and blocks.
      if (!all_pods_.isEmpty() && peers.contain_unselected(peers_.front())) sets.unselected = all_pods_;
      for (std::size_t i = classes_.pods.size(); i < peers_.size(); ++i)
        if (peers.contain_unselected(peers_[i])) sets.unselected.add(static_cast<std::uint32_t>(i));
    }
  }
  return sections_.back().get();
}

SourceSets::Side SourceSets::side(std::size_t subject, Direction direction) const {
  Side side;
  side.all_ = this;
  side.subject_ = &classes_.pods[subject];
  side.direction_ = direction;
  Requirements required_of_allow, required_of_deny;
  const auto& sections = of_class_[subject][static_cast<std::size_t>(direction)];
  for (const Section* section : sections) {
    const source::Section& written = *section->written;
    side.selected_ = true;
    side.default_deny_ |= written.default_deny;
    required_of_allow.insert(required_of_allow.end(), written.required_of_allow.begin(),
                             written.required_of_allow.end());
    required_of_deny.insert(required_of_deny.end(), written.required_of_deny.begin(), written.required_of_deny.end());
  }
  const bool narrows = !required_of_allow.empty() || !required_of_deny.empty();
  const EndSet met_by_allow = narrows ? meeting(required_of_allow) : EndSet();
  const EndSet met_by_deny = narrows ? meeting(required_of_deny) : EndSet();
  for (const Section* section : sections)
    for (std::size_t i = 0; i < section->peers.size(); ++i) {
      const source::Rule& rule = section->written->rules[i];
      EndSet peers = section->peers[i].selected;
      if (narrows) peers &= rule.deny ? met_by_deny : met_by_allow;
      peers |= section->peers[i].unselected;
      if (!peers.isEmpty()) (rule.deny ? side.deny_ : side.allow_).push_back({&rule, std::move(peers)});
    }
  return side;
}

void SourceSets::Side::add_cuts(PacketCuts& cuts) const {
  const bool per_peer = direction_ == Direction::Egress && all_->semantics_.cilium_minor >= 20;
  const auto add_named = [&](const source::Traffic& traffic, Protocol protocol) {
    if (per_peer) {
      const auto at = all_->ports_of_peers_.find({traffic.name, protocol});
      if (at != all_->ports_of_peers_.end())
        for (const auto& [number, ends] : at->second) cuts.add(protocol, number, number);
      return;
    }
    for (const ContainerPort& port : direction_ == Direction::Ingress ? subject_->ports : all_->ports_of_cluster_)
      if (port.name == traffic.name && port.protocol == protocol)
        cuts.add(protocol, port.number, std::max(port.number, traffic.last));
  };
  for (const auto* rules : {&deny_, &allow_})
    for (const Rule& rule : *rules)
      for (const source::Traffic& traffic : rule.rule->traffic)
        for (const Protocol protocol : traffic.protocols)
          if (traffic.name.empty()) cuts.add(protocol, traffic.first, traffic.last);
          else add_named(traffic, protocol);
}

// The numbers behind a named port differ by direction and version (C§2.3, C§18.1).
void SourceSets::Side::add_named(const source::Traffic& traffic, const Packets& packets, const EndSet& peers,
                                 EndSet& matched) const {
  if (direction_ == Direction::Egress && all_->semantics_.cilium_minor >= 20) {
    const auto at = all_->ports_of_peers_.find({traffic.name, packets.protocol});
    if (at == all_->ports_of_peers_.end()) return;
    for (const auto& [number, ends] : at->second)
      if (number == packets.first) matched |= peers & ends;
    return;
  }
  for (const ContainerPort& port : direction_ == Direction::Ingress ? subject_->ports : all_->ports_of_cluster_)
    if (port.name == traffic.name && port.protocol == packets.protocol && port.number <= packets.first &&
        packets.first <= std::max(port.number, traffic.last))
      matched |= peers;
}

EndSet SourceSets::Side::matching(const std::vector<Rule>& rules, const Packets& packets) const {
  EndSet matched;
  for (const Rule& rule : rules) {
    if (rule.rule->every_protocol) {
      matched |= rule.peers;
      continue;
    }
    for (const source::Traffic& traffic : rule.rule->traffic) {
      if (!carries(traffic.protocols, packets.protocol)) continue;
      if (!traffic.name.empty()) add_named(traffic, packets, rule.peers, matched);
      else if (traffic.first <= packets.first && packets.first <= traffic.last) matched |= rule.peers;
    }
  }
  return matched;
}

EndSet SourceSets::Side::passing(const Packets& packets, const EndSet& met) const {
  if (packets.protocol == Protocol::Sctp && !all_->semantics_.sctp) return {};
  if (!selected_) return met;
  EndSet passing = met;
  if (default_deny_) {
    passing = matching(allow_, packets);
    if (direction_ == Direction::Ingress) passing |= all_->own_nodes_;
    passing &= met;
  }
  if (!deny_.empty()) passing -= matching(deny_, packets);
  return passing;
}

}  // namespace policyconv::verify
