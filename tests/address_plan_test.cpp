// The address plan: unique in the cluster, inside the Subnet, and no gateway moves without need. What is allowed is
// judged by predicates of this file, what is needed by trying every plan.
#include "assess/address_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "assess/conflicts.h"
#include "yaml/tree.h"

using namespace policyconv;
using namespace std::string_literals;
using namespace policyconv::assess;

namespace {

Address ip(std::string_view text) {
  const std::optional<Address> address = parse_address(text);
  REQUIRE(address);
  return *address;
}
Cidr cidr(std::string_view text) {
  const std::optional<Cidr> parsed = parse_cidr(text);
  REQUIRE(parsed);
  return *parsed;
}
Address v4(std::uint32_t number) {
  return {Family::V4, std::uint64_t{number} << 32, 0};
}
std::uint32_t number(const Address& address) {
  return static_cast<std::uint32_t>(address.hi >> 32);
}

void add_gateway(Dump& dump, const std::string& name, const std::string& vpc, const std::string& subnet,
                 Address address) {
  Gateway gateway;
  gateway.name = name;
  gateway.vpc = vpc;
  gateway.subnet = subnet;
  gateway.lan_ip = to_string(address);
  gateway.address = address;
  dump.gateways.push_back(gateway);
  Holder holder;
  holder.kind = HolderKind::Gateway;
  holder.ns = gateway.ns;
  holder.name = name;
  holder.vpc = vpc;
  holder.subnet = subnet;
  holder.address = address;
  dump.holders.push_back(holder);
}
void add_holder(Dump& dump, HolderKind kind, const std::string& name, Address address,
                const std::string& vpc = "other") {
  Holder holder;
  holder.kind = kind;
  holder.ns = "shop";
  holder.name = name;
  holder.vpc = vpc;
  holder.address = address;
  holder.has_endpoint = kind == HolderKind::Pod || kind == HolderKind::VpcDns;
  dump.holders.push_back(holder);
}
DumpSubnet subnet(const std::string& name, const std::string& vpc, std::vector<Cidr> cidrs,
                  std::vector<Address> gateways, std::vector<AddressRange> exclude = {}) {
  DumpSubnet made;
  made.name = name;
  made.vpc = vpc;
  made.cidrs = std::move(cidrs);
  made.gateways = std::move(gateways);
  made.exclude = std::move(exclude);
  return made;
}
/// As read_dump() sorts.
Dump sorted(Dump dump) {
  std::sort(dump.gateways.begin(), dump.gateways.end(),
            [](const auto& a, const auto& b) { return std::tie(a.ns, a.name) < std::tie(b.ns, b.name); });
  std::sort(dump.holders.begin(), dump.holders.end(), [](const auto& a, const auto& b) {
    return std::tie(a.address, a.kind, a.ns, a.name) < std::tie(b.address, b.kind, b.ns, b.name);
  });
  return dump;
}

AddressPlan plan_of(const Dump& dump) {
  return plan_addresses(dump, find_conflicts(dump));
}

/// "b 10.0.0.2>10.0.0.3", "c 10.0.0.2>10.255.0.0/28 10.255.0.2"
std::string show(const Dump& dump, const AddressPlan& plan) {
  std::vector<std::string> parts;
  for (const Move& move : plan.moves)
    parts.push_back(
        fmt::format("{} {}>{}", dump.gateways[move.gateway].name, to_string(move.from), to_string(move.to)));
  for (const auto& full : plan.full)
    parts.push_back(fmt::format("{} {}>{}", dump.gateways[full.gateway].name,
                                to_string(*dump.gateways[full.gateway].address),
                                full.proposed ? to_string(*full.proposed) + " " + to_string(full.to) : "nothing"));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// The cluster after the plan.
Dump applied(Dump dump, const AddressPlan& plan) {
  const auto put = [&](std::size_t index, const Address& to, const std::string& new_subnet) {
    Gateway& gateway = dump.gateways[index];
    for (Holder& holder : dump.holders)
      if (holder.kind == HolderKind::Gateway && holder.name == gateway.name) holder.address = to;
    gateway.address = to;
    gateway.lan_ip = to_string(to);
    if (!new_subnet.empty()) gateway.subnet = new_subnet;
  };
  for (const Move& move : plan.moves) put(move.gateway, move.to, "");
  std::set<std::string> added;
  for (const auto& full : plan.full) {
    if (!full.proposed) continue;
    const std::string vpc = dump.gateways[full.gateway].vpc, name = "nat-" + vpc + to_string(*full.proposed);
    if (added.insert(name).second) {
      const Address router = *parse_address(to_string(first_address(*full.proposed)));
      dump.subnets.push_back(subnet(
          name, vpc, {*full.proposed},
          {router.family == Family::V4 ? v4(number(router) + 1) : Address{Family::V6, router.hi, router.lo + 1}}));
    }
    put(full.gateway, full.to, name);
  }
  return sorted(std::move(dump));
}

// --- The judge ------------------------------------------------------------------------------------------------------

/// May the gateway move there, whatever other gateways do?
bool may_take(const Dump& dump, const Gateway& gateway, const Address& address) {
  const auto found = std::find_if(dump.subnets.begin(), dump.subnets.end(),
                                  [&](const DumpSubnet& s) { return s.name == gateway.subnet; });
  if (found == dump.subnets.end()) return false;
  const bool inside = std::any_of(found->cidrs.begin(), found->cidrs.end(), [&](const Cidr& c) {
    return contains(c, address) && address != first_address(c) && address != last_address(c);
  });
  const bool excluded = std::any_of(found->exclude.begin(), found->exclude.end(),
                                    [&](const AddressRange& r) { return r.first <= address && address <= r.last; });
  const bool router = std::any_of(dump.subnets.begin(), dump.subnets.end(), [&](const DumpSubnet& s) {
    return std::find(s.gateways.begin(), s.gateways.end(), address) != s.gateways.end();
  });
  const bool held = std::any_of(dump.holders.begin(), dump.holders.end(),
                                [&](const Holder& h) { return h.kind != HolderKind::Gateway && h.address == address; });
  const bool node = std::any_of(dump.nodes.begin(), dump.nodes.end(), [&](const DumpNode& n) {
    return std::find(n.addresses.begin(), n.addresses.end(), address) != n.addresses.end();
  });
  return inside && !excluded && !router && !held && !node && address.family == gateway.address->family;
}
bool may_stay(const Dump& dump, const Gateway& gateway) {
  return std::none_of(dump.holders.begin(), dump.holders.end(), [&](const Holder& h) {
    return h.kind != HolderKind::Gateway && h.address == *gateway.address && (h.has_endpoint || h.vpc != gateway.vpc);
  });
}

/// The fewest gateways without a place, and of such plans the fewest moves, over all plans.
struct Optimum {
  const Dump& dump;
  std::vector<std::vector<Address>> choices;
  std::set<Address> taken;
  std::pair<std::size_t, std::size_t> best{SIZE_MAX, SIZE_MAX};

  explicit Optimum(const Dump& of, const std::vector<Address>& universe) : dump(of) {
    for (const Gateway& gateway : dump.gateways) {
      choices.emplace_back();
      if (may_stay(dump, gateway)) choices.back().push_back(*gateway.address);
      for (const Address& address : universe)
        if (address != *gateway.address && may_take(dump, gateway, address)) choices.back().push_back(address);
    }
    search(0, {0, 0});
  }
  void search(std::size_t index, std::pair<std::size_t, std::size_t> sofar) {
    if (sofar >= best) return;
    if (index == choices.size()) {
      best = sofar;
      return;
    }
    for (const Address& address : choices[index]) {
      if (!taken.insert(address).second) continue;
      search(index + 1, {sofar.first, sofar.second + (address == *dump.gateways[index].address ? 0 : 1)});
      taken.erase(address);
    }
    search(index + 1, {sofar.first + 1, sofar.second});
  }
};

void check_plan(const Dump& dump, const AddressPlan& plan) {
  std::map<Address, std::string> holders;
  for (const Move& move : plan.moves) {
    const Gateway& gateway = dump.gateways[move.gateway];
    INFO(gateway.name << " to " << to_string(move.to));
    CHECK(move.from == *gateway.address);
    CHECK(may_take(dump, gateway, move.to));
  }
  for (const auto& full : plan.full) {
    REQUIRE(full.proposed);
    INFO(to_string(*full.proposed));
    CHECK(contains(*full.proposed, full.to));
    CHECK(full.to != first_address(*full.proposed));
    CHECK(full.to != last_address(*full.proposed));
    for (const DumpSubnet& other : dump.subnets)
      for (const Cidr& range : other.cidrs) CHECK_FALSE(overlaps(*full.proposed, range));
    for (const auto& other : plan.full)
      if (dump.gateways[other.gateway].vpc != dump.gateways[full.gateway].vpc)
        CHECK_FALSE(overlaps(*full.proposed, *other.proposed));
  }
  const Dump after = applied(dump, plan);
  std::set<Address> used;
  for (const Gateway& gateway : after.gateways) {
    INFO(gateway.name << " at " << to_string(*gateway.address));
    CHECK(used.insert(*gateway.address).second);
    CHECK(may_stay(after, gateway));
  }
  const Conflicts left = find_conflicts(after);
  for (const Conflict& conflict : left.conflicts)
    for (const std::size_t i : conflict.holders) {
      INFO(conflict.text);
      const bool of_gateway = after.holders[i].kind == HolderKind::Gateway;
      CHECK_FALSE(of_gateway);
    }
  CHECK(show(after, plan_addresses(after, left)) == "");
}

// --- Random clusters ------------------------------------------------------------------------------------------------

class Clusters {
 public:
  explicit Clusters(unsigned seed) : random_(seed) {}
  std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }

  /// Subnets of /`shortest` to /29 within `base`, so that they overlap, and gateways anywhere in them.
  Dump make(std::size_t vpcs, std::size_t gateways, std::uint32_t base, unsigned shortest, std::size_t others) {
    Dump dump;
    for (std::size_t i = 0; i < vpcs; ++i) {
      const unsigned length = shortest + static_cast<unsigned>(pick(30 - shortest));
      const std::uint32_t step = 1u << (32 - length), slots = 1u << (length - shortest);
      const std::uint32_t first = base + static_cast<std::uint32_t>(pick(slots)) * step;
      std::vector<AddressRange> exclude;
      if (pick(2) == 0) {
        const auto from = static_cast<std::uint32_t>(pick(step)), to = static_cast<std::uint32_t>(pick(step));
        exclude.push_back(
            {v4(first + std::min(from, to)), v4(first + std::min({std::max(from, to), from + 3, to + 3}))});
      }
      const std::string name = fmt::format("{:02}", i);
      dump.subnets.push_back(
          subnet("net" + name, "vpc" + name,
                 {Cidr{Family::V4, std::uint64_t{first} << 32, 0, static_cast<std::uint8_t>(length)}}, {v4(first + 1)},
                 exclude));
    }
    for (std::size_t i = 0; i < gateways; ++i) {
      const DumpSubnet& home = dump.subnets[pick(vpcs)];
      const std::uint32_t size = 1u << (32 - home.cidrs[0].length);
      // Often the same few addresses, as people choose them; now and then one that is excluded.
      const std::uint32_t offset = pick(2) == 0 ? 2 : 1 + static_cast<std::uint32_t>(pick(size - 2));
      add_gateway(dump, fmt::format("gw{:03}", i), home.vpc, home.name,
                  v4(number(first_address(home.cidrs[0])) + offset));
      if (pick(3) == 0) dump.endpoints.insert(fmt::format("kube-system/vpc-nat-gw-gw{:03}-0", i));
    }
    const std::uint32_t space = 1u << (32 - shortest);
    for (std::size_t i = 0; i < others; ++i) {
      constexpr HolderKind kinds[] = {HolderKind::Pod, HolderKind::VpcDns, HolderKind::Vip, HolderKind::Ip};
      add_holder(dump, kinds[pick(4)], fmt::format("h{}", i), v4(base + static_cast<std::uint32_t>(pick(space))),
                 dump.subnets[pick(vpcs)].vpc);
    }
    if (pick(3) == 0) dump.nodes.push_back({"n1", {v4(base + static_cast<std::uint32_t>(pick(space)))}, {}, {}});
    if (pick(3) == 0) dump.nodes.push_back({"n2", {}, {Cidr{Family::V4, std::uint64_t{base} << 32, 0, 29}}, {}});
    return sorted(std::move(dump));
  }

 private:
  std::mt19937 random_;
};

constexpr std::uint32_t ten = 10u << 24;

}  // namespace

