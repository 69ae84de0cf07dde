// A migration on its way, and on its way back: what policies, objects and port groups there are after each object of
// each step of a plan, in any order, and while Kube-OVN's controller has not yet come to all of them.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "frontend/policy.h"
#include "plan/plan.h"
#include "tests/ovn/controller.h"

namespace policyconv::real_ovn {

/// What there is at one moment.
struct Moment {
  std::string where;      // "join-shop, 2 of 3"
  Controller controller;  // with all objects
  Members members;        // of port groups
  std::optional<verify::Rewriting> rewriting = {};
  std::vector<bool> policies = {};  // which of PolicySet are there
  bool settled = true;              // the controller has done all that the objects ask for
  bool end = false;                 // of a step
};

/// The policies of a case, and those that a plan puts beside them while they go or come (plan/allow_all.h).
struct PolicySet {
  PolicySet(const cilium::Policies& own, const plan::Plan& plan);
  [[nodiscard]] cilium::Policies remaining(const std::vector<bool>& present) const;
  [[nodiscard]] std::vector<bool> at_first() const;

  cilium::Policies all;         // marks are in their order, NetworkPolicies last
  std::vector<bool> temporary;  // those of the plan
};

class Walk {
 public:
  using Look = std::function<void(const Moment&)>;
  /// Starts before the first step. `most`: how many moments in the middle of a step to look at, chosen at random.
  Walk(const Cluster& cluster, const PolicySet& policies, int minor, std::size_t most, std::mt19937& random, Look look);

  void forward(const plan::Step& step);
  /// Undoes it.
  void back(const plan::Step& step);
  [[nodiscard]] const Moment& now() const { return now_; }

 private:
  /// Something that happens at one instant.
  struct Act {
    std::function<void(Moment&)> happen;
    std::string rewrites = {};  // the group whose rules it sets
  };
  void add(const kubeovn::Manifest& objects, std::vector<Act>& acts) const;
  void change_policies(bool present, const std::string& step);
  void run(const std::string& step, std::vector<Act> acts);
  void look_at_queues(const Moment& before, const Moment& after);
  [[nodiscard]] std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }

  const PolicySet& policies_;
  std::size_t most_;
  std::mt19937& random_;
  Look look_;
  Moment now_;
};

}  // namespace policyconv::real_ovn
