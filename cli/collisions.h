// Whether a run would write over what it reads.
#pragma once

#include <string>
#include <vector>

namespace policyconv::cli {

/// The problem, for a usage error; empty if there is none. `written`: files beside the objects. `read`: files and
/// directories; below these, what has the name of a manifest would be read by the next run. `output`: the directory of
/// the objects, or empty.
[[nodiscard]] std::string collision(const std::vector<std::string>& written, const std::vector<std::string>& read,
                                    const std::string& output);

}  // namespace policyconv::cli
