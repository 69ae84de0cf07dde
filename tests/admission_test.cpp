// What admission() writes: shapes, versions, limits. What the expressions mean is evaluated in tests/admission.
#include "backends/kubeovn/admission.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/admission_share.h"
#include "backends/kubeovn/names.h"
#include "backends/kubeovn/ownership.h"
#include "ir/membership.h"

using namespace policyconv;
using namespace policyconv::kubeovn;

namespace {

constexpr std::size_t largest = 1U << 20U;           // below etcd's 1.5 MiB, with room for what the API server adds
constexpr std::size_t longest_expression = 100'000;  // the parser of CEL in Kubernetes takes no more

SecurityGroup members(std::vector<ir::Requirement> all_of, const std::string& vpc = "ovn-cluster") {
  SecurityGroup group;
  group.members = ir::Group{*ir::normalize(std::move(all_of)), std::nullopt};
  group.vpc = vpc;
  group.name = group_name(*group.members, vpc);
  group.isolates_ingress = true;
  return group;
}

ir::Requirement in_namespace(const std::string& name) {
  return {std::string(ir::namespace_key), ir::Op::In, {name}};
}
ir::Requirement app(const std::string& value) {
  return {"app.kubernetes.io/name", ir::Op::In, {value}};
}

Manifest manifest_of(std::vector<SecurityGroup> groups) {
  Manifest manifest;
  manifest.security_groups = std::move(groups);
  for (const auto& [role, name] :
       {std::pair(Role::Base, "base"), std::pair(Role::OpenIn, "open-in"), std::pair(Role::OpenOut, "open-out")}) {
    SecurityGroup helper;
    helper.role = role;
    helper.vpc = "ovn-cluster";
    helper.name = helper_name(name, helper.vpc);
    manifest.security_groups.push_back(std::move(helper));
  }
  std::sort(manifest.security_groups.begin(), manifest.security_groups.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return manifest;
}

struct Written {
  std::string text;
  std::vector<std::string> codes;
  std::vector<YAML::Node> objects;

  Written(const Manifest& manifest, const AdmissionOptions& options) {
    Diagnostics diagnostics;
    text = admission(manifest, options, diagnostics);
    for (const Diagnostic& each : diagnostics.all()) codes.emplace_back(definition(each.kind).code);
    objects = YAML::LoadAll(text);
  }
  [[nodiscard]] std::vector<YAML::Node> of_kind(const std::string& kind) const {
    std::vector<YAML::Node> found;
    for (const YAML::Node& object : objects)
      if (object["kind"].as<std::string>() == kind) found.push_back(object);
    return found;
  }
  /// The policies that are asked about pods of this namespace.
  [[nodiscard]] std::size_t asked(const std::string& ns) const {
    std::size_t count = 0;
    for (const YAML::Node& object : objects) {
      const std::string kind = object["kind"].as<std::string>();
      if (kind == "MutatingAdmissionPolicyBinding") continue;
      const YAML::Node about = kind == "ClusterPolicy" ? object["spec"]["rules"][0]["match"]["any"][0]["resources"]
                                                       : object["spec"]["matchConstraints"];
      bool matches = true;
      const YAML::Node selector = about["namespaceSelector"];
      for (const YAML::Node& each : selector ? selector["matchExpressions"] : YAML::Node()) {
        const auto values = each["values"].as<std::vector<std::string>>();
        const bool listed = std::find(values.begin(), values.end(), ns) != values.end();
        matches &= listed == (each["operator"].as<std::string>() == "In");
      }
      count += matches ? 1 : 0;
    }
    return count;
  }
};

const AdmissionOptions map_v1{AdmissionForm::Map, 36}, kyverno{AdmissionForm::Kyverno, 28};

/// The size of the largest object, without its `---`.
std::size_t largest_of(const std::string& text) {
  std::size_t most = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("---\n", at), text.size());
    most = std::max(most, end - at);
    at = end + 4;
  }
  return most;
}

