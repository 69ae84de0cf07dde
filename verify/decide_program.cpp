// One rule after another, as ir/program.h has it. Entrance: ProgramMeaning::decide().
#include "verify/decide_program.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/membership.h"
#include "ir/overloaded.h"

namespace policyconv::verify {
namespace {

/// The rules of one direction whose subject one pod is.
struct Side {
  std::vector<const ir::Rule*> deny, allow;
  bool isolated = false;
};

struct Subject {
  Side ingress, egress;
  [[nodiscard]] Side& side(Direction direction) { return direction == Direction::Ingress ? ingress : egress; }
};

/// The other end, as the subject's pod sees it.
struct Other {
  enum class Kind : std::uint8_t { Pod, OwnNode, OtherNode, Outside };
  Kind kind = Kind::Outside;
  std::size_t pod = 0;     // Pod only
  bool apiserver = false;  // never a pod
  Address address = {};    // Outside only
};

bool covers(const ir::Traffic& traffic, const Flow& flow) {
  if (traffic.protocol == Protocol::Any) return true;
  if (traffic.protocol != flow.protocol) return false;
  if (flow.protocol == Protocol::Icmp || flow.protocol == Protocol::Icmp6)
    return !traffic.icmp_type || *traffic.icmp_type == flow.port;
  return traffic.ports.first <= flow.port && flow.port <= traffic.ports.last;
}

bool is_entity(ir::Entity entity, const Other& other) {
  const bool own = other.kind == Other::Kind::OwnNode, remote = other.kind == Other::Kind::OtherNode;
  switch (entity) {
    case ir::Entity::Host: return own;
    case ir::Entity::RemoteNode: return remote;
    case ir::Entity::Nodes: return own || remote;
    case ir::Entity::Apiserver: return other.apiserver;
    case ir::Entity::Cluster: return other.kind != Other::Kind::Outside || other.apiserver;
  }
  return false;
}

}  // namespace

struct ProgramMeaning::Prepared {
  Prepared(const ir::Program& program_, const Cluster& cluster_)
      : program(program_), cluster(cluster_), apiservers(apiserver_addresses(cluster_)), subjects(cluster_.pods.size()) {
    find_members();
    for (const ir::Isolation& isolation : program.isolations)
      for_members(isolation.subject, [&](Subject& subject) { subject.side(isolation.direction).isolated = true; });
    for (const ir::Rule& rule : program.rules)
      for_members(rule.subject, [&](Subject& subject) {
        Side& side = subject.side(rule.direction);
        (rule.verdict == Verdict::Deny ? side.deny : side.allow).push_back(&rule);
      });
  }

  void find_members() {
    for (const ir::Group& group : program.groups) {
      std::vector<bool>& of_group = members.emplace_back();
      for (const Pod& pod : cluster.pods)
        of_group.push_back(is_endpoint(pod) && ir::is_member(group, ir::identity_labels(cluster, pod), pod.ports));
    }
  }

  template <typename Each>
  void for_members(ir::GroupId group, Each&& each) {
    for (std::size_t pod = 0; pod < subjects.size(); ++pod)
      if (is_member(group, pod)) each(subjects[pod]);
  }

  [[nodiscard]] bool is_member(ir::GroupId group, std::size_t pod) const {
    return members[static_cast<std::size_t>(group)][pod];
  }

  [[nodiscard]] bool is_apiserver(const Address& address) const {
    return std::binary_search(apiservers.begin(), apiservers.end(), address);
  }
  [[nodiscard]] bool any_apiserver(const std::vector<Address>& addresses) const {
    return std::any_of(addresses.begin(), addresses.end(), [&](const Address& address) { return is_apiserver(address); });
  }

  [[nodiscard]] static Other node(const std::string& name, bool apiserver, const Pod& subject) {
    const bool own = !name.empty() && name == subject.node;
    return {own ? Other::Kind::OwnNode : Other::Kind::OtherNode, 0, apiserver};
  }

