// What Kube-OVN's controller makes of applied objects in OVN's northbound database (K§2-K§5), written from the
// reference: it reads the YAML that a user applies and shares nothing with the compiler or the evaluators.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/ovn/network.h"
#include "verify/decide_manifest.h"

namespace policyconv::real_ovn {

/// Fields of SecurityGroup.spec.*Rules[], as the API hands them over; absent numbers are 0, absent texts empty.
struct ApiRule {
  std::string ip_version, protocol, remote_type, remote_address, remote_group, policy;
  int priority = 0, port_min = 0, port_max = 0;
};
struct ApiGroup {
  std::vector<ApiRule> ingress, egress;
};
struct ApiAcl {
  std::string direction, match, action;
  int priority = 0;
};

/// Namespace and name.
using PodName = std::pair<std::string, std::string>;

/// Which ports are in which port groups, and with them in which address sets.
struct Members {
  std::map<PodName, std::set<std::string>> groups;  // those that exist
  std::set<PodName> isolated;                       // in the port group of deny-all
};

class Controller {
 public:
  /// The 1.`minor` line of Kube-OVN. Subnets have the ACLs that `cluster` says, until others are applied.
  Controller(int minor, const Cluster& cluster);
  /// `kubectl apply` of SecurityGroups, Subnets, NetworkPolicies, and the annotations of Pods.
  void apply(const std::string& yaml);
  /// `kubectl delete` of a SecurityGroup, and of the only NetworkPolicy.
  void remove_group(const std::string& name) { groups_.erase(name); }
  void remove_network_policy() { has_network_policy_ = false; }
  [[nodiscard]] bool has_group(const std::string& name) const { return groups_.contains(name); }

  /// What the annotations ask for, once all queues are empty (K§3.4).
  [[nodiscard]] Members members() const;
  /// Adds what the objects ask for.
  void program(Network& network) const { program(network, members(), std::nullopt); }
  /// The same while the controller is at work: ports are where `members` says, and one direction of one group has just
  /// been emptied (K§2.6).
  void program(Network& network, const Members& members, const std::optional<verify::Rewriting>& rewriting) const;

 private:
  [[nodiscard]] bool accepts(const ApiRule& rule) const;
  [[nodiscard]] bool accepts(const ApiGroup& group) const;
  [[nodiscard]] std::string match_of(const std::string& group, const ApiRule& rule, bool ingress) const;
  [[nodiscard]] std::vector<Reference> acls_of(const std::string& name, const ApiGroup& group, bool ingress,
                                               Rows& rows) const;
  void program_groups(Network& network, const Members& members,
                      const std::optional<verify::Rewriting>& rewriting) const;
  void program_nodes(Network& network) const;
  void program_subnets(Network& network) const;

  int minor_;
  const Cluster& cluster_;
  std::map<std::string, ApiGroup> groups_;
  std::map<std::string, std::vector<ApiAcl>> subnet_acls_;
  std::map<PodName, std::vector<std::string>> bindings_;
  bool has_network_policy_ = false;
};

}  // namespace policyconv::real_ovn
