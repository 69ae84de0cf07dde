// What an end in words names in a cluster.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ir/address.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "verify/flow.h"
#include "verify/flow_syntax.h"

namespace policyconv::verify {

struct Selected {
  std::vector<std::size_t> pods = {};  // indices into Cluster::pods, ascending; none finished or on the host's network
  std::vector<NodeEnd> nodes = {};     // sorted by node; without an address: all addresses of the node
  std::vector<Cidr> outside = {};      // what of these ranges is neither a pod's nor a node's nor a Service's
};

/// nullopt, and a report of what is missing, if `term` names nothing. `future`: pods that do not exist yet (ascending).
/// They are selected like others, but a term that names them alone names nothing: it is more likely to be misspelt.
[[nodiscard]] std::optional<Selected> select(const EndTerm& term, const Cluster& cluster,
                                             const std::vector<std::size_t>& future, Diagnostics& diagnostics);

[[nodiscard]] bool meets(const Labels& labels, const LabelTerm& term);

}  // namespace policyconv::verify
