#include "assess/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace policyconv::assess {
namespace {

std::string display(const Component& component) {
  return fmt::format("{} {}/{}", component.kind, component.ns, component.name);
}
std::string display(const ConfigMap& map) {
  return fmt::format("ConfigMap {}/{}", map.ns, map.name);
}

std::string not_set(const std::string& where, std::string_view name, std::string_view if_absent) {
  return fmt::format("{} does not set {}{}", where, name,
                     if_absent.empty() ? "" : fmt::format(", whose default is `{}`", if_absent));
}

/// `$(NAME)` as Kubernetes replaces it; names that are not set stay as they are.
std::string expanded(std::string text, const Component& component) {
  for (const auto& [name, value] : component.environment) {
    const std::string reference = "$(" + name + ")";
    for (std::size_t at = text.find(reference); at != std::string::npos; at = text.find(reference, at + value.size()))
      text.replace(at, reference.size(), value);
  }
  return text;
}

/// The value of `--flag=value`, `--flag value` or a lone `--flag` (true); the last one counts.
std::optional<Setting> argument(const Component& component, std::string_view flag) {
  const std::string name = fmt::format("--{}", flag);
  std::optional<Setting> found;
  for (std::size_t at = 0; at < component.arguments.size(); ++at) {
    const std::string& written = component.arguments[at];
    std::string value;
    if (written.starts_with(name + "=")) {
      value = written.substr(name.size() + 1);
    } else if (written == name) {
      const bool follows = at + 1 < component.arguments.size() && !component.arguments[at + 1].starts_with("-");
      value = follows ? component.arguments[at + 1] : "true";
    } else {
      continue;
    }
    value = expanded(value, component);
    found = Setting{value, fmt::format("{}: {}={}", display(component), name, value), component.loc};
  }
  return found;
}

}  // namespace

std::optional<Setting> cilium_setting(const Dump& dump, std::string_view key, std::string_view if_absent) {
  for (const Component& component : dump.components)
    if (component.name == "cilium")
      if (auto found = argument(component, key)) return found;
  const ConfigMap* config = config_map(dump, "cilium-config");
  if (config == nullptr) return std::nullopt;
  const auto entry = config->data.find(std::string(key));
  if (entry != config->data.end())
    return Setting{entry->second.value, fmt::format("{}: {}: {}", display(*config), key, entry->second.value),
                   entry->second.loc};
  return Setting{std::string(if_absent), not_set(display(*config), key, if_absent), config->loc, false};
}

std::optional<Setting> kube_ovn_setting(const Dump& dump, std::string_view component, std::string_view flag,
                                        std::string_view if_absent) {
  const Component* first = nullptr;
  for (const Component& candidate : dump.components) {
    if (candidate.name != component) continue;
    if (auto found = argument(candidate, flag)) return found;
    if (first == nullptr) first = &candidate;
  }
  if (first == nullptr) return std::nullopt;
  return Setting{std::string(if_absent), not_set(display(*first), fmt::format("--{}", flag), if_absent), first->loc,
                 false};
}

bool is_on(const Setting& setting) {
  constexpr std::string_view words[] = {"true", "True", "TRUE", "t", "T", "1", "strict", "partial", "probe"};
  return std::find(std::begin(words), std::end(words), setting.value) != std::end(words);
}

bool known_on(const std::optional<Setting>& setting) {
  return setting && is_on(*setting);
}
bool known_off(const std::optional<Setting>& setting) {
  return setting && !is_on(*setting);
}

const ConfigMap* config_map(const Dump& dump, std::string_view name) {
  const auto found = std::find_if(dump.config_maps.begin(), dump.config_maps.end(),
                                  [&](const ConfigMap& map) { return map.name == name; });
  return found == dump.config_maps.end() ? nullptr : &*found;
}

std::size_t count_of(const Dump& dump, std::string_view kind) {
  const auto found = dump.kinds.find(std::string(kind));
  return found == dump.kinds.end() ? 0 : found->second;
}

bool was_asked_for(const Dump& dump, std::string_view kind) {
  return dump.kinds.contains(std::string(kind));
}

std::optional<int> cilium_minor(const Dump& dump) {
  for (const Component& component : dump.components) {
    const std::size_t at = component.image.find(":v1.");
    if (component.name != "cilium" || at == std::string::npos) continue;
    int minor = 0;
    const char* const begin = component.image.data() + at + 4;
    if (std::from_chars(begin, component.image.data() + component.image.size(), minor).ec == std::errc()) return minor;
  }
  return std::nullopt;
}

}  // namespace policyconv::assess
