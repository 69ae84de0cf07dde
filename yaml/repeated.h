// Objects that dumps of overlapping scope give several times: of each one stays. Entrance: settle().
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "ir/diagnostics.h"
#include "ir/source.h"
#include "yaml/text.h"

namespace policyconv::decode {

/// (namespace, name, kind, container): what the API server keeps unique, in the order in which facts are sorted. A type
/// with `cluster_scoped` has its namespace for other reasons.
template <typename T>
auto key_of(const T& object) {
  std::string_view ns, kind, container;
  if constexpr (requires { object.ns; } && !requires { T::cluster_scoped; }) ns = object.ns;
  if constexpr (requires { object.kind; }) kind = object.kind;
  if constexpr (requires { object.container; }) container = object.container;
  return std::tuple(ns, std::string_view(object.name), kind, container);
}

/// By key. Of objects with the same key the one from the file with the smaller name comes first.
template <typename T>
void sort_by_key(std::vector<T>& objects, const Sources& sources) {
  const auto place = [&](const T& object) { return std::pair(sources.name(object.loc.file), object.loc); };
  std::sort(objects.begin(), objects.end(),
            [&](const T& a, const T& b) { return std::pair(key_of(a), place(a)) < std::pair(key_of(b), place(b)); });
}

/// Sorts by key, keeps the first of several with the same key, and reports those that differ from it in more than places,
/// which `forget_places` takes out of a copy. `kind` names objects that do not know their own.
template <typename T, typename Forget>
void settle(std::vector<T>& objects, std::string_view kind, const Sources& sources, Diagnostics& diagnostics,
            Forget forget_places) {
  const auto same_facts = [&](T a, T b) {
    forget_places(a);
    forget_places(b);
    return a == b;
  };
  sort_by_key(objects, sources);
  std::vector<T> kept;
  for (T& object : objects) {
    if (kept.empty() || key_of(kept.back()) != key_of(object)) {
      kept.push_back(std::move(object));
      continue;
    }
    const T& first = kept.back();
    if (same_facts(first, object)) continue;
    const auto& [ns, name, own_kind, container] = key_of(object);
    diagnostics.report<policyconv::Kind::ObjectsDiffer>(
        object.loc,
        yaml::excerpt(fmt::format("{} {}{}{}", own_kind.empty() ? kind : own_kind, ns, ns.empty() ? "" : "/", name)),
        fmt::format("{}:{}:{}", sources.name(first.loc.file), first.loc.line, first.loc.column));
  }
  objects = std::move(kept);
}

}  // namespace policyconv::decode
