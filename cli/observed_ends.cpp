#include "cli/observed_ends.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "ir/membership.h"
#include "verify/source_labels.h"

namespace policyconv::cli {
namespace {

using verify::NodeEnd;
using verify::PodEnd;

bool is_end(const Pod& pod) {
  return !pod.finished && !pod.addresses.empty();
}

/// The cluster's name says nothing: dump and records are of one cluster, and Hubble may call it otherwise.
bool is_about_the_cluster(std::string_view label) {
  return label.starts_with(fmt::format("k8s:{}=", ir::cluster_key));
}

std::string labels_key(std::vector<std::string> labels) {
  labels.erase(
      std::remove_if(labels.begin(), labels.end(), [](const auto& text) { return is_about_the_cluster(text); }),
      labels.end());
  std::sort(labels.begin(), labels.end());
  return fmt::format("{}", fmt::join(labels, "\n"));
}

bool has(const ObservedEnd& observed, std::string_view reserved) {
  return std::find(observed.labels.begin(), observed.labels.end(), fmt::format("reserved:{}", reserved)) !=
         observed.labels.end();
}

bool has_kubernetes_labels(const ObservedEnd& observed) {
  return std::any_of(observed.labels.begin(), observed.labels.end(),
                     [](const std::string& label) { return label.starts_with("k8s:"); });
}

/// The labels that people gave the pod: "app=web,tier=front".
std::string own_labels(const Labels& labels) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : labels)
    if (ir::identity_relevant(key) && !key.starts_with("io.")) texts.push_back(fmt::format("{}={}", key, value));
  return fmt::format("{}", fmt::join(texts, ","));
}

/// "Deployment web" becomes "shop/web (Deployment)".
std::string name_of(const Pod& pod, const ObservedEnd& observed) {
  if (const std::size_t blank = observed.workload.find(' '); blank != std::string::npos && blank > 0)
    return fmt::format("{}/{} ({})", pod.ns, observed.workload.substr(blank + 1), observed.workload.substr(0, blank));
  const std::string labels = own_labels(pod.labels);
  return fmt::format("{}/{}", pod.ns, labels.empty() ? pod.name : labels);
}

}  // namespace

ObservedEnds::ObservedEnds(const Cluster& cluster, const Semantics& semantics) : cluster_(cluster) {
  for (std::size_t at = 0; at < cluster.pods.size(); ++at) {
    const Pod& pod = cluster.pods[at];
    if (!is_end(pod) || pod.host_network) continue;
    std::vector<std::string> labels;
    for (const verify::source::Label& label : verify::source::identity_of(cluster, pod, semantics))
      labels.push_back(fmt::format("{}:{}={}", label.source, label.key, label.value));
    by_labels_.try_emplace(labels_key(std::move(labels)), at);
  }
}

ObservedEnds::Found ObservedEnds::find(const ObservedEnd& observed, const ObservedEnd& other) {
  if (has(observed, "health") || has(observed, "ingress")) return NotJudged::CiliumEndpoint;
  if (!observed.pod.empty() || has_kubernetes_labels(observed)) return find_pod(observed);
  if (has(observed, "host")) return find_own_node(observed, other);
  return find_address(observed);
}

ObservedEnds::Found ObservedEnds::pod(std::size_t index, const ObservedEnd& observed, bool is_stand_in) const {
  const Pod& pod = cluster_.pods[index];
  if (!pod.host_network) return FoundEnd{PodEnd{index}, name_of(pod, observed), is_stand_in};
  const Node* node = cluster_.find_node(pod.node);
  if (node == nullptr) return NotJudged::UnknownNode;
  return FoundEnd{NodeEnd{static_cast<std::size_t>(node - cluster_.nodes.data())}, "node " + node->name, false};
}

ObservedEnds::Found ObservedEnds::find_pod(const ObservedEnd& observed) const {
  const Pod* named = cluster_.find_pod(observed.ns, observed.pod);
  if (named != nullptr && is_end(*named))
    return pod(static_cast<std::size_t>(named - cluster_.pods.data()), observed, false);
  // Not by address: after a pod is gone another one may get it.
  const auto like = by_labels_.find(labels_key(observed.labels));
  if (like == by_labels_.end()) return NotJudged::UnknownPod;
  return pod(like->second, observed, true);
}

ObservedEnds::Found ObservedEnds::find_own_node(const ObservedEnd& observed, const ObservedEnd& other) {
  Found found = find_address(observed);
  if (const auto* at = std::get_if<FoundEnd>(&found); at != nullptr && std::holds_alternative<NodeEnd>(at->end))
    return found;
  // Cilium's own address on a node is none that Kubernetes knows.
  const Found neighbour = other.pod.empty() ? Found(NotJudged::UnknownNode) : find_pod(other);
  const auto* at = std::get_if<FoundEnd>(&neighbour);
  const auto* pod = at == nullptr ? nullptr : std::get_if<PodEnd>(&at->end);
  const Node* node = pod == nullptr ? nullptr : cluster_.find_node(cluster_.pods[pod->pod].node);
  if (node == nullptr) return NotJudged::UnknownNode;
  return FoundEnd{NodeEnd{static_cast<std::size_t>(node - cluster_.nodes.data())}, "node " + node->name, false};
}

ObservedEnds::Found ObservedEnds::find_address(const ObservedEnd& observed) {
  const Address& address = *observed.address;
  auto known = by_address_.find(address);
  if (known == by_address_.end()) known = by_address_.emplace(address, verify::end_of(cluster_, address)).first;
  const verify::End& end = known->second;
  if (const auto* pod = std::get_if<PodEnd>(&end)) return this->pod(pod->pod, observed, false);
  if (const auto* node = std::get_if<NodeEnd>(&end)) return FoundEnd{end, "node " + cluster_.nodes[node->node].name};
  if (has(observed, "remote-node") || has(observed, "host")) return NotJudged::UnknownNode;
  const auto holds = [&](const Service& service) {
    return std::find(service.cluster_ips.begin(), service.cluster_ips.end(), address) != service.cluster_ips.end();
  };
  if (std::any_of(cluster_.services.begin(), cluster_.services.end(), holds)) return NotJudged::ServiceAddress;
  const bool is_a_pods = std::any_of(cluster_.subnets.begin(), cluster_.subnets.end(), [&](const Subnet& subnet) {
    return std::any_of(subnet.cidrs.begin(), subnet.cidrs.end(),
                       [&](const Cidr& cidr) { return contains(cidr, address); });
  });
  // Records without labels are all that is left here; the world carries reserved:world.
  if (is_a_pods && observed.labels.empty()) return NotJudged::UnknownPod;
  return FoundEnd{end, policyconv::to_string(address), false};
}

}  // namespace policyconv::cli
