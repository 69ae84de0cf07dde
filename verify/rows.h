// One row of the table of all pairs: what passes between one class of pods and every end, in one direction.
// Entrance: row_of().
#pragma once

#include <vector>

#include "verify/end_classes.h"
#include "verify/end_set.h"
#include "verify/object_sets.h"
#include "verify/source_sets.h"
#include "verify/traffic.h"

namespace policyconv::verify {

/// Packets that go the same ways.
struct RowPart {
  Traffic traffic;
  EndSet policies;                    // ends that Cilium lets them through to, or from
  ByFamily<EndSet> objects, tied;     // the same of Kube-OVN; of egress also Services, as destinations of first packets
};

struct Row {
  ByFamily<EndSet> met;               // EndClasses::meeting
  std::vector<RowPart> parts;         // disjoint in traffic; together all_traffic()
};

[[nodiscard]] Row row_of(std::size_t subject, Direction direction, const Cluster& cluster, const EndClasses& classes,
                         const SourceSets& policies, ObjectSets& objects);

/// Those for which the two systems differ at this end.
[[nodiscard]] EndSet differing(const Row& row);

}  // namespace policyconv::verify
