// API objects in a document: one, or the items of a list. Entrance: each_object().
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "yaml/tree.h"
#include "ir/diagnostics.h"

namespace policyconv::decode {

/// An object with the type it has by its own words or, in typed lists like PodList, by those of the list.
struct ApiObject {
  const yaml::Node& node;  // a mapping
  std::string api_version, kind;
  /// The part of `api_version` before the slash; empty for the core group.
  [[nodiscard]] std::string_view group() const;
};

/// Calls `use` for the object of a document, or for each item if it is a list. Reports what is no object.
void each_object(const yaml::Node& document, const std::function<void(const ApiObject&)>& use,
                 Diagnostics& diagnostics);

}  // namespace policyconv::decode
