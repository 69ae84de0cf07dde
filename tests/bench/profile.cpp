// Entrance: generate(). Sizes of namespaces fall off like 1/n^0.8, and policies gather where pods are; which selector a
// policy gets (one application, a tier, the namespace) is decided so that the average of selected pods comes out.
#include "tests/bench/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <random>
#include <string_view>
#include <vector>

namespace policyconv::bench {
namespace {

constexpr std::size_t pods_per_application = 4, teams = 20, clusterwide_share = 500;
constexpr const char* tiers[] = {"web", "api", "data"};
const char* tier_of(std::size_t application) {
  return tiers[application % 3];
}

struct PodNumbers {
  std::size_t ns = 0, application = 0;
};

/// `total` in shares like `weights`, each at least 1.
std::vector<std::size_t> shares(const std::vector<double>& weights, std::size_t total) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::size_t> result;
  double exact = 0;
  std::size_t given = 0;
  const std::size_t spare = total - weights.size();
  for (const double weight : weights) {
    exact += weight / sum * static_cast<double>(spare);
    const auto upto = std::min(spare, static_cast<std::size_t>(std::llround(exact)));
    result.push_back(1 + upto - given);
    given = upto;
  }
  return result;
}

class Generator {
 public:
  Generator(std::size_t part, unsigned seed) : random_(seed) {
    for (std::size_t* count : {&wanted_.policies, &wanted_.pods, &wanted_.namespaces, &wanted_.peers,
                               &wanted_.heaviest_peer, &wanted_.deny_all, &wanted_.empty})
      *count /= part;
    nodes_ = 3 + 120 / part;
  }

  Profile generate() {
    Profile profile;
    profile.cluster = cluster();
    profile.policies = policies();
    profile.expected = wanted_;
    return profile;
  }

 private:
  // Portable, unlike the distributions of the standard library.
  std::size_t pick(std::size_t count) { return static_cast<std::size_t>(random_() % count); }

  // --- the cluster
  // -----------------------------------------------------------------------------------------------------

  std::string cluster() {
    std::string text = "apiVersion: v1\nkind: List\nitems:\n";
    const auto out = std::back_inserter(text);
    for (std::size_t i = 0; i < wanted_.namespaces; ++i)
      fmt::format_to(out,
                     "- {{apiVersion: v1, kind: Namespace, metadata: {{name: ns-{0}, labels: "
                     "{{kubernetes.io/metadata.name: ns-{0}, team: team-{1}}}}}}}\n",
                     i, i % teams);
    text +=
        "- {apiVersion: v1, kind: Namespace, metadata: {name: kube-system, labels: {kubernetes.io/metadata.name: "
        "kube-system}}}\n"
        "- {apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: ovn-default}, spec: {cidrBlock: 10.16.0.0/16, "
        "gateway: 10.16.0.1, vpc: ovn-cluster, provider: ovn, default: true}}\n"
        "- {apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: join}, spec: {cidrBlock: 100.64.0.0/16, gateway: "
        "100.64.0.1, vpc: ovn-cluster, provider: ovn}}\n"
        "- {apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: kubernetes}, spec: {cidrs: "
        "[10.96.0.0/12]}}\n"
        "- {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: kubernetes, namespace: default, "
        "labels: {kubernetes.io/service-name: kubernetes}}, addressType: IPv4, endpoints: [{addresses: "
        "[192.168.0.1]}], ports: [{port: 6443}]}\n";
    for (std::size_t i = 0; i < nodes_; ++i)
      fmt::format_to(
          out,
          "- {{apiVersion: v1, kind: Node, metadata: {{name: node-{0}, annotations: {{ovn.kubernetes.io/ip_address: "
          "100.64.0.{1}}}}}, status: {{addresses: [{{type: InternalIP, address: 192.168.0.{2}}}]}}}}\n",
          i, i + 2, i + 1);
    place_pods();
    for (std::size_t i = 0; i < pods_.size(); ++i) {
      const auto [ns, application] = pods_[i];
      fmt::format_to(
          out,
          "- {{apiVersion: v1, kind: Pod, metadata: {{name: app-{1}-{2}, namespace: ns-{0}, labels: {{app: app-{1}, "
          "tier: {3}, pod-template-hash: {4:x}{5}}}}},"
          " spec: {{nodeName: node-{6}, containers: [{{name: c, ports: [{{name: http, containerPort: 8080}}]}}]}},"
          " status: {{phase: Running, podIPs: [{{ip: 10.16.{7}.{8}}}]}}}}\n",
          ns, application, i, tier_of(application), 0xabc000 + application,
          i < wanted_.heaviest_peer ? ", mesh: enabled" : "", i % nodes_, (i + 10) / 256, (i + 10) % 256);
    }
    return text;
  }

