// Entrance: check(). Both ends become classes with those of their members that are named; what Space says about a pair
// of classes holds for each pair of members that meet, so one such pair is looked for, and is the counterexample.
#include "verify/assertions.h"

#include <algorithm>
#include <map>
#include <utility>

#include "verify/select.h"

namespace policyconv::verify {
namespace {

/// One pod, node or address that is named, by one of its addresses.
struct Member {
  End end;
  Address address;
  std::optional<std::size_t> pod = {};
};

/// The named members of one class.
struct Named {
  std::size_t end = 0;  // the class
  std::vector<Member> v4 = {}, v6 = {};

  [[nodiscard]] const std::vector<Member>& of(Family family) const { return family == Family::V4 ? v4 : v6; }
  void add(Member member) { (member.address.family == Family::V4 ? v4 : v6).push_back(std::move(member)); }
};

const Address* first_of(const std::vector<Address>& addresses, Family family) {
  const auto found =
      std::find_if(addresses.begin(), addresses.end(), [&](const Address& each) { return each.family == family; });
  return found == addresses.end() ? nullptr : &*found;
}

/// Takes what terms select apart into classes.
class Namer {
 public:
  Namer(const Space& space, const Cluster& cluster) : space_(space), cluster_(cluster), holes_(space.ends().size()) {
    for (std::size_t i = 0; i < space.ends().size(); ++i) {
      const EndClass& end = space.ends()[i];
      if (end.kind == EndKind::Outside && end.within.length == address_bits(end.within.family))
        single_.push_back(end.within);
      if (end.kind == EndKind::Service)
        for (const Address& address : end.addresses) single_.push_back(host_cidr(address));
    }
    for (const Pod& pod : cluster.pods)
      if (!pod.finished) add(pod.addresses);
    for (const Node& node : cluster.nodes)
      for (const auto* addresses : {&node.internal, &node.external, &node.join}) add(*addresses);
    add(cluster.node_local_dns);
  }

  /// In the order of the classes.
  std::vector<Named> named(const Selected& selected) {
    std::map<std::size_t, Named> found;
    const auto add = [&](std::size_t end, Member member) {
      found.try_emplace(end, Named{end}).first->second.add(std::move(member));
    };
    for (const std::size_t pod : selected.pods)
      if (const auto end = space_.class_of_pod(pod))
        for (const Family family : {Family::V4, Family::V6})
          if (const Address* address = first_of(cluster_.pods[pod].addresses, family))
            add(*end, {PodEnd{pod}, *address, pod});
    for (std::size_t i = 0; i < space_.ends().size(); ++i) {
      const EndClass& end = space_.ends()[i];
      if (end.kind == EndKind::OwnNode || end.kind == EndKind::OtherNode) {
        for (const NodeEnd& node : end.nodes)
          if (node.address && names(selected.nodes, node)) add(i, {node, *node.address});
      } else if (end.kind == EndKind::Outside) {
        if (const auto address = inside(i, selected.outside)) add(i, {AddressEnd{*address}, *address});
      }
    }
    std::vector<Named> sorted;
    for (auto& [end, named] : found) sorted.push_back(std::move(named));
    return sorted;
  }

 private:
  void add(const std::vector<Address>& addresses) {
    for (const Address& address : addresses) single_.push_back(host_cidr(address));
  }

  static bool names(const std::vector<NodeEnd>& selected, const NodeEnd& node) {
    auto at = std::lower_bound(selected.begin(), selected.end(), node.node,
                               [](const NodeEnd& each, std::size_t number) { return each.node < number; });
    for (; at != selected.end() && at->node == node.node; ++at)
      if (!at->address || at->address == node.address) return true;
    return false;
  }

  /// An address of the class that is in one of the ranges.
  std::optional<Address> inside(std::size_t number, const std::vector<Cidr>& ranges) {
    const EndClass& end = space_.ends()[number];
    for (const Cidr& range : ranges) {
      if (!overlaps(range, end.within)) continue;
      if (contains(range, end.addresses.front())) return end.addresses.front();
      const std::vector<Cidr> rest = subtract(range, holes(number));  // `range` is the smaller one
      if (!rest.empty()) return first_address(rest.front());
    }
    return std::nullopt;
  }

  /// What lies in the class's prefix and belongs to others.
  const std::vector<Cidr>& holes(std::size_t number) {
    std::optional<std::vector<Cidr>>& known = holes_[number];
    if (known) return *known;
    const EndClass& end = space_.ends()[number];
    known = end.except;
    for (const Cidr& each : single_) {
      const bool covered = std::any_of(end.except.begin(), end.except.end(),
                                       [&](const Cidr& except) { return contains(except, each); });
      if (!covered && each != end.within && contains(end.within, each)) known->push_back(each);
    }
    return *known;
  }

  const Space& space_;
  const Cluster& cluster_;
  std::vector<Cidr> single_;  // addresses that are classes or ends of their own
  std::vector<std::optional<std::vector<Cidr>>> holes_;  // by class, where asked for
};

/// Does a pod exchange packets with this member of a class that its class meets?
bool meet(const Member& pod, const Member& other, const EndClass& others, const Cluster& cluster) {
  if (other.pod) return *pod.pod != *other.pod;
  const auto* node = std::get_if<NodeEnd>(&other.end);
  if (node == nullptr) return true;
  return (cluster.nodes[node->node].name == cluster.pods[*pod.pod].node) == (others.kind == EndKind::OwnNode);
}

Traffic of_family(const Traffic& traffic, Family family) {
  Traffic found = traffic;
  std::erase_if(found, [&](const Packets& each) {
    return each.protocol == (family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp);
  });
  return found;
}

Counterexample completed(Counterexample example, Traffic traffic) {
  const Packets& packets = traffic.front();
  example.flow.protocol = example.packet.protocol = packets.protocol;
  example.flow.port = example.packet.port = packets.first;
  const std::uint16_t usual = example.packet.source_port;
  if (usual < packets.source_first || usual > packets.source_last) example.packet.source_port = packets.source_first;
  example.traffic = std::move(traffic);
  return example;
}

/// One assertion and what is known about it so far.
class Judgement {
 public:
  Judgement(const Assertion& assertion, const Space& space, const Cluster& cluster)
      : assertion_(assertion), space_(space), cluster_(cluster) {}

