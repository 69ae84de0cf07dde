// Entrance: lower(). One walk over the policies; every rule becomes peers x traffic for its subject, and groups get
// their numbers at the end, in sorted order, so that the result does not depend on the order of the walk.
#include "frontend/lower.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "frontend/peers.h"
#include "frontend/port_names.h"
#include "frontend/selector.h"
#include "frontend/traffic.h"
#include "ir/expansion.h"
#include "ir/membership.h"

namespace policyconv::cilium {
namespace {

// Numbers groups as they are met; sorted() gives the final numbers.
class GroupTable {
 public:
  std::uint32_t number(const ir::Group& group) {
    const auto [at, added] = numbers_.try_emplace(group, static_cast<std::uint32_t>(numbers_.size()));
    return at->second;
  }
  /// Of all requirements.
  [[nodiscard]] std::set<std::string> keys() const {
    std::set<std::string> found;
    for (const auto& [group, number] : numbers_)
      for (const ir::Requirement& requirement : group.all_of) found.insert(requirement.key);
    return found;
  }
  /// Fills `groups` in sorted order and returns, for each number given out, its index there.
  std::vector<std::uint32_t> sorted(std::vector<ir::Group>& groups) {
    std::vector<std::uint32_t> final_number(numbers_.size());
    for (const auto& [group, number] : numbers_) {
      final_number[number] = static_cast<std::uint32_t>(groups.size());
      groups.push_back(group);
    }
    return final_number;
  }

 private:
  std::map<ir::Group, std::uint32_t> numbers_;
};

class Lowering {
 public:
  Lowering(const Policies& policies, const Cluster& cluster, const LowerOptions& options, Diagnostics& diagnostics)
      : context_{policies, cluster, options, diagnostics, CidrGroups(policies.cidr_groups)},
        port_names_(cluster),
        made_(policies.catalog.rules.size()) {}

  ir::Program run() {
    find_requirements();
    for (const Policy& policy : context_.policies.policies) {
      if (!policy.rejected.empty()) continue;
      if (!policy.clusterwide) check_namespace(policy.ns, policy.id, policy.loc);
      if (policy.spec) lower(policy, *policy.spec);
      if (policy.specs)
        for (const Spec& spec : *policy.specs) lower(policy, spec);
    }
    for (const NetworkPolicy& policy : context_.policies.network_policies) {
      if (!policy.rejected.empty()) continue;
      check_namespace(policy.ns, policy.id, policy.loc);
      lower(policy);
    }
    for (const NamedIngress& rule : later_)
      for (const Protocol protocol : rule.named.protocols)
        end_ports_[{rule.named.name, protocol}].emplace(rule.where.ns.value_or(""), rule.named.end_port);
    for (const NamedIngress& rule : later_) on_ingress(rule);
    const std::set<std::string> keys = groups_.keys();
    for (const NamedEgress& rule : shared_) on_shared(rule, keys);
    report_beyond();
    return finish();
  }

 private:
  // An ingress rule with a port name; lowered last, when all uses of the name are known.
  struct NamedIngress {
    ir::Group subject;
    RuleContext where;
    std::vector<PeerValue> peers;
    NamedPort named;
  };

  // An egress rule with a port name: what holds for pods that do not define it is lowered last, when all labels that
  // policies select by are known.
  struct NamedEgress {
    ir::Group subject;
    RuleContext where;
    ir::Group pods;
    Text name;
    Protocol protocol;
  };

  void check_namespace(const std::string& ns, PolicyId policy, Loc loc) {
    if (!context_.cluster.namespaces.empty() && !context_.cluster.find_namespace(ns))
      context_.diagnostics.report_policy<Kind::NamespaceUnknown>(policy, loc, ns);
  }

  // --- Cilium policies -----------------------------------------------------------------------------------------------

