// drift and rollback-check: objects applied to a dump are no drift, and each single damage is found as what it is.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "backends/kubeovn/revision.h"
#include "plan/live.h"
#include "plan/live_northbound.h"
#include "plan/rollback_check.h"
#include "tests/command_line.h"
#include "tests/compile.h"
#include "yaml/objects.h"
#include "yaml/tree.h"

using namespace policyconv;
using namespace policyconv::testing;
using Json = nlohmann::json;
using Objects = std::vector<Json>;
using Random = std::mt19937;

namespace {

Json json_of(const yaml::Node& node) {
  switch (node.shape) {
    case yaml::Shape::Null:
      return nullptr;
    case yaml::Shape::Mapping: {
      Json json = Json::object();
      for (const auto& [key, value] : node.members) json[key.scalar] = json_of(value);
      return json;
    }
    case yaml::Shape::Sequence: {
      Json json = Json::array();
      for (const yaml::Node& item : node.items) json.push_back(json_of(item));
      return json;
    }
    case yaml::Shape::Scalar:
      break;
  }
  if (node.quoted) return node.scalar;
  if (node.scalar == "true" || node.scalar == "false") return node.scalar == "true";
  const bool is_number = !node.scalar.empty() && node.scalar.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? Json(std::stoll(node.scalar)) : Json(node.scalar);
}

Objects objects_in(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics;
  Objects objects;
  for (const yaml::Node& document : yaml::read_documents(sources, sources.add("objects", text), diagnostics))
    decode::each_object(
        document, [&](const decode::ApiObject& object) { objects.push_back(json_of(object.node)); }, diagnostics);
  REQUIRE_FALSE(diagnostics.has_errors());
  return objects;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string list_of(const Objects& objects) {
  return Json({{"apiVersion", "v1"}, {"kind", "List"}, {"items", objects}}).dump(1);
}

bool is_same(const Json& a, const Json& b) {
  return a.at("kind") == b.at("kind") && a.at("metadata").at("name") == b.at("metadata").at("name") &&
         a.at("metadata").value("namespace", "") == b.at("metadata").value("namespace", "");
}

/// What Kube-OVN writes once it has programmed the rules.
void acknowledge(Objects& dump, int minor) {
  Sources sources;
  Diagnostics diagnostics;
  const std::uint32_t file = sources.add("dump", list_of(dump));
  const plan::WrittenObjects read = plan::read_objects(sources, std::vector{file}, {minor}, nullptr, diagnostics);
  for (Json& object : dump)
    if (object.at("kind") == "SecurityGroup") {
      const plan::WrittenGroup& group = read.groups.at(object.at("metadata").at("name"));
      object["status"] = {{"ingressMd5", kubeovn::revision_of(group.ingress, {minor})},
                          {"egressMd5", kubeovn::revision_of(group.egress, {minor})},
                          {"ingressLastSyncSuccess", true},
                          {"egressLastSyncSuccess", true}};
    }
}

/// What the API server has once these are applied.
void put(const Objects& objects, Objects& dump) {
  for (const Json& object : objects) {
    const auto at = std::find_if(dump.begin(), dump.end(), [&](const Json& each) { return is_same(each, object); });
    if (at == dump.end())
      dump.push_back(object);
    else
      at->merge_patch(object);
  }
}

const std::string policies =
    cnp("  endpointSelector: {matchLabels: {app: db}}\n  ingress:\n  - fromEndpoints: [{matchLabels: {app: web}}]\n"
        "    toPorts: [{ports: [{port: \"5432\", protocol: TCP}]}]\n  egress: [{toCIDR: [192.0.2.0/24]}]\n",
        "db") +
    cnp("  endpointSelector: {matchLabels: {app: web}}\n  ingress:\n  - fromEndpoints: [{matchLabels: {app: db}}]\n"
        "    icmps: [{fields: [{type: 8}]}]\n",
        "web");

const std::string deployment = R"(---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}
)";

/// A migration of `policies`, and the dump of a cluster in which everything was done.
struct Migrated {
  explicit Migrated(const std::string& admission = "none", int version = 16) : minor(version) {
    write("policies.yaml", policies);
    write("cluster.yaml", small_cluster + deployment);
    const Result migrated = run({"migrate", "policies.yaml", "--cluster", "cluster.yaml", "-o", "out", "--admission",
                                 admission, "--kube-ovn", fmt::format("1.{}", minor)});
    INFO(migrated.err);
    REQUIRE(migrated.status != 1);
    REQUIRE(migrated.status != 2);
    dump = objects_in(text_of("cluster.yaml"));
    for (const char* file :
         {"00-security-groups", "10-subnet-acls", "20-node-anchor", "30-bindings", "31-templates", "40-admission"})
      put(objects_in(text_of(fmt::format("out/{}.yaml", file))), dump);
    acknowledge(dump, minor);
  }

