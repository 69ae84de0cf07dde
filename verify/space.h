// All packets at once: what the policies let pass and what the objects let pass, for each pair of end classes.
// Entrances: Space, compare().
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/semantics.h"
#include "verify/decide_manifest.h"
#include "verify/decide_source.h"
#include "verify/ends.h"
#include "verify/flow.h"
#include "verify/traffic.h"

namespace policyconv::verify {

/// What passes from one end to another, in one family.
struct Passing {
  Traffic policies;   // what Cilium lets pass
  Traffic objects;    // what Kube-OVN lets pass
  Traffic undefined;  // ACLs of different actions tie at the priority that wins (K§2.6); in neither of the others
};

/// Called now and then, with a number from 0 to 1.
using Progress = std::function<void(double done)>;

class Space {
 public:
  struct Prepared;  // verify/space_rows.h
  /// The arguments must outlive the object. `semantics` as for SourceMeaning. `jobs`: threads.
  Space(const cilium::Policies& policies, const Semantics& semantics, const kubeovn::Manifest& manifest,
        const Cluster& cluster, unsigned jobs, const Progress& progress = {});
  ~Space();
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;

  [[nodiscard]] const std::vector<EndClass>& ends() const;
  /// Matches that compare parts of addresses (`ip4.src[0..7]`, masks with holes): outside addresses that only they tell
  /// apart may share a class. For the report; usually empty.
  [[nodiscard]] const std::vector<std::string>& not_told_apart() const;
  /// nullopt: finished, or on the host's network, so no end of its own.
  [[nodiscard]] std::optional<std::size_t> class_of_pod(std::size_t pod) const;
  /// Can there be packets of `family` from a member of `from` to another member of `to`? One of them must be pods.
  [[nodiscard]] bool meet(std::size_t from, std::size_t to, Family family) const;
  /// Only for ends that meet.
  [[nodiscard]] Passing between(std::size_t from, std::size_t to, Family family) const;
  /// False for nodes towards pods of another VPC than the default one (K§7.1): what comes from the address of a node there
  /// came through NAT, and that it does not get in is no loss.
  [[nodiscard]] bool has_route(std::size_t from, std::size_t to) const;
  /// What no policy is meant to decide about: see Change::Infrastructure. Only for ends that meet.
  [[nodiscard]] Traffic infrastructure(std::size_t from, std::size_t to, Family family) const;

 private:
  friend class Comparer;
  std::unique_ptr<Prepared> prepared_;
};

enum class Change : std::uint8_t {
  Looser,          // Cilium denies, Kube-OVN allows
  Undefined,       // ACLs tie: what OVN does is its choice
  Stricter,        // Cilium allows, Kube-OVN denies
  Infrastructure,  // looser, but no policy's matter: DHCP, the gateway's ICMP, NodeLocal DNS answers (design.md section
                   // 6); SCTP between ends that no policy selects, which Cilium drops for want of enable-sctp
};

[[nodiscard]] std::string_view to_string(Change change);  // "looser", "undefined", "stricter", "infrastructure"

/// Ends and packets between which the two differ, in one way.
struct Region {
  Change change = Change::Stricter;
  std::vector<std::size_t> from, to;  // into Space::ends(), ascending; every pair of them that meets differs
  Traffic traffic;
  bool v4 = false, v6 = false;
  /// Looser or stricter on the way through this Service's address only: the first packet shows the address, later ones
  /// the backend (K§2.4). `to` are the backends, `traffic` what reaches them. Index into Cluster::services.
  std::optional<std::size_t> service;
  /// One packet of it, and the flow that it starts. With `service` set the packet goes to the Service's address, the flow
  /// to a backend.
  Packet example;
  Flow example_flow;
};

struct Differences {
  std::vector<Region> regions;  // sorted: by change, then by ends, then by traffic
  std::size_t pods = 0;         // classes of pods
  std::size_t pairs = 0;        // pairs of classes that were compared
};

/// Where the two differ, as whole flows: a packet passes if the sender's end and the receiver's end both let it.
/// Regions are disjoint.
/// `wanted`: which pairs of classes to look at; all if it is empty. Called by several threads.
using Wanted = std::function<bool(std::size_t from, std::size_t to)>;
[[nodiscard]] Differences compare(const Space& space, const Progress& progress = {}, const Wanted& wanted = {});

}  // namespace policyconv::verify
