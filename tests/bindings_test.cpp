// What names the SecurityGroups of pods, beyond running ones: pod templates of all kinds, other network cards, the order of
// the groups themselves, and Kustomize.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include "backends/kubeovn/dependency_order.h"
#include "backends/kubeovn/membership.h"
#include "backends/kubeovn/templates.h"
#include "backends/kubeovn/topology.h"
#include "tests/command_line.h"
#include "tests/compile.h"

using namespace policyconv;
using kubeovn::TemplateBinding;
using testing::ccnp;
using testing::cnp;
using testing::compile;
using testing::contains;
using testing::small_cluster;

namespace {

/// Selects app=web in shop and closes its ingress but for app=db.
const std::string web_policy =
    cnp("  endpointSelector: {matchLabels: {app: web}}\n  ingress: [{fromEndpoints: [{matchLabels: {app: db}}]}]");

std::string joined(const std::vector<std::string>& groups) { return fmt::format("{}", fmt::join(groups, ",")); }

struct Templates {
  testing::Compiled compiled;
  Diagnostics diagnostics;
  std::vector<TemplateBinding> all;

  [[nodiscard]] const TemplateBinding* find(std::string_view kind, std::string_view name) const {
    const auto at = std::find_if(all.begin(), all.end(), [&](const TemplateBinding& each) { return each.kind == kind && each.name == name; });
    return at == all.end() ? nullptr : &*at;
  }
  [[nodiscard]] std::string groups_of(std::string_view kind, std::string_view name) const {
    const TemplateBinding* binding = find(kind, name);
    return binding == nullptr ? "(none)" : joined(binding->groups);
  }
  /// "PC2080 PC2081", in the order in which they were reported.
  [[nodiscard]] std::string codes() const {
    std::string codes;
    for (const Diagnostic& each : diagnostics.all()) codes += (codes.empty() ? "" : " ") + std::string(definition(each.kind).code);
    return codes;
  }
  [[nodiscard]] std::string message() const { return diagnostics.all().empty() ? "" : diagnostics.all().front().message; }
};

Templates templates_of(const std::string& policies, const std::string& more, const std::string& cluster = small_cluster) {
  Templates found{compile(policies, cluster + "---\n" + more), {}, {}};
  for (const Diagnostic& each : found.compiled.diagnostics.all())
    if (definition(each.kind).effect == Effect::Error) FAIL_CHECK(each.message);
  Diagnostics of_topology;
  const kubeovn::Topology topology(found.compiled.cluster, of_topology);
  found.all = kubeovn::bind_templates(found.compiled.manifest, found.compiled.cluster, topology, found.diagnostics);
  return found;
}

/// With a template whose metadata is `metadata`, in flow style.
std::string workload(std::string_view kind, std::string_view name, std::string_view metadata = "labels: {app: web}",
                     std::string_view pod_spec = "containers: []", std::string_view ns = "shop", std::string_view more = "") {
  const std::string_view version = kind == "Job" || kind == "CronJob"        ? "batch/v1"
                                   : kind == "VirtualMachine"              ? "kubevirt.io/v1"
                                   : kind == "ReplicationController"       ? "v1"
                                                                           : "apps/v1";
  const std::string pod = fmt::format("template: {{metadata: {{{}}}, spec: {{{}}}}}", metadata, pod_spec);
  return fmt::format("apiVersion: {}\nkind: {}\nmetadata: {{name: {}, namespace: {}{}}}\nspec: {{{}}}\n---\n", version, kind, name,
                     ns, more, kind == "CronJob" ? "jobTemplate: {spec: {" + pod + "}}" : pod);
}

const std::string two_vpcs = small_cluster + R"(
---
{apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {name: blue}, spec: {namespaces: [blue]}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: blue}}
---
{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: blue}, spec: {cidrBlock: 10.30.0.0/16, gateway: 10.30.0.1, vpc: blue, namespaces: [blue, both]}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: both, annotations: {ovn.kubernetes.io/logical_switch: "ovn-default,blue"}}}
)";

