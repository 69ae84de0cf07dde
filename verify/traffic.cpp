// Entrances: merged(), common(), without(), to_string(). Pieces are rectangles of destination by source ports, and
// nearly always as high as the plane, so that one sweep along the destination ports is enough. Only where source ports
// are named, the plane is cut into strips and each strip is swept along its source ports.
#include "verify/traffic.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

namespace policyconv::verify {
namespace {

using Pieces = std::span<const Packets>;
using Port = std::uint16_t Packets::*;

constexpr std::array protocols{Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Icmp, Protocol::Icmp6};
constexpr std::uint32_t no_port = 65536;

bool any_source(const Packets& packets) {
  return packets.source_first == 0 && packets.source_last == 65535;
}

bool any_source(Pieces pieces) {
  return std::all_of(pieces.begin(), pieces.end(), [](const Packets& each) { return any_source(each); });
}

/// One axis of the plane; `along` is sorted by `first`.
struct Cursor {
  Pieces along;
  Port first, last;

  /// Where the answer to inside() next changes.
  [[nodiscard]] std::uint32_t change(std::uint32_t at) const {
    if (along.empty()) return no_port;
    return inside(at) ? along.front().*last + 1U : along.front().*first;
  }
  [[nodiscard]] bool inside(std::uint32_t at) const { return !along.empty() && along.front().*first <= at; }
  void move_to(std::uint32_t at) {
    while (!along.empty() && along.front().*last < at) along = along.subspan(1);
  }
};

/// Calls `found(first, last)` for each interval of ports in which `keep(in a, in b)`, in order.
template <typename Keep, typename Found>
void sweep(Cursor a, Cursor b, Keep keep, Found found) {
  std::uint32_t open = no_port;  // start of the interval that may still grow
  for (std::uint32_t at = 0; at < no_port;) {
    const bool is_kept = keep(a.inside(at), b.inside(at));
    if (is_kept && open == no_port) open = at;
    if (!is_kept && open != no_port) {
      found(static_cast<std::uint16_t>(open), static_cast<std::uint16_t>(at - 1));
      open = no_port;
    }
    at = std::min(a.change(at), b.change(at));
    a.move_to(at);
    b.move_to(at);
  }
  if (open != no_port) found(static_cast<std::uint16_t>(open), std::uint16_t{65535});
}

/// The pieces that lie in the strip that starts at `at`, sorted by source ports.
Traffic strip(Pieces pieces, std::uint32_t at) {
  Traffic found;
  for (const Packets& each : pieces)
    if (each.first <= at && at <= each.last) found.push_back(each);
  std::sort(found.begin(), found.end(),
            [](const Packets& x, const Packets& y) { return x.source_first < y.source_first; });
  return found;
}

/// `a` and `b` are of one protocol. Strips that came apart at a port where nothing changes grow together again, so that
/// equal sets have equal pieces.
template <typename Keep>
void in_strips(Pieces a, Pieces b, Keep keep, Traffic& result) {
  std::vector<std::uint32_t> cuts;
  for (const Pieces pieces : {a, b})
    for (const Packets& each : pieces) cuts.insert(cuts.end(), {each.first, each.last + 1U});
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());

  const std::size_t begin = result.size();
  std::vector<std::size_t> previous, current;  // pieces that end with the strip before, and with this one
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const Traffic in_a = strip(a, cuts[i]), in_b = strip(b, cuts[i]);
    const auto last = static_cast<std::uint16_t>(cuts[i + 1] - 1);
    Packets piece = !in_a.empty() ? in_a.front() : !in_b.empty() ? in_b.front() : Packets{};
    piece.first = static_cast<std::uint16_t>(cuts[i]);
    piece.last = last;
    current.clear();
    sweep(Cursor{in_a, &Packets::source_first, &Packets::source_last},
          Cursor{in_b, &Packets::source_first, &Packets::source_last}, keep,
          [&](std::uint16_t source_first, std::uint16_t source_last) {
            const auto same = std::find_if(previous.begin(), previous.end(), [&](std::size_t at) {
              return result[at].source_first == source_first && result[at].source_last == source_last;
            });
            piece.source_first = source_first;
            piece.source_last = source_last;
            current.push_back(same == previous.end() ? result.size() : *same);
            if (same == previous.end()) result.push_back(piece);
            result[current.back()].last = last;
          });
    previous.swap(current);
  }
  std::sort(result.begin() + static_cast<std::ptrdiff_t>(begin), result.end());
}

