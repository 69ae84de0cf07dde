// What a Space holds. For verify/space.cpp and verify/compare.cpp.
#pragma once

#include <vector>

#include "verify/end_classes.h"
#include "verify/manifest_acls.h"
#include "verify/object_sets.h"
#include "verify/rows.h"
#include "verify/source_rules.h"
#include "verify/source_sets.h"
#include "verify/space.h"

namespace policyconv::verify {

struct Space::Prepared {
  Prepared(const cilium::Policies& policies, const Semantics& semantics, const kubeovn::Manifest& manifest,
           const Cluster& cluster, unsigned jobs, const Progress& progress);

  const Cluster& cluster;
  unsigned jobs;
  std::vector<source::Spec> specs;
  ovn::Northbound northbound;
  Asked asked;
  EndClasses classes;
  SourceSets written;
  std::vector<ByDirection<Row>> rows;  // of the classes of pods
};

[[nodiscard]] Traffic needed_by_pods(const Space::Prepared& all, std::size_t from, std::size_t to, Family family);

/// all_traffic() without the ICMP of the other family.
[[nodiscard]] Traffic all_traffic(Family family);

}  // namespace policyconv::verify
