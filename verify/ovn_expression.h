// A parsed OVN match as a tree. As in OVN, `!` is pushed down to the comparisons, and the prerequisites of a field are
// ANDed outside of its comparison: `tcp.dst != 80` and `!(tcp.dst == 80)` are both false for a UDP packet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "verify/ovn_constant.h"
#include "verify/ovn_fields.h"
#include "verify/ovn_match.h"

namespace policyconv::verify {

enum class Relation : std::uint8_t { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual };

[[nodiscard]] constexpr bool is_order(Relation relation) {
  return relation != Relation::Equal && relation != Relation::NotEqual;
}

/// `field == {constants and names}`: equal to any of them; `!=`: different from all; an order has just one constant.
struct Comparison {
  const Field* field = nullptr;
  unsigned shift = 0;    // of the subfield
  Bits ones = ~Bits(0);  // as many as the subfield has bits
  Relation relation = Relation::Equal;
  bool with_any = false;            // an order with some member of an address set, not with all: it stood behind a `!`
  std::vector<Constant> constants;  // of a number field
  std::vector<std::string> texts;   // of a string field
  std::vector<std::string> names;   // port groups of a string field, address sets of a number field
};

struct MatchNode;
struct Junction {
  bool all = true;  // &&; false: ||
  std::vector<MatchNode> parts;
};
struct MatchNode {
  std::variant<bool, Junction, Comparison> form;
};

/// nullopt and the reason if OVN would not parse `text`. Never throws.
[[nodiscard]] std::optional<MatchNode> parse_expression(std::string_view text, MatchError& error);

}  // namespace policyconv::verify
