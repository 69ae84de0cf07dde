#include "cli/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "cli/explain.h"
#include "cli/help.h"
#include "yaml/decode.h"

namespace policyconv::cli {
namespace {

template <typename T>
using Choice = std::pair<std::string_view, T>;

constexpr std::array<Choice<bool>, 2> booleans = {{{"true", true}, {"false", false}}};
constexpr std::array<Choice<Emit>, 2> emits = {{{"objects", Emit::Objects}, {"ir", Emit::Ir}}};
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

std::string problem_of(const CLI::App& command, const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::string subject = text.substr(0, text.find(':'));
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
    return "no policies given; name a file, a directory, or `-` for standard input, before any --cluster";
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

Request parse_migrate(std::vector<std::string> args) {
  MigrateOptions options;
  options.jobs = std::max(1U, std::thread::hardware_concurrency());
  std::optional<bool> default_local_cluster;
  CLI::App app("", "policyconv migrate");
  app.add_option("PATH", options.paths)->required();
  app.add_option("--cluster", options.cluster_paths);
  app.add_option("-n,--namespace", options.default_namespace);
  add_minor_version(app, "--cilium", 14, 20, options.semantics.cilium_minor);
  app.add_option("--cluster-name", options.semantics.cluster_name);
  add_choice(app, "--policy-default-local-cluster", booleans, default_local_cluster);
  app.add_flag("--sctp", options.semantics.sctp);
  add_minor_version(app, "--kube-ovn", 12, 16, options.release.minor);
  add_choice(app, "--node-traffic", node_traffics, options.node_traffic);
  add_codes(app, "--allow-looser", options.tolerance.allow_looser);
  add_cidrs(app, "--pod-cidr", options.ranges.pods);
  add_cidrs(app, "--service-cidr", options.ranges.services);
  add_cidrs(app, "--node-cidr", options.ranges.nodes);
  add_cidrs(app, "--join-cidr", options.ranges.joins);
  add_addresses(app, "--node-local-dns", options.ranges.node_local_dns);
  const CLI::Option* output = app.add_option("-o,--output", options.output);
  add_choice(app, "--emit", emits, options.emit);
  add_choice(app, "--fail-on", levels, options.tolerance.fail_on);
  add_jobs(app, options.jobs);
  add_choice(app, "--color", colours, options.colour);
  app.add_flag("-q,--quiet", options.quiet);
  app.add_flag("-v,--verbose", options.verbose);

  if (const auto answer = parse(app, std::move(args), migrate_help)) return *answer;
  options.semantics.default_local_cluster =
      default_local_cluster.value_or(semantics_of(options.semantics.cilium_minor).default_local_cluster);
  if (output->count() > 0 && options.output.empty()) return misused(app.get_name(), "`--output` names no directory");
  if (options.emit == Emit::Ir && !options.output.empty())
    return misused(app.get_name(), "`--emit ir` prints to standard output; leave out `--output`");
  return options;
}

Request parse_explain(std::vector<std::string> args) {
  ExplainOptions options;
  CLI::App app("", "policyconv explain");
  app.add_option("CODE", options.codes);
  if (const auto answer = parse(app, std::move(args), explain_help)) return *answer;
  return options;
}

}  // namespace

Request parse_command_line(std::vector<std::string> args) {
  if (args.empty()) return Answer{std::string(general_help), usage_error};
  const std::string command = args.front();
  args.erase(args.begin());
  if (command == "migrate") return parse_migrate(std::move(args));
  if (command == "explain") return parse_explain(std::move(args));
  if (command == "-h" || command == "--help" || command == "help") return Answer{std::string(general_help), 0};
  if (command == "--version") return Answer{"policyconv " POLICYCONV_VERSION "\n", 0};
  const std::string what = command.starts_with('-') ? "option" : "command";
  return misused("policyconv", fmt::format("unknown {} `{}`{}", what, command,
                                           did_you_mean(command, {"migrate", "explain", "--help", "--version"})));
}

}  // namespace policyconv::cli