  Workplace place;
  int minor;
  Objects dump;
};

struct Found {
  int status = 0;
  std::string codes;  // of differences, "PC5000 PC5011"
  Json json;
};

Found found_by(std::vector<std::string> command, const Objects& dump) {
  write("now.json", list_of(dump));
  command.insert(command.end(), {"--cluster", "now.json", "--format", "json"});
  const Result result = run(command);
  INFO(result.out << result.err);
  Found found{result.status, {}, Json::parse(result.out, nullptr, false)};
  if (!found.json.is_object()) return found;
  for (const Json& each : found.json.at("differences"))
    found.codes += (found.codes.empty() ? "" : " ") + each.at("code").get<std::string>();
  return found;
}

Found drift_of(const Objects& dump, const std::vector<std::string>& northbound = {}) {
  std::vector<std::string> command = {"drift", "--objects", "out"};
  for (const std::string& file : northbound) command.insert(command.end(), {"--nb", file});
  return found_by(command, dump);
}

/// One of those that `fits`.
Json& one(Objects& dump, Random& random, const std::function<bool(const Json&)>& fits) {
  std::vector<Json*> all;
  for (Json& object : dump)
    if (fits(object)) all.push_back(&object);
  REQUIRE_FALSE(all.empty());
  return *all[random() % all.size()];
}

Json& one(Objects& dump, Random& random, std::string_view kind) {
  return one(dump, random, [&](const Json& object) { return object.at("kind") == kind; });
}

constexpr const char* key = "ovn.kubernetes.io/security_groups";

Json& bound_pod(Objects& dump, Random& random) {
  return one(dump, random, [](const Json& object) {
    return object.at("kind") == "Pod" && object.at("metadata").value("annotations", Json::object()).contains(key);
  });
}

/// A group with rules in `list`.
Json& group_with(Objects& dump, Random& random, const char* list) {
  return one(dump, random, [&](const Json& object) {
    return object.at("kind") == "SecurityGroup" && object.at("spec").contains(list);
  });
}

Json& a_rule(Objects& dump, Random& random, const char* list) {
  Json& rules = group_with(dump, random, list).at("spec").at(list);
  return rules[random() % rules.size()];
}

void remove(Objects& dump, const Json& object) {
  dump.erase(std::find_if(dump.begin(), dump.end(), [&](const Json& each) { return &each == &object; }));
}

Json& acls(Objects& dump) {
  const auto at = std::find_if(dump.begin(), dump.end(), [](const Json& each) {
    return each.at("kind") == "Subnet" && each.at("spec").contains("acls");
  });
  REQUIRE(at != dump.end());
  return at->at("spec").at("acls");
}

const Json& open_group(const Objects& dump) {
  return *std::find_if(dump.begin(), dump.end(), [](const Json& each) {
    return each.at("kind") == "SecurityGroup" &&
           each.at("metadata").at("name").get<std::string>().starts_with("pc-open-in-");
  });
}

struct Damage {
  std::string_view name, code;
  std::function<void(Objects& dump, Random& random)> act;
};

const std::vector<Damage> damages = {
    {"a group is gone", "PC5000",
     [](Objects& dump, Random& random) { remove(dump, one(dump, random, "SecurityGroup")); }},
    {"the anchor is gone", "PC5000",
     [](Objects& dump, Random& random) { remove(dump, one(dump, random, "NetworkPolicy")); }},
    {"a rule has another priority", "PC5001",
     [](Objects& dump, Random& random) {
       a_rule(dump, random, "ingressRules")["priority"] = 7;
       acknowledge(dump, 16);
     }},
    {"a rule lacks a field", "PC5001",
     [](Objects& dump, Random& random) {
       a_rule(dump, random, "egressRules").erase("remoteType");
       acknowledge(dump, 16);
     }},
    {"a rule is gone", "PC5001",
     [](Objects& dump, Random& random) {
       group_with(dump, random, "ingressRules")["spec"]["ingressRules"].erase(0);
       acknowledge(dump, 16);
     }},
    {"a rule is new", "PC5001",
     [](Objects& dump, Random& random) {
       Json& rules = group_with(dump, random, "egressRules")["spec"]["egressRules"];
       rules.push_back(rules[0]);
       acknowledge(dump, 16);
     }},
    {"an annotation is gone", "PC5001",
     [](Objects& dump, Random& random) {
       one(dump, random, "SecurityGroup")["metadata"]["annotations"].erase("policyconv.io/vpc");
     }},
    {"the anchor selects pods", "PC5001",
     [](Objects& dump, Random& random) { one(dump, random, "NetworkPolicy")["spec"]["podSelector"] = Json::object(); }},
    {"a group of an earlier run", "PC5002",
     [](Objects& dump, Random& random) {
       Json group = one(dump, random, "SecurityGroup");
       group["metadata"]["name"] = "pc-old-0123456789ab";
       dump.push_back(group);
     }},
    {"another anchor", "PC5002",
     [](Objects& dump, Random& random) {
       Json policy = one(dump, random, "NetworkPolicy");
       policy["metadata"]["name"] = "old";
       dump.push_back(policy);
     }},
    {"an older revision", "PC5004",
     [](Objects& dump, Random& random) {
       one(dump, random, "SecurityGroup")["status"]["ingressMd5"] = std::string(32, '0');
     }},
    {"the last write failed", "PC5004",
     [](Objects& dump, Random& random) {
       one(dump, random, "SecurityGroup")["status"]["egressLastSyncSuccess"] = false;
     }},
    {"an ACL is gone", "PC5006", [](Objects& dump, Random& random) { acls(dump).erase(random() % acls(dump).size()); }},
    {"an ACL drops", "PC5007",
     [](Objects& dump, Random& random) {
       Json& acl = acls(dump)[random() % acls(dump).size()];
       acl["priority"] = acl["priority"].get<int>() + 1;
     }},
    {"an ACL of other hands", "PC5008",
     [](Objects& dump, Random&) {
       acls(dump).push_back(
           {{"direction", "to-lport"}, {"priority", 1}, {"match", "ip4.src == 192.0.2.1"}, {"action", "allow"}});
     }},
    {"a pod lost its groups", "PC5010",
     [](Objects& dump, Random& random) { bound_pod(dump, random)["metadata"]["annotations"].erase(key); }},
    {"a new pod is not bound", "PC5010",
     [](Objects& dump, Random& random) {
       Json pod = bound_pod(dump, random);
       pod["metadata"]["name"] = "new";
       pod["metadata"].erase("annotations");
       dump.push_back(pod);
     }},
    {"a pod lost one group", "PC5011",
     [](Objects& dump, Random& random) {
       Json& value = bound_pod(dump, random)["metadata"]["annotations"][key];
       const std::string text = value;
       value = text.substr(text.find(',') + 1);
     }},
    {"a pod got another label", "PC5011",
     [](Objects& dump, Random& random) { bound_pod(dump, random)["metadata"]["labels"]["app"] = "other"; }},
    {"a pod is not closed yet", "PC5012",
     [](Objects& dump, Random& random) {
       Json& value = one(dump, random, [](const Json& each) {
         return each.at("kind") == "Pod" && each.at("metadata").at("name") == "web-0";
       })["metadata"]["annotations"][key];
       const std::string text = value, open_in = open_group(dump).at("metadata").at("name");
       REQUIRE(text.find(open_in) == std::string::npos);
       value = text + "," + open_in;
     }},
    {"a pod has a group of others", "PC5013",
     [](Objects& dump, Random& random) {
       Json& value = bound_pod(dump, random)["metadata"]["annotations"][key];
       value = "theirs," + value.get<std::string>();
     }},
    {"a template lost its groups", "PC5014",
     [](Objects& dump, Random& random) {
       one(dump, random, "Deployment")["spec"]["template"]["metadata"]["annotations"].erase(key);
     }},
};

}  // namespace

