// Entrance: lower(). Entries of each group in each VPC, then names, SecurityGroups, helper groups, Subnet ACLs, bindings.
#include "backends/kubeovn/lower.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/ranges.h>

#include "backends/kubeovn/annotations.h"
#include "backends/kubeovn/bands.h"
#include "backends/kubeovn/bindings.h"
#include "backends/kubeovn/entries.h"
#include "backends/kubeovn/expansion.h"
#include "backends/kubeovn/match.h"
#include "backends/kubeovn/minimise.h"
#include "backends/kubeovn/names.h"
#include "backends/kubeovn/node_rule.h"
#include "backends/kubeovn/rule_order.h"
#include "backends/kubeovn/services.h"
#include "backends/kubeovn/templates.h"
#include "backends/kubeovn/topology.h"
#include "ir/membership.h"
#include "ir/parallel.h"
#include "ir/print.h"

namespace policyconv::kubeovn {
namespace {

using EntriesByGroup = std::map<GroupAt, std::vector<Entry>>;
constexpr std::size_t etcd_rule_limit = 6000;  // K§8.3

SgProtocol sg_protocol(Protocol protocol) {
  switch (protocol) {
    case Protocol::Tcp: return SgProtocol::Tcp;
    case Protocol::Udp: return SgProtocol::Udp;
    case Protocol::Icmp:
    case Protocol::Icmp6: return SgProtocol::Icmp;
    case Protocol::Any:
    case Protocol::Sctp: break;  // SCTP never gets here: needs_subnet_acl()
  }
  return SgProtocol::All;
}

class ManifestBuilder {
 public:
  ManifestBuilder(const LowerState& state, const EntriesByGroup& entries) : state_(state), entries_(entries) {
    manifest_.release = state.options.release;
    assign_names();
    for (const auto& [at, list] : entries)
      for (const Entry& entry : list)
        if (const auto* cidr = std::get_if<Cidr>(&entry.remote)) reach_[{at.vpc, entry.direction, entry.band}].push_back(*cidr);
    for (auto& [key, cidrs] : reach_) cidrs = minimal_cover(std::move(cidrs));
  }

  Manifest build(const Cluster& cluster) {
    groups();
    std::set<std::size_t> used;
    for (std::size_t vpc = 0; vpc < state_.topology.vpcs.size(); ++vpc)
      if (in_use(vpc)) used.insert(vpc);
    for (const std::size_t vpc : used) helpers(vpc, cluster);
    for (const auto& [at, entries] : entries_) acls(at, entries);
    if (!state_.options.sctp)
      for (const std::size_t vpc : used) drop_sctp(vpc);
    if (state_.options.node_traffic == NodeTraffic::Anchor)
      for (const std::size_t vpc : used) keep_nodes_out(vpc);
    patch_subnets();
    manifest_.bindings = bind(names_, used, state_);
    manifest_.places = places();
    manifest_.node_anchor = state_.options.node_traffic == NodeTraffic::Anchor && !manifest_.security_groups.empty();
    std::sort(manifest_.security_groups.begin(), manifest_.security_groups.end(),
              [](const SecurityGroup& a, const SecurityGroup& b) { return a.name < b.name; });
    for (const SecurityGroup& sg : manifest_.security_groups)
      if (const std::size_t rules = sg.ingress.size() + sg.egress.size(); rules > etcd_rule_limit)
        state_.diagnostics.report<Kind::LargeSecurityGroup>({}, sg.name, rules);
    return std::move(manifest_);
  }

 private:
  [[nodiscard]] const Vpc& vpc_of(std::size_t index) const { return state_.topology.vpcs[index]; }

