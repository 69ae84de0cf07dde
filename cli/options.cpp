#include "cli/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "cli/help.h"
#include "cli/help_cluster.h"
#include "cli/option_types.h"
#include "cli/options_settle.h"
#include "cli/version.h"
#include "yaml/decode.h"

namespace policyconv::cli {
namespace {

constexpr std::array<Choice<bool>, 2> booleans = {{{"true", true}, {"false", false}}};
constexpr std::array<Choice<Emit>, 2> emits = {{{"objects", Emit::Objects}, {"ir", Emit::Ir}}};
constexpr std::array<Choice<Format>, 2> two_formats = {{{"text", Format::Text}, {"json", Format::Json}}};
constexpr std::array<Choice<Format>, 2> prose_formats = {{{"text", Format::Text}, {"markdown", Format::Markdown}}};
constexpr std::array<Choice<Format>, 3> formats = {
    {{"text", Format::Text}, {"json", Format::Json}, {"markdown", Format::Markdown}}};
constexpr std::array<Choice<DocumentFormat>, 4> document_formats = {{{"text", DocumentFormat::Text},
                                                                     {"markdown", DocumentFormat::Markdown},
                                                                     {"json", DocumentFormat::Json},
                                                                     {"html", DocumentFormat::Html}}};
constexpr std::array<Choice<Annotations>, 2> annotators = {{{"none", Annotations::None}, {"github", Annotations::Github}}};
constexpr std::array<Choice<report::Language>, 2> languages = {
    {{"en", report::Language::English}, {"zh", report::Language::Chinese}}};
constexpr std::array<Choice<report::Colour>, 3> colours = {
    {{"auto", report::Colour::Auto}, {"always", report::Colour::Always}, {"never", report::Colour::Never}}};
constexpr std::array<Choice<Effect>, 4> levels = {{{"same", Effect::Stricter},
                                                   {"stricter", Effect::Stricter},
                                                   {"looser", Effect::Looser},
                                                   {"refused", Effect::Refused}}};
constexpr std::array<Choice<Effect>, 3> levels_of_proof = {
    {{"same", Effect::Stricter}, {"stricter", Effect::Stricter}, {"looser", Effect::Looser}}};
constexpr std::array<Choice<assess::Verdict>, 2> levels_of_assessment = {
    {{"work", assess::Verdict::Work}, {"blocked", assess::Verdict::Blocked}}};
constexpr std::array<Choice<kubeovn::AdmissionForm>, 3> admissions = {{{"map", kubeovn::AdmissionForm::Map},
                                                                        {"kyverno", kubeovn::AdmissionForm::Kyverno},
                                                                        {"none", kubeovn::AdmissionForm::None}}};
constexpr std::array<Choice<kubeovn::NodeTraffic>, 3> node_traffics = {{{"anchor", kubeovn::NodeTraffic::Anchor},
                                                                        {"all-nodes", kubeovn::NodeTraffic::AllNodes},
                                                                        {"none", kubeovn::NodeTraffic::None}}};

std::vector<std::string> names_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::string did_you_mean(std::string_view seen, const std::vector<std::string>& known) {
  const std::string_view nearest = decode::nearest(seen, {known.begin(), known.end()});
  return nearest.empty() ? std::string() : fmt::format("; did you mean `{}`?", nearest);
}

Answer misused(const std::string& command, const std::string& problem) {
  return {fmt::format("{}: {}\nTry `{} --help`.\n", command, problem, command), usage_error};
}

std::string missing(std::string_view what) {
  if (what.starts_with("PATH"))
    return "no policies given; name a file, a directory, or `-` for standard input, before any --cluster; or ask the "
           "cluster with --from-cluster";
  if (what.starts_with("--policies"))
    return "no policies given; name files or directories with --policies, or ask the cluster with --from-cluster";
  if (what.starts_with("FLOWS"))
    return "no flows given; name the file with what `hubble observe -o json` printed, or `-`, before the options";
  if (what.starts_with("--port")) return "no packet given; name it with --port, e.g. --port 443/tcp or --port icmp/8";
  return fmt::format("`{}` is missing", what.substr(0, what.find(' ')));
}

std::string problem_of(const CLI::App& command, const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::string subject = text.substr(0, text.find(':'));
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) return missing(subject);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return fmt::format("`{}` {}", subject, text.ends_with("missing") ? "needs a value" : "takes one value, once");
  const std::vector<std::string> unknown = command.remaining();
  if (unknown.empty()) return text;
  const std::string option = unknown.front().substr(0, unknown.front().find('='));
  return fmt::format("unknown option `{}`{}", option, did_you_mean(option, names_of(command)));
}

/// Policies come from files or from the cluster.
void require_policies(CLI::App& command, const std::vector<std::string>& args) {
  const bool from_cluster = std::find(args.begin(), args.end(), "--from-cluster") != args.end();
  for (const char* name : {"PATH", "--policies"})
    if (CLI::Option* option = command.get_option_no_throw(name)) option->required(option->get_required() && !from_cluster);
}

/// Parses into what the options of `command` are bound to; an answer if there is nothing to do any more.
std::optional<Answer> parse(CLI::App& command, std::vector<std::string> args, std::string_view help) {
  require_policies(command, args);
  std::reverse(args.begin(), args.end());  // as CLI11 wants it
  try {
    command.parse(std::move(args));
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    return Answer{std::string(help), 0};
  } catch (const CLI::ParseError& error) {
    return misused(command.get_name(), problem_of(command, error));
  }
}

void add_jobs(CLI::App& app, unsigned& jobs) {
  jobs = std::max(1U, std::thread::hardware_concurrency());
  add_number(app, "-j,--jobs", 1, 256, jobs);
}

/// What reading is limited to.
void add_limits(CLI::App& app, Limits& limits) {
  constexpr std::size_t most = 1'000'000'000;
  add_number(app, "--max-file-size", 1, 1'000'000, limits.file_megabytes);
  add_number(app, "--max-depth", 1, Limits::most_depth, limits.depth);
  add_number(app, "--max-documents", 1, most, limits.documents);
  add_number(app, "--max-aliases", 1, 1'000'000, limits.alias_megabytes);
}

/// The same, and of what becomes of policies.
void add_all_limits(CLI::App& app, Limits& limits) {
  constexpr std::size_t most = 1'000'000'000;
  add_limits(app, limits);
  add_number(app, "--max-rules", 1, most, limits.rules);
  add_number(app, "--max-expansion", 1, most, limits.expansion);
}

/// How both systems are set up, and whether kubectl is asked: the same for every command.
void add_systems(CLI::App& app, InputOptions& input) {
  app.add_flag("--from-cluster", input.from_cluster);
  app.add_option("--context", input.context);
  app.add_option("-n,--namespace", input.default_namespace);
  add_minor_version(app, "--cilium", oldest_cilium, newest_cilium, input.semantics.cilium_minor);
  app.add_option("--cluster-name", input.semantics.cluster_name);
  add_choice(app, "--policy-default-local-cluster", booleans, input.default_local_cluster);
  app.add_flag("--sctp", input.semantics.sctp);
  add_minor_version(app, "--kube-ovn", oldest_kube_ovn, newest_kube_ovn, input.release.minor);
  add_choice(app, "--node-traffic", node_traffics, input.node_traffic);
  add_codes(app, "--allow-looser", input.allow_looser);
  add_cidrs(app, "--pod-cidr", input.ranges.pods);
  add_cidrs(app, "--service-cidr", input.ranges.services);
  add_cidrs(app, "--node-cidr", input.ranges.nodes);
  add_cidrs(app, "--join-cidr", input.ranges.joins);
  add_addresses(app, "--node-local-dns", input.ranges.node_local_dns);
  add_all_limits(app, input.limits);
  add_jobs(app, input.jobs);
}

/// Where facts come from, too.
void add_input(CLI::App& app, InputOptions& input) {
  app.add_option("--cluster", input.cluster_paths);
  add_systems(app, input);
}

/// What becomes of the findings.
void add_reports(CLI::App& app, ReportOptions& options) {
  add_report_files(app, "--report", options.files);
  add_choice(app, "--annotations", annotators, options.annotations);
  add_choice(app, "--lang", languages, options.language);
  app.add_option("--baseline", options.baseline);
  app.add_option("--write-baseline", options.write_baseline);
}

/// What became of each rule, beside an earlier run.
void add_comparison(CLI::App& app, ReportOptions& options) {
  app.add_option("--since-report", options.since);
  app.add_flag("--ratchet", options.ratchet);
}

void add_both_sides(CLI::App& app, InputOptions& input) {
  app.add_option("--policies", input.paths)->required();
  app.add_option("--objects", input.object_paths);
  add_input(app, input);
}

void declare(CLI::App& app, MigrateOptions& options) {
  app.add_option("PATH", options.input.paths)->required();
  add_input(app, options.input);
  app.add_option("-o,--output", options.output);
  add_choice(app, "--emit", emits, options.emit);
  add_choice(app, "--fail-on", levels, options.tolerance.fail_on);
  add_reports(app, options.reports);
  add_comparison(app, options.reports);
  add_choice(app, "--admission", admissions, options.admission);
  add_minor_version(app, "--kubernetes", oldest_kubernetes, newest_kubernetes, options.kubernetes_minor);
  add_lists(app, "--wave", options.waves);
  app.add_option("--previous", options.previous);
  app.add_flag("--make-before-break", options.make_before_break);
  app.add_flag("--tree", options.tree);
  app.add_flag("--keep-going", options.keep_going);
  add_number(app, "--shard-index", 0, most_shards - 1, options.shard_index);
  add_number(app, "--shard-count", 1, most_shards, options.shard_count);
  app.add_flag("--verify", options.verify);
  app.add_flag("--cost", options.cost);
  add_number(app, "--max-acls", 1, 1'000'000'000, options.max_acls);
  add_choice(app, "--color", colours, options.colour);
  app.add_flag("-q,--quiet", options.quiet);
  app.add_flag("-v,--verbose", options.verbose);
}

void declare(CLI::App& app, VerifyOptions& options) {
  add_both_sides(app, options.input);
  app.add_option("--assert", options.assertion_paths);
  app.add_flag("!--no-future", options.future);
  add_choice(app, "--format", formats, options.format);
  add_choice(app, "--fail-on", levels_of_proof, options.fail_on);
  add_reports(app, options.reports);
  add_choice(app, "--color", colours, options.colour);
}

void declare(CLI::App& app, TraceOptions& options) {
  add_both_sides(app, options.input);
  app.add_option("--from", options.from)->required();
  app.add_option("--to", options.to)->required();
  add_packet(app, "--port", options.packet);
  add_choice(app, "--format", two_formats, options.format);
  add_choice(app, "--fail-on", levels_of_proof, options.fail_on);
  add_choice(app, "--color", colours, options.colour);
}

void declare(CLI::App& app, ReplayOptions& options) {
  app.add_option("FLOWS", options.flows)->required();
  add_both_sides(app, options.input);
  add_choice(app, "--format", formats, options.format);
  add_choice(app, "--fail-on", levels_of_proof, options.fail_on);
  add_reports(app, options.reports);
  add_choice(app, "--color", colours, options.colour);
}

void declare(CLI::App& app, AssessOptions& options) {
  app.add_option("PATH", options.input.paths);
  add_systems(app, options.input);
  app.add_flag("--print-collect", options.print_collect);
  app.add_option("--plan", options.plan);
  app.add_option("--rehearsal", options.rehearsal);
  add_choice(app, "--format", document_formats, options.format);
  add_choice(app, "--fail-on", levels_of_assessment, options.fail_on);
  add_reports(app, options.reports);
  add_choice(app, "--color", colours, options.colour);
}

void declare(CLI::App& app, DriftOptions& options) {
  app.add_option("--objects", options.object_paths)->required();
  app.add_option("--cluster", options.cluster_paths)->required();
  app.add_option("--nb", options.northbound_paths);
  add_limits(app, options.limits);
  add_jobs(app, options.jobs);
  add_choice(app, "--format", formats, options.format);
  add_reports(app, options.reports);
  add_choice(app, "--color", colours, options.colour);
}

void declare(CLI::App& app, RollbackCheckOptions& options) {
  app.add_option("--plan", options.plan)->required();
  app.add_option("--cluster", options.cluster_paths)->required();
  add_limits(app, options.limits);
  add_jobs(app, options.jobs);
  add_choice(app, "--format", formats, options.format);
  add_choice(app, "--color", colours, options.colour);
}

void declare(CLI::App&, KrmOptions&) {}

void declare(CLI::App& app, MergeOptions& options) {
  app.add_option("PATH", options.paths)->required();
  add_choice(app, "--fail-on", levels, options.fail_on);
  add_reports(app, options.reports);
  add_comparison(app, options.reports);
  add_choice(app, "--color", colours, options.colour);
  app.add_flag("-q,--quiet", options.quiet);
  app.add_flag("-v,--verbose", options.verbose);
}

void declare(CLI::App& app, ExplainOptions& options) {
  app.add_option("CODE", options.codes);
  app.add_flag("--all", options.all);
  add_choice(app, "--format", prose_formats, options.format);
  add_choice(app, "--lang", languages, options.language);
}

template <typename Options>
Request parse_as(const std::string& command, std::vector<std::string> args, std::string_view help) {
  Options options;
  CLI::App app("", "policyconv " + command);
  declare(app, options);
  if (auto answer = parse(app, std::move(args), help)) return *std::move(answer);
  if (const std::string problem = settle(options, app); !problem.empty()) return misused(app.get_name(), problem);
  return options;
}

template <typename Options>
std::vector<std::string> options_declared() {
  Options options;
  CLI::App app;
  declare(app, options);
  return names_of(app);
}

/// A command of its own word, so that there is room for others.
Request parse_report(std::vector<std::string> args) {
  if (!args.empty() && (args.front() == "-h" || args.front() == "--help")) return Answer{std::string(report_help), 0};
  if (args.empty() || args.front() != "merge")
    return misused("policyconv report", args.empty() ? "what to do is missing; it can `merge`"
                                                     : fmt::format("unknown task `{}`; it can `merge`", args.front()));
  args.erase(args.begin());
  return parse_as<MergeOptions>("report merge", std::move(args), report_help);
}

}  // namespace

Request parse_command_line(std::vector<std::string> args) {
  if (args.empty()) return Answer{std::string(general_help), usage_error};
  const std::string command = args.front();
  args.erase(args.begin());
  if (command == "migrate") return parse_as<MigrateOptions>(command, std::move(args), migrate_help());
  if (command == "verify") return parse_as<VerifyOptions>(command, std::move(args), verify_help());
  if (command == "trace") return parse_as<TraceOptions>(command, std::move(args), trace_help());
  if (command == "replay") return parse_as<ReplayOptions>(command, std::move(args), replay_help());
  if (command == "assess") return parse_as<AssessOptions>(command, std::move(args), assess_help());
  if (command == "drift") return parse_as<DriftOptions>(command, std::move(args), drift_help());
  if (command == "rollback-check") return parse_as<RollbackCheckOptions>(command, std::move(args), rollback_check_help());
  if (command == "explain") return parse_as<ExplainOptions>(command, std::move(args), explain_help);
  if (command == "krm") return parse_as<KrmOptions>(command, std::move(args), krm_help);
  if (command == "report") return parse_report(std::move(args));
  if (command == "-h" || command == "--help" || command == "help") return Answer{std::string(general_help), 0};
  if (command == "--version") return Answer{version_text(), 0};
  const std::string what = command.starts_with('-') ? "option" : "command";
  std::vector<std::string> known(std::begin(commands), std::end(commands));
  known.insert(known.end(), {"--help", "--version"});
  return misused("policyconv", fmt::format("unknown {} `{}`{}", what, command, did_you_mean(command, known)));
}

std::vector<std::string> options_of(std::string_view command) {
  if (command == "migrate") return options_declared<MigrateOptions>();
  if (command == "verify") return options_declared<VerifyOptions>();
  if (command == "trace") return options_declared<TraceOptions>();
  if (command == "replay") return options_declared<ReplayOptions>();
  if (command == "assess") return options_declared<AssessOptions>();
  if (command == "drift") return options_declared<DriftOptions>();
  if (command == "rollback-check") return options_declared<RollbackCheckOptions>();
  if (command == "explain") return options_declared<ExplainOptions>();
  if (command == "krm") return options_declared<KrmOptions>();
  if (command == "report") return options_declared<MergeOptions>();
  return {};
}

}  // namespace policyconv::cli