TEST_CASE("what was emitted and applied is no drift, for every release") {
  for (const int minor : {12, 13, 14, 15, 16}) {
    CAPTURE(minor);
    const Migrated migrated("none", minor);
    const Found found = drift_of(migrated.dump);
    INFO(found.json.dump(1));
    CHECK(found.status == 0);
    CHECK(found.codes == "");
    CHECK(found.json.at("equal").get<bool>());
  }
}

TEST_CASE("whatever a golden case or sample emits is no drift once it is applied") {
  namespace fs = std::filesystem;
  std::size_t checked = 0;
  for (const char* folder : {"tests/golden", "samples"})
    for (const auto& entry : fs::directory_iterator(fs::path(POLICYCONV_SOURCE_DIR) / folder)) {
      const fs::path cluster = entry.path() / "cluster.yaml", expected = entry.path() / "expected";
      if (!fs::exists(cluster) || !fs::exists(expected / "00-security-groups.yaml")) continue;
      ++checked;
      Objects dump = objects_in(text_of(cluster));
      for (const auto& file : fs::directory_iterator(expected)) put(objects_in(text_of(file.path())), dump);
      const std::string groups = text_of(expected / "00-security-groups.yaml");
      acknowledge(dump, std::stoi(groups.substr(groups.find("kube-ovn-1.") + 11)));
      const Workplace place;
      const Found found = found_by({"drift", "--objects", expected}, dump);
      INFO(entry.path() << '\n' << found.json.dump(1));
      CHECK(found.status == 0);
    }
  CHECK(checked > 50);
}

