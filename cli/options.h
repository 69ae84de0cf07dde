// What the command line asks for. Entrance: parse_command_line().
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/manifest.h"
#include "cli/report.h"
#include "ir/address.h"
#include "ir/semantics.h"

namespace policyconv::cli {

enum class Colour : std::uint8_t { Auto, Always, Never };
enum class Emit : std::uint8_t { Objects, Ir };

/// Where things lie, for runs that have no cluster dump to say so.
struct Ranges {
  std::vector<Cidr> pods, services, nodes, joins;
  std::vector<Address> node_local_dns;
};

struct MigrateOptions {
  std::vector<std::string> paths, cluster_paths;
  std::string output;  // a directory; empty: standard output
  std::string default_namespace = "default";
  Semantics semantics;
  kubeovn::Release release;
  kubeovn::NodeTraffic node_traffic = kubeovn::NodeTraffic::Anchor;
  Ranges ranges;
  Tolerance tolerance;
  Emit emit = Emit::Objects;
  unsigned jobs = 1;
  Colour colour = Colour::Auto;
  bool quiet = false, verbose = false;
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

using Request = std::variant<MigrateOptions, ExplainOptions, Answer>;
/// `args` without the program's name.
[[nodiscard]] Request parse_command_line(std::vector<std::string> args);

}  // namespace policyconv::cli
