// What policyconv wrote in an earlier run, told from what others wrote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/cluster.h"

namespace policyconv::kubeovn {

inline constexpr std::string_view security_groups_annotation = "ovn.kubernetes.io/security_groups";

/// The names in such an annotation, in order. Kube-OVN takes blanks out (K§3.1), and so does this.
[[nodiscard]] std::vector<std::string> groups_in(std::string_view annotation);
/// The same with blanks and empty names kept, so that joined by commas they give the text again.
[[nodiscard]] std::vector<std::string> groups_as_written(std::string_view annotation);

class Ownership {
 public:
  /// `cluster` must outlive the object.
  explicit Ownership(const Cluster& cluster) : cluster_(cluster) {}
  /// Is this one of our groups? Decided by the label of the object if the dump has it, else by the shape of our names.
  [[nodiscard]] bool is_ours(std::string_view group) const;
  /// Is this an ACL as we write them: scoped to one of our groups, at one of our priorities?
  [[nodiscard]] bool is_ours(const ExistingAcl& acl) const;
  /// Groups of the pod's annotation (of the network card that policies are about) that are not ours.
  [[nodiscard]] std::vector<std::string> foreign_groups(const Pod& pod) const;
  [[nodiscard]] bool carries_ours(const Pod& pod) const;
  /// Why the restrictions of this Subnet rule out binding its pods ("is private", "has ACLs that drop"); empty: they do not.
  [[nodiscard]] std::string guard_of(const Subnet& subnet) const;

 private:
  const Cluster& cluster_;
};

}  // namespace policyconv::kubeovn