TEST_CASE("each damage is found, as what it is and once") {
  const Migrated migrated;
  for (const Damage& damage : damages)
    for (unsigned seed = 0; seed < 3; ++seed) {
      Objects dump = migrated.dump;
      Random random(seed);
      damage.act(dump, random);
      const Found found = drift_of(dump);
      INFO(damage.name << ", seed " << seed << '\n' << found.json.dump(1));
      CHECK(found.status == 3);
      CHECK(found.codes == damage.code);
    }
}

TEST_CASE("what is no drift") {
  const Migrated migrated;
  Objects dump = migrated.dump;
  Random random(1);
  SECTION("groups in another order, with blanks") {
    Json& value = bound_pod(dump, random)["metadata"]["annotations"][key];
    const std::string text = value;
    value = text.substr(text.find(',') + 1) + ", " + text.substr(0, text.find(','));
  }
  SECTION("a pod that has gone") {
    remove(dump, bound_pod(dump, random));
  }
  SECTION("a pod that has ended") {
    Json& pod = bound_pod(dump, random);
    pod["status"]["phase"] = "Succeeded";
    pod["metadata"].erase("annotations");
  }
  SECTION("groups of others") {
    dump.push_back({{"apiVersion", "kubeovn.io/v1"},
                    {"kind", "SecurityGroup"},
                    {"metadata", {{"name", "theirs"}}},
                    {"spec", Json::object()}});
  }
  SECTION("ACLs of others on Subnets that are not ours") {
    for (Json& object : dump)
      if (object.at("kind") == "Subnet" && !object.at("spec").contains("acls"))
        object["spec"]["acls"] =
            Json::array({{{"direction", "to-lport"}, {"priority", 1}, {"match", "ip4"}, {"action", "allow"}}});
  }
  SECTION("a revision that the controller did not store when it started") {
    one(dump, random, "SecurityGroup")["status"]["ingressMd5"] = "";
    CHECK(drift_of(dump).json.at("notes").at(0).at("code").get<std::string>() == "PC5005");
  }
  SECTION("what the API server adds") {
    for (Json& object : dump) {
      object["metadata"]["uid"] = "0";
      object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = "{}";
    }
  }
  const Found found = drift_of(dump);
  INFO(found.json.dump(1));
  CHECK(found.status == 0);
  CHECK(found.codes == "");
}

TEST_CASE("admission policies are compared if the dump has their kind") {
  const Migrated migrated("map");
  const auto is_policy = [](const Json& each) { return each.at("kind") == "MutatingAdmissionPolicy"; };
  const auto is_binding = [](const Json& each) { return each.at("kind") == "MutatingAdmissionPolicyBinding"; };
  Objects dump = migrated.dump;
  Random random(1);
  const Found whole = drift_of(dump);
  INFO(whole.json.dump(1));
  CHECK(whole.codes == "");
  SECTION("templates need no annotation beside them") {
    one(dump, random, "Deployment")["spec"]["template"]["metadata"].erase("annotations");
    CHECK(drift_of(dump).codes == "");
  }
  SECTION("an edit") {
    one(dump, random, is_policy)["spec"]["failurePolicy"] = "Ignore";
    CHECK(drift_of(dump).codes == "PC5001");
  }
  SECTION("what the API server fills in is no edit") {
    one(dump, random, is_policy)["spec"]["matchConstraints"]["matchPolicy"] = "Equivalent";
    one(dump, random, is_policy)["spec"]["matchConstraints"]["objectSelector"] = Json::object();
    CHECK(drift_of(dump).codes == "");
  }
  SECTION("a condition more is an edit") {
    one(dump, random, is_policy)["spec"]["matchConditions"] =
        Json::array({{{"name", "never"}, {"expression", "false"}}});
    CHECK(drift_of(dump).codes == "PC5001");
  }
  SECTION("one of an earlier run") {
    Json old = one(dump, random, is_policy);
    old["metadata"]["name"] = "old";
    dump.push_back(old);
    CHECK(drift_of(dump).codes == "PC5002");
  }
  SECTION("none in the dump: not known") {
    std::erase_if(dump, is_binding);
    std::erase_if(dump, is_policy);
    one(dump, random, "Deployment");
    const Found found = drift_of(dump);
    CHECK(found.status == 0);
    CHECK(found.json.at("notes").size() == 2);
    CHECK(found.json.at("notes").at(0).at("code").get<std::string>() == "PC5003");
  }
  SECTION("a list without any: missing") {
    std::erase_if(dump, is_binding);
    write("empty.yaml",
          "{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingAdmissionPolicyBindingList, items: []}\n");
    const Found found = found_by({"drift", "--objects", "out", "--cluster", "empty.yaml"}, dump);
    CHECK(found.status == 3);
    CHECK(found.codes.starts_with("PC5000"));
  }
}