/// The value of the annotation in the object of this kind and name, or "(none)".
std::string annotation_in(const std::string& text, const std::string& kind, const std::string& name, const std::string& key) {
  for (const YAML::Node& object : YAML::LoadAll(text)) {
    if (object["kind"].as<std::string>() != kind || object["metadata"]["name"].as<std::string>() != name) continue;
    YAML::Node metadata = kind == "Pod"       ? object["metadata"]
                          : kind == "CronJob" ? object["spec"]["jobTemplate"]["spec"]["template"]["metadata"]
                                              : object["spec"]["template"]["metadata"];
    return metadata["annotations"] && metadata["annotations"][key] ? metadata["annotations"][key].as<std::string>() : "(none)";
  }
  return "(no object)";
}

constexpr const char* key = "ovn.kubernetes.io/security_groups";

}  // namespace

// --- templates -----------------------------------------------------------------------------------------------------

TEST_CASE("the template of every kind of workload names the groups that its pods carry") {
  for (const std::string kind : {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "CronJob", "ReplicationController"}) {
    INFO(kind);
    const Templates found = templates_of(web_policy, workload(kind, "web"));
    CHECK(found.groups_of(kind, "web") == found.compiled.groups_of("shop", "web-0"));
    CHECK(found.groups_of(kind, "web").find("pc-shop-web-") == 0);
    CHECK(found.codes().empty());
    REQUIRE(found.all.size() == 1);
    CHECK(found.all.front().provider == "ovn");
    CHECK_FALSE(found.all.front().before.has_value());
  }
}

TEST_CASE("what policies say nothing about gets no template") {
  const Templates found = templates_of(web_policy, workload("Deployment", "other", "labels: {app: other}") +
                                                       workload("Deployment", "web", "labels: {app: web}", "containers: []", "ops"));
  CHECK(found.all.empty());
  CHECK(found.codes().empty());
}

TEST_CASE("pods that are only peers are bound in their templates, too") {
  const Templates found = templates_of(web_policy, workload("Deployment", "db", "labels: {app: db}"));
  CHECK(found.groups_of("Deployment", "db") == found.compiled.groups_of("shop", "db-0"));
  CHECK(contains(found.groups_of("Deployment", "db"), "pc-open-in-ovn-cluster"));
}

TEST_CASE("membership follows namespace labels, service accounts and named ports of the template") {
  const std::string policy =
      ccnp("  endpointSelector: {matchLabels: {k8s:io.cilium.k8s.namespace.labels.team: platform}}\n  ingress: [{}]", "a") +
      ccnp("  endpointSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: robot}}\n  ingress: [{}]", "b");
  const Templates found =
      templates_of(policy, workload("Deployment", "in-ops", "labels: {x: z}", "containers: []", "ops") +
                               workload("Deployment", "robot", "labels: {x: z}", "serviceAccountName: robot, containers: []") +
                               workload("Deployment", "neither", "labels: {x: z}"));
  CHECK(found.groups_of("Deployment", "in-ops") != "(none)");
  CHECK(found.groups_of("Deployment", "robot") != "(none)");
  CHECK(found.groups_of("Deployment", "neither") == "(none)");
}

TEST_CASE("owned workloads, hostNetwork and infrastructure never get a template (K§3.7)") {
  const std::string owner = ", ownerReferences: [{kind: Owner, name: o}]";
  const Templates found = templates_of(
      ccnp("  endpointSelector: {}\n  ingress: [{}]"),
      workload("ReplicaSet", "owned", "labels: {app: web}", "containers: []", "shop", owner) +
          workload("Job", "owned", "labels: {app: web}", "containers: []", "shop", owner) +
          workload("DaemonSet", "agent", "labels: {app: web}", "hostNetwork: true, containers: []") +
          workload("StatefulSet", "gateway", "labels: {app: vpc-nat-gw-a}", "containers: []", "kube-system") +
          workload("Deployment", "vpc-dns", "labels: {k8s-app: vpc-dns-blue}", "containers: []", "kube-system") +
          workload("Deployment", "disguised", "labels: {k8s-app: vpc-dns-blue}"));
  REQUIRE(found.all.size() == 1);
  CHECK(found.all.front().name == "disguised");  // only in kube-system does the label exempt
  CHECK(found.codes().empty());
}

