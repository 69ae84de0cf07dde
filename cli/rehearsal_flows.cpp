#include "cli/rehearsal_flows.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "ir/membership.h"
#include "verify/decide_source.h"

namespace policyconv::cli {
namespace {

using verify::Flow;

/// A rehearsal is run by hand: more flows, ports of one pod, or tries for one rule would not be worth their time.
constexpr std::size_t most_rules = 400, most_ports = 16, most_tries = 400, most_of_a_class = 2;
constexpr std::uint16_t other_ports[] = {9, 4242, 8080};

struct StandIn {
  std::size_t pod = 0;
  Labels labels;
  std::string vpc;
};

/// Two of each class, so that pods of one class can talk to each other.
std::vector<StandIn> stand_ins_of(const Cluster& cluster) {
  std::vector<StandIn> found;
  std::map<std::tuple<Labels, std::vector<ContainerPort>, std::string>, std::size_t> taken;
  for (std::size_t at = 0; at < cluster.pods.size(); ++at) {
    const Pod& pod = cluster.pods[at];
    if (!is_endpoint(pod) || pod.addresses.empty()) continue;
    const Subnet* subnet = subnet_of(cluster, pod);
    StandIn stand_in{at, ir::identity_labels(cluster, pod), subnet == nullptr ? "" : subnet->vpc};
    if (++taken[{stand_in.labels, pod.ports, stand_in.vpc}] <= most_of_a_class) found.push_back(std::move(stand_in));
  }
  return found;
}

struct PacketKind {
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;
};

/// A packet of that traffic which a shell can send; nullopt for SCTP and for ICMP other than echo.
std::optional<PacketKind> packet_of(const ir::Traffic& traffic) {
  constexpr std::uint16_t usual = 8080, echo = 8, echo6 = 128;
  const bool has_usual = traffic.ports.first <= usual && usual <= traffic.ports.last;
  switch (traffic.protocol) {
    case Protocol::Any: return PacketKind{Protocol::Tcp, usual};
    case Protocol::Tcp:
    case Protocol::Udp: return PacketKind{traffic.protocol, has_usual ? usual : traffic.ports.first};
    case Protocol::Icmp:
      if (traffic.icmp_type.value_or(echo) != echo) return std::nullopt;
      return PacketKind{Protocol::Icmp, echo};
    case Protocol::Icmp6:
      if (traffic.icmp_type.value_or(echo6) != echo6) return std::nullopt;
      return PacketKind{Protocol::Icmp6, echo6};
    case Protocol::Sctp: return std::nullopt;
  }
  return std::nullopt;
}

bool is_icmp(Protocol protocol) { return protocol == Protocol::Icmp || protocol == Protocol::Icmp6; }

class Picker {
 public:
  Picker(const ir::Program& program, const cilium::Policies& policies, const Cluster& cluster, const Semantics& semantics)
      : program_(program), cluster_(cluster), meaning_(policies, cluster, semantics), stand_ins_(stand_ins_of(cluster)) {
    for (std::size_t at = 0; at < stand_ins_.size(); ++at) everyone_.push_back(at);
    for (const ir::Rule& rule : program.rules) rules_[rule.origin].push_back(&rule);
    rules_.erase(RuleId::None);
  }

  TriedFlows pick() && {
    for (const auto& [id, rules] : rules_) {
      if (result_.rules < most_rules && pick(id, rules)) ++result_.rules;
      else ++result_.not_tried;
    }
    return std::move(result_);
  }

 private:
  struct Found {
    const ir::Rule* rule = nullptr;
    std::size_t subject = 0, peer = 0;  // stand-ins
    PacketKind packet;
  };

  bool pick(RuleId id, const std::vector<const ir::Rule*>& rules) {
    tries_ = most_tries;
    const std::optional<Found> found = decided_by(id, rules);
    if (!found) return false;
    add(*found, id, true);
    if (const std::optional<Found> other = beside(*found)) add(*other, id, false);
    return true;
  }

  std::optional<Found> decided_by(RuleId id, const std::vector<const ir::Rule*>& rules) {
    for (const ir::Rule* rule : rules) {
      const std::optional<PacketKind> packet = packet_of(rule->traffic);
      if (!packet) continue;
      for (const std::size_t subject : members(rule->subject)) {
        for (const std::size_t peer : peers(rule->peer)) {
          const Found found{rule, subject, peer, *packet};
          if (!can_be_tried(found)) continue;
          if (tries_-- == 0) return std::nullopt;
          const std::optional<verify::Decision> decision = meaning_.decide(flow_of(found), rule->direction);
          const bool decides = std::find(decision->rules.begin(), decision->rules.end(), id) != decision->rules.end();
          if (decides && meaning_.decide(flow_of(found)) == rule->verdict) return found;
        }
      }
    }
    return std::nullopt;
  }

