// Entrance: compare_northbound(). The rows are made as the controller makes them (K§2.1-K§2.3), in its words, since OVN
// keeps the text of a match as it was given.
#include "plan/drift_northbound.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "backends/kubeovn/ownership.h"
#include "yaml/text.h"

namespace policyconv::plan {
namespace {

using kubeovn::ApiRule;
using kubeovn::Release;

constexpr std::string_view deny_all = "ovn.sg.kubeovn_deny_all";
constexpr int base_priority = 2005, same_group_priority = 2004;

/// A row that must be there.
struct Row {
  std::string direction, match, action;
  std::int64_t priority = 0, tier = 0;
};

std::string_view lport(Direction direction) {
  return direction == Direction::Ingress ? "to-lport" : "from-lport";
}

/// "outport == @ovn.sg.web"
std::string scope(const std::string& port_group, Direction direction) {
  return fmt::format("{} == @{}", direction == Direction::Ingress ? "outport" : "inport", port_group);
}

/// newSgRuleACL (K§2.2).
std::string match_of(const ApiRule& rule, const std::string& port_group) {
  const bool in = rule.direction == Direction::Ingress, v6 = rule.ip_version == "ipv6";
  const std::string_view ip = v6 ? "ip6" : "ip4", remote_field = in ? "src" : "dst", local_field = in ? "dst" : "src";
  const std::string remote = rule.remote_type == "securityGroup"
                                 ? "$" + kubeovn::address_set_name(rule.remote_group, v6 ? Family::V6 : Family::V4)
                                 : rule.remote_address;
  std::string match =
      fmt::format("{} && {} && {}.{} == {}", scope(port_group, rule.direction), ip, ip, remote_field, remote);
  if (!rule.local_address.empty()) match += fmt::format(" && {}.{} == {}", ip, local_field, rule.local_address);
  if (rule.protocol == "icmp") match += v6 ? " && icmp6" : " && icmp4";
  if (rule.protocol != "tcp" && rule.protocol != "udp") return match;
  match += fmt::format(" && {} <= {}.dst <= {}", rule.port_min, rule.protocol, rule.port_max);
  if (!rule.local_address.empty())
    match += fmt::format(" && {} <= {}.src <= {}", rule.source_min, rule.protocol, rule.source_max);
  return match;
}

std::string action_of(const ApiRule& rule, const Release& release) {
  if (rule.policy == "allow") return "allow-related";
  return rule.policy == "pass" && release.minor >= 16 ? "pass" : "drop";
}

/// K§2.3. v1.12 gives both directions as to-lport ones (K§1.2), so that there they are not asked for.
void add_base(const std::string& port_group, Direction direction, const Release& release, std::vector<Row>& rows) {
  if (release.minor <= 12) return;
  const bool in = direction == Direction::Ingress;
  const std::string matches[] = {
      "arp", fmt::format("icmp6.type == {{130, {}, 135, 136}} && icmp6.code == 0 && ip.ttl == 255", in ? 134 : 133),
      fmt::format("udp.src == {} && udp.dst == {} && ip4", in ? 67 : 68, in ? 68 : 67),
      fmt::format("udp.src == {} && udp.dst == {} && ip6", in ? 547 : 546, in ? 546 : 547), "ip.proto == 112"};
  for (const std::string& match : matches)
    for (const int tier : {2, 3})
      if (tier == 2 || release.minor >= 16)
        rows.push_back({std::string(lport(direction)), fmt::format("{} && {}", scope(port_group, direction), match),
                        "allow-related", base_priority, tier});
}

std::vector<Row> rows_of(const WrittenGroup& group, const Release& release) {
  const std::string port_group = kubeovn::port_group_name(group.name);
  const std::int64_t tier = 2 + group.tier;
  std::vector<Row> rows;
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    const bool in = direction == Direction::Ingress;
    for (const ApiRule& rule : in ? group.ingress : group.egress)
      rows.push_back({std::string(lport(direction)), match_of(rule, port_group), action_of(rule, release),
                      release.base() - rule.priority, tier});
    if (group.allow_same_group)
      for (const Family family : {Family::V4, Family::V6}) {
        const std::string_view ip = family == Family::V4 ? "ip4" : "ip6";
        rows.push_back({std::string(lport(direction)),
                        fmt::format("{} && {} && {}.{} == ${}", scope(port_group, direction), ip, ip,
                                    in ? "src" : "dst", kubeovn::address_set_name(group.name, family)),
                        "allow-related", same_group_priority, tier});
      }
    add_base(port_group, direction, release, rows);
  }
  return rows;
}

class Comparer {
 public:
  Comparer(const Comparison& between, const Northbound& northbound, Diagnostics& diagnostics)
      : between_(between), northbound_(northbound), diagnostics_(diagnostics) {
    find_groups();
    find_members();
    if (northbound_.acls) find_rows();
  }