  void lower(const Policy& policy, const Spec& spec) {
    const std::optional<std::string> ns = policy.clusterwide ? std::nullopt : std::optional(policy.ns);
    if (!spec.endpoint_selector) {
      if (spec.node_selector) host_policy(policy, spec);
      return;
    }
    if (ambiguous(*spec.endpoint_selector)) return;
    const std::optional<ir::Group> subject = cilium::subject(*spec.endpoint_selector, ns, context_.semantics());
    if (!subject) {
      context_.diagnostics.report_policy<Kind::SubjectSelectsNothing>(policy.id, spec.endpoint_selector->loc,
                                                                      why_nothing(*spec.endpoint_selector, ns));
      return;
    }
    RuleContext where;
    where.ns = ns;
    where.subject_is_init = has_key(*spec.endpoint_selector, "reserved:init");
    // Default deny needs a rule in the direction and enableDefaultDeny not false (C§2.1).
    const auto any = [](const List<Rule>& a, const List<Rule>& b) { return (a && !a->empty()) || (b && !b->empty()); };
    where.isolates = any(spec.ingress, spec.ingress_deny) && spec.default_deny_ingress.value_or(true);
    section(spec.ingress, Direction::Ingress, Verdict::Allow, *subject, where);
    section(spec.ingress_deny, Direction::Ingress, Verdict::Deny, *subject, where);
    if (where.isolates) isolate(*subject, Direction::Ingress);
    where.isolates = any(spec.egress, spec.egress_deny) && spec.default_deny_egress.value_or(true);
    section(spec.egress, Direction::Egress, Verdict::Allow, *subject, where);
    section(spec.egress_deny, Direction::Egress, Verdict::Deny, *subject, where);
    if (where.isolates) isolate(*subject, Direction::Egress);
  }

  void host_policy(const Policy& policy, const Spec& spec) {
    context_.diagnostics.report_policy<Kind::HostPolicy>(policy.id, spec.node_selector->loc);
    for (const List<Rule>* list : {&spec.ingress, &spec.ingress_deny, &spec.egress, &spec.egress_deny})
      if (*list)
        for (const Rule& rule : **list) context_.diagnostics.report_rule<Kind::HostPolicy>(rule.id, rule.loc);
  }

  void section(const List<Rule>& rules, Direction direction, Verdict verdict, const ir::Group& subject,
               RuleContext where) {
    if (!rules) return;
    where.direction = direction;
    where.verdict = verdict;
    for (const Rule& written : *rules) {
      where.id = written.id;
      if (written.endpoints && std::any_of(written.endpoints->begin(), written.endpoints->end(),
                                           [&](const Selector& selector) { return ambiguous(selector); }))
        continue;
      if (left_out(written, where)) continue;
      // Peers alone can be too many to be lowered, since a CIDR group may be named again and again.
      const NamedPeers named = named_peers(written, context_);
      const Expansion becomes{{named.count, count_ports(written)}};
      if (total(becomes) > context_.options.most_expansion) {
        too_much(written.id, becomes);
        continue;
      }
      const std::vector<PeerValue> peers = lower_peers(written, named, where, context_);
      if (peers.empty()) continue;
      add(subject, where, peers, lower_traffic(written, where, context_));
    }
  }

  // Reports what makes a whole rule impossible to keep.
  bool left_out(const Rule& written, const RuleContext& where) {
    const bool allow = where.verdict == Verdict::Allow;
    bool out = false;
    if (allow && written.authentication && written.authentication->value != "disabled") {
      out = !context_.accepts(Kind::Authentication);
      context_.diagnostics.report_rule<Kind::Authentication>(where.id, written.authentication->loc, written.authentication->value,
                                                             out ? "the rule is left out" : "the rule is kept without it");
    }
    const std::string_view name = where.direction == Direction::Ingress ? "fromRequires" : "toRequires";
    if (written.requires_ && !written.requires_->empty()) {
      context_.diagnostics.report_rule<Kind::Requires>(where.id, written.loc, name);
      out = out || allow;
    } else if (allow && (written.endpoints || written.services) && narrowed(where)) {
      context_.diagnostics.report_rule<Kind::NarrowedByRequires>(where.id, written.loc, name);
      out = true;
    }
    return out;
  }

