// Small policies and clusters, written in the tests, through the whole compiler.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/lower.h"
#include "backends/kubeovn/print.h"
#include "frontend/lower.h"
#include "frontend/parse.h"
#include "ir/print.h"

namespace policyconv::testing {

struct Options {
  int cilium_minor = 20, kube_ovn_minor = 16;
  bool sctp = false;
  kubeovn::NodeTraffic node_traffic = kubeovn::NodeTraffic::Anchor;
  std::vector<std::string> allow_looser = {};
  std::vector<Address> node_local_dns = {};
};

struct Compiled {
  Sources sources;
  Diagnostics diagnostics;
  cilium::Policies policies;
  Cluster cluster;
  ir::Program program;
  kubeovn::Manifest manifest;

  [[nodiscard]] bool reported(std::string_view code) const { return count(code) != 0; }
  [[nodiscard]] std::size_t count(std::string_view code) const {
    const auto& all = diagnostics.all();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const Diagnostic& d) { return definition(d.kind).code == code; }));
  }
  [[nodiscard]] bool has_errors() const { return diagnostics.has_errors(); }
  /// The codes of everything that changes the meaning, in the order of the report.
  [[nodiscard]] std::string losses() const {
    std::string codes;
    for (const Diagnostic& d : diagnostics.all()) {
      const Effect effect = definition(d.kind).effect;
      if (effect == Effect::Note || effect == Effect::NoEffect) continue;
      codes += (codes.empty() ? "" : " ") + std::string(definition(d.kind).code);
    }
    return codes;
  }
  /// The IR without the origins behind `#`, one statement per line.
  [[nodiscard]] std::string ir() const {
    std::string text = ir::print(program, policies.catalog), stripped;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      stripped += line.substr(0, line.find("  # ")) + "\n";
      at = end + 1;
    }
    return stripped;
  }
  /// The SecurityGroup whose `about` is this.
  [[nodiscard]] const kubeovn::SecurityGroup* group(std::string_view about, std::string_view vpc = "ovn-cluster") const {
    const auto& all = manifest.security_groups;
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& sg) { return sg.about == about && sg.vpc == vpc; });
    return at == all.end() ? nullptr : &*at;
  }
  [[nodiscard]] const kubeovn::SecurityGroup* named(std::string_view name) const {
    const auto& all = manifest.security_groups;
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& sg) { return sg.name == name; });
    return at == all.end() ? nullptr : &*at;
  }
  [[nodiscard]] std::string groups_of(std::string_view ns, std::string_view pod) const {
    for (const kubeovn::Binding& binding : manifest.bindings)
      if (binding.ns == ns && binding.pod == pod) {
        std::string text;
        for (const std::string& group : binding.groups) text += (text.empty() ? "" : ",") + group;
        return text;
      }
    return {};
  }
};

/// "A1 allow ipv4 tcp 80-80 10.0.0.0/8": one line per rule, in order.
inline std::string text_of(const std::vector<kubeovn::SgRule>& rules) {
  std::string text;
  for (const kubeovn::SgRule& rule : rules) {
    text += rule.band + (rule.policy == Verdict::Allow ? " allow " : " drop ") + (rule.family == Family::V4 ? "ipv4 " : "ipv6 ");
    text += kubeovn::to_string(rule.protocol);
    if (rule.ports) text += " " + std::to_string(rule.ports->first) + "-" + std::to_string(rule.ports->last);
    const auto* cidr = std::get_if<Cidr>(&rule.remote);
    text += " " + (cidr ? to_string(*cidr) : std::get<kubeovn::SgName>(rule.remote).name) + "\n";
  }
  return text;
}

