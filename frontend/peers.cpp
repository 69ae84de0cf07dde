#include "frontend/peers.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "frontend/services.h"
#include "ir/membership.h"

namespace policyconv::cilium {
namespace {

using ir::Anyone;
using ir::Entity;
using ir::Outside;

template <typename T>
bool filled(const List<T>& list) {
  return list && !list->empty();
}
template <typename T>
bool present_but_empty(const List<T>& list) {
  return list && list->empty();
}

class PeerLowering {
 public:
  PeerLowering(const RuleContext& where, LowerContext& context) : where_(where), context_(context) {}

  std::vector<PeerValue> take() { return std::move(peers_); }

  void everyone() { peers_.emplace_back(Anyone{}); }

  void world() {
    peers_.emplace_back(Outside{whole(Family::V4), {}});
    peers_.emplace_back(Outside{whole(Family::V6), {}});
  }

  void selector(const Selector& selector) {
    note_labels_outside_identity(selector);
    identities(with_injection(selector, where_.ns, where_.subject_is_init, context_.semantics()), selector.loc);
  }

  void identities(const std::vector<SourcedRequirement>& all_of, Loc loc) {
    const PeerIdentities found = cilium::identities(all_of, where_.verdict, context_.semantics());
    if (asks_other_clusters(all_of, context_.semantics())) other_clusters(loc);
    if (found.families_matter)
      context_.diagnostics.report_rule<Kind::WorldLabel>(
          where_.id, loc, deny() ? "the deny covers what either selects" : "the allow covers what both select");
    const bool all_nodes = found.host && found.host_apiserver && found.remote && found.remote_apiserver;
    const bool all_world = found.world_v4 && found.world_v6 && found.world_v4_apiserver && found.world_v6_apiserver;
    const bool asks_outside = outside_labels(all_of, loc);
    if (!asks_outside && found.pods && found.pods->all_of.empty() && all_nodes && all_world) return everyone();
    if (found.pods) peers_.emplace_back(*found.pods);
    if (asks_outside) return;
    nodes(found, loc);
    if (all_world) world();
    else outside(found, loc);
  }

  void entities(const std::vector<Text>& names) {
    const auto named = [&](std::string_view name) {
      return std::any_of(names.begin(), names.end(), [&](const Text& text) { return text.value == name; });
    };
    const auto mesh = std::find_if(names.begin(), names.end(), [](const Text& text) { return text.value == "cluster-mesh"; });
    const bool cluster = named("cluster") || mesh != names.end();
    if (named("all") || (cluster && named("world"))) return everyone();
    if (mesh != names.end()) other_clusters(mesh->loc);
    if (cluster) {
      peers_.emplace_back(Entity::Cluster);
    } else {
      if (named("host") && named("remote-node")) peers_.emplace_back(Entity::Nodes);
      else if (named("host")) peers_.emplace_back(Entity::Host);
      else if (named("remote-node")) peers_.emplace_back(Entity::RemoteNode);
      if (named("kube-apiserver")) peers_.emplace_back(Entity::Apiserver);
    }
    if (named("world") || named("world-ipv4")) peers_.emplace_back(Outside{whole(Family::V4), {}});
    if (named("world") || named("world-ipv6")) peers_.emplace_back(Outside{whole(Family::V6), {}});
    for (const Text& name : names)
      if (name.value == "health" || name.value == "init" || name.value == "ingress" || name.value == "unmanaged")
        context_.diagnostics.report_rule<Kind::EntityAbsent>(where_.id, name.loc, name.value);
  }

  void cidr(const Text& written, const std::vector<Text>& except) {
    bool host_bits = false;
    const std::optional<Cidr> within = cidr_of(written.value, &host_bits);
    if (!within) return;  // validate() refuses policies, and the decoder CIDR groups, with anything else
    if (host_bits)
      context_.diagnostics.report_rule<Kind::CidrHostBits>(where_.id, written.loc, written.value, to_string(*within));
    if (is_v4_mapped(*within)) {
      context_.diagnostics.report_rule<Kind::MappedCidr>(where_.id, written.loc, written.value);
      return;
    }
    block(*within, except);
  }

