#include "assess/dump_objects.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include "assess/json_text.h"
#include "yaml/text.h"
#include "yaml/view.h"

namespace policyconv::assess {
namespace {

using decode::View;

struct Object {
  View view;
  std::string kind, ns, name;
  Loc loc;
  Diagnostics& diagnostics;
  [[nodiscard]] View annotation(std::string_view key) const { return view["metadata"]["annotations"][key]; }
};

/// What `text` has before `suffix`; nullopt if it does not end so, or is nothing else.
std::optional<std::string_view> before(std::string_view text, std::string_view suffix) {
  if (!text.ends_with(suffix) || text.size() == suffix.size()) return std::nullopt;
  return text.substr(0, text.size() - suffix.size());
}

/// The value of `--flag=value` among `arguments`, of CIDRs with commas between; what is no CIDR is passed over, since it
/// may be a reference to the environment.
void add_cidr_argument(const std::vector<std::string>& arguments, std::string_view flag, std::vector<Cidr>& into) {
  for (std::string_view argument : arguments) {
    if (!argument.starts_with(flag) || !argument.substr(flag.size()).starts_with('=')) continue;
    for (std::string_view rest = argument.substr(flag.size() + 1); !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (const auto cidr = parse_cidr(rest.substr(0, comma))) into.push_back(*cidr);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
}

constexpr std::string_view service_range_flag = "--service-cluster-ip-range";

// --- Pods ------------------------------------------------------------------------------------------------------------

/// Multus replaces the network of eth0 by the one this annotation names, as NAMESPACE/NAME; Kube-OVN writes it for
/// gateways whose Subnet has a provider of its own.
std::string first_provider(const Labels& annotations, const std::string& ns) {
  const auto named = annotations.find("v1.multus-cni.io/default-network");
  if (named == annotations.end() || named->second.empty()) return "ovn";
  std::string_view text = named->second;
  text = text.substr(0, text.find('@'));
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return fmt::format("{}.{}.ovn", text, ns);
  return fmt::format("{}.{}.ovn", text.substr(slash + 1), text.substr(0, slash));
}

std::vector<Interface> interfaces_of(const Object& object, const Labels& annotations) {
  std::map<std::string, Interface> by_provider;
  for (const auto& [key, value] : annotations) {
    if (const auto provider = before(key, ".kubernetes.io/ip_address"))
      object.annotation(key).add_addresses(by_provider[std::string(*provider)].addresses);
    else if (const auto on_subnet = before(key, ".kubernetes.io/logical_switch"))
      by_provider[std::string(*on_subnet)].subnet = value;
    else if (const auto in_vpc = before(key, ".kubernetes.io/vpc"))
      by_provider[std::string(*in_vpc)].vpc = value;
  }
  std::vector<Interface> interfaces;
  for (auto& [provider, interface] : by_provider) {
    interface.provider = provider;
    interfaces.push_back(std::move(interface));
  }
  return interfaces;
}

void read_pod(Object& object, DumpFacts& facts) {
  const View spec = object.view["spec"], status = object.view["status"];
  const Labels labels = object.view["metadata"]["labels"].labels();
  const Labels annotations = object.view["metadata"]["annotations"].labels();
  const auto value = [](const Labels& in, std::string_view key) {
    const auto found = in.find(key);
    return found == in.end() ? std::string() : found->second;
  };
  PodFacts pod;
  pod.gateway = value(annotations, "ovn.kubernetes.io/vpc_nat_gw");
  // Kube-OVN names them after a VpcDns and runs them in kube-system; a tenant's pods may be called alike.
  pod.vpc_dns = object.ns == "kube-system" && (value(labels, "k8s-app").starts_with("vpc-dns-") ||
                                               value(labels, "app").starts_with("vpc-dns-"));
  pod.first_provider = first_provider(annotations, object.ns);
  pod.node = spec["nodeName"].text();
  pod.host_network = spec["hostNetwork"].flag();
  const std::string phase = status["phase"].text();
  pod.finished = phase == "Succeeded" || phase == "Failed";
  const auto entries = status["podIPs"].items();
  for (const View& entry : entries) entry["ip"].add_addresses(pod.addresses);
  if (entries.empty()) status["podIP"].add_addresses(pod.addresses);
  if (!pod.host_network) pod.interfaces = interfaces_of(object, annotations);
  if (object.ns == "kube-system" && value(labels, "component") == "kube-apiserver")
    for (const View& container : spec["containers"].items())
      for (const char* list : {"command", "args"})
        add_cidr_argument(container[list].texts(), service_range_flag, facts.service_arguments);
  pod.loc = object.loc;
  pod.ns = std::move(object.ns);
  pod.name = std::move(object.name);
  facts.pods.push_back(std::move(pod));
}

// --- Kube-OVN --------------------------------------------------------------------------------------------------------

void read_gateway(Object& object, DumpFacts& facts) {
  const View spec = object.view["spec"], lan_ip = spec["lanIp"];
  Gateway gateway;
  gateway.ns = spec["namespace"].text("kube-system");
  gateway.vpc = spec["vpc"].text();
  gateway.subnet = spec["subnet"].text();
  gateway.lan_ip = lan_ip.text();
  gateway.external_subnets = spec["externalSubnets"].texts();
  gateway.replicas = static_cast<int>(spec["replicas"].number(0, 1000).value_or(1));
  std::vector<Address> addresses;
  lan_ip.add_addresses(addresses);
  if (gateway.lan_ip.empty()) object.view["status"]["lanIp"].add_addresses(addresses);
  if (!addresses.empty()) gateway.address = addresses.front();
  gateway.spec_json = json_text(spec.node());
  gateway.loc = object.loc;
  gateway.lan_ip_loc = gateway.lan_ip.empty() ? object.loc : lan_ip.loc();
  gateway.name = std::move(object.name);
  facts.gateways.push_back(std::move(gateway));
}

/// nullopt if it is neither an address nor `first..last`.
std::optional<AddressRange> parse_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  const auto first = parse_address(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : parse_address(text.substr(dots + 2));
  if (!first || !last || first->family != last->family || *last < *first) return std::nullopt;
  return AddressRange{*first, *last};
}

void read_subnet(Object& object, DumpFacts& facts) {
  const View spec = object.view["spec"];
  DumpSubnet subnet;
  subnet.vpc = spec["vpc"].text("ovn-cluster");
  subnet.provider = spec["provider"].text("ovn");
  subnet.vlan = spec["vlan"].text();
  spec["cidrBlock"].add_cidrs(subnet.cidrs);
  spec["gateway"].add_addresses(subnet.gateways);
  std::size_t index = 0;
  for (const View& entry : spec["excludeIps"].items()) {
    const std::string text = entry.text();
    if (const auto range = parse_range(text))
      subnet.exclude.push_back(*range);
    else if (!text.empty())
      object.diagnostics.report<Kind::NoAddressRange>(entry.loc(), yaml::excerpt(object.name), index,
                                                      yaml::excerpt(text));
    ++index;
  }
  std::sort(subnet.exclude.begin(), subnet.exclude.end());
  subnet.loc = object.loc;
  subnet.name = std::move(object.name);
  if (is_ovn(subnet)) facts.vpcs.insert(subnet.vpc);
  facts.subnets.push_back(std::move(subnet));
}

void read_vip(Object& object, DumpFacts& facts) {
  const View spec = object.view["spec"], status = object.view["status"];
  VipFacts vip{std::move(object.name), spec["subnet"].text(), {}, object.loc};
  for (const std::string_view field : {"v4ip", "v6ip"})  // a wish in spec, or what Kube-OVN chose in status
    (spec[field].text().empty() ? status : spec)[field].add_addresses(vip.addresses);
  facts.vips.push_back(std::move(vip));
}

void read_ip(Object& object, DumpFacts& facts) {
  const View spec = object.view["spec"];
  IpFacts ip{std::move(object.name), spec["namespace"].text(), spec["podName"].text(), spec["nodeName"].text(),
             spec["subnet"].text(),  {},                       object.loc};
  for (const std::string_view field : {"v4IpAddress", "v6IpAddress"}) spec[field].add_addresses(ip.addresses);
  facts.ips.push_back(std::move(ip));
}

// --- Nodes and configuration -----------------------------------------------------------------------------------------

void read_node(Object& object, DumpFacts& facts) {
  DumpNode node;
  for (const View& entry : object.view["status"]["addresses"].items())
    if (const std::string type = entry["type"].text(); type == "InternalIP" || type == "ExternalIP")
      entry["address"].add_addresses(node.addresses);
  object.annotation("ovn.kubernetes.io/ip_address").add_addresses(node.addresses);
  const View spec = object.view["spec"];
  const auto entries = spec["podCIDRs"].items();
  for (const View& entry : entries) entry.add_cidrs(node.pod_cidrs);
  if (entries.empty()) spec["podCIDR"].add_cidrs(node.pod_cidrs);
  node.loc = object.loc;
  node.name = std::move(object.name);
  facts.nodes.push_back(std::move(node));
}

void read_cilium_node(Object& object, DumpFacts& facts) {
  const View spec = object.view["spec"];
  DumpNode node;
  for (const View& entry : spec["addresses"].items()) entry["ip"].add_addresses(node.addresses);
  for (const char* family : {"ipv4", "ipv6"}) spec["health"][family].add_addresses(node.addresses);
  for (const View& entry : spec["ipam"]["podCIDRs"].items()) entry.add_cidrs(node.pod_cidrs);
  for (const View& pool : spec["ipam"]["pools"]["allocated"].items())  // ipam: multi-pool
    for (const View& entry : pool["cidrs"].items()) entry.add_cidrs(node.pod_cidrs);
  node.loc = object.loc;
  node.name = std::move(object.name);
  facts.cilium_nodes.push_back(std::move(node));
}

/// Whether a DaemonSet or Deployment belongs to the network of the cluster. The arguments of others are their own matter.
bool is_of_the_network(std::string_view name) {
  constexpr std::string_view prefixes[] = {"kube-ovn", "ovn-", "ovs-ovn", "cilium", "hubble", "kube-multus", "multus",
                                           "kube-proxy"};
  return std::any_of(std::begin(prefixes), std::end(prefixes),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

void read_component(Object& object, DumpFacts& facts) {
  if (!is_of_the_network(object.name)) return;
  const View spec = object.view["spec"]["template"]["spec"];
  for (const char* list : {"initContainers", "containers"})
    for (const View& container : spec[list].items()) {
      Component component{object.kind, object.ns, object.name, container["name"].text(), container["image"].text(),
                          container["command"].texts(), {}, container.loc()};
      for (std::string& argument : container["args"].texts()) component.arguments.push_back(std::move(argument));
      for (const View& entry : container["env"].items())
        if (entry["valueFrom"].node().shape == yaml::Shape::Null)
          component.environment.emplace(entry["name"].text(), entry["value"].text());
      if (object.name == "kube-ovn-controller")
        add_cidr_argument(component.arguments, service_range_flag, facts.service_arguments);
      facts.components.push_back(std::move(component));
    }
}

void read_config_map(Object& object, DumpFacts& facts) {
  const bool matters = object.name == "cni-configuration" || object.name == "cilium-config" ||
                       std::string_view(object.name).starts_with("kube-ovn");
  if (!matters) return;
  ConfigMap map{std::move(object.ns), std::move(object.name), {}, object.loc};
  const View data = object.view["data"];
  for (auto& [key, value] : data.labels())
    map.data.emplace(key, ConfigEntry{value, data[key].loc()});
  facts.config_maps.push_back(std::move(map));
}

// --- Kinds -----------------------------------------------------------------------------------------------------------

void read_vpc(Object& object, DumpFacts& facts) { facts.vpcs.insert(object.name); }
void read_endpoint(Object& object, DumpFacts& facts) { facts.endpoints.insert(object.ns + "/" + object.name); }
void read_service_cidr(Object& object, DumpFacts& facts) {
  for (const View& cidr : object.view["spec"]["cidrs"].items()) cidr.add_cidrs(facts.service_cidrs);
}
void read_other(Object& object, DumpFacts& facts) {
  facts.others.push_back({std::move(object.kind), std::move(object.ns), std::move(object.name), object.loc});
}

enum class Scope : std::uint8_t { Cluster, Namespaced };

struct KnownKind {
  std::string_view group, kind;  // a `*` at the end of the kind stands for any text
  Scope scope;
  void (*read)(Object&, DumpFacts&);
};

constexpr KnownKind known_kinds[] = {
    {"", "Pod", Scope::Namespaced, read_pod},
    {"", "Node", Scope::Cluster, read_node},
    {"", "ConfigMap", Scope::Namespaced, read_config_map},
    {"apps", "DaemonSet", Scope::Namespaced, read_component},
    {"apps", "Deployment", Scope::Namespaced, read_component},
    {"networking.k8s.io", "ServiceCIDR", Scope::Cluster, read_service_cidr},
    {"networking.k8s.io", "NetworkPolicy", Scope::Namespaced, read_other},
    {"policy.networking.k8s.io", "AdminNetworkPolicy", Scope::Cluster, read_other},
    {"policy.networking.k8s.io", "BaselineAdminNetworkPolicy", Scope::Cluster, read_other},
    {"policy.networking.k8s.io", "ClusterNetworkPolicy", Scope::Cluster, read_other},
    {"kubeovn.io", "IP", Scope::Cluster, read_ip},
    {"kubeovn.io", "Vip", Scope::Cluster, read_vip},
    {"kubeovn.io", "Subnet", Scope::Cluster, read_subnet},
    {"kubeovn.io", "Vpc", Scope::Cluster, read_vpc},
    {"kubeovn.io", "VpcNatGateway", Scope::Cluster, read_gateway},
    {"kubeovn.io", "VpcDns", Scope::Cluster, read_other},
    {"kubeovn.io", "SecurityGroup", Scope::Cluster, read_other},
    {"cilium.io", "CiliumNode", Scope::Cluster, read_cilium_node},
    {"cilium.io", "CiliumEndpoint", Scope::Namespaced, read_endpoint},
    {"cilium.io", "CiliumEgressGatewayPolicy", Scope::Cluster, read_other},
    {"cilium.io", "CiliumLocalRedirectPolicy", Scope::Namespaced, read_other},
    {"cilium.io", "CiliumEnvoyConfig", Scope::Namespaced, read_other},
    {"cilium.io", "CiliumClusterwideEnvoyConfig", Scope::Cluster, read_other},
    {"cilium.io", "CiliumLoadBalancerIPPool", Scope::Cluster, read_other},
    {"cilium.io", "CiliumL2AnnouncementPolicy", Scope::Cluster, read_other},
    {"cilium.io", "CiliumBGP*", Scope::Cluster, read_other},
};

bool is_named(const KnownKind& known, std::string_view kind) {
  const auto prefix = before(known.kind, "*");
  return prefix ? kind.starts_with(*prefix) : kind == known.kind;
}

/// A scalar below `node`, unchecked; empty if there is none.
std::string_view scalar_at(const yaml::Node& node, std::string_view outer, std::string_view inner) {
  const yaml::Node* mapping = node.find(outer);
  const yaml::Node* scalar = mapping ? mapping->find(inner) : nullptr;
  return scalar ? std::string_view(scalar->scalar) : std::string_view();
}

const KnownKind* known_kind(const decode::ApiObject& object) {
  const auto* const found = std::find_if(std::begin(known_kinds), std::end(known_kinds), [&](const KnownKind& candidate) {
    return is_named(candidate, object.kind) && candidate.group == object.group();
  });
  return found == std::end(known_kinds) ? nullptr : found;
}

/// Under which kind the object counts: another group may have a kind of the same name.
std::string counted_kind(const decode::ApiObject& object) {
  const bool is_taken = std::any_of(std::begin(known_kinds), std::end(known_kinds),
                                    [&](const KnownKind& candidate) { return is_named(candidate, object.kind); });
  const bool of_another_group = is_taken && known_kind(object) == nullptr;
  return yaml::excerpt(of_another_group ? fmt::format("{}.{}", object.kind, object.group()) : object.kind);
}

void count(const decode::ApiObject& object, DumpFacts& facts) {
  const Loc loc = object.node.loc;
  facts.seen[counted_kind(object)].insert(object.kind == "Secret"
                                              ? fmt::format("{}:{}:{}", loc.file, loc.line, loc.column)
                                              : fmt::format("{}/{}", scalar_at(object.node, "metadata", "namespace"),
                                                            scalar_at(object.node, "metadata", "name")));
}

}  // namespace

void read_object(const decode::ApiObject& written, DumpFacts& facts, Diagnostics& diagnostics) {
  const KnownKind* const known = known_kind(written);
  if (known == nullptr) {
    count(written, facts);
    return;
  }
  const std::size_t said = diagnostics.all().size();
  const View metadata = View(written.node, written.kind, ' ', diagnostics)["metadata"];
  std::string name = metadata["name"].text();
  std::string ns = known->scope == Scope::Namespaced ? metadata["namespace"].text("default") : "";
  if (diagnostics.all().size() != said) return;  // who it is, is not known
  if (name.empty()) {
    diagnostics.report<Kind::ObjectWithoutName>(written.node.loc, written.kind);
    return;
  }
  count(written, facts);
  const std::string title = fmt::format("{} {}{}{}", written.kind, ns, ns.empty() ? "" : "/", name);
  const View view(written.node, yaml::excerpt(title), ' ', diagnostics);
  Object object{view, written.kind, std::move(ns), std::move(name), written.node.loc, diagnostics};
  known->read(object, facts);
}

void read_empty_list(const yaml::Node& document, DumpFacts& facts) {
  const yaml::Node* const items = document.find("items");
  const yaml::Node *const kind = document.find("kind"), *const api_version = document.find("apiVersion");
  if (items == nullptr || !items->items.empty() || kind == nullptr || api_version == nullptr) return;
  if (const auto of = before(kind->scalar, "List"))
    facts.seen[counted_kind({document, api_version->scalar, std::string(*of)})];
}

}  // namespace policyconv::assess
