#include "verify/object_sets.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <variant>

#include "verify/ovn_match.h"
#include "verify/prefixes.h"

namespace policyconv::verify {
namespace {

using kubeovn::SgProtocol;
using kubeovn::SgRule;
using ovn::Acl;
using ovn::Action;

constexpr Direction directions[] = {Direction::Ingress, Direction::Egress};

/// What the value of a field depends on, for the packets of traffic.h.
enum class Role : std::uint8_t { Source, Destination, Port, Traffic };

Role role_of(const Field& field) {
  if (field.text != nullptr) return Role::Port;
  const std::string_view name = field.name;
  if (name == "ip4.src" || name == "ip6.src" || name == "ip4.src_mcast") return Role::Source;
  if (name == "ip4.dst" || name == "ip6.dst" || name == "ip4.mcast" || name.starts_with("ip6.mcast") ||
      name == "eth.dst" || name == "eth.bcast" || name.starts_with("eth.mcast"))
    return Role::Destination;
  return Role::Traffic;  // discovery included: no packet of traffic.h is one
}

bool is_whole(const Comparison& c) {
  return c.shift == 0 && (c.ones & low_ones(c.field->width)) == low_ones(c.field->width);
}

/// The number of leading ones of a mask `width` bits wide; nullopt if there are ones after a zero.
std::optional<unsigned> prefix_length(Bits mask, unsigned width) {
  mask &= low_ones(width);
  for (unsigned length = 0; length <= width; ++length)
    if (mask == (low_ones(width) ^ low_ones(width - length))) return length;
  return std::nullopt;
}

template <typename Use>
void for_each_comparison(const MatchNode& node, const Use& use) {
  if (const auto* comparison = std::get_if<Comparison>(&node.form)) use(*comparison);
  else if (const auto* junction = std::get_if<Junction>(&node.form))
    for (const MatchNode& part : junction->parts) for_each_comparison(part, use);
}

/// False if prefixes cannot say it.
bool add_prefixes(const Comparison& c, std::vector<Cidr>& prefixes) {
  const unsigned width = c.field->width;
  if (width != 32 && width != 128) return false;
  if (!is_whole(c) || (is_order(c.relation) && !c.names.empty())) return false;
  const Family family = width == 32 ? Family::V4 : Family::V6;
  for (const Constant& constant : c.constants) {
    const auto length = prefix_length(constant.mask, width);
    if (!length) return false;
    Cidr prefix{family, 0, 0, static_cast<std::uint8_t>(*length)};
    prefix.hi = static_cast<std::uint64_t>(family == Family::V4 ? constant.value << 32 : constant.value >> 64);
    prefix.lo = family == Family::V4 ? 0 : static_cast<std::uint64_t>(constant.value);
    if (!is_order(c.relation)) {
      prefixes.push_back(prefix);
      continue;
    }
    for (const Address& at : {first_address(prefix), last_address(prefix)}) {
      const std::vector<Cidr> cuts = cuts_at(at);
      prefixes.insert(prefixes.end(), cuts.begin(), cuts.end());
    }
  }
  return true;
}

struct PortField {
  std::string_view name;
  Protocol protocol;
  bool is_source;
};
constexpr PortField port_fields[] = {
    {"tcp.dst", Protocol::Tcp, false},      {"udp.dst", Protocol::Udp, false},     {"sctp.dst", Protocol::Sctp, false},
    {"tcp.src", Protocol::Tcp, true},       {"udp.src", Protocol::Udp, true},      {"sctp.src", Protocol::Sctp, true},
    {"icmp4.type", Protocol::Icmp, false},  {"icmp6.type", Protocol::Icmp6, false}};

void add_cuts(const Comparison& c, bool with_sources, PacketCuts& cuts) {
  const auto field = std::find_if(std::begin(port_fields), std::end(port_fields),
                                  [&](const PortField& each) { return each.name == c.field->name; });
  if (field == std::end(port_fields) || (field->is_source && !with_sources)) return;
  const Bits all = low_ones(c.field->width);
  for (const Constant& constant : c.constants) {
    const auto first = static_cast<std::uint16_t>(constant.value & all);
    const auto last = static_cast<std::uint16_t>(first | (~constant.mask & all));
    if (field->is_source) cuts.add_source(field->protocol, first, last);
    else cuts.add(field->protocol, first, last);
  }
}

void add_cuts(const SgRule& rule, PacketCuts& cuts) {
  if (rule.protocol == SgProtocol::Tcp) cuts.add(Protocol::Tcp, rule.ports->first, rule.ports->last);
  if (rule.protocol == SgProtocol::Udp) cuts.add(Protocol::Udp, rule.ports->first, rule.ports->last);
}

}  // namespace

Asked asked_by(const ovn::Northbound& northbound) {
  Asked asked;
  const auto read = [&](const Acl& acl) {
    if (acl.rule != nullptr) {
      if (const auto* cidr = std::get_if<Cidr>(&acl.rule->remote)) asked.prefixes.push_back(*cidr);
    } else if (acl.match != nullptr) {
      for_each_comparison(acl.match->root(), [&](const Comparison& c) {
        const Role role = role_of(*c.field);
        if (role == Role::Port) asked.port_names.insert(asked.port_names.end(), c.texts.begin(), c.texts.end());
        const bool about_addresses = role == Role::Source || role == Role::Destination;
        const bool is_flag = c.field->width == 1;  // ip4.mcast and the like: multicast is always apart
        if (about_addresses && !is_flag && !add_prefixes(c, asked.prefixes)) asked.beyond_prefixes.push_back(acl.about);
      });
    }
  };
  const auto read_all = [&](const ovn::Acls& acls) {
    for (const Direction direction : directions) std::for_each(acls.of(direction).begin(), acls.of(direction).end(), read);
  };
  for (const auto& [name, group] : northbound.groups()) read_all(group.acls);
  for (const ovn::Switch& each : northbound.switches()) {
    read_all(each.unscoped);
    for (const auto& [group, acls] : each.scoped) read_all(acls);
  }
  std::sort(asked.beyond_prefixes.begin(), asked.beyond_prefixes.end());
  return asked;
}

ObjectSets::ObjectSets(const ovn::Northbound& northbound, const Cluster& cluster, const EndClasses& classes)
    : northbound_(northbound), cluster_(cluster), classes_(classes) {
  for (std::size_t i = 0; i < classes.ends.size(); ++i) {
    const EndClass& end = classes.ends[i];
    const auto number = static_cast<std::uint32_t>(i);
    if (end.kind == EndKind::Pods) on_switch_[classes.pods[i].port->on].add(number);
    for (const std::size_t pod : end.pods)
      for (const Address& address : cluster.pods[pod].addresses) by_address_[address].push_back(number);
    for (const NodeEnd& node : end.nodes) by_address_[*node.address].push_back(number);
    if (end.kind == EndKind::Outside && ovn::is_multicast(end.addresses.front())) multicast_.add(number);
  }
}

const EndSet& ObjectSets::in_prefix(const Cidr& prefix, Family family) {
  const auto [at, added] = prefixes_.try_emplace({prefix, family});
  if (!added) return at->second;
  for (std::size_t i = 0; i < classes_.ends.size(); ++i) {
    const Address* address = classes_.ends[i].address(family);
    // A prefix of the other family matches nothing (K§1.3), but OVN compares no bit with one of length 0 (measured).
    if (address != nullptr && (prefix.length == 0 || contains(prefix, *address)))
      at->second.add(static_cast<std::uint32_t>(i));
  }
  return at->second;
}

const EndSet& ObjectSets::in_group(const ovn::Group& group, Family family) {
  const auto [at, added] = groups_.try_emplace({&group, family});
  if (!added) return at->second;
  for (const Address& address : group.of(family))
    if (const auto ends = by_address_.find(address); ends != by_address_.end())
      at->second.addMany(ends->second.size(), ends->second.data());
  return at->second;
}

const EndSet* ObjectSets::peers_of(const Acl& acl, Family family) {
  static const EndSet nobody;
  if (acl.rule == nullptr) return nullptr;
  if (acl.rule->family != family) return &nobody;
  if (const auto* cidr = std::get_if<Cidr>(&acl.rule->remote)) return &in_prefix(*cidr, family);
  return acl.remote == nullptr ? &nobody : &in_group(*acl.remote, family);
}

void ObjectSets::add(Side& side, Side::Stage& stage, const std::vector<Acl>& acls) {
  for (const Acl& acl : acls) {
    const EndSet* peers = peers_of(acl, side.family_);
    if (peers == nullptr || !peers->isEmpty()) stage.acls.push_back({&acl, peers});
  }
}

/// For each pod its own node, and nodes that the class is split by (K§4.3, K§7.1).
EndSet ObjectSets::let_in_by_node_acls(const EndClass& subject) const {
  EndSet let_in;
  for (const std::size_t pod : subject.pods)
    for (const ovn::Acl& acl : northbound_.port_of(pod)->node_acls)
      for (const std::uint32_t i : by_address_.at(acl.between->source)) {
        const EndClass& end = classes_.ends[i];
        const bool own = std::any_of(end.nodes.begin(), end.nodes.end(), [&](const NodeEnd& node) {
          return *node.address == acl.between->source && cluster_.nodes[node.node].name == cluster_.pods[pod].node;
        });
        if (own == (end.kind == EndKind::OwnNode)) let_in.add(i);
      }
  return let_in;
}

ObjectSets::Side ObjectSets::side(std::size_t subject, Direction direction, Family family) {
  Side side;
  side.all_ = this;
  side.subject_ends_ = &classes_.ends[subject];
  side.subject_ = &classes_.pods[subject];
  side.direction_ = direction;
  side.family_ = family;
  const ovn::Port& port = *side.subject_->port;
  const ovn::Switch& on = *port.on;
  side.neighbours_ = on_switch_.at(&on);
  if (direction == Direction::Egress) side.neighbours_ |= multicast_;

  side.at_pod_.direction = direction;
  add(side, side.at_pod_, on.unscoped.of(direction));
  bool has_object = false;
  for (const ovn::Group* group : port.groups) {
    if (const auto scoped = on.scoped.find(group); scoped != on.scoped.end())
      add(side, side.at_pod_, scoped->second.of(direction));
    add(side, side.at_pod_, group->acls.of(direction));
    has_object |= group->object != nullptr;
  }
  if (has_object) add(side, side.at_pod_, northbound_.base(direction));
  if (direction == Direction::Ingress && !port.node_acls.empty()) {
    side.at_pod_.acls.push_back({&port.node_acls.front(), nullptr});  // stands for all of them
    side.let_in_by_node_acls_ = let_in_by_node_acls(*side.subject_ends_);
  }

  side.at_router_.at_router = true;
  side.at_router_.direction = direction == Direction::Ingress ? Direction::Egress : Direction::Ingress;
  add(side, side.at_router_, on.unscoped.of(side.at_router_.direction));
  for (Side::Stage* stage : {&side.at_pod_, &side.at_router_})
    std::stable_sort(stage->acls.begin(), stage->acls.end(),
                     [](const Side::Acl& a, const Side::Acl& b) { return a.acl->priority > b.acl->priority; });
  return side;
}

void ObjectSets::Side::add_cuts(PacketCuts& cuts) const {
  // Base ACLs ask for source ports that no ordinary client has; they count only where others ask for such ports too.
  const auto& base = all_->northbound_.base(direction_);
  const auto is_base = [&](const ovn::Acl* acl) {
    return !base.empty() && std::less_equal<>()(base.data(), acl) && std::less<>()(acl, base.data() + base.size());
  };
  const auto add = [&](bool with_base) {
    for (const Stage* stage : {&at_pod_, &at_router_})
      for (const Acl& each : stage->acls)
        if (each.acl->rule != nullptr) verify::add_cuts(*each.acl->rule, cuts);
        else if (each.acl->match != nullptr)
          for_each_comparison(each.acl->match->root(), [&](const Comparison& c) {
            verify::add_cuts(c, with_base || !is_base(each.acl), cuts);
          });
  };
  add(false);
  if (cuts.has_sources()) add(true);
}

MatchPacket ObjectSets::Side::seen(const Stage& stage, const Packets& packets, std::uint32_t peer) const {
  const EndClass& other = all_->classes_.ends[peer];
  const std::string& port = subject_->port->name;
  const std::string& router = subject_->port->on->router_port;
  MatchPacket seen;
  if (direction_ == Direction::Egress) {
    seen.inport = port;
    if (stage.at_router) seen.outport = router;
  } else {
    const bool neighbour = other.kind == EndKind::Pods && neighbours_.contains(peer);
    seen.inport = neighbour ? all_->classes_.pods[peer].port->name : router;
    if (!stage.at_router) seen.outport = port;
  }
  const Address& own = *subject_ends_->address(family_);
  const Address* address = other.address(family_);
  const Address far = address == nullptr ? Address{family_, 0, 0} : *address;
  seen.family = family_;
  seen.source = direction_ == Direction::Egress ? own : far;
  seen.destination = direction_ == Direction::Egress ? far : own;
  seen.protocol = packets.protocol;
  if (packets.protocol == Protocol::Icmp || packets.protocol == Protocol::Icmp6) {
    seen.icmp_type = static_cast<std::uint8_t>(packets.first);
  } else {
    seen.source_port = source_port_of(packets);
    seen.destination_port = packets.first;
  }
  return seen;
}

EndSet ObjectSets::Side::hit(const Comparison& c, const Stage& stage, const Packets& packets, const EndSet& among) {
  const MatchNames& names = subject_->port->on->names;
  const auto holds_for = [&](std::uint32_t peer) { return holds(c, seen(stage, packets, peer), names); };
  const Role role = role_of(*c.field);
  const bool of_peer_address = role == (direction_ == Direction::Egress ? Role::Destination : Role::Source);
  if (of_peer_address) {
    const auto [at, added] = all_->compared_.try_emplace({&c, direction_, family_});
    if (added)
      for (std::uint32_t i = 0; i < all_->classes_.ends.size(); ++i)
        if (all_->classes_.ends[i].address(family_) != nullptr && holds_for(i)) at->second.add(i);
    return at->second & among;
  }
  const bool of_peer_port = role == Role::Port && direction_ == Direction::Ingress && !stage.at_router &&
                            c.field->text == &MatchPacket::inport;
  if (!of_peer_port) return holds_for(among.minimum()) ? among : EndSet();
  EndSet hits;
  for (const std::uint32_t peer : among)
    if (holds_for(peer)) hits.add(peer);
  return hits;
}

EndSet ObjectSets::Side::hit(const MatchNode& node, const Stage& stage, const Packets& packets, const EndSet& among) {
  if (among.isEmpty()) return {};
  if (const auto* literal = std::get_if<bool>(&node.form)) return *literal ? among : EndSet();
  if (const auto* c = std::get_if<Comparison>(&node.form)) return hit(*c, stage, packets, among);
  const auto& [all, parts] = std::get<Junction>(node.form);
  EndSet left = among;  // of &&: all that still match; of ||: all that do not match yet
  for (const MatchNode& part : parts)
    if (all) left = hit(part, stage, packets, left);
    else left -= hit(part, stage, packets, left);
  return all ? left : among - left;
}

EndSet ObjectSets::Side::hit(const Acl& each, const Stage& stage, const Packets& packets, const EndSet& among) {
  const ovn::Acl& acl = *each.acl;
  if (acl.rule != nullptr) return ovn::covers(*acl.rule, packets.protocol, packets.first) ? *each.peers & among : EndSet();
  if (acl.match != nullptr) return hit(acl.match->root(), stage, packets, among);
  return let_in_by_node_acls_ & among;
}

ObjectSets::Passing ObjectSets::Side::passing(const Stage& stage, const Packets& packets, const EndSet& met,
                                              bool tier_3) {
  Passing result;
  EndSet open = met, passed;
  for (auto first = stage.acls.begin(); first != stage.acls.end() && !open.isEmpty();) {
    EndSet allowed, dropped, passed_on;
    const int priority = first->acl->priority;
    for (; first != stage.acls.end() && first->acl->priority == priority; ++first) {
      if (!(tier_3 ? first->acl->in_tier_3 : first->acl->in_tier_2)) continue;
      const Action action = first->acl->action;
      (action == Action::Allow ? allowed : action == Action::Drop ? dropped : passed_on) |=
          hit(*first, stage, packets, open);
    }
    const EndSet tied = (allowed & dropped) | (allowed & passed_on) | (dropped & passed_on);
    open -= allowed | dropped | passed_on;
    result.tied |= tied;
    result.allowed |= allowed - tied;
    passed |= passed_on - tied;
  }
  const EndSet rest = open | passed;
  if (tier_3 || rest.isEmpty()) {
    result.allowed |= open;
    return result;
  }
  const Passing later = passing(stage, packets, rest, true);
  result.allowed |= later.allowed;
  result.tied |= later.tied;
  return result;
}

ObjectSets::Passing ObjectSets::Side::passing(const Packets& packets, const EndSet& met) {
  if (met.isEmpty() || packets.protocol == (family_ == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp)) return {};
  Passing result = passing(at_pod_, packets, met, false);
  const EndSet routed = met - neighbours_;
  if (at_router_.acls.empty() || routed.isEmpty()) return result;
  const Passing at_router = passing(at_router_, packets, routed, false);
  const EndSet dropped = routed - at_router.allowed - at_router.tied;
  result.allowed -= dropped;
  result.tied -= dropped;
  const EndSet tied = at_router.tied & result.allowed;
  result.allowed -= tied;
  result.tied |= tied;
  return result;
}

}  // namespace policyconv::verify