TEST_CASE("groups of others come first and stay as they are, and the report says so") {
  const Templates found = templates_of(
      web_policy, workload("Deployment", "web", "labels: {app: web}, annotations: {ovn.kubernetes.io/security_groups: 'legacy, pc-shop-web-000000000000,tap'}"));
  CHECK(found.groups_of("Deployment", "web") == "legacy,tap," + found.compiled.groups_of("shop", "web-0"));
  CHECK(found.find("Deployment", "web")->before == "legacy, pc-shop-web-000000000000,tap");
  CHECK(found.codes() == "PC2082");
  CHECK(contains(found.message(), "`legacy,tap`"));
}

TEST_CASE("a second run over its own result gives the same") {
  const Templates first = templates_of(web_policy, workload("Deployment", "web"));
  const std::string value = first.groups_of("Deployment", "web");
  const Templates second = templates_of(
      web_policy, workload("Deployment", "web", "labels: {app: web}, annotations: {ovn.kubernetes.io/security_groups: '" + value + "'}"));
  CHECK(second.groups_of("Deployment", "web") == value);
  CHECK(second.find("Deployment", "web")->before == value);
  CHECK(second.codes().empty());
  const Templates with_foreign = templates_of(
      web_policy, workload("Deployment", "web", "labels: {app: web}, annotations: {ovn.kubernetes.io/security_groups: 'tap," + value + "'}"));
  CHECK(with_foreign.groups_of("Deployment", "web") == "tap," + value);
}

TEST_CASE("a template that an earlier run bound keeps the groups of others alone") {
  const std::string ours = "pc-shop-old-0123456789ab,pc-base-ovn-cluster";
  const auto bound = [](const std::string& name, const std::string& value) {
    return workload("Deployment", name, "labels: {app: other}, annotations: {ovn.kubernetes.io/security_groups: '" + value + "'}");
  };
  const Templates found = templates_of(web_policy, bound("ours", ours) + bound("both", ours + ",tap") + bound("theirs", "tap") + bound("empty", ""));
  REQUIRE(found.all.size() == 2);
  CHECK(found.groups_of("Deployment", "both") == "tap");
  CHECK(found.groups_of("Deployment", "ours").empty());
  CHECK(found.codes().empty());
}

TEST_CASE("the template of a Job cannot be changed, which is said once for all of them") {
  std::string jobs;
  for (const char* name : {"a", "b", "c", "d"}) jobs += workload("Job", name);
  const Templates found = templates_of(web_policy, jobs + workload("Job", "other", "labels: {app: other}"));
  CHECK(found.all.empty());
  CHECK(found.codes() == "PC2081");
  CHECK(contains(found.message(), "about 4 of them"));
  CHECK(contains(found.message(), "`shop/a`, `shop/b`, `shop/c` and 1 more"));
  SECTION("one that has the right annotation already needs nothing") {
    const std::string value = templates_of(web_policy, workload("Deployment", "web")).groups_of("Deployment", "web");
    const Templates again = templates_of(
        web_policy, workload("Job", "a", "labels: {app: web}, annotations: {ovn.kubernetes.io/security_groups: '" + value + "'}"));
    CHECK(again.all.empty());
    CHECK(again.codes().empty());
  }
}