  // Every peer of a NetworkPolicy but an ipBlock is a selector to Cilium, also no peer at all.
  bool left_out(const NetworkPolicyRule& written, const RuleContext& where) {
    const bool blocks_only =
        written.peers && !written.peers->empty() &&
        std::all_of(written.peers->begin(), written.peers->end(),
                    [](const NetworkPolicyPeer& peer) { return !peer.pod_selector && !peer.namespace_selector; });
    if (blocks_only || !narrowed(where)) return false;
    context_.diagnostics.report_rule<Kind::NarrowedByRequires>(
        where.id, written.loc, where.direction == Direction::Ingress ? "fromRequires" : "toRequires");
    return true;
  }

  // fromRequires (up to 1.18) narrows every selector of the rules of the pods it selects, in whatever policy (C§2.2). Which
  // rules these are is decided by namespace alone, which can only name too many.
  void find_requirements() {
    for (const Policy& policy : context_.policies.policies) {
      const auto look = [&](const Spec& spec) {
        for (const auto& [list, direction] :
             {std::pair(&spec.ingress, Direction::Ingress), std::pair(&spec.ingress_deny, Direction::Ingress),
              std::pair(&spec.egress, Direction::Egress), std::pair(&spec.egress_deny, Direction::Egress)})
          if (*list && std::any_of((*list)->begin(), (*list)->end(),
                                   [](const Rule& rule) { return rule.requires_ && !rule.requires_->empty(); }))
            narrowing_.emplace(policy.clusterwide ? "" : policy.ns, direction);
      };
      if (!policy.rejected.empty()) continue;
      if (policy.spec) look(*policy.spec);
      if (policy.specs) std::for_each(policy.specs->begin(), policy.specs->end(), look);
    }
  }

  bool narrowed(const RuleContext& where) const {
    return std::any_of(narrowing_.begin(), narrowing_.end(), [&](const auto& scope) {
      return scope.second == where.direction && (scope.first.empty() || !where.ns || scope.first == *where.ns);
    });
  }

  // A key written with and without `any:` is one key, and which value survives is chance (C§18.3).
  bool ambiguous(const Selector& selector) {
    constexpr std::string_view any = "any:";
    std::map<std::string_view, std::string_view> prefixed;
    for (const auto& [key, value, loc] : selector.match_labels)
      if (key.starts_with(any)) prefixed.emplace(std::string_view(key).substr(any.size()), value);
    for (const LabelPair& plain : selector.match_labels)
      if (const auto at = prefixed.find(plain.key); at != prefixed.end() && at->second != plain.value) {
        context_.diagnostics.report<Kind::AmbiguousLabel>(plain.loc, plain.key);
        return true;
      }
    return false;
  }

  std::string why_nothing(const Selector& selector, const std::optional<std::string>& ns) const {
    for (const SourcedRequirement& wanted : requirements(selector, "any")) {
      const std::string& key = wanted.requirement.key;
      if (wanted.source != "any" && wanted.source != "k8s") return fmt::format("pods have no `{}:` labels", wanted.source);
      if (key == ir::namespace_key && ns) return fmt::format("its namespace is `{}`, the policy's is `{}`", fmt::join(wanted.requirement.values, ","), *ns);
      if (!ir::identity_relevant(key)) return fmt::format("label `{}` is not part of a pod's identity in Cilium", key);
      if (key == ir::cluster_key) return "it asks for another cluster";
    }
    return "its requirements contradict each other";
  }

  // --- Kubernetes NetworkPolicies ------------------------------------------------------------------------------------

