// Entrance: assess_json(). Everything that was found, keys and lists in a fixed order.
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/assess_report.h"
#include "cli/collect.h"
#include "report/build.h"

namespace policyconv::cli {
namespace {

using namespace assess;
using Json = nlohmann::ordered_json;

Json place_json(const Sources& sources, Loc where) {
  if (where.file == 0) return nullptr;
  return {{"file", std::string(sources.name(where.file))}, {"line", where.line}, {"column", where.column}};
}

std::string_view kind_of(const Holder& holder) {
  switch (holder.kind) {
    case HolderKind::Gateway: return "VpcNatGateway";
    case HolderKind::Pod: return "Pod";
    case HolderKind::VpcDns: return "VpcDns";
    case HolderKind::Vip: return "Vip";
    case HolderKind::Ip: return "IP";
  }
  return {};
}

Json conflict_json(const Conflict& conflict, const Assessed& assessed) {
  Json holders = Json::array();
  for (const std::size_t at : conflict.holders) {
    const Holder& holder = assessed.dump.holders[at];
    holders.push_back({{"kind", kind_of(holder)},
                       {"namespace", holder.ns},
                       {"name", holder.name},
                       {"node", holder.node},
                       {"vpc", holder.vpc},
                       {"subnet", holder.subnet},
                       {"endpoint", holder.has_endpoint},
                       {"place", place_json(assessed.sources, holder.loc)}});
  }
  return {{"code", definition(conflict.kind).code},
          {"address", policyconv::to_string(conflict.address)},
          {"text", conflict.text},
          {"severity", to_string(conflict.severity)},
          {"among_gateways", conflict.among_gateways(assessed.dump)},
          {"shared_nodes", conflict.shared_nodes},
          {"across_nodes", conflict.across_nodes},
          {"effect", conflict.effect},
          {"remedy", conflict.remedy},
          {"holders", std::move(holders)}};
}

Json conflicts_json(const Assessed& assessed) {
  Json json = {{"addresses", Json::array()}, {"overlaps", Json::array()}, {"with_one_more_gateway", Json::array()}};
  for (const Conflict& conflict : assessed.assessment.conflicts.conflicts)
    json["addresses"].push_back(conflict_json(conflict, assessed));
  for (const Overlap& overlap : assessed.assessment.conflicts.overlaps)
    json["overlaps"].push_back({{"code", definition(overlap.kind).code},
                                {"text", overlap.text},
                                {"ranges", overlap.ranges},
                                {"common", policyconv::to_string(overlap.common)},
                                {"held_twice", overlap.held_twice},
                                {"with_one_more_gateway", overlap.with_one_more_gateway},
                                {"severity", to_string(overlap.severity)},
                                {"remedy", overlap.remedy},
                                {"place", place_json(assessed.sources, overlap.loc)}});
  for (const ComingConflict& coming : assessed.assessment.conflicts.coming) {
    Json subnets = Json::array();
    for (const std::size_t at : coming.subnets) subnets.push_back(assessed.dump.subnets[at].name);
    json["with_one_more_gateway"].push_back({{"code", definition(coming.kind).code},
                                             {"address", policyconv::to_string(coming.address)},
                                             {"subnets", std::move(subnets)},
                                             {"text", coming.text},
                                             {"remedy", coming.remedy}});
  }
  return json;
}

Json health_json(const Assessed& assessed) {
  Json json = Json::array();
  for (const HealthFinding& finding : assessed.assessment.health)
    json.push_back({{"code", definition(finding.kind).code},
                    {"severity", to_string(finding.severity)},
                    {"text", finding.text},
                    {"evidence", finding.evidence},
                    {"remedy", finding.remedy},
                    {"place", place_json(assessed.sources, finding.loc)}});
  return json;
}

Json features_json(const Assessed& assessed) {
  Json json = Json::array();
  for (const Feature& feature : assessed.assessment.features) {
    Json uses = Json::object(), places = Json::array();
    for (const auto& [fate, count] : feature.uses) uses[std::string(to_string(fate))] = count;
    for (const Loc& where : feature.places) places.push_back(place_json(assessed.sources, where));
    json.push_back({{"name", feature.name}, {"uses", std::move(uses)}, {"places", std::move(places)}, {"note", feature.note}});
  }
  return json;
}

Json ways_json(const Assessment& found) {
  Json json = Json::array();
  for (const WayReport& way : found.ways)
    json.push_back({{"way", to_string(way.way)},
                    {"cost", way.cost},
                    {"risk", way.risk},
                    {"lost", way.lost},
                    {"objects_touched", way.objects_touched},
                    {"blockers", way.blockers}});
  return json;
}

Json plan_json(const Assessed& assessed) {
  const AddressPlan& plan = assessed.assessment.plan;
  Json json = {{"moves", Json::array()}, {"full", Json::array()}};
  const auto gateway_json = [&](std::size_t at) -> Json {
    const Gateway& gateway = assessed.dump.gateways[at];
    return {{"gateway", gateway.name}, {"namespace", gateway.ns}, {"vpc", gateway.vpc}, {"subnet", gateway.subnet}};
  };
  for (const Move& move : plan.moves) {
    Json one = gateway_json(move.gateway);
    one["from"] = policyconv::to_string(move.from);
    one["to"] = policyconv::to_string(move.to);
    json["moves"].push_back(std::move(one));
  }
  for (const AddressPlan::Full& full : plan.full) {
    Json one = gateway_json(full.gateway);
    one["proposed"] = full.proposed ? Json(policyconv::to_string(*full.proposed)) : Json(nullptr);
    if (full.proposed) one["to"] = policyconv::to_string(full.to);
    json["full"].push_back(std::move(one));
  }
  return json;
}

Json readiness_json(const Assessment& found) {
  Json json = Json::array();
  for (const NamespaceReadiness& each : found.namespaces)
    json.push_back({{"namespace", each.ns},
                    {"rules", each.rules},
                    {"same", each.same},
                    {"stricter", each.stricter},
                    {"looser", each.looser},
                    {"refused", each.refused},
                    {"never_enforced", each.never_enforced},
                    {"without_effect", each.without_effect}});
  return json;
}

/// What the compiler says about each rule, notes included.
Json diagnostics_json(const Assessed& assessed) {
  Json json = Json::array();
  for (const Diagnostic& diagnostic : assessed.diagnostics.all()) {
    const Definition& about = definition(diagnostic.kind);
    Json one = {{"code", about.code},
                {"effect", policyconv::to_string(about.effect)},
                {"message", diagnostic.message},
                {"place", place_json(assessed.sources, diagnostic.where)}};
    if (diagnostic.rule != RuleId::None) one["rule"] = assessed.catalog.display(diagnostic.rule);
    else if (diagnostic.policy != PolicyId::None) one["policy"] = assessed.catalog.policy(diagnostic.policy).display();
    json.push_back(std::move(one));
  }
  return json;
}

}  // namespace

std::string assess_json(const Assessed& assessed) {
  const Assessment& found = assessed.assessment;
  Json missing = Json::array(), kinds = Json::object();
  for (const std::string& resource : found.missing)
    missing.push_back({{"resource", resource}, {"command", collect_line(resource)}});
  for (const auto& [kind, count] : assessed.dump.kinds) kinds[kind] = count;
  const Json json = {{"verdict", to_string(found.verdict)},
                     {"status", assessed.status},
                     {"recommended", to_string(found.recommended)},
                     {"reasons", found.reasons},
                     {"conflicts", conflicts_json(assessed)},
                     {"chaining", health_json(assessed)},
                     {"features", features_json(assessed)},
                     {"ways", ways_json(found)},
                     {"address_plan", plan_json(assessed)},
                     {"namespaces", readiness_json(found)},
                     {"missing", std::move(missing)},
                     {"objects_read", std::move(kinds)},
                     {"diagnostics", diagnostics_json(assessed)}};
  // Names of users may hold bytes that are no UTF-8; these become U+FFFD.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace policyconv::cli
