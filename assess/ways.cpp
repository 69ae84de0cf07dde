#include "assess/ways.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

#include "assess/chaining.h"
#include "assess/features.h"
#include "assess/settings.h"

namespace policyconv::assess {
namespace {

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}
std::string is_or_are(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", counted(count, one, many), count == 1 ? "is" : "are");
}

/// The numbers that decide.
struct Figures {
  std::size_t rules = 0, in_force = 0;  // in_force: without those that Cilium enforces on nothing
  std::size_t same = 0, stricter = 0, looser = 0;
  std::size_t refused = 0, never_enforced = 0;  // never_enforced: refused, but chaining does not enforce it either
  std::size_t conflicts = 0, refusing = 0, overlaps = 0, coming = 0;
  std::size_t of_nodes = 0;              // addresses of nodes that a pod has, too
  std::size_t remaining = 0;             // conflicts that the address plan does not end
  std::size_t warnings = 0, broken = 0;  // health
  std::size_t pods = 0, policies = 0, unbound = 0;
  bool nothing_enforced = false;  // Cilium is not in the path of the pods
  bool services_by_cilium = false, sees_flows = false;
  std::vector<std::string> lost;        // features that nothing keeps, Hubble and Services apart
  bool np_off = false, lb_off = false;  // Kube-OVN's switches that must be on without Cilium

