// Whole policy objects from their trees, field by field; the API server's own fields are known but not read.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "frontend/fields.h"
#include "frontend/policy.h"

namespace policyconv::cilium {

struct Metadata {
  std::optional<Text> name, ns;
  std::vector<LabelPair> labels;
};
/// The metadata of `object`; empty if it has none.
[[nodiscard]] Metadata decode_metadata(const yaml::Node& object, const Fields& fields);

/// All but the metadata. `what` names the object for messages: its kind.
[[nodiscard]] Policy decode_policy(const yaml::Node& object, std::string_view what, const Fields& fields);
[[nodiscard]] NetworkPolicy decode_network_policy(const yaml::Node& object, std::string_view what,
                                                  const Fields& fields);
[[nodiscard]] CidrGroup decode_cidr_group(const yaml::Node& object, std::string_view what, const Fields& fields);

}  // namespace policyconv::cilium
