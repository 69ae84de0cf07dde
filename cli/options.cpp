#include "cli/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "cli/explain.h"
#include "cli/help.h"
#include "yaml/decode.h"

namespace policyconv::cli {
namespace {

template <typename T>
using Choice = std::pair<std::string_view, T>;

constexpr std::array<Choice<bool>, 2> booleans = {{{"true", true}, {"false", false}}};
constexpr std::array<Choice<Emit>, 2> emits = {{{"objects", Emit::Objects}, {"ir", Emit::Ir}}};
constexpr std::array<Choice<Format>, 2> two_formats = {{{"text", Format::Text}, {"json", Format::Json}}};
constexpr std::array<Choice<Format>, 3> formats = {
    {{"text", Format::Text}, {"json", Format::Json}, {"markdown", Format::Markdown}}};
constexpr std::array<Choice<DocumentFormat>, 4> document_formats = {{{"text", DocumentFormat::Text},
                                                                     {"markdown", DocumentFormat::Markdown},
                                                                     {"json", DocumentFormat::Json},
                                                                     {"html", DocumentFormat::Html}}};
constexpr std::array<Choice<Protocol>, 5> protocols = {{{"tcp", Protocol::Tcp},
                                                        {"udp", Protocol::Udp},
                                                        {"sctp", Protocol::Sctp},
                                                        {"icmp", Protocol::Icmp},
                                                        {"icmp6", Protocol::Icmp6}}};
constexpr std::array<Choice<Colour>, 3> colours = {
    {{"auto", Colour::Auto}, {"always", Colour::Always}, {"never", Colour::Never}}};
constexpr std::array<Choice<Effect>, 4> levels = {{{"same", Effect::Stricter},
                                                   {"stricter", Effect::Stricter},
                                                   {"looser", Effect::Looser},
                                                   {"refused", Effect::Refused}}};
constexpr std::array<Choice<kubeovn::NodeTraffic>, 3> node_traffics = {{{"anchor", kubeovn::NodeTraffic::Anchor},
                                                                        {"all-nodes", kubeovn::NodeTraffic::AllNodes},
                                                                        {"none", kubeovn::NodeTraffic::None}}};

[[noreturn]] void refuse(const std::string& option, const std::string& problem) {
  throw CLI::ValidationError(fmt::format("{}: {}", option, problem));
}

template <typename T, std::size_t Count, typename Value>
void add_choice(CLI::App& command, const std::string& name, const std::array<Choice<T>, Count>& choices, Value& value) {
  command.add_option_function<std::string>(name, [name, &choices, &value](const std::string& text) {
    const auto found = std::find_if(choices.begin(), choices.end(), [&](const auto& c) { return c.first == text; });
    std::vector<std::string_view> names;
    for (const auto& choice : choices) names.push_back(choice.first);
    if (found == choices.end()) refuse(name, fmt::format("`{}` is none of {}", text, fmt::join(names, ", ")));
    value = found->second;
  });
}

/// A version such as 1.18, v1.18 or 1.18.3, of which only the 18 counts.
void add_minor_version(CLI::App& command, const std::string& name, int first, int last, int& value) {
  command.add_option_function<std::string>(name, [=, &value](const std::string& text) {
    std::string_view rest = text;
    if (rest.starts_with('v')) rest.remove_prefix(1);
    for (int minor = first; minor <= last; ++minor) {
      const std::string wanted = fmt::format("1.{}", minor);
      if (rest != wanted && !rest.starts_with(wanted + ".")) continue;
      value = minor;
      return;
    }
    refuse(name, fmt::format("`{}` is not one of 1.{} to 1.{}", text, first, last));
  });
}

CLI::Option* add_list(CLI::App& command, const std::string& name,
                      std::function<void(const std::vector<std::string>&)> read) {
  return command.add_option_function<std::vector<std::string>>(name, std::move(read))
      ->delimiter(',')
      ->allow_extra_args(false);
}

void add_cidrs(CLI::App& command, const std::string& name, std::vector<Cidr>& value) {
  add_list(command, name, [name, &value](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      CidrError error;
      const std::optional<Cidr> cidr = parse_cidr(text, &error);
      if (!cidr) refuse(name, fmt::format("`{}` is no CIDR: {}", text, error.text));
      value.push_back(*cidr);
    }
  });
}

void add_addresses(CLI::App& command, const std::string& name, std::vector<Address>& value) {
  add_list(command, name, [name, &value](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      const std::optional<Address> address = parse_address(text);
      if (!address) refuse(name, fmt::format("`{}` is no IP address", text));
      value.push_back(*address);
    }
  });
}

