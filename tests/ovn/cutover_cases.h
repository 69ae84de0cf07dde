// What the cut-over is tried on: conformance cases, samples, golden cases, and a small one.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/compile.h"
#include "tests/mutations.h"
#include "tests/ovn/spread.h"

namespace policyconv::real_ovn {

using mutations::Migrated;

inline Migrated migrated(const conformance::Case& source, int minor) {
  Migrated result;
  result.name = source.name;
  *result.input = conformance::read(source);
  result.semantics = conformance::semantics();
  result.input->cluster.service_cidrs = conformance::service_cidrs();
  for (const conformance::Flow& flow : source.flows) result.asked.emplace_back(flow.protocol, flow.port);
  result.migrate(minor);
  return result;
}

/// Two of three with their pods on two Subnets, both scales of priorities.
inline Migrated nth(const std::vector<conformance::Case>& cases, std::size_t i) {
  return migrated(i % 3 == 0 ? cases[i] : spread(cases[i]), i % 4 == 0 ? 14 : 16);
}

/// Is some Subnet named as its VPC? Then both ends of the link between switch and router have one name (`<a>-<a>`), of
/// which ovn-northd takes one, and nothing is routed.
inline bool is_cut_off(const Cluster& cluster) {
  return std::any_of(cluster.subnets.begin(), cluster.subnets.end(),
                     [](const Subnet& subnet) { return subnet.name == subnet.vpc; });
}

/// Samples and golden cases with running pods that are bound to something.
inline std::vector<Migrated> written_cases() {
  std::vector<Migrated> all;
  for (const char* folder : {"/samples", "/tests/golden"})
    for (const auto& entry : std::filesystem::directory_iterator(std::string(POLICYCONV_SOURCE_DIR) + folder)) {
      if (!std::filesystem::exists(entry.path() / "expected") ||
          !std::filesystem::exists(entry.path() / "cluster.yaml"))
        continue;
      Migrated objects = mutations::sample(entry.path());
      if (objects.manifest.bindings.empty() || objects.input->diagnostics.has_errors()) continue;
      // A walk begins with pods that are in no group, which is not what a dump after an earlier run shows.
      const auto& bindings = objects.manifest.bindings;
      if (std::any_of(bindings.begin(), bindings.end(), [](const auto& each) { return !each.before.value_or("").empty(); })) continue;
      if (!is_cut_off(objects.input->cluster)) all.push_back(std::move(objects));
    }
  std::sort(all.begin(), all.end(), [](const Migrated& a, const Migrated& b) { return a.name < b.name; });
  return all;
}

/// Two namespaces whose pods talk to each other, one of them by two policies.
inline Migrated two_namespaces() {
  Migrated result;
  result.name = "two namespaces";
  result.semantics = conformance::semantics();
  conformance::Input& input = *result.input;
  const auto ingress = [](const std::string& to, const std::string& from, int port) {
    return fmt::format(
        "  endpointSelector: {{matchLabels: {{app: {}}}}}\n"
        "  ingress: [{{fromEndpoints: [{{matchLabels: {{app: {}, k8s:io.kubernetes.pod.namespace: {}}}}}], "
        "toPorts: [{{ports: [{{port: \"{}\", protocol: TCP}}]}}]}}]\n",
        to, from, from == "probe" ? "ops" : "shop", port);
  };
  const std::string policies = testing::cnp(ingress("web", "probe", 8080), "from-probe") +
                               testing::cnp(ingress("web", "db", 9090), "from-db") +
                               testing::cnp(ingress("db", "web", 5432), "to-db") +
                               testing::cnp(ingress("probe", "web", 7070), "to-probe", "ops");
  const std::array<std::uint32_t, 1> cluster{input.sources.add("cluster.yaml", testing::small_cluster)};
  const std::array<std::uint32_t, 1> files{input.sources.add("policies.yaml", policies)};
  cilium::ParseOptions options;
  options.semantics = result.semantics;
  input.cluster = cilium::parse_cluster(input.sources, cluster, 1, input.diagnostics);
  input.policies = cilium::parse_policies(input.sources, files, options, input.diagnostics);
  result.asked = {{Protocol::Tcp, 8080}, {Protocol::Tcp, 9090}, {Protocol::Tcp, 5432}, {Protocol::Tcp, 7070}};
  result.migrate(16);
  return result;
}

}  // namespace policyconv::real_ovn