  // Groups that have rules, and groups that rules name as peers; both stand for one SecurityGroup each.
  void assign_names() {
    std::set<GroupAt> needed;
    for (const auto& [at, entries] : entries_) {
      if (!entries.empty()) needed.insert(at);
      for (const Entry& entry : entries)
        if (const auto* remote = std::get_if<GroupAt>(&entry.remote)) needed.insert(*remote);
    }
    const auto& known = state_.options.known_names;
    std::set<std::string> taken;
    for (const auto& [key, name] : known) taken.insert(name);
    for (const GroupAt& at : needed) {
      const ir::Group& group = state_.program.group(at.group);
      const std::string& vpc = vpc_of(at.vpc).name;
      if (const auto found = known.find({vpc, group}); found != known.end()) {
        names_.emplace(at, found->second);
        continue;
      }
      std::string chosen;
      for (unsigned salt = 0; chosen.empty() || !taken.insert(chosen).second; ++salt) chosen = group_name(group, vpc, salt);
      names_.emplace(at, std::move(chosen));
    }
  }

  // A VPC gets its helper groups when some group or some isolation can have pods there.
  [[nodiscard]] bool in_use(std::size_t vpc) const {
    if (std::any_of(names_.begin(), names_.end(), [&](const auto& named) { return named.first.vpc == vpc; })) return true;
    return std::any_of(state_.program.isolations.begin(), state_.program.isolations.end(), [&](const ir::Isolation& isolation) {
      return state_.groups[static_cast<std::size_t>(isolation.subject)].vpcs.count(vpc) != 0;
    });
  }

  // --- SecurityGroups ------------------------------------------------------------------------------------------------

  void groups() {
    std::vector<const std::pair<const GroupAt, std::string>*> named;
    for (const auto& each : names_) named.push_back(&each);
    std::vector<std::size_t> spared(named.size());
    manifest_.security_groups.resize(named.size());
    constexpr std::size_t share = 64;  // groups of one turn, so that few groups need no thread
    in_parallel((named.size() + share - 1) / share, state_.options.jobs, [&](std::size_t turn) {
      for (std::size_t i = turn * share; i < std::min(named.size(), (turn + 1) * share); ++i) {
        SecurityGroup& sg = manifest_.security_groups[i];
        sg = group(named[i]->first, named[i]->second);
        spared[i] = minimise(sg.ingress) + minimise(sg.egress);
      }
    });
    manifest_.spared_rules += std::accumulate(spared.begin(), spared.end(), std::size_t{0});
  }

  [[nodiscard]] SecurityGroup group(const GroupAt& at, const std::string& name) const {
    SecurityGroup sg;
    sg.name = name;
    sg.vpc = vpc_of(at.vpc).name;
    sg.about = ir::to_string(state_.program.group(at.group));
    sg.members = state_.program.group(at.group);
    sg.isolates_ingress = isolates(at.group, Direction::Ingress);
    sg.isolates_egress = isolates(at.group, Direction::Egress);
    if (const auto found = entries_.find(at); found != entries_.end())
      for (const Entry& entry : found->second)
        if (!needs_subnet_acl(entry)) render(entry, vpc_of(at.vpc), sg);
    return sg;
  }

  [[nodiscard]] bool isolates(ir::GroupId group, Direction direction) const {
    const std::vector<ir::Isolation>& all = state_.program.isolations;  // sorted
    return std::binary_search(all.begin(), all.end(), ir::Isolation{group, direction});
  }

  void render(const Entry& entry, const Vpc& vpc, SecurityGroup& sg) const {
    // Without a Subnet no ACL drops SCTP, which Cilium's datapath does: what an allow may admit is spelled out.
    if (entry.traffic.protocol == Protocol::Any && verdict(entry.band) == Verdict::Allow && !state_.options.sctp && vpc.subnets.empty()) {
      Entry part = entry;
      for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Icmp, Protocol::Icmp6}) {
        part.traffic.protocol = protocol;
        render(part, vpc, sg);
      }
      return;
    }
    for (const Family family : vpc.families) {
      if (!carries(entry.traffic, family)) continue;
      SgRule rule;
      rule.priority = api_priority(entry.band, state_.options.release);
      rule.policy = verdict(entry.band);
      rule.family = family;
      rule.protocol = sg_protocol(entry.traffic.protocol);
      if (rule.protocol == SgProtocol::Tcp || rule.protocol == SgProtocol::Udp) rule.ports = entry.traffic.ports;
      if (const auto* cidr = std::get_if<Cidr>(&entry.remote)) {
        if (cidr->family != family) continue;
        rule.remote = *cidr;
      } else {
        rule.remote = SgName{names_.at(std::get<GroupAt>(entry.remote))};
      }
      rule.origins = entry.origins;
      rule.band = name(entry.band);
      (entry.direction == Direction::Ingress ? sg.ingress : sg.egress).push_back(std::move(rule));
    }
  }

