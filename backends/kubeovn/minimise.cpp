#include "backends/kubeovn/minimise.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "backends/kubeovn/rule_order.h"

namespace policyconv::kubeovn {
namespace {

using Origins = std::vector<RuleId>;

struct Ports {
  ir::PortRange range;  // the widest one for protocols that have no ports
  Origins origins;
};
using Traffic = std::map<SgProtocol, std::vector<Ports>>;

struct Key {  // of a band: one verdict, one priority
  int priority;
  Family family;
  std::string band;
  Verdict policy;
  auto operator<=>(const Key&) const = default;
};

void add(Origins& into, const Origins& more) {
  Origins all;
  std::set_union(into.begin(), into.end(), more.begin(), more.end(), std::back_inserter(all));
  into = std::move(all);
}

/// Joins ranges that overlap or touch; sorted afterwards.
void join(std::vector<Ports>& list) {
  std::sort(list.begin(), list.end(), [](const Ports& a, const Ports& b) { return a.range < b.range; });
  std::vector<Ports> joined;
  for (Ports& next : list) {
    if (!joined.empty() && next.range.first <= static_cast<unsigned>(joined.back().range.last) + 1) {
      joined.back().range.last = std::max(joined.back().range.last, next.range.last);
      add(joined.back().origins, next.origins);
    } else {
      joined.push_back(std::move(next));
    }
  }
  list = std::move(joined);
}

/// The part of `traffic` that says all of this; nullptr if none does.
Ports* covering(Traffic& traffic, SgProtocol protocol, const ir::PortRange& range) {
  if (const auto all = traffic.find(SgProtocol::All); all != traffic.end()) return &all->second.front();
  const auto same = traffic.find(protocol);
  if (same == traffic.end()) return nullptr;
  const auto wide = std::find_if(same->second.begin(), same->second.end(), [&](const Ports& each) {
    return each.range.first <= range.first && range.last <= each.range.last;
  });
  return wide == same->second.end() ? nullptr : &*wide;
}

/// Takes out of `inner` what `outer`, which has all its addresses, says already, and notes the origins there.
void take_covered(Traffic& inner, Traffic& outer) {
  for (auto& [protocol, list] : inner)
    std::erase_if(list, [&, of = protocol](const Ports& ports) {
      Ports* wide = covering(outer, of, ports.range);
      if (wide != nullptr) add(wide->origins, ports.origins);
      return wide != nullptr;
    });
  std::erase_if(inner, [](const auto& each) { return each.second.empty(); });
}

/// One range instead of several that touch, and nothing beside a rule for every protocol.
void settle(Traffic& traffic) {
  for (auto& [protocol, list] : traffic) join(list);
  auto all = traffic.extract(SgProtocol::All);
  if (all.empty()) return;
  Traffic everything;
  everything.insert(std::move(all));
  take_covered(traffic, everything);
  traffic = std::move(everything);
}

class Band {
 public:
  explicit Band(const Key& key) : key_(key) {}

  void add(const SgRule& rule) {
    const auto* cidr = std::get_if<Cidr>(&rule.remote);
    Traffic& traffic = cidr ? by_address_[*cidr] : by_group_[std::get<SgName>(rule.remote)];
    traffic[rule.protocol].push_back({rule.ports.value_or(ir::PortRange()), rule.origins});
  }

  void emit(std::vector<SgRule>& into) {
    for (auto& [group, traffic] : by_group_) {
      settle(traffic);
      for (auto& [protocol, list] : traffic)
        for (Ports& ports : list) push(into, protocol, ports.range, group, std::move(ports.origins));
    }
    for (auto& [cidr, traffic] : by_address_) settle(traffic);
    take_covered_addresses();
    cover_addresses(into);
  }

 private:
  /// A prefix comes before everything it contains, so those around the present one are a stack, the nearest on top.
  void take_covered_addresses() {
    std::vector<std::pair<const Cidr*, Traffic*>> around;
    for (auto& [cidr, traffic] : by_address_) {
      while (!around.empty() && !contains(*around.back().first, cidr)) around.pop_back();
      for (auto outer = around.rbegin(); outer != around.rend(); ++outer) take_covered(traffic, *outer->second);
      around.emplace_back(&cidr, &traffic);
    }
  }

  /// For each kind of packets the smallest list of prefixes.
  void cover_addresses(std::vector<SgRule>& into) {
    std::map<std::pair<SgProtocol, ir::PortRange>, std::map<Cidr, Origins>> by_traffic;
    for (auto& [cidr, traffic] : by_address_)
      for (auto& [protocol, list] : traffic)
        for (Ports& ports : list) by_traffic[{protocol, ports.range}][cidr] = std::move(ports.origins);
    for (const auto& [said, addresses] : by_traffic) {
      std::vector<Cidr> cidrs;
      for (const auto& [cidr, origins] : addresses) cidrs.push_back(cidr);
      for (const Cidr& cidr : minimal_cover(std::move(cidrs))) {
        Origins origins;
        // Ordered by address, then length: what `cidr` contains stands together.
        for (auto at = addresses.lower_bound({cidr.family, cidr.hi, cidr.lo, 0}); at != addresses.end() && overlaps(cidr, at->first); ++at)
          kubeovn::add(origins, at->second);
        push(into, said.first, said.second, cidr, std::move(origins));
      }
    }
  }

  template <typename Remote>
  void push(std::vector<SgRule>& into, SgProtocol protocol, const ir::PortRange& ports, const Remote& remote,
            Origins origins) const {
    SgRule rule;
    rule.priority = key_.priority;
    rule.policy = key_.policy;
    rule.family = key_.family;
    rule.protocol = protocol;
    if (protocol == SgProtocol::Tcp || protocol == SgProtocol::Udp) rule.ports = ports;
    rule.remote = remote;
    rule.origins = std::move(origins);
    rule.band = key_.band;
    into.push_back(std::move(rule));
  }

  const Key& key_;
  std::map<Cidr, Traffic> by_address_;
  std::map<SgName, Traffic> by_group_;
};

std::vector<SgRule> fewer(const std::vector<SgRule>& rules) {
  std::map<Key, std::vector<const SgRule*>> bands;
  for (const SgRule& rule : rules) bands[{rule.priority, rule.family, rule.band, rule.policy}].push_back(&rule);
  std::vector<SgRule> result;
  for (const auto& [key, members] : bands) {
    Band band(key);
    for (const SgRule* rule : members) band.add(*rule);
    band.emit(result);
  }
  return result;
}

}  // namespace

std::size_t minimise(std::vector<SgRule>& rules) {
  const std::size_t before = rules.size();
  // A prefix that two have become may cover a third.
  for (std::size_t last = before + 1; rules.size() > 1 && rules.size() < last;) {
    last = rules.size();
    rules = fewer(rules);
  }
  sort_rules(rules);
  return before - rules.size();
}

}  // namespace policyconv::kubeovn
