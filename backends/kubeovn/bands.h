// The fixed priorities that make SecurityGroups compose like Cilium policies: a union (docs/design.md, band plan).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "backends/kubeovn/manifest.h"

namespace policyconv::kubeovn {

enum class Band : std::uint8_t {
  Infrastructure,  // I: always passes
  DenyCluster,     // D1: denied peers inside the cluster, and any peer
  AllowCluster,    // A1: allowed peers inside the cluster
  OpenCluster,     // B': direction not isolated: cluster ranges
  DropCluster,     // B: whatever of the cluster is left, so that D2 and A2 see outside addresses only
  DenyOutside,     // D2
  AllowOutside,    // A2
  OpenAll,         // O: direction not isolated
  DenyOwnNode,     // N: up to v1.15, denies that cover the own node; above the node ACL, Subnet ACLs only (K§10.5)
};

struct BandNumbers {
  std::string_view name;
  int api_16, api_15;  // SecurityGroup priority from v1.16 on, and before
};

inline constexpr std::array<BandNumbers, 9> band_numbers{{{"I", 500, 5},
                                                          {"D1", 1000, 10},
                                                          {"A1", 2000, 20},
                                                          {"B'", 15500, 100},
                                                          {"B", 15600, 110},
                                                          {"D2", 15700, 120},
                                                          {"A2", 15800, 130},
                                                          {"O", 16000, 150},
                                                          {"N", 0, -701}}};

[[nodiscard]] constexpr std::string_view name(Band band) { return band_numbers[static_cast<std::size_t>(band)].name; }
/// SecurityGroup priority (smaller wins).
[[nodiscard]] constexpr int api_priority(Band band, Release release) {
  const BandNumbers& numbers = band_numbers[static_cast<std::size_t>(band)];
  return release.minor >= 16 ? numbers.api_16 : numbers.api_15;
}
/// OVN priority (larger wins); what a Subnet ACL of this band uses.
[[nodiscard]] constexpr int ovn_priority(Band band, Release release) { return release.base() - api_priority(band, release); }
[[nodiscard]] constexpr Verdict verdict(Band band) {
  const bool deny = band == Band::DenyCluster || band == Band::DropCluster || band == Band::DenyOutside || band == Band::DenyOwnNode;
  return deny ? Verdict::Deny : Verdict::Allow;
}

/// Drops SCTP on bound pods, above every band and above the node ACL (K§9.45).
[[nodiscard]] constexpr int sctp_drop_priority(Release release) { return release.minor >= 16 ? 18400 : 3002; }
static_assert(ovn_priority(Band::DenyOwnNode, {15}) == 3001);

}  // namespace policyconv::kubeovn