  // --- helper groups (band plan H2) ----------------------------------------------------------------------------------

  void helpers(std::size_t index, const Cluster& cluster) {
    const Vpc& vpc = vpc_of(index);
    std::vector<Entry> base = infrastructure(vpc, cluster);
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      for (const Address& node : vpc.nodes)
        if (vpc.ranges_known && touched(index, direction, Band::AllowOutside, host_cidr(node)))
          base.push_back({direction, Band::DropCluster, {}, host_cidr(node), {}});
      if (direction == Direction::Ingress && state_.options.node_traffic == NodeTraffic::AllNodes)
        for (const Address& node : vpc.nodes) base.push_back({direction, Band::AllowCluster, {}, host_cidr(node), {}});
      open(index, direction);
    }
    emit_helper(Role::Base, vpc, "every pod that carries one of our groups", std::move(base));
  }

  // On pods that are not isolated in this direction: everything; and, above D2 and B, the cluster's own ranges as far as
  // some D2 touches them or some A2 makes a B drop them.
  void open(std::size_t index, Direction direction) {
    const Vpc& vpc = vpc_of(index);
    std::vector<Entry> entries;
    std::vector<Cidr> ranges = vpc.ranges;
    for (const Address& node : vpc.nodes) ranges.push_back(host_cidr(node));
    if (direction == Direction::Egress) ranges.insert(ranges.end(), vpc.services.begin(), vpc.services.end());
    if (vpc.ranges_known)
      for (const Cidr& range : minimal_cover(std::move(ranges)))
        if (touched(index, direction, Band::DenyOutside, range) || touched(index, direction, Band::AllowOutside, range))
          entries.push_back({direction, Band::OpenCluster, {}, range, {}});
    for (const Family family : vpc.families) entries.push_back({direction, Band::OpenAll, {}, whole(family), {}});
    const bool ingress = direction == Direction::Ingress;
    emit_helper(ingress ? Role::OpenIn : Role::OpenOut, vpc,
                ingress ? "pods that no policy isolates on ingress" : "pods that no policy isolates on egress", std::move(entries));
    manifest_.security_groups.back().unless = isolating_without_group(index, direction);
  }

  // Default denies of many namespaces become one selector, so that the annotation stays short.
  [[nodiscard]] std::vector<ir::Group> isolating_without_group(std::size_t vpc, Direction direction) const {
    std::map<ir::Group, std::set<std::string>> namespaces;  // by the rest of the selector
    std::set<ir::Group> others;
    for (const ir::Isolation& isolation : state_.program.isolations) {
      const bool here = state_.groups[static_cast<std::size_t>(isolation.subject)].vpcs.count(vpc) != 0;
      if (isolation.direction != direction || !here || names_.count({isolation.subject, vpc}) != 0) continue;
      ir::Group rest = state_.program.group(isolation.subject);
      const auto named = std::find_if(rest.all_of.begin(), rest.all_of.end(), [](const ir::Requirement& r) {
        return r.key == ir::namespace_key && r.op == ir::Op::In;
      });
      if (named == rest.all_of.end()) {
        others.insert(std::move(rest));
        continue;
      }
      const std::vector<std::string> values = std::move(named->values);
      rest.all_of.erase(named);
      namespaces[std::move(rest)].insert(values.begin(), values.end());
    }
    std::vector<ir::Group> all(others.begin(), others.end());
    for (const auto& [rest, values] : namespaces) {
      ir::Group group = rest;
      group.all_of.push_back({std::string(ir::namespace_key), ir::Op::In, {values.begin(), values.end()}});
      std::sort(group.all_of.begin(), group.all_of.end());
      all.push_back(std::move(group));
    }
    return all;
  }

  void emit_helper(Role role, const Vpc& vpc, std::string about, std::vector<Entry> entries) {
    SecurityGroup sg;
    sg.name = helper_name(to_string(role), vpc.name);
    sg.role = role;
    sg.vpc = vpc.name;
    sg.about = std::move(about);
    merge(entries);
    for (const Entry& entry : entries) render(entry, vpc, sg);
    manifest_.spared_rules += minimise(sg.ingress) + minimise(sg.egress);
    manifest_.security_groups.push_back(std::move(sg));
  }

  // Does an entry of this band, in any group of the VPC, reach into `range`?
  [[nodiscard]] bool touched(std::size_t vpc, Direction direction, Band band, const Cidr& range) const {
    const auto reach = reach_.find({vpc, direction, band});
    return reach != reach_.end() && std::any_of(reach->second.begin(), reach->second.end(),
                                                [&](const Cidr& cidr) { return overlaps(cidr, range); });
  }

  // What must pass whatever the policies say, or pods do not start and answers do not arrive (K§3.5, K§4.3).
  std::vector<Entry> infrastructure(const Vpc& vpc, const Cluster& cluster) {
    std::vector<Entry> entries;
    const int minor = state_.options.release.minor;
    const auto both = [&](const ir::Traffic& traffic, const Cidr& remote) {
      for (const Direction direction : {Direction::Ingress, Direction::Egress})
        entries.push_back({direction, Band::Infrastructure, traffic, remote, {}});
    };
    const auto egress = [&](Protocol protocol, std::uint16_t port, const Cidr& remote) {
      entries.push_back({Direction::Egress, Band::Infrastructure, {protocol, {port, port}, std::nullopt}, remote, {}});
    };
    std::set<std::string> pinged;
    bool dhcp = false;
    for (const Subnet* subnet : vpc.subnets) {
      for (const Address& gateway : subnet->gateways) {
        // IPv4 is checked by ARP since v1.14, IPv6 always by an echo.
        if (gateway.family == Family::V4 && minor >= 14) continue;
        both({gateway.family == Family::V4 ? Protocol::Icmp : Protocol::Icmp6, {}, std::nullopt}, host_cidr(gateway));
        pinged.insert(to_string(gateway));
      }
      if (!subnet->enable_dhcp && minor != 12) continue;
      dhcp = true;
      for (const Address& gateway : subnet->gateways) egress(Protocol::Udp, gateway.family == Family::V4 ? 67 : 547, host_cidr(gateway));
    }
    if (dhcp) {
      if (vpc.has(Family::V4)) egress(Protocol::Udp, 67, *parse_cidr("255.255.255.255/32"));
      if (vpc.has(Family::V6)) egress(Protocol::Udp, 547, *parse_cidr("ff02::1:2/128"));
      state_.diagnostics.report<Kind::DhcpAllowed>({}, vpc.name);
    }
    if (!pinged.empty()) state_.diagnostics.report<Kind::GatewayPing>({}, vpc.name, fmt::format("{}", fmt::join(pinged, ", ")));
    for (const Address& address : vpc.node_local_dns) {
      entries.push_back({Direction::Ingress, Band::Infrastructure, {}, host_cidr(address), {}});
      state_.diagnostics.report<Kind::NodeLocalDnsAnswers>({}, to_string(address), vpc.name);
    }
    hairpin(vpc, cluster, entries);
    return entries;
  }

  // A pod that reaches itself through its Service has the Service address as source (K§2.5). No address that a pod or node
  // of the VPC could have is let in this way.
  void hairpin(const Vpc& vpc, const Cluster& cluster, std::vector<Entry>& entries) {
    const auto overlapping = [&](const Cidr& cidr) {
      return std::any_of(vpc.ranges.begin(), vpc.ranges.end(), [&](const Cidr& range) { return overlaps(range, cidr); });
    };
    std::vector<Cidr> sources = vpc.services;
    if (std::any_of(sources.begin(), sources.end(), overlapping)) {
      sources.clear();
      for (const Service& service : cluster.services)
        for (const Address& address : service.cluster_ips)
          if (vpc.has(address.family) && !overlapping(host_cidr(address))) sources.push_back(host_cidr(address));
      sources = minimal_cover(std::move(sources));
    }
    std::vector<std::string> texts;
    for (const Cidr& source : sources) {
      entries.push_back({Direction::Ingress, Band::Infrastructure, {}, source, {}});
      texts.push_back(to_string(source));
    }
    if (texts.size() > 3) texts = {fmt::format("{} Service addresses", texts.size())};
    if (!texts.empty()) state_.diagnostics.report<Kind::HairpinAllowed>({}, fmt::format("{}", fmt::join(texts, ", ")), vpc.name);
  }

  // --- Subnet ACLs ---------------------------------------------------------------------------------------------------

  // Entries that differ only in their address become one ACL with a set; peers that are groups stay apart, since a
  // match that names a missing set is void as a whole (K§10.1).
  void acls(const GroupAt& at, const std::vector<Entry>& entries) {
    using Key = std::tuple<Direction, Band, ir::Traffic, Family>;
    std::map<Key, std::pair<std::vector<Cidr>, std::vector<RuleId>>> by_address;
    const std::string& sg = names_.at(at);
    const Vpc& vpc = vpc_of(at.vpc);
    for (const Entry& entry : entries) {
      if (!needs_subnet_acl(entry)) continue;
      if (const auto* cidr = std::get_if<Cidr>(&entry.remote)) {
        auto& [cidrs, origins] = by_address[{entry.direction, entry.band, entry.traffic, cidr->family}];
        cidrs.push_back(*cidr);
        origins.insert(origins.end(), entry.origins.begin(), entry.origins.end());
        continue;
      }
      for (const Family family : vpc.families)
        if (carries(entry.traffic, family))
          acl(at.vpc, entry.direction, entry.band,
              match_group(sg, entry.direction, entry.traffic, family, names_.at(std::get<GroupAt>(entry.remote))), entry.origins);
    }
    for (auto& [key, addresses] : by_address) {
      const auto& [direction, band, traffic, family] = key;
      std::sort(addresses.second.begin(), addresses.second.end());
      addresses.second.erase(std::unique(addresses.second.begin(), addresses.second.end()), addresses.second.end());
      acl(at.vpc, direction, band, match_addresses(sg, direction, traffic, family, addresses.first), addresses.second);
    }
  }

  void acl(std::size_t vpc, Direction direction, Band band, std::string match, std::vector<RuleId> origins) {
    acls_[vpc].push_back({direction, ovn_priority(band, state_.options.release), std::move(match),
                          verdict(band) == Verdict::Allow ? AclAction::AllowRelated : AclAction::Drop, std::move(origins)});
  }

  void drop_sctp(std::size_t vpc) {
    if (vpc_of(vpc).subnets.empty()) return;
    for (const Direction direction : {Direction::Ingress, Direction::Egress})
      acls_[vpc].push_back({direction, sctp_drop_priority(state_.options.release),
                            match_sctp(helper_name("base", vpc_of(vpc).name), direction), AclAction::Drop, {}, "SCTP is off"});
  }

  // Pods of a VPC of their own have no route to nodes (K§7.1), but what the node rule lets in may come through a NAT
  // gateway.
  void keep_nodes_out(std::size_t index) {
    const Vpc& vpc = vpc_of(index);
    const std::vector<std::string> others = sharing_addresses(vpc, state_.topology.vpcs);
    if (vpc.name == default_vpc || others.empty()) return;
    for (const Family family : vpc.families) {
      std::vector<Cidr> nodes;
      for (const Address& node : vpc.node_internal)
        if (node.family == family) nodes.push_back(host_cidr(node));
      if (!nodes.empty())
        acls_[index].push_back({Direction::Ingress, keep_nodes_out_priority,
                                match_addresses(helper_name("base", vpc.name), Direction::Ingress, {}, family, nodes),
                                AclAction::Drop, {}, "the node rule would let them in where another VPC has the same addresses"});
    }
    const bool closes_allows = state_.options.release.minor < 16 &&
                               std::any_of(vpc.node_internal.begin(), vpc.node_internal.end(), [&](const Address& node) {
                                 return touched(index, Direction::Ingress, Band::AllowCluster, host_cidr(node));
                               });
    const std::string names = fmt::format("`{}`", fmt::join(others, "`, `"));
    if (closes_allows) state_.diagnostics.report<Kind::NodesKeptOut>({}, vpc.name, names);
    else state_.diagnostics.report<Kind::NodeRuleShadowed>({}, vpc.name, names);
  }

  // Every Subnet of the VPC gets the whole list: spec.acls is replaced as one, and any member may land on any of them.
  // A Subnet that has ACLs of an earlier run is written even if none is needed any more.
  [[nodiscard]] std::vector<VpcPlace> places() const {
    std::vector<VpcPlace> found;
    for (std::size_t index = 0; index < state_.topology.vpcs.size(); ++index) {
      VpcPlace place{vpc_of(index).name, {}, {}};
      for (const Subnet* subnet : vpc_of(index).subnets) {
        place.subnets.push_back(subnet->name);
        if (!state_.topology.ownership.guard_of(*subnet).empty()) place.guarded.push_back(subnet->name);
      }
      for (const auto& [ns, vpcs] : state_.topology.namespace_vpcs)
        if (vpcs.count(index) != 0) place.namespaces.push_back(ns);
      std::sort(place.subnets.begin(), place.subnets.end());
      std::sort(place.guarded.begin(), place.guarded.end());
      found.push_back(std::move(place));
    }
    return found;
  }

  void patch_subnets() {
    const Ownership& ownership = state_.topology.ownership;
    const auto ours = [&](const ExistingAcl& acl) { return ownership.is_ours(acl); };
    for (std::size_t vpc = 0; vpc < state_.topology.vpcs.size(); ++vpc) {
      std::vector<SubnetAcl>& acls = acls_[vpc];
      std::sort(acls.begin(), acls.end(), [](const SubnetAcl& a, const SubnetAcl& b) {
        return std::tie(a.direction, b.priority, a.match) < std::tie(b.direction, a.priority, b.match);
      });
      for (const Subnet* subnet : vpc_of(vpc).subnets) {
        const bool had = std::any_of(subnet->acls.begin(), subnet->acls.end(), ours);
        if (!ownership.guard_of(*subnet).empty()) continue;  // none of its pods is bound
        if (acls.empty() && !had) continue;
        SubnetPatch patch{subnet->name, {}, acls, subnet->acls};
        std::remove_copy_if(subnet->acls.begin(), subnet->acls.end(), std::back_inserter(patch.kept), ours);
        manifest_.subnets.push_back(std::move(patch));
      }
    }
    std::sort(manifest_.subnets.begin(), manifest_.subnets.end(),
              [](const SubnetPatch& a, const SubnetPatch& b) { return a.subnet < b.subnet; });
  }

  const LowerState& state_;
  const EntriesByGroup& entries_;
  std::map<GroupAt, std::string> names_;
  std::map<std::tuple<std::size_t, Direction, Band>, std::vector<Cidr>> reach_;  // the addresses that a band names in a VPC
  std::map<std::size_t, std::vector<SubnetAcl>> acls_;  // by VPC
  Manifest manifest_;
};

