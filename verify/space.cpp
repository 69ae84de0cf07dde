#include "verify/space.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "ir/parallel.h"
#include "verify/space_rows.h"

namespace policyconv::verify {
namespace {

std::size_t index(Direction direction) {
  return static_cast<std::size_t>(direction);
}

/// Prefixes that the policies, the objects or the ranges of the cluster ask about. Where a match compares parts of
/// addresses no prefix can follow it, so every known address is then a class of its own.
std::vector<Cidr> cuts_of(const std::vector<source::Spec>& specs, const Asked& asked, const Cluster& cluster) {
  std::vector<Cidr> cuts = prefixes_of(specs, cluster);
  cuts.insert(cuts.end(), asked.prefixes.begin(), asked.prefixes.end());
  if (asked.beyond_prefixes.empty()) return cuts;
  for (const Pod& pod : cluster.pods)
    for (const Address& address : pod.addresses) cuts.push_back(host_cidr(address));
  for (const Node& node : cluster.nodes)
    for (const auto* addresses : {&node.internal, &node.external, &node.join})
      for (const Address& address : *addresses) cuts.push_back(host_cidr(address));
  return cuts;
}

/// What passes at one end, with one peer.
Passing at_end(const Row& row, std::size_t peer, Family family) {
  const auto other = static_cast<std::uint32_t>(peer);
  const auto f = static_cast<std::size_t>(family);
  Passing passing;
  const auto add = [](Traffic& all, const Traffic& more) { all.insert(all.end(), more.begin(), more.end()); };
  for (const RowPart& part : row.parts) {
    if (part.policies.contains(other)) add(passing.policies, part.traffic);
    if (part.objects[f].contains(other)) add(passing.objects, part.traffic);
    else if (part.tied[f].contains(other)) add(passing.undefined, part.traffic);
  }
  for (Traffic* traffic : {&passing.policies, &passing.objects, &passing.undefined})
    *traffic = merged(std::move(*traffic));
  return passing;
}

}  // namespace

Traffic all_traffic(Family family) {
  Traffic all = all_traffic();
  std::erase_if(all, [&](const Packets& packets) {
    return packets.protocol == (family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp);
  });
  return all;
}

/// design.md section 6: what every pod needs, whatever its policies say.
Traffic needed_by_pods(const Space::Prepared& all, std::size_t from, std::size_t to, Family family) {
  const EndClass& source = all.classes.ends[from];
  const EndClass& destination = all.classes.ends[to];
  const auto holds = [](const std::vector<Address>& addresses, const EndClass& end) {
    return std::find(addresses.begin(), addresses.end(), end.addresses.front()) != addresses.end();
  };
  const auto is_gateway = [&](const EndClass& end, std::size_t of) {
    if (end.kind != EndKind::Outside || of >= all.rows.size()) return false;
    const Subnet* subnet = all.classes.pods[of].subnet;
    return subnet != nullptr && holds(subnet->gateways, end);
  };
  const auto is_address = [](const EndClass& end, const char* prefix) {
    return end.kind == EndKind::Outside && end.within == *parse_cidr(prefix);
  };
  const Packets any_icmp{family == Family::V4 ? Protocol::Icmp : Protocol::Icmp6, 0, 255, 0, 65535};
  const Packets dhcp_v4{Protocol::Udp, 67, 67, 0, 65535}, dhcp_v6{Protocol::Udp, 547, 547, 0, 65535};
  if (is_gateway(destination, from)) return merged({any_icmp, dhcp_v4});
  if (is_gateway(source, to)) return {any_icmp};
  if (is_address(destination, "255.255.255.255/32")) return {dhcp_v4};
  if (is_address(destination, "ff02::1:2/128")) return {dhcp_v6};
  // What the NodeLocal DNS answers are new flows to OVN (K§4.3).
  if (source.kind == EndKind::OwnNode && holds(all.cluster.node_local_dns, source)) return all_traffic(family);
  return {};
}

Space::Prepared::Prepared(const cilium::Policies& policies, const Semantics& semantics,
                          const kubeovn::Manifest& manifest, const Cluster& cluster_, unsigned jobs_,
                          const Progress& progress)
    : cluster(cluster_),
      jobs(std::max(1U, jobs_)),
      specs(source::read_specs(policies, cluster, semantics)),
      northbound(manifest, cluster),
      asked(asked_by(northbound)),
      classes(classify(cluster, semantics, northbound, cuts_of(specs, asked, cluster), asked.port_names)),
      written(specs, cluster, semantics, classes),
      rows(classes.pods.size()) {
  std::atomic<std::size_t> next = 0;
  // One reader of objects a thread: it remembers what it worked out.
  in_parallel(jobs, jobs, [&](std::size_t thread) {
    ObjectSets objects(northbound, cluster, classes);
    for (std::size_t i = next++; i < rows.size(); i = next++) {
      for (const Direction direction : {Direction::Ingress, Direction::Egress})
        rows[i][index(direction)] = row_of(i, direction, cluster, classes, written, objects);
      if (thread == 0 && progress && i % 64 == 0)
        progress(static_cast<double>(i) / static_cast<double>(rows.size()));
    }
  });
}

Space::Space(const cilium::Policies& policies, const Semantics& semantics, const kubeovn::Manifest& manifest,
             const Cluster& cluster, unsigned jobs, const Progress& progress)
    : prepared_(std::make_unique<Prepared>(policies, semantics, manifest, cluster, jobs, progress)) {}
Space::~Space() = default;

const std::vector<EndClass>& Space::ends() const {
  return prepared_->classes.ends;
}

const std::vector<std::string>& Space::not_told_apart() const {
  return prepared_->asked.beyond_prefixes;
}

std::optional<std::size_t> Space::class_of_pod(std::size_t pod) const {
  return prepared_->classes.of_pod[pod];
}

bool Space::meet(std::size_t from, std::size_t to, Family family) const {
  const auto f = static_cast<std::size_t>(family);
  const auto& rows = prepared_->rows;
  if (from < rows.size() && to < rows.size())
    return rows[from][index(Direction::Egress)].met[f].contains(static_cast<std::uint32_t>(to)) &&
           rows[to][index(Direction::Ingress)].met[f].contains(static_cast<std::uint32_t>(from));
  if (from < rows.size()) return rows[from][index(Direction::Egress)].met[f].contains(static_cast<std::uint32_t>(to));
  return to < rows.size() && rows[to][index(Direction::Ingress)].met[f].contains(static_cast<std::uint32_t>(from));
}

Passing Space::between(std::size_t from, std::size_t to, Family family) const {
  const auto& rows = prepared_->rows;
  const Traffic all = all_traffic(family);
  Passing out{all, all, {}}, in{all, all, {}};
  if (from < rows.size()) out = at_end(rows[from][index(Direction::Egress)], to, family);
  if (to < rows.size()) in = at_end(rows[to][index(Direction::Ingress)], from, family);
  Passing both{common(common(out.policies, in.policies), all), common(common(out.objects, in.objects), all), {}};
  const auto with_ties = [](const Passing& end) {
    Traffic passing = end.objects;
    passing.insert(passing.end(), end.undefined.begin(), end.undefined.end());
    return merged(std::move(passing));
  };
  if (!out.undefined.empty() || !in.undefined.empty())
    both.undefined = without(common(common(with_ties(out), with_ties(in)), all), both.objects);
  return both;
}

bool Space::has_route(std::size_t from, std::size_t to) const {
  const EndClasses& classes = prepared_->classes;
  const EndKind kind = classes.ends[from].kind;
  const Subnet* subnet = to < classes.pods.size() ? classes.pods[to].subnet : nullptr;
  const bool is_node = kind == EndKind::OwnNode || kind == EndKind::OtherNode;
  return !is_node || subnet == nullptr || subnet->vpc == "ovn-cluster";
}

Traffic Space::infrastructure(std::size_t from, std::size_t to, Family family) const {
  const Prepared& all = *prepared_;
  Traffic traffic = needed_by_pods(all, from, to, family);
  const auto is_selected = [&](std::size_t end) { return end < all.rows.size() && all.written.is_selected(end); };
  const Traffic any_sctp = {{Protocol::Sctp, 1, 65535, 0, 65535}};
  if (!is_selected(from) && !is_selected(to) && common(traffic, any_sctp).empty()) traffic.push_back(any_sctp.front());
  return merged(std::move(traffic));
}

}  // namespace policyconv::verify