  void lower(const NetworkPolicy& policy) {
    NetworkPolicyPeer subject_peer;
    subject_peer.pod_selector = policy.pod_selector;
    const PeerIdentities subject = identities(with_injection(subject_peer, policy.ns, context_.semantics()),
                                              Verdict::Allow, context_.semantics());
    if (!subject.pods) {
      context_.diagnostics.report_policy<Kind::SubjectSelectsNothing>(policy.id, policy.pod_selector.loc,
                                                                      why_nothing(policy.pod_selector, policy.ns));
      return;
    }
    const auto named = [&](std::string_view type) {
      return policy.policy_types && std::any_of(policy.policy_types->begin(), policy.policy_types->end(),
                                                [&](const Text& text) { return text.value == type; });
    };
    const auto filled = [](const List<NetworkPolicyRule>& rules) { return rules && !rules->empty(); };
    const bool no_types = !policy.policy_types || policy.policy_types->empty();
    // A direction with rules counts even if policyTypes leaves it out (C§9, V91, V92).
    direction(policy, policy.ingress, Direction::Ingress, *subject.pods, no_types || named("Ingress"),
              no_types || named("Ingress") || filled(policy.ingress));
    direction(policy, policy.egress, Direction::Egress, *subject.pods, no_types || named("Egress"),
              named("Egress") || filled(policy.egress));
  }

  void direction(const NetworkPolicy& policy, const List<NetworkPolicyRule>& rules, Direction direction,
                 const ir::Group& subject, bool expected, bool counts) {
    if (!counts) return;
    isolate(subject, direction);
    if (!rules) return;
    RuleContext where{RuleId::None, direction, Verdict::Allow, policy.ns, false};
    for (const NetworkPolicyRule& written : *rules) {
      where.id = written.id;
      if (!expected)
        context_.diagnostics.report_rule<Kind::PolicyTypesDiffer>(where.id, written.loc, to_string(direction));
      if (left_out(written, where)) continue;
      const std::vector<PeerValue> peers = lower_peers(written, where, context_);
      if (!peers.empty()) add(subject, where, peers, lower_traffic(written, where, context_));
    }
  }

  // --- rules ---------------------------------------------------------------------------------------------------------

  /// Rules of `program_` that a source rule has become, or would have: kinds of traffic with all of its peers, and pairs of
  /// a kind and one peer.
  struct Made {
    std::size_t with_all = 0, peers = 1, with_one = 0;
    [[nodiscard]] Expansion expansion() const {
      Expansion sum;
      if (with_all != 0) sum[peers] = with_all;
      if (with_one != 0) sum[1] = saturating_sum(sum[1], with_one);
      return sum;
    }
    [[nodiscard]] std::size_t entries() const { return saturating_sum(saturating_product(with_all, peers), with_one); }
  };

  void too_much(RuleId id, const Expansion& becomes) {
    report_too_much(id, becomes, context_.options.most_expansion, context_.policies.catalog, context_.diagnostics);
  }

  // Whether a source rule may become so many more rules. If not, it is reported at the end, when all of it is counted.
  bool has_room(const RuleContext& where, std::size_t ports, const std::vector<PeerValue>& peers) {
    Made& made = made_[static_cast<std::size_t>(where.id)];
    made.with_all = saturating_sum(made.with_all, ports);
    made.peers = peers.size();
    return made.entries() <= context_.options.most_expansion;
  }
  bool has_room_for_one(const RuleContext& where, std::size_t ports) {
    Made& made = made_[static_cast<std::size_t>(where.id)];
    made.with_one = saturating_sum(made.with_one, ports);
    return made.entries() <= context_.options.most_expansion;
  }

  void report_beyond() {
    for (std::size_t id = 0; id < made_.size(); ++id)
      if (made_[id].entries() > context_.options.most_expansion) too_much(static_cast<RuleId>(id), made_[id].expansion());
  }

  void isolate(const ir::Group& subject, Direction direction) {
    program_.isolations.push_back({static_cast<ir::GroupId>(groups_.number(subject)), direction});
  }

