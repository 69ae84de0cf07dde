// Admission policies before they have a language: which of the groups concern the pods of which namespaces, and what is
// left to ask of such a pod. Entrance: Shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "ir/program.h"

namespace policyconv::kubeovn {

/// What Ownership takes for a name of ours where no object says more, as a regular expression of RE2.
inline constexpr std::string_view our_names = "^pc-(base-|open-in-|open-out-|[^,]*-[0-9a-f]{12}$)";

/// Where an identity label of Cilium (C§3.1) comes from in the request of an API server.
enum class LabelSource : std::uint8_t { Pod, NamespaceLabels, NamespaceName, ServiceAccount };

struct Term {
  LabelSource source = LabelSource::Pod;
  std::string key;  // of Pod and NamespaceLabels
  ir::Op op = ir::Op::In;
  std::vector<std::string> values;
};

/// A group as it is asked for: pods that meet all terms, and have the port, get `text`: the name of the SecurityGroup,
/// and behind a blank each what else it means: "in" and "out" (isolated in this direction), "rules" (some policy is
/// about the pod; asked in clusters of several VPCs only). Without a name: something of SecurityGroup::unless.
struct Item {
  std::vector<Term> terms;
  std::optional<ContainerPort> port;
  std::string text;
};

/// The helper groups in the order base, open-in, open-out; empty: there is none.
struct VpcItems {
  std::string vpc;
  std::vector<Item> items;  // in the order of Membership::groups_of()
  std::string helpers[3];
};

/// What the API server asks one policy about: the pods of these namespaces, or of all but these. Every pod is of
/// exactly one share.
struct Share {
  bool others = false;
  std::vector<std::string> namespaces;  // sorted
  std::vector<VpcItems> vpcs;           // those that have items here
  bool several_vpcs = false;            // of the cluster: then the pod's VPC must be found out
  /// VPC of the pods of a namespace by default, where that is not ovn-cluster.
  std::map<std::string, std::string> homes;
  [[nodiscard]] bool has(std::string_view ns) const;
};

class Shares {
 public:
  /// `manifest` must outlive the object.
  explicit Shares(const Manifest& manifest);

  /// Namespaces that some group names, in portions whose items have about `size` characters, then everything else.
  [[nodiscard]] std::vector<Share> split(std::size_t size) const;
  [[nodiscard]] Share of(std::vector<std::string> namespaces) const;
  [[nodiscard]] Share others() const;

  /// Every Subnet of pods and its VPC, or what stands for one with restrictions of its own; empty if that tells nothing.
  [[nodiscard]] const std::map<std::string, std::string>& subnets() const { return subnets_; }
  /// What a pod gets whose Subnet nobody knows, although policies are about it: `base` of some VPC, which closes it.
  [[nodiscard]] const std::string& closed() const { return closed_; }

 private:
  struct Candidate {
    std::size_t vpc = 0;  // index into vpcs_
    const ir::Group* group = nullptr;
    std::string text;
    std::optional<std::vector<std::string>> namespaces;  // that it names; nullopt: it may have pods in any
  };
  void add(std::size_t vpc, const ir::Group& group, std::string text);
  [[nodiscard]] Share fill(Share share, const std::vector<std::size_t>& candidates) const;

  std::vector<VpcItems> vpcs_;  // without items, sorted
  std::vector<Candidate> candidates_;
  std::vector<std::size_t> anywhere_;
  std::map<std::string, std::vector<std::size_t>> by_namespace_;
  std::map<std::string, std::string> subnets_, homes_;
  std::string closed_;
  bool several_vpcs_ = false;
};

}  // namespace policyconv::kubeovn
