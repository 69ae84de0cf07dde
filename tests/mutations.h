// Migrated objects, and ways to damage them in one place.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "backends/kubeovn/lower.h"
#include "frontend/lower.h"
#include "tests/conformance.h"
#include "tests/judges.h"

namespace policyconv::mutations {

/// Policies, their cluster, and the objects they were migrated to.
struct Migrated {
  std::string name;
  std::unique_ptr<conformance::Input> input = std::make_unique<conformance::Input>();
  Semantics semantics;
  kubeovn::Manifest manifest;
  verify::Probes asked;  // ports that the case asks about

  void migrate(int release) {
    Diagnostics diagnostics;  // what could not be read is left out, the rest is migrated
    const ir::Program program = cilium::lower(input->policies, input->cluster, {semantics, {}}, diagnostics);
    manifest = kubeovn::lower(program, input->cluster, input->policies.catalog,
                              {kubeovn::Release{release}, kubeovn::NodeTraffic::Anchor, semantics.sctp, {}}, diagnostics);
    input->diagnostics.append(std::move(diagnostics));
  }
};

inline std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

inline Migrated sample(const std::filesystem::path& folder) {
  Migrated sample;
  sample.name = folder.filename();
  std::vector<std::uint32_t> policies, cluster;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
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
inline std::vector<Migrated> victims() {
  std::vector<Migrated> all;
  for (const auto& entry : std::filesystem::directory_iterator(POLICYCONV_SOURCE_DIR "/samples"))
    if (entry.is_directory() && std::filesystem::exists(entry.path() / "expected")) all.push_back(sample(entry.path()));
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

// --- damages -----------------------------------------------------------------------------------------------------

using Random = std::mt19937;

template <typename T>
T* any_of(std::vector<T>& all, Random& random) {
  return all.empty() ? nullptr : &all[random() % all.size()];
}

/// Some rule of some group, in place, with the list that it is in. Groups without rules are passed over.
inline std::pair<std::vector<kubeovn::SgRule>*, std::size_t> any_rule(kubeovn::Manifest& manifest, Random& random,
                                                               const std::function<bool(const kubeovn::SgRule&)>& wanted) {
  std::vector<std::pair<std::vector<kubeovn::SgRule>*, std::size_t>> all;
  for (kubeovn::SecurityGroup& group : manifest.security_groups)
    for (auto* rules : {&group.ingress, &group.egress})
      for (std::size_t i = 0; i < rules->size(); ++i)
        if (wanted((*rules)[i])) all.emplace_back(rules, i);
  return all.empty() ? std::pair<std::vector<kubeovn::SgRule>*, std::size_t>{nullptr, 0} : all[random() % all.size()];
}

inline bool any(const kubeovn::SgRule&) { return true; }

/// False if there is nothing that could be damaged this way.
using Damage = bool (*)(kubeovn::Manifest&, Random&);

inline bool drop_rule(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] = any_rule(manifest, random, any);
  if (rules != nullptr) rules->erase(rules->begin() + static_cast<std::ptrdiff_t>(i));
  return rules != nullptr;
}

inline bool drop_deny(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] =
      any_rule(manifest, random, [](const kubeovn::SgRule& rule) { return rule.policy == Verdict::Deny; });
  if (rules != nullptr) rules->erase(rules->begin() + static_cast<std::ptrdiff_t>(i));
  return rules != nullptr;
}

inline bool change_priority(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] = any_rule(manifest, random, any);
  if (rules == nullptr) return false;
  const int most = manifest.release.max_priority();
  const int bands[] = {1, most / 30, most / 16, most / 8, most / 2, most - 800, most - 700, most};
  (*rules)[i].priority = std::max(1, bands[random() % std::size(bands)]);
  return true;
}

inline bool swap_priorities(kubeovn::Manifest& manifest, Random& random) {
  const auto [a, i] = any_rule(manifest, random, any);
  const auto [b, j] = any_rule(manifest, random, any);
  if (a != nullptr) std::swap((*a)[i].priority, (*b)[j].priority);
  return a != nullptr;
}

