// Facts about the cluster, as its API objects state them. Filled by frontend/cluster.cpp, read by every later stage.
// Equality compares everything, places included.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ir/address.h"
#include "ir/source.h"

namespace policyconv {

using Labels = std::map<std::string, std::string, std::less<>>;

enum class Protocol : std::uint8_t { Any, Tcp, Udp, Sctp, Icmp, Icmp6 };  // Any: every IP protocol
[[nodiscard]] std::string_view to_string(Protocol protocol);               // "any", "tcp", ..., "icmp6"

struct Namespace {
  std::string name;
  Labels labels, annotations;
  Loc loc;
  bool operator==(const Namespace&) const = default;
};

struct ContainerPort {
  std::string name;
  Protocol protocol = Protocol::Tcp;
  std::uint16_t number = 0;
  auto operator<=>(const ContainerPort&) const = default;
};

struct Pod {
  std::string ns, name;
  Labels labels, annotations;
  std::string service_account;       // "default" if the object names none
  std::string node;                  // empty while unscheduled
  bool host_network = false;
  bool finished = false;             // phase Succeeded or Failed: no endpoint any more
  std::vector<Address> addresses;    // status.podIPs (or podIP)
  std::vector<ContainerPort> ports;  // named container ports, in the order of the object (init containers left out)
  Loc loc;
  bool operator==(const Pod&) const = default;
};

/// Whether policies can select it: to Cilium a pod on its host's network is its node, and one that has ended is nothing.
[[nodiscard]] inline bool is_endpoint(const Pod& pod) { return !pod.host_network && !pod.finished; }

/// The pod template of a Deployment, StatefulSet, DaemonSet, Job, CronJob, ReplicaSet or VirtualMachine.
struct Workload {
  std::string kind, api_version, ns, name;
  Labels labels, annotations;        // of the template
  std::string service_account;
  bool host_network = false, owned = false;  // owned: has an owner, so another object is the one to change
  std::vector<ContainerPort> ports;
  Loc loc;
  bool operator==(const Workload&) const = default;
};

struct Node {
  std::string name;
  Labels labels;
  std::vector<Address> internal;     // InternalIP
  std::vector<Address> external;     // ExternalIP: node addresses to Cilium too
  std::vector<Address> join;         // ovn0, from annotation ovn.kubernetes.io/ip_address
  Loc loc;
  bool operator==(const Node&) const = default;
};

struct ServicePort {
  std::string name;
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;
  std::string target;                // targetPort as text, number or name; equals `port` when absent
  bool operator==(const ServicePort&) const = default;
};

struct Service {
  std::string ns, name, type;        // type: ClusterIP, NodePort, LoadBalancer, ExternalName
  Labels labels;
  std::optional<Labels> selector;    // absent or empty in the object: nullopt
  std::vector<Address> cluster_ips;  // empty for headless and ExternalName
  std::vector<ServicePort> ports;
  Loc loc;
  bool operator==(const Service&) const = default;
};

struct SlicePort {
  std::string name;
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;
  bool operator==(const SlicePort&) const = default;
};

struct EndpointSlice {
  std::string ns, name, service;     // service: label kubernetes.io/service-name
  std::vector<Address> addresses;    // of ready endpoints (conditions.ready absent or true)
  std::vector<Address> not_ready;
  std::vector<SlicePort> ports;
  Loc loc;
  bool operator==(const EndpointSlice&) const = default;
};

struct ExistingAcl {
  std::string direction, match, action;
  int priority = 0;
  Loc loc;
  bool operator==(const ExistingAcl&) const = default;
};

struct Subnet {
  std::string name;
  std::string vpc;                   // "ovn-cluster" if the object names none
  std::string provider;              // "ovn" if the object names none
  std::vector<Cidr> cidrs;
  std::vector<Address> gateways;
  std::vector<std::string> namespaces;
  std::vector<ExistingAcl> acls;
  bool is_default = false, is_private = false, enable_dhcp = false, enable_lb = true;
  Loc loc;
  bool operator==(const Subnet&) const = default;
};

struct Vpc {
  std::string name;
  std::vector<std::string> namespaces, peers;  // peers: spec.vpcPeerings[].remoteVpc
  Loc loc;
  bool operator==(const Vpc&) const = default;
};

struct NatGateway {
  std::string name, vpc, subnet, lan_ip;
  Loc loc;
  bool operator==(const NatGateway&) const = default;
};

/// An address that something other than a pod or node holds: Vip, or an IP object without a pod.
struct HeldAddress {
  std::string kind, name, subnet;
  std::vector<Address> addresses;
  Loc loc;
  bool operator==(const HeldAddress&) const = default;
};

/// A SecurityGroup that exists in the dump. `managed`: carries our app.kubernetes.io/managed-by label.
struct ExistingSecurityGroup {
  std::string name;
  bool managed = false;
  Loc loc;
  bool operator==(const ExistingSecurityGroup&) const = default;
};

struct Cluster {
  bool given = false;                // a --cluster was read; false: only command line ranges, or nothing, is known
  std::vector<Namespace> namespaces; // every vector is sorted by (namespace, name)
  std::vector<Pod> pods;
  std::vector<Workload> workloads;
  std::vector<Node> nodes;
  std::vector<Service> services;
  std::vector<EndpointSlice> endpoint_slices;
  std::vector<Subnet> subnets;
  std::vector<Vpc> vpcs;
  std::vector<NatGateway> nat_gateways;
  std::vector<HeldAddress> held;
  std::vector<ExistingSecurityGroup> security_groups;
  // From options (design.md section 2), or from ServiceCIDR objects of the dump.
  std::vector<Cidr> service_cidrs;
  std::vector<Cidr> node_cidrs;      // where node addresses lie when no Node object says so
  std::vector<Cidr> pod_cidrs, join_cidrs;  // only from options, when no Subnet object says so
  std::vector<Address> node_local_dns;

  /// Binary search; nullptr if there is none.
  [[nodiscard]] const Namespace* find_namespace(std::string_view name) const;
  [[nodiscard]] const Subnet* find_subnet(std::string_view name) const;
  [[nodiscard]] const Node* find_node(std::string_view name) const;
  [[nodiscard]] const Pod* find_pod(std::string_view ns, std::string_view name) const;
};

/// The addresses of the API server: EndpointSlices of default/kubernetes, sorted (C§4 kube-apiserver).
[[nodiscard]] std::vector<Address> apiserver_addresses(const Cluster& cluster);

/// What Kube-OVN calls the network of the pod's first network card, which is the one that policies are about, and with
/// which the keys of its annotations begin: "ovn", or "<nad>.<namespace>.ovn" where annotation
/// v1.multus-cni.io/default-network replaces the default network. Empty: it does so in a way that is not read (JSON).
[[nodiscard]] std::string provider_of(const Pod& pod);

/// The Subnet of that network: the one that annotation <provider>.kubernetes.io/logical_switch names (nullptr if the dump
/// lacks it); without the annotation a Subnet of this provider that contains its first address, preferring one bound to
/// the pod's namespace, then the default one. Nearly always a single Subnet has a provider other than `ovn`, so there the
/// pod need not have an address yet.
[[nodiscard]] const Subnet* subnet_of(const Cluster& cluster, const Pod& pod);

}  // namespace policyconv
