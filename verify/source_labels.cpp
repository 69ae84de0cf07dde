#include "verify/source_labels.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace policyconv::verify::source {
namespace {

constexpr std::string_view namespace_key = "io.kubernetes.pod.namespace";
constexpr std::string_view namespace_label_prefix = "io.cilium.k8s.namespace.labels.";
constexpr std::string_view cluster_key = "io.cilium.k8s.policy.cluster";
constexpr std::string_view account_key = "io.cilium.k8s.policy.serviceaccount";

// --- the label filter ------------------------------------------------------------------------------------------------

constexpr std::array<std::string_view, 5> included_prefixes{namespace_key, "io.cilium.k8s.namespace.labels",
                                                            "app.kubernetes.io", cluster_key, account_key};
constexpr std::array<std::string_view, 13> excluded_prefixes{"io.kubernetes",
                                                             "kubernetes.io",
                                                             "statefulset.kubernetes.io/pod-name",
                                                             "apps.kubernetes.io/pod-index",
                                                             "batch.kubernetes.io/job-completion-index",
                                                             "batch.kubernetes.io/controller-uid",
                                                             "k8s.io",
                                                             "pod-template-generation",
                                                             "pod-template-hash",
                                                             "controller-revision-hash",
                                                             "controller-uid",
                                                             "etcd_node",
                                                             "topology.kubernetes.io"};
constexpr std::string_view excluded_anywhere = "beta.kubernetes.io";

// Where an inclusion and an exclusion match, the longer match decides; of several exclusions the shortest counts.
bool in_identity(std::string_view key) {
  std::size_t included = 0, excluded = 0;
  const auto exclude = [&](std::size_t length) { excluded = excluded == 0 ? length : std::min(excluded, length); };
  for (const std::string_view prefix : included_prefixes)
    if (key.starts_with(prefix)) included = std::max(included, prefix.size());
  for (const std::string_view prefix : excluded_prefixes)
    if (key.starts_with(prefix)) exclude(prefix.size());
  if (key.starts_with("annotation")) exclude(key.size());
  if (const std::size_t at = key.rfind(excluded_anywhere); at != std::string_view::npos)
    exclude(at + excluded_anywhere.size());
  return excluded == 0 || included > excluded;
}

// A pod cannot claim these for itself: Cilium strips them and sets its own (filterPodLabels).
bool set_by_cilium(std::string_view key) {
  return key == namespace_key || key.starts_with("io.cilium.k8s");
}

// --- reading selectors -----------------------------------------------------------------------------------------------

std::optional<Op> op_of(std::string_view text) {
  if (text == "In") return Op::In;
  if (text == "NotIn") return Op::NotIn;
  if (text == "Exists") return Op::Exists;
  if (text == "DoesNotExist") return Op::DoesNotExist;
  return std::nullopt;
}

std::pair<std::string, std::string> split_key(std::string_view key) {
  const std::size_t colon = key.find(':');
  if (colon == std::string_view::npos) return {"any", std::string(key)};
  return {std::string(key.substr(0, colon)), std::string(key.substr(colon + 1))};
}

Requirement equals(std::string source, std::string_view key, std::string value) {
  return {std::move(source), std::string(key), Op::In, {std::move(value)}};
}

// An operator that is none of the four never gets here in an enforced policy, except in deny rules before 1.17, which
// nobody validated; such a selector selects nothing.
Requirement nothing() {
  return {"none", "none", Op::Exists, {}};
}

Requirement requirement(std::string source, std::string key, const cilium::Expression& expression) {
  const std::optional<Op> op = op_of(expression.op);
  return op ? Requirement{std::move(source), std::move(key), *op, expression.values} : nothing();
}

Requirements read(const cilium::Selector& selector) {
  Requirements result;
  for (const cilium::LabelPair& label : selector.match_labels) {
    auto [source, key] = split_key(label.key);
    result.push_back(equals(std::move(source), key, label.value));
  }
  for (const cilium::Expression& expression : selector.match_expressions) {
    auto [source, key] = split_key(expression.key);
    result.push_back(requirement(std::move(source), std::move(key), expression));
  }
  return result;
}

// NetworkPolicy keys have no source: all of them are Kubernetes labels.
void read_kubernetes(const cilium::Selector& selector, std::string_view key_prefix, Requirements& result) {
  for (const cilium::LabelPair& label : selector.match_labels)
    result.push_back(equals("k8s", std::string(key_prefix) + label.key, label.value));
  for (const cilium::Expression& expression : selector.match_expressions)
    result.push_back(requirement("k8s", std::string(key_prefix) + expression.key, expression));
}

// A `k8s:` matchLabel on the namespace is overwritten, not added to (C§3.4, C§18.4).
void set_namespace(const std::string& ns, const cilium::Selector& selector, Requirements& requirements) {
  const auto labels_end = requirements.begin() + static_cast<std::ptrdiff_t>(selector.match_labels.size());
  requirements.erase(std::remove_if(requirements.begin(), labels_end,
                                    [](const Requirement& r) { return r.source == "k8s" && r.key == namespace_key; }),
                     labels_end);
  requirements.push_back(equals("k8s", namespace_key, ns));
}

bool from_kubernetes(const Requirement& r) {
  return r.source == "any" || r.source == "k8s";
}

bool has_key(const Requirements& requirements, std::string_view key) {
  return std::any_of(requirements.begin(), requirements.end(),
                     [&](const Requirement& r) { return from_kubernetes(r) && r.key == key; });
}

void add_namespace(Requirements& requirements, const Scope& scope, const Semantics& semantics) {
  if (has_key(requirements, namespace_key)) return;
  if (scope.ns.empty()) {
    if (!scope.subject_may_be_init) requirements.push_back({"k8s", std::string(namespace_key), Op::Exists, {}});
    return;
  }
  const bool by_namespace_labels = semantics.cilium_minor >= 16 &&  // C§0.1
                                   std::any_of(requirements.begin(), requirements.end(), [](const Requirement& r) {
                                     return from_kubernetes(r) && r.key.starts_with(namespace_label_prefix);
                                   });
  if (!by_namespace_labels) requirements.push_back(equals("k8s", namespace_key, scope.ns));
}

void add_cluster(Requirements& requirements, const Semantics& semantics) {
  if (semantics.default_local_cluster && !has_key(requirements, cluster_key))
    requirements.push_back(equals("k8s", cluster_key, semantics.cluster_name));
}

bool holds(const Requirement& requirement, const Identity& identity) {
  bool exists = false, listed = false;
  auto label = std::lower_bound(identity.begin(), identity.end(), requirement.key,
                                [](const Label& l, const std::string& key) { return l.key < key; });
  for (; label != identity.end() && label->key == requirement.key; ++label) {
    if (requirement.source != "any" && label->source != requirement.source) continue;
    exists = true;
    listed |= std::find(requirement.values.begin(), requirement.values.end(), label->value) != requirement.values.end();
  }
  switch (requirement.op) {
    case Op::In:
      return listed;
    case Op::NotIn:
      return !listed;  // also where the label is missing (C§3.3)
    case Op::Exists:
      return exists;
    case Op::DoesNotExist:
      return !exists;
  }
  return false;
}

}  // namespace

