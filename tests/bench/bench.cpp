// How long each stage takes on N uniform policies, as ratios to yaml-cpp's bare walk over the same bytes (`./x bench`);
// with `verify`, how long the proof of a production profile takes (verify.h); with `assess`, a large cluster. Absolute times depend on the machine and are
// never asserted.
#include <sys/resource.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/print.h"
#include "frontend/lower.h"
#include "frontend/parse.h"
#include "tests/bench/assess.h"
#include "tests/bench/verify.h"

using namespace policyconv;

namespace {

// 200 namespaces, 1,500 applications, one ingress peer and DNS on egress each.
std::string uniform(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += fmt::format(
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata:\n  name: policy-{}\n  namespace: ns{}\nspec:\n"
        "  endpointSelector:\n    matchLabels:\n      app: app-{}\n  ingress:\n  - fromEndpoints:\n    - matchLabels:\n"
        "        app: app-{}\n    toPorts:\n    - ports:\n      - port: \"{}\"\n        protocol: TCP\n  egress:\n"
        "  - toEndpoints:\n    - matchLabels:\n        k8s:io.kubernetes.pod.namespace: kube-system\n"
        "        k8s-app: kube-dns\n    toPorts:\n    - ports:\n      - port: \"53\"\n        protocol: UDP\n---\n",
        i, i % 200, i % 1500, i * 7 % 1500, 8000 + i % 100);
  return text;
}

struct Walk final : YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

template <typename Work>
double seconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void measure(int count) {
  const std::string text = uniform(count);
  const double walk = seconds([&] {
    std::istringstream in(text);
    YAML::Parser parser(in);
    Walk handler;
    while (parser.HandleNextDocument(handler)) {
    }
  });
  Sources sources;
  const std::array<std::uint32_t, 1> files{sources.add("bench.yaml", text)};
  Diagnostics diagnostics;
  cilium::Policies policies;
  ir::Program program;
  kubeovn::Manifest manifest;
  std::size_t bytes = 0;
  const double parse = seconds([&] { policies = cilium::parse_policies(sources, files, {}, diagnostics); });
  const double lower = seconds([&] { program = cilium::lower(policies, {}, {}, diagnostics); });
  const double target = seconds([&] { manifest = kubeovn::lower(program, {}, policies.catalog, {}, diagnostics); });
  const double print = seconds([&] {
    for (const kubeovn::OutputFile& file : kubeovn::print(manifest, policies.catalog)) bytes += file.text.size();
  });
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::cout << fmt::format("{:>8} {:>7.1f} {:>9.3f} {:>7.2f} {:>7.2f} {:>8.2f} {:>7.2f} {:>7.2f} {:>9.1f} {:>9.1f}\n", count,
                           static_cast<double>(text.size()) / 1e6, walk, parse / walk, lower / walk, target / walk, print / walk,
                           (parse + lower + target + print) / walk, static_cast<double>(bytes) / 1e6,
                           static_cast<double>(usage.ru_maxrss) / 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "verify") {
    bench::measure_verify(std::max(1u, std::thread::hardware_concurrency()));
    return 0;
  }
  if (argc > 1 && std::string_view(argv[1]) == "assess") {
    bench::measure_assess();
    return 0;
  }
  std::cout << "policies      MB    walk s   parse   lower  kubeovn   print   total    out MB  peak MB   (ratios to the walk)\n";
  std::vector<int> counts{1000, 10000};
  if (argc > 1) counts.assign(1, std::max(1, std::atoi(argv[1])));
  for (const int count : counts) measure(count);
}
