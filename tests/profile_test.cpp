// The generated production profile has the numbers it promises, counted on what the parser reads.
#include "tests/bench/profile.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "frontend/parse.h"
#include "verify/source_labels.h"
#include "verify/source_rules.h"

using namespace policyconv;
namespace source = policyconv::verify::source;

namespace {

const Semantics semantics = semantics_of(20);

/// Pods that meet the requirements; those of one namespace only, where one is named.
class Counter {
 public:
  explicit Counter(const Cluster& cluster) {
    for (const Pod& pod : cluster.pods) by_namespace_[pod.ns].push_back(source::identity_of(cluster, pod, semantics));
  }
  [[nodiscard]] std::size_t count(const source::Requirements& requirements) const {
    const auto meeting = [&](const std::vector<source::Identity>& pods) {
      return static_cast<std::size_t>(std::count_if(
          pods.begin(), pods.end(), [&](const source::Identity& pod) { return source::meets(pod, requirements); }));
    };
    for (const source::Requirement& r : requirements)
      if (r.key == "io.kubernetes.pod.namespace" && r.op == source::Op::In && r.values.size() == 1) {
        const auto here = by_namespace_.find(r.values.front());
        return here == by_namespace_.end() ? 0 : meeting(here->second);
      }
    std::size_t all = 0;
    for (const auto& [ns, pods] : by_namespace_) all += meeting(pods);
    return all;
  }

 private:
  std::map<std::string, std::vector<source::Identity>> by_namespace_;
};

bool names_nobody(const source::Peers& peers) {
  return !peers.anyone && peers.selectors.empty() && peers.entities.empty() && peers.blocks.empty();
}

}  // namespace

TEST_CASE("the production profile at every scale") {
  for (const std::size_t part : {8, 4, 2, 1}) {
    INFO("1/" << part);
    const bench::Profile profile = bench::generate(part);
    const bench::Published published;
    CHECK(profile.expected.policies == published.policies / part);
    Sources sources;
    Diagnostics diagnostics;
    const std::array<std::uint32_t, 1> policy_file{sources.add("policies.yaml", profile.policies)},
        cluster_file{sources.add("cluster.yaml", profile.cluster)};
    cilium::ParseOptions options;
    options.semantics = semantics;
    const cilium::Policies policies = cilium::parse_policies(sources, policy_file, options, diagnostics);
    const Cluster cluster = cilium::parse_cluster(sources, cluster_file, 1, diagnostics);
    REQUIRE_FALSE(diagnostics.has_errors());
    REQUIRE(std::none_of(policies.policies.begin(), policies.policies.end(),
                         [](const auto& policy) { return !policy.rejected.empty(); }));
    REQUIRE(std::none_of(policies.network_policies.begin(), policies.network_policies.end(),
                         [](const auto& policy) { return !policy.rejected.empty(); }));
    CHECK(policies.policies.size() > profile.expected.policies / 4);  // both kinds
    CHECK(policies.network_policies.size() > profile.expected.policies / 4);

    const Counter counter(cluster);
    std::size_t selected = 0, peers = 0, heaviest = 0, deny_all = 0, empty = 0;
    std::set<source::Requirements> selectors;
    const std::vector<source::Spec> specs = source::read_specs(policies, cluster, semantics);
    for (const source::Spec& spec : specs) {
      const std::size_t pods = counter.count(spec.subject);
      selected += pods;
      empty += pods == 0;
      bool allows = false;
      for (const auto* section : {&spec.ingress, &spec.egress})
        if (*section)
          for (const source::Rule& rule : (*section)->rules) {
            allows |= !names_nobody(rule.peers);
            peers += rule.peers.selectors.size() + rule.peers.entities.size() + rule.peers.blocks.size();
            selectors.insert(rule.peers.selectors.begin(), rule.peers.selectors.end());
          }
      deny_all += !allows;
    }
    for (const source::Requirements& selector : selectors) heaviest = std::max(heaviest, counter.count(selector));
    CHECK(specs.size() == profile.expected.policies);
    CHECK(cluster.pods.size() == profile.expected.pods);
    CHECK(cluster.namespaces.size() == profile.expected.namespaces + 1);  // and kube-system
    CHECK(peers == profile.expected.peers);
    CHECK(heaviest == profile.expected.heaviest_peer);
    CHECK(deny_all == profile.expected.deny_all);
    CHECK(empty == profile.expected.empty);
    CHECK(std::abs(static_cast<double>(selected) / static_cast<double>(specs.size()) - 13.0) < 0.5);
  }
}

TEST_CASE("the same seed gives the same profile, another seed another one") {
  const bench::Profile one = bench::generate(8), same = bench::generate(8), other = bench::generate(8, 2);
  CHECK(one.policies == same.policies);
  CHECK(one.cluster == same.cluster);
  CHECK(one.policies != other.policies);
}
