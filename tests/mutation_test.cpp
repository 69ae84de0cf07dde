// Migrated objects, damaged in one place: verify reports a damage if and only if some packet fares otherwise for it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "backends/kubeovn/lower.h"
#include "frontend/lower.h"
#include "tests/conformance.h"
#include "tests/judges.h"
#include "verify/space.h"

using namespace policyconv;
using namespace policyconv::verify;
namespace fs = std::filesystem;

namespace {

/// Policies, their cluster, and the objects they were migrated to.
struct Migrated {
  std::string name;
  std::unique_ptr<conformance::Input> input = std::make_unique<conformance::Input>();
  Semantics semantics;
  kubeovn::Manifest manifest;
  Probes asked;

  void migrate(int release) {
    const ir::Program program =
        cilium::lower(input->policies, input->cluster, {semantics, {}}, input->diagnostics);
    manifest = kubeovn::lower(program, input->cluster, input->policies.catalog,
                              {kubeovn::Release{release}, kubeovn::NodeTraffic::Anchor, semantics.sctp, {}},
                              input->diagnostics);
  }
};

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Migrated sample(const fs::path& folder) {
  Migrated sample;
  sample.name = folder.filename();
  std::vector<std::uint32_t> policies, cluster;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = entry.path();
    if (entry.path().extension() != ".yaml" || path.find("/expected") != std::string::npos) continue;
    auto& list = entry.path().filename() == "cluster.yaml" ? cluster : policies;
    list.push_back(sample.input->sources.add(path, content(path)));
  }
  cilium::ParseOptions options;
  options.semantics = sample.semantics;
  conformance::Input& input = *sample.input;
  if (!cluster.empty()) input.cluster = cilium::parse_cluster(input.sources, cluster, 1, input.diagnostics);
  input.policies = cilium::parse_policies(input.sources, policies, options, input.diagnostics);
  sample.migrate(16);
  return sample;
}

/// Every sample with pods, and conformance cases that are small enough to be asked about packet by packet.
std::vector<Migrated> victims() {
  std::vector<Migrated> all;
  for (const auto& entry : fs::directory_iterator(POLICYCONV_SOURCE_DIR "/samples"))
    if (entry.is_directory() && fs::exists(entry.path() / "expected")) all.push_back(sample(entry.path()));
  std::sort(all.begin(), all.end(), [](const Migrated& a, const Migrated& b) { return a.name < b.name; });
  const auto add = [&](const conformance::Case& source) {
    Migrated& added = all.emplace_back();
    added.name = source.name;
    *added.input = conformance::read(source);
    added.semantics = conformance::semantics();
    for (const conformance::Flow& flow : source.flows) added.asked.emplace_back(flow.protocol, flow.port);
    added.migrate(all.size() % 2 == 0 ? 16 : 13);
  };
  conformance::for_each_case("curated.jsonl", 3, add);
  conformance::for_each_case("public.jsonl.gz", 23, add);
  std::erase_if(all, [](const Migrated& each) {
    return each.manifest.security_groups.empty() || each.input->cluster.pods.empty();
  });
  return all;
}

// --- damages ---------------------------------------------------------------------------------------------------------

using Random = std::mt19937;

template <typename T>
T* any_of(std::vector<T>& all, Random& random) {
  return all.empty() ? nullptr : &all[random() % all.size()];
}

/// Some rule of some group, in place, with the list that it is in. Groups without rules are passed over.
std::pair<std::vector<kubeovn::SgRule>*, std::size_t> any_rule(kubeovn::Manifest& manifest, Random& random,
                                                               const std::function<bool(const kubeovn::SgRule&)>& wanted) {
  std::vector<std::pair<std::vector<kubeovn::SgRule>*, std::size_t>> all;
  for (kubeovn::SecurityGroup& group : manifest.security_groups)
    for (auto* rules : {&group.ingress, &group.egress})
      for (std::size_t i = 0; i < rules->size(); ++i)
        if (wanted((*rules)[i])) all.emplace_back(rules, i);
  return all.empty() ? std::pair<std::vector<kubeovn::SgRule>*, std::size_t>{nullptr, 0} : all[random() % all.size()];
}

bool any(const kubeovn::SgRule&) { return true; }

/// False if there is nothing that could be damaged this way.
using Damage = bool (*)(kubeovn::Manifest&, Random&);

bool drop_rule(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] = any_rule(manifest, random, any);
  if (rules != nullptr) rules->erase(rules->begin() + static_cast<std::ptrdiff_t>(i));
  return rules != nullptr;
}

bool drop_deny(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] =
      any_rule(manifest, random, [](const kubeovn::SgRule& rule) { return rule.policy == Verdict::Deny; });
  if (rules != nullptr) rules->erase(rules->begin() + static_cast<std::ptrdiff_t>(i));
  return rules != nullptr;
}

bool change_priority(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] = any_rule(manifest, random, any);
  if (rules == nullptr) return false;
  const int most = manifest.release.max_priority();
  const int bands[] = {1, most / 30, most / 16, most / 8, most / 2, most - 800, most - 700, most};
  (*rules)[i].priority = std::max(1, bands[random() % std::size(bands)]);
  return true;
}