  [[nodiscard]] Other other(const End& end, const Pod& subject) const {
    return std::visit(
        Overloaded{[&](const PodEnd& at) -> Other {
                     const Pod& pod = cluster.pods[at.pod];
                     if (is_endpoint(pod)) return {Other::Kind::Pod, at.pod};
                     if (pod.host_network) return node(pod.node, any_apiserver(pod.addresses), subject);
                     return outside(pod.addresses.empty() ? Address{} : pod.addresses.front());
                   },
                   [&](const NodeEnd& at) {
                     const Node& it = cluster.nodes[at.node];
                     return node(it.name, at.address ? is_apiserver(*at.address) : any_apiserver(it.internal), subject);
                   },
                   [&](const AddressEnd& at) { return outside(at.address); }},
        end);
  }

  [[nodiscard]] Other outside(const Address& address) const {
    return {Other::Kind::Outside, 0, is_apiserver(address), address};
  }

  [[nodiscard]] bool contains(const ir::Peer& peer, const Other& other) const {
    return std::visit(
        Overloaded{[](ir::Anyone) { return true; },
                   [&](ir::GroupId group) { return other.kind == Other::Kind::Pod && is_member(group, other.pod); },
                   [&](const ir::Outside& block) {
                     return other.kind == Other::Kind::Outside && policyconv::contains(block.within, other.address) &&
                            std::none_of(block.except.begin(), block.except.end(), [&](const Cidr& hole) {
                              return policyconv::contains(hole, other.address);
                            });
                   },
                   [&](ir::Entity entity) { return is_entity(entity, other); }},
        peer);
  }

  [[nodiscard]] std::vector<RuleId> matching(const std::vector<const ir::Rule*>& rules, const Flow& flow,
                                             const Other& other) const {
    std::vector<RuleId> origins;
    for (const ir::Rule* rule : rules)
      if (covers(rule->traffic, flow) && contains(rule->peer, other)) origins.push_back(rule->origin);
    std::sort(origins.begin(), origins.end());
    origins.erase(std::unique(origins.begin(), origins.end()), origins.end());
    return origins;
  }

  [[nodiscard]] Decision decide(const Flow& flow, Direction direction, std::size_t pod, const End& end) {
    const Side& side = subjects[pod].side(direction);
    const Other peer = other(end, cluster.pods[pod]);
    if (auto rules = matching(side.deny, flow, peer); !rules.empty())
      return {Verdict::Deny, std::move(rules), "a deny rule matches"};
    if (auto rules = matching(side.allow, flow, peer); !rules.empty())
      return {Verdict::Allow, std::move(rules), "an allow rule matches"};
    if (!side.isolated) return {Verdict::Allow, {}, "not isolated"};
    if (direction == Direction::Ingress && peer.kind == Other::Kind::OwnNode) return {Verdict::Allow, {}, "own node"};
    return {Verdict::Deny, {}, "isolated"};
  }

  const ir::Program& program;
  const Cluster& cluster;
  std::vector<Address> apiservers;
  std::vector<Subject> subjects;           // one for each pod
  std::vector<std::vector<bool>> members;  // by group and pod
};

ProgramMeaning::ProgramMeaning(const ir::Program& program, const Cluster& cluster)
    : prepared_(std::make_unique<Prepared>(program, cluster)) {}
ProgramMeaning::~ProgramMeaning() = default;

std::optional<Decision> ProgramMeaning::decide(const Flow& flow, Direction direction) const {
  const End& own = direction == Direction::Ingress ? flow.to : flow.from;
  const End& other = direction == Direction::Ingress ? flow.from : flow.to;
  const auto* pod = std::get_if<PodEnd>(&own);
  if (pod == nullptr || !is_endpoint(prepared_->cluster.pods[pod->pod])) return std::nullopt;
  const auto* other_pod = std::get_if<PodEnd>(&other);
  if (other_pod != nullptr && other_pod->pod == pod->pod) return Decision{Verdict::Allow, {}, "the same pod"};
  return prepared_->decide(flow, direction, pod->pod, other);
}

Verdict ProgramMeaning::decide(const Flow& flow) const {
  for (const Direction direction : {Direction::Egress, Direction::Ingress})
    if (const auto decision = decide(flow, direction); decision && decision->verdict == Verdict::Deny) return Verdict::Deny;
  return Verdict::Allow;
}

}  // namespace policyconv::verify
