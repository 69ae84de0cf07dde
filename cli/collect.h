// What a cluster dump should hold, and how to fetch it.
#pragma once

#include <string>
#include <string_view>

namespace policyconv::cli {

/// A shell script that fetches everything that `assess` reads into one file. Secrets are never asked for.
[[nodiscard]] std::string collect_script();

/// The one line that fetches `resource` ("pods", "subnets.kubeovn.io"; also without its group).
[[nodiscard]] std::string collect_line(std::string_view resource);

}  // namespace policyconv::cli
