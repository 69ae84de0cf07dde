// Inputs of known shape and size, made from a seed: what `bench` measures. Entrances: shapes(), and the single generators.
// The same seed gives the same bytes on every machine.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace policyconv::bench {

struct Counts {
  std::size_t policies = 0, rules = 0, pods = 0, nodes = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Counts, policies, rules, pods, nodes)

struct Input {
  std::vector<std::string> policies;  // the texts of one or several files
  std::string cluster;                // empty: none
  Counts counts;                      // what is in the texts
};

/// Policies of the same form: 200 namespaces, 1,500 applications, one ingress peer and DNS on egress each. They select 3,000
/// groups of pods, so that 100,000 of them are 33 for a group.
[[nodiscard]] Input uniform(std::size_t policies, std::size_t files, unsigned seed);
/// All policies in one namespace of 500 applications, with three ingress peers each.
[[nodiscard]] Input one_namespace(std::size_t policies, unsigned seed);
/// One policy; half of its rules name pods, half a CIDR, each another port.
[[nodiscard]] Input one_policy(std::size_t rules, unsigned seed);
/// A cluster with a namespace for each 100 pods, four to an application, and two policies for each namespace.
[[nodiscard]] Input many_pods(std::size_t pods, unsigned seed);
/// A cluster with two pods on each node; every second pod's application has a policy that names nodes.
[[nodiscard]] Input many_nodes(std::size_t nodes, unsigned seed);
/// The production profile (profile.h), divided by `part`.
[[nodiscard]] Input production(std::size_t part, unsigned seed);

struct Shape {
  std::string name;    // of a file, too
  std::string family;  // shapes that differ in size only; empty: of no family
  std::function<Input(unsigned seed)> make;
  bool is_long = false;         // only on request
  bool counts_instructions = false;
  bool is_proved = true;  // if there are pods
};

/// Those that docs/performance.md shows, in its order.
[[nodiscard]] std::vector<Shape> shapes();
/// uniform() as a member of its family.
[[nodiscard]] Shape uniform_shape(std::size_t policies);

}  // namespace policyconv::bench
