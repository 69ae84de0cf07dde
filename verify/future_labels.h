// Selectors in play, split into what they ask of a pod's namespace and of its own labels; and labels that meet some of
// them, but few others. Part of verify/future.h.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/semantics.h"
#include "verify/source_labels.h"

namespace policyconv::verify::future {

using Key = std::uint32_t;    // index into InPlay::keys
using Value = std::uint32_t;  // index into InPlay::values

struct Need {
  Key key = 0;
  source::Op op = source::Op::Exists;
  std::vector<Value> values;  // sorted
  auto operator<=>(const Need&) const = default;
};
/// What a selector asks of what the owner of a pod chooses: labels, service account, one named port (of groups, for
/// named ports). All of it.
struct Needs {
  std::vector<Need> labels;  // sorted, unique
  std::optional<ContainerPort> port;
  auto operator<=>(const Needs&) const = default;
};
/// A choice; the service account is among the labels.
struct Choice {
  std::map<Key, Value> labels;
  std::vector<ContainerPort> ports;
};

using NeedsId = std::uint32_t;  // index into InPlay::needs

struct InPlay {
  std::vector<source::Requirements> places;    // what selectors ask of the namespace: its name, its labels
  std::vector<std::vector<NeedsId>> at_place;  // for each place, the selectors that ask for it; sorted, unique
  std::vector<Needs> needs;                    // each can be met
  std::vector<std::string> keys, values;
  std::map<std::string, Key, std::less<>> key_numbers;
  std::map<std::string, Value, std::less<>> value_numbers;
  std::vector<Value> unmentioned;  // for each key, a value that no selector lists
  Key account = 0;                 // the key of the service account, which every pod has
  Value default_account = 0;

  [[nodiscard]] bool holds(NeedsId needs, const Choice& choice) const;
  /// Those of `some` that hold.
  [[nodiscard]] std::vector<NeedsId> matched(const std::vector<NeedsId>& some, const Choice& choice) const;
  /// Can one pod meet both?
  [[nodiscard]] bool agree(NeedsId a, NeedsId b) const;
  /// Choices that meet all of `wanted`, which must agree, and few others of `some`: with labels that NotIn asks about
  /// missing, and with another value.
  [[nodiscard]] std::vector<Choice> choices(const std::vector<NeedsId>& wanted, const std::vector<NeedsId>& some) const;
  /// What this pod chose, as far as selectors in play ask.
  [[nodiscard]] Choice choice_of(const Pod& pod) const;
  void apply(const Choice& choice, Pod& pod) const;
};

/// Subjects and peers of the policies, and the members of the groups. Those that no pod can meet are left out.
[[nodiscard]] InPlay read_selectors(const cilium::Policies& policies, const Cluster& cluster,
                                    const Semantics& semantics, const kubeovn::Manifest& manifest);

}  // namespace policyconv::verify::future
