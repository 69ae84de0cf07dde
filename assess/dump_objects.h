// One API object of a dump to what assess needs of it. Entrance: read_object(); assess/dump.cpp puts the facts together.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "assess/dump.h"
#include "yaml/objects.h"

namespace policyconv::assess {

/// An interface of a pod, as annotations PROVIDER.kubernetes.io/* tell (K§7.2).
struct Interface {
  std::string provider, subnet, vpc;
  std::vector<Address> addresses;
  bool operator==(const Interface&) const = default;
};

struct PodFacts {
  std::string ns, name, node;
  std::string gateway;                // the VpcNatGateway it belongs to, by its own words
  std::string first_provider;         // of eth0
  bool host_network = false, finished = false, vpc_dns = false;
  std::vector<Address> addresses;     // status.podIPs
  std::vector<Interface> interfaces;  // sorted by provider
  Loc loc;
  bool operator==(const PodFacts&) const = default;
};

struct VipFacts {
  std::string name, subnet;
  std::vector<Address> addresses;
  Loc loc;
  bool operator==(const VipFacts&) const = default;
};

/// An object of ips.kubeovn.io: an address that Kube-OVN's IPAM has given away.
struct IpFacts {
  std::string name, pod_ns, pod, node, subnet;
  std::vector<Address> addresses;
  Loc loc;
  bool operator==(const IpFacts&) const = default;
};

struct DumpFacts {
  std::vector<Gateway> gateways;
  std::vector<DumpSubnet> subnets;
  std::set<std::string> vpcs;
  std::vector<PodFacts> pods;
  std::vector<VipFacts> vips;
  std::vector<IpFacts> ips;
  std::vector<DumpNode> nodes, cilium_nodes;
  std::vector<Component> components;
  std::vector<ConfigMap> config_maps;
  std::vector<OtherObject> others;
  std::vector<Cidr> service_cidrs;        // of ServiceCIDR objects
  std::vector<Cidr> service_arguments;    // of kube-apiserver and kube-ovn-controller
  std::set<std::string> endpoints;
  std::map<std::string, std::set<std::string>> seen;  // names by kind
};

/// Adds what the object says.
void read_object(const decode::ApiObject& object, DumpFacts& facts, Diagnostics& diagnostics);

/// An empty list of one kind tells that it was asked for and that there is none; a plain List does not tell of what.
void read_empty_list(const yaml::Node& document, DumpFacts& facts);

}  // namespace policyconv::assess
