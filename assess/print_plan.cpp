// Entrance: print_plan(). A changed lanIp has no effect on a gateway that exists, so every object comes with its order.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assess/address_plan.h"
#include "assess/free_addresses.h"
#include "ir/source.h"
#include "yaml/tree.h"
#include "yaml/writer.h"

namespace policyconv::assess {
namespace {

using yaml::Node;
using yaml::Writer;

Node text_node(std::string_view text) {
  Node node;
  node.shape = yaml::Shape::Scalar;
  node.quoted = true;
  node.scalar = text;
  return node;
}

void set(Node& mapping, std::string_view key, std::string_view text) {
  for (yaml::Member& member : mapping.members)
    if (member.key.scalar == key) {
      member.value = text_node(text);
      return;
    }
  mapping.members.push_back({text_node(key), text_node(text)});
}

/// The spec as it was written; from what is known of the gateway if the dump holds none.
Node spec_of(const Gateway& gateway) {
  Sources sources;
  Diagnostics ignored;  // it was read once already
  const std::uint32_t file = sources.add(gateway.name, gateway.spec_json);
  for (Node& document : yaml::read_documents(sources, file, ignored))
    if (document.shape == yaml::Shape::Mapping) return std::move(document);
  Node spec;
  spec.shape = yaml::Shape::Mapping;
  set(spec, "vpc", gateway.vpc);
  set(spec, "subnet", gateway.subnet);
  if (!gateway.external_subnets.empty()) {
    Node list;
    list.shape = yaml::Shape::Sequence;
    for (const std::string& name : gateway.external_subnets) list.items.push_back(text_node(name));
    spec.members.push_back({text_node("externalSubnets"), std::move(list)});
  }
  return spec;
}

void print_gateway(Writer& writer, const Gateway& gateway, const Node& spec) {
  writer.begin_document("kubeovn.io/v1", "VpcNatGateway");
  writer.block("metadata", {{"name", gateway.name}});
  writer.pair("spec", spec);
  writer.end_document();
}

/// The moves in an order in which nobody takes an address before it is left. There is one: in a circle everybody could
/// have stayed, which would have been a better plan.
std::vector<Move> in_order(const AddressPlan& plan) {
  std::multiset<Address> occupied;
  for (const Move& move : plan.moves) occupied.insert(move.from);
  std::vector<Move> waiting = plan.moves, ordered;
  while (!waiting.empty()) {
    auto next = std::find_if(waiting.begin(), waiting.end(), [&](const Move& m) { return !occupied.contains(m.to); });
    if (next == waiting.end()) next = waiting.begin();
    occupied.erase(occupied.find(next->from));
    ordered.push_back(*next);
    waiting.erase(next);
  }
  return ordered;
}

void explain_order(Writer& writer, const AddressPlan& plan) {
  writer.remark(fmt::format("Address plan: {} VpcNatGateways get an address that nothing else in the cluster holds.",
                            plan.moves.size() + plan.full.size()));
  for (
      const char* line :
      {"",
       "vpc, subnet and lanIp of a VpcNatGateway are immutable: a gateway that exists does not take a new one. So, for",
       "one gateway after the other, in the order of this file:",
       "  1. kubectl delete vpc-nat-gateways.kubeovn.io NAME",
       "  2. kubectl -n NAMESPACE wait --for=delete pod/vpc-nat-gw-NAME-0",
       "  3. kubectl apply -f FILE-WITH-THAT-OBJECT",
       "  4. kubectl -n NAMESPACE rollout status statefulset/vpc-nat-gw-NAME",
       "  5. in the Vpc: every nextHopIP of staticRoutes and policyRoutes from the old address to the new one",
       "From 1 to 5 the VPC has no way out and in through this gateway, and connections through it break. EIPs and",
       "NAT rules stay as objects; Kube-OVN programs them again when the new pod is ready. A gateway whose pod Cilium",
       "refused does not work today, so it loses nothing. Labels and annotations of the old objects are not repeated.",
       ""})
    writer.remark(line);
}

std::string state_of(const Dump& dump, const Gateway& gateway) {
  if (dump.endpoints.empty()) return "";
  const bool works = dump.endpoints.contains(fmt::format("{}/vpc-nat-gw-{}-0", gateway.ns, gateway.name));
  return works ? "; it works today: plan an outage" : "; its pod has no Cilium endpoint today: no outage";
}

/// "nat-VPC", or a name like it that no Subnet has.
std::string subnet_name(const Dump& dump, const std::string& vpc, std::set<std::string>& taken) {
  if (taken.empty())
    for (const DumpSubnet& subnet : dump.subnets) taken.insert(subnet.name);
  std::string name = "nat-" + vpc;
  for (int number = 2; !taken.insert(name).second; ++number) name = fmt::format("nat-{}-{}", vpc, number);
  return name;
}

void print_subnet(Writer& writer, const Gateway& gateway, const std::string& name, const Cidr& cidr,
                  const DumpSubnet* old) {
  const std::string router = to_string(*address_after(first_address(cidr)));
  writer.remark(fmt::format("Subnet {} of VPC {} has no address that is free in the whole cluster.", gateway.subnet,
                            gateway.vpc));
  writer.remark(fmt::format("A Subnet of its own for NAT gateways; {} overlaps nothing in the dump.", to_string(cidr)));
  writer.begin_document("kubeovn.io/v1", "Subnet");
  writer.block("metadata", {{"name", name}});
  writer.key("spec");
  writer.begin_map();
  writer.pair("vpc", gateway.vpc);
  writer.pair("protocol", cidr.family == Family::V4 ? "IPv4" : "IPv6");
  writer.pair("cidrBlock", to_string(cidr));
  writer.pair("gateway", router);
  writer.key("excludeIps");
  writer.begin_list();
  writer.value(router);
  writer.end_list();
  writer.pair("provider", old != nullptr ? old->provider : "ovn");
  writer.end_map();
  writer.end_document();
}

}  // namespace

std::string print_plan(const Dump& dump, const AddressPlan& plan) {
  if (plan.moves.empty() && plan.full.empty()) return {};
  Writer writer;
  explain_order(writer, plan);
  for (const auto& full : plan.full)
    if (const Gateway& gateway = dump.gateways[full.gateway]; !full.proposed)
      writer.remark(
          fmt::format("Nothing is proposed for {}: Subnet {} has no free address, and the ranges of this cluster "
                      "cover all private ones.",
                      gateway.name, gateway.subnet));
  std::map<Cidr, std::string> subnets;
  std::set<std::string> taken;
  for (const auto& full : plan.full) {
    if (!full.proposed) continue;
    const Gateway& gateway = dump.gateways[full.gateway];
    std::string& subnet = subnets[*full.proposed];
    if (subnet.empty()) {
      const auto old = std::find_if(dump.subnets.begin(), dump.subnets.end(),
                                    [&](const DumpSubnet& s) { return s.name == gateway.subnet; });
      subnet = subnet_name(dump, gateway.vpc, taken);
      print_subnet(writer, gateway, subnet, *full.proposed, old == dump.subnets.end() ? nullptr : &*old);
    }
    Node spec = spec_of(gateway);
    set(spec, "subnet", subnet);
    set(spec, "lanIp", to_string(full.to));
    writer.remark(fmt::format("{} of VPC {}: Subnet {} instead of {}, {} instead of {}{}", gateway.name, gateway.vpc,
                              subnet, gateway.subnet, to_string(full.to), to_string(*gateway.address),
                              state_of(dump, gateway)));
    print_gateway(writer, gateway, spec);
  }
  for (const Move& move : in_order(plan)) {
    const Gateway& gateway = dump.gateways[move.gateway];
    Node spec = spec_of(gateway);
    set(spec, "lanIp", to_string(move.to));
    writer.remark(fmt::format("{} of VPC {}: {} instead of {}{}", gateway.name, gateway.vpc, to_string(move.to),
                              to_string(move.from), state_of(dump, gateway)));
    print_gateway(writer, gateway, spec);
  }
  return writer.take();
}

}  // namespace policyconv::assess