TEST_CASE("one of the gateways that share an address keeps it, the others take the smallest free ones") {
  Dump dump;
  for (const char* name : {"a", "b", "c"}) {
    dump.subnets.push_back(subnet("net-"s + name, name, {cidr("10.0.1.0/24")}, {ip("10.0.1.1")}));
    add_gateway(dump, name, name, "net-"s + name, ip("10.0.1.2"));
  }
  dump = sorted(dump);
  SECTION("the first one if nothing tells them apart") {
    CHECK(show(dump, plan_of(dump)) == "b 10.0.1.2>10.0.1.3, c 10.0.1.2>10.0.1.4");
  }
  SECTION("the one that has an endpoint, because the others do not work today") {
    dump.endpoints = {"kube-system/vpc-nat-gw-b-0"};
    CHECK(show(dump, plan_of(dump)) == "a 10.0.1.2>10.0.1.3, c 10.0.1.2>10.0.1.4");
  }
  SECTION("none if a pod holds it too") {
    add_holder(dump, HolderKind::Pod, "web", ip("10.0.1.2"));
    dump = sorted(dump);
    CHECK(show(dump, plan_of(dump)) == "a 10.0.1.2>10.0.1.3, b 10.0.1.2>10.0.1.4, c 10.0.1.2>10.0.1.5");
  }
  SECTION("the one whose VPC has a Vip there, which is its reservation") {
    add_holder(dump, HolderKind::Vip, "v", ip("10.0.1.2"), "b");
    dump = sorted(dump);
    CHECK(show(dump, plan_of(dump)) == "a 10.0.1.2>10.0.1.3, c 10.0.1.2>10.0.1.4");
  }
  SECTION("the gateway's own pod and IP object are no other holders") {
    for (const char* name : {"a", "b", "c"}) {
      Holder pod;
      pod.ns = "kube-system";
      pod.name = "vpc-nat-gw-"s + name + "-0";
      pod.address = ip("10.0.1.2");
      dump.holders.push_back(pod);
      pod.kind = HolderKind::Ip;
      pod.ns = "";
      pod.name += ".kube-system";
      dump.holders.push_back(pod);
    }
    dump = sorted(dump);
    CHECK(show(dump, plan_of(dump)) == "b 10.0.1.2>10.0.1.3, c 10.0.1.2>10.0.1.4");
  }
  SECTION("another gateway does not change who moves where") {
    const std::string before = show(dump, plan_of(dump));
    dump.subnets.push_back(subnet("net-0", "0", {cidr("10.0.1.0/24")}, {ip("10.0.1.1")}));
    add_gateway(dump, "0", "0", "net-0", ip("10.0.1.9"));
    dump = sorted(dump);
    CHECK(show(dump, plan_of(dump)) == before);
  }
}

