// Entrance: add_holders(). Pods tell who runs where, IP objects what Kube-OVN has given away. A pod whose CNI ADD was
// refused has no status.podIPs but its annotation, and that pod is the very one that a conflict is about.
#include "assess/dump_holders.h"

#include <algorithm>
#include <tuple>

namespace policyconv::assess {
namespace {

constexpr std::string_view default_vpc = "ovn-cluster";
constexpr std::string_view node_prefix = "node-";  // of the IP objects of nodes, which have no namespace

/// The first `length` bits of an address.
Cidr prefix_of(const Address& address, std::uint8_t length) {
  const auto kept = [](std::uint64_t bits, int count) {
    return count <= 0 ? 0 : count >= 64 ? bits : bits & ~(~std::uint64_t{0} >> count);
  };
  return {address.family, kept(address.hi, length), kept(address.lo, length - 64), length};
}

/// Subnets by name, and by what they contain.
class SubnetIndex {
 public:
  explicit SubnetIndex(const std::vector<DumpSubnet>& subnets) {
    for (const DumpSubnet& subnet : subnets) {
      by_name_.emplace(subnet.name, &subnet);
      if (!is_first_network(subnet)) continue;
      for (const Cidr& cidr : subnet.cidrs) {
        by_range_.emplace(cidr, &subnet);
        lengths_.emplace(cidr.family, cidr.length);
      }
    }
  }
  [[nodiscard]] const DumpSubnet* named(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }
  /// The only Subnet that pods can have this address from, or the one of the default VPC; nullptr if that is not clear.
  [[nodiscard]] const DumpSubnet* around(const Address& address) const {
    std::vector<const DumpSubnet*> candidates, in_default;
    for (const auto& [family, length] : lengths_) {
      if (family != address.family) continue;
      const auto [first, last] = by_range_.equal_range(prefix_of(address, length));
      for (auto at = first; at != last; ++at) {
        candidates.push_back(at->second);
        if (at->second->vpc == default_vpc) in_default.push_back(at->second);
      }
    }
    if (candidates.size() == 1) return candidates.front();
    return in_default.size() == 1 ? in_default.front() : nullptr;
  }

 private:
  std::map<std::string_view, const DumpSubnet*> by_name_;
  std::multimap<Cidr, const DumpSubnet*> by_range_;
  std::set<std::pair<Family, std::uint8_t>> lengths_;
};

class HolderList {
 public:
  HolderList(const DumpFacts& facts, Dump& dump) : facts_(facts), dump_(dump), subnets_(dump.subnets) {
    for (Gateway& gateway : dump_.gateways) {
      if (gateway.replicas > 1) gateway.address.reset();
      gateways_.emplace(gateway.name, &gateway);
    }
    for (const PodFacts& pod : facts_.pods)
      if (!pod.finished) pods_.emplace(std::pair(std::string_view(pod.ns), std::string_view(pod.name)), &pod);
    for (DumpNode& node : dump_.nodes) nodes_.emplace(node.name, &node);
    for (const VipFacts& vip : facts_.vips)
      for (const Address& address : vip.addresses) vips_.emplace(vip.subnet, address);
  }

  void fill() {
    for (const auto& [name, pod] : pods_) add_pod(*pod);
    for (const auto& [name, gateway] : gateways_) add_stated_address(*gateway);
    for (const VipFacts& vip : facts_.vips)
      for (const Address& address : vip.addresses)
        add({HolderKind::Vip, {}, vip.name, {}, vpc_of(vip.subnet), vip.subnet, address, false, vip.loc});
    for (const IpFacts& ip : facts_.ips) add_ip(ip);
    std::sort(dump_.holders.begin(), dump_.holders.end(), [](const Holder& a, const Holder& b) {
      return std::tie(a.address, a.kind, a.ns, a.name) < std::tie(b.address, b.kind, b.ns, b.name);
    });
  }

 private:
  using Key = std::tuple<Address, HolderKind, std::string, std::string>;

  void add(const Holder& holder) {
    if (!known_.emplace(holder.address, holder.kind, holder.ns, holder.name).second) return;
    if (!holder.ns.empty() && holder.kind != HolderKind::Ip) of_pods_.emplace(holder.ns, holder.subnet, holder.address);
    dump_.holders.push_back(holder);
  }

  [[nodiscard]] std::string vpc_of(const std::string& subnet) const {
    const DumpSubnet* found = subnets_.named(subnet);
    return found ? found->vpc : std::string();
  }

  /// The gateway that a pod belongs to, by the pod's annotation or, as IP objects have none, by its name (K§7.2).
  [[nodiscard]] Gateway* gateway_of(std::string_view ns, std::string_view pod, std::string_view annotated) const {
    constexpr std::string_view prefix = "vpc-nat-gw-", suffix = "-0";
    const bool named_so = pod.starts_with(prefix) && pod.ends_with(suffix) && pod.size() > prefix.size() + suffix.size();
    if (annotated.empty() && named_so)
      annotated = pod.substr(prefix.size(), pod.size() - prefix.size() - suffix.size());
    const auto found = gateways_.find(annotated);
    return found != gateways_.end() && found->second->ns == ns ? found->second : nullptr;
  }

  static Holder holder_of(const PodFacts& pod, const Gateway* gateway) {
    Holder holder;
    holder.kind = gateway ? HolderKind::Gateway : pod.vpc_dns ? HolderKind::VpcDns : HolderKind::Pod;
    holder.ns = pod.ns;
    holder.name = gateway ? gateway->name : pod.name;
    holder.node = pod.node;
    holder.loc = gateway ? gateway->lan_ip_loc : pod.loc;
    return holder;
  }