  void cidr_rule(const CidrRule& rule, const std::vector<const CidrGroup*>& groups) {
    if (rule.cidr) return cidr(*rule.cidr, rule.except);
    for (const CidrGroup* group : groups)
      for (const Text& text : group->cidrs) cidr(text, rule.except);
    if (!groups.empty()) return;
    if (rule.cidr_group_ref) no_cidr_group(rule.cidr_group_ref->loc, fmt::format("named `{}`", rule.cidr_group_ref->value));
    else if (rule.cidr_group_selector) no_cidr_group(rule.cidr_group_selector->loc, "that this selector matches");
  }

  void fqdns(const std::vector<Fqdn>& names) {
    const bool accepted = context_.accepts(Kind::FqdnPeer);
    context_.diagnostics.report_rule<Kind::FqdnPeer>(where_.id, names.front().loc,
                                                     accepted ? "all of the world is allowed instead" : "these names stay unreachable");
    if (accepted) world();
  }

  void aws_groups(const std::vector<Loc>& groups) {
    context_.diagnostics.report_rule<Kind::AwsGroups>(where_.id, groups.front(), left_out_or_world());
    if (deny()) world();
  }

  // Only denies before 1.17 get here, which Cilium did not check; they never match the pod's own node (C§3.5).
  void node_selectors(const std::vector<Selector>& selectors) {
    peers_.emplace_back(Entity::RemoteNode);
    const auto named = std::find_if_not(selectors.begin(), selectors.end(), [](const Selector& s) { return s.empty(); });
    if (named != selectors.end())
      context_.diagnostics.report_rule<Kind::OutsideLabels>(where_.id, named->loc, "node:", "the deny is widened to all other nodes");
  }

  void services(const std::vector<ServiceRef>& references, bool has_ports) {
    if (deny()) {
      context_.diagnostics.report_rule<Kind::ServicesInDeny>(
          where_.id, references.front().loc, has_ports ? "denies these ports to everyone" : "denies nothing");
      if (has_ports) everyone();
      return;
    }
    ResolvedServices resolved = resolve_services(references, where_, has_ports, context_);
    for (ir::Group& group : resolved.groups) peers_.emplace_back(std::move(group));
    for (const Address& address : resolved.addresses) peers_.emplace_back(Outside{host_cidr(address), {}});
  }

 private:
  [[nodiscard]] bool deny() const { return where_.verdict == Verdict::Deny; }

  /// What becomes of addresses that are not known here.
  [[nodiscard]] std::string_view left_out_or_world() const {
    return deny() ? "the deny is widened to all of the world" : "the allow is left out";
  }

  // Up to 1.19 Cilium takes a bare address (C§0.1).
  static std::optional<Cidr> cidr_of(std::string_view text, bool* host_bits = nullptr) {
    if (const std::optional<Cidr> cidr = parse_cidr(text, nullptr, host_bits)) return cidr;
    const std::optional<Address> address = parse_address(text);
    return address ? std::optional(host_cidr(*address)) : std::nullopt;
  }

  // Pods of other clusters of a mesh have addresses that nothing here knows.
  void other_clusters(Loc loc) {
    if (deny()) context_.diagnostics.report_rule<Kind::OtherClustersNotDenied>(where_.id, loc);
    else context_.diagnostics.report_rule<Kind::OtherClusters>(where_.id, loc);
  }

  void no_cidr_group(Loc loc, const std::string& which) {
    context_.diagnostics.report_rule<Kind::CidrGroupMissing>(where_.id, loc, which, left_out_or_world());
    if (deny()) world();
  }

  void block(const Cidr& within, const std::vector<Text>& except) {
    Outside outside{within, {}};
    for (const Text& text : except)
      if (const std::optional<Cidr> hole = cidr_of(text.value)) {
        if (contains(*hole, within)) return;  // nothing is left
        if (contains(within, *hole)) outside.except.push_back(*hole);
      }
    outside.except = minimal_cover(std::move(outside.except));
    peers_.emplace_back(std::move(outside));
  }

