// One API object to cluster facts. Entrance: read_cluster_object(). The objects come from a running API server, so
// unknown fields are fine and most fields may be absent (a pod has no address yet); what is there must make sense.
#include "frontend/cluster_objects.h"

#include <algorithm>
#include <utility>

#include "yaml/view.h"

namespace policyconv::cilium {
namespace {

using decode::View;

/// An object and what all kinds have.
struct Object {
  View view;
  std::string api_version, kind, ns, name;
  Labels labels, annotations;
  Loc loc;
};

// Cilium keys the ports of a pod by name alone: of equal names the last one counts, whatever its protocol.
void add_named_port(const View& view, const View& number_of, std::vector<ContainerPort>& ports) {
  std::string name = view["name"].text();
  const auto protocol = view["protocol"].protocol();
  const auto number = number_of.port();
  if (name.empty() || !protocol || !number) return;
  const auto same = std::find_if(ports.begin(), ports.end(), [&](const ContainerPort& port) { return port.name == name; });
  if (same != ports.end()) ports.erase(same);
  ports.push_back({std::move(name), *protocol, *number});
}

std::vector<ContainerPort> named_ports(const View& pod_spec) {
  std::vector<ContainerPort> ports;
  for (const View& container : pod_spec["containers"].items())
    for (const View& port : container["ports"].items()) add_named_port(port, port["containerPort"], ports);
  return ports;
}

/// `serviceAccount` is the name the field had first; the API server fills in both.
std::string service_account(const View& pod_spec) {
  return pod_spec["serviceAccountName"].text(pod_spec["serviceAccount"].text("default"));
}

void read_namespace(Object& object, ClusterFacts& facts) {
  facts.cluster.namespaces.push_back(
      {std::move(object.name), std::move(object.labels), std::move(object.annotations), object.loc});
}

void read_pod(Object& object, ClusterFacts& facts) {
  const View spec = object.view["spec"], status = object.view["status"];
  Pod pod;
  pod.ns = std::move(object.ns);
  pod.name = std::move(object.name);
  pod.labels = std::move(object.labels);
  pod.annotations = std::move(object.annotations);
  pod.service_account = service_account(spec);
  pod.node = spec["nodeName"].text();
  pod.host_network = spec["hostNetwork"].flag();
  pod.ports = named_ports(spec);
  const std::string phase = status["phase"].text();
  pod.finished = phase == "Succeeded" || phase == "Failed";
  const auto entries = status["podIPs"].items();
  for (const View& entry : entries) entry["ip"].add_addresses(pod.addresses);
  if (entries.empty()) status["podIP"].add_addresses(pod.addresses);
  pod.loc = object.loc;
  facts.cluster.pods.push_back(std::move(pod));
}

void read_workload(Object& object, ClusterFacts& facts) {
  const View spec = object.view["spec"];
  const View pod = object.kind == "CronJob" ? spec["jobTemplate"]["spec"]["template"] : spec["template"];
  Workload workload;
  workload.owned = !object.view["metadata"]["ownerReferences"].items().empty();
  workload.kind = std::move(object.kind);
  workload.api_version = std::move(object.api_version);
  workload.ns = std::move(object.ns);
  workload.name = std::move(object.name);
  workload.labels = pod["metadata"]["labels"].labels();
  workload.annotations = pod["metadata"]["annotations"].labels();
  workload.service_account = service_account(pod["spec"]);
  workload.host_network = pod["spec"]["hostNetwork"].flag();
  workload.ports = named_ports(pod["spec"]);
  workload.loc = object.loc;
  facts.cluster.workloads.push_back(std::move(workload));
}

// KubeVirt makes the launcher pod of a machine: services/template.go. Its labels, ports and account come from elsewhere than
// those of other pods, and a network of Multus that is the default one becomes an annotation.
void read_machine(Object& object, ClusterFacts& facts) {
  const View spec = object.view["spec"]["template"]["spec"];
  read_workload(object, facts);
  Workload& machine = facts.cluster.workloads.back();
  const std::string host = spec["hostname"].text(machine.name);
  machine.labels.insert_or_assign("kubevirt.io", "virt-launcher");
  machine.labels.insert_or_assign("vm.kubevirt.io/name", host.substr(0, std::min(host.find('.'), std::size_t{63})));
  for (const View& volume : spec["volumes"].items())
    if (std::string account = volume["serviceAccount"]["serviceAccountName"].text(); !account.empty())
      machine.service_account = std::move(account);
  for (const View& interface : spec["domain"]["devices"]["interfaces"].items())
    for (const View& port : interface["ports"].items()) add_named_port(port, port["port"], machine.ports);
  for (const View& network : spec["networks"].items())
    if (network["multus"]["default"].flag())
      machine.annotations.insert_or_assign("v1.multus-cni.io/default-network", network["multus"]["networkName"].text());
}

void read_node(Object& object, ClusterFacts& facts) {
  Node node;
  node.name = std::move(object.name);
  node.labels = std::move(object.labels);
  for (const View& entry : object.view["status"]["addresses"].items()) {
    if (entry["type"].text() == "InternalIP") entry["address"].add_addresses(node.internal);
    if (entry["type"].text() == "ExternalIP") entry["address"].add_addresses(node.external);
  }
  object.view["metadata"]["annotations"]["ovn.kubernetes.io/ip_address"].add_addresses(node.join);
  node.loc = object.loc;
  facts.cluster.nodes.push_back(std::move(node));
}

void read_service(Object& object, ClusterFacts& facts) {
  const View spec = object.view["spec"];
  Service service;
  service.ns = std::move(object.ns);
  service.name = std::move(object.name);
  service.type = spec["type"].text("ClusterIP");
  service.labels = std::move(object.labels);
  if (Labels selector = spec["selector"].labels(); !selector.empty()) service.selector = std::move(selector);
  const auto add_cluster_ip = [&](const View& view) {
    if (view.text() != "None") view.add_addresses(service.cluster_ips);
  };
  const auto entries = spec["clusterIPs"].items();
  for (const View& entry : entries) add_cluster_ip(entry);
  if (entries.empty()) add_cluster_ip(spec["clusterIP"]);
  for (const View& entry : spec["ports"].items()) {
    const auto protocol = entry["protocol"].protocol();
    const auto port = entry["port"].port();
    if (!protocol || !port) continue;
    std::string target = entry["targetPort"].text_or_number();
    if (target.empty()) target = std::to_string(*port);
    service.ports.push_back({entry["name"].text(), *protocol, *port, std::move(target)});
  }
  service.loc = object.loc;
  facts.cluster.services.push_back(std::move(service));
}

/// The ports of an EndpointSlice or of an Endpoints subset; one without a number stands for every port, of which
/// nothing can be made.
std::vector<SlicePort> slice_ports(const View& list) {
  std::vector<SlicePort> ports;
  for (const View& entry : list.items()) {
    const auto protocol = entry["protocol"].protocol();
    const auto port = entry["port"].port();
    if (protocol && port) ports.push_back({entry["name"].text(), *protocol, *port});
  }
  return ports;
}

void read_endpoint_slice(Object& object, ClusterFacts& facts) {
  EndpointSlice slice;
  slice.ns = std::move(object.ns);
  slice.name = std::move(object.name);
  slice.service = std::move(object.labels["kubernetes.io/service-name"]);
  const bool names = object.view["addressType"].text() == "FQDN";  // the "addresses" are host names then
  for (const View& endpoint : object.view["endpoints"].items()) {
    const bool ready = endpoint["conditions"]["ready"].flag(true);
    for (const View& address : endpoint["addresses"].items())
      if (!names) address.add_addresses(ready ? slice.addresses : slice.not_ready);
  }
  slice.ports = slice_ports(object.view["ports"]);
  slice.loc = object.loc;
  facts.cluster.endpoint_slices.push_back(std::move(slice));
}

void read_endpoints(Object& object, ClusterFacts& facts) {
  LegacyEndpoints endpoints;
  for (const View& subset : object.view["subsets"].items()) {
    EndpointSlice slice;
    slice.ns = object.ns;
    slice.name = fmt::format("{}/subsets[{}]", object.name, endpoints.slices.size());  // no EndpointSlice has a `/`
    slice.service = object.name;
    for (const View& entry : subset["addresses"].items()) entry["ip"].add_addresses(slice.addresses);
    for (const View& entry : subset["notReadyAddresses"].items()) entry["ip"].add_addresses(slice.not_ready);
    slice.ports = slice_ports(subset["ports"]);
    slice.loc = subset.loc();
    endpoints.slices.push_back(std::move(slice));
  }
  endpoints.ns = std::move(object.ns);
  endpoints.name = std::move(object.name);
  endpoints.loc = object.loc;
  facts.endpoints.push_back(std::move(endpoints));
}

void read_service_cidr(Object& object, ClusterFacts& facts) {
  for (const View& cidr : object.view["spec"]["cidrs"].items()) cidr.add_cidrs(facts.cluster.service_cidrs);
}

void read_subnet(Object& object, ClusterFacts& facts) {
  const View spec = object.view["spec"];
  Subnet subnet;
  subnet.name = std::move(object.name);
  subnet.vpc = spec["vpc"].text("ovn-cluster");
  subnet.provider = spec["provider"].text("ovn");
  spec["cidrBlock"].add_cidrs(subnet.cidrs);
  spec["gateway"].add_addresses(subnet.gateways);
  subnet.namespaces = spec["namespaces"].texts();
  for (const View& entry : spec["acls"].items())
    subnet.acls.push_back({entry["direction"].text(), entry["match"].text(), entry["action"].text(),
                           static_cast<int>(entry["priority"].number(0, 32767).value_or(0)), entry.loc()});
  subnet.is_default = spec["default"].flag();
  subnet.is_private = spec["private"].flag();
  subnet.enable_dhcp = spec["enableDHCP"].flag();
  subnet.enable_lb = spec["enableLb"].flag(true);
  subnet.loc = object.loc;
  // On a VLAN the gateway is somebody's router, unless Kube-OVN's own one answers for it.
  if (!spec["vlan"].text().empty() && !spec["logicalGateway"].flag())
    facts.cluster.held.push_back({"gateway of Subnet", subnet.name, subnet.name, subnet.gateways, subnet.loc});
  facts.cluster.subnets.push_back(std::move(subnet));
}

void read_vpc(Object& object, ClusterFacts& facts) {
  const View spec = object.view["spec"];
  Vpc vpc{std::move(object.name), spec["namespaces"].texts(), {}, object.loc};
  for (const View& peering : spec["vpcPeerings"].items()) vpc.peers.push_back(peering["remoteVpc"].text());
  facts.cluster.vpcs.push_back(std::move(vpc));
}

void read_nat_gateway(Object& object, ClusterFacts& facts) {
  const View spec = object.view["spec"];
  facts.cluster.nat_gateways.push_back(
      {std::move(object.name), spec["vpc"].text(), spec["subnet"].text(), spec["lanIp"].text(), object.loc});
}

void read_vip(Object& object, ClusterFacts& facts) {
  const View spec = object.view["spec"], status = object.view["status"];
  HeldAddress held{"Vip", std::move(object.name), spec["subnet"].text(), {}, object.loc};
  for (const std::string_view field : {"v4ip", "v6ip"})  // a wish in spec, or what Kube-OVN chose in status
    (spec[field].text().empty() ? status : spec)[field].add_addresses(held.addresses);
  facts.cluster.held.push_back(std::move(held));
}

void read_ip(Object& object, ClusterFacts& facts) {
  const View spec = object.view["spec"];
  HeldAddress held{"IP", object.name, spec["subnet"].text(), {}, object.loc};
  for (const std::string_view field : {"v4IpAddress", "v6IpAddress"}) spec[field].add_addresses(held.addresses);
  facts.allocations.push_back(
      {std::move(object.name), spec["namespace"].text(), spec["podName"].text(), std::move(held), object.loc});
}

void read_security_group(Object& object, ClusterFacts& facts) {
  const auto manager = object.labels.find("app.kubernetes.io/managed-by");
  const bool managed = manager != object.labels.end() && manager->second == "policyconv";
  facts.cluster.security_groups.push_back({std::move(object.name), managed, object.loc});
}

enum class Scope : std::uint8_t { Cluster, Namespaced };

struct KnownKind {
  std::string_view group, kind;
  Scope scope;
  void (*read)(Object&, ClusterFacts&);  // nullptr: it has its place in a dump but says nothing we use
};

constexpr KnownKind known_kinds[] = {
    {"", "Namespace", Scope::Cluster, read_namespace},
    {"", "Pod", Scope::Namespaced, read_pod},
    {"", "Node", Scope::Cluster, read_node},
    {"", "Service", Scope::Namespaced, read_service},
    {"", "Endpoints", Scope::Namespaced, read_endpoints},
    {"", "ReplicationController", Scope::Namespaced, read_workload},
    {"", "ServiceAccount", Scope::Namespaced, nullptr},
    {"", "ConfigMap", Scope::Namespaced, nullptr},
    {"", "Event", Scope::Namespaced, nullptr},
    {"apps", "Deployment", Scope::Namespaced, read_workload},
    {"apps", "StatefulSet", Scope::Namespaced, read_workload},
    {"apps", "DaemonSet", Scope::Namespaced, read_workload},
    {"apps", "ReplicaSet", Scope::Namespaced, read_workload},
    {"batch", "Job", Scope::Namespaced, read_workload},
    {"batch", "CronJob", Scope::Namespaced, read_workload},
    {"kubevirt.io", "VirtualMachine", Scope::Namespaced, read_machine},
    {"discovery.k8s.io", "EndpointSlice", Scope::Namespaced, read_endpoint_slice},
    {"networking.k8s.io", "ServiceCIDR", Scope::Cluster, read_service_cidr},
    {"networking.k8s.io", "NetworkPolicy", Scope::Namespaced, nullptr},
    {"cilium.io", "CiliumNetworkPolicy", Scope::Namespaced, nullptr},
    {"cilium.io", "CiliumClusterwideNetworkPolicy", Scope::Cluster, nullptr},
    {"cilium.io", "CiliumCIDRGroup", Scope::Cluster, nullptr},
    {"kubeovn.io", "Subnet", Scope::Cluster, read_subnet},
    {"kubeovn.io", "Vpc", Scope::Cluster, read_vpc},
    {"kubeovn.io", "VpcNatGateway", Scope::Cluster, read_nat_gateway},
    {"kubeovn.io", "Vip", Scope::Cluster, read_vip},
    {"kubeovn.io", "IP", Scope::Cluster, read_ip},
    {"kubeovn.io", "SecurityGroup", Scope::Cluster, read_security_group},
    {"kubeovn.io", "IPPool", Scope::Cluster, nullptr},
};

void read_known(const decode::ApiObject& written, const KnownKind& known, ClusterFacts& facts,
                Diagnostics& diagnostics) {
  const std::size_t said = diagnostics.all().size();
  const View metadata = View(written.node, written.kind, ' ', diagnostics)["metadata"];
  std::string name = metadata["name"].text();
  std::string ns = known.scope == Scope::Namespaced ? metadata["namespace"].text("default") : "";
  if (diagnostics.all().size() != said) return;  // who it is, is not known
  if (name.empty()) {
    diagnostics.report<Kind::ObjectWithoutName>(written.node.loc, written.kind);
    return;
  }
  const std::string title = fmt::format("{} {}{}{}", written.kind, ns, ns.empty() ? "" : "/", name);
  const View view(written.node, yaml::excerpt(title), ' ', diagnostics);
  Object object{view,
                written.api_version,
                written.kind,
                std::move(ns),
                std::move(name),
                view["metadata"]["labels"].labels(),
                view["metadata"]["annotations"].labels(),
                written.node.loc};
  known.read(object, facts);
}

}  // namespace

void read_cluster_object(const decode::ApiObject& object, ClusterFacts& facts, Diagnostics& diagnostics) {
  const auto known = std::find_if(std::begin(known_kinds), std::end(known_kinds), [&](const KnownKind& candidate) {
    return candidate.kind == object.kind && candidate.group == object.group();
  });
  if (object.kind == "Secret" && object.group().empty())
    ++facts.secrets;
  else if (known == std::end(known_kinds))
    ++facts.passed_over[yaml::excerpt(object.kind)];
  else if (known->read)
    read_known(object, *known, facts, diagnostics);
  else if (object.kind.find("Policy") != std::string::npos || object.kind == "CiliumCIDRGroup")
    ++facts.policies[object.kind];
}

}  // namespace policyconv::cilium
