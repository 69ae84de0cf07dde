// How Kube-OVN and Cilium are configured, one setting at a time, with where it was seen.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "assess/dump.h"

namespace policyconv::assess {

struct Setting {
  std::string value;
  std::string evidence;  // "ConfigMap kube-system/cilium-config: ipam: cluster-pool"
  Loc loc;
  bool given = true;  // false: not set, so `value` is the default of the program
};

/// Of the Cilium agent: its arguments, else ConfigMap cilium-config, else `if_absent`. nullopt if neither tells.
[[nodiscard]] std::optional<Setting> cilium_setting(const Dump& dump, std::string_view key, std::string_view if_absent);

/// Argument `--flag` of `component` (kube-ovn-cni, kube-ovn-controller); `$(NAME)` is replaced from its environment.
/// nullopt if the component is not in the dump.
[[nodiscard]] std::optional<Setting> kube_ovn_setting(const Dump& dump, std::string_view component,
                                                      std::string_view flag, std::string_view if_absent);

/// Whether a switch is on: true, and for kube-proxy-replacement also strict, partial and probe of older releases.
[[nodiscard]] bool is_on(const Setting& setting);

/// Is the switch known to be on, or known to be off? Both are false if the dump does not tell.
[[nodiscard]] bool known_on(const std::optional<Setting>& setting);
[[nodiscard]] bool known_off(const std::optional<Setting>& setting);

[[nodiscard]] const ConfigMap* config_map(const Dump& dump, std::string_view name);
[[nodiscard]] std::size_t count_of(const Dump& dump, std::string_view kind);

/// Whether the dump tells how many objects of a kind there are: it has some, or says that there are none.
[[nodiscard]] bool was_asked_for(const Dump& dump, std::string_view kind);

/// 18 for image `quay.io/cilium/cilium:v1.18.5`; nullopt if the agent or its version is not known.
[[nodiscard]] std::optional<int> cilium_minor(const Dump& dump);

}  // namespace policyconv::assess
