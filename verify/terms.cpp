// Entrance: Naming::describe(). Each kind of end has its own way of being summed up.
#include "verify/terms.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "verify/pod_terms.h"

namespace policyconv::verify {
namespace {

using Texts = std::vector<std::string>;

void append(Texts& texts, Texts more) {
  texts.insert(texts.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// --- nodes -----------------------------------------------------------------------------------------------------------

using NodeAddresses = std::map<std::size_t, std::set<Address>>;

enum class Role : std::uint8_t { Internal, External, Join, Dns };
constexpr std::array<std::string_view, 4> role_names{"InternalIP", "ExternalIP", "join address", "NodeLocal DNS"};

Role role_of(const Node& node, const Address& address) {
  const auto in = [&](const std::vector<Address>& all) { return std::find(all.begin(), all.end(), address) != all.end(); };
  return in(node.internal) ? Role::Internal : in(node.external) ? Role::External : in(node.join) ? Role::Join : Role::Dns;
}

NodeAddresses addresses_of(const std::vector<const EndClass*>& classes, EndKind kind, const std::set<Family>& families) {
  NodeAddresses found;
  for (const EndClass* each : classes)
    if (each->kind == kind)
      for (const NodeEnd& node : each->nodes)
        if (node.address && families.count(node.address->family) > 0) found[node.node].insert(*node.address);
  return found;
}

/// `chosen` is part of `all`: addresses of the families that are talked about.
Texts node_terms(const Cluster& cluster, const NodeAddresses& chosen, const NodeAddresses& all, std::string_view suffix) {
  if (chosen.empty()) return {};
  if (chosen == all) return {fmt::format("node:*{}", suffix)};
  std::set<Role> whole;  // chosen on every node that has such an address
  for (const auto& [node, addresses] : all)
    for (const Address& address : addresses) whole.insert(role_of(cluster.nodes[node], address));
  for (const auto& [node, addresses] : all) {
    const auto own = chosen.find(node);
    for (const Address& address : addresses)
      if (own == chosen.end() || own->second.count(address) == 0) whole.erase(role_of(cluster.nodes[node], address));
  }
  Texts texts;
  for (const Role role : whole)
    texts.push_back(fmt::format("node:* {}{}", role_names[static_cast<std::size_t>(role)], suffix));
  for (const auto& [node, addresses] : chosen) {
    const Node& about = cluster.nodes[node];
    const bool is_more = std::any_of(addresses.begin(), addresses.end(), [&](const Address& address) {
      return whole.count(role_of(about, address)) == 0;
    });
    if (is_more && addresses == all.at(node)) {
      texts.push_back(fmt::format("node:{}{}", about.name, suffix));
    } else if (is_more) {
      for (const Address& address : addresses)
        if (whole.count(role_of(about, address)) == 0)
          texts.push_back(fmt::format("node:{}/{}{}", about.name, to_string(address), suffix));
    }
  }
  return texts;
}

Texts node_terms(const Cluster& cluster, const std::vector<const EndClass*>& classes,
                 const std::vector<const EndClass*>& all) {
  std::set<Family> families;  // what is only said of one family is not incomplete because of the other
  for (const EndClass* each : classes)
    for (const NodeEnd& node : each->nodes)
      if (node.address) families.insert(node.address->family);
  const auto own = addresses_of(classes, EndKind::OwnNode, families);
  const auto other = addresses_of(classes, EndKind::OtherNode, families);
  const auto all_own = addresses_of(all, EndKind::OwnNode, families);
  const auto all_other = addresses_of(all, EndKind::OtherNode, families);
  if (own == other || (own == all_own && other == all_other)) return node_terms(cluster, own, all_own, "");
  Texts texts = node_terms(cluster, own, all_own, " (own)");
  append(texts, node_terms(cluster, other, all_other, " (others)"));
  return texts;
}

// --- outside ---------------------------------------------------------------------------------------------------------

bool is_multicast(const Cidr& cidr) {
  static const std::array ranges{*parse_cidr("224.0.0.0/4"), *parse_cidr("255.255.255.255/32"), *parse_cidr("ff00::/8")};
  return std::any_of(ranges.begin(), ranges.end(), [&](const Cidr& range) { return contains(range, cidr); });
}

std::string range_text(const Cidr& cidr) {
  const bool is_single = cidr.length == address_bits(cidr.family);
  return is_single ? "ip:" + to_string(first_address(cidr)) : "cidr:" + to_string(cidr);
}

/// A prefix and what of it is not meant.
struct Range {
  Cidr whole;
  std::vector<Cidr> except = {};
};

std::string text(const Range& range) {
  constexpr std::size_t most = 8;
  if (range.except.empty()) return range_text(range.whole);
  Texts shown;
  for (std::size_t i = 0; i < std::min(most, range.except.size()); ++i) shown.push_back(to_string(range.except[i]));
  const std::size_t more = range.except.size() - shown.size();
  return fmt::format("{} except {}{}", range_text(range.whole), fmt::join(shown, ", "),
                     more == 0 ? "" : fmt::format(" and {} more", more));
}

/// Classes lie in each other like their prefixes. Walking down, a class of the set below one that is not opens a range,
/// and a class that is not, below one that is, is an exception of that range. What lies between and is no class at all
/// belongs to the cluster, and needs no exception.
Texts outside_terms(const std::vector<const EndClass*>& all, const std::set<const EndClass*>& chosen, Side side) {
  std::vector<const EndClass*> sorted;
  for (const EndClass* each : all)
    if (each->kind == EndKind::Outside && (side == Side::To || !is_multicast(each->within))) sorted.push_back(each);
  const auto place = [](const EndClass* each) {
    return std::tuple(each->within.family, each->within.hi, each->within.lo, each->within.length);
  };
  std::sort(sorted.begin(), sorted.end(), [&](const EndClass* a, const EndClass* b) { return place(a) < place(b); });

  struct Above {
    Cidr within;
    bool is_in = false;
    std::size_t range = 0;
  };
  std::vector<Above> above;
  std::vector<Range> ranges;
  for (const EndClass* each : sorted) {
    while (!above.empty() && !contains(above.back().within, each->within)) above.pop_back();
    const bool is_in = chosen.count(each) > 0, was_in = !above.empty() && above.back().is_in;
    Above here{each->within, is_in, was_in ? above.back().range : 0};
    if (is_in && !was_in) {
      here.range = ranges.size();
      ranges.push_back({each->within});
    } else if (!is_in && was_in) {
      ranges[here.range].except.push_back(each->within);
    }
    above.push_back(here);
  }

  std::vector<Cidr> plain;
  Texts with_exceptions;
  for (const Range& range : ranges)
    if (range.except.empty()) plain.push_back(range.whole);
    else with_exceptions.push_back(text(range));
  Texts texts;
  plain = minimal_cover(std::move(plain));
  if (plain == std::vector{whole(Family::V4), whole(Family::V6)}) texts.push_back("entity:world");
  else
    for (const Cidr& each : plain) texts.push_back(range_text(each));
  append(texts, std::move(with_exceptions));
  return texts;
}

}  // namespace

struct Naming::Prepared {
  const Cluster& cluster;
  PodTerms pods;
};

Naming::Naming(const Cluster& cluster, const std::vector<std::size_t>& future)
    : prepared_(new Prepared{cluster, {cluster, future}}) {}
Naming::~Naming() = default;

Texts Naming::describe(const std::vector<std::size_t>& ends, const std::vector<EndClass>& all, Side side) const {
  const Cluster& cluster = prepared_->cluster;
  std::vector<std::size_t> pods;
  std::vector<const EndClass*> nodes;
  std::set<const EndClass*> outside;
  Texts services;
  for (const std::size_t end : ends) switch (all[end].kind) {
      case EndKind::Pods:
        pods.insert(pods.end(), all[end].pods.begin(), all[end].pods.end());
        break;
      case EndKind::OwnNode:
      case EndKind::OtherNode:
        nodes.push_back(&all[end]);
        break;
      case EndKind::Outside:
        outside.insert(&all[end]);
        break;
      case EndKind::Service:
        for (const std::size_t i : all[end].services)
          services.push_back(fmt::format("svc:{}/{}", cluster.services[i].ns, cluster.services[i].name));
        break;
    }
  std::sort(services.begin(), services.end());
  services.erase(std::unique(services.begin(), services.end()), services.end());

  Texts texts;
  if (!pods.empty()) texts = prepared_->pods.describe(pods);
  std::vector<const EndClass*> everything;
  if (!nodes.empty() || !outside.empty())
    for (const EndClass& each : all) everything.push_back(&each);
  if (!nodes.empty()) append(texts, node_terms(cluster, nodes, everything));
  append(texts, std::move(services));
  if (!outside.empty()) append(texts, outside_terms(everything, outside, side));
  return texts;
}

}  // namespace policyconv::verify