TEST_CASE("a VirtualMachine is bound as its launcher pod will be (K§3.6)") {
  const Templates found = templates_of(web_policy, workload("VirtualMachine", "vm1", "labels: {app: web}", "domain: {}"));
  CHECK(found.groups_of("VirtualMachine", "vm1") == found.compiled.groups_of("shop", "web-0"));
  CHECK(found.codes() == "PC2084");
  SECTION("with the labels that KubeVirt gives it") {
    for (const auto& [spec, selected] : {std::pair<std::string, std::string>{"domain: {}", "vm1"}, {"hostname: other, domain: {}", "other"}}) {
      const Templates by_name =
          templates_of(cnp("  endpointSelector: {matchLabels: {kubevirt.io: virt-launcher, vm.kubevirt.io/name: " + selected + "}}\n  ingress: [{}]"),
                       workload("VirtualMachine", "vm1", "labels: {}", spec));
      CHECK(by_name.groups_of("VirtualMachine", "vm1") != "(none)");
    }
  }
  SECTION("and the account and ports of its spec") {
    const Cluster& cluster = templates_of(web_policy, workload("VirtualMachine", "vm1", "labels: {app: web}", R"(
      volumes: [{serviceAccount: {serviceAccountName: robot}}],
      domain: {devices: {interfaces: [{name: a, ports: [{name: http, port: 80}]}]}})")).compiled.cluster;
    REQUIRE(cluster.workloads.size() == 1);
    CHECK(cluster.workloads.front().service_account == "robot");
    CHECK(cluster.workloads.front().ports == std::vector<ContainerPort>{{"http", Protocol::Tcp, 80}});
  }
}

TEST_CASE("a template gets the groups of the VPC in which its pods will be") {
  const std::string policy = ccnp("  endpointSelector: {matchLabels: {app: web}}\n  ingress: [{}]");
  const std::string named = "labels: {app: web}, annotations: {ovn.kubernetes.io/logical_switch: ";
  const Templates found =
      templates_of(policy, workload("Deployment", "by-namespace", "labels: {app: web}", "containers: []", "blue") +
                               workload("Deployment", "by-template", named + "blue}") + workload("Deployment", "default") +
                               workload("Deployment", "settled", named + "ovn-default}", "containers: []", "both") +
                               workload("Deployment", "unclear", "labels: {app: web}", "containers: []", "both") +
                               workload("Deployment", "untouched", "labels: {app: other}", "containers: []", "both") +
                               workload("Deployment", "missing", named + "gone}"),
                   two_vpcs);
  CHECK(contains(found.groups_of("Deployment", "by-namespace"), "pc-base-blue"));
  CHECK(contains(found.groups_of("Deployment", "by-template"), "pc-base-blue"));
  CHECK(contains(found.groups_of("Deployment", "default"), "pc-base-ovn-cluster"));
  CHECK(contains(found.groups_of("Deployment", "settled"), "pc-base-ovn-cluster"));
  CHECK(found.all.size() == 4);
  CHECK(found.codes() == "PC2080 PC2080");  // `unclear` in VPC blue or ovn-cluster, `missing` on a Subnet that is not there
  CHECK(contains(found.message(), "they may be in VPC `blue`, `ovn-cluster`"));
}

TEST_CASE("K§9.46: templates whose pods come up on a guarded Subnet name no groups") {
  const std::string guarded = small_cluster + R"(
---
{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: closed}, spec: {cidrBlock: 10.40.0.0/16, gateway: 10.40.0.1, private: true, namespaces: [closed]}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: closed}}
)";
  const Templates found =
      templates_of(ccnp("  endpointSelector: {matchLabels: {app: web}}\n  ingress: [{}]"),
                   workload("Deployment", "web", "labels: {app: web}, annotations: {ovn.kubernetes.io/logical_switch: closed}") +
                       workload("Deployment", "by-namespace", "labels: {app: web}", "containers: []", "closed") + workload("Deployment", "free"),
                   guarded);
  CHECK(found.all.size() == 1);
  CHECK(found.find("Deployment", "free"));
  CHECK(found.codes() == "PC2085 PC2085");
}

