#include "frontend/made_rules.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ir/limits.h"
#include "ir/parallel.h"

namespace policyconv::cilium {
namespace {

template <typename T>
void sort_unique(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

/// Both sorted and unique, and so they stay.
template <typename T>
void merge(std::vector<T>& all, std::vector<T> more) {
  if (all.empty()) return void(all = std::move(more));
  const auto before = static_cast<std::ptrdiff_t>(all.size());
  std::move(more.begin(), more.end(), std::back_inserter(all));
  std::inplace_merge(all.begin(), all.begin() + before, all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

}  // namespace

Expansion Made::expansion() const {
  Expansion sum;
  if (with_all != 0) sum[peers] = with_all;
  if (with_one != 0) sum[1] = saturating_sum(sum[1], with_one);
  return sum;
}

std::size_t Made::entries() const {
  return saturating_sum(saturating_product(with_all, peers), with_one);
}

bool MadeRules::has_room(RuleId id, std::size_t ports, const std::vector<PeerValue>& peers) {
  Made& made = made_[static_cast<std::size_t>(id)];
  made.with_all = saturating_sum(made.with_all, ports);
  made.peers = peers.size();
  return made.entries() <= most_expansion_;
}

bool MadeRules::has_room_for_one(RuleId id, std::size_t ports) {
  Made& made = made_[static_cast<std::size_t>(id)];
  made.with_one = saturating_sum(made.with_one, ports);
  return made.entries() <= most_expansion_;
}

ir::GroupId MadeRules::number(const ir::Group& group) {
  return static_cast<ir::GroupId>(numbers_.try_emplace(group, static_cast<std::uint32_t>(numbers_.size())).first->second);
}

void MadeRules::add(const ir::Group& subject, const RuleContext& where, const PeerValue& peer, const ir::Traffic& traffic) {
  ir::Peer numbered = ir::Anyone{};
  if (const auto* group = std::get_if<ir::Group>(&peer)) numbered = number(*group);
  else if (const auto* outside = std::get_if<ir::Outside>(&peer)) numbered = *outside;
  else if (const auto* entity = std::get_if<ir::Entity>(&peer)) numbered = *entity;
  rules_.push_back({number(subject), where.direction, where.verdict, std::move(numbered), traffic, where.id});
}

void MadeRules::isolate(const ir::Group& subject, Direction direction) {
  isolations_.push_back({number(subject), direction});
}

std::set<std::string> MadeRules::keys() const {
  std::set<std::string> found;
  for (const auto& [group, number] : numbers_)
    for (const ir::Requirement& requirement : group.all_of) found.insert(requirement.key);
  return found;
}

void MadeRules::renumber(const std::vector<ir::Group>& groups) {
  std::vector<ir::GroupId> final_number(numbers_.size());
  auto at = groups.begin();
  for (const auto& [group, number] : numbers_) {
    at = std::lower_bound(at, groups.end(), group);
    final_number[number] = static_cast<ir::GroupId>(at - groups.begin());
  }
  const auto renumber = [&](ir::GroupId& id) { id = final_number[static_cast<std::size_t>(id)]; };
  for (ir::Isolation& isolation : isolations_) renumber(isolation.subject);
  for (ir::Rule& rule : rules_) {
    renumber(rule.subject);
    if (auto* peer = std::get_if<ir::GroupId>(&rule.peer)) renumber(*peer);
  }
  sort_unique(isolations_);
  sort_unique(rules_);
}

ir::Program MadeRules::joined(std::vector<MadeRules> parts, unsigned jobs) {
  ir::Program program;
  for (const MadeRules& part : parts) {
    std::vector<ir::Group> groups;
    groups.reserve(part.numbers_.size());
    for (const auto& [group, number] : part.numbers_) groups.push_back(group);
    merge(program.groups, std::move(groups));
  }
  in_parallel(parts.size(), jobs, [&](std::size_t i) { parts[i].renumber(program.groups); });
  for (MadeRules& part : parts) {
    merge(program.isolations, std::move(part.isolations_));
    merge(program.rules, std::move(part.rules_));
  }
  return program;
}

}  // namespace policyconv::cilium
