// Future pods against brute force over every label that can matter, and their bindings against the compiler's.
#include "verify/future.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/compile.h"
#include "verify/source_labels.h"
#include "verify/source_rules.h"

using namespace policyconv;
using namespace policyconv::testing;
namespace source = policyconv::verify::source;
using verify::Future;

namespace {

const Semantics semantics = semantics_of(20);

Future future_of(const Compiled& compiled, std::size_t budget = 10000) {
  return verify::with_future_pods(compiled.policies, semantics, compiled.manifest, compiled.cluster, budget);
}

std::vector<source::Requirements> selectors_of(const Compiled& compiled) {
  std::set<source::Requirements> found;
  for (const source::Spec& spec : source::read_specs(compiled.policies, compiled.cluster, semantics)) {
    found.insert(spec.subject);
    for (const auto* section : {&spec.ingress, &spec.egress})
      if (*section)
        for (const source::Rule& rule : (*section)->rules)
          found.insert(rule.peers.selectors.begin(), rule.peers.selectors.end());
  }
  return {found.begin(), found.end()};
}

using Matched = std::set<std::size_t>;
Matched matched(const std::vector<source::Requirements>& selectors, const Cluster& cluster, const Pod& pod) {
  const source::Identity identity = source::identity_of(cluster, pod, semantics);
  Matched found;
  for (std::size_t i = 0; i < selectors.size(); ++i)
    if (source::meets(identity, selectors[i])) found.insert(i);
  return found;
}

// What pods of a namespace can match, by trying every label and account that the policies below name, and one they do
// not name.
std::set<Matched> reachable(const std::vector<source::Requirements>& selectors, const Cluster& cluster,
                            const std::string& ns) {
  const std::vector<std::string> values{"", "a", "b", "c", "none of these"};  // "": the label is missing
  std::set<Matched> found;
  for (const std::string& app : values)
    for (const std::string& tier : values)
      for (const char* account : {"default", "sa", "none of these"}) {
        Pod pod;
        pod.ns = ns;
        pod.service_account = account;
        if (!app.empty()) pod.labels["app"] = app;
        if (!tier.empty()) pod.labels["tier"] = tier;
        found.insert(matched(selectors, cluster, pod));
      }
  return found;
}

// For each selector the first that matches the same pods: being matched by several of those counts once.
std::vector<std::size_t> first_of_equals(std::size_t count, const std::set<Matched>& sets) {
  std::map<std::vector<bool>, std::size_t> known;
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<bool> column;
    for (const Matched& set : sets) column.push_back(set.count(i) != 0);
    first.push_back(known.try_emplace(std::move(column), i).first->second);
  }
  return first;
}

const std::string three_namespaces = small_cluster + R"(
- {apiVersion: v1, kind: Namespace, metadata: {name: lab, labels: {team: platform}}}
)";

std::string to_text(const source::Requirements& requirements) {
  const char* const words[] = {" in", " not in", " exists", " missing"};
  std::string text;
  for (const source::Requirement& r : requirements) {
    text += (text.empty() ? "" : ", ") + r.key + words[static_cast<std::size_t>(r.op)];
    for (const std::string& value : r.values) text += " " + value;
  }
  return "{" + text + "}";
}

bool every_isolation_has_a_group(const Compiled& compiled) {
  const auto& groups = compiled.manifest.security_groups;
  return std::all_of(compiled.program.isolations.begin(), compiled.program.isolations.end(),
                     [&](const ir::Isolation& isolation) {
                       return std::any_of(groups.begin(), groups.end(), [&](const kubeovn::SecurityGroup& group) {
                         return group.members == compiled.program.group(isolation.subject);
                       });
                     });
}

/// Random policies of every kind about app, tier, the account, and namespaces.
class RandomPolicies {
 public:
  explicit RandomPolicies(unsigned seed) : random_(seed) {}
  std::string text() {
    std::string all;
    for (unsigned i = 0, count = 1 + pick(4); i < count; ++i) all += policy("p" + std::to_string(i));
    return all;
  }