  // Sources that only outside addresses carry; they matter only if the selector escapes namespace injection.
  bool outside_labels(const std::vector<SourcedRequirement>& all_of, Loc loc) {
    const auto asked = std::find_if(all_of.begin(), all_of.end(), [](const SourcedRequirement& r) {
      return r.source == "cidr" || r.source == "cidrgroup" || r.source == "fqdn" || r.source == "node";
    });
    if (asked == all_of.end()) return false;
    const bool bound_to_pods = std::any_of(all_of.begin(), all_of.end(), [](const SourcedRequirement& r) {
      return r.source == "k8s" && (r.requirement.op == ir::Op::In || r.requirement.op == ir::Op::Exists);
    });
    if (bound_to_pods) return true;  // no outside address has Kubernetes labels: only pods can match
    context_.diagnostics.report_rule<Kind::OutsideLabels>(
        where_.id, loc, asked->source + ":",
        deny() ? "the deny is widened to all nodes and the world" : "the allow is left out for them");
    if (deny()) {
      world();
      peers_.emplace_back(Entity::Nodes);
    }
    return true;
  }

  void nodes(const PeerIdentities& found, Loc loc) {
    const bool host = found.host, remote = found.remote;
    const bool host_api = found.host_apiserver, remote_api = found.remote_apiserver;
    if (!host && !remote && !host_api && !remote_api) return;
    if (host && remote && host_api && remote_api) return add(Entity::Nodes);
    if (host && host_api && !remote && !remote_api) return add(Entity::Host);
    if (remote && remote_api && !host && !host_api) return add(Entity::RemoteNode);
    if (!host && !remote && host_api && remote_api && found.world_v4_apiserver && found.world_v6_apiserver)
      return add(Entity::Apiserver);
    mixed(loc);
    if (deny()) add(Entity::Nodes);
  }

  void outside(const PeerIdentities& found, Loc loc) {
    const bool apiserver_only = !found.world_v4 && !found.world_v6 && found.world_v4_apiserver &&
                                found.world_v6_apiserver && found.host_apiserver && found.remote_apiserver;
    if (apiserver_only) return;  // said by Entity::Apiserver
    family(Family::V4, found.world_v4, found.world_v4_apiserver, loc);
    family(Family::V6, found.world_v6, found.world_v6_apiserver, loc);
  }

  void family(Family family, bool plain, bool apiserver, Loc loc) {
    if (!plain && !apiserver) return;
    if (plain != apiserver) {
      mixed(loc);
      if (!deny()) return;
    }
    peers_.emplace_back(Outside{whole(family), {}});
  }

  void mixed(Loc loc) {
    context_.diagnostics.report_rule<Kind::NodeIdentitiesMixed>(
        where_.id, loc, deny() ? "the deny is widened to all of them" : "the allow is left out for them");
  }

  void add(Entity entity) { peers_.emplace_back(entity); }

  void note_labels_outside_identity(const Selector& selector) {
    for (const SourcedRequirement& wanted : requirements(selector, "any"))
      if ((wanted.source == "any" || wanted.source == "k8s") && !ir::identity_relevant(wanted.requirement.key)) {
        const bool never = wanted.requirement.op == ir::Op::In || wanted.requirement.op == ir::Op::Exists;
        context_.diagnostics.report_rule<Kind::LabelOutsideIdentity>(
            where_.id, selector.loc, wanted.requirement.key, never ? "this selector matches no pod" : "this part always holds");
      }
  }

