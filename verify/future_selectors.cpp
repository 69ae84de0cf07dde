// Entrance: read_selectors(). What Cilium drops from identities, or sets by itself, no pod can choose; a selector asks
// for it as part of the place.
#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "verify/future_labels.h"
#include "verify/label_bound.h"
#include "verify/source_rules.h"

namespace policyconv::verify::future {
namespace {

using source::Op;

constexpr std::string_view account_key = "io.cilium.k8s.policy.serviceaccount";

class Reader {
 public:
  Reader(const Cluster& cluster, const Semantics& semantics) : cluster_(cluster), semantics_(semantics) {
    in_play_.account = number_of(account_key, in_play_.keys, in_play_.key_numbers);
    in_play_.default_account = number_of("default", in_play_.values, in_play_.value_numbers);
  }

  void add(const source::Requirements& requirements, const std::optional<ContainerPort>& port = {}) {
    source::Requirements place;
    Needs needs;
    needs.port = port;
    for (const source::Requirement& r : requirements) {
      if (!can_be_chosen(r)) {
        place.push_back(r);
        continue;
      }
      Need need{number_of(r.key, in_play_.keys, in_play_.key_numbers), r.op, {}};
      for (const std::string& value : r.values)
        need.values.push_back(number_of(value, in_play_.values, in_play_.value_numbers));
      sort_unique(need.values);
      std::set<std::string, std::less<>>& listed = listed_[need.key];
      listed.insert(r.values.begin(), r.values.end());
      needs.labels.push_back(std::move(need));
    }
    sort_unique(needs.labels);
    Bounds bounds;
    for (const Need& need : needs.labels) bounds[need.key].narrow(need);
    for (const auto& [key, bound] : bounds)
      if (!bound.possible(key == in_play_.account)) return;
    in_play_.at_place[place_of(std::move(place))].push_back(needs_of(std::move(needs)));
  }

  void add(const std::optional<source::Section>& section) {
    if (!section) return;
    for (const source::Rule& rule : section->rules)
      for (const source::Requirements& selector : rule.peers.selectors) add(selector);
    add(section->required_of_allow);
    add(section->required_of_deny);
  }

  void add(const ir::Group& group) {
    source::Requirements requirements;
    for (const ir::Requirement& r : group.all_of) requirements.push_back({"k8s", r.key, same(r.op), r.values});
    add(requirements, group.port);
  }

  InPlay finish() {
    for (std::vector<NeedsId>& needs : in_play_.at_place) sort_unique(needs);
    for (Key key = 0; key < in_play_.keys.size(); ++key) {
      std::string text = "future";
      for (unsigned next = 2; listed_[key].count(text) != 0; ++next) text = "future-" + std::to_string(next);
      in_play_.unmentioned.push_back(number_of(text, in_play_.values, in_play_.value_numbers));
    }
    return std::move(in_play_);
  }

 private:
  template <typename T>
  static void sort_unique(std::vector<T>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }

  static Op same(ir::Op op) {
    switch (op) {
      case ir::Op::In:
        return Op::In;
      case ir::Op::NotIn:
        return Op::NotIn;
      case ir::Op::Exists:
        return Op::Exists;
      case ir::Op::DoesNotExist:
        return Op::DoesNotExist;
    }
    return Op::Exists;
  }

  // Is the owner of a pod free to give it this label, and does it count? What Cilium drops, or sets by itself, is asked
  // of the bare pod, together with the namespace.
  bool can_be_chosen(const source::Requirement& r) {
    if (r.source != "any" && r.source != "k8s") return false;
    if (r.key == account_key) return true;
    const auto [known, is_new] = free_keys_.try_emplace(r.key, false);
    if (is_new) {
      Pod pod;
      pod.labels.emplace(r.key, "future");
      const source::Identity identity = source::identity_of(cluster_, pod, semantics_);
      known->second = std::binary_search(identity.begin(), identity.end(), source::Label{r.key, "k8s", "future"});
    }
    return known->second;
  }

  static std::uint32_t number_of(std::string_view text, std::vector<std::string>& texts,
                                 std::map<std::string, std::uint32_t, std::less<>>& numbers) {
    const auto [known, is_new] = numbers.try_emplace(std::string(text), static_cast<std::uint32_t>(texts.size()));
    if (is_new) texts.emplace_back(text);
    return known->second;
  }

  using Asked = std::vector<std::tuple<std::string, std::string, Op, std::vector<std::string>>>;
  std::size_t place_of(source::Requirements place) {
    Asked asked;
    for (const source::Requirement& r : place) asked.emplace_back(r.key, r.source, r.op, r.values);
    sort_unique(asked);
    const auto [known, is_new] = places_.try_emplace(std::move(asked), in_play_.places.size());
    if (is_new) {
      in_play_.places.push_back(std::move(place));
      in_play_.at_place.emplace_back();
    }
    return known->second;
  }
  NeedsId needs_of(Needs needs) {
    const auto [known, is_new] = needs_.try_emplace(std::move(needs), static_cast<NeedsId>(in_play_.needs.size()));
    if (is_new) in_play_.needs.push_back(known->first);
    return known->second;
  }

  const Cluster& cluster_;
  const Semantics& semantics_;
  InPlay in_play_;
  std::map<std::string, bool, std::less<>> free_keys_;
  std::map<Key, std::set<std::string, std::less<>>> listed_;  // the values that some selector lists
  std::map<Asked, std::size_t> places_;
  std::map<Needs, NeedsId> needs_;
};

}  // namespace

InPlay read_selectors(const cilium::Policies& policies, const Cluster& cluster, const Semantics& semantics,
                      const kubeovn::Manifest& manifest) {
  Reader reader(cluster, semantics);
  for (const source::Spec& spec : source::read_specs(policies, cluster, semantics)) {
    reader.add(spec.subject);
    reader.add(spec.ingress);
    reader.add(spec.egress);
  }
  for (const kubeovn::SecurityGroup& group : manifest.security_groups)
    if (group.members) reader.add(*group.members);
  return reader.finish();
}

}  // namespace policyconv::verify::future
