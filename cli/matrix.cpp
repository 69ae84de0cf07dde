// Entrance: add_matrix(). Ends that the policies tell apart are put together by namespace; everything between two
// groups is asked pair by pair, until the answer can only be "some".
#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "cli/report_extras.h"
#include "verify/end_classes.h"

namespace policyconv::cli {
namespace {

using report::Matrix;
using verify::EndClass;
using verify::EndKind;
using verify::Traffic;

constexpr Family families[] = {Family::V4, Family::V6};

/// Pairs of classes that are looked at. Each costs some microseconds.
constexpr std::size_t most_pairs = 400'000;

/// Those of a class that belong to a group. Only pods of one class can be in several groups.
struct Part {
  std::size_t end = 0;            // into Space::ends()
  std::vector<std::size_t> pods;  // into Cluster::pods
};

struct Group {
  std::string name;
  bool is_namespace = false;
  std::vector<Part> parts;
  std::size_t pods = 0;
  bool changes = false;
};

/// What passes between two ends: what Kube-OVN lets through although no policy is asked, and what could not arrive
/// under Cilium's policies either, is no change and counts as it was before.
struct Compared {
  Traffic before, after;
};

class Maker {
 public:
  Maker(const verify::Space& space, const Cluster& cluster) : space_(space), cluster_(cluster) {
    add_namespaces();
    add("nodes", {EndKind::OwnNode, EndKind::OtherNode});
    add("outside", {EndKind::Outside});
    places_.resize(space_.ends().size());
    for (std::size_t group = 0; group < groups_.size(); ++group)
      for (std::size_t part = 0; part < groups_[group].parts.size(); ++part)
        places_[groups_[group].parts[part].end].emplace_back(group, part);
  }

  [[nodiscard]] Matrix make(std::size_t most_ends) {
    find_changes();
    Matrix matrix;
    const std::vector<std::size_t> chosen = choose(most_ends);
    matrix.left_out = groups_.size() - chosen.size();
    for (const std::size_t from : chosen) {
      matrix.ends.push_back(groups_[from].name);
      auto& row = matrix.cells.emplace_back();
      for (const std::size_t to : chosen) row.push_back(cell(from, to));
    }
    return matrix;
  }

 private:
  void add_namespaces() {
    std::map<std::string_view, std::map<std::size_t, std::vector<std::size_t>>> classes;
    for (std::size_t pod = 0; pod < cluster_.pods.size(); ++pod)
      if (const auto end = space_.class_of_pod(pod)) classes[cluster_.pods[pod].ns][*end].push_back(pod);
    for (auto& [ns, by_class] : classes) {
      Group& group = groups_.emplace_back();
      group.name = ns;
      group.is_namespace = true;
      for (auto& [end, pods] : by_class) {
        group.pods += pods.size();
        group.parts.push_back({end, std::move(pods)});
      }
    }
  }

  void add(std::string name, std::initializer_list<EndKind> kinds) {
    Group group;
    group.name = std::move(name);
    for (std::size_t end = 0; end < space_.ends().size(); ++end)
      if (std::find(kinds.begin(), kinds.end(), space_.ends()[end].kind) != kinds.end())
        group.parts.push_back({end, {}});
    if (!group.parts.empty()) groups_.push_back(std::move(group));
  }

  // --- which groups ----------------------------------------------------------------------------------------------

  /// By compare(), which looks at nothing but what differs, and knows about the addresses of Services.
  void find_changes() {
    for (const verify::Region& region : verify::compare(space_).regions)
      if (region.change != verify::Change::Infrastructure) mark(region);
  }

  using Parts = std::map<std::size_t, std::vector<const Part*>>;  // by group

  [[nodiscard]] Parts parts_of(const std::vector<std::size_t>& ends) const {
    Parts parts;
    for (const std::size_t end : ends)
      for (const auto& [group, part] : places_[end]) parts[group].push_back(&groups_[group].parts[part]);
    return parts;
  }

  void mark(const verify::Region& region) {
    const Parts senders = parts_of(region.from), receivers = parts_of(region.to);
    for (const auto& [sender, from] : senders)
      for (const auto& [receiver, to] : receivers) {
        if (!meet(from, to, region)) continue;
        Change& change = changes_[{sender, receiver}];
        // Where ACLs tie OVN may do either.
        change.stricter |= region.change != verify::Change::Looser;
        change.looser |= region.change != verify::Change::Stricter;
        groups_[sender].changes = groups_[receiver].changes = true;
      }
  }

  [[nodiscard]] bool meet(const std::vector<const Part*>& from, const std::vector<const Part*>& to,
                          const verify::Region& region) const {
    for (const Part* a : from)
      for (const Part* b : to)
        if ((region.v4 && meet(*a, *b, Family::V4)) || (region.v6 && meet(*a, *b, Family::V6))) return true;
    return false;
  }

