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

namespace policyconv::assess {

/// VpcNatGateway (K§7.2), field by field as far as a new lanIp touches them.
struct Gateway {
  std::string name, ns = "kube-system";       // where its pods run
  std::string vpc, subnet, lan_ip;            // lan_ip as written; empty: IPAM picked one
  std::vector<std::string> external_subnets;
  int replicas = 1;
  std::optional<Address> address;             // lan_ip if it is one, else what status or the gateway's pod shows
  std::string spec_json;                      // the whole spec, to print the object anew with another lanIp
  Loc loc, lan_ip_loc;
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
};

enum class HolderKind : std::uint8_t { Gateway, Pod, VpcDns, Vip, Ip };

/// Something that has an address. What has a pod behind it gets a Cilium endpoint under chaining.
struct Holder {
  HolderKind kind = HolderKind::Pod;
  std::string ns, name, node, vpc, subnet;    // node empty: not scheduled, or not a pod
  Address address;
  bool has_endpoint = true;                   // false: Vip, Ip without a pod, pods on the host's network
  Loc loc;
  [[nodiscard]] std::string display() const;  // "VpcNatGateway gw-a", "Pod shop/web-1", "Vip v1"
};

struct DumpNode {
  std::string name;
  std::vector<Address> addresses;
  std::vector<Cidr> pod_cidrs;                // Node.spec.podCIDRs, CiliumNode.spec.ipam.podCIDRs
  Loc loc;
};

/// Arguments and environment of a container of a Deployment or DaemonSet: kube-ovn-cni, kube-ovn-controller, cilium ...
struct Component {
  std::string kind, ns, name, container, image;
  std::vector<std::string> arguments;         // command and args
  std::map<std::string, std::string> environment;
  Loc loc;
};

struct ConfigEntry {
  std::string value;
  Loc loc;
};
struct ConfigMap {
  std::string ns, name;
  std::map<std::string, ConfigEntry> data;
  Loc loc;
};

/// An object that only counts: CiliumEgressGatewayPolicy, CiliumLocalRedirectPolicy, AdminNetworkPolicy ...
struct OtherObject {
  std::string kind, ns, name;
  Loc loc;
};

struct Dump {
  std::vector<Gateway> gateways;              // all sorted by (ns, name)
  std::vector<DumpSubnet> subnets;
  std::vector<std::string> vpcs;
  std::vector<Holder> holders;                // sorted by (address, kind, ns, name)
  std::vector<DumpNode> nodes;
  std::vector<Component> components;
  std::vector<ConfigMap> config_maps;
  std::vector<OtherObject> others;
  std::vector<Cidr> service_cidrs;
  std::set<std::string> endpoints;            // "ns/name" of CiliumEndpoints
  std::map<std::string, std::size_t> kinds;   // every kind seen, with its number of objects
};

/// Reads any mix of files; kinds that say nothing here are counted only. Wrong types are reported with their place.
[[nodiscard]] Dump read_dump(const Sources& sources, std::span<const std::uint32_t> files, Diagnostics& diagnostics);

}  // namespace policyconv::assess
