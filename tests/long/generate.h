// Random clusters, policies and flows as lines of the conformance format (docs/testing.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/long/dice.h"

namespace policyconv::long_tests {

/// What policies and flows need to know of a cluster.
struct World {
  nlohmann::json objects = nlohmann::json::array();
  bool v4 = true, v6 = true;
  std::vector<std::string> namespaces;
  std::vector<std::string> pods;       // ends of flows, e.g. "pod:shop/web-0"
  std::vector<std::string> nodes;      // ends: node:<name>, or ip:<address> where addresses of a node differ in what they are
  std::vector<std::string> addresses;  // of pods, nodes, the API server and Vips: for CIDR rules and flows
  std::vector<std::uint16_t> named;    // numbers behind port names
};

[[nodiscard]] World random_cluster(Dice& dice);

/// `minor`: of Cilium; what that version does not know is not used.
[[nodiscard]] nlohmann::json random_policies(const World& world, int minor, Dice& dice);

/// Flows at the bounds of what the policies name, and some elsewhere. Without verdicts. Some may be no packets of the
/// cluster: judge() passes over these.
[[nodiscard]] nlohmann::json random_flows(const World& world, const nlohmann::json& policies, std::size_t count, Dice& dice);

/// A whole line but for the verdicts. The same numbers give the same line.
[[nodiscard]] nlohmann::json random_case(std::uint64_t seed, std::size_t number, std::size_t flows);

}  // namespace policyconv::long_tests