std::size_t longest_of(const Written& written) {
  std::size_t most = 0;
  for (const YAML::Node& policy : written.of_kind("MutatingAdmissionPolicy"))
    for (const YAML::Node& variable : policy["spec"]["variables"])
      most = std::max(most, variable["expression"].as<std::string>().size());
  return most;
}

}  // namespace

TEST_CASE("without groups, or without being asked for, nothing is written") {
  CHECK(Written(Manifest{}, map_v1).text == "");
  CHECK(Written(Manifest{}, kyverno).text == "");
  CHECK(Written(manifest_of({members({in_namespace("shop")})}), {AdmissionForm::None, 36}).text == "");
}

TEST_CASE("the version of Kubernetes decides on the version of the interface") {
  struct Row {
    int minor;
    const char *api, *codes;
  };
  const Manifest manifest = manifest_of({members({in_namespace("shop")})});
  for (const auto& [minor, api, codes] :
       {Row{36, "admissionregistration.k8s.io/v1", ""}, Row{40, "admissionregistration.k8s.io/v1", ""},
        Row{35, "admissionregistration.k8s.io/v1beta1", "PC2072"},
        Row{34, "admissionregistration.k8s.io/v1beta1", "PC2072"}, Row{33, nullptr, "PC2071"}}) {
    INFO(minor);
    const Written written(manifest, {AdmissionForm::Map, minor});
    CHECK(fmt::format("{}", fmt::join(written.codes, " ")) == codes);
    CHECK(written.objects.empty() == (api == nullptr));
    for (const YAML::Node& object : written.objects) CHECK(object["apiVersion"].as<std::string>() == api);
  }
  const Written old(manifest, {AdmissionForm::Kyverno, 20});
  CHECK(old.codes.empty());
  CHECK(old.of_kind("ClusterPolicy").size() == 2);
}

TEST_CASE("a MutatingAdmissionPolicy refuses what it cannot judge, is asked again after others, and is bound") {
  const Written written(manifest_of({members({in_namespace("shop"), app("web")})}), map_v1);
  const auto policies = written.of_kind("MutatingAdmissionPolicy"),
             bindings = written.of_kind("MutatingAdmissionPolicyBinding");
  REQUIRE(policies.size() == 2);
  REQUIRE(bindings.size() == 2);
  for (std::size_t at = 0; at < policies.size(); ++at) {
    const YAML::Node spec = policies[at]["spec"];
    CHECK(spec["failurePolicy"].as<std::string>() == "Fail");
    CHECK(spec["reinvocationPolicy"].as<std::string>() == "IfNeeded");
    const YAML::Node rule = spec["matchConstraints"]["resourceRules"][0];
    CHECK(rule["resources"].as<std::vector<std::string>>() == std::vector<std::string>{"pods"});
    CHECK(rule["operations"].as<std::vector<std::string>>() == std::vector<std::string>{"CREATE", "UPDATE"});
    CHECK(spec["mutations"].size() == 1);
    CHECK(bindings[at]["spec"]["policyName"].as<std::string>() == policies[at]["metadata"]["name"].as<std::string>());
    CHECK(policies[at]["metadata"]["labels"]["app.kubernetes.io/managed-by"].as<std::string>() == "policyconv");
  }
}

TEST_CASE("a ClusterPolicy leaves pod templates and existing pods alone and refuses what it cannot judge") {
  const Written written(manifest_of({members({in_namespace("shop"), app("web")})}), kyverno);
  REQUIRE(written.objects.size() == 2);
  for (const YAML::Node& policy : written.objects) {
    CHECK(policy["apiVersion"].as<std::string>() == "kyverno.io/v1");
    CHECK(policy["metadata"]["annotations"]["pod-policies.kyverno.io/autogen-controllers"].as<std::string>() == "none");
    CHECK(policy["spec"]["failurePolicy"].as<std::string>() == "Fail");
    CHECK_FALSE(policy["spec"]["background"].as<bool>());
    CHECK_FALSE(policy["spec"]["mutateExistingOnPolicyUpdate"].IsDefined());
  }
}

