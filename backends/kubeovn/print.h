// A Manifest as YAML files, ready for kubectl. Entrance: print().
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/source.h"

namespace policyconv::kubeovn {

/// Every name that a file beside each other may have; a later run removes those that it no longer needs.
inline constexpr std::string_view output_names[] = {"00-security-groups.yaml", "10-subnet-acls.yaml",
                                                    "20-node-anchor.yaml", "30-bindings.yaml", "31-templates.yaml",
                                                    "40-admission.yaml", "PLAN.md", "plan.json",
                                                    "component/kustomization.yaml"};
/// The folders of OutputFile::name.
inline constexpr std::string_view output_folders[] = {"component", "steps"};

/// Whether a file of this name, relative to the output directory, may have been written by an earlier run: output_names,
/// and steps/NN-*.yaml.
[[nodiscard]] constexpr bool is_output_name(std::string_view name) {
  for (const std::string_view known : output_names)
    if (name == known) return true;
  if (!name.starts_with("steps/") || !name.ends_with(".yaml")) return false;
  name.remove_prefix(6);
  const std::size_t digits = name.find_first_not_of("0123456789");
  return digits >= 2 && digits != name.npos && name[digits] == '-' && name.find('/') == name.npos;
}

struct OutputFile {
  std::string name;  // "00-security-groups.yaml", "10-subnet-acls.yaml", ...
  std::string text;
  struct Origin {    // lines `first` to `last` of `text`, from 1, come from `rule`
    std::uint32_t first = 0, last = 0;
    RuleId rule = RuleId::None;
    bool operator==(const Origin&) const = default;
  };
  std::vector<Origin> origins = {};  // by line, then rule
};

/// The files of design.md section 2 that this manifest needs, in the order in which they are to be applied. A part of a
/// manifest prints that part alone. On up to `jobs` threads, which do the tasks of `meanwhile`, too.
[[nodiscard]] std::vector<OutputFile> print(const Manifest& manifest, const Catalog& catalog, unsigned jobs = 1,
                                            const std::vector<std::function<void()>>& meanwhile = {});

/// The pod templates for those who keep their workloads with Kustomize instead; none without templates. Nothing to apply.
[[nodiscard]] std::vector<OutputFile> print_component(const Manifest& manifest);

}  // namespace policyconv::kubeovn
