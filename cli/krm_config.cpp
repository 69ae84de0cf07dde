// Each setting goes through the parser of the command line, so that both accept the same and say the same.
#include "cli/krm_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "yaml/decode.h"
#include "yaml/text.h"

namespace policyconv::cli {
namespace {

using yaml::Node;
using yaml::Shape;

enum class Takes { One, Many, Flag };

struct Setting {
  std::string_view name, option;
  Takes takes;
};

constexpr Setting settings[] = {
    {"allowLooser", "--allow-looser", Takes::Many},
    {"cilium", "--cilium", Takes::One},
    {"clusterName", "--cluster-name", Takes::One},
    {"failOn", "--fail-on", Takes::One},
    {"joinCidr", "--join-cidr", Takes::Many},
    {"kubeOvn", "--kube-ovn", Takes::One},
    {"maxExpansion", "--max-expansion", Takes::One},
    {"maxRules", "--max-rules", Takes::One},
    {"namespace", "--namespace", Takes::One},
    {"nodeCidr", "--node-cidr", Takes::Many},
    {"nodeLocalDns", "--node-local-dns", Takes::Many},
    {"nodeTraffic", "--node-traffic", Takes::One},
    {"podCidr", "--pod-cidr", Takes::Many},
    {"policyDefaultLocalCluster", "--policy-default-local-cluster", Takes::One},
    {"sctp", "--sctp", Takes::Flag},
    {"serviceCidr", "--service-cidr", Takes::Many},
};
constexpr std::string_view keep_source = "keepSource", path = "path";

/// Words between commas or blanks: a ConfigMap has no lists.
std::vector<std::string> words(std::string_view text) {
  constexpr std::string_view between = ", \t\r\n";
  std::vector<std::string> all;
  for (std::size_t at = text.find_first_not_of(between); at != text.npos; at = text.find_first_not_of(between, at)) {
    const std::size_t end = std::min(text.find_first_of(between, at), text.size());
    all.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return all;
}

/// What a function may name as a place in its package.
bool is_inside(std::string_view folder) {
  if (folder.empty() || folder.starts_with('/') || folder.ends_with('/')) return false;
  for (std::size_t at = 0; at <= folder.size();) {
    const std::size_t end = std::min(folder.find('/', at), folder.size());
    const std::string_view part = folder.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

std::vector<std::string> command_line(const std::vector<std::string>& options) {
  std::vector<std::string> args = {"migrate", "-"};
  args.insert(args.end(), options.begin(), options.end());
  return args;
}

/// What the command line says about these options; empty if it takes them.
std::string problem_with(const std::vector<std::string>& options, std::string_view option) {
  const Request request = parse_command_line(command_line(options));
  const auto* answer = std::get_if<Answer>(&request);
  if (answer == nullptr) return {};
  std::string_view text = std::string_view(answer->text).substr(0, answer->text.find('\n'));
  for (const std::string& before : {std::string("policyconv migrate: "), fmt::format("{}: ", option)})
    if (text.starts_with(before)) text.remove_prefix(before.size());
  return std::string(text);
}

class Reader {
 public:
  explicit Reader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  FunctionConfig read(const Node* node) {
    if (node != nullptr && node->shape != Shape::Null) read_object(*node);
    Request request = parse_command_line(command_line(options_));
    if (auto* migrate = std::get_if<MigrateOptions>(&request)) config_.options = std::move(*migrate);
    config_.options.input.policies_required = false;  // most packages have none
    return std::move(config_);
  }

 private:
  void read_object(const Node& node) {
    const Node* kind = node.find("kind");
    const std::string_view name = kind != nullptr ? std::string_view(kind->scalar) : std::string_view();
    if (name != "ConfigMap" && name != "PolicyConvConfig")
      return refuse(kind != nullptr ? *kind : node, "",
                    fmt::format("its kind is `{}`, it must be ConfigMap or PolicyConvConfig", yaml::excerpt(name)));
    where_ = name == "ConfigMap" ? "data" : "spec";
    const Node* values = node.find(where_);
    if (values == nullptr || values->shape == Shape::Null) return;
    if (values->shape != Shape::Mapping)
      return refuse(*values, where_, fmt::format("it is {}, it must be a mapping", yaml::shape_name(values->shape)));
    for (const auto& [key, value] : values->members)
      if (value.shape != Shape::Null) read_setting(key, value);
  }

  void read_setting(const Node& key, const Node& value) {
    const std::string& name = key.scalar;
    const auto* known = std::find_if(std::begin(settings), std::end(settings),
                                     [&](const Setting& setting) { return setting.name == name; });
    if (name == keep_source) {
      if (const std::optional<bool> keep = flag(name, value)) config_.keep_source = *keep;
    } else if (name == path) {
      if (value.shape != Shape::Scalar || !is_inside(value.scalar))
        refuse(value, at(name), "it must be a folder of the package, like `kube-ovn` or `network/kube-ovn`");
      else
        config_.path = value.scalar;
    } else if (known != std::end(settings)) {
      read_option(*known, value);
    } else {
      std::vector<std::string_view> names = {keep_source, path};
      for (const Setting& setting : settings) names.push_back(setting.name);
      const std::string_view nearest = decode::nearest(name, names);
      refuse(key, at(name),
             nearest.empty() ? "there is no such setting"
                             : fmt::format("there is no such setting; did you mean `{}`?", nearest));
    }
  }

  void read_option(const Setting& setting, const Node& value) {
    std::vector<std::string> given;
    if (setting.takes == Takes::Flag) {
      if (flag(setting.name, value).value_or(false)) given.emplace_back(setting.option);
    } else {
      const auto texts = texts_of(setting, value);
      if (!texts) return;
      for (const std::string& text : *texts) given.push_back(fmt::format("{}={}", setting.option, text));
    }
    const std::string problem = problem_with(given, setting.option);
    if (problem.empty())
      options_.insert(options_.end(), given.begin(), given.end());
    else
      refuse(value, at(setting.name), problem);
  }

  std::optional<std::vector<std::string>> texts_of(const Setting& setting, const Node& value) {
    if (value.shape == Shape::Scalar)
      return setting.takes == Takes::Many ? words(value.scalar) : std::vector<std::string>{value.scalar};
    std::vector<std::string> texts;
    for (const Node& item : value.items) texts.push_back(item.scalar);
    const bool scalars =
        std::all_of(value.items.begin(), value.items.end(), [](const Node& n) { return n.shape == Shape::Scalar; });
    if (value.shape == Shape::Sequence && scalars && setting.takes == Takes::Many) return texts;
    refuse(value, at(setting.name),
           setting.takes == Takes::Many ? "it must be text, or a list of texts" : "it must be text");
    return std::nullopt;
  }

  std::optional<bool> flag(std::string_view name, const Node& value) {
    if (value.scalar == "true") return true;
    if (value.scalar == "false") return false;
    refuse(value, at(name), "it must be true or false");
    return std::nullopt;
  }

  [[nodiscard]] std::string at(std::string_view name) const {
    return fmt::format("{}.{}", where_, yaml::excerpt(name));
  }

  void refuse(const Node& where, std::string_view name, std::string_view problem) {
    diagnostics_.report<Kind::FunctionInput>(
        where.loc, name.empty() ? "functionConfig" : fmt::format("functionConfig {}", name), problem);
  }

  Diagnostics& diagnostics_;
  FunctionConfig config_;
  std::string where_;
  std::vector<std::string> options_;
};

}  // namespace

FunctionConfig read_function_config(const Node* node, Diagnostics& diagnostics) {
  return Reader(diagnostics).read(node);
}

}  // namespace policyconv::cli