  void add(const ir::Group& subject, const RuleContext& where, const std::vector<PeerValue>& peers,
           const TrafficSet& traffic) {
    if (has_room(where, traffic.fixed.size(), peers))
      for (const PeerValue& peer : peers)
        for (const ir::Traffic& kind : traffic.fixed) add(subject, where, peer, kind);
    for (const NamedPort& named : traffic.named) {
      if (!context_.cluster.given || context_.cluster.pods.empty()) without_cluster(subject, where, peers, named);
      else if (where.direction == Direction::Ingress) later_.push_back({subject, where, peers, named});
      else if (context_.semantics().cilium_minor >= 20) on_egress(subject, where, peers, named);
      else cluster_wide(subject, where, peers, named);
    }
  }

  void add(const ir::Group& subject, const RuleContext& where, const PeerValue& peer, const ir::Traffic& traffic) {
    ir::Peer numbered = ir::Anyone{};
    if (const auto* group = std::get_if<ir::Group>(&peer)) numbered = static_cast<ir::GroupId>(groups_.number(*group));
    else if (const auto* outside = std::get_if<ir::Outside>(&peer)) numbered = *outside;
    else if (const auto* entity = std::get_if<ir::Entity>(&peer)) numbered = *entity;
    program_.rules.push_back({static_cast<ir::GroupId>(groups_.number(subject)), where.direction, where.verdict,
                              std::move(numbered), traffic, where.id});
  }

  // --- named ports (C§2.3, C§18.1-2) ---------------------------------------------------------------------------------

  void without_cluster(const ir::Group& subject, const RuleContext& where, const std::vector<PeerValue>& peers,
                       const NamedPort& named) {
    const bool deny = where.verdict == Verdict::Deny;
    context_.diagnostics.report_rule<Kind::NamedPortNeedsCluster>(
        where.id, named.loc, named.name, deny ? "the deny is widened to every port of the protocol" : "the allow is left out");
    if (!deny || !has_room(where, named.protocols.size(), peers)) return;
    for (const Protocol protocol : named.protocols)
      for (const PeerValue& peer : peers) add(subject, where, peer, {protocol, {}, std::nullopt});
  }

  // On ingress the name is looked up on the pod itself: each number gets the part of the group that has it.
  void on_ingress(const NamedIngress& rule) {
    const auto& [subject, where, peers, named] = rule;
    std::set<std::uint16_t> all;
    for (const Protocol protocol : named.protocols) {
      const std::set<std::uint16_t> numbers = port_names_.numbers(subject, named.name, protocol);
      all.insert(numbers.begin(), numbers.end());
      if (numbers.empty() || !has_room(where, numbers.size(), peers)) continue;
      const std::uint16_t end_port = agreed_end_port(where, named, protocol);
      for (const std::uint16_t number : numbers) {
        ir::Group part = subject;
        part.port = ContainerPort{named.name, protocol, number};
        for (const PeerValue& peer : peers)
          add(part, where, peer, {protocol, {number, std::max(number, end_port)}, std::nullopt});
      }
    }
    note_numbers(all, "selected pod", where, named);
  }

