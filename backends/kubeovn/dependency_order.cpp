// Entrance: dependency_order(). Tarjan's algorithm finds the circles and, since it leaves a group only after everything
// that the group names, the order as well. Its stack is a vector: a chain of groups may be as long as the list.
#include "backends/kubeovn/dependency_order.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <variant>

namespace policyconv::kubeovn {
namespace {

constexpr std::size_t unseen = std::numeric_limits<std::size_t>::max();

/// By index: the groups that each one names, by name, each once, and never itself.
using Named = std::vector<std::vector<std::size_t>>;

/// `by_name[rank]` is a group; what follows works on ranks, so that smaller means earlier by name.
std::vector<std::size_t> sorted_by_name(const std::vector<SecurityGroup>& groups) {
  std::vector<std::size_t> by_name(groups.size());
  std::iota(by_name.begin(), by_name.end(), std::size_t{0});
  std::stable_sort(by_name.begin(), by_name.end(),
                   [&](std::size_t a, std::size_t b) { return groups[a].name < groups[b].name; });
  return by_name;
}

Named named_groups(const std::vector<SecurityGroup>& groups, const std::vector<std::size_t>& by_name) {
  std::unordered_map<std::string_view, std::size_t> rank_of;
  for (std::size_t rank = 0; rank < by_name.size(); ++rank) rank_of.emplace(groups[by_name[rank]].name, rank);
  Named named(groups.size());
  for (std::size_t rank = 0; rank < by_name.size(); ++rank) {
    std::vector<std::size_t>& remotes = named[rank];
    for (const std::vector<SgRule>* rules : {&groups[by_name[rank]].ingress, &groups[by_name[rank]].egress})
      for (const SgRule& rule : *rules)
        if (const auto* remote = std::get_if<SgName>(&rule.remote))
          if (const auto at = rank_of.find(remote->name); at != rank_of.end() && at->second != rank) remotes.push_back(at->second);
    std::sort(remotes.begin(), remotes.end());
    remotes.erase(std::unique(remotes.begin(), remotes.end()), remotes.end());
  }
  return named;
}

class Walk {
 public:
  explicit Walk(const Named& named) : named_(named), found_(named.size(), unseen), low_(named.size(), unseen), settled_(named.size()) {}

  /// Sets of groups that name each other, each set behind those that it names; most have one member.
  std::vector<std::vector<std::size_t>> circles() {
    for (std::size_t rank = 0; rank < named_.size(); ++rank)
      if (found_[rank] == unseen) walk_from(rank);
    return std::move(circles_);
  }

 private:
  struct Frame {
    std::size_t group, next = 0;  // next: of the groups that it names
  };

  void enter(std::size_t group) {
    found_[group] = low_[group] = count_++;
    open_.push_back(group);
    path_.push_back({group});
  }

  void walk_from(std::size_t root) {
    enter(root);
    while (!path_.empty()) {
      const std::size_t group = path_.back().group;
      if (path_.back().next < named_[group].size()) {
        const std::size_t remote = named_[group][path_.back().next++];
        if (found_[remote] == unseen) enter(remote);
        else if (!settled_[remote]) low_[group] = std::min(low_[group], found_[remote]);
        continue;
      }
      path_.pop_back();
      if (!path_.empty()) low_[path_.back().group] = std::min(low_[path_.back().group], low_[group]);
      if (low_[group] == found_[group]) settle(group);
    }
  }

  void settle(std::size_t first) {
    const auto begin = std::find(open_.rbegin(), open_.rend(), first).base() - 1;
    std::vector<std::size_t> circle(begin, open_.end());
    open_.erase(begin, open_.end());
    for (const std::size_t group : circle) settled_[group] = true;
    std::sort(circle.begin(), circle.end());
    circles_.push_back(std::move(circle));
  }

  const Named& named_;
  std::vector<std::size_t> found_, low_;  // when a group was met; the earliest one still open that it leads to
  std::vector<bool> settled_;
  std::vector<std::size_t> open_;
  std::vector<Frame> path_;
  std::vector<std::vector<std::size_t>> circles_;
  std::size_t count_ = 0;
};

}  // namespace

DependencyOrder dependency_order(const std::vector<SecurityGroup>& groups) {
  const std::vector<std::size_t> by_name = sorted_by_name(groups);
  const Named named = named_groups(groups, by_name);
  DependencyOrder found;
  found.order.reserve(groups.size());
  for (const std::vector<std::size_t>& circle : Walk(named).circles())
    for (const std::size_t rank : circle) {
      found.order.push_back(by_name[rank]);
      if (circle.size() > 1) found.in_circles.push_back(by_name[rank]);
    }
  std::sort(found.in_circles.begin(), found.in_circles.end());
  return found;
}

}  // namespace policyconv::kubeovn
