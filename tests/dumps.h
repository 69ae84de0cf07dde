// API objects of small dumps, written in the tests as one line each, and what read_dump() makes of them.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "assess/dump.h"

namespace policyconv::testing {

struct ReadDump {
  Sources sources;
  Diagnostics diagnostics;
  assess::Dump dump;

  [[nodiscard]] std::string codes() const {
    std::string text;
    for (const Diagnostic& one : diagnostics.all()) text += (text.empty() ? "" : " ") + std::string(definition(one.kind).code);
    return text;
  }
  /// "10.0.1.2 VpcNatGateway gw-a @n1 vpc-a/net-a": one line per holder; `-` in front: without an endpoint.
  [[nodiscard]] std::string holders() const {
    std::string text;
    for (const assess::Holder& holder : dump.holders)
      text += fmt::format("{}{} {}{}{} {}/{}\n", holder.has_endpoint ? "" : "-", to_string(holder.address), holder.display(),
                          holder.node.empty() ? "" : " @", holder.node, holder.vpc, holder.subnet);
    return text;
  }
};

inline ReadDump read_texts(const std::vector<std::string>& texts) {
  ReadDump read;
  std::vector<std::uint32_t> files;
  for (std::size_t i = 0; i < texts.size(); ++i) files.push_back(read.sources.add(fmt::format("{}.yaml", i), texts[i]));
  read.dump = assess::read_dump(read.sources, files, read.diagnostics);
  read.diagnostics.sort();
  return read;
}
inline ReadDump read_text(const std::string& text) { return read_texts({text}); }

inline std::string vpc_object(std::string_view name) {
  return fmt::format("---\n{{apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {{name: {}}}}}\n", name);
}
inline std::string subnet_object(std::string_view name, std::string_view vpc, std::string_view cidr, std::string_view more = "") {
  return fmt::format("---\n{{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {{name: {}}}, spec: {{vpc: {}, cidrBlock: \"{}\"{}}}}}\n",
                     name, vpc, cidr, more);
}
inline std::string gateway_object(std::string_view name, std::string_view vpc, std::string_view subnet, std::string_view more = "") {
  return fmt::format("---\n{{apiVersion: kubeovn.io/v1, kind: VpcNatGateway, metadata: {{name: {}}}, spec: {{vpc: {}, subnet: {}{}}}}}\n",
                     name, vpc, subnet, more);
}
/// `annotations` without the braces around; `addresses` of status.podIPs, with commas between.
inline std::string pod_object(std::string_view ns, std::string_view name, std::string_view node, std::string_view addresses,
                              std::string_view annotations = "", std::string_view more = "") {
  std::string ips;
  for (std::string_view rest = addresses; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    ips += fmt::format("{}{{ip: \"{}\"}}", ips.empty() ? "" : ", ", rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return fmt::format("---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {}, namespace: {}, annotations: {{{}}}}}, "
                     "spec: {{nodeName: {}{}}}, status: {{phase: Running, podIPs: [{}]}}}}\n",
                     name, ns, annotations, node, more, ips);
}
/// The annotations of an interface; provider `ovn` is eth0.
inline std::string interface_of(std::string_view subnet, std::string_view address, std::string_view provider = "ovn") {
  return fmt::format("{0}.kubernetes.io/logical_switch: {1}, {0}.kubernetes.io/ip_address: \"{2}\"", provider, subnet, address);
}
inline std::string vip_object(std::string_view name, std::string_view subnet, std::string_view address) {
  return fmt::format("---\n{{apiVersion: kubeovn.io/v1, kind: Vip, metadata: {{name: {}}}, spec: {{subnet: {}, v4ip: {}}}}}\n",
                     name, subnet, address);
}
inline std::string ip_object(std::string_view ns, std::string_view pod, std::string_view subnet, std::string_view address,
                             std::string_view node = "\"\"") {
  return fmt::format("---\n{{apiVersion: kubeovn.io/v1, kind: IP, metadata: {{name: {0}.{1}}}, "
                     "spec: {{namespace: {1}, podName: {0}, subnet: {2}, v4IpAddress: {3}, nodeName: {4}}}}}\n",
                     pod, ns.empty() ? std::string_view("\"\"") : ns, subnet, address, node);
}
inline std::string node_object(std::string_view name, std::string_view address, std::string_view more = "{}") {
  return fmt::format("---\n{{apiVersion: v1, kind: Node, metadata: {{name: {}}}, spec: {}, "
                     "status: {{addresses: [{{type: InternalIP, address: {}}}, {{type: Hostname, address: {}}}]}}}}\n",
                     name, more, address, name);
}

}  // namespace policyconv::testing
