// What a cluster dump should hold, and how to fetch it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace policyconv::cli {

/// A shell script that fetches everything that `assess` reads into one file. Secrets are never asked for.
[[nodiscard]] std::string collect_script();

/// What that script asks for in all namespaces, with the API group; and the ConfigMaps of kube-system.
[[nodiscard]] std::vector<std::string_view> collected_resources();
[[nodiscard]] std::vector<std::string_view> collected_config_maps();

/// What the script writes after the answer for one of these, a document of its own: without it a kind of which there is
/// nothing cannot be told from one that nobody asked for. Empty for what is not asked for as a whole.
[[nodiscard]] std::string empty_list(std::string_view resource);

/// The one line that fetches `resource` ("pods", "subnets.kubeovn.io"; also without its group).
[[nodiscard]] std::string collect_line(std::string_view resource);

}  // namespace policyconv::cli
