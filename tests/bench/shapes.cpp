#include "tests/bench/shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <string_view>
#include <utility>

#include "tests/bench/profile.h"

namespace policyconv::bench {
namespace {

using Random = std::mt19937;

// Portable, unlike the distributions of the standard library.
std::size_t pick(Random& random, std::size_t count) { return static_cast<std::size_t>(random() % count); }

std::string opening(std::size_t number, std::string_view ns, std::size_t application) {
  return fmt::format(
      "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata:\n  name: policy-{}\n  namespace: {}\nspec:\n"
      "  endpointSelector:\n    matchLabels:\n      app: app-{}\n",
      number, ns, application);
}

std::string from_application(std::size_t application, std::size_t port) {
  return fmt::format(
      "  - fromEndpoints:\n    - matchLabels:\n        app: app-{}\n    toPorts:\n    - ports:\n      - port: \"{}\"\n"
      "        protocol: TCP\n",
      application, port);
}

constexpr std::string_view to_dns =
    "  egress:\n  - toEndpoints:\n    - matchLabels:\n        k8s:io.kubernetes.pod.namespace: kube-system\n"
    "        k8s-app: kube-dns\n    toPorts:\n    - ports:\n      - port: \"53\"\n        protocol: UDP\n";

// --- clusters, as kubectl prints them; fields that nobody reads are there as well, a few of many

std::string cluster_with(std::size_t namespaces, std::size_t nodes) {
  std::string text = "apiVersion: v1\nkind: List\nitems:\n";
  const auto out = std::back_inserter(text);
  for (std::size_t i = 0; i < namespaces; ++i)
    fmt::format_to(out,
                   "- apiVersion: v1\n  kind: Namespace\n  metadata:\n    labels:\n      kubernetes.io/metadata.name: ns-{0}\n"
                   "    name: ns-{0}\n  status:\n    phase: Active\n",
                   i);
  text +=
      "- apiVersion: kubeovn.io/v1\n  kind: Subnet\n  metadata:\n    name: ovn-default\n  spec:\n    cidrBlock: 10.16.0.0/12\n"
      "    default: true\n    gateway: 10.16.0.1\n    provider: ovn\n    vpc: ovn-cluster\n"
      "- apiVersion: kubeovn.io/v1\n  kind: Subnet\n  metadata:\n    name: join\n  spec:\n    cidrBlock: 100.64.0.0/16\n"
      "    gateway: 100.64.0.1\n    provider: ovn\n    vpc: ovn-cluster\n"
      "- apiVersion: networking.k8s.io/v1\n  kind: ServiceCIDR\n  metadata:\n    name: kubernetes\n  spec:\n    cidrs:\n"
      "    - 10.96.0.0/12\n"
      "- addressType: IPv4\n  apiVersion: discovery.k8s.io/v1\n  endpoints:\n  - addresses:\n    - 192.168.0.1\n"
      "  kind: EndpointSlice\n  metadata:\n    labels:\n      kubernetes.io/service-name: kubernetes\n    name: kubernetes\n"
      "    namespace: default\n  ports:\n  - port: 6443\n";
  for (std::size_t i = 0; i < nodes; ++i)
    fmt::format_to(out,
                   "- apiVersion: v1\n  kind: Node\n  metadata:\n    annotations:\n      ovn.kubernetes.io/ip_address: "
                   "100.64.{1}.{2}\n    labels:\n      kubernetes.io/os: linux\n    name: node-{0}\n  status:\n    addresses:\n"
                   "    - address: 192.168.{1}.{2}\n      type: InternalIP\n    - address: node-{0}\n      type: Hostname\n",
                   i, (i + 2) / 256, (i + 2) % 256);
  return text;
}

struct Place {
  std::size_t ns = 0, application = 0, node = 0;
};

void add_pod(std::string& text, std::size_t number, const Place& place) {
  fmt::format_to(std::back_inserter(text),
                 "- apiVersion: v1\n  kind: Pod\n  metadata:\n    creationTimestamp: \"2026-01-01T00:00:00Z\"\n    labels:\n"
                 "      app: app-{1}\n      pod-template-hash: {2:x}\n    name: app-{1}-{0}\n    namespace: ns-{3}\n"
                 "    resourceVersion: \"{0}\"\n  spec:\n    containers:\n    - image: example.com/app:1.0\n      name: app\n"
                 "      ports:\n      - containerPort: 8080\n        name: http\n    nodeName: node-{4}\n"
                 "    serviceAccountName: default\n  status:\n    phase: Running\n    podIPs:\n    - ip: 10.{5}.{6}.{7}\n",
                 number, place.application, 0xabc000 + place.application, place.ns, place.node,
                 16 + (number + 10) / 65536, (number + 10) / 256 % 256, (number + 10) % 256);
}

}  // namespace

Input uniform(std::size_t policies, std::size_t files, unsigned seed) {
  constexpr std::size_t namespaces = 200, applications = 1500, shared = 100;  // their greatest common divisor
  Random random(seed);
  Input input{std::vector<std::string>(files), {}, {policies, 2 * policies, 0, 0}};
  for (std::size_t i = 0; i < policies; ++i) {
    std::string& text = input.policies[i * files / policies];
    const std::size_t peer = (i * 7 + shared * pick(random, applications / shared)) % applications;
    text += opening(i, fmt::format("ns{}", i % namespaces), i % applications);
    text += "  ingress:\n" + from_application(peer, 8000 + pick(random, 100));
    text += to_dns;
  }
  return input;
}

Input one_namespace(std::size_t policies, unsigned seed) {
  constexpr std::size_t applications = 500, peers = 3;
  Random random(seed);
  std::string text;
  for (std::size_t i = 0; i < policies; ++i) {
    text += opening(i, "shop", i % applications) + "  ingress:\n";
    for (std::size_t peer = 0; peer < peers; ++peer)
      text += from_application(pick(random, applications), 8000 + pick(random, 100));
  }
  return {{std::move(text)}, {}, {policies, peers * policies, 0, 0}};
}

Input one_policy(std::size_t rules, unsigned seed) {
  constexpr std::size_t applications = 1000, first_port = 1024;
  Random random(seed);
  std::string text = opening(0, "shop", 0) + "  ingress:\n";
  for (std::size_t i = 0; i < rules; ++i) {
    const std::size_t port = first_port + i % (65536 - first_port);
    if (i % 2 == 0)
      text += from_application(pick(random, applications), port);
    else
      fmt::format_to(std::back_inserter(text),
                     "  - fromCIDR:\n    - 172.{}.{}.0/24\n    toPorts:\n    - ports:\n      - port: \"{}\"\n"
                     "        protocol: TCP\n",
                     16 + pick(random, 16), pick(random, 256), port);
  }
  return {{std::move(text)}, {}, {1, rules, 0, 0}};
}

Input many_pods(std::size_t pods, unsigned seed) {
  constexpr std::size_t per_namespace = 100, per_application = 4, applications = per_namespace / per_application;
  const std::size_t namespaces = (pods + per_namespace - 1) / per_namespace, nodes = std::max<std::size_t>(1, pods / 500);
  Random random(seed);
  Input input{{""}, cluster_with(namespaces, nodes), {2 * namespaces, 4 * namespaces, pods, nodes}};
  for (std::size_t i = 0; i < pods; ++i)
    add_pod(input.cluster, i, {i / per_namespace, i % per_namespace / per_application, pick(random, nodes)});
  for (std::size_t i = 0; i < input.counts.policies; ++i) {
    const std::size_t subject = pick(random, applications), peer = pick(random, applications);
    input.policies[0] += opening(i, fmt::format("ns-{}", i / 2), subject) + "  ingress:\n" + from_application(peer, 8080);
    input.policies[0] += to_dns;
  }
  return input;
}

Input many_nodes(std::size_t nodes, unsigned seed) {
  constexpr std::size_t per_namespace = 50;
  constexpr const char* entities[] = {"host", "remote-node", "host, remote-node", "kube-apiserver"};
  const std::size_t pods = 2 * nodes, policies = pods / 2;
  Random random(seed);
  Input input{{""}, cluster_with(pods / per_namespace + 1, nodes), {policies, policies, pods, nodes}};
  for (std::size_t i = 0; i < pods; ++i)
    add_pod(input.cluster, i, {i / per_namespace, i % per_namespace, pick(random, nodes)});
  for (std::size_t i = 0; i < policies; ++i) {
    const std::size_t pod = 2 * i;
    input.policies[0] += opening(i, fmt::format("ns-{}", pod / per_namespace), pod % per_namespace);
    fmt::format_to(std::back_inserter(input.policies[0]),
                   "  ingress:\n  - fromEntities: [{}]\n    toPorts:\n    - ports:\n      - port: \"{}\"\n"
                   "        protocol: TCP\n",
                   entities[pick(random, std::size(entities))], 8000 + pick(random, 100));
  }
  return input;
}

Input production(std::size_t part, unsigned seed) {
  Profile profile = generate(part, seed);
  const Published& published = profile.expected;
  const std::size_t rules = published.peers + (published.deny_all + 2) / 3;  // a third is isolated by an empty rule
  return {{std::move(profile.policies)},
          std::move(profile.cluster),
          {published.policies, rules, published.pods, 3 + 120 / part}};
}

Shape uniform_shape(std::size_t policies) {
  Shape shape;
  shape.name = fmt::format("uniform-{}", policies);
  shape.family = "uniform";
  shape.make = [policies](unsigned seed) { return uniform(policies, 1, seed); };
  shape.is_long = policies > 10'000;
  shape.counts_instructions = policies <= 10'000;
  return shape;
}

std::vector<Shape> shapes() {
  std::vector<Shape> all = {uniform_shape(1'000), uniform_shape(10'000), uniform_shape(100'000)};
  const auto add = [&](std::string name, std::function<Input(unsigned)> make) {
    all.push_back({std::move(name), "", std::move(make)});
  };
  add("uniform-10000-in-100-files", [](unsigned seed) { return uniform(10'000, 100, seed); });
  for (const std::size_t part : {8, 4, 2, 1}) {
    add(part == 1 ? "profile" : fmt::format("profile-1-of-{}", part), [part](unsigned seed) { return production(part, seed); });
    all.back().family = "profile";
    all.back().counts_instructions = part == 8;
  }
  add("namespace-5000", [](unsigned seed) { return one_namespace(5'000, seed); });
  add("policy-10000-rules", [](unsigned seed) { return one_policy(10'000, seed); });
  add("pods-100000", [](unsigned seed) { return many_pods(100'000, seed); });
  all.back().is_proved = false;  // 25,000 classes of pods, each with an application of its own: many minutes
  add("nodes-1000", [](unsigned seed) { return many_nodes(1'000, seed); });
  return all;
}

}  // namespace policyconv::bench