TEST_CASE("policies of Kyverno are compared as well") {
  const Migrated migrated("kyverno");
  Objects dump = migrated.dump;
  Random random(1);
  CHECK(drift_of(dump).codes == "");
  SECTION("what Kyverno fills in is no edit") {
    one(dump, random, "ClusterPolicy")["spec"]["admission"] = true;
    one(dump, random, "ClusterPolicy")["spec"]["rules"][0]["skipBackgroundRequests"] = true;
    CHECK(drift_of(dump).codes == "");
  }
  SECTION("a rule less is an edit") {
    one(dump, random, "ClusterPolicy")["spec"]["rules"].erase(0);
    CHECK(drift_of(dump).codes == "PC5001");
  }
}

TEST_CASE("bad input of drift ends with 1 and without an answer") {
  const Migrated migrated;
  write("now.json", list_of(migrated.dump));
  write("broken.yaml", "a: [");
  write("nothing.yaml", "");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"drift", "--objects", "out", "--cluster", "absent.yaml"},
        {"drift", "--objects", "absent", "--cluster", "now.json"},
        {"drift", "--objects", "out", "--cluster", "broken.yaml"},
        {"drift", "--objects", "cluster.yaml", "--cluster", "now.json"},
        {"drift", "--objects", "out", "--cluster", "now.json", "--nb", "broken.yaml"},
        {"drift", "--objects", "out", "--cluster", "now.json", "--nb", "nothing.yaml"},
        {"rollback-check", "--plan", "broken.yaml", "--cluster", "now.json"},
        {"rollback-check", "--plan", "absent.json", "--cluster", "now.json"},
        {"rollback-check", "--plan", "out/plan.json", "--cluster", "broken.yaml"}}) {
    const Result result = run(command);
    INFO(fmt::format("{}", fmt::join(command, " ")) << '\n' << result.err);
    CHECK(result.status == 1);
    CHECK(result.out == "");
    CHECK(contains(result.err, "error["));
  }
}

// --- OVN's northbound database ---------------------------------------------------------------------------------------

namespace {

const std::string northbound_group = R"(apiVersion: kubeovn.io/v1
kind: SecurityGroup
metadata:
  name: pc-web-0123456789ab
  labels: {app.kubernetes.io/managed-by: policyconv}
  annotations: {policyconv.io/members: '{"matchLabels":{"app":"web"}}', policyconv.io/target: kube-ovn-1.16, policyconv.io/vpc: ovn-cluster}
spec:
  ingressRules:
  - {ipVersion: ipv4, priority: 84, policy: allow, protocol: tcp, remoteType: address, remoteAddress: 10.0.0.0/8, portRangeMin: 80, portRangeMax: 443}
  egressRules:
  - {ipVersion: ipv6, priority: 384, policy: drop, protocol: icmp, remoteType: securityGroup, remoteSecurityGroup: pc-web-0123456789ab}
)";

const std::string pg = "ovn.sg.pc.web.0123456789ab";

Json row(const std::string& direction, int priority, const std::string& match, const std::string& action, int tier) {
  static int number = 0;
  return Json::array({Json::array({"uuid", fmt::format("{}", ++number)}), action, direction,
                      Json::array({"map", Json::array({Json::array({"parent", pg})})}), match, priority, tier});
}

/// As the reference has them (K§2.2, K§2.3), written out.
Json acl_table() {
  Json rows = Json::array();
  rows.push_back(row("to-lport", 18400,
                     "outport == @" + pg + " && ip4 && ip4.src == 10.0.0.0/8 && 80 <= tcp.dst <= 443", "allow-related",
                     2));
  rows.push_back(row("from-lport", 18100,
                     "inport == @" + pg + " && ip6 && ip6.dst == $" + pg + ".associated.v6 && icmp6", "drop", 2));
  for (const int tier : {2, 3}) {
    for (const char* match :
         {"arp", "icmp6.type == {130, 134, 135, 136} && icmp6.code == 0 && ip.ttl == 255",
          "udp.src == 67 && udp.dst == 68 && ip4", "udp.src == 547 && udp.dst == 546 && ip6", "ip.proto == 112"})
      rows.push_back(row("to-lport", 2005, "outport == @" + pg + " && " + match, "allow-related", tier));
    for (const char* match :
         {"arp", "icmp6.type == {130, 133, 135, 136} && icmp6.code == 0 && ip.ttl == 255",
          "udp.src == 68 && udp.dst == 67 && ip4", "udp.src == 546 && udp.dst == 547 && ip6", "ip.proto == 112"})
      rows.push_back(row("from-lport", 2005, "inport == @" + pg + " && " + match, "allow-related", tier));
  }
  return {{"headings", {"_uuid", "action", "direction", "external_ids", "match", "priority", "tier"}}, {"data", rows}};
}

