#include "cli/rehearsal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "backends/kubeovn/lower.h"
#include "cli/judgement.h"
#include "cli/rehearsal_flows.h"
#include "report/terminal.h"
#include "frontend/lower.h"

namespace policyconv::cli {
namespace {

using Json = nlohmann::ordered_json;
using kubeovn::OutputFile;

constexpr std::string_view image = "registry.k8s.io/e2e-test-images/agnhost:2.47";

/// A flow with what is expected of it, one for each family.
struct Row {
  Judgement judgement;
  RuleId rule = RuleId::None;
};

std::string list_of(Json items) {
  const Json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}};
  return list.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string joined(const auto& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(to_string(value));
  return fmt::format("{}", fmt::join(texts, ","));
}

/// The cluster with the pods of the flows only; `flows` then mean these.
Cluster reduced(Cluster cluster, std::vector<TriedFlow>& flows) {
  std::set<std::size_t> wanted;
  for (const TriedFlow& each : flows)
    for (const verify::End& end : {each.flow.from, each.flow.to}) wanted.insert(std::get<verify::PodEnd>(end).pod);
  std::map<std::size_t, std::size_t> moved;
  std::vector<Pod> pods;
  std::set<Address> gone;
  for (std::size_t at = 0; at < cluster.pods.size(); ++at) {
    Pod& pod = cluster.pods[at];
    if (!wanted.contains(at)) {
      if (!pod.host_network) gone.insert(pod.addresses.begin(), pod.addresses.end());
      continue;
    }
    moved[at] = pods.size();
    pods.push_back(std::move(pod));
  }
  for (const Pod& pod : pods)
    for (const Address& address : pod.addresses) gone.erase(address);
  // A Service whose backends have gone would otherwise lead to addresses that nobody holds.
  for (EndpointSlice& slice : cluster.endpoint_slices)
    for (auto* addresses : {&slice.addresses, &slice.not_ready})
      std::erase_if(*addresses, [&](const Address& address) { return gone.contains(address); });
  cluster.pods = std::move(pods);
  for (TriedFlow& each : flows)
    for (verify::End* end : {&each.flow.from, &each.flow.to})
      *end = verify::PodEnd{moved.at(std::get<verify::PodEnd>(*end).pod)};
  return cluster;
}

Json metadata(const std::string& name, const std::string& ns, const Labels& labels) {
  Json json = {{"name", name}};
  if (!ns.empty()) json["namespace"] = ns;
  if (!labels.empty()) json["labels"] = labels;
  return json;
}

std::string namespaces_file(const Cluster& cluster) {
  std::set<std::string> namespaces;
  std::set<std::pair<std::string, std::string>> accounts;
  for (const Pod& pod : cluster.pods) {
    namespaces.insert(pod.ns);
    if (pod.service_account != "default") accounts.emplace(pod.ns, pod.service_account);
  }
  Json items = Json::array();
  for (const std::string& ns : namespaces) {
    const Namespace* known = cluster.find_namespace(ns);
    items.push_back({{"apiVersion", "v1"},
                     {"kind", "Namespace"},
                     {"metadata", metadata(ns, "", known == nullptr ? Labels() : known->labels)}});
  }
  for (const auto& [ns, account] : accounts)
    items.push_back({{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", metadata(account, ns, {})}});
  return list_of(std::move(items));
}

/// Kube-OVN makes these itself when it is installed.
bool is_built_in(const Subnet& subnet) {
  return subnet.is_default || subnet.name == "ovn-default" || subnet.name == "join";
}

/// Empty if Kube-OVN makes all that is needed.
std::string networks_file(const Cluster& cluster) {
  std::map<std::string, const Subnet*> subnets;
  std::set<std::string> vpcs;
  for (const Pod& pod : cluster.pods) {
    const Subnet* subnet = subnet_of(cluster, pod);
    if (subnet == nullptr || is_built_in(*subnet)) continue;
    subnets[subnet->name] = subnet;
    if (subnet->vpc != "ovn-cluster") vpcs.insert(subnet->vpc);
  }
  Json items = Json::array();
  for (const std::string& vpc : vpcs)
    items.push_back({{"apiVersion", "kubeovn.io/v1"},
                     {"kind", "Vpc"},
                     {"metadata", metadata(vpc, "", {})},
                     {"spec", Json::object()}});
  for (const auto& [name, subnet] : subnets) {
    const bool v4 = std::any_of(subnet->cidrs.begin(), subnet->cidrs.end(), [](auto& c) { return c.family == Family::V4; });
    const bool v6 = std::any_of(subnet->cidrs.begin(), subnet->cidrs.end(), [](auto& c) { return c.family == Family::V6; });
    Json spec = {{"vpc", subnet->vpc},
                 {"protocol", v4 && v6 ? "Dual" : v6 ? "IPv6" : "IPv4"},
                 {"cidrBlock", joined(subnet->cidrs)}};
    if (!subnet->gateways.empty()) spec["gateway"] = joined(subnet->gateways);
    items.push_back({{"apiVersion", "kubeovn.io/v1"},
                     {"kind", "Subnet"},
                     {"metadata", metadata(name, "", {})},
                     {"spec", std::move(spec)}});
  }
  return items.empty() ? "" : list_of(std::move(items));
}

std::string pods_file(const Cluster& cluster, const std::vector<TriedFlow>& flows) {
  std::map<std::size_t, std::set<std::uint16_t>> ports;
  for (const TriedFlow& each : flows)
    if (each.flow.protocol == Protocol::Tcp || each.flow.protocol == Protocol::Udp)
      ports[std::get<verify::PodEnd>(each.flow.to).pod].insert(each.flow.port);
  Json items = Json::array();
  for (std::size_t at = 0; at < cluster.pods.size(); ++at) {
    const Pod& pod = cluster.pods[at];
    Json annotations = {{"ovn.kubernetes.io/ip_address", joined(pod.addresses)}};
    if (const Subnet* subnet = subnet_of(cluster, pod)) annotations["ovn.kubernetes.io/logical_switch"] = subnet->name;
    Json containers = Json::array();
    for (const std::uint16_t port : ports[at])
      containers.push_back({{"name", fmt::format("port-{}", port)},
                            {"image", image},
                            {"args", {"netexec", fmt::format("--http-port={}", port), fmt::format("--udp-port={}", port)}}});
    if (containers.empty()) containers.push_back({{"name", "pause"}, {"image", image}, {"args", Json::array({"pause"})}});
    Json about = metadata(pod.name, pod.ns, pod.labels);
    about["annotations"] = std::move(annotations);
    items.push_back({{"apiVersion", "v1"},
                     {"kind", "Pod"},
                     {"metadata", std::move(about)},
                     {"spec",
                      {{"serviceAccountName", pod.service_account},
                       {"automountServiceAccountToken", false},
                       {"terminationGracePeriodSeconds", 0},
                       {"containers", std::move(containers)}}}});
  }
  return list_of(std::move(items));
}

std::string flows_file(const std::vector<Row>& rows, const Cluster& cluster, const Catalog& catalog) {
  std::string text = "#from\tfrom pod\tto\tto pod\taddress\tprotocol\tport\tCilium\tKube-OVN\trule\n";
  for (const Row& row : rows) {
    const verify::Packet& packet = row.judgement.packet;
    const Pod &from = cluster.pods[*packet.from_pod], &to = cluster.pods[*packet.to_pod];
    // No tab and no line end passes printable().
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", report::printable(from.ns), report::printable(from.name),
                        report::printable(to.ns), report::printable(to.name), to_string(packet.destination),
                        policyconv::to_string(packet.protocol), packet.port,
                        policyconv::to_string(row.judgement.policies()), to_string(row.judgement.objects()),
                        report::printable(catalog.display(row.rule)));
  }
  return text;
}

constexpr std::string_view script = R"sh(#!/usr/bin/env bash
# Tries every flow of flows.tsv from within the pods and compares with what is expected. Exit 1 if anything differs that
# policyconv did not foretell.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 2

context=$(kubectl config current-context) || exit 2
if [[ $context != kind-* && ${ANY_CLUSTER:-} != yes ]]; then
  echo "the current context is $context, not a kind cluster; set ANY_CLUSTER=yes if that is meant" >&2
  exit 2
fi

# allow, deny, or error. A refused connection has arrived.
try() {
  local ns=$1 pod=$2 address=$3 protocol=$4 port=$5 said status
  local -a exec=(kubectl exec --namespace="$ns" "pod/$pod" --)
  if [[ $protocol == icmp* ]]; then
    "${exec[@]}" ping -c 1 -W 3 "$address" </dev/null >/dev/null 2>&1
    status=$?
    case $status in 0) echo allow ;; 1) echo deny ;; *) echo error ;; esac
    return
  fi
  [[ $address == *:* ]] && address="[$address]"
  if said=$("${exec[@]}" /agnhost connect "$address:$port" --protocol="$protocol" --timeout=3s </dev/null 2>&1); then
    echo allow
  elif [[ $said == *REFUSED* ]]; then
    echo allow
  elif [[ $said == *TIMEOUT* ]]; then
    echo deny
  else
    echo error
  fi
}