TEST_CASE("templates are in the order of namespace, kind and name") {
  const Templates found = templates_of(ccnp("  endpointSelector: {}\n  ingress: [{}]"),
                                       workload("StatefulSet", "a") + workload("Deployment", "b") + workload("Deployment", "a") +
                                           workload("CronJob", "z", "labels: {app: web}", "containers: []", "ops"));
  std::string order;
  for (const TemplateBinding& each : found.all) order += each.ns + "/" + each.kind + "/" + each.name + " ";
  CHECK(order == "ops/CronJob/z shop/Deployment/a shop/Deployment/b shop/StatefulSet/a ");
}

// --- other network cards -------------------------------------------------------------------------------------------

namespace {

const std::string with_fast = small_cluster + R"(
---
{apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {name: green}, spec: {}}
---
{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: fast}, spec: {cidrBlock: 10.50.0.0/16, gateway: 10.50.0.1, vpc: green, provider: fast.nets.ovn}}
)";

std::string pod(std::string_view name, std::string_view annotations, std::string_view address = "10.50.0.9") {
  return fmt::format("apiVersion: v1\nkind: Pod\nmetadata: {{name: {}, namespace: shop, labels: {{app: web}}, annotations: {{{}}}}}\n"
                     "spec: {{nodeName: n1, containers: [{{name: c}}]}}\nstatus: {{phase: Running, podIPs: [{{ip: {}}}]}}\n---\n",
                     name, annotations, address);
}

}  // namespace

TEST_CASE("the provider of the first network card is in the keys of the annotations (K§3.1)") {
  const auto provider = [](const std::string& value) {
    Pod pod;
    pod.ns = "shop";
    pod.annotations["v1.multus-cni.io/default-network"] = value;
    return provider_of(pod);
  };
  CHECK(provider_of(Pod{}) == "ovn");
  CHECK(provider("nets/fast") == "fast.nets.ovn");
  CHECK(provider("fast") == "fast.shop.ovn");
  CHECK(provider("nets/fast@eth0") == "fast.nets.ovn");
  CHECK(provider("").empty());
  CHECK(provider("a,b").empty());
  CHECK(provider(R"([{"name": "fast", "namespace": "nets"}])").empty());
}

TEST_CASE("a pod whose default network is replaced is bound on that one, in the VPC of its Subnet") {
  const std::string replaced = "v1.multus-cni.io/default-network: nets/fast";
  const testing::Compiled compiled = compile(web_policy, with_fast + "---\n" +
                                                             pod("annotated", replaced + ", fast.nets.ovn.kubernetes.io/logical_switch: fast, ovn.kubernetes.io/logical_switch: ovn-default") +
                                                             pod("by-provider", replaced, "10.50.0.10"));
  for (const char* name : {"annotated", "by-provider"}) {
    INFO(name);
    const auto& all = compiled.manifest.bindings;
    const auto at = std::find_if(all.begin(), all.end(), [&](const kubeovn::Binding& each) { return each.pod == name; });
    REQUIRE(at != all.end());
    CHECK(at->provider == "fast.nets.ovn");
    CHECK(contains(joined(at->groups), "pc-base-green"));
    const std::string text = kubeovn::print(compiled.manifest, compiled.policies.catalog).back().text;
    CHECK(annotation_in(text, "Pod", name, "fast.nets.ovn.kubernetes.io/security_groups") == joined(at->groups));
    CHECK(annotation_in(text, "Pod", name, key) == "(none)");
  }
}

TEST_CASE("groups of others are looked for where the first network card has them") {
  const std::string replaced = "v1.multus-cni.io/default-network: nets/fast, ";
  const testing::Compiled compiled =
      compile(web_policy, with_fast + "---\n" + pod("elsewhere", replaced + "ovn.kubernetes.io/security_groups: legacy") +
                              pod("there", replaced + "fast.nets.ovn.kubernetes.io/security_groups: legacy", "10.50.0.10"));
  CHECK(contains(compiled.groups_of("shop", "elsewhere"), "pc-base-green"));
  CHECK(compiled.groups_of("shop", "there").empty());
  CHECK(compiled.losses() == "PC2041");
}

