// Where packets have to be told apart: the bounds of port and type intervals that rules ask about.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "ir/cluster.h"
#include "verify/traffic.h"

namespace policyconv::verify {

class PacketCuts {
 public:
  /// Some rule asks whether the destination port, or the ICMP type, is from `first` to `last`.
  void add(Protocol protocol, std::uint16_t first, std::uint16_t last) {
    cut(destinations_[static_cast<std::size_t>(protocol)], first, last);
  }
  /// The same for source ports.
  void add_source(Protocol protocol, std::uint16_t first, std::uint16_t last) {
    cut(sources_[static_cast<std::size_t>(protocol)], first, last);
  }
  [[nodiscard]] bool has_sources() const;
  /// all_traffic() in pieces, in order.
  [[nodiscard]] std::vector<Packets> pieces() const;

 private:
  using Starts = std::set<std::uint32_t>;  // 0 always is one, unwritten
  static void cut(Starts& starts, std::uint32_t first, std::uint32_t last) {
    starts.insert(first);
    starts.insert(last + 1);
  }
  std::array<Starts, 6> destinations_, sources_;
};

/// The packet that stands for all of a piece. Its source port is an ephemeral one, if the piece has it.
[[nodiscard]] constexpr std::uint16_t source_port_of(const Packets& packets) {
  constexpr std::uint16_t ephemeral = 50000;
  return packets.source_first <= ephemeral && ephemeral <= packets.source_last ? ephemeral : packets.source_first;
}

}  // namespace policyconv::verify