  /// Nodes and the outside, then namespaces that change, then large ones, as far as they fit; in the order of their
  /// names.
  [[nodiscard]] std::vector<std::size_t> choose(std::size_t most_ends) const {
    std::vector<std::size_t> order(groups_.size()), chosen;
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto rank = [&](std::size_t at) {
      const Group& group = groups_[at];
      return std::tuple(group.is_namespace, !group.changes, cluster_.pods.size() - group.pods, at);
    };
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
    std::size_t parts = 0;
    for (const std::size_t group : order) {
      const std::size_t with = parts + groups_[group].parts.size();
      if (chosen.size() == most_ends || with * with > most_pairs) continue;
      parts = with;
      chosen.push_back(group);
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
  }

  // --- one cell --------------------------------------------------------------------------------------------------

  /// Are there two members of these parts that can have packets for each other?
  [[nodiscard]] bool meet(const Part& from, const Part& to, Family family) const {
    if (!space_.meet(from.end, to.end, family)) return false;
    const EndClass &a = space_.ends()[from.end], &b = space_.ends()[to.end];
    if (!a.nodes.empty()) return meets_node(to, a, Direction::Ingress, family);
    if (!b.nodes.empty()) return meets_node(from, b, Direction::Egress, family);
    return from.end != to.end || from.pods != to.pods || from.pods.size() > 1;
  }

  [[nodiscard]] bool meets_node(const Part& pods, const EndClass& nodes, Direction direction, Family family) const {
    for (const std::size_t pod : pods.pods)
      for (const verify::NodeEnd& node : nodes.nodes)
        if (node.address->family == family && verify::meets_node(cluster_, pod, node, nodes.kind, direction, family))
          return true;
    return false;
  }

  [[nodiscard]] Compared compared(std::size_t from, std::size_t to, Family family) const {
    const verify::Passing passing = space_.between(from, to, family);
    const Traffic extra = without(space_.infrastructure(from, to, family), passing.policies);
    Compared compared{passing.policies, without(passing.objects, extra)};
    if (!space_.has_route(from, to)) compared.before = common(compared.before, compared.after);
    return compared;
  }

  /// SCTP is no part of "all": Cilium has it off by default, so that nothing would ever be all.
  static Traffic all_of(Family family) {
    Traffic all = verify::all_traffic();
    std::erase_if(all, [&](const verify::Packets& packets) {
      return packets.protocol == (family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp) ||
             packets.protocol == Protocol::Sctp;
    });
    return all;
  }

  /// What share of everything that was looked at passes.
  struct Share {
    bool any = false, all = true;
    void add(const Traffic& passing, const Traffic& everything) {
      any |= !passing.empty();
      all &= without(everything, passing).empty();
    }
    [[nodiscard]] bool is_some() const { return any && !all; }
    [[nodiscard]] Matrix::Reach reach() const {
      return !any ? Matrix::Reach::None : all ? Matrix::Reach::All : Matrix::Reach::Some;
    }
  };

  [[nodiscard]] Matrix::Cell cell(std::size_t from, std::size_t to) const {
    Matrix::Cell cell;
    if (const auto change = changes_.find({from, to}); change != changes_.end()) {
      cell.stricter = change->second.stricter;
      cell.looser = change->second.looser;
    }
    Share before, after;
    for (const Part& sender : groups_[from].parts)
      for (const Part& receiver : groups_[to].parts)
        for (const Family family : families) {
          if (!meet(sender, receiver, family)) continue;
          const Compared both = compared(sender.end, receiver.end, family);
          before.add(both.before, all_of(family));
          after.add(both.after, all_of(family));
          if (before.is_some() && after.is_some()) {
            cell.before = cell.after = Matrix::Reach::Some;
            return cell;
          }
        }
    cell.before = before.reach();
    cell.after = after.reach();
    return cell;
  }

  struct Change {
    bool stricter = false, looser = false;
  };

  const verify::Space& space_;
  const Cluster& cluster_;
  std::vector<Group> groups_;                                             // namespaces by name, nodes, outside
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> places_;  // by end: groups, and which part of these
  std::map<std::pair<std::size_t, std::size_t>, Change> changes_;
};

}  // namespace

void add_matrix(report::Report& report, const verify::Space& space, const Cluster& cluster, std::size_t most_ends) {
  if (!cluster.pods.empty()) report.matrix = Maker(space, cluster).make(most_ends);
}

void add_matrix(report::Report& report, const cilium::Policies& policies, const Semantics& semantics,
                const kubeovn::Manifest& manifest, const Cluster& cluster, unsigned jobs) {
  if (cluster.pods.empty()) return;
  add_matrix(report, verify::Space(policies, semantics, manifest, cluster, jobs), cluster);
}

}  // namespace policyconv::cli