/// The pieces of one protocol, taken off the front.
Pieces take(Pieces& pieces, Protocol protocol) {
  const auto end = std::find_if(pieces.begin(), pieces.end(), [&](const Packets& p) { return p.protocol != protocol; });
  const auto count = static_cast<std::size_t>(end - pieces.begin());
  const Pieces taken = pieces.first(count);
  pieces = pieces.subspan(count);
  return taken;
}

/// Both sorted. `keep` must be false for what is in neither.
template <typename Keep>
Traffic combined(Pieces all_a, Pieces all_b, Keep keep) {
  Traffic result;
  for (const Protocol protocol : protocols) {
    const Pieces a = take(all_a, protocol), b = take(all_b, protocol);
    if (a.empty() && b.empty()) continue;
    if (!any_source(a) || !any_source(b)) {
      in_strips(a, b, keep, result);
      continue;
    }
    sweep(Cursor{a, &Packets::first, &Packets::last}, Cursor{b, &Packets::first, &Packets::last}, keep,
          [&](std::uint16_t first, std::uint16_t last) {
            result.push_back({protocol, first, last, 0, 65535});
          });
  }
  return result;
}

bool is_icmp(Protocol protocol) {
  return protocol == Protocol::Icmp || protocol == Protocol::Icmp6;
}

std::string interval(std::uint16_t first, std::uint16_t last) {
  return first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
}

std::string to_string(const Packets& packets) {
  std::string text(policyconv::to_string(packets.protocol));
  if (is_icmp(packets.protocol)) {
    text += " type " + interval(packets.first, packets.last);
  } else if (packets.first > 1 || packets.last != 65535) {
    text += " " + interval(packets.first, packets.last);
  }
  if (!any_source(packets))
    text += fmt::format(" from port{} {}", packets.source_first == packets.source_last ? "" : "s",
                        interval(packets.source_first, packets.source_last));
  return text;
}

}  // namespace

Traffic all_traffic() {
  return {{Protocol::Tcp, 1, 65535},    {Protocol::Udp, 1, 65535},    {Protocol::Sctp, 1, 65535},
          {Protocol::Icmp, 0, 255},     {Protocol::Icmp6, 0, 129},    {Protocol::Icmp6, 137, 142},
          {Protocol::Icmp6, 144, 255}};
}

Traffic merged(std::vector<Packets> pieces) {
  std::sort(pieces.begin(), pieces.end());
  return combined(pieces, {}, [](bool in, bool) { return in; });
}

std::optional<Packets> common(const Packets& a, const Packets& b) {
  if (a.protocol != b.protocol) return std::nullopt;
  const Packets both{a.protocol, std::max(a.first, b.first), std::min(a.last, b.last),
                     std::max(a.source_first, b.source_first), std::min(a.source_last, b.source_last)};
  if (both.first > both.last || both.source_first > both.source_last) return std::nullopt;
  return both;
}

Traffic common(const Traffic& a, const Traffic& b) {
  if (a.empty() || b.empty()) return {};
  return combined(a, b, [](bool in_a, bool in_b) { return in_a && in_b; });
}

Traffic without(const Traffic& a, const Traffic& b) {
  if (a.empty() || b.empty()) return a;
  return combined(a, b, [](bool in_a, bool in_b) { return in_a && !in_b; });
}

std::string to_string(const Traffic& traffic) {
  if (traffic.empty()) return "nothing";
  static const Traffic everything = all_traffic();
  if (traffic == everything) return "any";
  std::string text;
  Pieces rest = traffic, all = everything;
  for (const Protocol protocol : protocols) {
    const Pieces pieces = take(rest, protocol), whole = take(all, protocol);
    const auto add = [&](std::string_view added) { text.append(text.empty() ? "" : ", ").append(added); };
    // The holes of icmp6 are in no set, so they are no reason to name types.
    if (std::equal(pieces.begin(), pieces.end(), whole.begin(), whole.end())) add(policyconv::to_string(protocol));
    else
      for (const Packets& each : pieces) add(to_string(each));
  }
  return text;
}

}  // namespace policyconv::verify