TEST_CASE("without a Subnet for the network that replaces the default one nothing is bound, and that is said") {
  const testing::Compiled compiled =
      compile(web_policy, with_fast + "---\n" + pod("macvlan", "v1.multus-cni.io/default-network: nets/other", "172.16.0.9"));
  CHECK(compiled.groups_of("shop", "macvlan").empty());
  CHECK(compiled.count("PC2083") == 1);
  const Templates found = templates_of(web_policy, workload("Deployment", "web", "labels: {app: web}, annotations: {v1.multus-cni.io/default-network: nets/other}"), with_fast);
  CHECK(found.all.empty());
  CHECK(found.codes() == "PC2083");
}

TEST_CASE("templates follow the network that replaces the default one, and machines that of their spec") {
  const Templates found = templates_of(
      web_policy,
      pod("runs", "v1.multus-cni.io/default-network: nets/fast") +
          workload("Deployment", "web", "labels: {app: web}, annotations: {v1.multus-cni.io/default-network: nets/fast}") +
          workload("VirtualMachine", "vm", "labels: {app: web}", "domain: {}, networks: [{name: a, multus: {networkName: nets/fast, default: true}}]"),
      with_fast);
  for (const auto& [kind, name] : {std::pair<std::string, std::string>{"Deployment", "web"}, {"VirtualMachine", "vm"}}) {
    const TemplateBinding* binding = found.find(kind, name);
    REQUIRE(binding);
    CHECK(binding->provider == "fast.nets.ovn");
    CHECK(contains(joined(binding->groups), "pc-base-green"));
  }
}

// --- files ---------------------------------------------------------------------------------------------------------

namespace {

kubeovn::Manifest printed_manifest() {
  kubeovn::Manifest manifest;
  manifest.templates = {{"apps/v1", "Deployment", "shop", "web", {"a", "b"}},
                        {"batch/v1", "CronJob", "shop", "nightly", {"a"}},
                        {"kubevirt.io/v1", "VirtualMachine", "shop", "vm.1", {"a"}, "fast.nets.ovn"},
                        {"v1", "ReplicationController", "shop", "old", {}}};
  return manifest;
}

/// What a shell command prints; its errors too.
std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  char part[4096];
  for (std::size_t count; (count = std::fread(part, 1, sizeof part, pipe)) > 0;) output.append(part, count);
  ::pclose(pipe);
  return output;
}

const std::string base_of_web = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}, annotations: {kept: "yes"}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: other}
spec: {template: {metadata: {labels: {app: web}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-2, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}}}
)";

}  // namespace

TEST_CASE("templates are partial objects that hold the annotation alone") {
  const std::vector<kubeovn::OutputFile> files = kubeovn::print(printed_manifest(), {});
  REQUIRE(files.size() == 1);
  CHECK(files.front().name == "31-templates.yaml");
  CHECK(files.front().text.substr(0, files.front().text.find("---")) ==
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  template:\n    metadata:\n"
        "      annotations:\n        ovn.kubernetes.io/security_groups: a,b\n");
  CHECK(annotation_in(files.front().text, "CronJob", "nightly", key) == "a");
  CHECK(annotation_in(files.front().text, "VirtualMachine", "vm.1", "fast.nets.ovn.kubernetes.io/security_groups") == "a");
  CHECK(annotation_in(files.front().text, "ReplicationController", "old", key).empty());
}

TEST_CASE("a part of a manifest prints that part alone") {
  kubeovn::Manifest manifest;
  manifest.bindings = {{"shop", "web-0", {"x"}, "ovn", "x"}, {"shop", "web-1", {}, "fast.nets.ovn", {}}};
  const std::vector<kubeovn::OutputFile> files = kubeovn::print(manifest, {});
  REQUIRE(files.size() == 1);
  CHECK(files.front().name == "30-bindings.yaml");
  CHECK(annotation_in(files.front().text, "Pod", "web-0", key) == "x");
  CHECK(annotation_in(files.front().text, "Pod", "web-1", "fast.nets.ovn.kubernetes.io/security_groups").empty());
  CHECK(kubeovn::print({}, {}).empty());
  CHECK(kubeovn::print_component(manifest).empty());
}

