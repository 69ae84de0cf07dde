#include "tests/fuzz/oracle.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "backends/kubeovn/print.h"
#include "backends/kubeovn/read.h"
#include "tests/compile.h"
#include "tests/judges.h"

namespace policyconv::fuzz {
namespace {

bool covered(const std::vector<Cidr>& cidrs, const Address& address) {
  return std::any_of(cidrs.begin(), cidrs.end(), [&](const Cidr& cidr) { return contains(cidr, address); });
}

Address next_to(Address address, bool after) {
  const std::uint64_t one = address.family == Family::V4 ? std::uint64_t{1} << 32 : 1;
  std::uint64_t& low = address.family == Family::V4 ? address.hi : address.lo;
  const std::uint64_t before = low;
  low = after ? low + one : low - one;
  if (address.family == Family::V6 && (after ? low < before : low > before)) address.hi += after ? 1 : ~std::uint64_t{0};
  return address;
}

std::vector<Address> bounds(const std::vector<Cidr>& cidrs) {
  std::vector<Address> found;
  for (const Cidr& cidr : cidrs)
    for (const bool after : {false, true}) {
      const Address bound = after ? last_address(cidr) : first_address(cidr);
      found.push_back(bound);
      found.push_back(next_to(bound, after));
    }
  return found;
}

/// One line for each thing that a manifest says, whatever it was made from.
std::string said(const kubeovn::Manifest& manifest) {
  std::string text;
  for (const kubeovn::SecurityGroup& group : manifest.security_groups) {
    text += fmt::format("{} {} {}\n", group.name, group.vpc, group.rejected);
    for (const auto* rules : {&group.ingress, &group.egress})
      for (kubeovn::SgRule rule : *rules) {
        rule.band.clear();
        text += testing::text_of({rule}) + fmt::format("  {}\n", rule.priority);
      }
  }
  for (const kubeovn::SubnetPatch& patch : manifest.subnets)
    text += fmt::format("{} {}\n", patch.subnet, patch.kept.size() + patch.acls.size());
  for (const kubeovn::Binding& binding : manifest.bindings) {
    text += fmt::format("{}/{}", binding.ns, binding.pod);
    for (const std::string& group : binding.groups) text += " " + group;
    text += '\n';
  }
  return text;
}

std::string printed(const testing::Compiled& compiled) {
  std::string text;
  for (const kubeovn::OutputFile& file : kubeovn::print(compiled.manifest, compiled.policies.catalog))
    if (file.name < "31") text += "---\n" + file.text;
  return text;
}

void check_reads_back(const testing::Compiled& compiled) {
  if (compiled.manifest.security_groups.empty()) return;
  Sources sources;
  Diagnostics diagnostics;
  const std::array<std::uint32_t, 1> files{sources.add("objects.yaml", printed(compiled))};
  kubeovn::Manifest read = kubeovn::read(sources, files, {}, compiled.manifest.release, compiled.cluster, diagnostics);
  // What pods of the dump carry already is in force beside what was written.
  std::erase_if(read.bindings, [&](const kubeovn::Binding& binding) {
    const auto& made = compiled.manifest.bindings;
    return std::none_of(made.begin(), made.end(), [&](const auto& each) { return each.ns == binding.ns && each.pod == binding.pod; });
  });
  for (const Diagnostic& found : diagnostics.all())
    if (definition(found.kind).effect == Effect::Error) fail("what was written does not read back: " + found.message);
  const std::string as_read = said(read), as_made = said(compiled.manifest);
  if (as_read != as_made) fail(fmt::format("what was written reads back as something else:\n{}\ninstead of\n{}", as_read, as_made));
}

/// Findings after which the objects may pass more than the policies, because something is left to the user.
bool says_otherwise(const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.all().begin(), diagnostics.all().end(), [](const Diagnostic& found) {
    return definition(found.kind).effect == Effect::Looser || definition(found.kind).effect == Effect::Refused;
  });
}

void check_never_looser(const testing::Compiled& compiled) {
  if (says_otherwise(compiled.diagnostics)) return;
  const Semantics semantics = semantics_of(testing::Options{}.cilium_minor);  // outlives the judges, which refer to it
  const verify::Judges judges(compiled.policies, compiled.cluster, semantics, compiled.manifest);
  constexpr std::size_t most_pods = 6;
  const std::size_t pods = std::min(compiled.cluster.pods.size(), most_pods);
  verify::Probes probes = verify::probes(compiled.manifest, {{Protocol::Tcp, 80}, {Protocol::Udp, 53}});
  // Cilium drops SCTP wherever it is not enabled, also where nothing is bound here (docs/design.md).
  std::erase_if(probes, [](const auto& probe) { return probe.first == Protocol::Sctp; });
  if (probes.size() > 40) probes.resize(40);
  for (std::size_t from = 0; from < pods; ++from)
    for (std::size_t to = 0; to < pods; ++to) {
      if (from == to) continue;
      for (const auto& [protocol, port] : probes) {
        const verify::Flow flow{verify::PodEnd{from}, verify::PodEnd{to}, protocol, port};
        for (const verify::Packet& packet : judges.manifest.packets(flow))
          if (judges.objects(packet) == 'a' && !judges.policies_pass(flow))
            fail(fmt::format("looser: {} -> {} {} {}", to_string(packet.source), to_string(packet.destination), to_string(protocol), port));
      }
    }
}

}  // namespace

void fail(std::string_view what) {
  std::cerr << "the oracle: " << what << '\n';
  std::abort();
}

void check_cover(const std::vector<Cidr>& whole, const std::vector<Cidr>& holes) {
  std::vector<Address> probes = bounds(whole);
  for (const Address& address : bounds(holes)) probes.push_back(address);
  const std::vector<Cidr> cover = minimal_cover(whole);
  for (const Address& address : probes)
    if (covered(cover, address) != covered(whole, address)) fail("minimal_cover() at " + to_string(address));
  for (const Cidr& from : whole) {
    const std::vector<Cidr> rest = subtract(from, holes);
    for (const Address& address : probes)
      if (covered(rest, address) != (contains(from, address) && !covered(holes, address)))
        fail("subtract() at " + to_string(address));
  }
}

void check_migration(const std::string& policies, const std::string& cluster) {
  const testing::Compiled compiled = testing::compile(policies, cluster);
  if (compiled.diagnostics.has_errors()) return;
  if (printed(testing::compile(policies, cluster)) != printed(compiled)) fail("the same input gave other bytes");
  check_reads_back(compiled);
  check_never_looser(compiled);
}

}  // namespace policyconv::fuzz
