// What the command line asks for. Entrance: parse_command_line().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "assess/findings.h"
#include "backends/kubeovn/admission.h"
#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/manifest.h"
#include "report/build.h"
#include "report/terminal.h"
#include "ir/address.h"
#include "ir/cluster.h"
#include "ir/exit_status.h"
#include "ir/limits.h"
#include "ir/semantics.h"

namespace policyconv::cli {

enum class Emit : std::uint8_t { Objects, Ir };
enum class Format : std::uint8_t { Text, Json, Markdown };
enum class DocumentFormat : std::uint8_t { Text, Markdown, Json, Html };

/// One way to show a report.
enum class Face : std::uint8_t { Text, Markdown, Html, Json, Sarif, Junit, Gitlab };
enum class Annotations : std::uint8_t { None, Github };

struct ReportFile {
  Face face = Face::Json;
  std::string path;
};

/// What becomes of the findings, beside what the terminal shows.
struct ReportOptions {
  std::vector<ReportFile> files;
  Annotations annotations = Annotations::None;
  report::Language language = report::Language::English;
  std::string baseline, write_baseline;  // files; empty: none
  std::string since;                     // an earlier JSON report; empty: none
  bool ratchet = false;                  // with `since`: fewer rules kept is a failure
};

/// Where things lie, for runs that have no cluster dump to say so.
struct Ranges {
  std::vector<Cidr> pods, services, nodes, joins;
  std::vector<Address> node_local_dns;
};

/// What every command that reads policies is told about its input and about both systems.
struct InputOptions {
  std::vector<std::string> paths, cluster_paths;
  bool policies_required = true;
  bool from_cluster = false;              // policies and facts by kubectl
  std::string context;                    // of kubectl; empty: its current one
  std::vector<std::string> object_paths;  // not for migrate; empty: what migrate would make of the policies
  std::string default_namespace = "default";
  Semantics semantics;
  std::optional<bool> default_local_cluster;  // as typed; `semantics` has the outcome
  kubeovn::Release release;
  kubeovn::NodeTraffic node_traffic = kubeovn::NodeTraffic::Anchor;
  std::vector<std::string> allow_looser;  // codes of accepted approximations
  Ranges ranges;
  Limits limits;
  unsigned jobs = 1;
};

struct MigrateOptions {
  InputOptions input;
  std::string output;  // a directory; empty: standard output
  report::Tolerance tolerance;
  ReportOptions reports;
  std::optional<kubeovn::AdmissionForm> admission;  // nullopt: as it is usual for where the objects go
  int kubernetes_minor = 36;              // of 1.N
  std::vector<std::vector<std::string>> waves;  // namespaces that the plan moves together
  std::string previous;                   // the directory of an earlier run; empty: none
  bool make_before_break = false;         // with `previous`
  bool tree = false;                      // each file by itself, into a folder of its own
  bool keep_going = false;                // with `tree`: what has no errors is written although others have
  unsigned shard_index = 0, shard_count = 1;
  Emit emit = Emit::Objects;
  bool verify = false;
  bool cost = false;
  unsigned max_acls = 0;                  // 0: no limit
  report::Colour colour = report::Colour::Auto;
  bool quiet = false, verbose = false;
};

struct VerifyOptions {
  InputOptions input;
  std::vector<std::string> assertion_paths;
  bool future = true;
  Format format = Format::Text;
  Effect fail_on = Effect::Stricter;
  ReportOptions reports;
  report::Colour colour = report::Colour::Auto;
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
  Effect fail_on = Effect::Stricter;
  report::Colour colour = report::Colour::Auto;
};

struct ReplayOptions {
  InputOptions input;
  std::string flows;  // a path, or `-`
  Format format = Format::Text;
  Effect fail_on = Effect::Stricter;
  ReportOptions reports;
  report::Colour colour = report::Colour::Auto;
};

struct AssessOptions {
  InputOptions input;  // policies and facts from the same files
  bool print_collect = false;
  std::string plan;       // a file for the objects of the address plan; empty: none
  std::string rehearsal;  // a directory for the test environment; empty: none
  DocumentFormat format = DocumentFormat::Text;
  assess::Verdict fail_on = assess::Verdict::Work;
  ReportOptions reports;
  report::Colour colour = report::Colour::Auto;
};

/// What is in a cluster beside what was emitted.
struct DriftOptions {
  std::vector<std::string> object_paths, cluster_paths;
  std::vector<std::string> northbound_paths;  // what ovn-nbctl --format=json printed
  Format format = Format::Text;
  ReportOptions reports;
  report::Colour colour = report::Colour::Auto;
  Limits limits;
  unsigned jobs = 1;
};

struct RollbackCheckOptions {
  std::string plan;  // a plan.json
  std::vector<std::string> cluster_paths;
  Format format = Format::Text;
  report::Colour colour = report::Colour::Auto;
  Limits limits;
  unsigned jobs = 1;
};

struct ExplainOptions {
  std::vector<std::string> codes;  // as typed; empty: a line for each
  bool all = false;                // every code at length
  Format format = Format::Text;    // not Json
  report::Language language = report::Language::English;
};

/// Reports of other runs, as one.
struct MergeOptions {
  std::vector<std::string> paths;
  std::optional<Effect> fail_on;  // nullopt: the least that one of them had
  ReportOptions reports;
  report::Colour colour = report::Colour::Auto;
  bool quiet = false, verbose = false;
};

/// A KRM function is set up by the functionConfig that it reads.
struct KrmOptions {};

/// What the command line itself answers: help, the version, or a usage error (status 2).
struct Answer {
  std::string text;
  int status = 0;
};

inline constexpr int usage_error = status::usage;
inline constexpr unsigned most_shards = 100'000;

using Request =
    std::variant<MigrateOptions, VerifyOptions, TraceOptions, ReplayOptions, AssessOptions, DriftOptions,
                 RollbackCheckOptions, ExplainOptions, KrmOptions, MergeOptions, Answer>;
/// `args` without the program's name.
[[nodiscard]] Request parse_command_line(std::vector<std::string> args);

/// The commands, and the long names of the options of each, for tests of the help.
inline constexpr std::string_view commands[] = {"migrate", "verify",         "trace",   "replay", "assess",
                                                "drift",   "rollback-check", "explain", "krm",    "report"};
[[nodiscard]] std::vector<std::string> options_of(std::string_view command);

}  // namespace policyconv::cli
