// Names for sets of ends, as few and as telling as possible: "pod:shop/app=web", "ns:dev", "node:* (own)",
// "cidr:10.0.0.0/8 except 10.1.0.0/16", "svc:shop/db". Entrance: Naming.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ir/cluster.h"
#include "verify/ends.h"

namespace policyconv::verify {

/// Which side of flows the ends are on. Nothing sends from a multicast address, so there "entity:world" is all the rest.
enum class Side : std::uint8_t { From, To };

/// Prepared once for a cluster, then asked about many sets.
class Naming {
 public:
  /// `cluster` must outlive the object. `future`: pods that do not exist yet, ascending.
  explicit Naming(const Cluster& cluster, const std::vector<std::size_t>& future = {});
  ~Naming();
  Naming(const Naming&) = delete;
  Naming& operator=(const Naming&) = delete;

  /// Terms that together cover `ends` (numbers in `all`, ascending): pods first, those that cover most in front, then
  /// nodes, Services, addresses. Of the pods that exist a term covers only those of `ends`; future pods are covered by
  /// the same terms where these fit, else named by labels of theirs.
  [[nodiscard]] std::vector<std::string> describe(const std::vector<std::size_t>& ends, const std::vector<EndClass>& all,
                                                  Side side) const;

 private:
  struct Prepared;
  std::unique_ptr<Prepared> prepared_;
};

}  // namespace policyconv::verify