  const RuleContext& where_;
  LowerContext& context_;
  std::vector<PeerValue> peers_;
};

// Since 1.16 an empty list selects nobody; before, it counted as absent (C§0.1). Three members never counted (C§1.4).
bool selects_nobody(const Rule& rule, const Semantics& semantics) {
  return semantics.cilium_minor >= 16 &&
         (present_but_empty(rule.endpoints) || present_but_empty(rule.cidr) || present_but_empty(rule.cidr_set) ||
          present_but_empty(rule.entities) || present_but_empty(rule.nodes));
}

/// The CIDR groups that an element of cidr_set names.
std::vector<const CidrGroup*> groups_of(const CidrRule& rule, const CidrGroups& groups) {
  if (rule.cidr_group_ref) {
    const CidrGroup* const group = groups.find(rule.cidr_group_ref->value);
    if (group == nullptr) return {};
    return {group};
  }
  return rule.cidr_group_selector ? groups.select(*rule.cidr_group_selector) : std::vector<const CidrGroup*>();
}

bool has_peer(const Rule& rule) {
  return filled(rule.endpoints) || filled(rule.cidr) || filled(rule.cidr_set) || filled(rule.entities) ||
         filled(rule.nodes) || filled(rule.groups) || filled(rule.services) || filled(rule.fqdns);
}

}  // namespace

bool LowerContext::accepts(Kind kind) const {
  const std::string_view code = definition(kind).code;
  return std::find(options.allow_looser.begin(), options.allow_looser.end(), code) != options.allow_looser.end();
}

std::vector<PeerValue> lower_peers(const Rule& rule, const NamedPeers& named, const RuleContext& where, LowerContext& context) {
  PeerLowering lowering(where, context);
  const std::string_view does = where.verdict == Verdict::Allow ? "allows" : "denies";
  const bool has_traffic = filled(rule.to_ports) || filled(rule.icmps);
  if (selects_nobody(rule, context.semantics())) {
    context.diagnostics.report_rule<Kind::RuleSelectsNothing>(where.id, rule.loc, does, "an empty list of peers selects nobody");
    return {};
  }
  if (!has_peer(rule)) {
    if (!has_traffic) return {};  // `{}`: the idiom for default deny
    const std::string_view from = where.direction == Direction::Ingress ? "from" : "to";
    for (const auto& [empty, name] : {std::pair(present_but_empty(rule.groups), "Groups"),
                                      std::pair(present_but_empty(rule.fqdns), "FQDNs"),
                                      std::pair(present_but_empty(rule.services), "Services")})
      if (empty)
        context.diagnostics.report_rule<Kind::EmptyListIsEveryone>(where.id, rule.loc, fmt::format("{}{}", from, name));
    lowering.everyone();
    return lowering.take();
  }
  if (rule.endpoints)
    for (const Selector& selector : *rule.endpoints) lowering.selector(selector);
  if (filled(rule.entities)) lowering.entities(*rule.entities);
  if (rule.cidr)
    for (const Text& cidr : *rule.cidr) lowering.cidr(cidr, {});
  if (rule.cidr_set)
    for (std::size_t i = 0; i < rule.cidr_set->size(); ++i) lowering.cidr_rule((*rule.cidr_set)[i], named.groups.at(i));
  if (filled(rule.fqdns)) lowering.fqdns(*rule.fqdns);
  if (filled(rule.groups)) lowering.aws_groups(*rule.groups);
  if (filled(rule.nodes) && where.verdict == Verdict::Deny) lowering.node_selectors(*rule.nodes);
  if (filled(rule.services)) lowering.services(*rule.services, has_traffic);
  return lowering.take();
}

NamedPeers named_peers(const Rule& rule, const LowerContext& context) {
  NamedPeers named;
  const auto add = [&](std::size_t more) { named.count = saturating_sum(named.count, more); };
  if (rule.endpoints) add(rule.endpoints->size());
  if (rule.entities) add(rule.entities->size());
  if (rule.cidr) add(rule.cidr->size());
  if (rule.services) add(rule.services->size());
  if (rule.cidr_set) {
    named.groups.reserve(rule.cidr_set->size());
    for (const CidrRule& cidr : *rule.cidr_set) {
      std::vector<const CidrGroup*>& kept = named.groups.emplace_back();
      if (cidr.cidr) {
        add(1);
        continue;
      }
      const std::size_t each = saturating_sum(1, cidr.except.size());  // every CIDR of a group gets them
      for (const CidrGroup* group : groups_of(cidr, context.cidr_groups)) {
        add(saturating_product(group->cidrs.size(), each));
        // Groups without CIDRs would not be counted; one is enough to tell that there are any.
        if (named.count <= context.options.most_expansion && (!group->cidrs.empty() || kept.empty())) kept.push_back(group);
      }
    }
  }
  named.count = std::max<std::size_t>(named.count, 1);
  if (named.count > context.options.most_expansion) named.groups.clear();  // some were not kept: none may be lowered
  return named;
}

std::vector<PeerValue> lower_peers(const NetworkPolicyRule& rule, const RuleContext& where, LowerContext& context) {
  PeerLowering lowering(where, context);
  if (!filled(rule.peers)) {
    lowering.everyone();
    return lowering.take();
  }
  for (const NetworkPolicyPeer& peer : *rule.peers) {
    if (peer.ip_block && peer.ip_block->cidr) lowering.cidr(*peer.ip_block->cidr, peer.ip_block->except);
    else if (peer.pod_selector || peer.namespace_selector)
      lowering.identities(with_injection(peer, *where.ns, context.semantics()), peer.loc);
  }
  return lowering.take();
}

}  // namespace policyconv::cilium
