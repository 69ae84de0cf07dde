#include "backends/kubeovn/admission_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace policyconv::kubeovn {

std::vector<std::vector<std::string>> in_parts(std::vector<std::string> texts) {
  constexpr std::size_t enough = 4000;
  std::vector<std::vector<std::string>> parts;
  std::size_t filled = enough;
  for (std::string& text : texts) {
    if (filled + text.size() > enough) {
      parts.emplace_back();
      filled = 0;
    }
    filled += text.size();
    parts.back().push_back(std::move(text));
  }
  return parts;
}

std::string port_text(const ContainerPort& port) {
  std::string protocol(to_string(port.protocol));
  std::transform(protocol.begin(), protocol.end(), protocol.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return fmt::format("{}/{}/{}", port.name, protocol, port.number);
}

void metadata(yaml::Writer& writer, std::string_view name) {
  writer.key("metadata");
  writer.begin_map();
  writer.pair("name", name);
  writer.block("labels", {{"app.kubernetes.io/managed-by", "policyconv"}});
  writer.end_map();
}

void namespace_selector(yaml::Writer& writer, const Share& share) {
  if (share.namespaces.empty()) return;
  writer.key("namespaceSelector");
  writer.begin_map();
  writer.key("matchExpressions");
  writer.begin_list();
  writer.begin_map();
  writer.pair("key", "kubernetes.io/metadata.name");
  writer.pair("operator", share.others ? "NotIn" : "In");
  text_list(writer, "values", share.namespaces);
  writer.end_map();
  writer.end_list();
  writer.end_map();
}

void text_list(yaml::Writer& writer, std::string_view name, const std::vector<std::string>& texts) {
  writer.key(name);
  writer.begin_list();
  for (const std::string& text : texts) writer.value(text);
  writer.end_list();
}

void expressions(yaml::Writer& writer, std::string_view name, const std::vector<Variable>& list) {
  writer.key(name);
  writer.begin_list();
  for (const auto& [variable, expression] : list) {
    writer.begin_map();
    writer.pair("name", variable);
    writer.json("expression", expression);
    writer.end_map();
  }
  writer.end_list();
}

}  // namespace policyconv::kubeovn
