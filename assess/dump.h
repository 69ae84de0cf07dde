// What a cluster dump says about addresses, gateways and the configuration of Kube-OVN and Cilium, beyond the facts that
// policies need (ir/cluster.h). Entrance: read_dump(). Data only, apart from that.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ir/address.h"
#include "ir/diagnostics.h"
#include "ir/source.h"
#include "yaml/tree.h"

namespace policyconv::assess {

/// VpcNatGateway (K§7.2), field by field as far as a new lanIp touches them.
struct Gateway {
  static constexpr bool cluster_scoped = true;
  std::string name, ns = "kube-system";       // where its pods run
  std::string vpc, subnet, lan_ip;            // lan_ip as written; empty: IPAM picked one
  std::vector<std::string> external_subnets;
  int replicas = 1;
  std::optional<Address> address;             // lan_ip if it is one, else what status, the gateway's pod or its IP shows;
                                              // of several replicas, to which lan_ip means nothing, that of the first
  std::string spec_json;                      // the whole spec, to print the object anew with another lanIp
  Loc loc, lan_ip_loc;                        // lan_ip_loc is that of the object if it has no lanIp
  bool operator==(const Gateway&) const = default;
};

struct AddressRange {  // of excludeIps: one address, or `first..last`
  Address first, last;
  auto operator<=>(const AddressRange&) const = default;
};

struct DumpSubnet {
  std::string name, vpc = "ovn-cluster", provider = "ovn", vlan;
  std::vector<Cidr> cidrs;
  std::vector<Address> gateways;
  std::vector<AddressRange> exclude;
  Loc loc;
  bool operator==(const DumpSubnet&) const = default;
};

/// Whether OVN serves the Subnet; others (macvlan and the like) have no part in VPCs, and their pods no endpoint there.
[[nodiscard]] bool is_ovn(const DumpSubnet& subnet);
/// Whether it can be the network of a pod's eth0, which is what Cilium sees, rather than of further interfaces only.
[[nodiscard]] bool is_first_network(const DumpSubnet& subnet);

enum class HolderKind : std::uint8_t { Gateway, Pod, VpcDns, Vip, Ip };

/// Something that has an address. What has a pod behind it gets a Cilium endpoint under chaining: the pods of a gateway
/// (one holder for each address) and other pods on their first network, scheduled or not, unless they have finished.
struct Holder {
  HolderKind kind = HolderKind::Pod;
  std::string ns, name, node, vpc, subnet;    // node empty: not scheduled, or not a pod
  Address address;
  bool has_endpoint = true;                   // false: Vip, Ip without a pod, pods on the host's network, and further
                                              // interfaces of a pod. A dump without pods: an Ip that names one has it
  Loc loc;
  bool operator==(const Holder&) const = default;
  [[nodiscard]] std::string display() const;  // "VpcNatGateway gw-a", "Pod shop/web-1", "Vip v1"
};

struct DumpNode {
  std::string name;
  std::vector<Address> addresses;             // its own, of join (ovn0), and Cilium's router and health addresses there
  std::vector<Cidr> pod_cidrs;                // whence Cilium takes the latter: of the CiliumNode, else of the Node if
                                              // Cilium's ipam is `kubernetes` or not known
  Loc loc;
  bool operator==(const DumpNode&) const = default;
};

/// Arguments and environment of a container of a Deployment or DaemonSet: kube-ovn-cni, kube-ovn-controller, cilium ...
struct Component {
  std::string kind, ns, name, container, image;
  std::vector<std::string> arguments;         // command and args
  std::map<std::string, std::string> environment;  // entries with a value; references are left out
  Loc loc;
  bool operator==(const Component&) const = default;
};

struct ConfigEntry {
  std::string value;
  Loc loc;
  bool operator==(const ConfigEntry&) const = default;
};
struct ConfigMap {
  std::string ns, name;
  std::map<std::string, ConfigEntry> data;
  Loc loc;
  bool operator==(const ConfigMap&) const = default;
};

/// An object that only counts: CiliumEgressGatewayPolicy, CiliumLocalRedirectPolicy, AdminNetworkPolicy ...
struct OtherObject {
  std::string kind, ns, name;
  Loc loc;
  bool operator==(const OtherObject&) const = default;
};

struct Dump {
  std::vector<Gateway> gateways;              // all sorted by (ns, name)
  std::vector<DumpSubnet> subnets;
  std::vector<std::string> vpcs;              // Vpc objects, and those that Subnets name
  std::vector<Holder> holders;                // sorted by (address, kind, ns, name)
  std::vector<DumpNode> nodes;
  std::vector<Component> components;
  std::vector<ConfigMap> config_maps;
  std::vector<OtherObject> others;
  std::vector<Cidr> service_cidrs;
  std::set<std::string> endpoints;            // "ns/name" of CiliumEndpoints
  std::map<std::string, std::size_t> kinds;   // every kind seen, with its number of objects; "Subnet.ec2.example.org"
                                              // if a kind that is read here belongs to another API group. 0: an empty
                                              // list that names the kind (PodList), so that it was asked for
};

/// Reads any mix of files; kinds that say nothing here are counted only, and of Secrets not even the name is read. Wrong
/// types are reported with their place. Of an object that is given repeatedly the one in the file whose name sorts first
/// counts, and differences are reported.
[[nodiscard]] Dump read_dump(const Sources& sources, std::span<const std::uint32_t> files, Diagnostics& diagnostics,
                             const yaml::Trees* known = nullptr);

}  // namespace policyconv::assess
