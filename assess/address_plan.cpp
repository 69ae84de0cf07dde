// Entrance: plan_addresses(). Gateways and addresses are a matching. When several Subnets compete for few addresses,
// taking the next free one is not enough: it may be the only one for somebody else. So the plan starts with everybody
// who can keep an address (which costs nothing), and adds one gateway at a time along the cheapest augmenting path,
// where taking a new address costs one. The matching is then the largest possible, and of the largest ones one with the
// fewest moves.
#include "assess/address_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "assess/free_addresses.h"

namespace policyconv::assess {
namespace {

/// The gateways that cannot stay, because something that is no gateway holds the address too. A Vip or IP of the
/// gateway's own VPC is none: within a VPC an address has one owner, so it is the gateway's reservation.
std::set<std::size_t> evicted_gateways(const Dump& dump, const Conflicts& conflicts) {
  const std::vector<std::optional<std::size_t>> gateways = gateways_of_holders(dump);
  std::set<std::size_t> evicted;
  for (const Conflict& conflict : conflicts.conflicts)
    for (const std::size_t other : conflict.holders) {
      if (gateways[other]) continue;
      for (const std::size_t i : conflict.holders) {
        const bool apart = dump.holders[other].has_endpoint || dump.holders[other].vpc != dump.holders[i].vpc;
        if (gateways[i] && apart) evicted.insert(*gateways[i]);
      }
    }
  return evicted;
}

class Seating {
 public:
  Seating(const Dump& dump, const Conflicts& conflicts)
      : dump_(dump),
        occupied_(occupied_addresses(dump)),
        evicted_(evicted_gateways(dump, conflicts)),
        seats_(dump.gateways.size()) {
    for (std::size_t i = 0; i < dump.subnets.size(); ++i) subnets_.emplace(dump.subnets[i].name, i);
  }

  void solve() {
    keep();
    // A path never costs less than one, because all addresses that somebody can keep are kept from the start; so where
    // there is a free address, taking it is a cheapest path.
    while (take_free_addresses() || rearrange()) {
    }
  }
  [[nodiscard]] const std::vector<std::optional<Address>>& seats() const { return seats_; }

 private:
  const Dump& dump_;
  Occupied occupied_;
  std::set<std::size_t> evicted_;
  std::map<std::string_view, std::size_t> subnets_;
  std::map<std::pair<std::size_t, Family>, std::vector<Address>> free_;
  std::vector<std::optional<Address>> seats_;  // by gateway
  std::map<Address, std::size_t> sitting_;     // the gateway on an address

  [[nodiscard]] bool waits(std::size_t gateway) const { return dump_.gateways[gateway].address && !seats_[gateway]; }
  [[nodiscard]] int cost(std::size_t gateway, const Address& address) const {
    return dump_.gateways[gateway].address == address ? 0 : 1;
  }

  void sit(std::size_t gateway, const Address& address) {
    seats_[gateway] = address;
    sitting_[address] = gateway;
  }

  // Of those that share an address, who has an endpoint works today; the others were refused and lose nothing.
  void keep() {
    for (const bool with_endpoint : {true, false})
      for (std::size_t i = 0; i < seats_.size(); ++i) {
        const Gateway& gateway = dump_.gateways[i];
        if (!gateway.address || evicted_.contains(i) || sitting_.contains(*gateway.address)) continue;
        const bool has = dump_.endpoints.contains(fmt::format("{}/vpc-nat-gw-{}-0", gateway.ns, gateway.name));
        if (has == with_endpoint) sit(i, *gateway.address);
      }
  }

  /// Where a gateway may move to; addresses on which other gateways sit included.
  const std::vector<Address>& offers(std::size_t index) {
    static const std::vector<Address> none;
    const Gateway& gateway = dump_.gateways[index];
    const auto subnet = subnets_.find(gateway.subnet);
    if (gateway.replicas > 1 || subnet == subnets_.end()) return none;
    const Family family = gateway.address->family;
    const auto [found, is_new] = free_.try_emplace({subnet->second, family});
    // With as many addresses as there are gateways nobody can be left without one, so that more need not be listed.
    if (is_new) found->second = free_addresses(dump_.subnets[subnet->second], family, occupied_, seats_.size());
    return found->second;
  }

  bool take_free_addresses() {
    bool any = false;
    for (std::size_t i = 0; i < seats_.size(); ++i) {
      if (!waits(i)) continue;
      const std::vector<Address>& list = offers(i);
      const auto free = std::find_if(list.begin(), list.end(), [&](const Address& a) { return !sitting_.contains(a); });
      if (free == list.end()) continue;
      sit(i, *free);
      any = true;
    }
    return any;
  }

  /// Calls use(address) for everything the gateway could sit on but does not.
  template <typename Use>
  void for_each_other_seat(std::size_t gateway, const Use& use) {
    const std::optional<Address>& own = dump_.gateways[gateway].address;
    if (seats_[gateway] != own && !evicted_.contains(gateway)) use(*own);
    for (const Address& address : offers(gateway))
      if (seats_[gateway] != address && own != address) use(address);
  }

