// Entrance: lower(). One walk over the policies, shared out among threads; every rule becomes peers x traffic for its subject,
// and groups get their numbers at the end, in sorted order, so that the result does not depend on the order of the walk.
#include "frontend/lower.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "frontend/made_rules.h"
#include "frontend/named_ports.h"
#include "frontend/peers.h"
#include "frontend/port_names.h"
#include "frontend/selector.h"
#include "frontend/traffic.h"
#include "ir/expansion.h"
#include "ir/membership.h"
#include "ir/parallel.h"

namespace policyconv::cilium {
namespace {

/// Where fromRequires narrows selectors: (namespace or "" for all, direction).
using Narrowing = std::set<std::pair<std::string, Direction>>;

// fromRequires (up to 1.18) narrows every selector of the rules of the pods it selects, in whatever policy (C§2.2). Which
// rules these are is decided by namespace alone, which can only name too many.
Narrowing narrowing_of(const std::vector<Policy>& policies) {
  Narrowing found;
  for (const Policy& policy : policies) {
    const auto look = [&](const Spec& spec) {
      for (const auto& [list, direction] :
           {std::pair(&spec.ingress, Direction::Ingress), std::pair(&spec.ingress_deny, Direction::Ingress),
            std::pair(&spec.egress, Direction::Egress), std::pair(&spec.egress_deny, Direction::Egress)})
        if (*list && std::any_of((*list)->begin(), (*list)->end(),
                                 [](const Rule& rule) { return rule.requires_ && !rule.requires_->empty(); }))
          found.emplace(policy.clusterwide ? "" : policy.ns, direction);
    };
    if (!policy.rejected.empty()) continue;
    if (policy.spec) look(*policy.spec);
    if (policy.specs) std::for_each(policy.specs->begin(), policy.specs->end(), look);
  }
  return found;
}

/// What one part of the policies becomes.
struct Part {
  MadeRules made;
  LaterRules later;
  Diagnostics diagnostics;
};

class Lowering {
 public:
  Lowering(const LowerContext& context, const Narrowing& narrowing, Part& part)
      : context_{context.policies, context.cluster, context.options, part.diagnostics, context.cidr_groups, context.port_names},
        narrowing_(narrowing),
        part_(part) {}

  void lower(const Policy& policy) {
    if (!policy.rejected.empty()) return;
    if (!policy.clusterwide) check_namespace(policy.ns, policy.id, policy.loc);
    if (policy.spec) lower(policy, *policy.spec);
    if (policy.specs)
      for (const Spec& spec : *policy.specs) lower(policy, spec);
  }

  void lower(const NetworkPolicy& policy) {
    if (!policy.rejected.empty()) return;
    check_namespace(policy.ns, policy.id, policy.loc);
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

 private:
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
    if (where.isolates) part_.made.isolate(*subject, Direction::Ingress);
    where.isolates = any(spec.egress, spec.egress_deny) && spec.default_deny_egress.value_or(true);
    section(spec.egress, Direction::Egress, Verdict::Allow, *subject, where);
    section(spec.egress_deny, Direction::Egress, Verdict::Deny, *subject, where);
    if (where.isolates) part_.made.isolate(*subject, Direction::Egress);
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
        report_too_much(written.id, becomes, context_.options.most_expansion, context_.policies.catalog, context_.diagnostics);
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

  void direction(const NetworkPolicy& policy, const List<NetworkPolicyRule>& rules, Direction direction,
                 const ir::Group& subject, bool expected, bool counts) {
    if (!counts) return;
    part_.made.isolate(subject, direction);
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

  void add(const ir::Group& subject, const RuleContext& where, const std::vector<PeerValue>& peers, const TrafficSet& traffic) {
    if (part_.made.has_room(where.id, traffic.fixed.size(), peers))
      for (const PeerValue& peer : peers)
        for (const ir::Traffic& kind : traffic.fixed) part_.made.add(subject, where, peer, kind);
    for (const NamedPort& named : traffic.named)
      lower_named_port(subject, where, peers, named, context_, part_.made, part_.later);
  }

  LowerContext context_;
  const Narrowing& narrowing_;
  Part& part_;
};

/// Equal parts, at most as many as there are jobs. `made` is of all of them.
std::vector<Part> lower_in_parts(const LowerContext& context, std::span<Made> made) {
  constexpr std::size_t least_policies = 100;  // so that a part takes far longer than a thread to begin
  const auto& [policies, network_policies, cidr_groups, catalog] = context.policies;
  const std::size_t most = (policies.size() + network_policies.size()) / least_policies;
  const std::size_t count = std::max<std::size_t>(1, std::min<std::size_t>(context.options.jobs, most));
  const Narrowing narrowing = narrowing_of(policies);
  std::vector<Part> parts(count, {MadeRules(made, context.options.most_expansion), {}, {}});
  in_parallel(count, context.options.jobs, [&](std::size_t i) {
    Lowering lowering(context, narrowing, parts[i]);
    const auto share = [&](const auto& list) {
      const std::size_t first = list.size() * i / count, last = list.size() * (i + 1) / count;
      return std::span(list).subspan(first, last - first);
    };
    for (const Policy& policy : share(policies)) lowering.lower(policy);
    for (const NetworkPolicy& policy : share(network_policies)) lowering.lower(policy);
  });
  return parts;
}

}  // namespace

ir::Program lower(const Policies& policies, const Cluster& cluster, const LowerOptions& options,
                  Diagnostics& diagnostics) {
  const CidrGroups cidr_groups(policies.cidr_groups);
  const PortNames port_names(cluster);
  LowerContext context{policies, cluster, options, diagnostics, cidr_groups, port_names};
  std::vector<Made> made(policies.catalog.rules.size());
  std::vector<MadeRules> rules;
  LaterRules later;
  std::set<std::string> keys;
  for (Part& part : lower_in_parts(context, made)) {
    diagnostics.append(std::move(part.diagnostics));
    std::move(part.later.ingress.begin(), part.later.ingress.end(), std::back_inserter(later.ingress));
    std::move(part.later.egress.begin(), part.later.egress.end(), std::back_inserter(later.egress));
    keys.merge(part.made.keys());
    rules.push_back(std::move(part.made));
  }
  lower_named_ports(later, std::move(keys), context, rules.front());
  for (std::size_t id = 0; id < made.size(); ++id)
    if (made[id].entries() > options.most_expansion)
      report_too_much(static_cast<RuleId>(id), made[id].expansion(), options.most_expansion, policies.catalog, diagnostics);
  return MadeRules::joined(std::move(rules), options.jobs);
}

}  // namespace policyconv::cilium
