#include "tests/ovn/network.h"

#include <fmt/format.h>

#include <algorithm>

namespace policyconv::real_ovn {
namespace {

// Link between a router and the outside; must not be among the addresses that policies are about.
const Cidr outside_links[] = {*parse_cidr("100.127.254.0/30"), *parse_cidr("fd7f:fe::/126")};

enum class Owner { Router = 1, Pod, Node, Outside };
std::string mac(Owner owner, std::size_t number) {
  return fmt::format("0a:{:02x}:00:00:{:02x}:{:02x}", static_cast<int>(owner), number >> 8, number & 0xff);
}

Address nth(const Cidr& cidr, std::uint64_t n) {
  Address address = first_address(cidr);
  if (address.family == Family::V4)
    address.hi += n << 32;
  else
    address.lo += n;
  return address;
}

/// The gateway of a Subnet, which is the address of its router port, as `address/length`.
std::string router_network(const Subnet& subnet, const Cidr& cidr) {
  const auto inside = [&](const Address& gateway) { return contains(cidr, gateway); };
  const auto given = std::find_if(subnet.gateways.begin(), subnet.gateways.end(), inside);
  return fmt::format("{}/{}", to_string(given == subnet.gateways.end() ? nth(cidr, 1) : *given), cidr.length);
}

std::string with_port(const Address& address, std::uint16_t port) {
  const std::string text = to_string(address);
  return fmt::format("{}:{}", address.family == Family::V4 ? text : "[" + text + "]", port);
}

/// "address:port,address:port" of the ready endpoints; empty if there are none.
std::string backends(const Cluster& cluster, const Service& service, const ServicePort& port, Family family) {
  std::vector<std::string> list;
  for (const EndpointSlice& slice : cluster.endpoint_slices) {
    if (slice.ns != service.ns || slice.service != service.name) continue;
    for (const SlicePort& target : slice.ports) {
      if (target.name != port.name || target.protocol != port.protocol) continue;
      for (const Address& address : slice.addresses)
        if (address.family == family) list.push_back(with_port(address, target.port));
    }
  }
  return fmt::format("{}", fmt::join(list, ","));
}

}  // namespace

Network::Network(const Cluster& facts) : cluster(facts) {
  add_subnets();
  add_outside();
  add_nodes();
  add_pods();
  add_services();
}

const Rows& Network::complete() {
  for (const Switch& each : switches)
    rows.add("Logical_Switch", {{"name", each.name},
                                {"ports", set_of(each.ports)},
                                {"acls", set_of(each.acls)},
                                {"load_balancer", set_of(each.balancers)}});
  for (const auto& [vpc, router] : routers_)
    rows.add("Logical_Router",
             {{"name", vpc}, {"ports", set_of(router.ports)}, {"static_routes", set_of(router.routes)}});
  return rows;
}

Port Network::attach(std::size_t to, std::string name, std::string mac, const std::vector<Address>& addresses) {
  std::string text = mac;
  for (const Address& address : addresses) text += " " + to_string(address);
  const Reference row = rows.add("Logical_Switch_Port", {{"name", name}, {"addresses", text}});
  switches[to].ports.push_back(row);
  return {std::move(name), std::move(mac), row, to};
}

/// A switch and the router of its VPC; each side has a port, named as Kube-OVN names it.
void Network::connect(std::size_t which, const std::vector<std::string>& networks) {
  Switch& to = switches[which];
  const std::string on_router = fmt::format("{}-{}", to.vpc, to.name);
  to.router_port = fmt::format("{}-{}", to.name, to.vpc);
  to.router_mac = mac(Owner::Router, which);
  to.ports.push_back(rows.add("Logical_Switch_Port", {{"name", to.router_port},
                                                      {"type", "router"},
                                                      {"addresses", "router"},
                                                      {"options", map_of({{"router-port", on_router}})}}));
  routers_[to.vpc].ports.push_back(rows.add(
      "Logical_Router_Port",
      {{"name", on_router}, {"mac", to.router_mac}, {"networks", set_of({networks.begin(), networks.end()})}}));
}

void Network::route(const std::string& vpc, const std::string& prefix, const Address& next) {
  routers_[vpc].routes.push_back(
      rows.add("Logical_Router_Static_Route", {{"ip_prefix", prefix}, {"nexthop", to_string(next)}}));
}

void Network::add_subnets() {
  for (const Subnet& subnet : cluster.subnets) {
    switches.push_back({subnet.name, subnet.vpc, {}, {}, {}, {}, {}});
    std::vector<std::string> networks;
    for (const Cidr& cidr : subnet.cidrs) networks.push_back(router_network(subnet, cidr));
    connect(switches.size() - 1, networks);
  }
}

void Network::add_outside() {
  const std::map<std::string, Router> vpcs = routers_;
  for (const auto& [vpc, router] : vpcs) {
    const std::size_t which = switches.size();
    switches.push_back({"outside-of-" + vpc, vpc, {}, {}, {}, {}, {}});
    std::vector<std::string> networks;
    std::vector<Address> addresses;
    for (const Cidr& link : outside_links) {
      networks.push_back(fmt::format("{}/{}", to_string(nth(link, 1)), link.length));
      addresses.push_back(nth(link, 2));
      route(vpc, to_string(whole(link.family)), addresses.back());
    }
    connect(which, networks);
    outside[vpc] = attach(which, "outside." + vpc, mac(Owner::Outside, which), addresses);
  }
}

/// A node is reached by way of its join address, whatever address of it is asked for (K§4.3).
void Network::add_nodes() {
  for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
    const Node& node = cluster.nodes[i];
    std::optional<Port>& port = nodes.emplace_back();
    for (std::size_t on = 0; on < cluster.subnets.size() && !node.join.empty(); ++on) {
      const std::vector<Cidr>& cidrs = cluster.subnets[on].cidrs;
      const auto holds = [&](const Cidr& cidr) { return contains(cidr, node.join.front()); };
      if (std::any_of(cidrs.begin(), cidrs.end(), holds))
        port = attach(on, "node-" + node.name, mac(Owner::Node, i), node.join);
    }
    if (!port) continue;
    for (const Address& address : node.internal)
      for (const Address& join : node.join)
        if (address.family == join.family) route(switches[port->on].vpc, to_string(host_cidr(address)), join);
  }
}