Json uuids(int count) {
  Json list = Json::array();
  for (int i = 0; i < count; ++i) list.push_back(Json::array({"uuid", fmt::format("port-{}", i)}));
  return count == 1 ? list[0] : Json::array({"set", list});  // a set of one is its element
}

Json group_table() {
  Json data = Json::array();
  data.push_back(Json::array({pg, uuids(1), Json::array({"set", Json::array()})}));
  data.push_back(Json::array({"ovn.sg.kubeovn_deny_all", uuids(1), Json::array({"set", Json::array()})}));
  return {{"headings", {"name", "ports", "acls"}}, {"data", data}};
}

Json set_table() {
  Json data = Json::array();
  data.push_back(Json::array({pg + ".associated.v4", "10.16.0.10"}));
  data.push_back(
      Json::array({pg + ".associated.v6", Json::array({"set", Json::array({"fd00:10:16::a", "fd00:10:16::ff"})})}));
  return {{"headings", {"name", "addresses"}}, {"data", data}};
}

struct Tables {
  Json acls = acl_table(), groups = group_table(), sets = set_table();

  [[nodiscard]] Found drift() const {
    const Workplace place;
    Objects dump = objects_in(northbound_group);
    acknowledge(dump, 16);
    write("objects.yaml", northbound_group);
    dump.push_back(objects_in(
        "{apiVersion: v1, kind: Pod, metadata: {name: web-0, namespace: shop, labels: {app: web}, annotations: "
        "{ovn.kubernetes.io/security_groups: pc-web-0123456789ab}}, spec: {containers: [{name: c}]}, "
        "status: {podIPs: [{ip: 10.16.0.10}, {ip: 'fd00:10:16::a'}]}}")[0]);
    write("acls.json", acls.dump());
    write("groups.json", groups.dump());
    write("sets.json", sets.dump());
    return found_by({"drift", "--objects", "objects.yaml", "--nb", "acls.json", "groups.json", "sets.json"}, dump);
  }
};

}  // namespace

TEST_CASE("OVN as Kube-OVN fills it is no drift") {
  const Found found = Tables().drift();
  INFO(found.json.dump(1));
  CHECK(found.status == 0);
  CHECK(found.codes == "");
}

TEST_CASE("each damage in OVN is found, as what it is and once") {
  const std::vector<std::tuple<std::string_view, std::string_view, std::function<void(Tables&)>>> all = {
      {"a rule is gone", "PC5020", [](Tables& t) { t.acls["data"].erase(0); }},
      {"a base ACL is gone", "PC5020", [](Tables& t) { t.acls["data"].erase(5); }},
      {"the priorities of v1.15", "PC5021", [](Tables& t) { t.acls["data"][0][5] = 2216; }},
      {"another tier", "PC5021", [](Tables& t) { t.acls["data"][1][6] = 3; }},
      {"an allow that drops", "PC5021", [](Tables& t) { t.acls["data"][0][1] = "drop"; }},
      {"an ACL of other hands", "PC5022",
       [](Tables& t) {
         t.acls["data"].push_back(row("to-lport", 20000, "outport == @" + pg + " && ip4", "allow", 2));
       }},
      {"one that says nothing of its parent", "PC5022",
       [](Tables& t) {
         Json foreign = row("to-lport", 20000, "outport == @" + pg + " && ip4", "allow", 2);
         foreign[3] = Json::array({"map", Json::array()});
         t.acls["data"].push_back(foreign);
       }},
      {"one that only the port group tells of", "PC5022",
       [](Tables& t) {
         Json foreign = row("to-lport", 20000, "ip4.src == 192.0.2.1", "allow", 2);
         foreign[3] = Json::array({"map", Json::array()});
         t.groups["data"][0][2] = foreign[0];
         t.acls["data"].push_back(foreign);
       }},
      {"deny-all lacks a port", "PC5023", [](Tables& t) { t.groups["data"][1][1] = uuids(0); }},
      {"a group lacks a port", "PC5023", [](Tables& t) { t.groups["data"][0][1] = uuids(0); }},
      {"no port group", "PC5020", [](Tables& t) { t.groups["data"].erase(0); }},
      {"no address set", "PC5020", [](Tables& t) { t.sets["data"].erase(0); }},
      {"an address set lacks an address", "PC5023", [](Tables& t) {
         t.sets["data"][0][1] = Json::array({"set", Json::array()});
       }}};
  for (const auto& [name, code, act] : all) {
    Tables tables;
    act(tables);
    const Found found = tables.drift();
    INFO(name << '\n' << found.json.dump(1));
    CHECK(found.status == 3);
    CHECK(found.codes == code);
  }
}