  void add_at(Holder holder, const Address& address, const Interface& interface) {
    holder.address = address;
    const DumpSubnet* found = interface.subnet.empty() ? subnets_.around(address) : subnets_.named(interface.subnet);
    holder.subnet = found ? found->name : interface.subnet;
    holder.vpc = found ? found->vpc : interface.vpc;
    add(holder);
  }

  void add_pod(const PodFacts& pod) {
    if (pod.host_network) {
      Holder holder = holder_of(pod, nullptr);
      holder.has_endpoint = false;
      for (const Address& address : pod.addresses) {
        holder.address = address;
        add(holder);
      }
      return;
    }
    Interface first;  // without annotations only status tells
    for (const Interface& one : pod.interfaces)
      if (one.provider == pod.first_provider) first = one;
    for (const Address& address : pod.addresses)
      if (std::find(first.addresses.begin(), first.addresses.end(), address) == first.addresses.end())
        first.addresses.push_back(address);
    Gateway* gateway = gateway_of(pod.ns, pod.name, pod.gateway);
    if (gateway && first.subnet.empty()) first.subnet = gateway->subnet;
    for (const Address& address : first.addresses) {
      add_at(holder_of(pod, gateway), address, first);
      if (gateway && !gateway->address) gateway->address = address;
    }
    // Other interfaces are outside of the chain. Those of a gateway are its pod's, not its lanIp.
    Holder beside = holder_of(pod, nullptr);
    beside.has_endpoint = false;
    for (const Interface& one : pod.interfaces)
      for (const Address& address : one.addresses)
        if (std::find(first.addresses.begin(), first.addresses.end(), address) == first.addresses.end())
          add_at(beside, address, one);
  }

  /// A lanIp that no pod shows: the pods are not in the dump, or do not run yet, or were not made anew since it changed.
  void add_stated_address(const Gateway& gateway) {
    if (!gateway.address) return;
    const auto pod = pods_.find(std::pair<std::string_view, std::string_view>(gateway.ns, "vpc-nat-gw-" + gateway.name + "-0"));
    const std::string node = pod == pods_.end() ? std::string() : pod->second->node;
    add({HolderKind::Gateway, gateway.ns, gateway.name, node, gateway.vpc, gateway.subnet, *gateway.address, true,
         gateway.lan_ip_loc});
  }

  void add_ip(const IpFacts& ip) {
    if (ip.pod_ns.empty() && ip.pod.starts_with(node_prefix)) return add_to_node(ip);
    const auto pod = pods_.find(std::pair(std::string_view(ip.pod_ns), std::string_view(ip.pod)));
    Gateway* gateway = gateway_of(ip.pod_ns, ip.pod, pod == pods_.end() ? std::string_view() : pod->second->gateway);
    const DumpSubnet* subnet = subnets_.named(ip.subnet);
    Holder written{HolderKind::Ip, ip.pod_ns, ip.name, ip.node, vpc_of(ip.subnet), ip.subnet, {}, false, ip.loc};
    for (const Address& address : ip.addresses) {
      written.address = address;
      if (pod != pods_.end())
        add_of_pod(*pod->second, gateway, written, subnet);
      else if (gateway && ip.subnet == gateway->subnet)
        add_of_gateway(*gateway, written);
      // The IP of a virtual machine carries the machine's name, which is no pod's; hence the comparison of addresses.
      else if (!of_pods_.contains({ip.pod_ns, ip.subnet, address}) && !of_pods_.contains({ip.pod_ns, {}, address}) &&
               !vips_.contains({ip.subnet, address})) {
        written.has_endpoint =
            facts_.pods.empty() && (!subnet || is_first_network(*subnet)) && !ip.pod_ns.empty() && !ip.pod.empty();
        add(written);
      }
    }
  }

  void add_to_node(const IpFacts& ip) {
    const auto node = nodes_.find(std::string_view(ip.pod).substr(node_prefix.size()));
    if (node == nodes_.end()) return;
    auto& known = node->second->addresses;
    for (const Address& address : ip.addresses)
      if (std::find(known.begin(), known.end(), address) == known.end()) known.push_back(address);
  }

  /// An address that Kube-OVN has given to a pod of the dump, whether the pod shows it or not.
  void add_of_pod(const PodFacts& pod, const Gateway* gateway, const Holder& written, const DumpSubnet* subnet) {
    if (pod.host_network || known_.contains({written.address, holder_of(pod, nullptr).kind, pod.ns, pod.name})) return;
    const bool first = subnet ? subnet->provider == pod.first_provider : pod.addresses.empty();
    Holder holder = holder_of(pod, first ? gateway : nullptr);
    std::tie(holder.address, holder.subnet, holder.vpc) = std::tie(written.address, written.subnet, written.vpc);
    holder.has_endpoint = first;
    add(holder);
  }

  void add_of_gateway(Gateway& gateway, Holder holder) {
    if (!gateway.address) gateway.address = holder.address;
    holder.kind = HolderKind::Gateway;
    holder.name = gateway.name;
    holder.has_endpoint = true;
    holder.loc = gateway.lan_ip_loc;
    add(holder);
  }

  const DumpFacts& facts_;
  Dump& dump_;
  SubnetIndex subnets_;
  std::map<std::string_view, Gateway*> gateways_;
  std::map<std::pair<std::string_view, std::string_view>, const PodFacts*> pods_;  // that have not finished
  std::map<std::string_view, DumpNode*> nodes_;
  std::set<std::pair<std::string, Address>> vips_;  // by Subnet
  std::set<std::tuple<std::string, std::string, Address>> of_pods_;  // namespace and Subnet, if known, of what pods hold
  std::set<Key> known_;
};

}  // namespace

void add_holders(const DumpFacts& facts, Dump& dump) {
  HolderList(facts, dump).fill();
}

}  // namespace policyconv::assess