TEST_CASE("every namespace is asked of exactly one policy") {
  std::vector<SecurityGroup> groups{
      members({app("anywhere")}), members({{std::string(ir::namespace_key), ir::Op::In, {"a", "b"}}}),
      members({{"io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name", ir::Op::In, {"c"}}})};
  for (int ns = 0; ns < 40; ++ns)
    for (int pod = 0; pod < 100; ++pod)
      groups.push_back(members({in_namespace(fmt::format("team-{}", ns)), app(fmt::format("pod-{}", pod))}));
  const Manifest manifest = manifest_of(std::move(groups));
  for (const AdmissionOptions& options : {map_v1, kyverno}) {
    const Written written(manifest, options);
    for (const char* ns : {"a", "b", "c", "team-0", "team-17", "team-39", "unnamed", "kube-system"}) {
      INFO(ns);
      CHECK(written.asked(ns) == 1);
    }
    CHECK(written.text == Written(manifest, options).text);
  }
}

TEST_CASE("the names that count as ours are those of Ownership") {
  const Cluster nothing;
  const Ownership ownership(nothing);
  const std::regex pattern{std::string(our_names)};
  std::vector<std::string> names{"",
                                 "pc-",
                                 "pc-base-",
                                 "pc-base-x",
                                 "pc-base",
                                 "pc-open-in-",
                                 "pc-open-out-y",
                                 "pc-open-",
                                 "pc-web-0123456789ab",
                                 "pc--0123456789ab",
                                 "pc-0123456789ab",
                                 "pc-web-0123456789aB",
                                 "pc-web-0123456789a",
                                 "pc-web0123456789ab",
                                 "xpc-web-0123456789ab",
                                 "pc-web-0123456789ab-x",
                                 "kubeovn_deny_all"};
  std::mt19937 random(7);
  for (int at = 0; at < 20'000; ++at) {
    std::string name = names[random() % 17];
    for (int edits = 0; edits < 2 && !name.empty(); ++edits)
      name[random() % name.size()] = "pc-0f9gbase"[random() % 11];
    names.push_back(name);
  }
  names.push_back(helper_name("open-out", "some-vpc"));
  names.push_back(members({app("web")}).name);
  std::size_t ours = 0;
  for (const std::string& name : names) {
    INFO(name);
    const bool expected = ownership.is_ours(name);
    CHECK(std::regex_search(name, pattern) == expected);
    ours += expected ? 1 : 0;
  }
  CHECK(ours > 500);
  CHECK(ours < names.size() - 500);
}

