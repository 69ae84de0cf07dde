// Ports and ICMP types as text: which strings are names, which numbers, and the table of ICMP names (C§2.3, C§2.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace policyconv::cilium {

/// An IANA service name: letters, digits and single inner dashes, at least one letter, at most 15 characters. Such text
/// is a name even where it could be read as a number (`0x50`).
[[nodiscard]] bool is_service_name(std::string_view port);

struct PortNumber {
  std::uint16_t value = 0;
  std::string error;  // Go's words, or empty
};
/// strconv.ParseUint(text, 0, 16): a prefix tells the base, underscores may stand between digits.
[[nodiscard]] PortNumber parse_port(std::string_view text);

/// pkg/policy/api/icmp.go; nullopt: the family has no message of that name.
struct IcmpName {
  std::string_view name;
  std::optional<std::uint8_t> v4, v6;
};
/// nullptr if there is no such name in either family.
[[nodiscard]] const IcmpName* find_icmp_name(std::string_view name);

}  // namespace policyconv::cilium
