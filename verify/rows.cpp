#include "verify/rows.h"

#include <algorithm>
#include <utility>

namespace policyconv::verify {
namespace {

constexpr Family families[] = {Family::V4, Family::V6};

std::size_t index(Family family) {
  return static_cast<std::size_t>(family);
}

bool carries(Family family, Protocol protocol) {
  return protocol != (family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp);
}

bool same_way(const RowPart& a, const RowPart& b) {
  return a.policies == b.policies && a.objects == b.objects && a.tied == b.tied;
}

}  // namespace

Row row_of(std::size_t subject, Direction direction, const Cluster& cluster, const EndClasses& classes,
           const SourceSets& policies, ObjectSets& objects) {
  Row row;
  EndSet services;
  if (direction == Direction::Egress)
    for (const std::size_t service : classes.services) services.add(static_cast<std::uint32_t>(service));

  const SourceSets::Side written = policies.side(subject, direction);
  ByFamily<ObjectSets::Side> programmed;
  PacketCuts cuts;
  written.add_cuts(cuts);
  for (const Family family : families) {
    row.met[index(family)] = classes.meeting(subject, direction, family, cluster);
    if (row.met[index(family)].isEmpty()) continue;
    programmed[index(family)] = objects.side(subject, direction, family);
    programmed[index(family)].add_cuts(cuts);
  }

  for (const Packets& packets : cuts.pieces()) {
    RowPart part;
    EndSet met;
    for (const Family family : families) {
      const EndSet& met_here = row.met[index(family)];
      if (!carries(family, packets.protocol) || met_here.isEmpty()) continue;
      met |= met_here;
      EndSet asked = met_here;
      for (const std::uint32_t service : services)
        if (classes.ends[service].address(family) != nullptr) asked.add(service);
      ObjectSets::Passing passing = programmed[index(family)].passing(packets, asked);
      part.objects[index(family)] = std::move(passing.allowed);
      part.tied[index(family)] = std::move(passing.tied);
    }
    part.policies = written.passing(packets, met);
    const auto known =
        std::find_if(row.parts.begin(), row.parts.end(), [&](const RowPart& each) { return same_way(each, part); });
    if (known == row.parts.end()) {
      part.traffic.push_back(packets);
      row.parts.push_back(std::move(part));
    } else {
      known->traffic.push_back(packets);
    }
  }
  for (RowPart& part : row.parts) {
    part.traffic = merged(std::move(part.traffic));
    part.policies.runOptimize();
    for (const Family family : families) part.objects[index(family)].runOptimize();
  }
  return row;
}

EndSet differing(const Row& row) {
  EndSet all;
  for (const RowPart& part : row.parts)
    for (const Family family : families) {
      // Packets of a part may be of one family only: its sets are then empty for the other one.
      const bool carried = std::any_of(part.traffic.begin(), part.traffic.end(),
                                       [&](const Packets& packets) { return carries(family, packets.protocol); });
      if (!carried) continue;
      const EndSet& met = row.met[index(family)];
      all |= ((part.policies ^ part.objects[index(family)]) | part.tied[index(family)]) & met;
    }
  return all;
}

}  // namespace policyconv::verify