  void compare() {
    for (const WrittenGroup* group : groups_) {
      const std::string name = kubeovn::port_group_name(group->name);
      if (!compare_port_group(name, members_[group->name].pods)) continue;
      if (northbound_.acls) compare_acls(name, rows_of(*group, between_.meant.release), true);
      compare_addresses(*group);
    }
    if (!groups_.empty()) compare_port_group(std::string(deny_all), bound_pods_);
    if (northbound_.acls) compare_subnets();
  }

 private:
  struct Members {
    std::size_t pods = 0;
    std::set<Address> addresses;
  };

  void find_groups() {
    for (const auto& [name, emitted] : between_.emitted.groups)
      if (const auto at = between_.live.groups.find(name); at != between_.live.groups.end())
        groups_.push_back(&at->second);
  }

  /// Pods whose annotation names a group that exists; others have no part in port groups (K§3.4).
  void find_members() {
    for (const Pod& pod : between_.cluster.pods) {
      if (!is_endpoint(pod) || pod.addresses.empty()) continue;
      const std::string provider = provider_of(pod);
      const auto annotation = pod.annotations.find(kubeovn::annotation_of(provider));
      if (annotation == pod.annotations.end()) continue;
      bool is_bound = false;
      for (const std::string& group : kubeovn::groups_in(annotation->second)) {
        if (!between_.live.groups.contains(group)) continue;
        is_bound = true;
        Members& members = members_[group];
        ++members.pods;
        if (provider == "ovn") members.addresses.insert(pod.addresses.begin(), pod.addresses.end());
      }
      bound_pods_ += is_bound;
    }
  }

  /// By owner: the port group that lists the row, else what the row says of itself, else the port group of its match.
  void find_rows() {
    std::map<std::string_view, std::string_view> listed;
    if (northbound_.port_groups)
      for (const auto& [name, group] : *northbound_.port_groups)
        for (const std::string& uuid : group.acls) listed.emplace(uuid, name);
    for (const NorthboundAcl& acl : *northbound_.acls) {
      const auto at = listed.find(acl.uuid);
      rows_[std::string(at != listed.end() ? at->second : owner_of(acl))].push_back(&acl);
    }
  }

  static std::string_view owner_of(const NorthboundAcl& acl) {
    if (!acl.parent.empty()) return acl.parent;
    const std::size_t from = acl.match.find("port == @");
    if (from == acl.match.npos) return {};
    const std::string_view name = std::string_view(acl.match).substr(from + 9);
    return name.substr(0, std::min(name.find_first_of(" &|)"), name.size()));
  }

  /// False if it is not there, and so nothing of it.
  bool compare_port_group(const std::string& name, std::size_t pods) {
    if (!northbound_.port_groups) return true;
    const auto at = northbound_.port_groups->find(name);
    if (at == northbound_.port_groups->end()) {
      diagnostics_.report<Kind::NorthboundMissing>(file_of_groups(),
                                                   fmt::format("port group `{}`", yaml::excerpt(name)));
      return false;
    }
    if (at->second.ports < pods)
      diagnostics_.report<Kind::NorthboundLacks>({at->second.file, 0, 0},
                                                 fmt::format("port group `{}`", yaml::excerpt(name)), "ports",
                                                 fmt::format("it has {}, and {} carry it", at->second.ports, pods));
    return true;
  }

  [[nodiscard]] Loc file_of_groups() const {
    const auto& groups = *northbound_.port_groups;
    return {groups.empty() ? 0 : groups.begin()->second.file, 0, 0};
  }

  void compare_addresses(const WrittenGroup& group) {
    if (!northbound_.address_sets) return;
    for (const Family family : {Family::V4, Family::V6}) {
      const std::string name = kubeovn::address_set_name(group.name, family),
                        title = fmt::format("address set `{}`", yaml::excerpt(name));
      const auto at = northbound_.address_sets->find(name);
      if (at == northbound_.address_sets->end()) {
        const auto& sets = *northbound_.address_sets;
        diagnostics_.report<Kind::NorthboundMissing>({sets.empty() ? 0 : sets.begin()->second.file, 0, 0}, title);
        continue;
      }
      std::vector<std::string> lacking;
      for (const Address& address : members_[group.name].addresses)
        if (address.family == family && !at->second.addresses.contains(to_string(address)))
          lacking.push_back(to_string(address));
      if (!lacking.empty())
        diagnostics_.report<Kind::NorthboundLacks>({at->second.file, 0, 0}, title, "addresses", shortened(lacking));
    }
  }

