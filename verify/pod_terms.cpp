// Entrance: PodTerms::describe(). The smallest cover is a hard problem; taking the term that covers most of what is left,
// again and again, is near it. What is nearly everything is named by what is missing.
#include "verify/pod_terms.h"

#include <algorithm>
#include <array>
#include <map>
#include <queue>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "verify/source_labels.h"

namespace policyconv::verify {
namespace {

/// Keys that people name applications by, best first.
constexpr std::array<std::string_view, 6> telling_keys{"app",  "app.kubernetes.io/name",      "k8s-app",
                                                       "name", "app.kubernetes.io/component", "component"};

std::size_t rank(std::string_view key) {
  return static_cast<std::size_t>(std::find(telling_keys.begin(), telling_keys.end(), key) - telling_keys.begin());
}

bool is_telling(std::string_view key) {
  return rank(key) < telling_keys.size();
}

}  // namespace

PodTerms::PodTerms(const Cluster& cluster, const std::vector<std::size_t>& future)
    : cluster_(cluster), is_end_(cluster.pods.size()), is_future_(cluster.pods.size()), of_pod_(cluster.pods.size()) {
  for (const std::size_t pod : future) is_future_[pod] = true;
  std::map<std::tuple<std::string, std::string, std::string>, std::uint32_t> numbers;
  const auto add = [&](std::size_t pod, const std::string& ns, const std::string& key, const std::string& value) {
    const auto [at, is_new] = numbers.try_emplace({ns, key, value}, static_cast<std::uint32_t>(terms_.size()));
    if (is_new) terms_.push_back({ns, key, value, {}});
    Term& term = terms_[at->second];
    term.members.push_back(static_cast<std::uint32_t>(pod));
    if (!is_future_[pod]) ++term.present;
    of_pod_[pod].push_back(at->second);
  };
  numbers[{"", "", ""}] = 0;
  terms_.push_back({});
  for (std::size_t i = 0; i < cluster.pods.size(); ++i) {
    const Pod& pod = cluster.pods[i];
    is_end_[i] = is_endpoint(pod);
    if (!is_end_[i]) continue;
    add(i, "", "", "");
    add(i, pod.ns, "", "");
    namespaces_.try_emplace(pod.ns, of_pod_[i].back());
    // Labels that are no part of an identity, such as pod-template-hash, tell nothing about what a policy means.
    for (const source::Label& label : source::identity_of(cluster, pod, {})) {
      const auto own = pod.labels.find(label.key);
      if (own == pod.labels.end() || own->second != label.value) continue;
      add(i, pod.ns, label.key, label.value);
      add(i, "", label.key, label.value);
    }
  }
}

std::string PodTerms::text(const Term& term) const {
  if (!term.key.empty()) return fmt::format("pod:{}/{}={}", term.ns.empty() ? "*" : term.ns, term.key, term.value);
  return term.ns.empty() ? "pod:*" : "ns:" + term.ns;
}

/// Of two terms that cover equally much.
bool PodTerms::goes_before(const Term& a, const Term& b) const {
  const auto order = [](const Term& term) {
    const int kind = term.key.empty() ? (term.ns.empty() ? 0 : 1) : (term.ns.empty() ? 3 : 2);
    return std::tuple(kind, rank(term.key), term.key.size(), std::tie(term.key, term.ns, term.value));
  };
  return order(a) < order(b);
}

/// Terms for `open`, best first, and what they leave of it. Their members (the present ones, if `of_present`) are all in
/// `set`.
std::vector<const PodTerms::Term*> PodTerms::chosen(const Pods& set, Pods& open, bool of_present) const {
  std::unordered_map<std::uint32_t, std::size_t> inside;  // how many members of a term are in the set
  for (std::size_t i = 0; i < set.size(); ++i)
    if (set[i] && !(of_present && is_future_[i]))
      for (const std::uint32_t term : of_pod_[i]) ++inside[term];
  const auto gain = [&](const Term& term) {
    return static_cast<std::size_t>(std::count_if(term.members.begin(), term.members.end(),
                                                  [&](std::uint32_t pod) { return open[pod]; }));
  };
  using Offer = std::pair<std::size_t, const Term*>;
  const auto worse = [&](const Offer& a, const Offer& b) {
    return a.first != b.first ? a.first < b.first : goes_before(*b.second, *a.second);
  };
  std::priority_queue<Offer, std::vector<Offer>, decltype(worse)> offers(worse);
  for (const auto& [number, count] : inside) {
    const Term& term = terms_[number];
    if (count == (of_present ? term.present : term.members.size())) offers.push({gain(term), &term});
  }
  std::vector<const Term*> chosen;
  while (!offers.empty()) {
    const auto [promised, term] = offers.top();
    offers.pop();
    const std::size_t now = gain(*term);
    // Of a single pod a name says more than some label that it alone happens to have.
    if (now == 0 || (now == 1 && !term->key.empty() && !is_telling(term->key))) continue;
    if (now < promised) {
      offers.push({now, term});
      continue;
    }
    chosen.push_back(term);
    for (const std::uint32_t pod : term->members) open[pod] = false;
  }
  // A later term may have made an earlier one superfluous.
  std::map<std::uint32_t, int> covers;
  for (const Term* term : chosen)
    for (const std::uint32_t pod : term->members) ++covers[pod];
  for (std::size_t i = chosen.size(); i-- > 0;) {
    const auto& members = chosen[i]->members;
    if (!std::all_of(members.begin(), members.end(), [&](std::uint32_t pod) { return covers[pod] > 1; })) continue;
    for (const std::uint32_t pod : members) --covers[pod];
    chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return chosen;
}

std::string PodTerms::by_labels(const Pod& pod) const {
  std::string labels;
  for (const source::Label& label : source::identity_of(cluster_, pod, {}))
    if (const auto own = pod.labels.find(label.key); own != pod.labels.end() && own->second == label.value)
      labels += (labels.empty() ? "" : ",") + label.key + "=" + label.value;
  return fmt::format("pod:{}/{}", pod.ns, labels.empty() ? "(without labels)" : labels);
}

/// Terms for `open`, and single pods for what no term covers; then nothing is open any more.
std::vector<std::string> PodTerms::cover(const Pods& set, Pods& open, bool of_present) const {
  std::vector<std::string> texts;
  if (std::find(open.begin(), open.end(), true) == open.end()) return texts;
  for (const Term* term : chosen(set, open, of_present)) texts.push_back(text(*term));
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (!open[i] || (of_present && is_future_[i])) continue;
    const Pod& pod = cluster_.pods[i];
    std::string name = is_future_[i] ? by_labels(pod) : fmt::format("pod:{}/{}", pod.ns, pod.name);
    // Future pods may differ only in ports or accounts.
    if (std::find(texts.begin(), texts.end(), name) == texts.end()) texts.push_back(std::move(name));
    open[i] = false;
  }
  return texts;
}

/// Replaces the texts that cover present pods of `scope`, if naming what is missing of it is shorter.
bool PodTerms::describe_by_exception(const Pods& set, const Term& scope, Pods& open,
                                     std::vector<std::string>& texts) const {
  constexpr std::size_t most = 4;
  Pods missing(set.size());
  std::size_t count = 0;
  for (const std::uint32_t pod : scope.members)
    if (!set[pod] && !is_future_[pod]) missing[pod] = true, ++count;
  if (count == 0 || 2 * count >= scope.present) return false;
  Pods left = missing;
  const std::vector<const Term*> terms = chosen(missing, left, true);
  std::vector<std::string> exceptions;
  Pods excepted(set.size());
  for (const Term* term : terms) {
    exceptions.push_back(text(*term));
    for (const std::uint32_t pod : term->members) excepted[pod] = true;
  }
  for (const std::uint32_t pod : scope.members)
    if (left[pod] && !is_future_[pod])
      exceptions.push_back(fmt::format("pod:{}/{}", cluster_.pods[pod].ns, cluster_.pods[pod].name));
  if (exceptions.size() > most || exceptions.size() + 1 >= texts.size()) return false;
  texts = {fmt::format("{} except {}", text(scope), fmt::join(exceptions, ", "))};
  for (const std::uint32_t pod : scope.members) open[pod] = excepted[pod] && set[pod];  // future ones
  return true;
}

/// `texts` cover the present pods of `set`. What is nearly all pods, or nearly all of a namespace, becomes one text.
void PodTerms::shorten(const Pods& set, Pods& open, std::vector<std::string>& texts) const {
  constexpr std::size_t most = 200;  // nobody reads more, and callers cut such lists
  if (texts.size() <= 2 || texts.size() > most || describe_by_exception(set, terms_.front(), open, texts)) return;
  std::map<std::string, std::vector<std::string>> by_namespace;
  std::vector<std::string> shorter;
  for (const std::string& each : texts) {
    const std::size_t slash = each.find('/');
    const std::string ns = slash == std::string::npos ? "*" : each.substr(4, slash - 4);  // behind "pod:"
    if (ns == "*") shorter.push_back(each);
    else by_namespace[ns].push_back(each);
  }
  for (auto& [ns, own] : by_namespace) {
    if (own.size() > 2) (void)describe_by_exception(set, terms_[namespaces_.at(ns)], open, own);
    shorter.insert(shorter.end(), own.begin(), own.end());
  }
  if (shorter.size() < texts.size()) texts = std::move(shorter);
}

std::vector<std::string> PodTerms::describe(const std::vector<std::size_t>& pods) const {
  Pods set(cluster_.pods.size());
  for (const std::size_t pod : pods) set[pod] = true;
  Pods open = set;
  std::vector<std::string> texts = cover(set, open, true);
  shorten(set, open, texts);
  const std::vector<std::string> future = cover(set, open, false);
  texts.insert(texts.end(), future.begin(), future.end());
  return texts;
}

}  // namespace policyconv::verify
