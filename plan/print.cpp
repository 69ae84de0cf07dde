// Entrance: print(). PLAN.md is in print_markdown.cpp; here are plan.json, which docs/schemas/plan-1.schema.json describes,
// and the objects of steps that no other file has.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/plan.h"
#include "plan/print_markdown.h"

namespace policyconv::plan {
namespace {

using Json = nlohmann::ordered_json;

Json objects_of(const kubeovn::Manifest& manifest) {
  Json json = Json::object();
  json["security_groups"] = manifest.security_groups.size();
  json["subnets"] = manifest.subnets.size();
  json["pods"] = manifest.bindings.size();
  json["templates"] = manifest.templates.size();
  json["node_anchor"] = manifest.node_anchor;
  return json;
}

Json checks_of(const std::vector<Check>& checks) {
  Json json = Json::array();
  for (const Check& check : checks) json.push_back({{"command", check.command}, {"expect", check.expect}});
  return json;
}

Json file_or_null(const std::string& file) { return file.empty() ? Json() : Json(file); }

Json step_of(const Step& step) {
  Json json = Json::object();
  json["id"] = step.id;
  json["kind"] = to_string(step.kind);
  json["title"] = step.title;
  json["why"] = step.why;
  json["optional"] = step.optional;
  json["namespaces"] = step.namespaces;
  json["objects"] = objects_of(step.objects);
  json["removes"] = {{"security_groups", step.remove_groups}, {"node_anchor", step.remove_anchor}};
  json["file"] = file_or_null(step.file);
  json["files"] = Json::array();
  for (const kubeovn::OutputFile& file : step.files) json["files"].push_back(file.name);
  json["commands"] = step.commands;
  json["checks"] = checks_of(step.checks);
  json["if_it_fails"] = step.if_it_fails;
  json["undo"] = {{"objects", objects_of(step.undo_objects)},
                  {"removes", {{"security_groups", step.undo_groups}, {"node_anchor", step.undo_anchor}}},
                  {"file", file_or_null(step.undo_file)},
                  {"commands", step.undo_commands}};
  return json;
}

Json annotation_before(const std::string& provider, const std::optional<std::string>& value) {
  return {{"annotation", kubeovn::annotation_of(provider)}, {"value", value ? Json(*value) : Json()}};
}

/// What rollback-check compares a dump with.
Json before_of(const Plan& plan) {
  Json subnets = Json::array(), pods = Json::array(), templates = Json::array();
  for (const kubeovn::SubnetPatch& patch : plan.changed.subnets) {
    Json acls = Json::array();
    for (const ExistingAcl& acl : patch.before)
      acls.push_back({{"direction", acl.direction}, {"priority", acl.priority}, {"match", acl.match}, {"action", acl.action}});
    subnets.push_back({{"name", patch.subnet}, {"acls", std::move(acls)}});
  }
  for (const kubeovn::Binding& binding : plan.changed.bindings) {
    Json pod = {{"namespace", binding.ns}, {"name", binding.pod}};
    pod.update(annotation_before(binding.provider, binding.before));
    pods.push_back(std::move(pod));
  }
  for (const kubeovn::TemplateBinding& binding : plan.changed.templates) {
    Json workload = {{"api_version", binding.api_version}, {"kind", binding.kind}, {"namespace", binding.ns}, {"name", binding.name}};
    workload.update(annotation_before(binding.provider, binding.before));
    templates.push_back(std::move(workload));
  }
  return {{"without_security_groups", plan.new_groups},
          {"without_node_anchor", plan.changed.node_anchor},
          {"subnets", std::move(subnets)},
          {"pods", std::move(pods)},
          {"templates", std::move(templates)}};
}

std::string json_text(const Plan& plan) {
  Json json = Json::object();
  json["schema"] = "policyconv/plan-1";
  json["kube_ovn"] = "1." + std::to_string(plan.release.minor);
  json["notes"] = plan.notes;
  json["steps"] = Json::array();
  for (const Step& step : plan.steps) json["steps"].push_back(step_of(step));
  json["revisions"] = Json::object();
  auto& revisions = json["revisions"].get_ref<Json::object_t&>();  // a list: looking for each key in it would take quadratic time
  for (const auto& [name, revision] : plan.revisions)
    revisions.emplace_back(name, Json{{"ingress_md5", revision.ingress}, {"egress_md5", revision.egress}});
  json["before"] = before_of(plan);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// The objects of a step as one file, whatever kinds they are of.
void add_file(const std::string& name, const kubeovn::Manifest& objects, const Catalog& catalog,
              std::vector<kubeovn::OutputFile>& files) {
  if (!name.starts_with("steps/")) return;
  kubeovn::OutputFile file{name, {}};
  for (const kubeovn::OutputFile& part : kubeovn::print(objects, catalog)) file.text += part.text;
  if (!file.text.empty()) files.push_back(std::move(file));
}

}  // namespace

std::vector<kubeovn::OutputFile> print(const Plan& plan, const Catalog& catalog) {
  std::vector<kubeovn::OutputFile> files;
  files.push_back({"PLAN.md", markdown_text(plan)});
  files.push_back({"plan.json", json_text(plan)});
  for (const Step& step : plan.steps) {
    add_file(step.file, step.objects, catalog, files);
    // The undo file of Groups is the file of the step before.
    if (step.undo_file.starts_with("steps/" + step.id)) add_file(step.undo_file, step.undo_objects, catalog, files);
    for (const kubeovn::OutputFile& file : step.files) files.push_back(file);
  }
  return files;
}

}  // namespace policyconv::plan
