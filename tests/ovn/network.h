// The logical network of a cluster as Kube-OVN builds it: a router per VPC, a switch per Subnet, nodes on the join
// Subnet, load balancers for Services. A port on a switch of its own stands for everything outside, in place of a
// localnet port, which takes part in nothing that is asked here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ir/cluster.h"
#include "tests/ovn/rows.h"

namespace policyconv::real_ovn {

/// A port that something is attached to.
struct Port {
  std::string name, mac;
  Reference row;
  std::size_t on = 0;  // index into Network::switches
};

struct Switch {
  std::string name, vpc;
  std::string router_port, router_mac;  // the side of the switch, and the address of the router there
  std::vector<Reference> ports, acls, balancers;
};

struct Network {
  explicit Network(const Cluster& cluster);
  /// Everything, once ACLs and port groups have been added.
  [[nodiscard]] const Rows& complete();

  const Cluster& cluster;
  Rows rows;
  std::vector<Switch> switches;            // of Cluster::subnets, then one for the outside of each VPC
  std::vector<std::optional<Port>> pods;   // of Cluster::pods; none: finished, on the host's network, or of no Subnet
  std::vector<std::optional<Port>> nodes;  // of Cluster::nodes; none without a join address
  std::map<std::string, Port> outside;     // by VPC

 private:
  struct Router {
    std::vector<Reference> ports, routes;
  };
  Port attach(std::size_t to, std::string name, std::string mac, const std::vector<Address>& addresses);
  void connect(std::size_t which, const std::vector<std::string>& networks);
  void route(const std::string& vpc, const std::string& prefix, const Address& next);
  void add_subnets();
  void add_outside();
  void add_nodes();
  void add_pods();
  void add_services();

  std::map<std::string, Router> routers_;  // by VPC
};

}  // namespace policyconv::real_ovn
