// The source policies, asked about all peers at once: for one pod class and one kind of packets, the set of ends that
// Cilium lets through. The same rules as decide_source.cpp reads; tests hold the two against each other.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/semantics.h"
#include "verify/end_classes.h"
#include "verify/end_set.h"
#include "verify/packet_cuts.h"
#include "verify/source_labels.h"
#include "verify/source_peers.h"
#include "verify/source_rules.h"

namespace policyconv::verify {

/// Every prefix that the policies ask about.
[[nodiscard]] std::vector<Cidr> prefixes_of(const std::vector<source::Spec>& specs, const Cluster& cluster);

class SourceSets {
 public:
  /// The arguments must outlive the object.
  SourceSets(const std::vector<source::Spec>& specs, const Cluster& cluster, const Semantics& semantics,
             const EndClasses& classes);
  SourceSets(const SourceSets&) = delete;
  SourceSets& operator=(const SourceSets&) = delete;

  /// One direction of one class of pods.
  class Side {
   public:
    /// Where the packets have to be cut so that the rules see no difference within a piece.
    void add_cuts(PacketCuts& cuts) const;
    /// Those ends among `met` from or to which such packets pass; of `packets` any one stands for all.
    [[nodiscard]] EndSet passing(const Packets& packets, const EndSet& met) const;

   private:
    friend class SourceSets;
    struct Rule {
      const source::Rule* rule;
      EndSet peers;
    };
    [[nodiscard]] EndSet matching(const std::vector<Rule>& rules, const Packets& packets) const;
    void add_named(const source::Traffic& traffic, const Packets& packets, const EndSet& peers, EndSet& matched) const;

    const SourceSets* all_ = nullptr;
    const PodClass* subject_ = nullptr;
    Direction direction_ = Direction::Ingress;
    std::vector<Rule> deny_, allow_;
    bool selected_ = false, default_deny_ = false;
  };
  [[nodiscard]] Side side(std::size_t subject, Direction direction) const;
  /// Is any policy about pods of this class, in either direction?
  [[nodiscard]] bool is_selected(std::size_t subject) const {
    return !of_class_[subject][0].empty() || !of_class_[subject][1].empty();
  }

 private:
  /// The peers of one rule, apart by what fromRequires narrows.
  struct PeerSets {
    EndSet unselected, selected;
  };
  struct Section {
    const source::Section* written;
    std::vector<PeerSets> peers;  // parallel to its rules
  };
  /// A named port of peers (C§2.3): the numbers behind it, each with the ends that define it so.
  using NamedPort = std::vector<std::pair<std::uint16_t, EndSet>>;

  void prepare_peers(const Cluster& cluster);
  void prepare_ports(const Cluster& cluster);
  const Section* add(const source::Section& written);
  const EndSet& cached(const source::Requirements& requirements);
  [[nodiscard]] EndSet meeting(const source::Requirements& requirements) const;

  const Semantics& semantics_;
  const EndClasses& classes_;
  source::ReservedPeers reserved_;
  std::vector<source::Peer> peers_;            // parallel to EndClasses::ends
  std::map<std::string, EndSet> by_namespace_;                // classes of pods
  std::map<const source::Identity*, EndSet> by_reserved_;     // the other ends
  EndSet all_pods_, own_nodes_;
  std::vector<ContainerPort> ports_of_cluster_;
  std::map<std::pair<std::string, Protocol>, NamedPort> ports_of_peers_;
  std::vector<ByDirection<std::vector<const Section*>>> of_class_;
  std::vector<std::unique_ptr<Section>> sections_;
  std::map<source::Requirements, EndSet> cache_;  // of meeting(), while the rules are prepared
};

}  // namespace policyconv::verify