  static std::string shortened(const std::vector<std::string>& all) {
    constexpr std::size_t most = 5;
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
    std::string text = fmt::format("{}", fmt::join(all.begin(), end, ", "));
    if (all.size() > most) text += fmt::format(" and {} more", all.size() - most);
    return text;
  }

  void compare_acls(const std::string& owner, const std::vector<Row>& wanted, bool all_ours) {
    std::vector<const NorthboundAcl*> present = rows_[owner];
    std::vector<const Row*> lacking;
    const auto take = [&](const auto& fits) -> const NorthboundAcl* {
      const auto at = std::find_if(present.begin(), present.end(), fits);
      if (at == present.end()) return nullptr;
      const NorthboundAcl* found = *at;
      present.erase(at);
      return found;
    };
    const auto is_about = [](const Row& row, const NorthboundAcl& acl) {
      return acl.direction == row.direction && acl.match == row.match;
    };
    for (const Row& row : wanted)
      if (take([&](const NorthboundAcl* acl) { return is_about(row, *acl) && values(*acl) == values(row, *acl); }) ==
          nullptr)
        lacking.push_back(&row);
    for (const Row* row : lacking) {
      const std::string title = fmt::format("ACL {} `{}`", row->direction, yaml::excerpt(row->match));
      if (const NorthboundAcl* other = take([&](const NorthboundAcl* acl) { return is_about(*row, *acl); }))
        diagnostics_.report<Kind::NorthboundEdited>({other->file, 0, 0}, title, values(*other), values(*row, *other));
      else
        diagnostics_.report<Kind::NorthboundMissing>(
            file_of_acls(), fmt::format("{} with priority {} and action {}", title, row->priority, row->action));
    }
    const bool shifted_base = between_.meant.release.minor <= 12;
    for (const NorthboundAcl* acl : present)
      if (all_ours && !(shifted_base && acl->priority == base_priority))
        diagnostics_.report<Kind::NorthboundForeign>(
            {acl->file, 0, 0}, fmt::format("port group `{}`", yaml::excerpt(owner)),
            fmt::format("{} {} {} `{}`", yaml::excerpt(acl->direction), acl->priority, yaml::excerpt(acl->action),
                        yaml::excerpt(acl->match)));
  }

  [[nodiscard]] Loc file_of_acls() const {
    return {northbound_.acls->empty() ? 0 : northbound_.acls->front().file, 0, 0};
  }

  static std::string values(const NorthboundAcl& acl) {
    return fmt::format("priority {}, action {}{}", acl.priority, yaml::excerpt(acl.action),
                       acl.tier ? fmt::format(", tier {}", *acl.tier) : "");
  }
  /// In the same words; a database without tiers is not asked for them.
  static std::string values(const Row& row, const NorthboundAcl& like) {
    return fmt::format("priority {}, action {}{}", row.priority, row.action,
                       like.tier ? fmt::format(", tier {}", row.tier) : "");
  }

  /// Other ACLs of a switch are Kube-OVN's own, or of other hands; either is no business of ours.
  void compare_subnets() {
    for (const auto& [name, emitted] : between_.emitted.subnets) {
      const Subnet* subnet = between_.cluster.find_subnet(name);
      if (subnet == nullptr) continue;
      std::vector<Row> rows;
      for (const ExistingAcl& acl : subnet->acls)
        rows.push_back({acl.direction, acl.match, acl.action, acl.priority, 2});
      compare_acls(name, rows, false);
    }
  }

  const Comparison& between_;
  const Northbound& northbound_;
  Diagnostics& diagnostics_;
  std::vector<const WrittenGroup*> groups_;
  std::map<std::string, Members> members_;
  std::size_t bound_pods_ = 0;
  std::map<std::string, std::vector<const NorthboundAcl*>> rows_;
};

}  // namespace

void compare_northbound(const Comparison& between, const Northbound& northbound, Diagnostics& diagnostics) {
  Comparer(between, northbound, diagnostics).compare();
}

}  // namespace policyconv::plan