TEST_CASE("addresses that are not free are passed over") {
  struct Case {
    const char* what;
    void (*change)(Dump&);
    const char* to;
  };
  const std::vector<Case> cases = {
      {"nothing", [](Dump&) {}, "10.0.0.3"},
      {"pod of another VPC", [](Dump& d) { add_holder(d, HolderKind::Pod, "p", ip("10.0.0.3")); }, "10.0.0.4"},
      {"Vip", [](Dump& d) { add_holder(d, HolderKind::Vip, "v", ip("10.0.0.3")); }, "10.0.0.4"},
      {"IP object", [](Dump& d) { add_holder(d, HolderKind::Ip, "i", ip("10.0.0.3")); }, "10.0.0.4"},
      {"vpc-dns", [](Dump& d) { add_holder(d, HolderKind::VpcDns, "d", ip("10.0.0.3")); }, "10.0.0.4"},
      {"gateway of the Subnet", [](Dump& d) { d.subnets[1].gateways = {ip("10.0.0.3")}; }, "10.0.0.1"},
      {"gateway of another Subnet",
       [](Dump& d) { d.subnets.push_back(subnet("x", "x", {cidr("10.0.0.0/16")}, {ip("10.0.0.3")})); }, "10.0.0.4"},
      {"node",
       [](Dump& d) {
         d.nodes.push_back({"n", {ip("10.0.0.3")}, {}, {}});
       },
       "10.0.0.4"},
      {"excludeIps, one",
       [](Dump& d) {
         d.subnets[1].exclude = {{ip("10.0.0.3"), ip("10.0.0.3")}};
       },
       "10.0.0.4"},
      {"excludeIps, range",
       [](Dump& d) {
         d.subnets[1].exclude = {{ip("10.0.0.0"), ip("10.0.0.250")}};
       },
       "10.0.0.251"},
      {"excludeIps that overlap",
       [](Dump& d) {
         d.subnets[1].exclude = {{ip("10.0.0.3"), ip("10.0.0.9")},
                                 {ip("10.0.0.1"), ip("10.0.0.5")},
                                 {ip("10.0.0.10"), ip("10.0.0.10")},
                                 {ip("10.0.0.90"), ip("10.0.0.20")}};
       },
       "10.0.0.11"},
      {"excludeIps of another Subnet",
       [](Dump& d) {
         d.subnets[0].exclude = {{ip("10.0.0.3"), ip("10.0.0.9")}};
       },
       "10.0.0.3"},
      {"podCIDR: not while there is something else",
       [](Dump& d) {
         d.nodes.push_back({"n", {}, {cidr("10.0.0.0/26")}, {}});
       },
       "10.0.0.64"},
      {"podCIDR around the Subnet",
       [](Dump& d) {
         d.nodes.push_back({"n", {}, {cidr("10.0.0.0/16")}, {}});
       },
       "10.0.0.3"},
      {"Service range", [](Dump& d) { d.service_cidrs = {cidr("10.0.0.0/25")}; }, "10.0.0.128"}};
  for (const auto& [what, change, to] : cases) {
    INFO(what);
    Dump dump;
    for (const char* name : {"a", "b"}) {
      dump.subnets.push_back(subnet("net-"s + name, name, {cidr("10.0.0.0/24")}, {ip("10.0.0.1")}));
      add_gateway(dump, name, name, "net-"s + name, ip("10.0.0.2"));
    }
    change(dump);
    if (what == "gateway of the Subnet"s) dump.subnets[0].gateways = {};
    dump = sorted(dump);
    CHECK(show(dump, plan_of(dump)) == fmt::format("b 10.0.0.2>{}", to));
  }
}