  /// Seats one more gateway by moving others along the cheapest path; false if there is none.
  bool rearrange() {
    struct Step {
      int cost = std::numeric_limits<int>::max();
      std::size_t from = 0;  // the gateway that takes this one's seat
      bool waits = false, queued = false;
    };
    std::vector<Step> steps(seats_.size());
    std::deque<std::size_t> queue;
    for (std::size_t i = 0; i < seats_.size(); ++i)
      if (waits(i)) {
        steps[i] = {.cost = 0, .from = i, .waits = true, .queued = true};
        queue.push_back(i);
      }
    // Bellman and Ford: giving up a new seat costs minus one. No cycle is negative, or what is there were not optimal.
    while (!queue.empty()) {
      const std::size_t taker = queue.front();
      queue.pop_front();
      steps[taker].queued = false;
      for_each_other_seat(taker, [&](const Address& address) {
        const auto sitting = sitting_.find(address);
        if (sitting == sitting_.end()) return;
        Step& step = steps[sitting->second];
        const int total = steps[taker].cost + cost(taker, address) - cost(sitting->second, address);
        if (total >= step.cost) return;
        step.cost = total;
        step.from = taker;
        if (!std::exchange(step.queued, true)) queue.push_back(sitting->second);
      });
    }
    int best = std::numeric_limits<int>::max();
    std::optional<std::pair<std::size_t, Address>> end;
    for (std::size_t i = 0; i < seats_.size(); ++i) {
      if (steps[i].cost >= best) continue;
      for_each_other_seat(i, [&](const Address& address) {
        if (sitting_.contains(address) || steps[i].cost + cost(i, address) >= best) return;
        best = steps[i].cost + cost(i, address);
        end = {i, address};
      });
    }
    if (!end) return false;
    for (auto [gateway, seat] = *end;;) {
      const std::optional<Address> left = seats_[gateway];
      sit(gateway, seat);
      if (steps[gateway].waits) return true;
      seat = *left;
      gateway = steps[gateway].from;
    }
  }
};

// --- Subnets for gateways that their own Subnet cannot take ----------------------------------------------------------

/// Every range that the dump speaks of.
std::vector<Cidr> known_ranges(const Dump& dump) {
  std::vector<Cidr> ranges = dump.service_cidrs;
  for (const DumpSubnet& subnet : dump.subnets) {
    ranges.insert(ranges.end(), subnet.cidrs.begin(), subnet.cidrs.end());
    for (const Address& gateway : subnet.gateways) ranges.push_back(host_cidr(gateway));
  }
  for (const DumpNode& node : dump.nodes) {
    ranges.insert(ranges.end(), node.pod_cidrs.begin(), node.pod_cidrs.end());
    for (const Address& address : node.addresses) ranges.push_back(host_cidr(address));
  }
  for (const Holder& holder : dump.holders) ranges.push_back(host_cidr(holder.address));
  for (const Gateway& gateway : dump.gateways)
    if (gateway.address) ranges.push_back(host_cidr(*gateway.address));
  return minimal_cover(std::move(ranges));
}

/// A private prefix with room for that many addresses besides network, gateway and broadcast.
std::optional<Cidr> unused_prefix(Family family, std::size_t addresses, const std::vector<Cidr>& used) {
  // First what defaults of Kubernetes, Kube-OVN and Docker leave alone, so that ranges the dump does not show are
  // unlikely.
  constexpr std::array pools_v4{"10.255.0.0/16", "192.168.255.0/24", "10.0.0.0/8",
                                "172.16.0.0/12", "192.168.0.0/16",   "100.64.0.0/10"};
  constexpr std::array pools_v6{"fdff:ffff:ffff::/48", "fd00::/8"};
  std::uint8_t open = family == Family::V4 ? 4 : 16;
  while (open < 31 && (std::size_t{1} << open) < addresses + 3) ++open;
  const auto length = static_cast<std::uint8_t>(address_bits(family) - open);
  const auto in = [&](std::string_view pool) -> std::optional<Cidr> {
    for (Cidr free : subtract(*parse_cidr(pool), used)) {
      if (free.length > length) continue;
      free.length = length;
      return free;
    }
    return std::nullopt;
  };
  std::optional<Cidr> found;
  if (family == Family::V4) {
    for (const char* pool : pools_v4)
      if (!found) found = in(pool);
  } else {
    for (const char* pool : pools_v6)
      if (!found) found = in(pool);
  }
  return found;
}

std::vector<AddressPlan::Full> propose_subnets(const Dump& dump, const std::vector<std::size_t>& gateways) {
  std::map<std::pair<std::string_view, Family>, std::vector<std::size_t>> by_vpc;
  for (const std::size_t i : gateways) by_vpc[{dump.gateways[i].vpc, dump.gateways[i].address->family}].push_back(i);
  std::vector<AddressPlan::Full> full;
  std::vector<Cidr> used;
  if (!by_vpc.empty()) used = known_ranges(dump);
  for (const auto& [place, members] : by_vpc) {
    std::size_t addresses = 0;
    const auto pods = [&](std::size_t i) {
      return static_cast<std::size_t>(std::clamp(dump.gateways[i].replicas, 1, 64));
    };
    for (const std::size_t i : members) addresses += pods(i);
    const std::optional<Cidr> subnet = unused_prefix(place.second, addresses, used);
    Address to{};
    if (subnet) {
      used.push_back(*subnet);
      to = *address_after(*address_after(first_address(*subnet)));
    }
    for (const std::size_t i : members) {
      full.push_back({i, subnet, to});
      for (std::size_t pod = 0; subnet && pod < pods(i); ++pod) to = *address_after(to);
    }
  }
  std::sort(full.begin(), full.end(), [](const auto& a, const auto& b) { return a.gateway < b.gateway; });
  return full;
}

}  // namespace

AddressPlan plan_addresses(const Dump& dump, const Conflicts& conflicts) {
  Seating seating(dump, conflicts);
  seating.solve();
  AddressPlan plan;
  std::vector<std::size_t> full;
  for (std::size_t i = 0; i < dump.gateways.size(); ++i) {
    const std::optional<Address>&from = dump.gateways[i].address, &to = seating.seats()[i];
    if (!from) continue;
    if (!to)
      full.push_back(i);
    else if (*to != *from)
      plan.moves.push_back({i, *from, *to});
  }
  plan.full = propose_subnets(dump, full);
  return plan;
}

}  // namespace policyconv::assess