std::vector<GroupFacts> facts_of(const ir::Program& program, const Topology& topology) {
  std::vector<GroupFacts> facts;
  facts.reserve(program.groups.size());
  for (const ir::Group& group : program.groups) {
    std::vector<std::size_t> members = topology.members(group);
    facts.push_back({topology.vpcs_of(group, members), std::move(members)});
  }
  return facts;
}

// Source rules that are about SCTP and nothing else lose their whole meaning when SCTP is off.
void report_sctp(const ir::Program& program, const Catalog& catalog, Diagnostics& diagnostics) {
  std::map<RuleId, bool> only_sctp;
  for (const ir::Rule& rule : program.rules) {
    const bool sctp = rule.traffic.protocol == Protocol::Sctp;
    const auto [at, added] = only_sctp.try_emplace(rule.origin, sctp);
    at->second = at->second && sctp;
  }
  for (const auto& [id, sctp] : only_sctp)
    if (sctp) diagnostics.report_rule<Kind::SctpOff>(id, catalog.rule(id).loc);
}

void report_node_traffic(NodeTraffic node_traffic, const Cluster& cluster, Diagnostics& diagnostics) {
  const bool all = node_traffic == NodeTraffic::AllNodes;
  if (all && !cluster.nodes.empty()) diagnostics.report<Kind::AllNodesOpen>({});
  if (all && cluster.nodes.empty()) diagnostics.report<Kind::NodesUnknown>({}, "--node-traffic all-nodes lets none of them in");
  if (node_traffic == NodeTraffic::None) diagnostics.report<Kind::OwnNodeClosed>({});
}

