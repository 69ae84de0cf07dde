// Which SecurityGroups a pod is to carry, from what the groups themselves say: the one rule behind bindings of workloads
// and the admission policies. Entrance: Membership.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "ir/program.h"

namespace policyconv::kubeovn {

/// Joining: the pod carries its groups, and `open-in` and `open-out` whatever isolates it, so that peers find it in their
/// address sets while Cilium alone still closes what is closed. Enforced: the final state.
enum class Stage : std::uint8_t { Joining, Enforced };

/// The groups of one VPC. Pointers into the Manifest.
struct VpcGroups {
  std::vector<const SecurityGroup*> members;                         // Role::Members with a selector, by name
  const SecurityGroup *base = nullptr, *open_in = nullptr, *open_out = nullptr;
};

class Membership {
 public:
  /// `manifest` must outlive the object.
  explicit Membership(const Manifest& manifest);

  /// What a pod with these identity labels and named ports is to carry in this VPC: its groups by name, then `base`, then
  /// `open-in` and `open-out`. Empty: no policy is about it and none names it.
  [[nodiscard]] std::vector<std::string> groups_of(std::string_view vpc, const Labels& identity,
                                                   const std::vector<ContainerPort>& ports, Stage stage) const;
  /// By the VPC's name.
  [[nodiscard]] const std::map<std::string, VpcGroups, std::less<>>& vpcs() const { return vpcs_; }

 private:
  std::map<std::string, VpcGroups, std::less<>> vpcs_;
};

}  // namespace policyconv::kubeovn