TEST_CASE("whatever a selector holds, the objects are plain text and hold no variable of Kyverno's but our own") {
  const std::vector<std::string> hostile{
      "a\"b",     "it's",  "back\\slash", "{{ request.object }}", "$(./x)", "`x`", "\xF0\x9F\x98\x80", "line\nbreak",
      "\xFF\xFE", "tab\t", "\x7F"};
  std::vector<SecurityGroup> groups;
  for (const std::string& text : hostile) {
    groups.push_back(members({in_namespace("shop"), {"app", ir::Op::In, {text}}}));
    groups.push_back(members({in_namespace("shop"), {text, ir::Op::Exists, {}}}));
  }
  const Manifest manifest = manifest_of(std::move(groups));
  for (const AdmissionOptions& options : {map_v1, kyverno}) {
    const Written written(manifest, options);
    CHECK(std::all_of(written.text.begin(), written.text.end(),
                      [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  }
  const Written written(manifest, kyverno);
  std::set<std::string> variables;
  const std::regex variable(R"(\{\{.*?\}\}|\$\()");
  for (std::sregex_iterator at(written.text.begin(), written.text.end(), variable), end; at != end; ++at)
    variables.insert(at->str());
  CHECK(variables == std::set<std::string>{"{{ request.namespace }}", "{{ to_string(changes) }}", "{{ wanted }}"});
  CHECK(Written(manifest, map_v1).text.find(R"(== "\U0001f600")") != std::string::npos);
  CHECK(written.text.find(R"(`"\ud83d\ude00"`)") != std::string::npos);
}

TEST_CASE("5,000 policies about one namespace fit into one object") {
  std::vector<SecurityGroup> groups;
  for (int at = 0; at < 5000; ++at)
    groups.push_back(members({in_namespace("shop"), app(fmt::format("service-{}", at))}));
  const Manifest manifest = manifest_of(std::move(groups));
  for (const AdmissionOptions& options : {map_v1, kyverno}) {
    const Written written(manifest, options);
    CHECK(written.codes.empty());
    CHECK(written.asked("shop") == 1);
    CHECK(largest_of(written.text) > 200'000);
    CHECK(largest_of(written.text) < largest);
    CHECK(longest_of(written) < longest_expression);
  }
}

TEST_CASE("10,000 policies over 200 namespaces make a few objects of moderate size") {
  std::vector<SecurityGroup> groups;
  for (int at = 0; at < 10'000; ++at)
    groups.push_back(
        members({in_namespace(fmt::format("team-{}", at % 200)), app(fmt::format("service-{}", at / 200))}));
  for (int at = 0; at < 50; ++at) groups.push_back(members({app(fmt::format("clusterwide-{}", at))}));
  const Manifest manifest = manifest_of(std::move(groups));
  const Written written(manifest, map_v1);
  CHECK(written.codes.empty());
  CHECK(written.of_kind("MutatingAdmissionPolicy").size() > 2);
  CHECK(written.of_kind("MutatingAdmissionPolicy").size() < 30);
  // What kubectl's client-side apply can still put into its annotation.
  CHECK(largest_of(written.text) < 262'144);
  for (int ns = 0; ns < 200; ++ns) CHECK(written.asked(fmt::format("team-{}", ns)) == 1);
  CHECK(written.asked("any-other") == 1);
}

TEST_CASE("a namespace that no object can hold is named, and no policy touches its pods (PC2070)") {
  std::vector<SecurityGroup> groups{members({in_namespace("small"), app("web")})};
  for (int at = 0; at < 12'000; ++at)
    groups.push_back(members({in_namespace("big"), app(fmt::format("service-{}", at))}));
  const Manifest manifest = manifest_of(std::move(groups));
  Diagnostics diagnostics;
  static_cast<void>(admission(manifest, map_v1, diagnostics));
  REQUIRE(diagnostics.all().size() == 1);
  CHECK(diagnostics.all().front().message.find("namespace `big`") != std::string::npos);
  const Written written(manifest, map_v1);
  CHECK(written.codes == std::vector<std::string>{"PC2070"});
  CHECK(written.asked("big") == 0);
  CHECK(written.asked("small") == 1);
  CHECK(written.asked("other") == 1);
}

TEST_CASE("Kyverno's own exceptions are said where policies are about such pods (PC2073)") {
  CHECK(Written(manifest_of({members({in_namespace("kube-system")})}), kyverno).codes ==
        std::vector<std::string>{"PC2073"});
  CHECK(Written(manifest_of({members({app("web")})}), kyverno).codes == std::vector<std::string>{"PC2073"});
  CHECK(Written(manifest_of({members({in_namespace("shop")})}), kyverno).codes.empty());
  CHECK(Written(manifest_of({members({in_namespace("kube-system")})}), map_v1).codes.empty());
}

TEST_CASE("the VPC of a pod is asked for only where there are several") {
  Manifest manifest = manifest_of({members({in_namespace("shop")})});
  manifest.places = {{"ovn-cluster", {"ovn-default"}, {"shop"}}};
  CHECK(Written(manifest, map_v1).text.find("logical_switch") == std::string::npos);
  manifest.places.push_back({"vpc-a", {"a-1"}, {"bank"}});
  for (const AdmissionOptions& options : {map_v1, kyverno})
    CHECK(Written(manifest, options).text.find("logical_switch") != std::string::npos);
}