// One host, or nothing but nodes?
bool names_hosts(const Cidr& cidr, const Vpc& vpc) {
  const auto is_in = [&](const std::vector<Cidr>& sorted) { return std::binary_search(sorted.begin(), sorted.end(), cidr); };
  return cidr.length == address_bits(cidr.family) || is_in(vpc.nodes_in_ranges) || is_in(vpc.nodes_beyond_ranges);
}

// What the missing Services mean for the rules: a group's verdict on a Service address cannot be known.
void report_unknown_services(const EntriesByGroup& entries, const Topology& topology, const Catalog& catalog,
                             Diagnostics& diagnostics) {
  for (const auto& [at, list] : entries)
    for (const Entry& entry : list) {
      if (entry.direction != Direction::Egress || entry.band == Band::DropCluster) continue;
      const auto* cidr = std::get_if<Cidr>(&entry.remote);
      // A deny of everything to everyone covers Service addresses, too.
      const bool all = cidr && cidr->length == 0 && entry.traffic.protocol == Protocol::Any;
      for (const RuleId id : entry.origins) {
        const Loc loc = catalog.rule(id).loc;
        if (verdict(entry.band) == Verdict::Deny && !all) diagnostics.report_rule<Kind::ServicesUnknownDeny>(id, loc);
        const bool hosts = cidr && names_hosts(*cidr, topology.vpcs[at.vpc]);  // nodes rarely stand behind Services
        if (entry.band == Band::AllowCluster && !hosts) diagnostics.report_rule<Kind::ServicesUnknownAllow>(id, loc);
      }
    }
}