inline Compiled compile(const std::string& policies, const std::string& cluster, const Options& options = {}) {
  Compiled result;
  cilium::ParseOptions parse;
  parse.semantics = semantics_of(options.cilium_minor);
  parse.semantics.sctp = options.sctp;
  const std::array<std::uint32_t, 1> policy_file{result.sources.add("policies.yaml", policies)};
  result.policies = cilium::parse_policies(result.sources, policy_file, parse, result.diagnostics);
  if (!cluster.empty()) {
    const std::array<std::uint32_t, 1> cluster_file{result.sources.add("cluster.yaml", cluster)};
    result.cluster = cilium::parse_cluster(result.sources, cluster_file, 1, result.diagnostics);
  }
  result.cluster.node_local_dns = options.node_local_dns;
  result.program = cilium::lower(result.policies, result.cluster, {parse.semantics, options.allow_looser}, result.diagnostics);
  kubeovn::LowerOptions target;
  target.release = {options.kube_ovn_minor};
  target.node_traffic = options.node_traffic;
  target.sctp = options.sctp;
  target.allow_looser = options.allow_looser;
  result.manifest = kubeovn::lower(result.program, result.cluster, result.policies.catalog, target, result.diagnostics);
  result.diagnostics.sort();
  return result;
}

/// Two nodes, two namespaces, four pods, dual stack, one VPC.
inline const std::string small_cluster = R"(
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: retail}}}
- {apiVersion: v1, kind: Namespace, metadata: {name: ops, labels: {team: platform}}}
- apiVersion: v1
  kind: Node
  metadata: {name: n1, annotations: {ovn.kubernetes.io/ip_address: "100.64.0.2,fd00:100:64::2"}}
  status: {addresses: [{type: InternalIP, address: 192.168.0.1}, {type: InternalIP, address: "fd00:192::1"}]}
- apiVersion: v1
  kind: Node
  metadata: {name: n2, annotations: {ovn.kubernetes.io/ip_address: "100.64.0.3,fd00:100:64::3"}}
  status: {addresses: [{type: InternalIP, address: 192.168.0.2}, {type: InternalIP, address: "fd00:192::2"}]}
- apiVersion: kubeovn.io/v1
  kind: Subnet
  metadata: {name: ovn-default}
  spec: {cidrBlock: "10.16.0.0/16,fd00:10:16::/112", gateway: "10.16.0.1,fd00:10:16::1", vpc: ovn-cluster, provider: ovn, default: true}
- apiVersion: kubeovn.io/v1
  kind: Subnet
  metadata: {name: join}
  spec: {cidrBlock: "100.64.0.0/16,fd00:100:64::/112", gateway: "100.64.0.1,fd00:100:64::1", vpc: ovn-cluster, provider: ovn}
- {apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, spec: {clusterIP: 10.96.0.1, ports: [{port: 443}]}}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
  addressType: IPv4
  endpoints: [{addresses: [192.168.0.1]}]
  ports: [{port: 6443}]
- {apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: kubernetes}, spec: {cidrs: [10.96.0.0/12, "fd00:10:96::/112"]}}
- apiVersion: v1
  kind: Pod
  metadata: {name: web-0, namespace: shop, labels: {app: web}}
  spec: {nodeName: n1, containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
  status: {phase: Running, podIPs: [{ip: 10.16.0.10}, {ip: "fd00:10:16::a"}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: web-1, namespace: shop, labels: {app: web}}
  spec: {nodeName: n2, containers: [{name: c, ports: [{name: http, containerPort: 9090}]}]}
  status: {phase: Running, podIPs: [{ip: 10.16.0.11}, {ip: "fd00:10:16::b"}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: db-0, namespace: shop, labels: {app: db, tier: data}}
  spec: {nodeName: n2, serviceAccountName: database, containers: [{name: c}]}
  status: {phase: Running, podIPs: [{ip: 10.16.0.12}, {ip: "fd00:10:16::c"}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: probe-0, namespace: ops, labels: {app: probe}}
  spec: {nodeName: n1, containers: [{name: c}]}
  status: {phase: Running, podIPs: [{ip: 10.16.0.20}, {ip: "fd00:10:16::14"}]}
)";

/// A CiliumNetworkPolicy shop/NAME with this spec, indented by two blanks.
inline std::string cnp(const std::string& spec, const std::string& name = "p", const std::string& ns = "shop") {
  return fmt::format("apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: {}, namespace: {}}}\nspec:\n{}\n---\n", name, ns, spec);
}
inline std::string ccnp(const std::string& spec, const std::string& name = "p") {
  return fmt::format("apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {{name: {}}}\nspec:\n{}\n---\n", name, spec);
}

}  // namespace policyconv::testing