TEST_CASE("IPv6 and dual-stack Subnets: a gateway stays in its family") {
  Dump dump;
  for (const char* name : {"a", "b"}) {
    dump.subnets.push_back(subnet("net-"s + name, name, {cidr("10.0.0.0/24"), cidr("fd00:1::/64")},
                                  {ip("10.0.0.1"), ip("fd00:1::1")}, {{ip("fd00:1::3"), ip("fd00:1::ffff:ffff")}}));
    add_gateway(dump, "v4-"s + name, name, "net-"s + name, ip("10.0.0.2"));
    add_gateway(dump, "v6-"s + name, name, "net-"s + name, ip("fd00:1::2"));
  }
  dump = sorted(dump);
  CHECK(show(dump, plan_of(dump)) == "v4-b 10.0.0.2>10.0.0.3, v6-b fd00:1::2>fd00:1::1:0:0");
  check_plan(dump, plan_of(dump));
}

TEST_CASE("the last free address goes to who has no other") {
  // Both must leave; a could take .3 or .4, b only .3.
  Dump dump;
  dump.subnets = {subnet("wide", "a", {cidr("10.0.0.0/29")}, {ip("10.0.0.1")}, {{ip("10.0.0.5"), ip("10.0.0.6")}}),
                  subnet("narrow", "b", {cidr("10.0.0.0/29")}, {ip("10.0.0.1")}, {{ip("10.0.0.4"), ip("10.0.0.6")}})};
  add_gateway(dump, "a", "a", "wide", ip("10.0.0.2"));
  add_gateway(dump, "b", "b", "narrow", ip("10.0.0.2"));
  add_holder(dump, HolderKind::Pod, "p", ip("10.0.0.2"));
  dump = sorted(dump);
  CHECK(show(dump, plan_of(dump)) == "a 10.0.0.2>10.0.0.4, b 10.0.0.2>10.0.0.3");
}

