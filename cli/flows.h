// Recorded flows: what `hubble observe -o json` prints, one JSON object a line. Entrance: read_flows().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/address.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::cli {

/// One end of a recorded flow, as far as the record tells.
struct ObservedEnd {
  std::optional<Address> address;
  std::string ns, pod;              // empty: no pod, or not known
  std::string workload;             // "Deployment web"; may be empty
  std::vector<std::string> labels;  // "k8s:app=web", "reserved:world"; sorted
  bool operator==(const ObservedEnd&) const = default;
};

enum class ObservedVerdict : std::uint8_t {
  Forwarded,
  Dropped,
  Audit,  // policies deny it, and policy audit mode let it pass
};

struct ObservedFlow {
  ObservedEnd source, destination;
  ObservedVerdict verdict = ObservedVerdict::Forwarded;
  Direction direction = Direction::Ingress;  // the end at which it was recorded
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;
};

/// Why a record says nothing about policies, in the order of the checks.
enum class NotJudged : std::uint8_t {
  NoFlow,  // another kind of message
  Lost,    // Hubble says that it lost events
  Layer7,
  Socket,        // translation at a socket, before any packet
  BeforePolicy,  // seen on its way to the point where policy is decided
  Reply,
  IcmpError,
  OtherDrop,  // dropped, not by policy
  OtherVerdict,
  NoDirection,
  NoProtocol,  // neither TCP, UDP, SCTP nor ICMP
  NoAddress,
  NoPod,  // from here on: found out with the cluster
  UnknownPod,
  CiliumEndpoint,
  UnknownNode,
  ServiceAddress,
  NoFamily,
};
[[nodiscard]] std::string_view to_string(NotJudged cause);
inline constexpr std::size_t not_judged_causes = static_cast<std::size_t>(NotJudged::NoFamily) + 1;

struct FlowSink {
  std::function<void(const ObservedFlow&)> flow;
  std::function<void(NotJudged, std::uint64_t count)> not_judged;
};

/// Reads `in` line by line, and holds no more than one line at a time. Bad lines are reported with their places; `name`
/// is what the file is called in messages.
void read_flows(std::istream& in, const std::string& name, const FlowSink& sink, Sources& sources,
                Diagnostics& diagnostics);

}  // namespace policyconv::cli
