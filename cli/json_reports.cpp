#include "cli/json_reports.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "report/build.h"

namespace policyconv::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) {
  // Names of users may hold bytes that are no UTF-8; these become U+FFFD.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json place_json(const Sources& sources, Loc where) {
  return {{"file", std::string(sources.name(where.file))}, {"line", where.line}, {"column", where.column}};
}

Json rules_json(const verify::Decision& decision, const Names& names) {
  Json rules = Json::array();
  for (const RuleId id : decision.rules) {
    if (id == RuleId::None) continue;
    const SourceRule& rule = names.catalog.rule(id);
    const SourcePolicy& policy = names.catalog.policy(rule.policy);
    rules.push_back({{"kind", policy.kind},
                     {"namespace", policy.ns},
                     {"name", policy.name},
                     {"path", rule.path},
                     {"place", place_json(names.sources, rule.loc)}});
  }
  return rules;
}

Json end_json(const EndJudgement& end, const Names& names) {
  return {{"direction", policyconv::to_string(end.direction)},
          {"pod", verify::to_string(names.cluster, verify::PodEnd{end.pod})}};
}

Json selections_json(const std::vector<Selection>& selections, const Names& names) {
  Json json = Json::array();
  for (const Selection& selection : selections) {
    const SourcePolicy& policy = names.catalog.policy(selection.policy);
    json.push_back({{"kind", policy.kind},
                    {"namespace", policy.ns},
                    {"name", policy.name},
                    {"place", place_json(names.sources, policy.loc)},
                    {"default_deny", selection.default_deny}});
  }
  return json;
}

Json policies_json(const EndJudgement& end, const Names& names) {
  Json json = end_json(end, names);
  json["verdict"] = policyconv::to_string(end.policies.verdict);
  json["reason"] = end.policies.reason;
  json["rules"] = rules_json(end.policies, names);
  json["selected_by"] = selections_json(end.selections, names);
  return json;
}

Json objects_json(const EndJudgement& end, const Names& names) {
  Json json = end_json(end, names);
  json["verdict"] = end.tied ? "undefined" : policyconv::to_string(end.objects.verdict);
  json["reason"] = end.objects.reason;
  json["places"] = Json::array();
  for (const Loc& where : end.objects.places) json["places"].push_back(place_json(names.sources, where));
  json["rules"] = rules_json(end.objects, names);
  return json;
}

Json packet_json(const verify::Packet& packet) {
  Json json = {{"source", to_string(packet.source)},
               {"destination", to_string(packet.destination)},
               {"protocol", policyconv::to_string(packet.protocol)}};
  const bool is_icmp = packet.protocol == Protocol::Icmp || packet.protocol == Protocol::Icmp6;
  if (!is_icmp) json["source_port"] = packet.source_port;
  json[is_icmp ? "type" : "port"] = packet.port;
  return json;
}

Json traced_json(const Traced& traced, const Names& names) {
  const Judgement& judgement = traced.judgement;
  Json json = {{"from", verify::to_string(names.cluster, traced.flow.from)},
               {"to", verify::to_string(names.cluster, traced.flow.to)},
               {"packet", packet_json(judgement.packet)}};
  if (traced.to_service)
    json["service"] = {{"address", to_string(traced.to_service->destination)}, {"port", traced.to_service->port}};
  json["change"] = to_string(traced.agreement());
  json["cilium"] = {{"verdict", policyconv::to_string(judgement.policies())}, {"ends", Json::array()}};
  json["kube_ovn"] = {{"verdict", to_string(traced.objects())}, {"ends", Json::array()}};
  if (traced.first_packet) json["kube_ovn"]["first_packet"] = objects_json(*traced.first_packet, names);
  for (const EndJudgement& end : judgement.ends) {
    json["cilium"]["ends"].push_back(policies_json(end, names));
    json["kube_ovn"]["ends"].push_back(objects_json(end, names));
  }
  json["ovn_command"] = trace_command(traced.to_service.value_or(judgement.packet), names.cluster);
  return json;
}

Json row_json(const ReplayRow& row, const Names& names) {
  Json json = {{"from", row.from},
               {"to", row.to},
               {"packet", packet_text(row.protocol, row.port)},
               {"records", row.records},
               {"audited", row.audited},
               {"stand_ins", row.stand_ins},
               {"before", policyconv::to_string(row.before)},
               {"recorded_at_this_end", row.is_recorded},
               {"cilium", policies_json(row.end, names)},
               {"kube_ovn", objects_json(row.end, names)},
               {"example", packet_json(row.packet)}};
  return json;
}

