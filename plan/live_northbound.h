// What ovn-nbctl --format=json list printed of OVN's northbound database. Entrance: read_northbound().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::plan {

struct NorthboundAcl {
  std::string uuid, direction, action, match;
  std::string parent;  // of external_ids: a port group or a switch; empty: somebody else wrote the row
  std::int64_t priority = 0;
  std::optional<std::int64_t> tier;  // nullopt: OVN has no tiers (v1.12)
  std::uint32_t file = 0;
};

struct NorthboundGroup {
  std::size_t ports = 0;
  std::set<std::string> acls;  // uuids
  std::uint32_t file = 0;
};

struct NorthboundSet {
  std::set<std::string> addresses;
  std::uint32_t file = 0;
};

/// A table that was not given is not known.
struct Northbound {
  std::optional<std::vector<NorthboundAcl>> acls;
  std::optional<std::map<std::string, NorthboundGroup, std::less<>>> port_groups;
  std::optional<std::map<std::string, NorthboundSet, std::less<>>> address_sets;
};

/// Adds the table in `file`, which its headings tell. Reports what is no such table, and then adds nothing.
void read_northbound(const Sources& sources, std::uint32_t file, Northbound& into, Diagnostics& diagnostics);

}  // namespace policyconv::plan
