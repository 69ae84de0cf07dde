#include "cli/krm_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "backends/kubeovn/annotations.h"
#include "report/build.h"
#include "report/terminal.h"

namespace policyconv::cli {
namespace {

using report::counted;
using yaml::Member;
using yaml::Node;
using yaml::Shape;

std::string_view severity(Effect effect, Effect fail_on) {
  switch (effect) {
    case Effect::Note:
      return "info";
    case Effect::Error:
      return "error";
    case Effect::NoEffect:
      return "warning";
    case Effect::Stricter:
    case Effect::Looser:
    case Effect::Refused:
      return effect >= fail_on ? "error" : "warning";
  }
  return "error";
}

/// The path of the node that begins at `where`, or of its key: `spec.ingress[0].toPorts`. False: there is none.
bool find_path(const Node& node, Loc where, std::string& path) {
  const std::size_t length = path.size();
  for (const auto& [key, value] : node.members) {
    const bool plain = key.scalar.find_first_of("./[]") == std::string::npos;
    path += plain ? fmt::format("{}{}", length == 0 ? "" : ".", key.scalar) : fmt::format("[{}]", key.scalar);
    if (key.loc == where || find_path(value, where, path) || value.loc == where) return true;
    path.resize(length);
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    path += fmt::format("[{}]", i);
    if (find_path(node.items[i], where, path) || node.items[i].loc == where) return true;
    path.resize(length);
  }
  return false;
}

Node mapping_of_texts(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  std::vector<std::pair<std::string_view, Node>> members;
  for (const auto& [key, text] : pairs)
    if (!text.empty()) members.emplace_back(key, text_node(text));
  return mapping_node(std::move(members));
}

Node reference(const Node& object) {
  return mapping_of_texts({{"apiVersion", scalar_at(object, {"apiVersion"})},
                           {"kind", scalar_at(object, {"kind"})},
                           {"name", scalar_at(object, {"metadata", "name"})},
                           {"namespace", scalar_at(object, {"metadata", "namespace"})}});
}

/// The file in the package that the orchestrator read an item from; nullopt if it does not say.
std::optional<Node> file_of(const Node& item) {
  const auto annotation = [&](std::string_view name) {
    const std::string_view internal = scalar_at(item, {"metadata", "annotations", fmt::format("internal.{}", name)});
    return internal.empty() ? scalar_at(item, {"metadata", "annotations", name}) : internal;
  };
  const std::string_view path = annotation("config.kubernetes.io/path"),
                         index = annotation("config.kubernetes.io/index");
  if (path.empty()) return std::nullopt;
  std::vector<std::pair<std::string_view, Node>> members = {{"path", text_node(path)}};
  const bool counted = !index.empty() && index.size() < 10 &&
                       std::all_of(index.begin(), index.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (counted) members.emplace_back("index", number_node(std::stoul(std::string(index))));
  return mapping_node(std::move(members));
}

Node result(std::string_view message, std::string_view severity) {
  return mapping_node({{"message", text_node(message)}, {"severity", text_node(severity)}});
}

void add(Node& to, std::string_view key, Node value) {
  to.members.push_back({text_node(key), std::move(value)});
}

Node result_of(const report::Finding& finding, Effect fail_on, const ResourceList& list) {
  std::string message = finding.message;
  if (!finding.suggestion.empty()) message += fmt::format("; {}", finding.suggestion);
  Node made = result(message, severity(finding.effect, fail_on));
  const Loc where{list.file, finding.place.line, finding.place.column};
  const std::optional<std::size_t> item = item_at(list, where);
  const Node* config = list.function_config();
  const Node* object = item ? &list.items()[*item] : nullptr;
  std::string path;
  if (object != nullptr) {
    if (object->loc == where || !find_path(*object, where, path)) path = finding.rule;
  } else if (config != nullptr && find_path(*config, where, path)) {
    object = config;
  }
  if (object != nullptr) add(made, "resourceRef", reference(*object));
  if (!path.empty()) add(made, "field", mapping_of_texts({{"path", path}}));
  if (auto file = object != nullptr ? file_of(*object) : std::nullopt) add(made, "file", *std::move(file));
  add(made, "tags",
      mapping_of_texts({{"code", definition(finding.kind).code},
                        {"effect", report::disposition(finding.effect)},
                        {"help", definition(finding.kind).help}}));
  return made;
}

std::string summary(const report::Report& report, const ResourceChanges& changes) {
  if (report.status != 0) return "nothing was changed: see the errors, and `failOn` for what counts as one";
  if (report.policies.empty()) return "there is no network policy among the items; nothing was changed";
  const report::Counts counts = report::counts_of(report);
  const auto changed = std::count_if(changes.items.begin(), changes.items.end(),
                                     [](const auto& fate) { return fate.changed.has_value(); });
  const auto dropped =
      std::count_if(changes.items.begin(), changes.items.end(), [](const auto& fate) { return fate.dropped; });
  return fmt::format("{}, {}: {} kept identical; objects added: {}, changed: {}, dropped: {}",
                     counted(report.policies.size(), "policy", "policies"), counted(counts.rules(), "rule", "rules"),
                     counts.same, changes.added.size(), changed, dropped);
}

}  // namespace

std::optional<std::size_t> item_at(const ResourceList& list, Loc where) {
  if (where.file != list.file || where.line == 0) return std::nullopt;
  const std::vector<Node>& items = list.items();
  const auto next =
      std::upper_bound(items.begin(), items.end(), where, [](Loc loc, const Node& item) { return loc < item.loc; });
  if (next == items.begin()) return std::nullopt;
  const Loc start = std::prev(next)->loc;
  const bool is_last = next == items.end();
  // What stands behind the last item may belong to another member of the list.
  const bool outside =
      is_last && std::any_of(list.root.members.begin(), list.root.members.end(),
                             [&](const Member& member) { return start < member.key.loc && member.key.loc <= where; });
  return outside ? std::nullopt : std::optional(static_cast<std::size_t>(std::prev(next) - items.begin()));
}

std::vector<Node> results_of(const report::Report& report, const ResourceList& list, const ResourceChanges& changes) {
  std::vector<Node> results;
  for (const report::Finding& finding : report.findings) results.push_back(result_of(finding, report.fail_on, list));
  if (!report.groups.empty())
    results.push_back(
        result(fmt::format("a SecurityGroup does nothing until pods name it in their annotation "
                           "ovn.kubernetes.io/security_groups; which pods each is for stands in its annotation {}",
                           kubeovn::selects_annotation),
               "info"));
  results.push_back(result(summary(report, changes), report.status == 0 ? "info" : "error"));
  return results;
}

}  // namespace policyconv::cli