right=0 foretold=0 wrong=0
while IFS=$'\t' read -r from_ns from to_ns to address protocol port policies objects rule; do
  [[ $from_ns == '#'* ]] && continue
  seen=$(try "$from_ns" "$from" "$address" "$protocol" "$port")
  flow="$from_ns/$from -> $to_ns/$to ($address) $protocol $port"
  if [[ $seen == "$policies" ]]; then
    right=$((right + 1))
  elif [[ $seen == "$objects" ]]; then
    foretold=$((foretold + 1))
    echo "foretold: $flow: $seen, with Cilium $policies ($rule)"
  else
    wrong=$((wrong + 1))
    echo "WRONG: $flow: $seen, expected $policies ($rule)"
  fi
done <flows.tsv
echo "$right as with Cilium, $foretold different as foretold, $wrong wrong"
((wrong == 0))
)sh";

std::string cidrs_of(const Cluster& cluster, bool wanted(const Subnet&)) {
  for (const Subnet& subnet : cluster.subnets)
    if (wanted(subnet)) return joined(subnet.cidrs);
  return {};
}

/// The API server gives Services their addresses, so it must know the same range as Kube-OVN.
std::string kind_network(const Cluster& cluster) {
  Json network = {{"disableDefaultCNI", true}};
  if (cluster.service_cidrs.size() == 1) network["serviceSubnet"] = to_string(cluster.service_cidrs.front());
  return network.dump();
}