// Kube-OVN's default ranges, where they stand between a rule and addresses that may lie outside the cluster.
void report_assumed(const EntriesByGroup& entries, const Topology& topology, Diagnostics& diagnostics) {
  std::set<std::string> dropped;
  for (const auto& [at, list] : entries)
    for (const Entry& entry : list) {
      const auto* cidr = std::get_if<Cidr>(&entry.remote);
      const std::vector<Cidr>& assumed = topology.vpcs[at.vpc].assumed;
      if (cidr && entry.band == Band::DropCluster && std::find(assumed.begin(), assumed.end(), *cidr) != assumed.end())
        dropped.insert(to_string(*cidr));
    }
  if (!dropped.empty()) diagnostics.report<Kind::RangesAssumed>({}, fmt::format("{}", fmt::join(dropped, ", ")));
}

// Membership by namespace labels needs the Namespaces; a pod whose namespace is missing would silently be no member.
bool namespaces_missing(const ir::Program& program, const Cluster& cluster, Diagnostics& diagnostics) {
  const bool asked = std::any_of(program.groups.begin(), program.groups.end(), [](const ir::Group& group) {
    return std::any_of(group.all_of.begin(), group.all_of.end(),
                       [](const ir::Requirement& r) { return r.key.starts_with(ir::namespace_labels_prefix); });
  });
  std::set<std::string> missing;
  if (asked)
    for (const Pod& pod : cluster.pods)
      if (is_endpoint(pod) && !cluster.find_namespace(pod.ns)) missing.insert(pod.ns);
  if (!missing.empty()) diagnostics.report<Kind::NamespaceLabelsUnknown>({}, fmt::format("`{}`", fmt::join(missing, "`, `")));
  return !missing.empty();
}

