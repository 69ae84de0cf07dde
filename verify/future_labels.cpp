// Entrance: InPlay::choices(). A choice starts with the fewest labels that meet what is wanted; then
// labels are changed so that fewer other selectors match.
#include "verify/future_labels.h"

#include <algorithm>
#include <set>
#include <utility>

#include "verify/label_bound.h"

namespace policyconv::verify::future {
namespace {

using source::Op;

bool holds(const Need& need, const std::map<Key, Value>& labels) {
  const auto label = labels.find(need.key);
  const bool exists = label != labels.end();
  const auto listed = [&] { return std::binary_search(need.values.begin(), need.values.end(), label->second); };
  switch (need.op) {
    case Op::In:
      return exists && listed();
    case Op::NotIn:
      return !exists || !listed();
    case Op::Exists:
      return exists;
    case Op::DoesNotExist:
      return !exists;
  }
  return false;
}

bool has(const std::vector<ContainerPort>& ports, const ContainerPort& port) {
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

/// Changes labels within `bounds` so that fewer of `some` match; the label `fixed` stays as it is. All combinations are
/// tried if they are few, else single labels are changed as long as that helps.
class Narrower {
 public:
  Narrower(const InPlay& in_play, const Bounds& bounds, const std::vector<NeedsId>& wanted,
           const std::vector<NeedsId>& some, std::optional<Key> fixed)
      : in_play_(in_play), bounds_(bounds), wanted_(wanted), some_(some), fixed_(fixed) {}

  void narrow(Choice& choice) const {
    std::vector<NeedsId> unwanted = unwanted_of(choice);
    for (bool better = true; better && !unwanted.empty();) {
      better = false;
      for (const NeedsId other : unwanted)
        if (break_one(other, unwanted.size(), choice)) {
          better = true;
          unwanted = unwanted_of(choice);
          break;
        }
    }
    if (!unwanted.empty()) try_all(unwanted.size(), choice);
  }

 private:
  // Those that match without being wanted, except what asks for nothing.
  [[nodiscard]] std::vector<NeedsId> unwanted_of(const Choice& choice) const {
    std::vector<NeedsId> found = in_play_.matched(some_, choice);
    const auto must = [&](NeedsId id) {
      const Needs& needs = in_play_.needs[id];
      return (needs.labels.empty() && !needs.port) || std::find(wanted_.begin(), wanted_.end(), id) != wanted_.end();
    };
    found.erase(std::remove_if(found.begin(), found.end(), must), found.end());
    return found;
  }

  static void set(Choice& choice, Key key, std::optional<Value> value) {
    if (value)
      choice.labels[key] = *value;
    else
      choice.labels.erase(key);
  }

  // Makes `other` fail by the best change of one label, if any leaves fewer than `limit` that are unwanted.
  bool break_one(NeedsId other, std::size_t limit, Choice& choice) const {
    std::optional<Choice> best;
    for (const Need& need : in_play_.needs[other].labels)
      for (const std::optional<Value>& option :
           options(need.key, need.op == Op::NotIn ? need.values : std::vector<Value>())) {
        Choice changed = choice;
        set(changed, need.key, option);
        if (holds(need, changed.labels)) continue;
        const std::size_t count = unwanted_of(changed).size();
        if (count >= limit) continue;
        limit = count;
        best = std::move(changed);
      }
    if (best) choice = *std::move(best);
    return best.has_value();
  }

  void try_all(std::size_t limit, Choice& choice) const {
    constexpr std::size_t few = 256;
    std::map<Key, std::set<Value>> listed;
    for (const NeedsId id : some_)
      for (const Need& need : in_play_.needs[id].labels)
        listed[need.key].insert(need.values.begin(), need.values.end());
    std::vector<Choice> tries{choice};
    for (const auto& [key, values] : listed) {
      const auto choose_from = options(key, {values.begin(), values.end()});
      if (tries.size() * choose_from.size() > few) return;
      std::vector<Choice> longer;
      for (const Choice& one : tries)
        for (const std::optional<Value>& option : choose_from) set(longer.emplace_back(one), key, option);
      tries = std::move(longer);
    }
    for (const Choice& one : tries)
      if (const std::size_t count = unwanted_of(one).size(); count < limit) {
        limit = count;
        choice = one;
      }
  }

  // What the label may become: missing, one of those that are asked for, one that no selector lists, or one of `more`.
  [[nodiscard]] std::vector<std::optional<Value>> options(Key key, const std::vector<Value>& more) const {
    constexpr std::size_t enough = 16;
    static const Bound unbound;
    const auto found = bounds_.find(key);
    const Bound& bound = found == bounds_.end() ? unbound : found->second;
    if (key == fixed_) return {in_play_.unmentioned[key]};
    std::vector<std::optional<Value>> result;
    const auto offer = [&](Value value) {
      if (result.size() < enough && bound.allows(value)) result.emplace_back(value);
    };
    if (key == in_play_.account)
      offer(in_play_.default_account);
    else if (bound.can_miss())
      result.emplace_back(std::nullopt);
    if (bound.in) std::for_each(bound.in->begin(), bound.in->end(), offer);
    offer(in_play_.unmentioned[key]);
    if (!bound.in) std::for_each(more.begin(), more.end(), offer);
    return result;
  }

  const InPlay& in_play_;
  const Bounds& bounds_;
  const std::vector<NeedsId>&wanted_, &some_;
  std::optional<Key> fixed_;
};

}  // namespace

bool InPlay::holds(NeedsId id, const Choice& choice) const {
  const Needs& asked = needs[id];
  return (!asked.port || has(choice.ports, *asked.port)) &&
         std::all_of(asked.labels.begin(), asked.labels.end(),
                     [&](const Need& need) { return future::holds(need, choice.labels); });
}

std::vector<NeedsId> InPlay::matched(const std::vector<NeedsId>& some, const Choice& choice) const {
  std::vector<NeedsId> found;
  std::copy_if(some.begin(), some.end(), std::back_inserter(found), [&](NeedsId id) { return holds(id, choice); });
  return found;
}

// Only keys that both ask about can stand in the way, as each of the two can be met alone.
bool InPlay::agree(NeedsId a, NeedsId b) const {
  const Needs &one = needs[a], &two = needs[b];
  // Names of ports are unique within a pod.
  if (one.port && two.port && one.port->name == two.port->name && one.port != two.port) return false;
  for (auto left = one.labels.begin(), right = two.labels.begin();
       left != one.labels.end() && right != two.labels.end();) {
    if (left->key != right->key) {
      ++(left->key < right->key ? left : right);
      continue;
    }
    Bound bound;
    const Key key = left->key;
    for (; left != one.labels.end() && left->key == key; ++left) bound.narrow(*left);
    for (; right != two.labels.end() && right->key == key; ++right) bound.narrow(*right);
    if (!bound.possible(key == account)) return false;
  }
  return true;
}

std::vector<Choice> InPlay::choices(const std::vector<NeedsId>& wanted, const std::vector<NeedsId>& some) const {
  Bounds bounds;
  Choice least;
  for (const NeedsId id : wanted) {
    for (const Need& need : needs[id].labels) bounds[need.key].narrow(need);
    if (needs[id].port && !has(least.ports, *needs[id].port)) least.ports.push_back(*needs[id].port);
  }
  least.labels.emplace(account, default_account);
  for (const auto& [key, bound] : bounds) {
    if (key == account ? bound.allows(default_account) : bound.can_miss()) continue;
    Value value = unmentioned[key];
    if (bound.in)
      value = *std::find_if(bound.in->begin(), bound.in->end(), [&it = bound](Value listed) { return it.allows(listed); });
    least.labels.insert_or_assign(key, value);
  }
  std::vector<Choice> result{least};
  Narrower(*this, bounds, wanted, some, std::nullopt).narrow(result.front());
  for (const auto& [key, bound] : bounds) {
    if (key == account || bound.not_in.empty() || !bound.can_miss() || bound.missing) continue;
    Choice other = least;
    other.labels.insert_or_assign(key, unmentioned[key]);
    Narrower(*this, bounds, wanted, some, key).narrow(other);
    result.push_back(std::move(other));
  }
  return result;
}

Choice InPlay::choice_of(const Pod& pod) const {
  Choice choice;
  // A value that no selector lists is as good as any other such value.
  const auto add = [&](Key key, const std::string& text) {
    const auto value = value_numbers.find(text);
    choice.labels.emplace(key, value == value_numbers.end() ? unmentioned[key] : value->second);
  };
  for (const auto& [text, value] : pod.labels)
    if (const auto key = key_numbers.find(text); key != key_numbers.end() && key->second != account)
      add(key->second, value);
  add(account, pod.service_account);
  choice.ports = pod.ports;
  return choice;
}

void InPlay::apply(const Choice& choice, Pod& pod) const {
  for (const auto& [key, value] : choice.labels)
    if (key == account)
      pod.service_account = values[value];
    else
      pod.labels.emplace(keys[key], values[value]);
  pod.ports = choice.ports;
}

}  // namespace policyconv::verify::future
