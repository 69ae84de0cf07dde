// The fields and predicates that an OVN match can name, and how to read them off the first packet of a connection.
// Entrance: find_field().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "verify/ovn_constant.h"
#include "verify/ovn_match.h"

namespace policyconv::verify {

/// OVN's levels of measurement (ovn-sb(5)). They decide which relations a symbol admits: nominal ones may be tested for
/// equality only, and nominal predicates not be negated, because OpenFlow cannot match on "not equal" there.
enum class Level : std::uint8_t { Ordinal, Nominal, NominalPredicate, BooleanPredicate };

struct Field {
  std::string_view name;
  unsigned width = 0;  // in bits; 0: a string
  Level level = Level::Ordinal;
  std::optional<Bits> (*read)(const MatchPacket&) = nullptr;  // nullopt: a prerequisite of the symbol is unmet
  std::string MatchPacket::*text = nullptr;                   // the value of a string field
};

/// nullptr if OVN has no such field. Registers and `flags` are left out: they hold northd's own state.
[[nodiscard]] const Field* find_field(std::string_view name);

}  // namespace policyconv::verify