void Network::add_pods() {
  for (std::size_t i = 0; i < cluster.pods.size(); ++i) {
    const Pod& pod = cluster.pods[i];
    std::optional<Port>& port = pods.emplace_back();
    const Subnet* subnet = subnet_of(cluster, pod);
    if (pod.host_network || pod.finished || subnet == nullptr) continue;
    const auto on = static_cast<std::size_t>(subnet - cluster.subnets.data());
    port = attach(on, pod.name + "." + pod.ns, mac(Owner::Pod, i), pod.addresses);
  }
}

/// Kube-OVN has a load balancer per VPC and protocol; it serves the Services of the default VPC.
void Network::add_services() {
  std::map<Protocol, std::map<std::string, std::string>> vips;
  for (const Service& service : cluster.services)
    for (const ServicePort& port : service.ports)
      for (const Address& vip : service.cluster_ips)
        if (std::string list = backends(cluster, service, port, vip.family); !list.empty())
          vips[port.protocol][with_port(vip, port.port)] = std::move(list);
  for (const auto& [protocol, addresses] : vips) {
    const std::string name(to_string(protocol));
    const Reference row = rows.add(
        "Load_Balancer",
        {{"name", fmt::format("cluster-{}-loadbalancer", name)}, {"protocol", name}, {"vips", map_of(addresses)}});
    for (std::size_t i = 0; i < cluster.subnets.size(); ++i)
      if (cluster.subnets[i].enable_lb && cluster.subnets[i].vpc == "ovn-cluster") switches[i].balancers.push_back(row);
  }
}

}  // namespace policyconv::real_ovn