TEST_CASE("every file has one of the names that a later run removes") {
  testing::Compiled compiled = compile(web_policy, small_cluster);
  compiled.manifest.templates = printed_manifest().templates;
  std::vector<kubeovn::OutputFile> files = kubeovn::print(compiled.manifest, compiled.policies.catalog);
  CHECK(files.size() == 5);
  CHECK(std::is_sorted(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; }));
  files.push_back(kubeovn::print_component(compiled.manifest).front());
  for (const kubeovn::OutputFile& file : files) CHECK(std::count(std::begin(kubeovn::output_names), std::end(kubeovn::output_names), file.name) == 1);
}

TEST_CASE("the Kustomize component patches the workloads that a base holds, and no others") {
  if (std::system("command -v kubectl > /dev/null") != 0) {
    std::cout << "skipped: there is no kubectl to run Kustomize\n";
    return;
  }
  const testing::Workplace place;
  std::filesystem::create_directories("base");
  std::filesystem::create_directories("component");
  const kubeovn::OutputFile component = kubeovn::print_component(printed_manifest()).front();
  testing::write(component.name, component.text);
  testing::write("base/workloads.yaml", base_of_web);
  testing::write("base/kustomization.yaml", "resources: [workloads.yaml]\n");
  testing::write("kustomization.yaml", "resources: [base]\ncomponents: [component]\n");
  const std::string built = output_of("kubectl kustomize .");
  INFO(built);
  std::map<std::string, std::string> annotations;
  for (const YAML::Node& object : YAML::LoadAll(built)) {
    const YAML::Node metadata = object["spec"]["template"]["metadata"];
    const std::string name = object["metadata"]["namespace"].as<std::string>() + "/" + object["metadata"]["name"].as<std::string>();
    annotations[name] = metadata["annotations"] && metadata["annotations"][key] ? metadata["annotations"][key].as<std::string>() : "(none)";
    if (name == "shop/web") {
      CHECK(metadata["annotations"]["kept"].as<std::string>() == "yes");
      CHECK(object["spec"]["template"]["spec"]["containers"][0]["image"].as<std::string>() == "i");
    }
  }
  CHECK(annotations == std::map<std::string, std::string>{{"shop/web", "a,b"}, {"other/web", "(none)"}, {"shop/web-2", "(none)"}});
}

// --- the order of groups -------------------------------------------------------------------------------------------

namespace {

kubeovn::SecurityGroup group(const std::string& name, const std::vector<std::string>& remotes) {
  kubeovn::SecurityGroup group;
  group.name = name;
  for (std::size_t i = 0; i < remotes.size(); ++i) {
    kubeovn::SgRule rule;
    rule.remote = kubeovn::SgName{remotes[i]};
    (i % 2 == 0 ? group.ingress : group.egress).push_back(rule);
  }
  return group;
}

std::string order_of(const std::vector<kubeovn::SecurityGroup>& groups) {
  std::string names;
  for (const std::size_t index : kubeovn::dependency_order(groups).order) names += groups[index].name;
  return names;
}
std::string circles_of(const std::vector<kubeovn::SecurityGroup>& groups) {
  std::string names;
  for (const std::size_t index : kubeovn::dependency_order(groups).in_circles) names += groups[index].name;
  return names;
}

}  // namespace

TEST_CASE("groups come behind those that their rules name, and otherwise by name (K§9.28)") {
  CHECK(order_of({}).empty());
  CHECK(order_of({group("b", {}), group("a", {})}) == "ab");
  CHECK(order_of({group("a", {"c"}), group("b", {}), group("c", {"d"}), group("d", {})}) == "dcab");
  CHECK(order_of({group("a", {"missing"}), group("b", {"a"})}) == "ab");
  CHECK(circles_of({group("a", {"a"}), group("b", {"a"})}).empty());  // it exists by the time its rules are looked at
  CHECK(order_of({group("a", {"d"}), group("b", {"e"}), group("c", {}), group("d", {"b"}), group("e", {"b", "c"})}) == "cbeda");
  CHECK(circles_of({group("a", {"d"}), group("b", {"e"}), group("c", {}), group("d", {"b"}), group("e", {"b", "c"})}) == "be");
}