bool swap_priorities(kubeovn::Manifest& manifest, Random& random) {
  const auto [a, i] = any_rule(manifest, random, any);
  const auto [b, j] = any_rule(manifest, random, any);
  if (a != nullptr) std::swap((*a)[i].priority, (*b)[j].priority);
  return a != nullptr;
}

bool change_port(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] =
      any_rule(manifest, random, [](const kubeovn::SgRule& rule) { return rule.ports.has_value(); });
  if (rules == nullptr) return false;
  ir::PortRange& ports = *(*rules)[i].ports;
  const bool shrinks = ports.first < ports.last && random() % 2 == 0;
  if (shrinks) ++ports.first;
  else if (ports.last < 65535) ++ports.last;
  return true;
}

bool change_cidr(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] = any_rule(
      manifest, random, [](const kubeovn::SgRule& rule) { return std::holds_alternative<Cidr>(rule.remote); });
  if (rules == nullptr) return false;
  Cidr& cidr = std::get<Cidr>((*rules)[i].remote);
  const Cidr half{cidr.family, cidr.hi, cidr.lo, static_cast<std::uint8_t>(cidr.length + 1)};
  if (cidr.length < address_bits(cidr.family)) cidr = half;
  else cidr = *parse_cidr(cidr.family == Family::V4 ? "198.51.100.0/24" : "2001:db8:7::/48");
  return true;
}

bool change_action(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] = any_rule(manifest, random, any);
  if (rules == nullptr) return false;
  Verdict& policy = (*rules)[i].policy;
  policy = policy == Verdict::Allow ? Verdict::Deny : Verdict::Allow;
  return true;
}

bool change_peer(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] = any_rule(manifest, random, [](const kubeovn::SgRule& rule) {
    return std::holds_alternative<kubeovn::SgName>(rule.remote);
  });
  if (rules == nullptr) return false;
  (*rules)[i].remote = kubeovn::SgName{any_of(manifest.security_groups, random)->name};
  return true;
}

bool drop_binding(kubeovn::Manifest& manifest, Random& random) {
  kubeovn::Binding* binding = any_of(manifest.bindings, random);
  if (binding == nullptr || binding->groups.empty()) return false;
  binding->groups.erase(binding->groups.begin() + static_cast<std::ptrdiff_t>(random() % binding->groups.size()));
  return true;
}

bool add_binding(kubeovn::Manifest& manifest, Random& random) {
  kubeovn::Binding* binding = any_of(manifest.bindings, random);
  if (binding == nullptr) return false;
  binding->groups.push_back(any_of(manifest.security_groups, random)->name);
  return true;
}

bool rename_group(kubeovn::Manifest& manifest, Random& random) {
  any_of(manifest.security_groups, random)->name += "-renamed";
  return true;
}

bool drop_subnet_acl(kubeovn::Manifest& manifest, Random& random) {
  kubeovn::SubnetPatch* patch = any_of(manifest.subnets, random);
  if (patch == nullptr || patch->acls.empty()) return false;
  patch->acls.erase(patch->acls.begin() + static_cast<std::ptrdiff_t>(random() % patch->acls.size()));
  return true;
}

bool change_subnet_acl(kubeovn::Manifest& manifest, Random& random) {
  kubeovn::SubnetPatch* patch = any_of(manifest.subnets, random);
  kubeovn::SubnetAcl* acl = patch == nullptr ? nullptr : any_of(patch->acls, random);
  if (acl == nullptr) return false;
  const char* matches[] = {"ip4", "tcp", "icmp4.type == 8", "tcp.dst == 443", "ip4.src == 10.0.0.0/8", "udp || sctp"};
  acl->match = matches[random() % std::size(matches)];
  return true;
}

bool take_anchor(kubeovn::Manifest& manifest, Random&) {
  manifest.node_anchor = !manifest.node_anchor;
  return true;
}

constexpr Damage damages[] = {drop_rule,    drop_deny,   change_priority, swap_priorities, change_port,
                              change_cidr,  change_action, change_peer,   drop_binding,    add_binding,
                              rename_group, drop_subnet_acl, change_subnet_acl, take_anchor};

// --- what is said about packets --------------------------------------------------------------------------------------

struct Asked {
  Flow flow;
  Packet packet;
};

/// Any two ends of every pair of classes, with every probe.
std::vector<Asked> packets_of(const Space& space, const Cluster& cluster, const Probes& probes) {
  std::vector<Asked> all;
  const auto& ends = space.ends();
  for (std::size_t a = 0; a < ends.size(); ++a)
    for (std::size_t b = 0; b < ends.size(); ++b)
      for (const Family family : {Family::V4, Family::V6}) {
        if (!space.meet(a, b, family)) continue;
        const auto senders = members(ends[a]), receivers = members(ends[b]);
        // Another member of the same class, where there is one to choose.
        const End &from = senders.front(), &to = receivers.back();
        if (!fits(cluster, ends[a], from, ends[b], to)) continue;
        for (const auto& [protocol, port] : probes)
          if (protocol != (family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp))
            all.push_back({{from, to, protocol, port}, packet_of(cluster, from, to, family, protocol, port)});
      }
  return all;
}