 private:
  unsigned pick(unsigned count) { return static_cast<unsigned>(random_() % count); }
  std::string expression() {
    const std::string key = pick(2) == 0 ? "app" : "tier", value(1, static_cast<char>('a' + pick(3)));
    switch (pick(5)) {
      case 0:
        return "{key: " + key + ", operator: Exists}";
      case 1:
        return "{key: " + key + ", operator: DoesNotExist}";
      case 2:
        return "{key: " + key + ", operator: NotIn, values: [" + value + "]}";
      case 3:
        return "{key: " + key + ", operator: In, values: [a, " + value + "]}";
      default:
        return "{key: " + key + ", operator: In, values: [" + value + "]}";
    }
  }
  std::string selector(bool cilium) {
    std::string all;
    for (unsigned i = 0, count = pick(3); i < count; ++i) all += (all.empty() ? "" : ", ") + expression();
    if (cilium && pick(5) == 0)
      all += (all.empty() ? "" : ", ") +
             std::string("{key: io.cilium.k8s.policy.serviceaccount, operator: In, values: [sa]}");
    if (cilium && pick(5) == 0)
      all += (all.empty() ? "" : ", ") +
             std::string("{key: io.kubernetes.pod.namespace, operator: In, values: [shop, lab]}");
    return "{matchExpressions: [" + all + "]}";
  }
  std::string policy(const std::string& name) {
    const std::string ns = pick(2) == 0 ? "shop" : "ops";
    const std::string cilium = "  endpointSelector: " + selector(true) + "\n  ingress: [{fromEndpoints: [" +
                               selector(true) + ", " + selector(true) + "]}]";
    switch (pick(3)) {
      case 0:
        return ccnp(cilium, name);
      case 1:
        return cnp(cilium, name, ns);
      default:
        return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " + name +
               ", namespace: " + ns + "}\nspec:\n  podSelector: " + selector(false) +
               "\n  ingress: [{from: [{podSelector: " + selector(false) +
               ", namespaceSelector: {matchLabels: {team: platform}}}]}]\n---\n";
    }
  }
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("every pair of selectors that a pod can meet is met by some pod, with as few others as labels allow") {
  std::size_t pairs = 0, pods = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    const std::string policies = RandomPolicies(seed).text();
    INFO("seed " << seed << "\n" << policies);
    const Compiled compiled = compile(policies, three_namespaces);
    REQUIRE_FALSE(compiled.has_errors());
    const auto selectors = selectors_of(compiled);
    // Without groups, so that nothing but the policies' selectors is in play.
    const Future future = verify::with_future_pods(compiled.policies, semantics, {}, compiled.cluster, 10000);
    CHECK(future.over_budget == 0);
    CHECK(future.without_address == 0);
    std::map<std::set<Matched>, std::multiset<Matched>> met;  // by what tells namespaces apart
    std::map<std::string, std::set<Matched>> possible;
    for (const Namespace& ns : compiled.cluster.namespaces)
      possible[ns.name] = reachable(selectors, compiled.cluster, ns.name);
    for (const Pod& pod : future.cluster.pods) met[possible.at(pod.ns)].insert(matched(selectors, future.cluster, pod));
    for (const std::size_t index : future.future) {
      const Pod& pod = future.cluster.pods[index];
      INFO(pod.name << " in " << pod.ns);
      CHECK(met[possible.at(pod.ns)].count(matched(selectors, future.cluster, pod)) == 1);  // nothing twice
      ++pods;
    }
    for (const auto& [ns, sets] : possible) {
      const std::vector<std::size_t> first = first_of_equals(selectors.size(), sets);
      for (std::size_t a = 0; a < selectors.size(); ++a)
        for (std::size_t b = a; b < selectors.size(); ++b) {
          const auto least = [&](const auto& all) {
            std::size_t fewest = SIZE_MAX;
            for (const Matched& set : all) {
              if (set.count(a) == 0 || set.count(b) == 0) continue;
              const auto different =
                  std::count_if(set.begin(), set.end(), [&](std::size_t i) { return first[i] == i; });
              fewest = std::min(fewest, static_cast<std::size_t>(different));
            }
            return fewest;
          };
          INFO("namespace " << ns << ", selectors " << to_text(selectors[a]) << " and " << to_text(selectors[b]));
          CHECK(least(met[sets]) == least(sets));
          pairs += least(sets) != SIZE_MAX;
        }
    }
  }
  CHECK(pairs > 5000);
  CHECK(pods > 1000);
}

