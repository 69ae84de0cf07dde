#include "frontend/named_ports.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/ranges.h>

namespace policyconv::cilium {
namespace {

class NamedPortLowering {
 public:
  NamedPortLowering(LowerContext& context, MadeRules& made) : context_(context), made_(made) {}

  void rule(const ir::Group& subject, const RuleContext& where, const std::vector<PeerValue>& peers, const NamedPort& named,
            LaterRules& later) {
    if (!context_.cluster.given || context_.cluster.pods.empty()) without_cluster(subject, where, peers, named);
    else if (where.direction == Direction::Ingress) later.ingress.push_back({subject, where, peers, named});
    else if (context_.semantics().cilium_minor >= 20) on_egress(subject, where, peers, named, later);
    else cluster_wide(subject, where, peers, named);
  }

  void rest(const LaterRules& later, std::set<std::string> keys) {
    for (const NamedIngress& rule : later.ingress)
      for (const Protocol protocol : rule.named.protocols)
        end_ports_[{rule.named.name, protocol}].emplace(rule.where.ns.value_or(""), rule.named.end_port);
    for (const NamedIngress& rule : later.ingress) on_ingress(rule);
    keys.merge(made_.keys());
    for (const NamedEgress& rule : later.egress) on_shared(rule, keys);
  }

 private:
  void without_cluster(const ir::Group& subject, const RuleContext& where, const std::vector<PeerValue>& peers,
                       const NamedPort& named) {
    const bool deny = where.verdict == Verdict::Deny;
    context_.diagnostics.report_rule<Kind::NamedPortNeedsCluster>(
        where.id, named.loc, named.name, deny ? "the deny is widened to every port of the protocol" : "the allow is left out");
    if (!deny || !made_.has_room(where.id, named.protocols.size(), peers)) return;
    for (const Protocol protocol : named.protocols)
      for (const PeerValue& peer : peers) made_.add(subject, where, peer, {protocol, {}, std::nullopt});
  }

  // On ingress the name is looked up on the pod itself: each number gets the part of the group that has it.
  void on_ingress(const NamedIngress& rule) {
    const auto& [subject, where, peers, named] = rule;
    std::set<std::uint16_t> all;
    for (const Protocol protocol : named.protocols) {
      const std::set<std::uint16_t> numbers = context_.port_names.numbers(subject, named.name, protocol);
      all.insert(numbers.begin(), numbers.end());
      if (numbers.empty() || !made_.has_room(where.id, numbers.size(), peers)) continue;
      const std::uint16_t end_port = agreed_end_port(where, named, protocol);
      for (const std::uint16_t number : numbers) {
        ir::Group part = subject;
        part.port = ContainerPort{named.name, protocol, number};
        for (const PeerValue& peer : peers)
          made_.add(part, where, peer, {protocol, {number, std::max(number, end_port)}, std::nullopt});
      }
    }
    note_numbers(all, "selected pod", where, named);
  }

  // On egress (since 1.20) it is looked up for each destination's identity; nothing but pods has names, and endPort is
  // ignored.
  void on_egress(const ir::Group& subject, const RuleContext& where, const std::vector<PeerValue>& peers,
                 const NamedPort& named, LaterRules& later) {
    const bool deny = where.verdict == Verdict::Deny;
    std::set<std::uint16_t> all;
    bool disagree = false;
    for (const PeerValue& peer : peers) {
      std::optional<ir::Group> pods;
      if (const auto* group = std::get_if<ir::Group>(&peer)) pods = *group;
      else if (std::holds_alternative<ir::Anyone>(peer) || peer == PeerValue(ir::Entity::Cluster)) pods = ir::Group{};
      if (!pods) continue;
      for (const Protocol protocol : named.protocols) {
        const bool disagree_here = context_.port_names.disagree(*pods, named.name, protocol);
        disagree = disagree || disagree_here;
        if (disagree_here && !deny) continue;
        const std::set<std::uint16_t> numbers = context_.port_names.numbers(*pods, named.name, protocol);
        all.insert(numbers.begin(), numbers.end());
        later.egress.push_back({subject, where, *pods, {named.name, named.loc}, protocol});
        if (!made_.has_room_for_one(where.id, numbers.size())) continue;
        for (const std::uint16_t number : numbers) {
          ir::Group part = *pods;
          part.port = ContainerPort{named.name, protocol, number};
          made_.add(subject, where, part, {protocol, {number, number}, std::nullopt});
        }
      }
    }
    if (disagree)
      context_.diagnostics.report_rule<Kind::NamedPortDisagrees>(
          where.id, named.loc, named.name, deny ? "the deny covers them" : "the allow is left out for all of them");
    if (!disagree || !all.empty()) note_numbers(all, "destination pod", where, named);
  }