  /// The same packet with another peer, else another port with the same peer, so that the same end says otherwise.
  std::optional<Found> beside(const Found& found) {
    tries_ = most_tries;
    const auto fares_otherwise = [&](const Found& candidate) {
      return can_be_tried(candidate) && meaning_.decide(flow_of(candidate), found.rule->direction)->verdict != found.rule->verdict &&
             meaning_.decide(flow_of(candidate)) != found.rule->verdict;
    };
    for (const std::size_t peer : everyone_) {
      const Found candidate{found.rule, found.subject, peer, found.packet};
      if (tries_-- == 0) break;
      if (fares_otherwise(candidate)) return candidate;
    }
    if (is_icmp(found.packet.protocol)) return std::nullopt;
    for (const std::uint16_t port : other_ports) {
      const Found candidate{found.rule, found.subject, found.peer, {found.packet.protocol, port}};
      if (fares_otherwise(candidate)) return candidate;
    }
    return std::nullopt;
  }

  /// Different pods of one VPC with a common family, and not too many servers in one of them.
  [[nodiscard]] bool can_be_tried(const Found& found) const {
    if (found.subject == found.peer || stand_ins_[found.subject].vpc != stand_ins_[found.peer].vpc) return false;
    const Flow flow = flow_of(found);
    const std::size_t from = std::get<verify::PodEnd>(flow.from).pod, to = std::get<verify::PodEnd>(flow.to).pod;
    const auto has = [&](std::size_t pod, Family family) {
      const auto& addresses = cluster_.pods[pod].addresses;
      return std::any_of(addresses.begin(), addresses.end(), [&](const Address& each) { return each.family == family; });
    };
    const bool v4 = has(from, Family::V4) && has(to, Family::V4) && flow.protocol != Protocol::Icmp6;
    const bool v6 = has(from, Family::V6) && has(to, Family::V6) && flow.protocol != Protocol::Icmp;
    if (!v4 && !v6) return false;
    const auto ports = ports_.find(to);
    return is_icmp(flow.protocol) || ports == ports_.end() || ports->second.size() < most_ports ||
           ports->second.contains(flow.port);
  }

  [[nodiscard]] Flow flow_of(const Found& found) const {
    const verify::PodEnd subject{stand_ins_[found.subject].pod}, peer{stand_ins_[found.peer].pod};
    if (found.rule->direction == Direction::Ingress) return {peer, subject, found.packet.protocol, found.packet.port};
    return {subject, peer, found.packet.protocol, found.packet.port};
  }

  /// A flow that is known already is told of the first rule that decides it.
  void add(const Found& found, RuleId rule, bool decides) {
    const Flow flow = flow_of(found);
    const std::size_t from = std::get<verify::PodEnd>(flow.from).pod, to = std::get<verify::PodEnd>(flow.to).pod;
    const auto [entry, added] = known_.try_emplace({from, to, flow.protocol, flow.port}, Known{result_.flows.size(), decides});
    if (added) {
      if (!is_icmp(flow.protocol)) ports_[to].insert(flow.port);
      result_.flows.push_back({flow, rule});
    } else if (decides && !entry->second.is_decided) {
      entry->second.is_decided = true;
      result_.flows[entry->second.at].rule = rule;
    }
  }

  const std::vector<std::size_t>& members(ir::GroupId id) {
    const auto [entry, added] = members_.try_emplace(id);
    if (added)
      for (const std::size_t at : everyone_)
        if (ir::is_member(program_.group(id), stand_ins_[at].labels, cluster_.pods[stand_ins_[at].pod].ports))
          entry->second.push_back(at);
    return entry->second;
  }

  const std::vector<std::size_t>& peers(const ir::Peer& peer) {
    if (const auto* group = std::get_if<ir::GroupId>(&peer)) return members(*group);
    const auto* entity = std::get_if<ir::Entity>(&peer);
    const bool everyone = std::holds_alternative<ir::Anyone>(peer) || (entity != nullptr && *entity == ir::Entity::Cluster);
    return everyone ? everyone_ : nobody_;
  }

  const ir::Program& program_;
  const Cluster& cluster_;
  verify::SourceMeaning meaning_;
  std::vector<StandIn> stand_ins_;
  std::vector<std::size_t> everyone_, nobody_;
  std::map<RuleId, std::vector<const ir::Rule*>> rules_;
  std::map<ir::GroupId, std::vector<std::size_t>> members_;
  std::map<std::size_t, std::set<std::uint16_t>> ports_;  // by pod: those it must serve
  struct Known {
    std::size_t at = 0;  // into the flows
    bool is_decided = false;
  };
  std::map<std::tuple<std::size_t, std::size_t, Protocol, std::uint16_t>, Known> known_;
  std::size_t tries_ = 0;
  TriedFlows result_;
};

}  // namespace

TriedFlows flows_to_try(const ir::Program& program, const cilium::Policies& policies, const Cluster& cluster,
                        const Semantics& semantics) {
  return Picker(program, policies, cluster, semantics).pick();
}

}  // namespace policyconv::cli