  void judge(const std::vector<Named>& from, const std::vector<Named>& to) {
    for (const Family family : {Family::V4, Family::V6}) {
      const Traffic wanted = of_family(assertion_.traffic, family);
      if (wanted.empty()) continue;
      for (const Named& a : from)
        for (const Named& b : to) {
          if (outcome.policies && outcome.objects) return;
          if (!may_meet(a, b, family)) continue;
          const auto pair = first_pair(a, b, family);
          if (!pair) continue;
          is_about_something = true;
          // A `deny` is not about what passes for every pod whatever the policies say.
          const Traffic asked = assertion_.verdict == Verdict::Deny
                                    ? without(wanted, space_.infrastructure(a.end, b.end, family))
                                    : wanted;
          judge(space_.between(a.end, b.end, family), asked, *pair);
        }
    }
  }

  Outcome outcome;
  bool is_about_something = false;

 private:
  [[nodiscard]] bool may_meet(const Named& a, const Named& b, Family family) const {
    const auto is_pods = [&](const Named& named) { return space_.ends()[named.end].kind == EndKind::Pods; };
    return (is_pods(a) || is_pods(b)) && space_.meet(a.end, b.end, family);
  }

  /// The first members that exchange packets, without protocol and port.
  [[nodiscard]] std::optional<Counterexample> first_pair(const Named& from, const Named& to, Family family) const {
    for (const Member& a : from.of(family))
      for (const Member& b : to.of(family)) {
        const bool do_meet = a.pod ? meet(a, b, space_.ends()[to.end], cluster_)
                                   : meet(b, a, space_.ends()[from.end], cluster_);
        if (!do_meet) continue;
        Counterexample found;
        found.flow.from = a.end;
        found.flow.to = b.end;
        found.packet.source = a.address;
        found.packet.destination = b.address;
        found.packet.from_pod = a.pod;
        found.packet.to_pod = b.pod;
        return found;
      }
    return std::nullopt;
  }

  void judge(const Passing& passing, const Traffic& wanted, const Counterexample& pair) {
    const auto wrong = [&](const Traffic& passes) {
      return assertion_.verdict == Verdict::Allow ? without(wanted, passes) : common(wanted, passes);
    };
    if (!outcome.policies)
      if (Traffic traffic = wrong(passing.policies); !traffic.empty())
        outcome.policies = completed(pair, std::move(traffic));
    if (outcome.objects) return;
    const Traffic undefined = common(wanted, passing.undefined);
    Traffic traffic = wrong(passing.objects);
    const Traffic certain = without(traffic, undefined);
    if (!certain.empty()) {
      outcome.objects = completed(pair, certain);
    } else if (!undefined.empty()) {  // neither promise can be given
      outcome.objects = completed(pair, undefined);
      outcome.objects->is_undefined = true;
    }
  }

  const Assertion& assertion_;
  const Space& space_;
  const Cluster& cluster_;
};

std::string why_nothing(const std::vector<Named>& from, const std::vector<Named>& to, const Space& space) {
  const auto has_pods = [&](const std::vector<Named>& all) {
    return std::any_of(all.begin(), all.end(),
                       [&](const Named& named) { return space.ends()[named.end].kind == EndKind::Pods; });
  };
  if (!has_pods(from) && !has_pods(to)) return "one of them must be pods";
  return "they are one and the same pod, have no addresses of one family that has this protocol, or are in networks "
         "that are not connected";
}

}  // namespace

std::vector<Outcome> check(const std::vector<Assertion>& assertions, const Space& space, const Cluster& cluster,
                           const std::vector<std::size_t>& future, Diagnostics& diagnostics) {
  std::vector<Outcome> outcomes;
  Namer namer(space, cluster);
  const auto ends_of = [&](const EndTerm& term) -> std::optional<std::vector<Named>> {
    const auto selected = select(term, cluster, future, diagnostics);
    if (!selected) return std::nullopt;
    std::vector<Named> named = namer.named(*selected);
    if (!named.empty()) return named;
    diagnostics.report<Kind::NothingSelected>(
        term.loc, term.text, "these addresses are all in the cluster's own ranges, where nothing holds them but pods and nodes");
    return std::nullopt;
  };
  for (std::size_t i = 0; i < assertions.size(); ++i) {
    const Assertion& assertion = assertions[i];
    const auto from = ends_of(assertion.from), to = ends_of(assertion.to);
    if (!from || !to) continue;
    Judgement judgement(assertion, space, cluster);
    judgement.judge(*from, *to);
    if (!judgement.is_about_something) {
      diagnostics.report<Kind::NothingToCheck>(assertion.loc, assertion.from.text, assertion.to.text,
                                               why_nothing(*from, *to, space));
      continue;
    }
    judgement.outcome.assertion = i;
    outcomes.push_back(std::move(judgement.outcome));
  }
  return outcomes;
}

}  // namespace policyconv::verify
