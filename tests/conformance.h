// The verdict corpora of tests/conformance: small clusters, policies, and what Cilium's own engine says about each
// flow.
#pragma once

#include <zlib.h>

#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/parse.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/semantics.h"
#include "ir/source.h"
#include "verify/flow.h"

namespace policyconv::conformance {

struct Flow {
  std::string from, to;  // as verify::parse_end() reads them
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;
  std::optional<Verdict> egress, ingress;  // nullopt: that end is no pod
  Verdict verdict = Verdict::Allow;
};

struct Case {
  std::string name;
  std::string objects, policies;                // JSON, each a `kind: List`
  std::map<std::string, std::string> rejected;  // "Kind/namespace/name" or "Kind/name" -> Cilium's error
  std::vector<Flow> flows;
};

/// The configuration behind the verdicts.
inline Semantics semantics() {
  Semantics semantics = semantics_of(20);
  semantics.sctp = true;
  return semantics;
}

inline std::optional<Verdict> verdict_of(const std::string& text) {
  if (text == "none") return std::nullopt;
  return text == "deny" ? Verdict::Deny : Verdict::Allow;
}

inline Protocol protocol_of(const std::string& text) {
  static const std::map<std::string, Protocol> protocols{{"TCP", Protocol::Tcp},
                                                         {"UDP", Protocol::Udp},
                                                         {"SCTP", Protocol::Sctp},
                                                         {"ICMP", Protocol::Icmp},
                                                         {"ICMPv6", Protocol::Icmp6}};
  return protocols.at(text);
}

inline std::string list_of(const nlohmann::json& items) {
  return nlohmann::json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", items}}.dump();
}

inline Case case_of(const nlohmann::json& line) {
  Case result{line.at("name"), list_of(line.at("objects")), list_of(line.at("policies")), {}, {}};
  for (const auto& rejected : line.at("rejected")) result.rejected.emplace(rejected.at("policy"), rejected.at("error"));
  for (const auto& flow : line.at("flows"))
    result.flows.push_back({flow.at("from"), flow.at("to"), protocol_of(flow.at("protocol")), flow.at("port"),
                            verdict_of(flow.at("egress")), verdict_of(flow.at("ingress")),
                            *verdict_of(flow.at("verdict"))});
  return result;
}

/// Calls `each` with every `step`-th case of a file of tests/conformance, plain or gzipped, one at a time.
template <typename Each>
void for_each_case(const std::string& file, std::size_t step, Each&& each) {
  const std::string path = std::string(POLICYCONV_SOURCE_DIR "/tests/conformance/") + file;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> input(gzopen(path.c_str(), "rb"), gzclose);
  if (!input) throw std::runtime_error("cannot open " + path);
  std::string line;
  std::array<char, 1 << 16> chunk{};
  for (std::size_t number = 0; gzgets(input.get(), chunk.data(), static_cast<int>(chunk.size()));) {
    line += chunk.data();
    if (line.back() != '\n' && !gzeof(input.get())) continue;
    if (number++ % step == 0) each(case_of(nlohmann::json::parse(line)));
    line.clear();
  }
}

template <typename Each>
void for_each_curated_case(Each&& each) {
  for_each_case("curated.jsonl", 1, each);
}
/// POLICYCONV_SAMPLE=N takes every N-th case, for builds too slow for all of them.
inline std::size_t sample_step() {
  const char* step = std::getenv("POLICYCONV_SAMPLE");
  return step && std::atoi(step) > 1 ? static_cast<std::size_t>(std::atoi(step)) : 1;
}
template <typename Each>
void for_each_public_case(Each&& each) {
  for_each_case("public.jsonl.gz", sample_step(), each);
}

/// A case as the compiler reads it. File 1 holds the objects, file 2 the policies.
struct Input {
  Sources sources;
  Diagnostics diagnostics;
  Cluster cluster;
  cilium::Policies policies;
};

/// `semantics` by value: the corpora follow 1.20, but any other version may be asked about the same objects.
inline Input read(const Case& source, const Semantics& semantics = conformance::semantics()) {
  Input input;
  const std::array<std::uint32_t, 1> objects{input.sources.add(source.name + "/objects", source.objects)};
  const std::array<std::uint32_t, 1> policies{input.sources.add(source.name + "/policies", source.policies)};
  input.cluster = cilium::parse_cluster(input.sources, objects, 1, input.diagnostics);
  cilium::ParseOptions options;
  options.semantics = semantics;
  input.policies = cilium::parse_policies(input.sources, policies, options, input.diagnostics);
  return input;
}

/// The flow with its ends found in the cluster; throws if one is missing.
inline verify::Flow resolve(const Flow& flow, const Cluster& cluster) {
  const auto end = [&](const std::string& text) {
    const auto found = verify::parse_end(cluster, text);
    if (!found) throw std::runtime_error("no such end: " + text);
    return *found;
  };
  return {end(flow.from), end(flow.to), flow.protocol, flow.port};
}

/// Can the flow be a packet of this family? An `ip:` end fixes the family, also where it is the address of a node; and of
/// the control-plane node only the IPv4 address is an API server address in these cases (their README).
inline bool carried(const Flow& flow, Family family) {
  const auto fits = [&](std::string_view end) {
    if (end == "node:cp1") return family == Family::V4;
    return !end.starts_with("ip:") || parse_address(end.substr(3))->family == family;
  };
  return fits(flow.from) && fits(flow.to);
}

/// The clusters of the corpora list no Service and no service range; these hold none of their addresses.
inline std::vector<Cidr> service_cidrs() {
  return {*parse_cidr("198.18.0.0/24"), *parse_cidr("fdff:0:5e::/112")};
}

inline std::string to_string(const Flow& flow) {
  return flow.from + " -> " + flow.to + " " + std::string(policyconv::to_string(flow.protocol)) + "/" +
         std::to_string(flow.port);
}

/// The policies that the parser rejected, named as the corpora name them.
inline std::map<std::string, std::string> rejected_in(const cilium::Policies& policies) {
  std::map<std::string, std::string> rejected;
  const auto add = [&](const std::string& kind, const std::string& ns, const auto& policy) {
    if (!policy.rejected.empty())
      rejected.emplace(kind + "/" + (ns.empty() ? "" : ns + "/") + policy.name, policy.rejected);
  };
  for (const cilium::Policy& policy : policies.policies)
    if (policy.clusterwide)
      add("CiliumClusterwideNetworkPolicy", "", policy);
    else
      add("CiliumNetworkPolicy", policy.ns, policy);
  for (const cilium::NetworkPolicy& policy : policies.network_policies) add("NetworkPolicy", policy.ns, policy);
  return rejected;
}

}  // namespace policyconv::conformance