  void place_pods() {
    std::vector<double> weights;
    for (std::size_t i = 0; i < wanted_.namespaces; ++i) weights.push_back(std::pow(static_cast<double>(i + 1), -0.8));
    sizes_ = shares(weights, wanted_.pods);
    // Round by round, so that the pods of a mesh are in every namespace.
    for (std::size_t round = 0; pods_.size() < wanted_.pods; ++round)
      for (std::size_t ns = 0; ns < wanted_.namespaces; ++ns)
        if (round < sizes_[ns]) pods_.push_back({ns, round / pods_per_application});
  }

  [[nodiscard]] std::size_t applications(std::size_t ns) const {
    return (sizes_[ns] + pods_per_application - 1) / pods_per_application;
  }
  [[nodiscard]] std::size_t pods_of(std::size_t ns, std::size_t application) const {
    return std::min(pods_per_application, sizes_[ns] - application * pods_per_application);
  }
  [[nodiscard]] std::size_t pods_of(std::size_t ns, std::string_view tier) const {
    std::size_t count = 0;
    for (std::size_t application = 0; application < applications(ns); ++application)
      if (tier_of(application) == tier) count += pods_of(ns, application);
    return count;
  }

  // --- the policies
  // ----------------------------------------------------------------------------------------------------

  enum class Kind : std::uint8_t { DenyAll, Empty, Clusterwide, Usual };

  std::string policies() {
    std::vector<double> weights;
    for (const std::size_t size : sizes_) weights.push_back(std::pow(static_cast<double>(size), 0.8));
    std::vector<Kind> kinds(wanted_.empty, Kind::Empty);
    kinds.insert(kinds.end(), wanted_.policies / clusterwide_share, Kind::Clusterwide);
    kinds.resize(wanted_.policies - wanted_.deny_all, Kind::Usual);
    const std::vector<std::size_t> count = shares(weights, kinds.size());
    std::vector<std::size_t> homes;
    for (std::size_t ns = 0; ns < count.size(); ++ns) homes.insert(homes.end(), count[ns], ns);
    shuffle(homes);
    shuffle(kinds);

    std::string text;
    for (std::size_t ns = 0; ns < wanted_.deny_all; ++ns) text += deny_all(ns);
    std::size_t peers = 0;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      // The peers that are left, spread over the policies that are left.
      const std::size_t upto = (i + 1) * wanted_.peers / kinds.size();
      text += policy(i, kinds[i], homes[i], upto - peers);
      peers = upto;
    }
    return text;
  }

