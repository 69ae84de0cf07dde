#include "ir/membership.h"

#include <algorithm>
#include <array>
#include <utility>

namespace policyconv::ir {
namespace {

// pkg/labelsfilter/filter.go: a label is dropped if its key starts with one of these, unless it starts with one of
// the kept prefixes. (`.*beta.kubernetes.io` is a regular expression there: the word may stand anywhere.)
constexpr std::array<std::string_view, 4> kept{namespace_key, "io.cilium.k8s.namespace.labels", "app.kubernetes.io",
                                               "io.cilium.k8s.policy."};
constexpr std::array<std::string_view, 14> dropped{
    "io.kubernetes",       "kubernetes.io",            "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index", "batch.kubernetes.io/job-completion-index", "batch.kubernetes.io/controller-uid",
    "k8s.io",              "pod-template-generation",  "pod-template-hash",
    "controller-revision-hash", "annotation",          "controller-uid",
    "etcd_node",           "topology.kubernetes.io"};

// pkg/k8s/utils filters these out of a pod's own labels.
constexpr std::string_view cilium_prefix = "io.cilium.k8s";

/// Of sorted lists.
bool intersects(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end(); ++(*x < *y ? x : y))
    if (*x == *y) return true;
  return false;
}

/// Of one key.
bool contradict(const Requirement& a, const Requirement& b) {
  const auto missing = [](const Requirement& r) { return r.op == Op::DoesNotExist; };
  const auto present = [](const Requirement& r) { return r.op == Op::In || r.op == Op::Exists; };
  if ((missing(a) && present(b)) || (missing(b) && present(a))) return true;
  return a.op == Op::In && b.op == Op::In && !intersects(a.values, b.values);
}

}  // namespace

bool identity_relevant(std::string_view key) {
  const auto starts = [&](std::string_view prefix) { return key.starts_with(prefix); };
  if (std::any_of(kept.begin(), kept.end(), starts)) return true;
  return std::none_of(dropped.begin(), dropped.end(), starts) && key.find("beta.kubernetes.io") == std::string_view::npos;
}

Labels identity_labels(const Cluster& cluster, const Pod& pod) {
  Labels labels;
  for (const auto& [key, value] : pod.labels)
    if (identity_relevant(key) && !key.starts_with(cilium_prefix)) labels.emplace(key, value);
  labels.insert_or_assign(std::string(namespace_key), pod.ns);
  labels.insert_or_assign(std::string(service_account_key), pod.service_account);
  if (const Namespace* ns = cluster.find_namespace(pod.ns))
    for (const auto& [key, value] : ns->labels)
      labels.insert_or_assign(std::string(namespace_labels_prefix) + key, value);
  return labels;
}

bool meets(const Requirement& requirement, const Labels& labels) {
  const auto found = labels.find(requirement.key);
  const bool exists = found != labels.end();
  const auto listed = [&] {
    return std::binary_search(requirement.values.begin(), requirement.values.end(), found->second);
  };
  switch (requirement.op) {
    case Op::In: return exists && listed();
    case Op::NotIn: return !exists || !listed();
    case Op::Exists: return exists;
    case Op::DoesNotExist: return !exists;
  }
  return false;
}

bool meets(const std::vector<Requirement>& all_of, const Labels& labels) {
  return std::all_of(all_of.begin(), all_of.end(), [&](const Requirement& r) { return meets(r, labels); });
}

bool is_member(const Group& group, const Labels& labels, const std::vector<ContainerPort>& ports) {
  return (!group.port || std::find(ports.begin(), ports.end(), *group.port) != ports.end()) &&
         meets(group.all_of, labels);
}

bool implies(const Group& inner, const Group& outer) {
  return (!outer.port || outer.port == inner.port) &&
         std::all_of(outer.all_of.begin(), outer.all_of.end(), [&](const Requirement& wanted) {
           return std::any_of(inner.all_of.begin(), inner.all_of.end(), [&](const Requirement& given) {
             if (given == wanted) return true;
             if (given.key != wanted.key || given.op != Op::In) return false;
             return std::all_of(given.values.begin(), given.values.end(), [&](const std::string& value) {
               return meets(wanted, Labels{{given.key, value}});
             });
           });
         });
}

std::optional<std::vector<Requirement>> normalize(std::vector<Requirement> all_of) {
  for (Requirement& requirement : all_of) {
    std::sort(requirement.values.begin(), requirement.values.end());
    requirement.values.erase(std::unique(requirement.values.begin(), requirement.values.end()),
                             requirement.values.end());
  }
  std::sort(all_of.begin(), all_of.end());
  all_of.erase(std::unique(all_of.begin(), all_of.end()), all_of.end());
  // Sorted by key first, so those of one key stand together.
  for (std::size_t i = 0; i < all_of.size(); ++i)
    for (std::size_t j = i + 1; j < all_of.size() && all_of[j].key == all_of[i].key; ++j)
      if (contradict(all_of[i], all_of[j])) return std::nullopt;
  return all_of;
}

std::optional<Group> selected_by(const Service& service) {
  if (!service.selector) return std::nullopt;
  std::vector<Requirement> all_of{{std::string(namespace_key), Op::In, {service.ns}}};
  for (const auto& [key, value] : *service.selector) {
    if (!identity_relevant(key)) return std::nullopt;
    all_of.push_back({key, Op::In, {value}});
  }
  std::optional<std::vector<Requirement>> normal = normalize(std::move(all_of));
  if (!normal) return std::nullopt;
  return Group{*std::move(normal), std::nullopt};
}

}  // namespace policyconv::ir