  // On egress (since 1.20) it is looked up for each destination's identity; nothing but pods has names, and endPort is
  // ignored.
  void on_egress(const ir::Group& subject, const RuleContext& where, const std::vector<PeerValue>& peers,
                 const NamedPort& named) {
    const bool deny = where.verdict == Verdict::Deny;
    std::set<std::uint16_t> all;
    bool disagree = false;
    for (const PeerValue& peer : peers) {
      std::optional<ir::Group> pods;
      if (const auto* group = std::get_if<ir::Group>(&peer)) pods = *group;
      else if (std::holds_alternative<ir::Anyone>(peer) || peer == PeerValue(ir::Entity::Cluster)) pods = ir::Group{};
      if (!pods) continue;
      for (const Protocol protocol : named.protocols) {
        const bool disagree_here = port_names_.disagree(*pods, named.name, protocol);
        disagree = disagree || disagree_here;
        if (disagree_here && !deny) continue;
        const std::set<std::uint16_t> numbers = port_names_.numbers(*pods, named.name, protocol);
        all.insert(numbers.begin(), numbers.end());
        shared_.push_back({subject, where, *pods, {named.name, named.loc}, protocol});
        if (!has_room_for_one(where, numbers.size())) continue;
        for (const std::uint16_t number : numbers) {
          ir::Group part = *pods;
          part.port = ContainerPort{named.name, protocol, number};
          add(subject, where, part, {protocol, {number, number}, std::nullopt});
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
    const auto shared = port_names_.shared(rule.pods, rule.name.value, rule.protocol, keys);
    if (rule.where.verdict == Verdict::Allow && !shared.empty() && left_out_.emplace(rule.where.id, rule.name.value).second)
      context_.diagnostics.report_rule<Kind::NamedPortShared>(rule.where.id, rule.name.loc, rule.name.value);
    if (rule.where.verdict == Verdict::Allow || !has_room_for_one(rule.where, shared.size())) return;
    for (const auto& [identity, number] : shared)
      add(rule.subject, rule.where, identity, {rule.protocol, {number, number}, std::nullopt});
  }

  // Up to 1.19 one number for the whole cluster, for every peer; two numbers on running pods anywhere make the rule void.
  // A deny is kept for all of them: it comes to life as soon as the pods agree.
  void cluster_wide(const ir::Group& subject, const RuleContext& where, const std::vector<PeerValue>& peers,
                    const NamedPort& named) {
    const bool deny = where.verdict == Verdict::Deny;
    std::set<std::uint16_t> all;
    for (const Protocol protocol : named.protocols) {
      const std::set<std::uint16_t> numbers = port_names_.running_numbers(named.name, protocol);
      all.insert(numbers.begin(), numbers.end());
      if (numbers.size() > 1) {
        const std::string written = fmt::format("{}", fmt::join(numbers, " and "));
        if (deny) context_.diagnostics.report_rule<Kind::NamedPortAmbiguousDeny>(where.id, named.loc, named.name, written);
        else context_.diagnostics.report_rule<Kind::NamedPortAmbiguous>(where.id, named.loc, named.name, written);
        if (!deny) continue;
      }
      if (!has_room(where, numbers.size(), peers)) continue;
      for (const std::uint16_t number : numbers)
        for (const PeerValue& peer : peers)
          add(subject, where, peer, {protocol, {number, std::max(number, named.end_port)}, std::nullopt});
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

  ir::Program finish() {
    const std::vector<std::uint32_t> final_number = groups_.sorted(program_.groups);
    const auto renumber = [&](ir::GroupId& id) {
      id = static_cast<ir::GroupId>(final_number[static_cast<std::size_t>(id)]);
    };
    const auto sort_unique = [](auto& list) {
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
    };
    for (ir::Isolation& isolation : program_.isolations) renumber(isolation.subject);
    for (ir::Rule& added : program_.rules) {
      renumber(added.subject);
      if (auto* peer = std::get_if<ir::GroupId>(&added.peer)) renumber(*peer);
    }
    sort_unique(program_.isolations);
    sort_unique(program_.rules);
    return std::move(program_);
  }

  LowerContext context_;
  PortNames port_names_;
  GroupTable groups_;
  std::vector<Made> made_;         // by RuleId
  std::set<std::pair<std::string, Direction>> narrowing_;  // (namespace or "" for all, direction)
  std::vector<NamedIngress> later_;
  std::vector<NamedEgress> shared_;
  std::set<std::pair<RuleId, std::string>> left_out_;  // what on_shared() has reported
  // By name and protocol: (namespace or "" for all, endPort).
  std::map<std::pair<std::string, Protocol>, std::set<std::pair<std::string, std::uint16_t>>> end_ports_;
  ir::Program program_;
};

}  // namespace

ir::Program lower(const Policies& policies, const Cluster& cluster, const LowerOptions& options,
                  Diagnostics& diagnostics) {
  return Lowering(policies, cluster, options, diagnostics).run();
}

}  // namespace policyconv::cilium
