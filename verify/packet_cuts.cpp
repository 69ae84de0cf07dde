#include "verify/packet_cuts.h"

#include <algorithm>

namespace policyconv::verify {

bool PacketCuts::has_sources() const {
  return std::any_of(sources_.begin(), sources_.end(), [](const Starts& starts) { return !starts.empty(); });
}

std::vector<Packets> PacketCuts::pieces() const {
  const auto last_before = [](const Starts& starts, std::uint32_t first, std::uint16_t end) {
    const auto next = starts.upper_bound(first);
    return next == starts.end() || *next > end ? end : static_cast<std::uint16_t>(*next - 1);
  };
  std::vector<Packets> pieces;
  for (const Packets& whole : all_traffic()) {
    const Starts& destinations = destinations_[static_cast<std::size_t>(whole.protocol)];
    const Starts& sources = sources_[static_cast<std::size_t>(whole.protocol)];
    for (std::uint32_t first = whole.first; first <= whole.last;) {
      const std::uint16_t last = last_before(destinations, first, whole.last);
      for (std::uint32_t source = whole.source_first; source <= whole.source_last;) {
        const std::uint16_t source_last = last_before(sources, source, whole.source_last);
        pieces.push_back({whole.protocol, static_cast<std::uint16_t>(first), last, static_cast<std::uint16_t>(source),
                          source_last});
        source = std::uint32_t{source_last} + 1;
      }
      first = std::uint32_t{last} + 1;
    }
  }
  return pieces;
}

}  // namespace policyconv::verify