inline bool change_port(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] =
      any_rule(manifest, random, [](const kubeovn::SgRule& rule) { return rule.ports.has_value(); });
  if (rules == nullptr) return false;
  ir::PortRange& ports = *(*rules)[i].ports;
  const bool shrinks = ports.first < ports.last && random() % 2 == 0;
  if (shrinks) ++ports.first;
  else if (ports.last < 65535) ++ports.last;
  return true;
}

inline bool change_cidr(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] = any_rule(
      manifest, random, [](const kubeovn::SgRule& rule) { return std::holds_alternative<Cidr>(rule.remote); });
  if (rules == nullptr) return false;
  Cidr& cidr = std::get<Cidr>((*rules)[i].remote);
  const Cidr half{cidr.family, cidr.hi, cidr.lo, static_cast<std::uint8_t>(cidr.length + 1)};
  if (cidr.length < address_bits(cidr.family)) cidr = half;
  else cidr = *parse_cidr(cidr.family == Family::V4 ? "198.51.100.0/24" : "2001:db8:7::/48");
  return true;
}

inline bool change_action(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] = any_rule(manifest, random, any);
  if (rules == nullptr) return false;
  Verdict& policy = (*rules)[i].policy;
  policy = policy == Verdict::Allow ? Verdict::Deny : Verdict::Allow;
  return true;
}

inline bool change_peer(kubeovn::Manifest& manifest, Random& random) {
  const auto [rules, i] = any_rule(manifest, random, [](const kubeovn::SgRule& rule) {
    return std::holds_alternative<kubeovn::SgName>(rule.remote);
  });
  if (rules == nullptr) return false;
  (*rules)[i].remote = kubeovn::SgName{any_of(manifest.security_groups, random)->name};
  return true;
}

inline bool drop_binding(kubeovn::Manifest& manifest, Random& random) {
  kubeovn::Binding* binding = any_of(manifest.bindings, random);
  if (binding == nullptr || binding->groups.empty()) return false;
  binding->groups.erase(binding->groups.begin() + static_cast<std::ptrdiff_t>(random() % binding->groups.size()));
  return true;
}

inline bool add_binding(kubeovn::Manifest& manifest, Random& random) {
  kubeovn::Binding* binding = any_of(manifest.bindings, random);
  if (binding == nullptr) return false;
  binding->groups.push_back(any_of(manifest.security_groups, random)->name);
  return true;
}

inline bool rename_group(kubeovn::Manifest& manifest, Random& random) {
  any_of(manifest.security_groups, random)->name += "-renamed";
  return true;
}

inline bool drop_subnet_acl(kubeovn::Manifest& manifest, Random& random) {
  kubeovn::SubnetPatch* patch = any_of(manifest.subnets, random);
  if (patch == nullptr || patch->acls.empty()) return false;
  patch->acls.erase(patch->acls.begin() + static_cast<std::ptrdiff_t>(random() % patch->acls.size()));
  return true;
}

inline bool change_subnet_acl(kubeovn::Manifest& manifest, Random& random) {
  kubeovn::SubnetPatch* patch = any_of(manifest.subnets, random);
  kubeovn::SubnetAcl* acl = patch == nullptr ? nullptr : any_of(patch->acls, random);
  if (acl == nullptr) return false;
  const char* matches[] = {"ip4", "tcp", "icmp4.type == 8", "tcp.dst == 443", "ip4.src == 10.0.0.0/8", "udp || sctp"};
  acl->match = matches[random() % std::size(matches)];
  return true;
}

inline bool take_anchor(kubeovn::Manifest& manifest, Random&) {
  manifest.node_anchor = !manifest.node_anchor;
  return true;
}

inline constexpr Damage damages[] = {drop_rule,    drop_deny,   change_priority, swap_priorities, change_port,
                              change_cidr,  change_action, change_peer,   drop_binding,    add_binding,
                              rename_group, drop_subnet_acl, change_subnet_acl, take_anchor};

}  // namespace policyconv::mutations