TEST_CASE("what is no table of OVN is refused, whatever it is") {
  const auto problem_of = [](const std::string& text) {
    Sources sources;
    Diagnostics diagnostics;
    plan::Northbound northbound;
    plan::read_northbound(sources, sources.add("nb.json", text), northbound, diagnostics);
    if (diagnostics.has_errors()) {
      CHECK_FALSE(northbound.acls);
      CHECK_FALSE(northbound.port_groups);
      CHECK_FALSE(northbound.address_sets);
    }
    return diagnostics.has_errors();
  };
  CHECK_FALSE(problem_of(acl_table().dump()));
  for (const char* text :
       {"", "null", "[]", "{}", "3", "\"x\"", R"({"headings":[]})", R"({"headings":{},"data":[]})",
        R"({"headings":[1],"data":[]})", R"({"headings":["name","name"],"data":[]})",
        R"({"headings":["name","ports"],"data":[["a"]]})", R"({"headings":["name","ports"],"data":[{}]})",
        R"({"headings":["name","ports"],"data":[["a","b"]]})",
        R"({"headings":["name","ports"],"data":[["a",["set",3]]]})",
        R"({"headings":["name","addresses"],"data":[[7,"b"]]})", R"({"headings":["name"],"data":[]})"}) {
    CAPTURE(text);
    CHECK(problem_of(text));
  }
  CHECK(problem_of(std::string(2'000'000, '[')));
  // Each cell of each column in turn is something else; nothing is read then, or only what a table may have.
  const Json table = acl_table();
  for (std::size_t column = 0; column < table["headings"].size(); ++column)
    for (const Json& value :
         {Json(), Json(1.5), Json::object(), Json::array({"set", 1}), Json::array({"map", 1}), Json::array({1, 2})}) {
      Json damaged = table;
      damaged["data"][3][column] = value;
      CAPTURE(column, value.dump());
      CHECK(problem_of(damaged.dump()));
    }
  const std::string text = table.dump();
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = text;
    damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
    static_cast<void>(problem_of(damaged.substr(0, 1 + random() % damaged.size())));
  }
}

TEST_CASE("tables of OVN that were not given are named") {
  const Migrated migrated;
  write("sets.json", R"({"headings":["name","addresses"],"data":[]})");
  const Found found = drift_of(migrated.dump, {"sets.json"});
  INFO(found.json.dump(1));
  CHECK(found.status == 3);
  CHECK(found.codes.starts_with("PC5020"));
  CHECK(found.json.at("not_looked_at").size() == 2);
}

// --- rollback-check --------------------------------------------------------------------------------------------------

namespace {

Found check_of(const Objects& dump) {
  return found_by({"rollback-check", "--plan", "out/plan.json"}, dump);
}

}  // namespace

TEST_CASE("a cluster on which nothing was applied is as before the plan, and after the plan it is not") {
  const Migrated migrated("map");
  REQUIRE(text_of("out/plan.json") != "");
  Objects before = objects_in(text_of("cluster.yaml"));
  const Found found = check_of(before);
  INFO(found.json.dump(1));
  CHECK(found.status == 0);
  CHECK(found.codes == "");
  CHECK(found.json.at("not_looked_at").size() >= 3);
  CHECK(check_of(migrated.dump).status == 3);

  // Whatever single object of the plan is left over is found.
  std::size_t left = 0;
  for (const Json& object : migrated.dump) {
    Objects dump = before;
    put({object}, dump);
    if (list_of(dump) == list_of(before)) continue;
    ++left;
    const Found one_left = check_of(dump);
    INFO(object.dump(1) << one_left.json.dump(1));
    CHECK(one_left.status == 3);
    CHECK(one_left.codes == "PC5026");
  }
  CHECK(left >= 8);
}

TEST_CASE("pods that have gone or are new are no matter to a rollback, unless they carry groups of the plan") {
  const Migrated migrated;
  Objects dump = objects_in(text_of("cluster.yaml"));
  Random random(1);
  Json pod = one(dump, random, "Pod");
  remove(dump, one(dump, random, "Pod"));
  CHECK(check_of(dump).codes == "");
  pod["metadata"]["name"] = "new";
  dump.push_back(pod);
  CHECK(check_of(dump).codes == "");
  dump.back()["metadata"]["annotations"][key] = "";
  CHECK(check_of(dump).codes == "");
  const std::string group = open_group(migrated.dump).at("metadata").at("name");
  dump.back()["metadata"]["annotations"][key] = "theirs," + group;
  CHECK(check_of(dump).codes == "PC5026");
}