Json traffic_json(const verify::Traffic& traffic) {
  Json json = Json::array();
  for (const verify::Packets& packets : traffic) {
    const bool is_icmp = packets.protocol == Protocol::Icmp || packets.protocol == Protocol::Icmp6;
    Json one = {{"protocol", policyconv::to_string(packets.protocol)},
                {is_icmp ? "types" : "ports", {packets.first, packets.last}}};
    if (!is_icmp) one["source_ports"] = {packets.source_first, packets.source_last};
    json.push_back(std::move(one));
  }
  return json;
}

Json region_json(const VerifiedRegion& region, const Names& names) {
  Json families = Json::array();
  if (region.v4) families.push_back("ipv4");
  if (region.v6) families.push_back("ipv6");
  Json json = {{"change", to_string(region.change)},
               {"text", region_text(region, false)},
               {"from", region.from},
               {"to", region.to},
               {"traffic", traffic_json(region.traffic)},
               {"families", std::move(families)}};
  if (!region.service.empty()) json["through_service"] = region.service;
  json["example"] = traced_json(region.example, names);
  json["confirmed"] = region.is_confirmed;
  return json;
}

Json failure_json(const std::optional<CheckedAssertion::Failure>& failure, const Names& names) {
  if (!failure) return {{"holds", true}};
  return {{"holds", false},
          {"undefined", failure->is_undefined},
          {"traffic", traffic_json(failure->traffic)},
          {"example", traced_json(failure->example, names)}};
}

}  // namespace

std::string trace_json(const std::vector<Traced>& flows, const std::vector<std::string>& remarks, const Names& names,
                       int status) {
  Json json = {{"flows", Json::array()}, {"remarks", remarks}, {"status", status}};
  for (const Traced& traced : flows) json["flows"].push_back(traced_json(traced, names));
  return dumped(json);
}

std::string verify_json(const Verified& verified, const Names& names) {
  Json json = {{"verdict", verdict_text(verified)}, {"status", verified.status},
               {"classes_of_pods", verified.pods},  {"pairs", verified.pairs},
               {"regions", Json::array()},          {"future", nullptr},
               {"assertions", Json::array()},       {"not_told_apart", verified.not_told_apart}};
  for (const VerifiedRegion& region : verified.present) json["regions"].push_back(region_json(region, names));
  if (verified.future_cluster) {
    const Names future_names{names.sources, names.catalog, *verified.future_cluster};
    Json regions = Json::array();
    for (const VerifiedRegion& region : verified.future) regions.push_back(region_json(region, future_names));
    json["future"] = {{"pods", verified.future_pods},
                      {"pairs", verified.future_pairs},
                      {"not_looked_at", verified.over_budget},
                      {"without_address", verified.without_address},
                      {"regions", std::move(regions)}};
  }
  for (const CheckedAssertion& checked : verified.assertions)
    json["assertions"].push_back({{"assertion", checked.assertion.text},
                                  {"place", place_json(names.sources, checked.assertion.loc)},
                                  {"cilium", failure_json(checked.policies, names)},
                                  {"kube_ovn", failure_json(checked.objects, names)}});
  return dumped(json);
}

std::string replay_json(const Replayed& replayed, const Names& names) {
  Json json = {{"changed", Json::array()}, {"unexplained", Json::array()}, {"judged", replayed.judged},
               {"same", replayed.same},    {"not_judged", Json::array()},  {"status", replayed.status}};
  for (const ReplayRow& row : replayed.changed) {
    Json one = {{"change", to_string(row.change)}};
    one.update(row_json(row, names));
    json["changed"].push_back(std::move(one));
  }
  for (const ReplayRow& row : replayed.unexplained) {
    Json one = row_json(row, names);
    one["hint"] = hint_for(row);
    json["unexplained"].push_back(std::move(one));
  }
  for (std::size_t at = 0; at < not_judged_causes; ++at)
    if (replayed.not_judged[at] > 0)
      json["not_judged"].push_back(
          {{"cause", to_string(static_cast<NotJudged>(at))}, {"records", replayed.not_judged[at]}});
  return dumped(json);
}

}  // namespace policyconv::cli