  [[nodiscard]] std::size_t refused_in_force() const { return refused - never_enforced; }
  [[nodiscard]] bool nothing_presses() const { return conflicts == 0 && overlaps == 0 && coming == 0 && broken == 0; }
};

void count_features(const Assessment& assessment, Figures& figures) {
  for (const Feature& feature : assessment.features) {
    const auto of = [&](Fate fate) {
      const auto found = feature.uses.find(fate);
      return found == feature.uses.end() ? 0 : found->second;
    };
    if (feature.name == unbound_pods) figures.unbound = of(Fate::Refused);
    if (of(Fate::Lost) == 0) continue;
    if (feature.name == hubble)
      figures.sees_flows = true;
    else if (feature.name == proxy_replacement || feature.name == socket_balancing)
      figures.services_by_cilium = true;
    else
      figures.lost.push_back(feature.name);
  }
}

/// The gateways that the address plan gives another address.
std::set<std::pair<std::string, std::string>> moving(const Assessment& assessment, const Dump& dump) {
  std::set<std::pair<std::string, std::string>> names;
  for (const Move& move : assessment.plan.moves)
    names.emplace(dump.gateways[move.gateway].ns, dump.gateways[move.gateway].name);
  for (const AddressPlan::Full& full : assessment.plan.full)
    names.emplace(dump.gateways[full.gateway].ns, dump.gateways[full.gateway].name);
  return names;
}

Figures figures_of(const Assessment& assessment, const Dump& dump) {
  Figures figures;
  for (const NamespaceReadiness& ns : assessment.namespaces) {
    figures.rules += ns.rules;
    figures.in_force += ns.rules - ns.without_effect;
    figures.same += ns.same;
    figures.stricter += ns.stricter;
    figures.looser += ns.looser;
    figures.refused += ns.refused;
    figures.never_enforced += ns.never_enforced;
  }
  const std::set<std::pair<std::string, std::string>> moved = moving(assessment, dump);
  const auto stays = [&](const Holder& holder) {
    return holder.has_endpoint && (holder.kind != HolderKind::Gateway || moved.count({holder.ns, holder.name}) == 0);
  };
  for (const Conflict& conflict : assessment.conflicts.conflicts) {
    ++figures.conflicts;
    if (!conflict.shared_nodes.empty()) ++figures.refusing;
    const auto staying = std::count_if(conflict.holders.begin(), conflict.holders.end(),
                                       [&](std::size_t at) { return stays(dump.holders[at]); });
    if (staying > 1) ++figures.remaining;
  }
  figures.coming = assessment.conflicts.coming.size();
  figures.overlaps = static_cast<std::size_t>(
      std::count_if(assessment.conflicts.overlaps.begin(), assessment.conflicts.overlaps.end(),
                    [](const Overlap& overlap) { return overlap.severity != Severity::Note; }));
  figures.of_nodes = addresses_of_nodes(assessment.conflicts);
  for (const HealthFinding& finding : assessment.health) {
    if (finding.severity == Severity::Blocker) ++figures.broken;
    if (finding.severity == Severity::Warning) ++figures.warnings;
  }
  std::set<std::tuple<HolderKind, std::string, std::string>> pods;  // one of two families has two holders
  for (const Holder& holder : dump.holders)
    if (holder.has_endpoint) pods.emplace(holder.kind, holder.ns, holder.name);
  figures.pods = pods.size();
  for (const std::string_view kind : {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "NetworkPolicy"})
    figures.policies += count_of(dump, kind);
  figures.nothing_enforced = enforces_nothing(assessment.health) && !has_managed_pods(dump);
  figures.np_off = known_off(kube_ovn_setting(dump, "kube-ovn-controller", "enable-np", "true"));
  figures.lb_off = known_off(kube_ovn_setting(dump, "kube-ovn-controller", "enable-lb", "true"));
  count_features(assessment, figures);
  return figures;
}

// --- the three ways --------------------------------------------------------------------------------------------------

WayReport reorder(const Figures& f) {
  WayReport way{Way::Reorder, {}, {}, {}, 1 + f.pods, {}};
  way.cost = fmt::format("kube-ovn comes before cilium-cni: one setting of kube-ovn-cni, and {} to recreate",
                         counted(f.pods, "pod", "pods"));
  way.risk =
      "no pod is guarded by a policy of Cilium any more, and nothing says so: the API server goes on accepting them";
  const std::string already = f.nothing_enforced ? ", which is so already: Cilium is not in the path of the pods" : "";
  way.lost = fmt::format("the network policy of Cilium ({}){}{}", counted(f.in_force, "rule", "rules"),
                         f.sees_flows ? " and what Hubble sees" : "", already);
  if (f.in_force > 0)
    way.blockers.push_back(
        fmt::format("{} of Cilium would be enforced by nobody", counted(f.in_force, "rule", "rules")));
  return way;
}

WayReport unique_addresses(const Assessment& assessment, const Figures& f) {
  const std::size_t moves = assessment.plan.moves.size(), full = assessment.plan.full.size();
  WayReport way{Way::UniqueAddresses, {}, {}, {}, moves + 2 * full, {}};
  way.cost = moves + full == 0 ? "no address to change today; every new address has to be planned for the whole cluster"
                               : fmt::format(
                                     "{} to recreate with another lanIp, {} to create; every new address has to be "
                                     "planned for the whole cluster",
                                     counted(moves + full, "gateway", "gateways"), counted(full, "Subnet", "Subnets"));
  if (f.broken > 0)
    way.cost = fmt::format("{} of the chain to repair first; {}", counted(f.broken, "fault", "faults"), way.cost);
  way.risk = moves + full == 0 ? "the next gateway or overlapping Subnet brings the conflict back"
                               : "each of these VPCs is without its gateway while that is recreated, because lanIp "
                                 "cannot be changed in place";
  way.lost = "that VPCs may use the same addresses, which is what Kube-OVN's VPCs are for";
  if (f.remaining > 0)
    way.blockers.push_back(
        fmt::format("{} held twice by pods that the plan cannot move; their Subnets need other CIDRs",
                    is_or_are(f.remaining, "address", "addresses")));
  const auto homeless = std::count_if(assessment.plan.full.begin(), assessment.plan.full.end(),
                                      [](const AddressPlan::Full& gateway) { return !gateway.proposed; });
  if (homeless > 0)
    way.blockers.push_back(fmt::format("{} find no free range for a Subnet of their own",
                                       counted(static_cast<std::size_t>(homeless), "gateway", "gateways")));
  for (const HealthFinding& finding : assessment.health)
    if (finding.kind == Kind::Ipv6Alone) way.blockers.push_back(finding.text);
  return way;
}

WayReport leave_chaining(const Figures& f) {
  const std::size_t settings = 1 + (f.np_off ? 1u : 0u) + (f.lb_off ? 1u : 0u);
  WayReport way{Way::LeaveChaining, {}, {}, {}, settings + f.policies + f.pods, {}};
  std::vector<std::string> first;
  if (f.np_off && f.in_force > 0)
    first.emplace_back("set kube-ovn-controller --enable-np=true, which lets a pod's own node in");
  if (f.lb_off) first.emplace_back("set kube-ovn-controller --enable-lb=true, so that Services answer");
  way.cost =
      fmt::format("{} to convert, {} to recreate without cilium-cni{}{}", counted(f.policies, "policy", "policies"),
                  counted(f.pods, "pod", "pods"), first.empty() ? "" : "; before it: ", fmt::join(first, " and "));
  way.risk = f.in_force == 0 ? "small: no rule is in force that could change its meaning"
                             : fmt::format(
                                   "{} of {} rules keep their meaning, {} become stricter, {} looser; pods of the "
                                   "future are open until they carry the annotation",
                                   f.same, f.in_force, f.stricter, f.looser);
  std::vector<std::string> lost;
  if (f.sees_flows) lost.emplace_back("what Hubble sees");
  lost.insert(lost.end(), f.lost.begin(), f.lost.end());
  if (f.refused > 0)
    lost.push_back(counted(f.refused, "rule that cannot be converted", "rules that cannot be converted"));
  way.lost = lost.empty() ? "nothing that is used" : fmt::format("{}", fmt::join(lost, ", "));
  if (f.refused_in_force() > 0)
    way.blockers.push_back(
        fmt::format("{} cannot be converted and would be missing",
                    counted(f.refused_in_force(), "rule that is in force", "rules that are in force")));
  if (f.unbound > 0)
    way.blockers.push_back(fmt::format("{}: policies select pods that cannot carry our SecurityGroups",
                                       counted(f.unbound, "message", "messages")));
  for (const std::string& feature : f.lost) way.blockers.push_back(fmt::format("{} goes with Cilium", feature));
  return way;
}

// --- the recommendation ----------------------------------------------------------------------------------------------

bool converts_well(const Figures& f) {
  return f.in_force == 0 || f.same * 5 >= f.in_force * 4;
}

void say_conflicts(const Figures& f, std::vector<std::string>& reasons) {
  if (f.conflicts > 0)
    reasons.push_back(fmt::format(
        "{} held more than once{}.", is_or_are(f.conflicts, "address", "addresses"),
        f.refusing > 0 ? fmt::format(", {} of them in a way that makes Cilium refuse a pod", f.refusing) : ""));
  else if (f.of_nodes > 0)
    reasons.push_back(
        fmt::format("{} also that of a pod.", is_or_are(f.of_nodes, "address of a node", "addresses of nodes")));
  else if (f.overlaps > 0)
    reasons.push_back(
        fmt::format("No address is held twice today, but ranges overlap in which that can happen ({} above).",
                    counted(f.overlaps, "finding", "findings")));
  if (f.nothing_enforced)
    reasons.emplace_back("Cilium is not in the path of the pods and enforces nothing today.");
  else if (f.broken > 0)
    reasons.push_back(fmt::format("Chaining itself is broken: {}.", counted(f.broken, "finding", "findings")));
}

std::string share(const Figures& f) {
  return fmt::format("{} of {} rules in force keep their meaning as SecurityGroups", f.same, f.in_force);
}

Way recommend(const std::array<WayReport, 3>& ways, const Figures& f, std::vector<std::string>& reasons) {
  const WayReport &unique = ways[1], &leave = ways[2];
  say_conflicts(f, reasons);
  if (f.in_force == 0 && f.lost.empty() && f.unbound == 0) {
    reasons.emplace_back(f.rules == 0 ? "The dump holds no policy, so Cilium guards nothing that it shows."
                                      : fmt::format("None of the {} rules is enforced on anything.", f.rules));
    if (f.services_by_cilium) {
      reasons.emplace_back("Cilium answers Service addresses and may go on doing so when kube-ovn comes first.");
      return Way::Reorder;
    }
    reasons.emplace_back("Nothing else of Cilium is used that could not go.");
    return Way::LeaveChaining;
  }
  if (f.nothing_presses()) {
    reasons.push_back(
        f.warnings == 0
            ? "No address is held twice, no ranges overlap and the chain works: nothing has to change."
            : fmt::format("No address is held twice, no ranges overlap and the chain works, with {} to look at.",
                          counted(f.warnings, "warning", "warnings")));
    reasons.push_back(f.in_force == 0 ? "Keep addresses unique."
                                      : fmt::format("Keep addresses unique; should Cilium go one day, {}.", share(f)));
    return Way::UniqueAddresses;
  }
  if (leave.blockers.empty() && converts_well(f)) {
    reasons.push_back(f.in_force == 0 ? "No rule is in force." : share(f) + ".");
    if (f.never_enforced > 0)
      reasons.push_back(fmt::format("{} cannot be converted, but chaining does not enforce what they say either.",
                                    counted(f.never_enforced, "rule", "rules")));
    reasons.emplace_back("Without Cilium every VPC may use its own addresses, now and later.");
    return Way::LeaveChaining;
  }
  for (const std::string& blocker : leave.blockers)
    reasons.push_back(fmt::format("Against leaving chaining: {}.", blocker));
  if (!converts_well(f)) reasons.push_back(fmt::format("Against leaving chaining: only {}.", share(f)));
  if (unique.blockers.empty()) {
    reasons.push_back(unique.objects_touched == 0 ? "No address has to change."
                                                  : fmt::format("New addresses for {} end the conflicts.",
                                                                counted(unique.objects_touched, "object", "objects")));
    return Way::UniqueAddresses;
  }
  for (const std::string& blocker : unique.blockers)
    reasons.push_back(fmt::format("Against unique addresses: {}.", blocker));
  const std::array<Way, 3> order = {Way::LeaveChaining, Way::UniqueAddresses, Way::Reorder};
  return *std::min_element(order.begin(), order.end(), [&](Way a, Way b) {
    return ways[static_cast<std::size_t>(a)].blockers.size() < ways[static_cast<std::size_t>(b)].blockers.size();
  });
}

bool needs_work(Way way, const WayReport& report, const Figures& f) {
  switch (way) {
    case Way::Reorder:
      return !f.nothing_enforced;
    case Way::UniqueAddresses:
      return report.objects_touched > 0 || f.conflicts > 0 || f.overlaps > 0 || f.coming > 0 || f.broken > 0 ||
             f.warnings > 0;
    case Way::LeaveChaining:
      return f.stricter + f.looser + f.refused > 0 || (f.np_off && f.in_force > 0) || f.lb_off || f.services_by_cilium;
  }
  return true;
}

}  // namespace

bool saw_everything(const Assessment& assessment, const Dump& dump) {
  return assessment.missing.empty() && std::all_of(dump.gateways.begin(), dump.gateways.end(),
                                                   [](const Gateway& gateway) { return gateway.address.has_value(); });
}

void weigh(Assessment& assessment, const Dump& dump) {
  const Figures figures = figures_of(assessment, dump);
  const std::array<WayReport, 3> ways = {reorder(figures), unique_addresses(assessment, figures),
                                         leave_chaining(figures)};
  assessment.ways.assign(ways.begin(), ways.end());
  assessment.reasons.clear();
  assessment.recommended = recommend(ways, figures, assessment.reasons);
  const WayReport& chosen = ways[static_cast<std::size_t>(assessment.recommended)];
  const bool work = needs_work(assessment.recommended, chosen, figures), blind = !saw_everything(assessment, dump);
  assessment.verdict = !chosen.blockers.empty() ? Verdict::Blocked : work || blind ? Verdict::Work : Verdict::Ready;
  if (assessment.verdict == Verdict::Work && !work)
    assessment.reasons.emplace_back("Not called ready, because what the dump lacks can speak against it.");
}

}  // namespace policyconv::assess