/// An approximation that may be accepted says so in its help.
bool is_acceptable(const Definition& definition) {
  return definition.help.find(fmt::format("--allow-looser {}", definition.code)) != std::string_view::npos;
}

void add_codes(CLI::App& command, const std::string& name, std::vector<std::string>& value) {
  add_list(command, name, [name, &value](const std::vector<std::string>& texts) {
    for (std::string code : texts) {
      code = canonical_code(code);
      std::vector<std::string_view> valid;
      for (const Definition& definition : definitions)
        if (is_acceptable(definition)) valid.push_back(definition.code);
      if (std::find(valid.begin(), valid.end(), code) == valid.end())
        refuse(name, fmt::format("`{}` is no approximation that can be accepted; these are: {}", code,
                                 fmt::join(valid, ", ")));
      value.push_back(code);
    }
  });
}

std::optional<Protocol> protocol_named(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c < 128 ? std::tolower(c) : c); });
  for (const auto& [name, protocol] : protocols)
    if (name == text) return protocol;
  return std::nullopt;
}

/// "443/tcp", "tcp/443", "443" (tcp), "icmp/8", "icmp" (echo).
std::optional<PacketKind> packet_kind(const std::string& text) {
  const std::size_t slash = text.find('/');
  std::string number = text.substr(0, slash), name = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
  if (protocol_named(number)) std::swap(number, name);
  const std::optional<Protocol> protocol = protocol_named(name);
  if (!protocol) return std::nullopt;
  const bool is_icmp = *protocol == Protocol::Icmp || *protocol == Protocol::Icmp6;
  if (slash == std::string::npos && is_icmp)
    return PacketKind{*protocol, static_cast<std::uint16_t>(*protocol == Protocol::Icmp ? 8 : 128)};
  PacketKind kind{*protocol, 0};
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), kind.port);
  if (number.empty() || error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  if (is_icmp ? kind.port > 255 : kind.port == 0) return std::nullopt;
  return kind;
}

void add_packet(CLI::App& command, const std::string& name, PacketKind& value) {
  command
      .add_option_function<std::string>(name,
                                        [name, &value](const std::string& text) {
                                          const auto kind = packet_kind(text);
                                          if (!kind)
                                            refuse(name, fmt::format("`{}` is none of 443/tcp, 53/udp, 9/sctp, "
                                                                     "icmp/8, icmp6/128 and their like",
                                                                     text));
                                          value = *kind;
                                        })
      ->required();
}

void add_jobs(CLI::App& command, unsigned& value) {
  command.add_option_function<std::string>("-j,--jobs", [&value](const std::string& text) {
    constexpr unsigned most = 256;
    unsigned jobs = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), jobs);
    if (error != std::errc() || end != text.data() + text.size() || jobs < 1 || jobs > most)
      refuse("--jobs", fmt::format("`{}` is no number from 1 to {}", text, most));
    value = jobs;
  });
}

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
    return "no policies given; name a file, a directory, or `-` for standard input, before any --cluster";
  if (what.starts_with("--policies")) return "no policies given; name files or directories with --policies";
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

