// Entrance: assess_document(). One function for each section, in the order in which someone decides.
#include "cli/assess_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "cli/collect.h"
#include "report/build.h"

namespace policyconv::cli {
namespace {

using namespace assess;

/// Beyond this people do not read on; JSON has all.
constexpr std::size_t most_rows = 50, most_places = 2, most_holders = 8, most_missing = 3;

report::Style style_of(Severity severity) {
  switch (severity) {
    case Severity::Note: return report::Style::Green;
    case Severity::Warning: return report::Style::Yellow;
    case Severity::Blocker: return report::Style::Red;
  }
  return report::Style::Plain;
}

report::Style style_of(assess::Verdict verdict) {
  switch (verdict) {
    case assess::Verdict::Ready: return report::Style::Green;
    case assess::Verdict::Work: return report::Style::Yellow;
    case assess::Verdict::Blocked: return report::Style::Red;
  }
  return report::Style::Plain;
}

report::Paragraph plain(std::string text) { return {{{std::move(text)}}}; }

template <typename T>
std::size_t shown_of(const std::vector<T>& all) { return std::min(all.size(), most_rows); }

template <typename T>
void add_rest(const std::vector<T>& all, report::Section& section) {
  if (all.size() > most_rows)
    section.blocks.push_back(plain(fmt::format("… and {} more (--format json has all)", all.size() - most_rows)));
}

std::string number(std::size_t count) { return count == 0 ? "·" : fmt::format("{}", count); }

std::string holder_text(const Holder& holder, const Assessed& assessed) {
  std::vector<std::string> where;
  if (!holder.node.empty()) where.push_back("node " + holder.node);
  if (!holder.vpc.empty()) where.push_back("VPC " + holder.vpc);
  if (!holder.subnet.empty()) where.push_back("Subnet " + holder.subnet);
  if (!holder.has_endpoint) where.push_back("no Cilium endpoint");
  if (const std::string file = report::place_text(assessed.sources, holder.loc); !file.empty()) where.push_back(file);
  return where.empty() ? holder.display() : fmt::format("{} ({})", holder.display(), fmt::join(where, ", "));
}

std::string gateway_name(const Gateway& gateway) { return "VpcNatGateway " + gateway.name; }

report::Line detail(std::string_view label, std::string text) {
  return {{fmt::format("{}:", label), report::Style::Bold}, {" " + std::move(text)}};
}

template <typename Finding>
report::Line headline(const Finding& finding, Severity severity) {
  return {{fmt::format("{}[{}]", to_string(severity), definition(finding.kind).code), style_of(severity)},
          {": " + finding.text}};
}

/// Gateways that no comparison covers.
report::Bullets without_address(const Assessed& assessed) {
  report::Bullets bullets;
  for (const Diagnostic& said : assessed.diagnostics.all())
    if (said.kind == Kind::GatewayWithoutAddress)
      bullets.items.push_back(
          {{{fmt::format("note[{}]", definition(said.kind).code), style_of(Severity::Note)},
            {fmt::format(": {} ({})", said.message, report::place_text(assessed.sources, said.where))}},
           {detail("help", std::string(definition(said.kind).help))}});
  return bullets;
}

/// What the first line says about addresses.
std::vector<std::string> held_addresses(const Assessed& assessed) {
  const Conflicts& found = assessed.assessment.conflicts;
  const auto gateways = std::count_if(found.conflicts.begin(), found.conflicts.end(), [&](const Conflict& conflict) {
    return conflict.among_gateways(assessed.dump);
  });
  const std::size_t of_nodes = addresses_of_nodes(found), unknown = without_address(assessed).items.size();
  std::vector<std::string> parts;
  if (!found.conflicts.empty())
    parts.push_back(fmt::format("{} held more than once ({} of them by NAT gateways)",
                                report::counted(found.conflicts.size(), "address", "addresses"), gateways));
  if (of_nodes > 0)
    parts.push_back(report::counted(of_nodes, "address of a node", "addresses of nodes") + " also held by pods");
  if (parts.empty()) parts.emplace_back("no address is held twice");
  if (unknown > 0) parts.push_back(report::counted(unknown, "gateway", "gateways") + " without a known address");
  return parts;
}

report::Line verdict_line(const Assessed& assessed) {
  const Assessment& found = assessed.assessment;
  const auto blockers = static_cast<std::size_t>(std::count_if(
      found.health.begin(), found.health.end(), [](const auto& each) { return each.severity == Severity::Blocker; }));
  NamespaceReadiness all;
  for (const NamespaceReadiness& each : found.namespaces) {
    all.rules += each.rules;
    all.same += each.same + each.without_effect;
  }
  std::vector<std::string> parts = held_addresses(assessed);
  if (blockers > 0) parts.push_back(fmt::format("{} in chaining", report::counted(blockers, "blocker", "blockers")));
  parts.push_back(all.rules == 0 ? "no policies in the dump" : fmt::format("{} of {} rules kept", all.same, all.rules));
  // Whoever reads only this line must not take what is not known for what is fine.
  const std::vector<std::string>& missing = found.missing;
  if (!missing.empty())
    parts.push_back(fmt::format("nothing known about {}{}",
                                fmt::join(missing.begin(), missing.begin() + static_cast<std::ptrdiff_t>(std::min(missing.size(), most_missing)), ", "),
                                missing.size() > most_missing ? fmt::format(" and {} more", missing.size() - most_missing) : ""));
  return {{std::string(to_string(found.verdict)), style_of(found.verdict)},
          {fmt::format(": {}; recommended: ", fmt::join(parts, ", "))},
          {std::string(to_string(found.recommended)), report::Style::Bold}};
}

/// What the plan makes of a conflict; empty if it does not concern it.
std::string planned(const Conflict& conflict, const Assessed& assessed) {
  const AddressPlan& plan = assessed.assessment.plan;
  std::vector<std::string> parts;
  for (const std::size_t at : conflict.holders) {
    const Holder& holder = assessed.dump.holders[at];
    if (holder.kind != HolderKind::Gateway) continue;
    const auto is_it = [&](std::size_t gateway) {
      return assessed.dump.gateways[gateway].name == holder.name && assessed.dump.gateways[gateway].ns == holder.ns;
    };
    for (const Move& move : plan.moves)
      if (is_it(move.gateway)) parts.push_back(fmt::format("{} moves to {}", holder.display(), to_string(move.to)));
    for (const AddressPlan::Full& full : plan.full)
      if (is_it(full.gateway) && full.proposed)
        parts.push_back(fmt::format("{} moves to {} in a Subnet of its own", holder.display(), to_string(full.to)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

report::Section conflicts_section(const Assessed& assessed) {
  const Conflicts& found = assessed.assessment.conflicts;
  report::Section section{"Address conflicts in Cilium's view", {}};
  if (found.conflicts.empty()) section.blocks.push_back(plain("No address is held by two endpoints."));
  report::Bullets bullets;
  for (std::size_t at = 0; at < shown_of(found.conflicts); ++at) {
    const Conflict& conflict = found.conflicts[at];
    report::Bullets::Item item{headline(conflict, conflict.severity)};
    for (const std::size_t holder : conflict.holders)
      if (item.details.size() < most_holders)
        item.details.push_back({{holder_text(assessed.dump.holders[holder], assessed)}});
    if (conflict.holders.size() > most_holders)
      item.details.push_back({{fmt::format("… and {} more", conflict.holders.size() - most_holders)}});
    item.details.push_back(detail("Cilium", conflict.effect));
    if (const std::string plan = planned(conflict, assessed); !plan.empty())
      item.details.push_back(detail("plan", plan));
    item.details.push_back(detail("help", conflict.remedy));
    bullets.items.push_back(std::move(item));
  }
  if (!bullets.items.empty()) section.blocks.emplace_back(std::move(bullets));
  add_rest(found.conflicts, section);

  report::Bullets overlaps;
  for (std::size_t at = 0; at < shown_of(found.overlaps); ++at) {
    const Overlap& overlap = found.overlaps[at];
    report::Bullets::Item item{headline(overlap, overlap.severity)};
    item.details.push_back(detail("seen", fmt::format("{} held twice{} ({})", report::counted(overlap.held_twice, "address", "addresses"),
                                         overlap.with_one_more_gateway ? ", and the next gateways would collide" : "",
                                         report::place_text(assessed.sources, overlap.loc))));
    item.details.push_back(detail("help", overlap.remedy));
    overlaps.items.push_back(std::move(item));
  }
  if (!overlaps.items.empty()) {
    section.blocks.push_back(plain("Ranges that overlap:"));
    section.blocks.emplace_back(std::move(overlaps));
  }
  add_rest(found.overlaps, section);

  report::Bullets coming;
  for (std::size_t at = 0; at < shown_of(found.coming); ++at)
    coming.items.push_back({headline(found.coming[at], Severity::Warning),
                            {detail("help", found.coming[at].remedy)}});
  if (!coming.items.empty()) {
    section.blocks.push_back(plain("With one more gateway in each VPC:"));
    section.blocks.emplace_back(std::move(coming));
  }
  add_rest(found.coming, section);

  if (report::Bullets unknown = without_address(assessed); !unknown.items.empty()) {
    section.blocks.push_back(plain("Not compared, because no address is known:"));
    section.blocks.emplace_back(std::move(unknown));
  }
  return section;
}

report::Section health_section(const Assessed& assessed) {
  report::Section section{"Chaining health", {}};
  report::Bullets bullets;
  for (const HealthFinding& finding : assessed.assessment.health) {
    report::Bullets::Item item{headline(finding, finding.severity)};
    const std::string where = report::place_text(assessed.sources, finding.loc);
    if (!finding.evidence.empty() || !where.empty())
      item.details.push_back(detail("seen", finding.evidence + (where.empty() || finding.evidence.empty() ? where : " (" + where + ")")));
    if (!finding.remedy.empty()) item.details.push_back(detail("help", finding.remedy));
    bullets.items.push_back(std::move(item));
  }
  std::vector<std::string> unseen;
  for (const std::string& kind : assessed.assessment.missing)
    if (kind == "configmaps" || kind == "daemonsets.apps") unseen.push_back(kind);
  if (!unseen.empty())
    section.blocks.push_back(plain(fmt::format("Not known whether pods are chained: the dump lacks {} of the chain.",
                                               fmt::join(unseen, " and "))));
  else if (bullets.items.empty())
    section.blocks.push_back(plain("Nothing in the dump speaks against it."));
  if (!bullets.items.empty()) section.blocks.emplace_back(std::move(bullets));
  return section;
}

report::Section features_section(const Assessed& assessed) {
  std::set<Fate> fates;  // only these get a column
  for (const Feature& feature : assessed.assessment.features)
    for (const auto& [fate, count] : feature.uses)
      if (count > 0) fates.insert(fate);
  report::Section section{"What Cilium is used for", {}};
  report::Grid grid{{"feature"}, {}};
  for (const Fate fate : fates) grid.head.emplace_back(to_string(fate));
  grid.head.insert(grid.head.end(), {"first places", "note"});
  for (const Feature& feature : assessed.assessment.features) {
    std::vector<report::Span> row = {{feature.name, report::Style::Bold}};
    for (const Fate fate : fates) {
      const auto found = feature.uses.find(fate);
      row.push_back({number(found == feature.uses.end() ? 0 : found->second)});
    }
    std::vector<std::string> places;
    for (const Loc& where : feature.places)
      if (places.size() < most_places) places.push_back(report::place_text(assessed.sources, where));
    if (feature.places.size() > most_places) places.emplace_back("…");
    row.push_back({fmt::format("{}", fmt::join(places, " "))});
    row.push_back({feature.note});
    grid.rows.push_back(std::move(row));
  }
  if (grid.rows.empty()) section.blocks.push_back(plain("For nothing that the dump shows."));
  else section.blocks.emplace_back(std::move(grid));
  section.blocks.push_back(
      {report::Paragraph{{{"Each rule and its reason: "}, {"policyconv migrate POLICIES --cluster DUMP -v", report::Style::Plain, true}}}});
  return section;
}

report::Section ways_section(const Assessed& assessed) {
  const Assessment& found = assessed.assessment;
  report::Section section{"The three ways", {}};
  report::Grid grid{{"way", "cost", "risk", "what is lost", "objects", "blockers"}, {}};
  for (const WayReport& way : found.ways)
    grid.rows.push_back({{std::string(to_string(way.way)), way.way == found.recommended ? report::Style::Green : report::Style::Plain},
                         {way.cost},
                         {way.risk},
                         {way.lost},
                         {number(way.objects_touched)},
                         {way.blockers.empty() ? "none" : fmt::format("{}", fmt::join(way.blockers, "; ")),
                          way.blockers.empty() ? report::Style::Plain : report::Style::Red}});
  section.blocks.emplace_back(std::move(grid));
  section.blocks.push_back({report::Paragraph{{{"Recommended: "}, {std::string(to_string(found.recommended)), report::Style::Bold}}}});
  report::Bullets reasons;
  for (const std::string& reason : found.reasons) reasons.items.push_back({{{reason}}});
  if (!reasons.items.empty()) section.blocks.emplace_back(std::move(reasons));
  return section;
}

report::Section plan_section(const Assessed& assessed) {
  const AddressPlan& plan = assessed.assessment.plan;
  report::Section section{"Address plan: unique addresses for NAT gateways", {}};
  if (plan.moves.empty() && plan.full.empty()) {
    section.blocks.push_back(plain("No gateway has to move."));
    return section;
  }
  report::Grid grid{{"gateway", "VPC", "Subnet", "before", "after", "place"}, {}};
  for (const Move& move : plan.moves) {
    const Gateway& gateway = assessed.dump.gateways[move.gateway];
    grid.rows.push_back({{gateway_name(gateway)},
                         {gateway.vpc},
                         {gateway.subnet},
                         {to_string(move.from), report::Style::Red},
                         {to_string(move.to), report::Style::Green},
                         {report::place_text(assessed.sources, gateway.lan_ip_loc.file == 0 ? gateway.loc : gateway.lan_ip_loc)}});
  }
  if (!grid.rows.empty()) section.blocks.emplace_back(std::move(grid));
  report::Bullets full;
  for (const AddressPlan::Full& each : plan.full) {
    const Gateway& gateway = assessed.dump.gateways[each.gateway];
    const std::string way_out =
        each.proposed ? fmt::format("{} in a Subnet of its own, {}", to_string(each.to), to_string(*each.proposed))
                      : "the ranges of the dump cover all private addresses, so there is no proposal";
    full.items.push_back(
        {{{fmt::format("{}: Subnet {} has no address left; {}", gateway_name(gateway), gateway.subnet, way_out)}}});
  }
  if (!full.items.empty()) section.blocks.emplace_back(std::move(full));
  section.blocks.push_back(
      {report::Paragraph{{{"lanIp cannot be changed in place: each of these gateways is deleted and made again, and its VPC has no way "
                   "out meanwhile. "},
                  {"--plan FILE", report::Style::Plain, true},
                  {" writes the objects."}}}});
  return section;
}

/// What chaining keeps Kube-OVN from offering (K§7.3).
report::Bullets gained(const Assessed& assessed) {
  const Dump& dump = assessed.dump;
  const auto only_v6 = static_cast<std::size_t>(
      std::count_if(dump.subnets.begin(), dump.subnets.end(), [](const DumpSubnet& subnet) {
        return !subnet.cidrs.empty() && std::all_of(subnet.cidrs.begin(), subnet.cidrs.end(), [](const Cidr& cidr) {
                 return cidr.family == Family::V6;
               });
      }));
  return {{{{{"the same lanIp in several VPCs", report::Style::Bold},
             {fmt::format(" ({} here)", report::counted(dump.gateways.size(), "gateway", "gateways"))}}},
           {{{"vpc-dns in VPCs whose ranges overlap", report::Style::Bold},
             {fmt::format(" ({} here)", report::counted(dump.vpcs.size(), "VPC", "VPCs"))}}},
           {{{"Subnets of IPv6 alone, which chaining breaks", report::Style::Bold}, {fmt::format(" ({} here)", only_v6)}}}}};
}

report::Section readiness_section(const Assessed& assessed) {
  report::Section section{"Readiness by namespace", {}};
  report::Grid grid{{"namespace", "rules", "same", "no effect", "stricter", "looser", "refused"}, {}};
  const auto& all = assessed.assessment.namespaces;
  const bool with_idle = std::any_of(all.begin(), all.end(), [](const auto& each) { return each.never_enforced > 0; });
  if (with_idle) grid.head.emplace_back("(never enforced)");
  grid.head.emplace_back("kept");
  for (std::size_t at = 0; at < shown_of(all); ++at) {
    const NamespaceReadiness& each = all[at];
    const std::size_t kept = each.same + each.without_effect;
    std::vector<report::Span> row = {{each.ns.empty() ? "(whole cluster)" : each.ns},
                         {number(each.rules)},
                         {number(each.same)},
                         {number(each.without_effect)},
                         {number(each.stricter), each.stricter > 0 ? report::Style::Yellow : report::Style::Plain},
                         {number(each.looser), each.looser > 0 ? report::Style::Magenta : report::Style::Plain},
                         {number(each.refused), each.refused > each.never_enforced ? report::Style::Red : report::Style::Plain}};
    if (with_idle) row.push_back({number(each.never_enforced)});
    row.push_back({each.rules == 0 ? "·" : fmt::format("{} %", kept * 100 / each.rules)});
    grid.rows.push_back(std::move(row));
  }
  if (grid.rows.empty()) section.blocks.push_back(plain("The dump holds no policies."));
  else section.blocks.emplace_back(std::move(grid));
  add_rest(all, section);
  section.blocks.push_back(plain("Available once Cilium is out of the chain:"));
  section.blocks.emplace_back(gained(assessed));
  return section;
}

report::Section missing_section(const Assessed& assessed) {
  report::Section section{"What the dump lacks", {}};
  report::Code code;
  for (const std::string& resource : assessed.assessment.missing) code.lines.push_back(collect_line(resource));
  if (code.lines.empty()) {
    section.blocks.push_back(plain("Nothing that would have mattered."));
    return section;
  }
  section.blocks.push_back(plain("Statements about these are missing above. Add what these lines print:"));
  section.blocks.emplace_back(std::move(code));
  section.blocks.push_back({report::Paragraph{
      {{"policyconv assess --print-collect", report::Style::Plain, true},
       {" prints a script for all of it, which also notes what the cluster has none of; a plain "},
       {"kubectl get", report::Style::Plain, true},
       {" leaves no trace of that."}}}});
  return section;
}

}  // namespace

report::Document assess_document(const Assessed& assessed) {
  return {"Can this cluster leave Cilium chaining?",
          verdict_line(assessed),
          {conflicts_section(assessed), health_section(assessed), features_section(assessed), ways_section(assessed),
           plan_section(assessed), readiness_section(assessed), missing_section(assessed)},
          fmt::format("exit {} ({}{})", assessed.status, to_string(assessed.assessment.verdict),
                      assessed.accepted == 0 ? std::string()
                                             : fmt::format("; {} accepted by the baseline",
                                                           report::counted(assessed.accepted, "finding", "findings")))};
}

}  // namespace policyconv::cli
