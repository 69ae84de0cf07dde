// What the command line asks for. Entrance: parse_command_line().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/manifest.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "ir/address.h"
#include "ir/cluster.h"
#include "ir/semantics.h"

namespace policyconv::cli {

enum class Emit : std::uint8_t { Objects, Ir };
enum class Format : std::uint8_t { Text, Json, Markdown };
enum class DocumentFormat : std::uint8_t { Text, Markdown, Json, Html };

/// Where things lie, for runs that have no cluster dump to say so.
struct Ranges {
  std::vector<Cidr> pods, services, nodes, joins;
  std::vector<Address> node_local_dns;
};

/// What every command that reads policies is told about its input and about both systems.
struct InputOptions {
  std::vector<std::string> paths, cluster_paths;
  bool policies_required = true;
  std::vector<std::string> object_paths;  // not for migrate; empty: what migrate would make of the policies
  std::string default_namespace = "default";
  Semantics semantics;
  std::optional<bool> default_local_cluster;  // as typed; `semantics` has the outcome
  kubeovn::Release release;
  kubeovn::NodeTraffic node_traffic = kubeovn::NodeTraffic::Anchor;
  std::vector<std::string> allow_looser;  // codes of accepted approximations
  Ranges ranges;
  unsigned jobs = 1;
};

struct MigrateOptions {
  InputOptions input;
  std::string output;  // a directory; empty: standard output
  Tolerance tolerance;
  Emit emit = Emit::Objects;
  bool verify = false;
  Colour colour = Colour::Auto;
  bool quiet = false, verbose = false;
};

struct VerifyOptions {
  InputOptions input;
  std::vector<std::string> assertion_paths;
  bool future = true;
  Format format = Format::Text;
  Colour colour = Colour::Auto;
};

/// What a packet is: a destination port, or a type of ICMP.
struct PacketKind {
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;
};

struct TraceOptions {
  InputOptions input;
  std::string from, to;  // as typed
  PacketKind packet;
  Format format = Format::Text;
  Colour colour = Colour::Auto;
};

struct ReplayOptions {
  InputOptions input;
  std::string flows;  // a path, or `-`
  Format format = Format::Text;
  Colour colour = Colour::Auto;
};

struct AssessOptions {
  InputOptions input;  // policies and facts from the same files
  bool print_collect = false;
  std::string plan;       // a file for the objects of the address plan; empty: none
  std::string rehearsal;  // a directory for the test environment; empty: none
  DocumentFormat format = DocumentFormat::Text;
  Colour colour = Colour::Auto;
};

struct ExplainOptions {
  std::vector<std::string> codes;  // as typed; empty: list all
};

/// What the command line itself answers: help, the version, or a usage error (status 2).
struct Answer {
  std::string text;
  int status = 0;
};

inline constexpr int usage_error = 2;

using Request =
    std::variant<MigrateOptions, VerifyOptions, TraceOptions, ReplayOptions, AssessOptions, ExplainOptions, Answer>;
/// `args` without the program's name.
[[nodiscard]] Request parse_command_line(std::vector<std::string> args);

/// The commands, and the long names of the options of each, for tests of the help.
inline constexpr std::string_view commands[] = {"migrate", "verify", "trace", "replay", "assess", "explain"};
[[nodiscard]] std::vector<std::string> options_of(std::string_view command);

}  // namespace policyconv::cli
