// Which numbers a port name has on which pods: the only facts of the cluster that rules of policies depend on (C§2.3).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ir/cluster.h"
#include "ir/label_index.h"
#include "ir/program.h"

namespace policyconv::cilium {

class PortNames {
 public:
  /// Reads running pods and the templates of workloads, whose pods come next. `cluster` must outlive the object.
  explicit PortNames(const Cluster& cluster);

  /// The numbers of (name, protocol) on the pods of `group`.
  [[nodiscard]] std::set<std::uint16_t> numbers(const ir::Group& group, std::string_view name, Protocol protocol) const;

  /// The numbers of (name, protocol) on all running pods; templates have no part in it.
  [[nodiscard]] std::set<std::uint16_t> running_numbers(std::string_view name, Protocol protocol) const;

  /// Do pods of `group` with equal identity labels define different numbers? Cilium then skips that identity.
  [[nodiscard]] bool disagree(const ir::Group& group, std::string_view name, Protocol protocol) const;

  /// An identity of which some running pods give (name, protocol) this number, and other pods or templates do not define it.
  struct Shared {
    ir::Group identity;  // its labels and no other that pods of the cluster have or `keys` names
    std::uint16_t number = 0;
  };
  /// Those of `group`, which has no port. Cilium looks a name up by identity, so the number holds for all its pods.
  /// `keys`: labels that policies select by, so that pods of tomorrow which differ in them are told apart.
  [[nodiscard]] std::vector<Shared> shared(const ir::Group& group, std::string_view name, Protocol protocol,
                                           const std::set<std::string>& keys) const;

 private:
  struct Entry {
    Labels labels;
    const std::vector<ContainerPort>* ports;
    bool running = false;
  };
  template <typename Each>
  void for_each(const ir::Group& group, std::string_view name, Protocol protocol, Each&& each) const;

  void add(Labels labels, const std::vector<ContainerPort>& ports, bool running);

  std::vector<Entry> entries_;
  ir::LabelIndex by_label_;  // of `entries_`
};

}  // namespace policyconv::cilium