TEST_CASE("what labels make a future pod") {
  struct Row {
    const char *about, *endpoint_selector, *pods;
  };
  // The namespace of the policy is shop; what its running pods have is left out: app=web, app=db tier=data. A policy
  // that can select nobody tells shop and ops not apart, so the pod of ops that nothing selects need not be made.
  const std::vector<Row> rows = {
      {"a pod that nothing selects, and one with the label", "{matchLabels: {app: new}}", "ops: | shop: app=new"},
      {"contradictions have no pod",
       "{matchExpressions: [{key: app, operator: In, values: [a]}, {key: app, operator: NotIn, values: [a]}]}", ""},
      {"a running pod already is it", "{matchLabels: {app: web}}", "ops:"},
      {"any value of Exists", "{matchExpressions: [{key: x, operator: Exists}]}", "ops: | shop: x=future"},
      {"the missing label is made", "{matchExpressions: [{key: x, operator: DoesNotExist}]}", "ops: | shop: x=future"},
      {"not the value, and not only by missing", "{matchExpressions: [{key: app, operator: NotIn, values: [web, db]}]}",
       "ops: | shop:"},
      {"a value that NotIn leaves",
       "{matchExpressions: [{key: x, operator: Exists}, {key: x, operator: NotIn, values: [future]}]}",
       "ops: | shop: x=future-2"},
      {"the service account", "{matchLabels: {io.cilium.k8s.policy.serviceaccount: cash}}",
       "ops: | shop: account cash"},
      {"labels that Cilium drops are in no identity", "{matchLabels: {pod-template-hash: abc}}", ""},
  };
  for (const Row& row : rows) {
    INFO(row.about);
    const Compiled compiled =
        compile(cnp("  endpointSelector: " + std::string(row.endpoint_selector) + "\n  ingress: [{}]"), small_cluster);
    REQUIRE_FALSE(compiled.has_errors());
    // The running pods match nothing in `ops`, so its first class is taken; take them out to see it.
    Cluster cluster = compiled.cluster;
    cluster.pods.erase(
        std::remove_if(cluster.pods.begin(), cluster.pods.end(), [](const Pod& pod) { return pod.ns == "ops"; }),
        cluster.pods.end());
    const Future future = verify::with_future_pods(compiled.policies, semantics, {}, cluster, 100);
    std::string pods;
    for (const std::size_t index : future.future) {
      const Pod& pod = future.cluster.pods[index];
      pods += (pods.empty() ? "" : " | ") + pod.ns + ":";
      for (const auto& [key, value] : pod.labels) pods += " " + key + "=" + value;
      if (pod.service_account != "default") pods += " account " + pod.service_account;
    }
    CHECK(pods == row.pods);
  }
}

TEST_CASE("addresses are free, of every family of the Subnet, and the pods are found where they belong") {
  const Compiled compiled = compile(cnp("  endpointSelector: {matchLabels: {a: a}}\n  ingress: [{fromEndpoints: "
                                        "[{matchLabels: {b: b}}, {matchLabels: {c: c}}]}]"),
                                    small_cluster);
  const Future future = future_of(compiled);
  REQUIRE(future.future.size() > 3);
  CHECK(std::is_sorted(future.cluster.pods.begin(), future.cluster.pods.end(),
                       [](const Pod& a, const Pod& b) { return std::tie(a.ns, a.name) < std::tie(b.ns, b.name); }));
  std::set<Address> taken;
  for (const Pod& pod : compiled.cluster.pods) taken.insert(pod.addresses.begin(), pod.addresses.end());
  for (const Subnet& subnet : compiled.cluster.subnets) taken.insert(subnet.gateways.begin(), subnet.gateways.end());
  for (const std::size_t index : future.future) {
    const Pod& pod = future.cluster.pods[index];
    CHECK(future.cluster.find_pod(pod.ns, pod.name) == &pod);
    const Subnet* subnet = subnet_of(future.cluster, pod);
    REQUIRE(subnet);
    CHECK(subnet->name == "ovn-default");
    REQUIRE(pod.addresses.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(contains(subnet->cidrs[i], pod.addresses[i]));
      CHECK(taken.insert(pod.addresses[i]).second);
    }
    CHECK(pod.node == "n2");  // n1 is the API server
  }
}