TEST_CASE("a plan.json that was damaged is refused or read, and nothing else") {
  const Migrated migrated;
  const std::string text = text_of("out/plan.json");
  const Json plan = Json::parse(text);
  std::string problem;
  REQUIRE(plan::read_before(text, problem));
  for (const char* part : {"schema", "kube_ovn", "before"}) {
    Json damaged = plan;
    damaged.erase(part);
    CAPTURE(part);
    CHECK_FALSE(plan::read_before(damaged.dump(), problem));
  }
  for (const auto& [part, value] : plan.at("before").items())
    for (const Json& other : {Json(), Json(3), Json("x"), Json::array({1}), Json::array({Json::object()})}) {
      Json damaged = plan;
      damaged["before"][part] = other;
      CAPTURE(part, other.dump());
      CHECK_FALSE(plan::read_before(damaged.dump(), problem));
    }
  Random random(3);
  for (int i = 0; i < 1000; ++i) {
    std::string damaged = text;
    damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
    static_cast<void>(plan::read_before(damaged, problem));
  }
}

TEST_CASE("what is wrong with a plan.json is said in words of the file: where, what stands there, what is expected") {
  const Json good = Json::parse(R"({"schema": "policyconv/plan-1", "kube_ovn": "1.16", "before": {
    "without_security_groups": ["a"], "without_node_anchor": true,
    "subnets": [{"name": "s", "acls": [{"direction": "to-lport", "priority": 1000, "match": "ip4", "action": "drop"}]}],
    "pods": [{"namespace": "n", "name": "p", "annotation": "k", "value": null}],
    "templates": [{"kind": "Deployment", "namespace": "n", "name": "t", "annotation": "k", "value": "v"}]}})");
  std::string problem;
  const std::optional<plan::Before> read = plan::read_before(good.dump(), problem);
  REQUIRE(read);
  CHECK(read->release.minor == 16);
  CHECK(read->new_groups == std::vector<std::string>{"a"});
  CHECK(read->had_no_anchor);
  REQUIRE(read->subnets.size() == 1);
  REQUIRE(read->subnets[0].second.size() == 1);
  CHECK(read->subnets[0].second[0].priority == 1000);
  REQUIRE(read->pods.size() == 1);
  CHECK_FALSE(read->pods[0].value);
  REQUIRE(read->templates.size() == 1);
  CHECK(read->templates[0].value == "v");

  const auto says = [&](const std::string& text, const std::string& expected) {
    CAPTURE(text);
    CHECK_FALSE(plan::read_before(text, problem));
    CHECK(problem == expected);
  };
  const auto changed = [&](const char* pointer, const Json& value) {
    Json json = good;
    json[Json::json_pointer(pointer)] = value;
    return json.dump();
  };
  says(changed("/schema", "policyconv/plan-2"), "`schema` is the text \"policyconv/plan-2\"; \"policyconv/plan-1\" is expected");
  says(changed("/kube_ovn", "1.99"), "`kube_ovn` is the text \"1.99\"; a release from \"1.12\" to \"1.16\" is expected");
  says(changed("/before", Json::array()), "`before` is a list; an object is expected");
  says(changed("/before/pods", nullptr), "`before.pods` is null; a list is expected");
  says(changed("/before/pods/0/value", 7), "`before.pods[0].value` is 7; text or null is expected");
  says(changed("/before/without_node_anchor", "yes"), "`before.without_node_anchor` is the text \"yes\"; true or false is expected");
  says(changed("/before/templates/0", Json::object()), "`before.templates[0].kind` is missing");
  const std::string range = "; a whole number from -2147483648 to 2147483647 is expected";
  for (const auto& [number, shown] : {std::pair("1000.5", "1000.5"), std::pair("4294968296", "4294968296"),
                                      std::pair("-2147483649", "-2147483649"), std::pair("18446744073709551615", "18446744073709551615"),
                                      std::pair("99999999999999999999", "1e+20")})
    says(changed("/before/subnets/0/acls/0/priority", Json::parse(number)),
         std::string("`before.subnets[0].acls[0].priority` is ") + shown + range);
  says("[]", "it is a list; an object is expected");
  says("", "it is empty");
  says(" \n\n", "it is empty");
  says("{\n \"schema\": \"policyconv/plan-1\",\n", "it ends before its JSON does, in line 3");
  says("schema: policyconv/plan-1\nkube_ovn: 1.16\n", "it is no JSON from line 1, column 1 on: `schema: policyconv/p`");
  says("{\n  \"schema\": tru,\n}", "it is no JSON from line 2, column 16 on: `,`");
  says("{\"a\": 1e999}", "one of its numbers is too large");
  says(std::string(1000, '['), "it ends before its JSON does, in line 1");
  says(std::string(1'000'000, '['), "it is nested deeper than 1000 levels");
}