TEST_CASE("a gateway without conflict moves only if another cannot stay in its Subnet otherwise") {
  // b can only take .3, on which c sits, who has room.
  Dump dump;
  dump.subnets = {subnet("net-a", "a", {cidr("10.0.0.0/29")}, {ip("10.0.0.1")}, {{ip("10.0.0.4"), ip("10.0.0.6")}}),
                  subnet("net-b", "b", {cidr("10.0.0.0/29")}, {ip("10.0.0.1")}, {{ip("10.0.0.4"), ip("10.0.0.6")}}),
                  subnet("net-c", "c", {cidr("10.0.0.0/24")}, {ip("10.0.0.1")})};
  add_gateway(dump, "a", "a", "net-a", ip("10.0.0.2"));
  add_gateway(dump, "b", "b", "net-b", ip("10.0.0.2"));
  add_gateway(dump, "c", "c", "net-c", ip("10.0.0.3"));
  dump = sorted(dump);
  const AddressPlan plan = plan_of(dump);
  CHECK(show(dump, plan) == "b 10.0.0.2>10.0.0.3, c 10.0.0.3>10.0.0.4");
  // c must be gone from .3 before b comes.
  const std::string text = print_plan(dump, plan);
  CHECK(text.find("c of VPC c: 10.0.0.4 instead of 10.0.0.3") < text.find("b of VPC b: 10.0.0.3 instead of 10.0.0.2"));
}