TEST_CASE("new pods land in the Subnet of the namespace, its VPC, or the default one") {
  const std::string cluster = R"(
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: annotated, annotations: {ovn.kubernetes.io/logical_switch: "first,second"}}}
- {apiVersion: v1, kind: Namespace, metadata: {name: listed}}
- {apiVersion: v1, kind: Namespace, metadata: {name: plain}}
- {apiVersion: v1, kind: Namespace, metadata: {name: tenant}}
- {apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: first}, spec: {cidrBlock: 10.1.0.0/29, gateway: 10.1.0.1, provider: ovn}}
- {apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: second}, spec: {cidrBlock: 10.2.0.0/24, gateway: 10.2.0.1, provider: ovn, namespaces: [listed]}}
- {apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: ovn-default}, spec: {cidrBlock: 10.3.0.0/24, gateway: 10.3.0.1, provider: ovn, default: true}}
- {apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: theirs}, spec: {cidrBlock: 10.4.0.0/24, gateway: 10.4.0.1, provider: ovn, vpc: own}}
- {apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {name: own}, spec: {namespaces: [tenant]}}
)";
  const Compiled compiled =
      compile(ccnp("  endpointSelector: {matchExpressions: [{key: app, operator: In, values: [a]}]}\n  ingress: "
                   "[{fromEndpoints: [{matchLabels: {b: b}}, {matchLabels: {c: c}}]}]"),
              cluster);
  const Future future = future_of(compiled);
  std::map<std::string, std::set<std::string>> landed;
  std::map<std::string, std::size_t> count;
  for (const std::size_t index : future.future) {
    const Pod& pod = future.cluster.pods[index];
    landed[pod.ns].insert(subnet_of(future.cluster, pod)->name);
    ++count[pod.ns];
  }
  CHECK(landed ==
        std::map<std::string, std::set<std::string>>{
            {"annotated", {"first"}}, {"listed", {"second"}}, {"plain", {"ovn-default"}}, {"tenant", {"theirs"}}});
  // None, a, b, c, and three pairs; .2 to .6 of the small Subnet.
  CHECK(count == std::map<std::string, std::size_t>{{"annotated", 5}, {"listed", 7}, {"plain", 7}, {"tenant", 7}});
  CHECK(future.without_address == 2);
  CHECK(future.candidates == 28);
}

TEST_CASE("namespaces that no selector tells apart have one representative") {
  std::string cluster = small_cluster;
  for (int i = 0; i < 50; ++i)
    cluster += fmt::format("- {{apiVersion: v1, kind: Namespace, metadata: {{name: like-{}}}}}\n", i);
  const Compiled compiled = compile(ccnp("  endpointSelector: {matchLabels: {app: a}}\n  ingress: [{fromEndpoints: "
                                         "[{matchLabels: {io.cilium.k8s.namespace.labels.team: retail}}]}]"),
                                    cluster);
  const Future future = future_of(compiled);
  std::set<std::string> namespaces;
  for (const std::size_t index : future.future) namespaces.insert(future.cluster.pods[index].ns);
  CHECK(namespaces == std::set<std::string>{"like-0", "shop"});
}

