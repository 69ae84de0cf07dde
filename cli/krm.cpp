#include "cli/krm.h"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <iterator>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "backends/kubeovn/print.h"
#include "cli/files.h"
#include "cli/inputs.h"
#include "cli/krm_config.h"
#include "cli/krm_list.h"
#include "cli/krm_results.h"
#include "report/build.h"
#include "report/text.h"

namespace policyconv::cli {
namespace {

using yaml::Member;
using yaml::Node;
using yaml::Shape;

// --- objects ---------------------------------------------------------------------------------------------------------

/// What the API server keeps unique: group, kind, namespace, name.
using Identity = std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>;
Identity identity(const Node& object) {
  const std::string_view version = scalar_at(object, {"apiVersion"});
  const std::string_view group = version.substr(0, version.find('/') == version.npos ? 0 : version.find('/'));
  return {group, scalar_at(object, {"kind"}), scalar_at(object, {"metadata", "namespace"}),
          scalar_at(object, {"metadata", "name"})};
}

/// Written by an earlier run, all of it; anybody may set the label.
bool is_ours(const Node& object) {
  const std::string_view kind = scalar_at(object, {"kind"});
  return (kind == "SecurityGroup" || kind == "NetworkPolicy") &&
         scalar_at(object, {"metadata", "labels", "app.kubernetes.io/managed-by"}) == "policyconv";
}

Node& member(Node& mapping, std::string_view key) {
  for (Member& each : mapping.members)
    if (each.key.scalar == key) return each.value;
  mapping.members.push_back({text_node(key), mapping_node({})});
  return mapping.members.back().value;
}

/// Mappings are merged, anything else of `patch` takes the place of what was there.
void merge(Node& into, const Node& patch) {
  if (into.shape != Shape::Mapping || patch.shape != Shape::Mapping) {
    into = patch;
    return;
  }
  for (const auto& [key, value] : patch.members) merge(member(into, key.scalar), value);
}

/// The annotations by which the orchestrator knows an item again.
bool is_of_orchestrator(std::string_view annotation) {
  constexpr std::string_view prefixes[] = {"config.kubernetes.io/", "internal.config.kubernetes.io/", "config.k8s.io/"};
  return std::any_of(std::begin(prefixes), std::end(prefixes),
                     [&](std::string_view p) { return annotation.starts_with(p); });
}

void annotate(Node& object, std::string_view name, const Node& value) {
  Node& annotations = member(member(object, "metadata"), "annotations");
  if (annotations.shape != Shape::Mapping) annotations = mapping_node({});
  member(annotations, name) = value;
}

/// The whole object as it is now, in the place of the old one.
Node in_place_of(const Node& old, Node made) {
  const Node* metadata = old.find("metadata");
  const Node* annotations = metadata != nullptr ? metadata->find("annotations") : nullptr;
  if (annotations == nullptr) return made;
  for (const auto& [key, value] : annotations->members)
    if (is_of_orchestrator(key.scalar)) annotate(made, key.scalar, value);
  return made;
}

// --- what becomes of the package
// ---------------------------------------------------------------------------------------

class Packer {
 public:
  Packer(const ResourceList& list, const FunctionConfig& config) : list_(list), config_(config) {
    changes_.items.resize(list.items().size());
    for (std::size_t i = 0; i < list.items().size(); ++i) known_.try_emplace(identity(list.items()[i]), i);
  }

  ResourceChanges pack(const kubeovn::Manifest& manifest, const Catalog& catalog) && {
    for (const kubeovn::OutputFile& file : kubeovn::print(manifest, catalog)) place(file);
    if (config_.keep_source)
      drop_stale();
    else
      drop_sources(catalog);
    return std::move(changes_);
  }

 private:
  void place(const kubeovn::OutputFile& file) {
    Sources sources;
    Diagnostics none;
    const std::string path = fmt::format("{}/{}", config_.path, file.name);
    std::size_t index = 0;
    for (Node& object : yaml::read_documents(sources, sources.add(path, file.text), none)) {
      const auto old = known_.find(identity(object));
      if (old == known_.end()) {
        for (const std::string_view prefix : {"", "internal."}) {
          annotate(object, fmt::format("{}config.kubernetes.io/path", prefix), text_node(path));
          annotate(object, fmt::format("{}config.kubernetes.io/index", prefix), text_node(std::to_string(index)));
        }
        ++index;
        changes_.added.push_back(std::move(object));
      } else {
        change(old->second, std::move(object));
      }
    }
  }