TEST_CASE("where a Subnet is full, its VPC gets a Subnet for NAT gateways that overlaps nothing") {
  Dump dump;
  for (const char* name : {"a", "b", "c"})
    dump.subnets.push_back(subnet("net-"s + name, name, {cidr("10.0.0.0/30")}, {ip("10.0.0.1")}));
  for (const char* name : {"a", "b", "c", "c2"})
    add_gateway(dump, name, std::string(1, name[0]), "net-"s + name[0], ip("10.0.0.2"));
  dump = sorted(dump);
  SECTION("a Subnet for each VPC") {
    CHECK(show(dump, plan_of(dump)) ==
          "b 10.0.0.2>10.255.0.0/28 10.255.0.2, c 10.0.0.2>10.255.0.16/28 10.255.0.18, c2 10.0.0.2>10.255.0.16/28 "
          "10.255.0.19");
    check_plan(dump, plan_of(dump));
  }
  SECTION("next to what is there") {
    dump.subnets.push_back(subnet("x", "x", {cidr("10.255.0.0/24")}, {ip("10.255.0.1")}));
    dump.nodes.push_back({"n", {ip("10.255.1.77")}, {cidr("10.255.1.0/27")}, {}});
    dump.service_cidrs = {cidr("10.255.1.32/28")};
    CHECK(show(dump, plan_of(dump)) ==
          "b 10.0.0.2>10.255.1.48/28 10.255.1.50, c 10.0.0.2>10.255.1.80/28 10.255.1.82, c2 10.0.0.2>10.255.1.80/28 "
          "10.255.1.83");
  }
  SECTION("nothing if every private range is taken") {
    for (const char* range : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"})
      dump.service_cidrs.push_back(cidr(range));
    CHECK(show(dump, plan_of(dump)) == "b 10.0.0.2>nothing, c 10.0.0.2>nothing, c2 10.0.0.2>nothing");
    CHECK(print_plan(dump, plan_of(dump)).find("Nothing is proposed for b: Subnet net-b") != std::string::npos);
  }
  SECTION("a gateway with replicas cannot be told an address, so it stays or needs another Subnet") {
    dump.subnets[0].cidrs = {cidr("10.0.0.0/24")};
    dump.gateways[0].replicas = 2;  // a
    dump.gateways.resize(2);
    std::erase_if(dump.holders, [](const Holder& holder) { return holder.name[0] == 'c'; });
    CHECK(show(dump, plan_of(dump)) == "b 10.0.0.2>10.255.0.0/28 10.255.0.2");
    dump.gateways[1].replicas = 2;
    CHECK(show(dump, plan_of(dump)) == "b 10.0.0.2>10.255.0.0/28 10.255.0.2");
    dump.subnets[1].cidrs = {cidr("10.0.0.0/24")};
    dump.gateways[1].replicas = 1;
    CHECK(show(dump, plan_of(dump)) == "b 10.0.0.2>10.0.0.3");
  }
}

TEST_CASE("gateways that nobody else meets stay, wherever they are") {
  Dump dump;
  dump.subnets = {subnet("net", "a", {cidr("10.0.0.0/24")}, {ip("10.0.0.1")}, {{ip("10.0.0.2"), ip("10.0.0.9")}})};
  add_gateway(dump, "excluded", "a", "net", ip("10.0.0.2"));  // people exclude the lanIp so that IPAM leaves it alone
  add_gateway(dump, "outside", "a", "net", ip("10.9.0.2"));
  add_gateway(dump, "unknown", "a", "no such net", ip("10.9.0.3"));
  add_gateway(dump, "waiting", "a", "net", ip("10.9.0.4"));
  dump.gateways.back().address.reset();
  dump = sorted(dump);
  CHECK(show(dump, plan_of(dump)) == "");
  CHECK(print_plan(dump, plan_of(dump)) == "");
}

TEST_CASE("the printed objects are the old ones with another lanIp") {
  Dump dump;
  for (const char* name : {"a", "b"}) {
    dump.subnets.push_back(subnet("net-"s + name, name, {cidr("10.0.0.0/24")}, {ip("10.0.0.1")}));
    add_gateway(dump, name, name, "net-"s + name, ip("10.0.0.2"));
  }
  dump.subnets.push_back(subnet("net-c", "c", {cidr("10.0.5.0/30")}, {ip("10.0.5.1")}));
  dump.subnets.push_back(subnet("nat-c", "x", {cidr("10.9.0.0/30")}, {ip("10.9.0.1")}));
  add_gateway(dump, "c", "c", "net-c", ip("10.0.5.2"));
  add_holder(dump, HolderKind::Pod, "p", ip("10.0.5.2"));
  dump.gateways[1].spec_json =
      R"({"vpc":"b","subnet":"net-b","lanIp":"10.0.0.2","externalSubnets":["ext"],"replicas":1,)"
      R"("selector":["kubernetes.io/os: linux","true"],"noDefaultEIP":false,"tolerations":[{"key":"a\n# b","operator":"Exists"}],"affinity":{}})";
  dump.gateways[2].external_subnets = {"ext"};
  dump.endpoints = {"kube-system/vpc-nat-gw-a-0"};
  dump = sorted(dump);
  const std::string text = print_plan(dump, plan_of(dump));
  CAPTURE(text);
  CHECK(text.substr(text.find("#\n# Subnet net-c")) == R"(#
# Subnet net-c of VPC c has no address that is free in the whole cluster.
# A Subnet of its own for NAT gateways; 10.255.0.0/28 overlaps nothing in the dump.
apiVersion: kubeovn.io/v1
kind: Subnet
metadata:
  name: nat-c-2
spec:
  vpc: c
  protocol: IPv4
  cidrBlock: "10.255.0.0/28"
  gateway: "10.255.0.1"
  excludeIps:
    - "10.255.0.1"
  provider: ovn
---
# c of VPC c: Subnet nat-c-2 instead of net-c, 10.255.0.2 instead of 10.0.5.2; its pod has no Cilium endpoint today: no outage
apiVersion: kubeovn.io/v1
kind: VpcNatGateway
metadata:
  name: c
spec:
  vpc: c
  subnet: nat-c-2
  externalSubnets:
    - ext
  lanIp: "10.255.0.2"
---
# b of VPC b: 10.0.0.3 instead of 10.0.0.2; its pod has no Cilium endpoint today: no outage
apiVersion: kubeovn.io/v1
kind: VpcNatGateway
metadata:
  name: b
spec:
  vpc: b
  subnet: net-b
  lanIp: "10.0.0.3"
  externalSubnets:
    - ext
  replicas: 1
  selector:
    - "kubernetes.io/os: linux"
    - "true"
  noDefaultEIP: false
  tolerations:
    - key: "a\n# b"
      operator: Exists
  affinity: {}
)");
  Sources sources;
  Diagnostics diagnostics;
  CHECK(yaml::read_documents(sources, sources.add("plan", text), diagnostics).size() == 3);
  CHECK(diagnostics.all().empty());
}

TEST_CASE("the samples: the gateways that work stay, and nothing is left of the conflict") {
  struct Case {
    const char *file, *plan;
  };
  // The endpoints of green and blue are both there, as they run on different nodes; the first one keeps the address.
  const std::vector<Case> cases = {
      {"two-gateways.yaml", "red-gw 10.0.1.2>10.0.1.3"},
      {"five-gateways.yaml", "gray-gw 10.0.1.2>10.0.1.5, green-gw 10.0.1.2>10.0.1.10, red-gw 10.0.1.2>10.0.1.6"}};
  for (const auto& [file, expected] : cases) {
    INFO(file);
    const std::string path = fmt::format("{}/samples/nat-gateway-conflict/{}", POLICYCONV_SOURCE_DIR, file);
    std::ifstream in(path, std::ios::binary);
    Sources sources;
    const std::vector<std::uint32_t> files = {sources.add(path, {std::istreambuf_iterator<char>(in), {}})};
    Diagnostics diagnostics;
    const Dump dump = read_dump(sources, files, diagnostics);
    CHECK(diagnostics.all().empty());
    const Conflicts conflicts = find_conflicts(dump);
    REQUIRE(conflicts.conflicts.size() == 1);
    CHECK(conflicts.conflicts[0].among_gateways(dump));
    const AddressPlan plan = plan_addresses(dump, conflicts);
    CHECK(show(dump, plan) == expected);
    check_plan(dump, plan);
    CHECK(find_conflicts(applied(dump, plan)).conflicts.empty());
    // The printed objects read as gateways with these addresses.
    const std::vector<std::uint32_t> printed = {sources.add("plan.yaml", print_plan(dump, plan))};
    const Dump planned = read_dump(sources, printed, diagnostics);
    REQUIRE(planned.gateways.size() == plan.moves.size());
    for (const Gateway& gateway : planned.gateways) {
      const auto move = std::find_if(plan.moves.begin(), plan.moves.end(),
                                     [&](const Move& one) { return dump.gateways[one.gateway].name == gateway.name; });
      REQUIRE(move != plan.moves.end());
      CHECK(gateway.address == move->to);
      CHECK(gateway.subnet == dump.gateways[move->gateway].subnet);
      CHECK(gateway.external_subnets == dump.gateways[move->gateway].external_subnets);
    }
  }
}

TEST_CASE("on small clusters no plan leaves fewer gateways without a place, or moves fewer") {
  Clusters clusters(5);
  std::vector<Address> universe;
  for (std::uint32_t i = 0; i < 32; ++i) universe.push_back(v4(ten + i));
  std::size_t moved = 0, full = 0, chains = 0;
  for (int round = 0; round < 4000; ++round) {
    const unsigned shortest = clusters.pick(2) == 0 ? 28 : 27;
    const Dump dump = clusters.make(1 + clusters.pick(4), 1 + clusters.pick(6), ten, shortest,
                                    clusters.pick(shortest == 28 ? 12 : 26));
    const AddressPlan plan = plan_of(dump);
    INFO("round " << round << ": " << show(dump, plan));
    const Optimum optimum(dump, universe);
    CHECK(optimum.best == std::pair(plan.full.size(), plan.moves.size()));
    check_plan(dump, plan);
    moved += plan.moves.size(), full += plan.full.size();
    std::set<Address> left;
    for (const Move& move : plan.moves) left.insert(move.from);
    chains += std::any_of(plan.moves.begin(), plan.moves.end(), [&](const Move& m) { return left.contains(m.to); });
  }
  // The clusters are tight enough to mean something.
  CHECK(moved > 2000);
  CHECK(full > 500);
  CHECK(chains > 10);
}

TEST_CASE("on large random clusters every plan keeps the rules") {
  Clusters clusters(7);
  for (int round = 0; round < 150; ++round) {
    INFO("round " << round);
    const Dump dump = clusters.make(1 + clusters.pick(50), 1 + clusters.pick(200), ten,
                                    20 + static_cast<unsigned>(clusters.pick(7)), clusters.pick(300));
    const AddressPlan plan = plan_of(dump);
    check_plan(dump, plan);
    Dump shuffled = dump;  // the order of Subnets means nothing
    std::reverse(shuffled.subnets.begin(), shuffled.subnets.end());
    CHECK(show(dump, plan) == show(shuffled, plan_of(shuffled)));
  }
}

TEST_CASE("500 VPCs with the same addresses, 2,000 Subnets and 50,000 IPs are planned at once") {
  Dump dump;
  for (std::uint32_t vpc = 0; vpc < 500; ++vpc)
    for (std::uint32_t i = 0; i < 4; ++i) {
      const std::string name = fmt::format("net-{:03}-{}", vpc, i);
      dump.subnets.push_back(subnet(name, fmt::format("vpc-{:03}", vpc),
                                    {Cidr{Family::V4, std::uint64_t{ten + (i << 16)} << 32, 0, 16}},
                                    {v4(ten + (i << 16) + 1)}));
      add_gateway(dump, "gw-" + name, fmt::format("vpc-{:03}", vpc), name, v4(ten + (i << 16) + 2));
    }
  for (std::uint32_t i = 0; i < 50000; ++i)  // every second address, so that nothing can be skipped as a range
    add_holder(dump, HolderKind::Pod, fmt::format("p{}", i), v4(ten + ((i % 4) << 16) + 4 + (i / 4) * 2));
  dump = sorted(dump);
  const Conflicts conflicts = find_conflicts(dump);
  const auto start = std::chrono::steady_clock::now();
  const AddressPlan plan = plan_addresses(dump, conflicts);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  WARN("planned in " << seconds << " s");
  CHECK(plan.moves.size() == 4 * 499);
  CHECK(plan.full.empty());
  CHECK(seconds < 3);
}