Identity identity_of(const Cluster& cluster, const Pod& pod, const Semantics& semantics) {
  Identity identity;
  const auto add = [&](std::string key, std::string value) {
    identity.push_back({std::move(key), "k8s", std::move(value)});
  };
  for (const auto& [key, value] : pod.labels)
    if (in_identity(key) && !set_by_cilium(key)) add(key, value);
  if (const Namespace* ns = cluster.find_namespace(pod.ns))
    for (const auto& [key, value] : ns->labels) add(std::string(namespace_label_prefix) + key, value);
  add(std::string(namespace_key), pod.ns);
  add(std::string(cluster_key), semantics.cluster_name);
  add(std::string(account_key), pod.service_account);
  std::sort(identity.begin(), identity.end());
  return identity;
}

Identity reserved_identity(std::vector<std::string_view> names) {
  Identity identity;
  for (const std::string_view name : names) identity.push_back({std::string(name), "reserved", ""});
  std::sort(identity.begin(), identity.end());
  return identity;
}

bool meets(const Identity& identity, const Requirements& requirements) {
  return std::all_of(requirements.begin(), requirements.end(),
                     [&](const Requirement& r) { return holds(r, identity); });
}

Requirements subject(const cilium::Selector& selector, const std::string& ns) {
  Requirements requirements = read(selector);
  if (!ns.empty()) set_namespace(ns, selector, requirements);
  return requirements;
}

Requirements peer(const cilium::Selector& selector, const Scope& scope, const Semantics& semantics) {
  Requirements requirements = read(selector);
  const bool reserved = std::any_of(requirements.begin(), requirements.end(),
                                    [](const Requirement& r) { return r.source == "reserved"; });
  if (reserved) return requirements;
  add_namespace(requirements, scope, semantics);
  add_cluster(requirements, semantics);
  return requirements;
}

Requirements required(const cilium::Selector& selector, const Scope& scope, const Semantics& semantics) {
  Requirements requirements = read(selector);
  add_namespace(requirements, scope, semantics);
  return requirements;
}

Requirements network_policy_subject(const cilium::Selector& selector, const std::string& ns) {
  Requirements requirements;
  read_kubernetes(selector, "", requirements);
  set_namespace(ns, selector, requirements);
  return requirements;
}

Requirements network_policy_peer(const cilium::NetworkPolicyPeer& peer, const std::string& ns,
                                 const Semantics& semantics) {
  Requirements requirements;
  if (peer.pod_selector) read_kubernetes(*peer.pod_selector, "", requirements);
  if (!peer.namespace_selector) {
    set_namespace(ns, *peer.pod_selector, requirements);
  } else if (peer.namespace_selector->empty()) {
    requirements.push_back({"k8s", std::string(namespace_key), Op::Exists, {}});
  } else {
    read_kubernetes(*peer.namespace_selector, namespace_label_prefix, requirements);
  }
  add_cluster(requirements, semantics);
  return requirements;
}

Requirements backends(const Service& service, const Semantics& semantics) {
  Requirements requirements;
  for (const auto& [key, value] : *service.selector) requirements.push_back(equals("any", key, value));
  requirements.push_back(equals("k8s", namespace_key, service.ns));
  add_cluster(requirements, semantics);
  return requirements;
}

bool selects(const cilium::Selector& selector, const Labels& labels) {
  Requirements requirements = read(selector);
  for (Requirement& r : requirements) r.source = "any";
  Identity identity;
  for (const auto& [key, value] : labels) identity.push_back({key, "k8s", value});
  return meets(identity, requirements);
}

}  // namespace policyconv::verify::source
