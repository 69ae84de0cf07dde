// Ends of flows as they are typed: what of the cluster a text names. Entrance: find_end().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "verify/flow.h"

namespace policyconv::cli {

/// An end that was typed: one pod, node or address, or a Service.
struct TypedEnd {
  verify::End end;
  const Service* service = nullptr;  // then `end` means nothing
  std::string remark;                // "the first of 3 pods that match"; may be empty
};

/// Reads `pod:shop/web-1`, `shop/web-1`, `pod:shop/app=web`, `node:n1`, `ip:192.0.2.1` or `svc:shop/db`. nullopt, and
/// reported as the value of `option`, if it names nothing, or something without addresses of its own.
[[nodiscard]] std::optional<TypedEnd> find_end(std::string_view option, std::string_view text, const Cluster& cluster,
                                               Diagnostics& diagnostics);

/// Where connections to an address of a Service end up.
struct ServiceWay {
  Address address;
  std::uint16_t port = 0;
  struct Backend {
    verify::End end;
    std::uint16_t port = 0;
  };
  std::vector<Backend> backends;  // of the same family; ready ones only
};
/// One for each cluster IP, if the Service has this port.
[[nodiscard]] std::vector<ServiceWay> ways_through(const Service& service, PacketKind packet, const Cluster& cluster);

}  // namespace policyconv::cli