void report_load_balancers(const Cluster& cluster, const Topology& topology, Diagnostics& diagnostics) {
  if (cluster.services.empty()) return;
  for (const Vpc& vpc : topology.vpcs)
    for (const Subnet* subnet : vpc.subnets)
      if (!subnet->enable_lb) diagnostics.report<Kind::LoadBalancerOff>(subnet->loc, subnet->name);
}

void report_network_policies(const Catalog& catalog, Diagnostics& diagnostics) {
  const auto count = std::count_if(catalog.policies.begin(), catalog.policies.end(),
                                   [](const SourcePolicy& policy) { return policy.kind == "NetworkPolicy"; });
  if (count != 0) diagnostics.report<Kind::DeleteNetworkPolicies>({}, count);
}

}  // namespace

Manifest lower(const ir::Program& program, const Cluster& cluster, const Catalog& catalog, const LowerOptions& options,
               Diagnostics& diagnostics) {
  const bool is_incomplete = namespaces_missing(program, cluster, diagnostics);
  const Topology topology(cluster, diagnostics);
  const std::vector<GroupFacts> groups = facts_of(program, topology);
  std::set<std::size_t> named_by_address;
  const LowerState state{program, catalog, options, topology, groups, diagnostics, named_by_address};
  if (expands_too_much(state) || is_incomplete || diagnostics.has_errors()) return {};
  const std::vector<ServiceAddress> services = service_addresses(cluster, topology);

  EntriesByGroup entries;
  for (auto first = program.rules.begin(); first != program.rules.end();) {
    const auto last = std::find_if(first, program.rules.end(), [&](const ir::Rule& rule) { return rule.subject != first->subject; });
    for (const std::size_t vpc : groups[static_cast<std::size_t>(first->subject)].vpcs) {
      std::vector<Entry> lowered = entries_of({first, last}, vpc, state);
      add_service_entries(lowered, vpc, services, state);
      if (!lowered.empty()) entries.emplace(GroupAt{first->subject, vpc}, std::move(lowered));
    }
    first = last;
  }
  for (const std::size_t pod : named_by_address)
    if (!topology.pods[pod].pod->addresses.empty()) diagnostics.report<Kind::PeerByAddress>(topology.pods[pod].pod->loc, topology.pods[pod].pod->ns + "/" + topology.pods[pod].pod->name);
  Diagnostics about_rules;
  const auto report_rules = [&] {
    if (cluster.services.empty()) report_unknown_services(entries, topology, catalog, about_rules);
    report_assumed(entries, topology, about_rules);
    if (!options.sctp) report_sctp(program, catalog, about_rules);
  };
  Manifest manifest;
  beside(options.jobs, report_rules, [&] { manifest = ManifestBuilder(state, entries).build(cluster); });
  diagnostics.append(std::move(about_rules));
  report_load_balancers(cluster, topology, diagnostics);
  report_node_traffic(options.node_traffic, cluster, diagnostics);
  if (options.node_traffic == NodeTraffic::Anchor) report_shared_addresses(topology, diagnostics);
  report_network_policies(catalog, diagnostics);
  manifest.templates = bind_templates(manifest, cluster, topology, diagnostics);
  const auto bound = std::count_if(manifest.bindings.begin(), manifest.bindings.end(), [](const Binding& b) { return !b.groups.empty(); });
  if (bound != 0 && !options.binds_new_pods) diagnostics.report<Kind::FuturePods>({}, bound);
  if (manifest.node_anchor) diagnostics.report<Kind::NodeAclNeeded>({});
  return manifest;
}

}  // namespace policyconv::kubeovn