/// Parses into what the options of `command` are bound to; an answer if there is nothing to do any more.
std::optional<Answer> parse(CLI::App& command, std::vector<std::string> args, std::string_view help) {
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

/// How both systems are set up: the same for every command.
void add_systems(CLI::App& app, InputOptions& input) {
  app.add_option("-n,--namespace", input.default_namespace);
  add_minor_version(app, "--cilium", 14, 20, input.semantics.cilium_minor);
  app.add_option("--cluster-name", input.semantics.cluster_name);
  add_choice(app, "--policy-default-local-cluster", booleans, input.default_local_cluster);
  app.add_flag("--sctp", input.semantics.sctp);
  add_minor_version(app, "--kube-ovn", 12, 16, input.release.minor);
  add_choice(app, "--node-traffic", node_traffics, input.node_traffic);
  add_codes(app, "--allow-looser", input.allow_looser);
  add_cidrs(app, "--pod-cidr", input.ranges.pods);
  add_cidrs(app, "--service-cidr", input.ranges.services);
  add_cidrs(app, "--node-cidr", input.ranges.nodes);
  add_cidrs(app, "--join-cidr", input.ranges.joins);
  add_addresses(app, "--node-local-dns", input.ranges.node_local_dns);
  input.jobs = std::max(1U, std::thread::hardware_concurrency());
  add_jobs(app, input.jobs);
}

/// Where facts come from, too.
void add_input(CLI::App& app, InputOptions& input) {
  app.add_option("--cluster", input.cluster_paths);
  add_systems(app, input);
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
  app.add_flag("--verify", options.verify);
  add_choice(app, "--color", colours, options.colour);
  app.add_flag("-q,--quiet", options.quiet);
  app.add_flag("-v,--verbose", options.verbose);
}

void declare(CLI::App& app, VerifyOptions& options) {
  add_both_sides(app, options.input);
  app.add_option("--assert", options.assertion_paths);
  app.add_flag("!--no-future", options.future);
  add_choice(app, "--format", formats, options.format);
  add_choice(app, "--color", colours, options.colour);
}

void declare(CLI::App& app, TraceOptions& options) {
  add_both_sides(app, options.input);
  app.add_option("--from", options.from)->required();
  app.add_option("--to", options.to)->required();
  add_packet(app, "--port", options.packet);
  add_choice(app, "--format", two_formats, options.format);
  add_choice(app, "--color", colours, options.colour);
}

void declare(CLI::App& app, ReplayOptions& options) {
  app.add_option("FLOWS", options.flows)->required();
  add_both_sides(app, options.input);
  add_choice(app, "--format", formats, options.format);
  add_choice(app, "--color", colours, options.colour);
}

void declare(CLI::App& app, AssessOptions& options) {
  app.add_option("PATH", options.input.paths);
  add_systems(app, options.input);
  app.add_flag("--print-collect", options.print_collect);
  app.add_option("--plan", options.plan);
  app.add_option("--rehearsal", options.rehearsal);
  add_choice(app, "--format", document_formats, options.format);
  add_choice(app, "--color", colours, options.colour);
}

void declare(CLI::App& app, ExplainOptions& options) {
  app.add_option("CODE", options.codes);
}

void settle(InputOptions& input) {
  input.semantics.default_local_cluster =
      input.default_local_cluster.value_or(semantics_of(input.semantics.cilium_minor).default_local_cluster);
}

/// A problem of options that are fine one by one; empty if there is none.
std::string settle(MigrateOptions& options, const CLI::App& app) {
  settle(options.input);
  options.tolerance.allow_looser = options.input.allow_looser;
  if (app.count("--output") > 0 && options.output.empty()) return "`--output` names no directory";
  if (options.emit == Emit::Ir && !options.output.empty())
    return "`--emit ir` prints to standard output; leave out `--output`";
  if (options.emit == Emit::Ir && options.verify) return "`--verify` is about objects; leave out `--emit ir`";
  return {};
}

std::string settle(AssessOptions& options, const CLI::App& app) {
  settle(options.input);
  options.input.policies_required = false;
  options.input.cluster_paths = options.input.paths;
  if (options.print_collect && !options.input.paths.empty()) return "`--print-collect` reads nothing; leave out the files";
  if (!options.print_collect && options.input.paths.empty())
    return "no dump given; name files or directories, or `-`; --print-collect prints a script that makes one";
  if (app.count("--plan") > 0 && std::filesystem::path(options.plan).filename().empty()) return "`--plan` names no file";
  if (app.count("--rehearsal") > 0 && options.rehearsal.empty()) return "`--rehearsal` names no directory";
  return {};
}

template <typename Options>
std::string settle(Options& options, const CLI::App&) {
  settle(options.input);
  return {};
}

std::string settle(ExplainOptions&, const CLI::App&) {
  return {};
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

}  // namespace

Request parse_command_line(std::vector<std::string> args) {
  if (args.empty()) return Answer{std::string(general_help), usage_error};
  const std::string command = args.front();
  args.erase(args.begin());
  if (command == "migrate") return parse_as<MigrateOptions>(command, std::move(args), migrate_help);
  if (command == "verify") return parse_as<VerifyOptions>(command, std::move(args), verify_help());
  if (command == "trace") return parse_as<TraceOptions>(command, std::move(args), trace_help());
  if (command == "replay") return parse_as<ReplayOptions>(command, std::move(args), replay_help());
  if (command == "assess") return parse_as<AssessOptions>(command, std::move(args), assess_help);
  if (command == "explain") return parse_as<ExplainOptions>(command, std::move(args), explain_help);
  if (command == "-h" || command == "--help" || command == "help") return Answer{std::string(general_help), 0};
  if (command == "--version") return Answer{"policyconv " POLICYCONV_VERSION "\n", 0};
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
  if (command == "explain") return options_declared<ExplainOptions>();
  return {};
}

}  // namespace policyconv::cli