/// Finds the region that holds a packet.
class Reported {
 public:
  Reported(const Space& space, const Cluster& cluster) : space_(space), cluster_(cluster), found_(compare(space)) {
    for (std::size_t i = 0; i < space.ends().size(); ++i) {
      const EndClass& end = space.ends()[i];
      for (const NodeEnd& node : end.nodes) nodes_[{end.kind, *node.address}] = i;
    }
  }

  /// "" if nothing is reported about it.
  [[nodiscard]] std::string about(const Asked& asked) const {
    const std::size_t from = class_of(asked.flow.from, asked.flow.to, asked.packet.source);
    const std::size_t to = class_of(asked.flow.to, asked.flow.from, asked.packet.destination);
    const Family family = asked.packet.source.family;
    std::string all;
    for (const Region& region : found_.regions)
      if (!region.service && (family == Family::V4 ? region.v4 : region.v6) && has(region.from, from) &&
          has(region.to, to) && holds(region.traffic, asked.flow.protocol, asked.flow.port, 50000))
        all += region.change == Change::Stricter ? "stricter" : region.change == Change::Undefined ? "undefined" : "looser";
    return all;
  }
  [[nodiscard]] bool anything() const { return !found_.regions.empty(); }

 private:
  static bool has(const std::vector<std::size_t>& sorted, std::size_t i) {
    return std::binary_search(sorted.begin(), sorted.end(), i);
  }
  [[nodiscard]] std::size_t class_of(const End& end, const End& other, const Address& address) const {
    if (const auto* pod = std::get_if<PodEnd>(&end)) return *space_.class_of_pod(pod->pod);
    if (std::holds_alternative<NodeEnd>(end))
      return nodes_.at({is_own_node(cluster_, other, end) ? EndKind::OwnNode : EndKind::OtherNode, address});
    std::size_t closest = space_.ends().size();
    for (std::size_t i = 0; i < space_.ends().size(); ++i) {
      const EndClass& each = space_.ends()[i];
      if (each.kind == EndKind::Outside && contains(each.within, address) &&
          (closest == space_.ends().size() || each.within.length > space_.ends()[closest].within.length))
        closest = i;
    }
    return closest;
  }

  const Space& space_;
  const Cluster& cluster_;
  Differences found_;
  std::map<std::pair<EndKind, Address>, std::size_t> nodes_;
};

/// What should be reported, by the evaluators that look at single packets.
std::string expected(const Judges& judges, const Asked& asked) {
  const bool by_policies = judges.policies_pass(asked.flow);
  const char by_objects = judges.objects(asked.packet);
  if (by_objects == 't') return "undefined";
  if (by_policies == (by_objects == 'a')) return "";
  return by_policies ? "stricter" : "looser";
}

}  // namespace

TEST_CASE("a damage is reported if and only if it changes some verdict") {
  std::vector<Migrated> all = victims();
  REQUIRE(all.size() > 50);
  Random random(500);
  const std::size_t wanted = 500 / conformance::sample_step();
  std::size_t done = 0, changing = 0, wrong = 0, packets = 0;
  while (done < wanted) {
    Migrated& victim = all[random() % all.size()];
    kubeovn::Manifest damaged = victim.manifest;
    const std::size_t kind = random() % std::size(damages);
    if (!damages[kind](damaged, random)) continue;
    ++done;
    const Cluster& cluster = victim.input->cluster;
    const cilium::Policies& policies = victim.input->policies;
    const Space before(policies, victim.semantics, victim.manifest, cluster, 1);
    const Space after(policies, victim.semantics, damaged, cluster, 1);
    const Judges whole(policies, cluster, victim.semantics, victim.manifest);
    const Judges broken(policies, cluster, victim.semantics, damaged);
    const Reported by_whole(before, cluster), by_broken(after, cluster);

    Probes asked = probes(victim.manifest, victim.asked);
    asked = probes(damaged, asked);
    bool changed = false, reported = false;
    for (const Asked& each : packets_of(after, cluster, asked)) {
      ++packets;
      const std::string was = expected(whole, each), is = expected(broken, each);
      const std::string said_before = by_whole.about(each), said = by_broken.about(each);
      changed |= was != is;
      reported |= said_before != said;
      if (was == said_before && is == said) continue;
      if (++wrong < 20)
        FAIL_CHECK(victim.name << " damage " << kind << ": " << to_string(cluster, each.flow.from) << " -> "
                               << to_string(cluster, each.flow.to) << " " << to_string(each.flow.protocol) << "/"
                               << each.flow.port << " is `" << was << "` then `" << is << "`, reported `" << said_before
                               << "` then `" << said << "`");
    }
    changing += changed;
    CHECK(changed == reported);
  }
  WARN(done << " damages, " << changing << " of them change a verdict; " << packets << " packets, " << wrong << " wrong");
  CHECK(changing > done / 4);
  CHECK(changing < done);
}
