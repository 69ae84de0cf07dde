// The Kube-OVN objects, asked about all peers at once: for one pod class and one kind of packets, the set of ends that
// OVN lets through. The same ACLs as decide_manifest.cpp looks through; tests hold the two against each other.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "ir/address.h"
#include "ir/cluster.h"
#include "verify/end_classes.h"
#include "verify/end_set.h"
#include "verify/manifest_acls.h"
#include "verify/ovn_expression.h"
#include "verify/packet_cuts.h"

namespace policyconv::verify {

/// What the ACLs ask about, for classify().
struct Asked {
  std::vector<Cidr> prefixes;
  std::vector<std::string> port_names;
  /// Matches that compare parts of addresses, which prefixes cannot follow: classes may mix what they tell apart.
  std::vector<std::string> beyond_prefixes;
};
[[nodiscard]] Asked asked_by(const ovn::Northbound& northbound);

/// For one thread: remembers sets that many ACLs share.
class ObjectSets {
 public:
  /// The arguments must outlive the object.
  ObjectSets(const ovn::Northbound& northbound, const Cluster& cluster, const EndClasses& classes);

  struct Passing {
    EndSet allowed, tied;  // disjoint
  };

  /// One direction of one class of pods in one family.
  class Side {
   public:
    void add_cuts(PacketCuts& cuts) const;
    /// Those among `met` (EndClasses::meeting) from or to which such packets pass. Services may be among them on egress.
    [[nodiscard]] Passing passing(const Packets& packets, const EndSet& met);

   private:
    friend class ObjectSets;
    struct Acl {
      const ovn::Acl* acl;
      const EndSet* peers;  // of rules of SecurityGroups; nullptr: to be evaluated
    };
    /// One ACL stage that packets go through.
    struct Stage {
      bool at_router = false;  // at the router's port, not at the pod's
      Direction direction{};   // of the ACLs: the other one at the router
      std::vector<Acl> acls;   // by descending priority
    };
    /// The packet that stands for one peer, as this stage sees it.
    [[nodiscard]] MatchPacket seen(const Stage& stage, const Packets& packets, std::uint32_t peer) const;
    [[nodiscard]] EndSet hit(const Acl& acl, const Stage& stage, const Packets& packets, const EndSet& among);
    [[nodiscard]] EndSet hit(const MatchNode& node, const Stage& stage, const Packets& packets, const EndSet& among);
    [[nodiscard]] EndSet hit(const Comparison& comparison, const Stage& stage, const Packets& packets,
                             const EndSet& among);
    [[nodiscard]] Passing passing(const Stage& stage, const Packets& packets, const EndSet& met, bool tier_3);

    ObjectSets* all_ = nullptr;
    const EndClass* subject_ends_ = nullptr;
    const PodClass* subject_ = nullptr;
    Direction direction_{};
    Family family_{};
    Stage at_pod_, at_router_;
    EndSet let_in_by_node_acls_;
    EndSet neighbours_;  // what never gets to the router: pods on the same switch, multicast
  };
  [[nodiscard]] Side side(std::size_t subject, Direction direction, Family family);

 private:
  const EndSet& in_prefix(const Cidr& prefix, Family family);
  const EndSet& in_group(const ovn::Group& group, Family family);
  [[nodiscard]] EndSet let_in_by_node_acls(const EndClass& subject) const;
  const EndSet* peers_of(const ovn::Acl& acl, Family family);
  void add(Side& side, Side::Stage& stage, const std::vector<ovn::Acl>& acls);

  const ovn::Northbound& northbound_;
  const Cluster& cluster_;
  const EndClasses& classes_;
  std::map<const ovn::Switch*, EndSet> on_switch_;
  EndSet multicast_;
  std::map<Address, std::vector<std::uint32_t>> by_address_;  // classes one of whose members has the address
  std::map<std::pair<Cidr, Family>, EndSet> prefixes_;
  std::map<std::pair<const ovn::Group*, Family>, EndSet> groups_;
  std::map<std::tuple<const Comparison*, Direction, Family>, EndSet> compared_;  // addresses of peers
};

}  // namespace policyconv::verify