  /// Of Subnets and Pods we know a part only; the others are ours altogether.
  void change(std::size_t at, Node object) {
    const Node& old = list_.items()[at];
    Node made = old;
    if (is_ours(old))
      made = in_place_of(old, std::move(object));
    else
      merge(made, object);
    needed_.insert(at);
    if (!same(made, old, true)) changes_.items[at].changed = std::move(made);
  }

  /// What an earlier run added and this one did not: its policy is gone.
  void drop_stale() {
    for (std::size_t i = 0; i < list_.items().size(); ++i)
      if (is_ours(list_.items()[i]) && needed_.count(i) == 0) changes_.items[i].dropped = true;
  }

  void drop_sources(const Catalog& catalog) {
    for (const SourcePolicy& policy : catalog.policies)
      if (const auto item = item_at(list_, policy.loc); item && policy.enforced && list_.items()[*item].loc == policy.loc)
        changes_.items[*item].dropped = true;  // not a List that holds other things, too
  }

  const ResourceList& list_;
  const FunctionConfig& config_;
  ResourceChanges changes_;
  std::map<Identity, std::size_t> known_;
  std::set<std::size_t> needed_;  // items that are as we want them, by now
};

/// About files as a whole, which a package is not: it holds other things, and each item is policy and fact at once.
constexpr Kind about_files[] = {Kind::ObjectsPassedOver, Kind::NoObject, Kind::SecretsPassedOver, Kind::KindsPassedOver,
                                Kind::PoliciesInDump};

/// The items as policies and as facts. A package without pods is no dump of a cluster: what it lacks may exist.
void read_items(const FunctionConfig& config, const ResourceList& list, Inputs& inputs) {
  inputs.trees[list.file].documents = list.items();
  inputs.policy_files = inputs.cluster_files = {list.file};
  read_parsed(config.options.input, inputs);
  inputs.trees.clear();
  inputs.cluster.given = !inputs.cluster.pods.empty();
  std::erase_if(inputs.diagnostics.all(), [](const Diagnostic& found) {
    return std::find(std::begin(about_files), std::end(about_files), found.kind) != std::end(about_files);
  });
}

}  // namespace

int krm(std::istream& in, std::ostream& out, std::ostream& err) {
  Inputs inputs;
  Diagnostics& diagnostics = inputs.diagnostics;
  std::optional<std::string> text = read_stream(in, diagnostics);
  if (!text) return report_errors(inputs, report::Colour::Auto, err);
  const std::uint32_t file = inputs.sources.add("<stdin>", *std::move(text));
  const std::optional<ResourceList> list = read_resource_list(inputs.sources, file, diagnostics);
  if (!list) return report_errors(inputs, report::Colour::Auto, err);

  const FunctionConfig config = read_function_config(list->function_config(), diagnostics);
  inputs.sources.set_limits(config.options.input.limits);
  std::optional<kubeovn::Manifest> manifest;
  if (!diagnostics.has_errors()) read_items(config, *list, inputs);
  const Catalog& catalog = inputs.policies.catalog;
  if (!diagnostics.has_errors() && !catalog.policies.empty())
    manifest = compile(config.options.input, program_of(config.options.input, inputs), inputs);

  diagnostics.sort();
  report::Report made = report::make("krm",
                                     {inputs.sources, catalog, diagnostics, manifest ? &*manifest : nullptr,
                                      inputs.cluster.pods.empty(), inputs.policy_files},
                                     config.options.tolerance);
  ResourceChanges changes{std::vector<ItemFate>(list->items().size()), {}, {}};
  if (made.status != 0) {
    made.generated.reset();  // nothing of it is written
    made.groups.clear();
  } else if (manifest) {
    changes = Packer(*list, config).pack(*manifest, catalog);
  }
  changes.results = results_of(made, *list, changes);
  const bool could_write = !diagnostics.has_errors();
  write_stream(out, written(inputs.sources, *list, changes), diagnostics);
  if (made.status != 0) report::print_text(made, {report::wants_colour(report::Colour::Auto, err), false, false}, err);
  return could_write && diagnostics.has_errors() ? report_errors(inputs, report::Colour::Auto, err) : made.status;
}

}  // namespace policyconv::cli
