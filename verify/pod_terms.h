// Names for sets of pods by namespace and label. Part of verify/terms.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ir/cluster.h"

namespace policyconv::verify {

class PodTerms {
 public:
  PodTerms(const Cluster& cluster, const std::vector<std::size_t>& future);
  /// Indices into Cluster::pods, ascending.
  [[nodiscard]] std::vector<std::string> describe(const std::vector<std::size_t>& pods) const;

 private:
  struct Term {
    std::string ns, key, value;          // empty: any namespace, no label asked for
    std::vector<std::uint32_t> members;  // ascending
    std::uint32_t present = 0;           // how many of them exist
  };
  using Pods = std::vector<bool>;        // by index

  [[nodiscard]] std::string text(const Term& term) const;
  [[nodiscard]] bool goes_before(const Term& a, const Term& b) const;
  [[nodiscard]] std::vector<const Term*> chosen(const Pods& set, Pods& open, bool of_present) const;
  [[nodiscard]] std::vector<std::string> cover(const Pods& set, Pods& open, bool of_present) const;
  [[nodiscard]] bool describe_by_exception(const Pods& set, const Term& scope, Pods& open,
                                           std::vector<std::string>& texts) const;
  void shorten(const Pods& set, Pods& open, std::vector<std::string>& texts) const;
  [[nodiscard]] std::string by_labels(const Pod& pod) const;

  const Cluster& cluster_;
  Pods is_end_, is_future_;
  std::vector<Term> terms_;                         // terms_.front(): all pods
  std::vector<std::vector<std::uint32_t>> of_pod_;  // terms of each pod
  std::map<std::string, std::uint32_t> namespaces_;  // their terms
};

}  // namespace policyconv::verify
