// Which numbers a port name has on which pods: the only facts of the cluster that rules of policies depend on (C§2.3).
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "frontend/traffic.h"
#include "ir/cluster.h"
#include "ir/program.h"

namespace policyconv::cilium {

class PortNames {
 public:
  /// Reads running pods and the templates of workloads, whose pods come next. `cluster` must outlive the object.
  explicit PortNames(const Cluster& cluster);

  /// The numbers of (name, protocol) on the pods of `group`.
  [[nodiscard]] std::set<std::uint16_t> numbers(const ir::Group& group, const NamedPort& wanted) const;

  /// Do pods of `group` with equal identity labels define different numbers? Cilium then skips that identity.
  [[nodiscard]] bool disagree(const ir::Group& group, const NamedPort& wanted) const;

 private:
  struct Entry {
    Labels labels;
    const std::vector<ContainerPort>* ports;
  };
  template <typename Each>
  void for_each(const ir::Group& group, const NamedPort& wanted, Each&& each) const;

  std::vector<Entry> entries_;
};

}  // namespace policyconv::cilium
