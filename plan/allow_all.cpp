#include "plan/allow_all.h"

#include <string_view>

#include "yaml/writer.h"

namespace policyconv::plan {
namespace {

constexpr std::string_view name = "policyconv-allow-all";

void metadata(yaml::Writer& writer, std::string_view ns) {
  writer.key("metadata");
  writer.begin_map();
  writer.pair("name", name);
  if (!ns.empty()) writer.pair("namespace", ns);
  writer.block("labels", {{"app.kubernetes.io/managed-by", "policyconv"}});
  writer.end_map();
}

void rules(yaml::Writer& writer, std::string_view direction, std::string_view entities) {
  writer.key(direction);
  writer.begin_list();
  if (entities.empty()) {
    writer.empty_map();
  } else {
    writer.begin_map();
    writer.key(entities);
    writer.begin_list();
    writer.value("all");
    writer.end_list();
    writer.end_map();
  }
  writer.end_list();
}

}  // namespace

std::string allow_all(const std::vector<std::string>& namespaces) {
  yaml::Writer writer;
  writer.begin_document("cilium.io/v2", "CiliumClusterwideNetworkPolicy");
  metadata(writer, "");
  writer.key("spec");
  writer.begin_map();
  writer.key("endpointSelector");
  writer.empty_map();
  rules(writer, "ingress", "fromEntities");
  rules(writer, "egress", "toEntities");
  writer.end_map();
  writer.end_document();
  for (const std::string& ns : namespaces) {
    writer.begin_document("networking.k8s.io/v1", "NetworkPolicy");
    metadata(writer, ns);
    writer.key("spec");
    writer.begin_map();
    writer.key("podSelector");
    writer.empty_map();
    writer.key("policyTypes");
    writer.begin_list();
    writer.value("Ingress");
    writer.value("Egress");
    writer.end_list();
    rules(writer, "ingress", "");
    rules(writer, "egress", "");
    writer.end_map();
    writer.end_document();
  }
  return writer.take();
}

}  // namespace policyconv::plan
