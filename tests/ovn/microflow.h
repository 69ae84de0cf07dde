// Packets in the language of ovn-trace.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "verify/decide_manifest.h"

namespace policyconv::real_ovn {

/// What the connection tracker says about a packet.
enum class Conntrack { New, Established, Reply };
[[nodiscard]] std::string_view flags_of(Conntrack conntrack);  // as `--ct` takes them

/// `packet` as it enters a switch at port `inport`.
[[nodiscard]] std::string microflow(const std::string& inport, const std::string& from_mac, const std::string& to_mac,
                                    const verify::Packet& packet, Conntrack conntrack);

/// Where multicast and broadcast go on Ethernet (RFC 1112, RFC 2464); nullopt for a unicast address.
[[nodiscard]] std::optional<std::string> multicast_mac(const Address& to);

/// The answer to `packet`. nullopt for ICMP types that have none.
[[nodiscard]] std::optional<verify::Packet> reply_to(const verify::Packet& packet);

}  // namespace policyconv::real_ovn