  template <typename T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[pick(i)]);
  }

  std::string deny_all(std::size_t ns) {
    selected_ += sizes_[ns];
    ++written_;
    if (ns % 3 == 0)
      return fmt::format(
          "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: deny-all, namespace: "
          "ns-{}}}\nspec:\n  endpointSelector: {{}}\n  ingress: [{{}}]\n---\n",
          ns);
    return fmt::format(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: deny-all, namespace: ns-{}}}\nspec: "
        "{{podSelector: {{}}, policyTypes: [Ingress{}]}}\n---\n",
        ns, ns % 3 == 1 ? ", Egress" : "");
  }

  std::string policy(std::size_t number, Kind kind, std::size_t ns, std::size_t peers) {
    ++written_;
    const bool egress = pick(4) == 0;
    const bool cilium = kind == Kind::Clusterwide || pick(5) < 2;
    std::string text, selector;
    if (kind == Kind::Clusterwide) {
      const std::size_t team = pick(teams);
      selector = fmt::format("matchLabels: {{io.cilium.k8s.namespace.labels.team: team-{}}}", team);
      for (std::size_t i = team; i < sizes_.size(); i += teams) selected_ += sizes_[i];
    } else {
      selector = kind == Kind::Empty ? fmt::format("matchLabels: {{app: gone-{}}}", pick(20)) : usual_selector(ns);
    }
    if (!cilium) {
      text = fmt::format(
          "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: policy-{}, namespace: "
          "ns-{}}}\nspec:\n  podSelector: {{{}}}\n  policyTypes: [{}]\n  {}:\n",
          number, ns, selector, egress ? "Egress" : "Ingress", egress ? "egress" : "ingress");
      for (std::size_t i = 0; i < peers; ++i)
        text += fmt::format("  - {}: [{}]\n    ports: [{}]\n", egress ? "to" : "from", kubernetes_peer(ns),
                            port(false, egress));
    } else {
      text = fmt::format(
          "apiVersion: cilium.io/v2\nkind: {}\nmetadata: {{name: policy-{}{}}}\nspec:\n  endpointSelector: {{{}}}\n  "
          "{}:\n",
          kind == Kind::Clusterwide ? "CiliumClusterwideNetworkPolicy" : "CiliumNetworkPolicy", number,
          kind == Kind::Clusterwide ? "" : fmt::format(", namespace: ns-{}", ns), selector,
          egress ? "egress" : "ingress");
      for (std::size_t i = 0; i < peers; ++i)
        text += fmt::format("  - {}{}\n    toPorts: [{{ports: [{}]}}]\n", egress ? "to" : "from", cilium_peer(ns),
                            port(true, egress));
    }
    return text + "---\n";
  }

  // Whichever of three brings the average closest to what was published.
  std::string usual_selector(std::size_t ns) {
    const std::size_t application = pick(applications(ns));
    const char* tier = tier_of(application);
    const std::size_t counts[] = {pods_of(ns, application), pods_of(ns, tier), sizes_[ns]};
    const std::string texts[] = {fmt::format("matchLabels: {{app: app-{}}}", application),
                                 fmt::format("matchLabels: {{tier: {}}}", tier), ""};
    const auto distance = [&](std::size_t count) {
      return std::abs(static_cast<double>(selected_ + count) - static_cast<double>(written_ * wanted_.selected));
    };
    const std::size_t* best = std::min_element(std::begin(counts), std::end(counts),
                                               [&](std::size_t a, std::size_t b) { return distance(a) < distance(b); });
    selected_ += *best;
    return texts[best - std::begin(counts)];
  }

  struct Other {
    std::size_t ns = 0;
    std::string app;
  };
  Other other_application() {
    const std::size_t ns = pick(wanted_.namespaces);
    return {ns, fmt::format("app-{}", pick(applications(ns)))};
  }

  std::string kubernetes_peer(std::size_t ns) {
    const std::size_t kind = pick(100);
    if (kind == 0) return "{namespaceSelector: {}, podSelector: {matchLabels: {mesh: enabled}}}";
    if (kind < 60) return fmt::format("{{podSelector: {{matchLabels: {{app: app-{}}}}}}}", pick(applications(ns)));
    if (kind < 80) {
      const Other other = other_application();
      return fmt::format(
          "{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: ns-{}}}}}, podSelector: {{matchLabels: "
          "{{app: {}}}}}}}",
          other.ns, other.app);
    }
    if (kind < 85) return fmt::format("{{namespaceSelector: {{matchLabels: {{team: team-{}}}}}}}", pick(teams));
    if (kind < 90)
      return fmt::format("{{podSelector: {{matchExpressions: [{{key: tier, operator: NotIn, values: [{}]}}]}}}}",
                         tiers[pick(3)]);
    return fmt::format("{{ipBlock: {{cidr: 172.{}.{}.0/24}}}}", 20 + pick(4), pick(40));
  }

  std::string cilium_peer(std::size_t ns) {
    const std::size_t kind = pick(100);
    if (kind == 0)
      return "Endpoints: [{matchLabels: {mesh: enabled}, matchExpressions: [{key: io.kubernetes.pod.namespace, "
             "operator: Exists}]}]";
    if (kind < 60) return fmt::format("Endpoints: [{{matchLabels: {{app: app-{}}}}}]", pick(applications(ns)));
    if (kind < 80) {
      const Other other = other_application();
      return fmt::format("Endpoints: [{{matchLabels: {{io.kubernetes.pod.namespace: ns-{}, app: {}}}}}]", other.ns,
                         other.app);
    }
    if (kind < 85)
      return fmt::format("Endpoints: [{{matchLabels: {{io.cilium.k8s.namespace.labels.team: team-{}}}}}]", pick(teams));
    if (kind < 90) return "Entities: [kube-apiserver]";
    return fmt::format("CIDR: [172.{}.{}.0/24]", 20 + pick(4), pick(40));
  }

  std::string port(bool cilium, bool egress) {
    const bool udp = pick(10) == 0;
    const std::size_t number = udp ? 53 : 8000 + pick(30);
    if (!egress && !udp && pick(50) == 0) return "{port: http, protocol: TCP}";
    const char* quote = cilium ? "\"" : "";  // a number to Kubernetes, a text to Cilium
    return fmt::format("{{port: {}{}{}, protocol: {}}}", quote, number, quote, udp ? "UDP" : "TCP");
  }

  std::mt19937 random_;
  Published wanted_;
  std::size_t nodes_ = 0, selected_ = 0, written_ = 0;
  std::vector<std::size_t> sizes_;  // pods of each namespace
  std::vector<PodNumbers> pods_;
};

}  // namespace

Profile generate(std::size_t part, unsigned seed) {
  return Generator(part, seed).generate();
}

}  // namespace policyconv::bench
