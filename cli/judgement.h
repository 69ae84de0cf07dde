// Single flows, judged by both systems end by end, and the words for it. Entrance: Judge.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "report/terminal.h"
#include "frontend/policy.h"
#include "ir/cluster.h"
#include "ir/semantics.h"
#include "ir/source.h"
#include "verify/decide_manifest.h"
#include "verify/decide_source.h"
#include "verify/flow.h"
#include "verify/source_rules.h"

namespace policyconv::cli {

/// What Kube-OVN does compared with Cilium.
enum class Agreement : std::uint8_t { Same, Stricter, Looser, Undefined };
[[nodiscard]] std::string_view to_string(Agreement agreement);  // "same", "stricter", ...
[[nodiscard]] int exit_status(Agreement agreement);             // 0, 3, 4, 4
[[nodiscard]] report::Style style_of(Agreement agreement);

/// A policy that selects the pod of an end in that direction.
struct Selection {
  PolicyId policy = PolicyId::None;
  bool default_deny = false;
  auto operator<=>(const Selection&) const = default;
};

/// What both systems say at one end of a flow, which is a pod.
struct EndJudgement {
  Direction direction = Direction::Ingress;
  std::size_t pod = 0;
  verify::Decision policies, objects;
  bool tied = false;                       // ACLs of different actions tie, so OVN does what it likes (K§2.6)
  std::vector<Selection> selections = {};  // of Selections; empty if nobody asked
};

/// One packet, as both systems judge it.
struct Judgement {
  verify::Packet packet;
  std::vector<EndJudgement> ends;  // the sender's first; nodes and addresses outside have no say
  [[nodiscard]] Verdict policies() const;
  /// nullopt: undefined.
  [[nodiscard]] std::optional<Verdict> objects() const;
  [[nodiscard]] Agreement agreement() const;
};

[[nodiscard]] Agreement agreement_of(Verdict policies, std::optional<Verdict> objects);

class Judge {
 public:
  /// The arguments must outlive the object.
  Judge(const cilium::Policies& policies, const kubeovn::Manifest& manifest, const Cluster& cluster,
        const Semantics& semantics)
      : source_(policies, cluster, semantics), objects_(manifest, cluster) {}

  /// One for each family that the ends share.
  [[nodiscard]] std::vector<Judgement> judge(const verify::Flow& flow) const;
  [[nodiscard]] Judgement judge(const verify::Flow& flow, const verify::Packet& packet) const;
  [[nodiscard]] std::vector<verify::Packet> packets(const verify::Flow& flow) const { return objects_.packets(flow); }
  /// Kube-OVN alone, for packets to a Service's address, which Cilium never sees.
  [[nodiscard]] EndJudgement first_packet(const verify::Packet& packet) const;

 private:
  verify::SourceMeaning source_;
  verify::ManifestMeaning objects_;
};

/// Which policies select a pod.
class Selections {
 public:
  /// The arguments must outlive the object.
  Selections(const cilium::Policies& policies, const Cluster& cluster, const Semantics& semantics);
  [[nodiscard]] std::vector<Selection> of(std::size_t pod, Direction direction) const;
  void add_to(Judgement& judgement) const;

 private:
  const Cluster& cluster_;
  const Semantics& semantics_;
  std::vector<verify::source::Spec> specs_;
};

/// What names and places are printed from.
struct Names {
  const Sources& sources;
  const Catalog& catalog;
  const Cluster& cluster;
};

[[nodiscard]] std::string_view to_string(std::optional<Verdict> objects);  // "allow", "deny" or "undefined"

/// "CiliumNetworkPolicy shop/web spec.egress[0] (policies/web.yaml:14:7)"
[[nodiscard]] std::string rule_text(RuleId rule, const Names& names);

/// "allowed by CiliumNetworkPolicy shop/web spec.egress[0] (web.yaml:14:7)", "denied: default deny of
/// CiliumNetworkPolicy shop/web (web.yaml:1:1)"
[[nodiscard]] std::string policies_text(const EndJudgement& end, const Names& names);
/// "allowed: A1 allow in pc-shop-web-1 (OVN 16484), out/00-security-groups.yaml:120:7, from CiliumNetworkPolicy ..."
[[nodiscard]] std::string objects_text(const verify::Decision& decision, bool tied, const Names& names);

/// "tcp 443", "icmp type 8"
[[nodiscard]] std::string packet_text(Protocol protocol, std::uint16_t port);

/// A command that shows what OVN makes of the packet: kubectl-ko's trace, or ovn-trace where the sender is no pod.
[[nodiscard]] std::string trace_command(const verify::Packet& packet, const Cluster& cluster);

}  // namespace policyconv::cli
