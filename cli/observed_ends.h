// Which pod, node or address a recorded end is in the cluster of the dump. Entrance: ObservedEnds.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <variant>

#include "cli/flows.h"
#include "ir/address.h"
#include "ir/cluster.h"
#include "ir/semantics.h"
#include "verify/flow.h"

namespace policyconv::cli {

struct FoundEnd {
  verify::End end;
  std::string name;          // what records are merged by: "shop/web (Deployment)", "shop/app=web", "192.0.2.1"
  bool is_stand_in = false;  // the pod is gone; this one has the same labels
};

class ObservedEnds {
 public:
  /// The arguments must outlive the object.
  ObservedEnds(const Cluster& cluster, const Semantics& semantics);
  /// Pods by name, else by labels, else by address. `other`: the other end of the same record, whose node is meant by
  /// "host".
  [[nodiscard]] std::variant<FoundEnd, NotJudged> find(const ObservedEnd& observed, const ObservedEnd& other);

 private:
  using Found = std::variant<FoundEnd, NotJudged>;
  [[nodiscard]] Found find_pod(const ObservedEnd& observed) const;
  [[nodiscard]] Found find_own_node(const ObservedEnd& observed, const ObservedEnd& other);
  [[nodiscard]] Found find_address(const ObservedEnd& observed);
  [[nodiscard]] Found pod(std::size_t index, const ObservedEnd& observed, bool is_stand_in) const;

  const Cluster& cluster_;
  std::map<std::string, std::size_t> by_labels_;  // a pod with these identity labels
  std::map<Address, verify::End> by_address_;     // as asked so far
};

}  // namespace policyconv::cli
