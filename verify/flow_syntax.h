// Flows in words, as written: the lines of an assertion file, and single ends and traffic of the command line
// (docs/assertions.md). What the words refer to is the matter of verify/select.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ir/address.h"
#include "ir/diagnostics.h"
#include "ir/source.h"
#include "verify/traffic.h"

namespace policyconv::verify {

/// One condition on the labels of a pod. A pod without the label meets NotIn, as in Kubernetes.
struct LabelTerm {
  enum class Op : std::uint8_t { In, NotIn, Exists, DoesNotExist };
  std::string key;
  Op op = Op::Exists;
  std::vector<std::string> values = {};  // In, NotIn
  bool operator==(const LabelTerm&) const = default;
};

struct PodsTerm {
  std::string ns;                      // empty: every namespace
  std::string name;                    // empty: every pod that meets `labels`
  std::vector<LabelTerm> labels = {};  // all of them
  bool operator==(const PodsTerm&) const = default;
};

struct NodesTerm {
  std::string name;                              // empty: every node
  std::optional<Address> address = std::nullopt;  // `node:n1/192.168.0.1`; nullopt: all its addresses
  bool operator==(const NodesTerm&) const = default;
};

/// Addresses that are neither a pod's nor a node's. `ip:` is a range of one address.
struct RangeTerm {
  Cidr cidr;
  bool operator==(const RangeTerm&) const = default;
};

enum class EntityTerm : std::uint8_t { World, Cluster, Nodes, KubeApiserver, All };

/// The ready backends of a Service.
struct ServiceTerm {
  std::string ns, name;
  bool operator==(const ServiceTerm&) const = default;
};

struct EndTerm {
  std::variant<PodsTerm, NodesTerm, RangeTerm, EntityTerm, ServiceTerm> what;
  std::string text;  // as written
  Loc loc;
};

/// Everything that `traffic` says about every pair of ends passes (allow), or nothing of it does (deny).
struct Assertion {
  Verdict verdict = Verdict::Allow;
  EndTerm from, to;
  Traffic traffic;
  std::string text;  // the line without comment and blanks around it
  Loc loc;
};

/// The assertions of a file, those with mistakes left out. Reports all mistakes of the file. Never throws.
[[nodiscard]] std::vector<Assertion> parse_assertions(const Sources& sources, std::uint32_t file,
                                                      Diagnostics& diagnostics);

struct FlowError {
  std::size_t column = 0;  // from 1
  std::string text;
};

/// "pod:shop/app=web", "node:n1", "ip:10.1.2.3" ...; nullopt and `error` for anything else. The place of the result is
/// column 1 of no file.
[[nodiscard]] std::optional<EndTerm> parse_end_term(std::string_view text, FlowError& error);
/// "any", "tcp", "tcp/80,udp/5000-6000", "icmp/8".
[[nodiscard]] std::optional<Traffic> parse_traffic(std::string_view text, FlowError& error);

}  // namespace policyconv::verify
