// Rules while they are made from a part of the policies, and the Program that the parts become.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "frontend/peers.h"
#include "ir/expansion.h"
#include "ir/program.h"

namespace policyconv::cilium {

/// How many rules a source rule has become, or would have: kinds of traffic with all of its peers, and pairs of a kind and one
/// peer.
struct Made {
  std::size_t with_all = 0, peers = 1, with_one = 0;
  [[nodiscard]] Expansion expansion() const;
  [[nodiscard]] std::size_t entries() const;
};

class MadeRules {
 public:
  /// `made` by RuleId, of all parts: each writes what its own source rules become. At most `most_expansion` of each.
  MadeRules(std::span<Made> made, std::size_t most_expansion) : made_(made), most_expansion_(most_expansion) {}

  /// May the source rule become so many more rules? If not, it is to be reported at the end, when all of it is counted.
  [[nodiscard]] bool has_room(RuleId id, std::size_t ports, const std::vector<PeerValue>& peers);
  [[nodiscard]] bool has_room_for_one(RuleId id, std::size_t ports);

  void add(const ir::Group& subject, const RuleContext& where, const PeerValue& peer, const ir::Traffic& traffic);
  void isolate(const ir::Group& subject, Direction direction);

  /// The keys of all requirements so far.
  [[nodiscard]] std::set<std::string> keys() const;

  /// The Program of all parts. It does not depend on how the policies were shared out. On up to `jobs` threads.
  [[nodiscard]] static ir::Program joined(std::vector<MadeRules> parts, unsigned jobs);

 private:
  ir::GroupId number(const ir::Group& group);
  void renumber(const std::vector<ir::Group>& groups);

  std::span<Made> made_;
  std::size_t most_expansion_;
  std::map<ir::Group, std::uint32_t> numbers_;  // as groups are met; their order in a Program comes last
  std::vector<ir::Isolation> isolations_;
  std::vector<ir::Rule> rules_;
};

}  // namespace policyconv::cilium
