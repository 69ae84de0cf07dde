#include "backends/kubeovn/print_bindings.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "yaml/writer.h"

namespace policyconv::kubeovn {
namespace {

using yaml::Writer;

void name(Writer& writer, std::string_view ns, std::string_view name) {
  writer.pair("name", name);
  writer.pair("namespace", ns);
}

// No spaces: Kube-OVN keeps them as part of the name when it creates the port (K§3.1).
void annotation(Writer& writer, std::string_view provider, const std::vector<std::string>& groups) {
  writer.block("annotations", {{annotation_of(provider), fmt::format("{}", fmt::join(groups, ","))}});
}

/// Where a workload of this kind has the metadata of its pods.
std::vector<std::string_view> path_of_metadata(std::string_view kind) {
  if (kind == "CronJob") return {"spec", "jobTemplate", "spec", "template", "metadata"};
  return {"spec", "template", "metadata"};
}

void template_object(Writer& writer, const TemplateBinding& binding) {
  writer.begin_document(binding.api_version, binding.kind);
  writer.key("metadata");
  writer.begin_map();
  name(writer, binding.ns, binding.name);
  writer.end_map();
  const std::vector<std::string_view> path = path_of_metadata(binding.kind);
  for (const std::string_view key : path) {
    writer.key(key);
    writer.begin_map();
  }
  annotation(writer, binding.provider, binding.groups);
  for (std::size_t depth = 0; depth < path.size(); ++depth) writer.end_map();
  writer.end_document();
}

/// Kustomize takes the fields of a target for regular expressions.
std::string exactly(std::string_view text) {
  std::string pattern = "^";
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + "$";
}

void target(Writer& writer, const TemplateBinding& binding) {
  const std::string_view version = binding.api_version;
  const std::size_t slash = version.find('/');
  writer.key("target");
  writer.begin_map();
  if (slash != version.npos) writer.pair("group", exactly(version.substr(0, slash)));
  writer.pair("version", exactly(version.substr(slash == version.npos ? 0 : slash + 1)));
  writer.pair("kind", exactly(binding.kind));
  writer.pair("name", exactly(binding.name));
  writer.pair("namespace", exactly(binding.ns));
  writer.end_map();
}

}  // namespace

std::string bindings_text(const Manifest& manifest) {
  Writer writer;
  for (const Binding& binding : manifest.bindings) {
    writer.begin_document("v1", "Pod");
    writer.key("metadata");
    writer.begin_map();
    name(writer, binding.ns, binding.pod);
    annotation(writer, binding.provider, binding.groups);
    writer.end_map();
    writer.end_document();
  }
  return writer.take();
}

std::string templates_text(const Manifest& manifest) {
  Writer writer;
  for (const TemplateBinding& binding : manifest.templates) template_object(writer, binding);
  return writer.take();
}

std::string component_text(const Manifest& manifest) {
  Writer writer;
  writer.begin_document("kustomize.config.k8s.io/v1alpha1", "Component");
  writer.key("patches");
  writer.begin_list();
  for (const TemplateBinding& binding : manifest.templates) {
    Writer patch;
    template_object(patch, binding);
    writer.begin_map();
    target(writer, binding);
    writer.literal("patch", patch.take());
    writer.end_map();
  }
  writer.end_list();
  writer.end_document();
  return writer.take();
}

}  // namespace policyconv::kubeovn
