// What assess finds out. Data only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assess/dump.h"
#include "ir/address.h"
#include "ir/diagnostics.h"

namespace policyconv::assess {

enum class Severity : std::uint8_t { Note, Warning, Blocker };  // Blocker: chaining is broken, or way X cannot be gone

/// Holders of one address that Cilium's global endpoint table cannot tell apart (K§7.3). With two endpoints or more it
/// is a Blocker; of an endpoint and Vips or IPs of other VPCs a Warning, since Cilium knows the endpoint alone.
struct Conflict {
  Address address;
  std::vector<std::size_t> holders;      // into Dump::holders, at least two
  std::vector<std::string> shared_nodes; // nodes with two of them: the second endpoint is refused (CNI ADD fails)
  bool across_nodes = false;             // identity of the address: last writer wins
  Severity severity = Severity::Blocker;
  Kind kind{};                           // its code
  std::string text, effect, remedy;      // who, what Cilium does, what resolves it
  [[nodiscard]] bool among_gateways(const Dump& dump) const;  // two at least are gateways
};

/// Ranges that overlap: Subnets of different VPCs, or Subnets with node, join, service or per-node podCIDR ranges. One
/// finding for all Subnets with the same range, and one for all nodes in it: as pairs they would be a hundred thousand.
struct Overlap {
  std::string a, b;                      // "Subnet net-a (VPC a)", "podCIDR of node n1"; b may end in "and 12 more"
  std::vector<std::string> ranges;       // a and everything in b; of the ranges around `common` the nearest 16 only
  Cidr common;
  std::size_t held_twice = 0;            // addresses in it that conflict today
  std::size_t of_nodes = 0;              // addresses of nodes in it that endpoints have, too
  bool with_one_more_gateway = false;    // the next gateway of each VPC would take the same address
  Severity severity = Severity::Warning;
  Kind kind{};
  std::string text, remedy;
  Loc loc;                               // of a
};

/// What one more gateway in every VPC would bring, if Kube-OVN's IPAM picked its address: the next free one of its Subnet.
struct ComingConflict {
  Address address;
  std::vector<std::size_t> subnets;      // into Dump::subnets, of different VPCs, where a gateway would get it
  std::vector<std::size_t> holders;      // into Dump::holders: endpoints of other VPCs that have it now
  Kind kind{};
  std::string text, remedy;
};

struct Conflicts {
  std::vector<Conflict> conflicts;       // sorted by address
  std::vector<Overlap> overlaps;         // sorted by range
  std::vector<ComingConflict> coming;    // sorted by address
};
/// How many addresses of nodes are also those of endpoints.
[[nodiscard]] std::size_t addresses_of_nodes(const Conflicts& conflicts);

/// A statement about chaining with its evidence.
struct HealthFinding {
  Kind kind;                             // its diagnostic
  Severity severity = Severity::Warning;
  std::string text, evidence, remedy;
  Loc loc;
};

enum class Fate : std::uint8_t {         // of a use of a feature
  Kept,            // works under chaining, and the migration keeps its meaning
  Stricter,        // works under chaining, the migration closes something
  Looser,          // only if an option allows it
  Refused,         // works under chaining, the migration cannot keep it
  NeverEnforced,   // never worked under chaining: nothing is lost
  Lost,            // no policy: Hubble, encryption ...; goes with Cilium, whatever the policies
};

struct Feature {
  std::string name;                      // "L7 HTTP", "toFQDNs", "Hubble"
  std::map<Fate, std::size_t> uses;      // rules or objects
  std::vector<Loc> places;               // the first few
  std::string note;                      // what it means for this cluster
};

struct NamespaceReadiness {
  std::string ns;
  std::size_t rules = 0, same = 0, stricter = 0, looser = 0, refused = 0, without_effect = 0;
  std::size_t never_enforced = 0;        // of `refused`: only for what chaining does not enforce either (C§11)
};

/// A gateway that gets another lanIp.
struct Move {
  std::size_t gateway = 0;               // into Dump::gateways
  Address from, to;
};
struct AddressPlan {
  std::vector<Move> moves;               // sorted by gateway
  struct Full {                          // its Subnet has no address left: a NAT Subnet of its VPC is proposed
    std::size_t gateway = 0;
    std::optional<Cidr> proposed;        // the same for all such gateways of a VPC; its first host is the Subnet's
                                         // gateway. nullopt: the dump's ranges cover all private addresses
    Address to;                          // in `proposed`
  };
  std::vector<Full> full;                // sorted by gateway
};

enum class Way : std::uint8_t { Reorder, UniqueAddresses, LeaveChaining };
struct WayReport {
  Way way{};
  std::string cost, risk, lost;
  std::size_t objects_touched = 0;
  std::vector<std::string> blockers;
};
enum class Verdict : std::uint8_t { Ready, Work, Blocked };

struct Assessment {
  Conflicts conflicts;
  std::vector<HealthFinding> health;
  std::vector<Feature> features;
  std::vector<NamespaceReadiness> namespaces;
  AddressPlan plan;
  std::vector<WayReport> ways;           // in the order of Way
  Way recommended{};
  std::vector<std::string> reasons;
  Verdict verdict = Verdict::Ready;
  std::vector<std::string> missing;      // kinds that can decide and of which the dump tells nothing, e.g. "pods"
};

}  // namespace policyconv::assess