TEST_CASE("a small budget goes to single selectors first, and what is left out is counted") {
  const Compiled compiled = compile(cnp("  endpointSelector: {matchLabels: {a: a}}\n  ingress: [{fromEndpoints: "
                                        "[{matchLabels: {b: b}}, {matchLabels: {c: c}}]}]"),
                                    small_cluster);
  const Future all = future_of(compiled);
  for (std::size_t budget = 0; budget <= all.future.size(); ++budget) {
    const Future some = future_of(compiled, budget);
    CHECK(some.future.size() == budget);
    CHECK(some.candidates == all.candidates);
    CHECK((some.over_budget != 0) == (budget < all.future.size()));
    for (const std::size_t index : some.future) {
      const Pod& pod = some.cluster.pods[index];
      CHECK(*all.cluster.find_pod(pod.ns, pod.name) == pod);
      if (budget <= 3) CHECK(pod.labels.size() <= 1);
    }
  }
}

TEST_CASE("the same input gives the same pods") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const std::string policies = RandomPolicies(seed).text();
    const Compiled one = compile(policies, three_namespaces), two = compile(policies, three_namespaces);
    CHECK(future_of(one).cluster.pods == future_of(two).cluster.pods);
  }
}

TEST_CASE("future pods carry the groups that the compiler would bind them to if they ran") {
  std::size_t bound = 0, skipped = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    const std::string policies = RandomPolicies(seed).text();
    INFO("seed " << seed << "\n" << policies);
    const Compiled compiled = compile(policies, three_namespaces);
    // A selector that isolates and has no rules gets no group, so the objects do not say whom it isolates.
    if (!every_isolation_has_a_group(compiled)) {
      ++skipped;
      continue;
    }
    const Future future = future_of(compiled);
    Diagnostics diagnostics;
    const ir::Program program = cilium::lower(compiled.policies, future.cluster, {semantics, {}}, diagnostics);
    const kubeovn::Manifest again = kubeovn::lower(program, future.cluster, compiled.policies.catalog, {}, diagnostics);
    const auto groups_of = [](const kubeovn::Manifest& manifest, const Pod& pod) {
      for (const kubeovn::Binding& binding : manifest.bindings)
        if (binding.ns == pod.ns && binding.pod == pod.name) return binding.groups;
      return std::vector<std::string>();
    };
    for (const std::size_t index : future.future) {
      const Pod& pod = future.cluster.pods[index];
      INFO(pod.name << " in " << pod.ns);
      CHECK(groups_of(future.manifest, pod) == groups_of(again, pod));
      bound += !groups_of(again, pod).empty();
    }
    CHECK(std::is_sorted(future.manifest.bindings.begin(), future.manifest.bindings.end(),
                         [](const auto& a, const auto& b) { return std::tie(a.ns, a.pod) < std::tie(b.ns, b.pod); }));
  }
  CHECK(bound > 500);
  CHECK(skipped < 15);
}

TEST_CASE("groups of other hands, of other VPCs, and Subnets with restrictions of their own bind nobody") {
  Compiled compiled = compile(
      cnp("  endpointSelector: {matchLabels: {app: new}}\n  ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]"),
      small_cluster);
  const auto groups_of_new = [&] {
    const Future future = future_of(compiled);
    for (const kubeovn::Binding& binding : future.manifest.bindings)
      if (binding.pod.starts_with("future-") &&
          future.cluster.find_pod(binding.ns, binding.pod)->labels.count("app") != 0)
        return binding.groups.size();
    return std::size_t{0};
  };
  CHECK(groups_of_new() == 3);  // its own, base, open-out
  const Compiled untouched = compiled;
  for (kubeovn::SecurityGroup& group : compiled.manifest.security_groups) group.members.reset();
  CHECK(groups_of_new() == 0);
  compiled.manifest = untouched.manifest;
  for (kubeovn::SecurityGroup& group : compiled.manifest.security_groups) group.vpc = "other";
  CHECK(groups_of_new() == 0);
  compiled.manifest = untouched.manifest;
  for (Subnet& subnet : compiled.cluster.subnets) subnet.is_private = true;
  CHECK(groups_of_new() == 0);
  compiled.cluster = untouched.cluster;
  for (Subnet& subnet : compiled.cluster.subnets) subnet.acls.push_back({"to-lport", "ip4", "drop", 1000, {}});
  CHECK(groups_of_new() == 0);
}