TEST_CASE("in random graphs every group stands behind what it names, except within a circle") {
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    const std::size_t count = 1 + random() % 12;
    const unsigned density = 1 + static_cast<unsigned>(random() % 6);
    std::vector<kubeovn::SecurityGroup> groups;
    std::vector<std::vector<bool>> reaches(count, std::vector<bool>(count));
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<std::string> remotes;
      for (std::size_t j = 0; j < count; ++j)
        if (random() % 12 < density) remotes.push_back(fmt::format("g{:02}", j)), reaches[i][j] = true;
      groups.push_back(group(fmt::format("g{:02}", i), remotes));
    }
    for (std::size_t via = 0; via < count; ++via)
      for (std::size_t from = 0; from < count; ++from)
        for (std::size_t to = 0; to < count; ++to)
          if (reaches[from][via] && reaches[via][to]) reaches[from][to] = true;

    const kubeovn::DependencyOrder found = kubeovn::dependency_order(groups);
    std::vector<std::size_t> at(count, count);
    for (std::size_t i = 0; i < found.order.size(); ++i) at[found.order[i]] = i;
    INFO("round " << round);
    REQUIRE(found.order.size() == count);
    REQUIRE(std::set<std::size_t>(at.begin(), at.end()).size() == count);
    std::vector<std::size_t> in_circles;
    for (std::size_t i = 0; i < count; ++i) {
      bool circle = false;
      for (std::size_t j = 0; j < count; ++j) {
        const bool same = i != j && reaches[i][j] && reaches[j][i];
        circle |= same;
        if (i != j && reaches[i][j] && !same) REQUIRE(at[j] < at[i]);
        // Between two of one circle stands nothing else, and they are by name.
        if (same && i < j) {
          REQUIRE(at[i] < at[j]);
          for (std::size_t between = at[i]; between < at[j]; ++between)
            REQUIRE((found.order[between] == i || reaches[i][found.order[between]]));
          for (std::size_t between = at[i]; between < at[j]; ++between)
            REQUIRE((found.order[between] == i || reaches[found.order[between]][i]));
        }
      }
      if (circle) in_circles.push_back(i);
    }
    REQUIRE(found.in_circles == in_circles);
    std::vector<kubeovn::SecurityGroup> shuffled = groups;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    REQUIRE(order_of(shuffled) == order_of(groups));
  }
}

TEST_CASE("a chain as long as the list does not exhaust the stack") {
  std::vector<kubeovn::SecurityGroup> groups;
  constexpr std::size_t length = 200000;
  for (std::size_t i = 0; i < length; ++i)
    groups.push_back(group(fmt::format("g{:06}", i), i + 1 < length ? std::vector{fmt::format("g{:06}", i + 1)} : std::vector<std::string>{}));
  const kubeovn::DependencyOrder found = kubeovn::dependency_order(groups);
  CHECK(found.order.front() == length - 1);
  CHECK(found.order.back() == 0);
}

TEST_CASE("00-security-groups.yaml is in that order") {
  const testing::Compiled compiled = compile(web_policy, small_cluster);
  const std::string text = kubeovn::print(compiled.manifest, compiled.policies.catalog).front().text;
  std::vector<std::string> seen;
  for (const YAML::Node& object : YAML::LoadAll(text)) {
    for (const char* list : {"ingressRules", "egressRules"})
      for (const YAML::Node& rule : object["spec"][list])
        if (rule["remoteSecurityGroup"])
          CHECK(std::find(seen.begin(), seen.end(), rule["remoteSecurityGroup"].as<std::string>()) != seen.end());
    seen.push_back(object["metadata"]["name"].as<std::string>());
  }
  CHECK(seen.size() == compiled.manifest.security_groups.size());
}
