// Entrance: measure_verify(). Each stage of `migrate --verify` on 1x, 2x, 4x and 8x an eighth of the production
// profile, for the pods of the cluster, and once more with as many future pods.
#include "tests/bench/verify.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <array>
#include <iostream>
#include <optional>
#include <string>

#include "backends/kubeovn/lower.h"
#include "frontend/lower.h"
#include "frontend/parse.h"
#include "tests/bench/clock.h"
#include "tests/bench/profile.h"
#include "verify/future.h"
#include "verify/space.h"

namespace policyconv::bench {
namespace {

struct Proof {
  double space = 0, compare = 0;
  std::size_t pods = 0, ends = 0, regions = 0;  // classes of pods, classes of ends
  [[nodiscard]] double seconds() const { return space + compare; }
  [[nodiscard]] std::size_t pairs() const { return pods * ends; }
};

struct Row {
  double parse = 0, lower = 0, future = 0;
  std::size_t candidates = 0, future_pods = 0;
  Proof present, with_future;
};

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1e3;
}

Proof prove(const cilium::Policies& policies, const Semantics& semantics, const kubeovn::Manifest& manifest,
            const Cluster& cluster, unsigned jobs) {
  Proof proof;
  std::optional<verify::Space> space;
  proof.space = seconds([&] { space.emplace(policies, semantics, manifest, cluster, jobs); });
  proof.compare = seconds([&] {
    const verify::Differences differences = verify::compare(*space);
    proof.pods = differences.pods;
    proof.regions = differences.regions.size();
  });
  proof.ends = space->ends().size();
  return proof;
}

Row measure(std::size_t part, unsigned jobs) {
  const Profile profile = generate(part);
  const Semantics semantics = semantics_of(18);
  Sources sources;
  const std::array<std::uint32_t, 1> policy_file{sources.add("policies.yaml", profile.policies)},
      cluster_file{sources.add("cluster.yaml", profile.cluster)};
  cilium::ParseOptions options;
  options.semantics = semantics;
  Diagnostics diagnostics;
  cilium::Policies policies;
  Cluster cluster;
  kubeovn::Manifest manifest;
  Row row;
  row.parse = seconds([&] {
    policies = cilium::parse_policies(sources, policy_file, options, diagnostics);
    cluster = cilium::parse_cluster(sources, cluster_file, jobs, diagnostics);
  });
  row.lower = seconds([&] {
    const ir::Program program = cilium::lower(policies, cluster, {semantics, {}}, diagnostics);
    manifest = kubeovn::lower(program, cluster, policies.catalog, {}, diagnostics);
  });
  std::optional<verify::Future> future;
  row.future =
      seconds([&] { future = verify::with_future_pods(policies, semantics, manifest, cluster, cluster.pods.size()); });
  row.candidates = future->candidates;
  row.future_pods = future->future.size();
  row.present = prove(policies, semantics, manifest, cluster, jobs);
  row.with_future = prove(policies, semantics, future->manifest, future->cluster, jobs);
  return row;
}

std::string text_of(const Proof& proof) {
  return fmt::format(" {:>8.2f} {:>9.2f} {:>8} {:>11} {:>8}", proof.space, proof.compare, proof.ends, proof.pairs(),
                     proof.regions);
}
std::string growth(const Proof& now, const Proof& before) {
  return fmt::format(" {:.1f}/{:.1f}", now.seconds() / before.seconds(),
                     static_cast<double>(now.pairs()) / static_cast<double>(before.pairs()));
}

}  // namespace

void measure_verify(unsigned jobs) {
  std::cout << "the pods of the cluster, then with future ones; classes of ends; pairs of a class of pods and a class "
               "of ends\n"
               "scale  parse s  lower s |  space s compare s  classes       pairs  regions | future s   pods      of | "
               " space s compare s  classes       pairs  regions | peak MB | growth of time/pairs\n";
  std::optional<Row> before;
  for (const std::size_t part : {8, 4, 2, 1}) {
    const Row row = measure(part, jobs);
    std::cout << fmt::format("{:>4}x {:>8.2f} {:>8.2f} |{} | {:>8.2f} {:>6} {:>7} |{} | {:>7.0f} |", 8 / part,
                             row.parse, row.lower, text_of(row.present), row.future, row.future_pods, row.candidates,
                             text_of(row.with_future), peak_megabytes());
    if (before) std::cout << growth(row.present, before->present) << growth(row.with_future, before->with_future);
    std::cout << '\n' << std::flush;
    before = row;
  }
}

}  // namespace policyconv::bench