  // Pods without the name that have the identity of one with it. Whether identities hold port names differs between releases
  // (C§3.1), so that an allow might be looser.
  void on_shared(const NamedEgress& rule, const std::set<std::string>& keys) {
    const auto shared = context_.port_names.shared(rule.pods, rule.name.value, rule.protocol, keys);
    if (rule.where.verdict == Verdict::Allow && !shared.empty() && left_out_.emplace(rule.where.id, rule.name.value).second)
      context_.diagnostics.report_rule<Kind::NamedPortShared>(rule.where.id, rule.name.loc, rule.name.value);
    if (rule.where.verdict == Verdict::Allow || !made_.has_room_for_one(rule.where.id, shared.size())) return;
    for (const auto& [identity, number] : shared)
      made_.add(rule.subject, rule.where, identity, {rule.protocol, {number, number}, std::nullopt});
  }

  // Up to 1.19 one number for the whole cluster, for every peer; two numbers on running pods anywhere make the rule void.
  // A deny is kept for all of them: it comes to life as soon as the pods agree.
  void cluster_wide(const ir::Group& subject, const RuleContext& where, const std::vector<PeerValue>& peers,
                    const NamedPort& named) {
    const bool deny = where.verdict == Verdict::Deny;
    std::set<std::uint16_t> all;
    for (const Protocol protocol : named.protocols) {
      const std::set<std::uint16_t> numbers = context_.port_names.running_numbers(named.name, protocol);
      all.insert(numbers.begin(), numbers.end());
      if (numbers.size() > 1) {
        const std::string written = fmt::format("{}", fmt::join(numbers, " and "));
        if (deny) context_.diagnostics.report_rule<Kind::NamedPortAmbiguousDeny>(where.id, named.loc, named.name, written);
        else context_.diagnostics.report_rule<Kind::NamedPortAmbiguous>(where.id, named.loc, named.name, written);
        if (!deny) continue;
      }
      if (!made_.has_room(where.id, numbers.size(), peers)) continue;
      for (const std::uint16_t number : numbers)
        for (const PeerValue& peer : peers)
          made_.add(subject, where, peer, {protocol, {number, std::max(number, named.end_port)}, std::nullopt});
    }
    note_numbers(all, "pod", where, named);
  }

  void note_numbers(const std::set<std::uint16_t>& numbers, std::string_view who, const RuleContext& where,
                    const NamedPort& named) {
    if (!numbers.empty()) {
      context_.diagnostics.report_rule<Kind::NamedPortNumbers>(where.id, named.loc, named.name,
                                                               fmt::format("{}", fmt::join(numbers, ", ")));
      return;
    }
    std::vector<std::string_view> protocols;
    for (const Protocol protocol : named.protocols) protocols.push_back(to_string(protocol));
    context_.diagnostics.report_rule<Kind::NamedPortUnknown>(where.id, named.loc, who,
                                                             fmt::format("{}", fmt::join(protocols, " or ")), named.name);
  }

  // Cilium keys ingress filters by name and protocol, so the first rule's endPort governs all rules of the pod (C§18.2).
  // Whether two rules share a pod is decided by namespace alone; a clusterwide rule may share one with any other.
  std::uint16_t agreed_end_port(const RuleContext& where, const NamedPort& named, Protocol protocol) {
    std::set<std::uint16_t> used;
    for (const auto& [ns, end_port] : end_ports_[{named.name, protocol}])
      if (!where.ns || ns.empty() || ns == *where.ns) used.insert(end_port);
    if (used.size() == 1) return named.end_port;
    const bool deny = where.verdict == Verdict::Deny;
    context_.diagnostics.report_rule<Kind::NamedPortEndPorts>(
        where.id, named.loc, named.name, deny ? "the deny takes the widest range" : "the allow takes the port alone");
    return deny ? *used.rbegin() : std::uint16_t{0};
  }

  LowerContext& context_;
  MadeRules& made_;
  std::set<std::pair<RuleId, std::string>> left_out_;  // what on_shared() has reported
  // By name and protocol: (namespace or "" for all, endPort).
  std::map<std::pair<std::string, Protocol>, std::set<std::pair<std::string, std::uint16_t>>> end_ports_;
};

}  // namespace

void lower_named_port(const ir::Group& subject, const RuleContext& where, const std::vector<PeerValue>& peers,
                      const NamedPort& named, LowerContext& context, MadeRules& made, LaterRules& later) {
  NamedPortLowering(context, made).rule(subject, where, peers, named, later);
}

void lower_named_ports(const LaterRules& later, std::set<std::string> keys, LowerContext& context, MadeRules& made) {
  NamedPortLowering(context, made).rest(later, std::move(keys));
}

}  // namespace policyconv::cilium
