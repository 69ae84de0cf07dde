#include "frontend/selector.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ir/membership.h"

namespace policyconv::cilium {
namespace {

using ir::Op;

struct SourcedKey {
  std::string source, key;
};

SourcedKey split_key(std::string_view written, std::string_view bare_source) {
  const std::size_t colon = written.find(':');
  if (colon == std::string_view::npos) return {std::string(bare_source), std::string(written)};
  return {std::string(written.substr(0, colon)), std::string(written.substr(colon + 1))};
}

Op parse_op(std::string_view op) {
  if (op == "NotIn") return Op::NotIn;
  if (op == "Exists") return Op::Exists;
  if (op == "DoesNotExist") return Op::DoesNotExist;
  return Op::In;
}

SourcedRequirement exists(std::string_view key) { return {"k8s", {std::string(key), Op::Exists, {}}}; }
SourcedRequirement equals(std::string_view key, std::string value) {
  return {"k8s", {std::string(key), Op::In, {std::move(value)}}};
}

bool holds_where_missing(Op op) { return op == Op::NotIn || op == Op::DoesNotExist; }

// The labels of one kind of reserved identity; all its values are empty.
using ReservedLabels = std::vector<std::string_view>;

bool meets(const SourcedRequirement& wanted, const ReservedLabels& reserved) {
  const bool same_source = wanted.source == "reserved" || wanted.source == "any";
  const bool exists = same_source && std::find(reserved.begin(), reserved.end(), wanted.requirement.key) != reserved.end();
  return ir::meets(wanted.requirement, exists ? Labels{{wanted.requirement.key, ""}} : Labels{});
}

bool meets(const std::vector<SourcedRequirement>& all_of, const ReservedLabels& reserved) {
  return std::all_of(all_of.begin(), all_of.end(), [&](const SourcedRequirement& r) { return meets(r, reserved); });
}

// What a requirement leaves to be asked of a pod. Every pod has Kubernetes labels only, and the local cluster's name.
enum class OnPods { Never, Always, Ask };
OnPods on_pods(const SourcedRequirement& wanted, const Semantics& semantics) {
  const ir::Requirement& requirement = wanted.requirement;
  const auto when = [](bool holds) { return holds ? OnPods::Always : OnPods::Never; };
  if (wanted.source != "any" && wanted.source != "k8s") return when(holds_where_missing(requirement.op));
  if (requirement.key == ir::cluster_key) {
    return when(ir::meets(requirement, Labels{{requirement.key, semantics.cluster_name}}));
  }
  if (!ir::identity_relevant(requirement.key)) return when(holds_where_missing(requirement.op));
  // Every pod has a namespace and an account, so asking for mere existence adds nothing.
  if (requirement.key == ir::namespace_key || requirement.key == ir::service_account_key) {
    if (requirement.op == Op::Exists) return OnPods::Always;
    if (requirement.op == Op::DoesNotExist) return OnPods::Never;
  }
  return OnPods::Ask;
}

std::optional<ir::Group> pods_of(const std::vector<SourcedRequirement>& all_of, const Semantics& semantics) {
  std::vector<ir::Requirement> asked;
  for (const SourcedRequirement& wanted : all_of) {
    switch (on_pods(wanted, semantics)) {
      case OnPods::Never: return std::nullopt;
      case OnPods::Always: break;
      case OnPods::Ask: asked.push_back(wanted.requirement);
    }
  }
  std::optional<std::vector<ir::Requirement>> normal = ir::normalize(std::move(asked));
  if (!normal) return std::nullopt;
  return ir::Group{*std::move(normal), std::nullopt};
}

void add_cluster(std::vector<SourcedRequirement>& all_of, const Semantics& semantics) {
  if (!semantics.default_local_cluster) return;
  const bool named = std::any_of(all_of.begin(), all_of.end(), [](const SourcedRequirement& r) {
    return r.requirement.key == ir::cluster_key && (r.source == "k8s" || r.source == "any");
  });
  if (!named) all_of.push_back(equals(ir::cluster_key, semantics.cluster_name));
}

}  // namespace

std::vector<SourcedRequirement> requirements(const Selector& selector, std::string_view bare_source) {
  std::vector<SourcedRequirement> all_of;
  all_of.reserve(selector.match_labels.size() + selector.match_expressions.size());
  for (const LabelPair& label : selector.match_labels) {
    auto [source, key] = split_key(label.key, bare_source);
    all_of.push_back({std::move(source), {std::move(key), Op::In, {label.value}}});
  }
  for (const Expression& expression : selector.match_expressions) {
    auto [source, key] = split_key(expression.key, bare_source);
    std::vector<std::string> values = expression.values;
    std::sort(values.begin(), values.end());
    all_of.push_back({std::move(source), {std::move(key), parse_op(expression.op), std::move(values)}});
  }
  return all_of;
}

PeerIdentities identities(const std::vector<SourcedRequirement>& all_of, Verdict verdict, const Semantics& semantics) {
  PeerIdentities found;
  found.pods = pods_of(all_of, semantics);
  found.host = meets(all_of, {"host"});
  found.host_apiserver = meets(all_of, {"host", "kube-apiserver"});
  found.remote = meets(all_of, {"remote-node"});
  found.remote_apiserver = meets(all_of, {"remote-node", "kube-apiserver"});
  // With both families on, outside addresses carry world-ipv4 or world-ipv6 (since 1.15), with one plain world (C§3.5).
  const auto world = [&](std::string_view of_family, auto... more) {
    const bool single = meets(all_of, {"world", more...});
    const bool dual = semantics.cilium_minor >= 15 ? meets(all_of, {of_family, more...}) : single;
    found.families_matter = found.families_matter || single != dual;
    return verdict == Verdict::Allow ? single && dual : single || dual;
  };
  found.world_v4 = world("world-ipv4");
  found.world_v6 = world("world-ipv6");
  found.world_v4_apiserver = world("world-ipv4", "kube-apiserver");
  found.world_v6_apiserver = world("world-ipv6", "kube-apiserver");
  return found;
}

bool asks_other_clusters(const std::vector<SourcedRequirement>& all_of, const Semantics& semantics) {
  return std::any_of(all_of.begin(), all_of.end(), [&](const SourcedRequirement& wanted) {
    if (wanted.requirement.key != ir::cluster_key || (wanted.source != "k8s" && wanted.source != "any")) return false;
    const std::vector<std::string>& values = wanted.requirement.values;
    switch (wanted.requirement.op) {
      case Op::In: return std::any_of(values.begin(), values.end(), [&](const std::string& value) { return value != semantics.cluster_name; });
      case Op::NotIn:
      case Op::Exists: return true;
      case Op::DoesNotExist: return false;
    }
    return false;
  });
}

std::optional<ir::Group> subject(const Selector& selector, const std::optional<std::string>& ns,
                                 const Semantics& semantics) {
  std::vector<SourcedRequirement> all_of = requirements(selector, "any");
  if (ns) {
    // A k8s: namespace in matchLabels is overwritten; one written otherwise stays and is ANDed (C§3.4).
    const std::string overwritten = "k8s:" + std::string(ir::namespace_key);
    for (std::size_t i = selector.match_labels.size(); i-- > 0;)
      if (selector.match_labels[i].key == overwritten) all_of.erase(all_of.begin() + static_cast<std::ptrdiff_t>(i));
    all_of.push_back(equals(ir::namespace_key, *ns));
  }
  return pods_of(all_of, semantics);
}

std::vector<SourcedRequirement> with_injection(const Selector& selector, const std::optional<std::string>& ns,
                                               bool subject_is_init, const Semantics& semantics) {
  std::vector<SourcedRequirement> all_of = requirements(selector, "any");
  const auto any_key = [&](auto&& wanted) {
    return std::any_of(all_of.begin(), all_of.end(), [&](const SourcedRequirement& r) { return wanted(r); });
  };
  const auto kubernetes = [](const SourcedRequirement& r) { return r.source == "k8s" || r.source == "any"; };
  if (any_key([](const SourcedRequirement& r) { return r.source == "reserved"; })) return all_of;
  const bool has_namespace =
      any_key([&](const SourcedRequirement& r) { return kubernetes(r) && r.requirement.key == ir::namespace_key; });
  const bool has_namespace_label = semantics.cilium_minor >= 16 && any_key([&](const SourcedRequirement& r) {
    return kubernetes(r) && r.requirement.key.starts_with(ir::namespace_labels_prefix);
  });
  if (!has_namespace) {
    if (ns && !has_namespace_label) all_of.push_back(equals(ir::namespace_key, *ns));
    if (!ns && !subject_is_init) all_of.push_back(exists(ir::namespace_key));
  }
  add_cluster(all_of, semantics);
  return all_of;
}

std::vector<SourcedRequirement> with_injection(const NetworkPolicyPeer& peer, const std::string& ns,
                                               const Semantics& semantics) {
  std::vector<SourcedRequirement> all_of;
  if (peer.namespace_selector) {
    all_of = requirements(*peer.namespace_selector, "k8s");
    for (SourcedRequirement& wanted : all_of) wanted.requirement.key.insert(0, ir::namespace_labels_prefix);
    if (all_of.empty()) all_of.push_back(exists(ir::namespace_key));
  } else {
    all_of.push_back(equals(ir::namespace_key, ns));
  }
  if (peer.pod_selector) {
    std::vector<SourcedRequirement> pods = requirements(*peer.pod_selector, "k8s");
    std::move(pods.begin(), pods.end(), std::back_inserter(all_of));
  }
  add_cluster(all_of, semantics);
  return all_of;
}

bool has_key(const Selector& selector, std::string_view key) {
  return std::any_of(selector.match_labels.begin(), selector.match_labels.end(),
                     [&](const LabelPair& label) { return label.key == key; }) ||
         std::any_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [&](const Expression& expression) { return expression.key == key; });
}

}  // namespace policyconv::cilium
