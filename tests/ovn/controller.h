// What Kube-OVN's controller makes of applied objects in OVN's northbound database (K§2-K§5), written from the
// reference: it reads the YAML that a user applies and shares nothing with the compiler or the evaluators.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/ovn/network.h"

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

class Controller {
 public:
  /// The 1.`minor` line of Kube-OVN. Subnets have the ACLs that `cluster` says, until others are applied.
  Controller(int minor, const Cluster& cluster);
  /// `kubectl apply` of SecurityGroups, Subnets, NetworkPolicies, and the annotations of Pods.
  void apply(const std::string& yaml);
  /// Adds what the objects ask for.
  void program(Network& network) const;

 private:
  struct Programmed;
  [[nodiscard]] bool accepts(const ApiRule& rule) const;
  [[nodiscard]] bool accepts(const ApiGroup& group) const;
  [[nodiscard]] std::string match_of(const std::string& group, const ApiRule& rule, bool ingress) const;
  [[nodiscard]] std::vector<Reference> acls_of(const std::string& name, const ApiGroup& group, Rows& rows) const;
  void program_groups(Network& network) const;
  void program_nodes(Network& network) const;
  void program_subnets(Network& network) const;

  int minor_;
  const Cluster& cluster_;
  std::map<std::string, ApiGroup> groups_;
  std::map<std::string, std::vector<ApiAcl>> subnet_acls_;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> bindings_;  // by namespace and pod
  bool has_network_policy_ = false;
};

}  // namespace policyconv::real_ovn
