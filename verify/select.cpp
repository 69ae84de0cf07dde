// Entrance: select(). Each kind of term has a function that fills Selected or answers why there is nothing.
#include "verify/select.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace policyconv::verify {
namespace {

using Why = std::optional<std::string>;  // why nothing is selected; nullopt: something is

template <typename T>
bool has(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

std::string to_string(const LabelTerm& term) {
  switch (term.op) {
    case LabelTerm::Op::Exists:
      return term.key + "=*";
    case LabelTerm::Op::DoesNotExist:
      return "!" + term.key;
    case LabelTerm::Op::In:
    case LabelTerm::Op::NotIn:
      break;
  }
  const bool in = term.op == LabelTerm::Op::In;
  if (term.values.size() == 1) return term.key + (in ? "=" : "!=") + term.values.front();
  return fmt::format("{} {} ({})", term.key, in ? "in" : "notin", fmt::join(term.values, ","));
}

/// Addresses of the cluster's own things are no addresses outside.
std::string holder(const Cluster& cluster, const Address& address) {
  for (const Service& service : cluster.services)
    if (has(service.cluster_ips, address)) return fmt::format("svc:{}/{}", service.ns, service.name);
  const End end = end_of(cluster, address);
  return std::holds_alternative<AddressEnd>(end) ? std::string() : to_string(cluster, end);
}

class Selection {
 public:
  Selection(const Cluster& cluster, const std::vector<std::size_t>& future) : cluster_(cluster), future_(future) {}

  Why operator()(const PodsTerm& term) {
    if (!term.ns.empty() && !is_namespace(term.ns)) return fmt::format("there is no namespace `{}`", term.ns);
    if (!term.name.empty()) return one_pod(term);
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < cluster_.pods.size(); ++i)
      if (is_endpoint(cluster_.pods[i]) && (term.ns.empty() || cluster_.pods[i].ns == term.ns)) candidates.push_back(i);
    const std::string where = term.ns.empty() ? "in the cluster" : fmt::format("in namespace `{}`", term.ns);
    if (is_future_only(candidates)) return fmt::format("there is no pod with a network of its own {}", where);
    for (const std::size_t i : candidates)
      if (std::all_of(term.labels.begin(), term.labels.end(),
                      [&](const LabelTerm& label) { return meets(cluster_.pods[i].labels, label); }))
        selected.pods.push_back(i);
    if (!is_future_only(selected.pods)) return std::nullopt;
    return unmet(candidates, term.labels, where);
  }

  Why operator()(const NodesTerm& term) {
    for (std::size_t i = 0; i < cluster_.nodes.size(); ++i) {
      const Node& node = cluster_.nodes[i];
      if (!term.name.empty() && node.name != term.name) continue;
      const bool has_it = !term.address || has(node.internal, *term.address) || has(node.external, *term.address) ||
                          has(node.join, *term.address);
      if (!has_it) return fmt::format("node `{}` has no address {}", node.name, policyconv::to_string(*term.address));
      selected.nodes.push_back({i, term.address});
    }
    if (!selected.nodes.empty()) return std::nullopt;
    return term.name.empty() ? "no Node is known" : fmt::format("there is no node `{}`", term.name);
  }

  Why operator()(const RangeTerm& term) {
    selected.outside.push_back(term.cidr);
    if (term.cidr.length < address_bits(term.cidr.family)) return std::nullopt;
    const std::string name = holder(cluster_, first_address(term.cidr));
    if (name.empty()) return std::nullopt;
    return fmt::format("the address is not outside, it belongs to `{}`; write that", name);
  }

  Why operator()(EntityTerm term) {
    switch (term) {
      case EntityTerm::World:
        add_world();
        return std::nullopt;
      case EntityTerm::Nodes:
        return (*this)(NodesTerm{});
      case EntityTerm::KubeApiserver:
        add(apiserver_addresses(cluster_));
        return is_empty() ? Why("the EndpointSlice of Service `default/kubernetes` is not known") : std::nullopt;
      case EntityTerm::Cluster:
      case EntityTerm::All:
        break;
    }
    add_world_of(term);
    (void)(*this)(NodesTerm{});
    (void)(*this)(PodsTerm{});
    return is_empty() ? Why("neither pods nor nodes are known") : std::nullopt;
  }

  Why operator()(const ServiceTerm& term) {
    const auto service = std::find_if(cluster_.services.begin(), cluster_.services.end(), [&](const Service& each) {
      return each.ns == term.ns && each.name == term.name;
    });
    if (service == cluster_.services.end()) return fmt::format("there is no Service `{}/{}`", term.ns, term.name);
    bool has_slices = false;
    for (const EndpointSlice& slice : cluster_.endpoint_slices)
      if (slice.ns == term.ns && slice.service == term.name) has_slices = true, add(slice.addresses);
    // Without slices in the dump the selector says the same, readiness apart.
    if (!has_slices && service->selector)
      for (std::size_t i = 0; i < cluster_.pods.size(); ++i) {
        const Pod& pod = cluster_.pods[i];
        const bool is_backend =
            std::all_of(service->selector->begin(), service->selector->end(), [&](const auto& label) {
              const auto found = pod.labels.find(label.first);
              return found != pod.labels.end() && found->second == label.second;
            });
        if (is_backend && pod.ns == term.ns && is_endpoint(pod)) selected.pods.push_back(i);
      }
    return is_empty() ? Why("the Service has no ready backend") : std::nullopt;
  }

  /// Sorted, each once.
  void tidy() {
    std::sort(selected.pods.begin(), selected.pods.end());
    selected.pods.erase(std::unique(selected.pods.begin(), selected.pods.end()), selected.pods.end());
    const auto key = [](const NodeEnd& end) { return std::pair(end.node, end.address); };
    std::sort(selected.nodes.begin(), selected.nodes.end(),
              [&](const NodeEnd& a, const NodeEnd& b) { return key(a) < key(b); });
    selected.outside = minimal_cover(std::move(selected.outside));
  }

  Selected selected;

 private:
  [[nodiscard]] bool is_empty() const {
    return is_future_only(selected.pods) && selected.nodes.empty() && selected.outside.empty();
  }
  [[nodiscard]] bool is_future_only(const std::vector<std::size_t>& pods) const {
    return std::includes(future_.begin(), future_.end(), pods.begin(), pods.end());
  }
  [[nodiscard]] bool is_namespace(const std::string& name) const {
    return cluster_.find_namespace(name) != nullptr ||
           std::any_of(cluster_.pods.begin(), cluster_.pods.end(), [&](const Pod& pod) { return pod.ns == name; });
  }

  Why one_pod(const PodsTerm& term) {
    const Pod* pod = cluster_.find_pod(term.ns, term.name);
    if (pod == nullptr)
      return fmt::format("namespace `{}` has no pod `{}`; for pods by label write `pod:{}/KEY=VALUE`", term.ns, term.name,
                         term.ns);
    if (pod->finished) return "the pod has finished";
    if (pod->host_network) return "the pod is on the host's network, so to policies it is its node";
    selected.pods.push_back(static_cast<std::size_t>(pod - cluster_.pods.data()));
    return is_future_only(selected.pods) ? Why("there is no such pod yet") : std::nullopt;
  }

  /// The first condition that no present pod meets.
  [[nodiscard]] std::string unmet(const std::vector<std::size_t>& candidates, const std::vector<LabelTerm>& labels,
                                  const std::string& where) const {
    const auto any = [&](auto holds) {
      return std::any_of(candidates.begin(), candidates.end(), [&](std::size_t i) {
        return !std::binary_search(future_.begin(), future_.end(), i) && holds(cluster_.pods[i].labels);
      });
    };
    for (const LabelTerm& label : labels) {
      if (any([&](const Labels& pod) { return meets(pod, label); })) continue;
      if (label.op == LabelTerm::Op::In && !any([&](const Labels& pod) { return pod.count(label.key) > 0; }))
        return fmt::format("no pod {} has a label `{}`", where, label.key);
      return fmt::format("no pod {} meets `{}`", where, to_string(label));
    }
    return fmt::format("no pod {} meets all conditions together", where);
  }

  void add_world() {
    for (const Family family : {Family::V4, Family::V6}) selected.outside.push_back(whole(family));
  }
  void add_world_of(EntityTerm term) {
    if (term == EntityTerm::All) return add_world();
    // An API server that is no node is of the cluster and of the world (C§4).
    for (const Address& address : apiserver_addresses(cluster_))
      if (holder(cluster_, address).empty()) selected.outside.push_back(host_cidr(address));
  }
  void add(const std::vector<Address>& addresses) {
    for (const Address& address : addresses) {
      const End end = end_of(cluster_, address);
      if (const auto* pod = std::get_if<PodEnd>(&end)) selected.pods.push_back(pod->pod);
      else if (const auto* node = std::get_if<NodeEnd>(&end)) selected.nodes.push_back(*node);
      else selected.outside.push_back(host_cidr(address));
    }
  }

  const Cluster& cluster_;
  const std::vector<std::size_t>& future_;
};

}  // namespace

bool meets(const Labels& labels, const LabelTerm& term) {
  const auto label = labels.find(term.key);
  const bool exists = label != labels.end();
  switch (term.op) {
    case LabelTerm::Op::In:
      return exists && has(term.values, label->second);
    case LabelTerm::Op::NotIn:
      return !exists || !has(term.values, label->second);
    case LabelTerm::Op::Exists:
      return exists;
    case LabelTerm::Op::DoesNotExist:
      return !exists;
  }
  return false;
}

std::optional<Selected> select(const EndTerm& term, const Cluster& cluster, const std::vector<std::size_t>& future,
                               Diagnostics& diagnostics) {
  Selection selection(cluster, future);
  if (const Why why = std::visit(selection, term.what)) {
    diagnostics.report<Kind::NothingSelected>(term.loc, term.text, *why);
    return std::nullopt;
  }
  selection.tidy();
  return std::move(selection.selected);
}

}  // namespace policyconv::verify