std::string install_line(const Cluster& cluster, const InputOptions& options) {
  const auto is_default = [](const Subnet& subnet) { return subnet.is_default || subnet.name == "ovn-default"; };
  const auto is_join = [](const Subnet& subnet) { return subnet.name == "join"; };
  std::string text = fmt::format("Install Kube-OVN 1.{} without Cilium, with `ENABLE_NP=true`", options.release.minor);
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) text += fmt::format(", `{}={}`", name, value);
  };
  add("POD_CIDR", cidrs_of(cluster, is_default));
  add("JOIN_CIDR", cidrs_of(cluster, is_join));
  add("SVC_CIDR", joined(cluster.service_cidrs));
  return text + ".";
}

std::string readme(const Cluster& cluster, const InputOptions& options, const TriedFlows& tried, std::size_t rows,
                   bool with_networks, const std::vector<OutputFile>& objects) {
  std::string apply;
  for (const OutputFile& file : objects)
    apply += fmt::format("   kubectl apply --server-side -f {}/{}\n", rehearsal_objects, file.name);
  return fmt::format(R"(# Rehearsal

{} pods stand in for the real ones, with their names, labels, namespaces, service accounts and addresses. {} flows are
tried; they cover {} of {} rules. Rules about nodes, outside addresses, SCTP, ICMP other than echo, other VPCs, or pods
that the dump does not hold are not tried here; nor are Service addresses. `policyconv verify` proves these on paper.

Do not apply this to a cluster that serves anyone: its Services would select the stand-ins.

1. A kind cluster without a network plugin, two nodes at least:

   ```sh
   printf 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnetworking: {}\nnodes: [{{role: control-plane}}, {{role: worker}}]\n' | kind create cluster --name rehearsal --config -
   ```

2. {} The ranges are those of the dump, so that the pods can have their real addresses.

3. The stand-ins. They run `{}`; put another image that holds `agnhost` into `03-pods.json` if your nodes cannot fetch it.

   ```sh
   kubectl apply --server-side --force-conflicts -f 01-namespaces.json
{}   kubectl apply -f 03-pods.json
   kubectl wait --for=condition=Ready --all-namespaces --timeout=5m pod --all
   ```

   If one stays in ContainerCreating because a pod of the kind cluster itself (coredns) has its address, delete that pod: it
   gets another.

4. Before anything is filtered every flow passes. See that first: `bash try.sh` must call every flow wrong that is to be
   denied, and no other.

5. The objects, groups before bindings, and a minute for Kube-OVN to program them:

   ```sh
{}   sleep 60
   ```

6. `bash try.sh`. *foretold* is a difference that `policyconv migrate` reported; nothing may be *wrong*.

7. `kind delete cluster --name rehearsal`

`flows.tsv` has a line for each flow: from, to, protocol, port, the verdict of the policies, that of the objects, and the
rule it is about.
)",
                     cluster.pods.size(), rows, tried.rules, tried.rules + tried.not_tried, kind_network(cluster), install_line(cluster, options),
                     image, with_networks ? "   kubectl apply -f 02-networks.json\n" : "", apply);
}

}  // namespace

Rehearsal rehearse(const InputOptions& options, const ir::Program& program, const Inputs& inputs) {
  TriedFlows tried = flows_to_try(program, inputs.policies, inputs.cluster, options.semantics);
  Cluster cluster = reduced(inputs.cluster, tried.flows);
  cluster.workloads.clear();  // nobody makes the stand-ins
  Diagnostics told_already;
  const ir::Program here = cilium::lower(inputs.policies, cluster, {options.semantics, options.allow_looser, options.limits.expansion}, told_already);
  const kubeovn::Manifest manifest =
      kubeovn::lower(here, cluster, inputs.policies.catalog, target_of(options), told_already);

  std::vector<Row> rows;
  const Judge judge(inputs.policies, manifest, cluster, options.semantics);
  for (const TriedFlow& each : tried.flows)
    for (Judgement& judgement : judge.judge(each.flow)) rows.push_back({std::move(judgement), each.rule});

  Rehearsal rehearsal;
  rehearsal.objects = kubeovn::print(manifest, inputs.policies.catalog);
  const std::string networks = networks_file(cluster);
  rehearsal.files = {{"README.md", readme(cluster, options, tried, rows.size(), !networks.empty(), rehearsal.objects)},
                     {"01-namespaces.json", namespaces_file(cluster)},
                     {"03-pods.json", pods_file(cluster, tried.flows)},
                     {"flows.tsv", flows_file(rows, cluster, inputs.policies.catalog)},
                     {"try.sh", std::string(script)}};
  if (!networks.empty()) rehearsal.files.push_back({"02-networks.json", networks});
  return rehearsal;
}

}  // namespace policyconv::cli
