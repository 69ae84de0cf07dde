#include "frontend/traffic_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>

namespace policyconv::cilium {
namespace {

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_letter_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Go's underscoreOK: an underscore stands between digits; a base prefix counts as a digit.
bool underscores_stand_well(std::string_view digits, bool after_prefix) {
  char before = after_prefix ? '0' : '^';
  for (const char c : digits) {
    if (c == '_' && !is_letter_or_digit(before)) return false;
    before = c;
  }
  return before != '_';
}

constexpr std::nullopt_t none = std::nullopt;
constexpr IcmpName icmp_names[] = {
    {"EchoReply", 0, 129},
    {"DestinationUnreachable", 3, 1},
    {"Redirect", 5, none},
    {"Echo", 8, none},
    {"EchoRequest", 8, 128},
    {"RouterAdvertisement", 9, 134},
    {"RouterSelection", 10, none},
    {"TimeExceeded", 11, 3},
    {"ParameterProblem", 12, 4},
    {"Timestamp", 13, none},
    {"TimestampReply", 14, none},
    {"Photuris", 40, none},
    {"ExtendedEchoRequest", 42, 160},
    {"ExtendedEchoReply", 43, 161},
    {"PacketTooBig", none, 2},
    {"MulticastListenerQuery", none, 130},
    {"MulticastListenerReport", none, 131},
    {"MulticastListenerDone", none, 132},
    {"RouterSolicitation", none, 133},
    {"NeighborSolicitation", none, 135},
    {"NeighborAdvertisement", none, 136},
    {"RedirectMessage", none, 137},
    {"RouterRenumbering", none, 138},
    {"ICMPNodeInformationQuery", none, 139},
    {"ICMPNodeInformationResponse", none, 140},
    {"InverseNeighborDiscoverySolicitation", none, 141},
    {"InverseNeighborDiscoveryAdvertisement", none, 142},
    {"HomeAgentAddressDiscoveryRequest", none, 144},
    {"HomeAgentAddressDiscoveryReply", none, 145},
    {"MobilePrefixSolicitation", none, 146},
    {"MobilePrefixAdvertisement", none, 147},
    {"DuplicateAddressRequestCodeSuffix", none, 157},
    {"DuplicateAddressConfirmationCodeSuffix", none, 158},
};

}  // namespace

bool is_service_name(std::string_view port) {
  return !port.empty() && port.size() <= 15 && port.front() != '-' && port.back() != '-' &&
         port.find("--") == std::string_view::npos && std::any_of(port.begin(), port.end(), is_letter) &&
         std::all_of(port.begin(), port.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

PortNumber parse_port(std::string_view text) {
  const auto failed = [&](std::string_view why) {
    return PortNumber{0, fmt::format("strconv.ParseUint: parsing {:?}: {}", text, why)};
  };
  std::string_view rest = text;
  int base = 10;
  bool prefixed = false;
  if (rest.size() > 1 && rest.front() == '0') {
    const int letter = rest.size() > 2 ? std::tolower(static_cast<unsigned char>(rest[1])) : 0;
    prefixed = letter == 'x' || letter == 'b' || letter == 'o';
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    if (prefixed) rest.remove_prefix(2);
  }
  if (!underscores_stand_well(rest, prefixed)) return failed("invalid syntax");
  std::string digits(rest);
  digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  PortNumber number;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number.value, base);
  if (stop != end || error == std::errc::invalid_argument) return failed("invalid syntax");
  if (error == std::errc::result_out_of_range) return failed("value out of range");
  return number;
}

const IcmpName* find_icmp_name(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(icmp_names), std::end(icmp_names), [&](const IcmpName& one) { return one.name == name; });
  return found == std::end(icmp_names) ? nullptr : found;
}

}  // namespace policyconv::cilium
