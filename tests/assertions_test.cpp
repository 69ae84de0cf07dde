// Assertions about flows, judged on both sides; each counterexample is put to the evaluators of single flows.
#include "verify/assertions.h"

#include <functional>
#include <string>

#include <catch2/catch.hpp>

#include "tests/compile.h"
#include "verify/select.h"

using namespace policyconv;
using namespace policyconv::verify;

namespace {

const std::string web_to_db =
    "  endpointSelector: {matchLabels: {app: db}}\n"
    "  ingress:\n"
    "  - fromEndpoints: [{matchLabels: {app: web}}]\n"
    "    toPorts: [{ports: [{port: \"5432\", protocol: TCP}]}]";

const std::string more_objects = testing::small_cluster + R"(
- apiVersion: v1
  kind: Pod
  metadata: {name: host-0, namespace: ops, labels: {app: host}}
  spec: {nodeName: n1, hostNetwork: true, containers: [{name: c}]}
  status: {phase: Running, podIPs: [{ip: 192.168.0.1}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: done-0, namespace: ops, labels: {app: done}}
  spec: {nodeName: n1, containers: [{name: c}]}
  status: {phase: Succeeded, podIPs: [{ip: 10.16.0.99}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: twin-0, namespace: twins, labels: {app: db}}
  spec: {nodeName: n1, containers: [{name: c}]}
  status: {phase: Running, podIPs: [{ip: 10.16.0.30}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: twin-1, namespace: twins, labels: {app: db}}
  spec: {nodeName: n1, containers: [{name: c}]}
  status: {phase: Running, podIPs: [{ip: 10.16.0.31}]}
- {apiVersion: v1, kind: Namespace, metadata: {name: twins}}
- {apiVersion: v1, kind: Namespace, metadata: {name: empty}}
- {apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, spec: {clusterIP: 10.96.0.9, selector: {app: db}, ports: [{port: 5432}]}}
- {apiVersion: v1, kind: Service, metadata: {name: none, namespace: shop}, spec: {clusterIP: 10.96.0.8, selector: {app: x}, ports: [{port: 1}]}}
- {apiVersion: v1, kind: Service, metadata: {name: far, namespace: shop}, spec: {clusterIP: 10.96.0.7, ports: [{port: 1}]}}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: far, namespace: shop, labels: {kubernetes.io/service-name: far}}
  addressType: IPv4
  endpoints: [{addresses: [203.0.113.9]}, {addresses: [10.16.0.10]}, {addresses: [192.168.0.2]}]
  ports: [{port: 1}]
)";

struct Checked {
  testing::Compiled compiled;
  std::vector<Assertion> assertions;
  Diagnostics diagnostics;
  std::vector<Outcome> outcomes;
  Semantics semantics = semantics_of(20);

  /// `change`: what somebody did to the objects afterwards.
  Checked(const std::string& policies, const std::string& lines,
          const std::function<void(kubeovn::Manifest&)>& change = {})
      : compiled(testing::compile(policies, more_objects)) {
    REQUIRE_FALSE(compiled.has_errors());
    if (change) change(compiled.manifest);
    assertions = parse_assertions(compiled.sources, compiled.sources.add("rules.txt", lines), diagnostics);
    REQUIRE_FALSE(diagnostics.has_errors());
    const Space space(compiled.policies, semantics, compiled.manifest, compiled.cluster, 1);
    outcomes = check(assertions, space, compiled.cluster, {}, diagnostics);
    for (const Outcome& outcome : outcomes) put_to_evaluators(outcome);
  }

  /// A counterexample to `allow` is denied, one to `deny` is allowed.
  void put_to_evaluators(const Outcome& outcome) const {
    const bool wanted = assertions[outcome.assertion].verdict == Verdict::Allow;
    INFO(assertions[outcome.assertion].text);
    if (outcome.policies) {
      const SourceMeaning meaning(compiled.policies, compiled.cluster, semantics);
      CHECK((meaning.decide(outcome.policies->flow) == Verdict::Allow) != wanted);
    }
    if (outcome.objects) {
      const ManifestMeaning meaning(compiled.manifest, compiled.cluster);
      bool passes = true;
      for (const Direction direction : {Direction::Ingress, Direction::Egress})
        if (const auto decision = meaning.decide(outcome.objects->packet, direction))
          passes &= decision->verdict == Verdict::Allow;
      if (!outcome.objects->is_undefined) CHECK(passes != wanted);
    }
  }

  [[nodiscard]] std::string reported() const {
    std::string all;
    for (const Diagnostic& each : diagnostics.all())
      all += fmt::format("{}:{} {} {}\n", each.where.line, each.where.column, definition(each.kind).code, each.message);
    return all;
  }
};

std::string text(const std::optional<Counterexample>& example, const Cluster& cluster) {
  if (!example) return "holds";
  const Flow& flow = example->flow;
  return fmt::format("{} -> {} {}/{}", to_string(cluster, flow.from), to_string(cluster, flow.to),
                     policyconv::to_string(flow.protocol), flow.port);
}

}  // namespace

TEST_CASE("an assertion holds if everything it names does what it says") {
  // The single line, then what the policies and the objects do.
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      {"allow pod:shop/app=web -> pod:shop/app=db tcp/5432", "holds", "holds"},
      {"deny pod:shop/app=web -> pod:shop/app=db tcp/1-5431,tcp/5433-65535,udp,sctp,icmp,icmp6", "holds", "holds"},
      {"deny ns:ops -> pod:shop/app=db any", "holds", "holds"},
      {"deny cidr:0.0.0.0/0 -> pod:shop/app=db any", "holds", "holds"},
      {"deny entity:world -> svc:shop/db tcp,udp,sctp,icmp", "holds", "holds"},
      {"deny entity:world -> svc:shop/db icmp6", "holds", "holds"},  // the ICMP of gateways is nobody's policy
      {"allow pod:* -> pod:shop/web-0 tcp/80", "holds", "holds"},
      {"allow pod:shop/db-0 -> entity:world tcp/443,udp/53", "holds", "holds"},
      {"allow entity:world -> pod:shop/app!=db tcp", "holds", "holds"},
      {"allow node:n2 -> pod:shop/db-0 tcp/8080", "holds", "holds"},  // its own node: probes
      {"allow node:n2/192.168.0.2 -> pod:shop/db-0 tcp/8080", "holds", "holds"},
      {"allow node:n1/100.64.0.2 -> pod:shop/db-0 tcp/8080", "node:n1/100.64.0.2 -> pod:shop/db-0 tcp/8080", "same"},
      {"deny node:n1 -> pod:shop/db-0 tcp/8080", "holds", "holds"},
      {"allow pod:* -> node:* tcp/10250", "holds", "holds"},
      {"allow ns:shop -> pod:shop/db-0 tcp/5432", "holds", "holds"},  // it does not connect to itself
      {"allow ns:* -> pod:shop/db-0 tcp/5432", "pod:ops/probe-0 -> pod:shop/db-0 tcp/5432", "same"},
      {"allow pod:shop/app=web -> pod:shop/app=db tcp/5432-5433", "pod:shop/web-0 -> pod:shop/db-0 tcp/5433", "same"},
      {"deny pod:*/app in (web,probe) -> pod:shop/db-0 any", "pod:shop/web-0 -> pod:shop/db-0 tcp/5432", "same"},
      {"deny pod:shop/db-0 -> entity:world udp/53", "pod:shop/db-0 -> ip:", "same"},
      {"deny ip:203.0.113.7 -> pod:shop/web-0 tcp/443", "ip:203.0.113.7 -> pod:shop/web-0 tcp/443", "same"},
      {"allow entity:kube-apiserver -> pod:shop/db-0 tcp/5432", "node:n1/192.168.0.1 -> pod:shop/db-0 tcp/5432", "same"},
      {"allow svc:shop/far -> pod:shop/db-0 tcp/5432", "ip:203.0.113.9 -> pod:shop/db-0 tcp/5432", "same"},
      {"deny svc:shop/far -> pod:shop/db-0 tcp/80", "node:n2/192.168.0.2 -> pod:shop/db-0 tcp/80", "same"},
      {"allow pod:shop/web-0 -> pod:shop/db-0 any", "pod:shop/web-0 -> pod:shop/db-0 tcp/1", "same"},
  };
  for (const auto& [line, policies, objects] : cases) {
    INFO(line);
    const Checked checked(testing::cnp(web_to_db), std::string(line));
    CHECK(checked.reported() == "");
    REQUIRE(checked.outcomes.size() == 1);
    const std::string of_policies = text(checked.outcomes[0].policies, checked.compiled.cluster);
    const std::string of_objects = text(checked.outcomes[0].objects, checked.compiled.cluster);
    const std::string_view same = objects == "same" ? policies : objects;
    CHECK(of_policies.substr(0, policies.size()) == policies);
    CHECK(of_objects.substr(0, same.size()) == same);
  }
}

TEST_CASE("a prefix means each of its addresses, as the closest rule has it") {
  const std::string one_address =
      "  endpointSelector: {matchLabels: {app: db}}\n"
      "  ingress: [{fromCIDR: [203.0.113.7/32, 198.51.100.0/24]}]";
  const Checked checked(testing::cnp(one_address),
                        "allow ip:203.0.113.7 -> pod:shop/db-0 tcp/80\n"
                        "deny ip:203.0.113.8 -> pod:shop/db-0 tcp/80\n"
                        "deny cidr:203.0.113.0/24 -> pod:shop/db-0 tcp/80\n"
                        "allow cidr:203.0.113.0/24 -> pod:shop/db-0 tcp/80\n"
                        "allow cidr:198.51.100.64/26 -> pod:shop/db-0 tcp/80\n"
                        "deny cidr:198.51.0.0/17 -> pod:shop/db-0 tcp/80\n");
  std::string texts;
  for (const Outcome& outcome : checked.outcomes) {
    texts += text(outcome.policies, checked.compiled.cluster) + "\n";
    CHECK(text(outcome.objects, checked.compiled.cluster) == text(outcome.policies, checked.compiled.cluster));
  }
  CHECK(texts ==
        "holds\n"
        "holds\n"
        "ip:203.0.113.7 -> pod:shop/db-0 tcp/80\n"
        "ip:203.0.113.10 -> pod:shop/db-0 tcp/80\n"
        "holds\n"
        "ip:198.51.100.10 -> pod:shop/db-0 tcp/80\n");
}

TEST_CASE("what is undefined keeps neither promise") {
  const auto tie = [](kubeovn::Manifest& manifest) {
    for (kubeovn::SecurityGroup& group : manifest.security_groups) {
      const std::vector<kubeovn::SgRule> rules = group.ingress;
      for (kubeovn::SgRule rule : rules)
        if (rule.ports && rule.ports->first == 5432) {
          rule.policy = Verdict::Deny;
          group.ingress.push_back(rule);
        }
    }
  };
  const Checked checked(testing::cnp(web_to_db),
                        "allow pod:shop/app=web -> pod:shop/app=db tcp/5432\n"
                        "deny pod:shop/app=web -> pod:shop/app=db tcp/5432\n"
                        "allow pod:shop/app=web -> pod:shop/app=db tcp/5431-5432\n",
                        tie);
  REQUIRE(checked.outcomes.size() == 3);
  CHECK_FALSE(checked.outcomes[0].policies);
  REQUIRE(checked.outcomes[0].objects);
  CHECK(checked.outcomes[0].objects->is_undefined);
  REQUIRE(checked.outcomes[1].objects);
  CHECK(checked.outcomes[1].objects->is_undefined);
  // What is certain is shown first.
  REQUIRE(checked.outcomes[2].objects);
  CHECK_FALSE(checked.outcomes[2].objects->is_undefined);
  CHECK(checked.outcomes[2].objects->packet.port == 5431);
}

TEST_CASE("assertions agree with the evaluators of single flows, for all pods and some ports") {
  const std::pair<std::string_view, Packets> traffic[] = {{"tcp/5432", {Protocol::Tcp, 5432, 5432}},
                                                          {"tcp/80", {Protocol::Tcp, 80, 80}},
                                                          {"udp/53", {Protocol::Udp, 53, 53}},
                                                          {"icmp/8", {Protocol::Icmp, 8, 8}}};
  const std::string_view policies[] = {
      "  endpointSelector: {matchLabels: {app: web}}\n"
      "  egress:\n"
      "  - toEndpoints: [{matchLabels: {app: db}}]\n"
      "    toPorts: [{ports: [{port: \"5432\"}]}]\n"
      "  - toEntities: [world]",
      "  endpointSelector: {}\n"
      "  ingress: [{fromEndpoints: [{}]}]\n"
      "  ingressDeny: [{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: \"53\", protocol: UDP}]}]}]",
  };
  for (const std::string_view policy : policies) {
    std::string lines;
    struct Asked {
      std::size_t from, to;
      Packets packets;
    };
    std::vector<Asked> asked;
    const std::vector<std::string> pods = {"ops/probe-0", "shop/db-0", "shop/web-0", "shop/web-1"};
    const auto compiled = testing::compile(testing::cnp(std::string(policy)), more_objects);
    for (const std::string& from : pods)
      for (const std::string& to : pods)
        for (const auto& [words, packets] : traffic) {
          if (from == to) continue;
          lines += fmt::format("allow pod:{} -> pod:{} {}\ndeny pod:{} -> pod:{} {}\n", from, to, words, from, to, words);
          const auto index = [&](const std::string& name) {
            return std::get<PodEnd>(*parse_end(compiled.cluster, "pod:" + name)).pod;
          };
          asked.push_back({index(from), index(to), packets});
        }
    const Checked checked(testing::cnp(std::string(policy)), lines);
    REQUIRE(checked.outcomes.size() == 2 * asked.size());
    const SourceMeaning written(compiled.policies, compiled.cluster, checked.semantics);
    const ManifestMeaning objects(compiled.manifest, compiled.cluster);
    int allowed = 0;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const Flow flow{PodEnd{asked[i].from}, PodEnd{asked[i].to}, asked[i].packets.protocol, asked[i].packets.first};
      INFO(checked.assertions[2 * i].text);
      const bool passes = written.decide(flow) == Verdict::Allow;
      CHECK(checked.outcomes[2 * i].policies.has_value() == !passes);
      CHECK(checked.outcomes[2 * i + 1].policies.has_value() == passes);
      bool in_all = true, in_none = true;
      for (const Packet& packet : objects.packets(flow)) {
        if ((packet.source.family == Family::V4) == (flow.protocol == Protocol::Icmp6)) continue;
        if (flow.protocol == Protocol::Icmp && packet.source.family == Family::V6) continue;
        bool one = true;
        for (const Direction direction : {Direction::Ingress, Direction::Egress})
          if (const auto decision = objects.decide(packet, direction)) one &= decision->verdict == Verdict::Allow;
        in_all &= one;
        in_none &= !one;
      }
      CHECK(checked.outcomes[2 * i].objects.has_value() == !in_all);
      CHECK(checked.outcomes[2 * i + 1].objects.has_value() == !in_none);
      allowed += passes;
    }
    CHECK(allowed > 0);
    CHECK(allowed < static_cast<int>(asked.size()));
  }
}

TEST_CASE("what names nothing is an error, so that no misspelt assertion holds") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"deny ns:shpo -> pod:* any", "1:6 PC3010 `ns:shpo` names nothing in the cluster: there is no namespace `shpo`"},
      {"deny ns:empty -> pod:* any", "1:6 PC3010 `ns:empty` names nothing in the cluster: there is no pod with a network "
                                     "of its own in namespace `empty`"},
      {"deny pod:shop/web -> pod:* any",
       "1:6 PC3010 `pod:shop/web` names nothing in the cluster: namespace `shop` has no pod `web`; for pods by label "
       "write `pod:shop/KEY=VALUE`"},
      {"deny pod:shop/app=wbe -> pod:* any",
       "1:6 PC3010 `pod:shop/app=wbe` names nothing in the cluster: no pod in namespace `shop` meets `app=wbe`"},
      {"deny pod:shop/ap=web -> pod:* any",
       "1:6 PC3010 `pod:shop/ap=web` names nothing in the cluster: no pod in namespace `shop` has a label `ap`"},
      {"deny pod:*/app=web,tier in (a,b) -> pod:* any",
       "1:6 PC3010 `pod:*/app=web,tier in (a,b)` names nothing in the cluster: no pod in the cluster meets `tier in (a,b)`"},
      {"deny pod:*/app=web,tier=data -> pod:* any",
       "1:6 PC3010 `pod:*/app=web,tier=data` names nothing in the cluster: no pod in the cluster meets all conditions "
       "together"},
      {"deny pod:ops/host-0 -> pod:* any", "1:6 PC3010 `pod:ops/host-0` names nothing in the cluster: the pod is on the "
                                           "host's network, so to policies it is its node"},
      {"deny pod:ops/done-0 -> pod:* any", "1:6 PC3010 `pod:ops/done-0` names nothing in the cluster: the pod has finished"},
      {"deny pod:* -> node:n9 any", "1:15 PC3010 `node:n9` names nothing in the cluster: there is no node `n9`"},
      {"deny pod:* -> node:n1/10.0.0.1 any",
       "1:15 PC3010 `node:n1/10.0.0.1` names nothing in the cluster: node `n1` has no address 10.0.0.1"},
      {"deny pod:* -> svc:shop/dbs any", "1:15 PC3010 `svc:shop/dbs` names nothing in the cluster: there is no Service "
                                         "`shop/dbs`"},
      {"deny pod:* -> svc:shop/none any",
       "1:15 PC3010 `svc:shop/none` names nothing in the cluster: the Service has no ready backend"},
      {"deny pod:* -> ip:10.16.0.10 any", "1:15 PC3010 `ip:10.16.0.10` names nothing in the cluster: the address is not "
                                          "outside, it belongs to `pod:shop/web-0`; write that"},
      {"deny pod:* -> ip:10.96.0.9 any", "1:15 PC3010 `ip:10.96.0.9` names nothing in the cluster: the address is not "
                                         "outside, it belongs to `svc:shop/db`; write that"},
      {"deny pod:* -> cidr:10.16.5.0/24 any",
       "1:15 PC3010 `cidr:10.16.5.0/24` names nothing in the cluster: these addresses are all in the cluster's own "
       "ranges, where nothing holds them but pods and nodes"},
      {"deny node:n1 -> node:n2 any",
       "1:1 PC3011 no packet of this kind can go from `node:n1` to `node:n2`: one of them must be pods"},
      {"deny pod:shop/db-0 -> pod:shop/db-0 any",
       "1:1 PC3011 no packet of this kind can go from `pod:shop/db-0` to `pod:shop/db-0`: they are one and the same pod, "
       "have no addresses of one family that has this protocol, or are in networks that are not connected"},
      {"deny pod:twins/twin-0 -> pod:twins/twin-0 any",  // of a class that meets itself
       "1:1 PC3011 no packet of this kind can go from `pod:twins/twin-0` to `pod:twins/twin-0`: they are one and the same "
       "pod, have no addresses of one family that has this protocol, or are in networks that are not connected"},
      {"deny pod:* -> ip:203.0.113.1 icmp6",
       "1:1 PC3011 no packet of this kind can go from `pod:*` to `ip:203.0.113.1`: they are one and the same pod, have no "
       "addresses of one family that has this protocol, or are in networks that are not connected"},
  };
  for (const auto& [line, report] : cases) {
    INFO(line);
    const Checked checked(testing::cnp(web_to_db), std::string(line));
    CHECK(checked.reported() == std::string(report) + "\n");
    CHECK(checked.outcomes.empty());
  }
}

TEST_CASE("a Service is its ready backends, or without slices the pods of its selector") {
  const auto compiled = testing::compile(testing::cnp(web_to_db), more_objects);
  Diagnostics diagnostics;
  FlowError error;
  const auto by_selector = select(*parse_end_term("svc:shop/db", error), compiled.cluster, {}, diagnostics);
  REQUIRE(by_selector);
  REQUIRE(by_selector->pods.size() == 1);
  CHECK(compiled.cluster.pods[by_selector->pods.front()].name == "db-0");
  const auto by_slice = select(*parse_end_term("svc:shop/far", error), compiled.cluster, {}, diagnostics);
  REQUIRE(by_slice);
  CHECK(by_slice->pods.size() == 1);
  CHECK(by_slice->nodes.size() == 1);
  CHECK(by_slice->outside == std::vector{*parse_cidr("203.0.113.9/32")});
}

TEST_CASE("mistakes of one assertion leave the others to be judged, and all are reported") {
  const Checked checked(testing::cnp(web_to_db),
                        "deny ns:a -> ns:b any\n"
                        "deny ns:ops -> pod:shop/db-0 any\n");
  CHECK(checked.diagnostics.all().size() == 2);
  REQUIRE(checked.outcomes.size() == 1);
  CHECK(checked.outcomes[0].assertion == 1);
}

TEST_CASE("a name that only pods of the future have is an error, but they count among others") {
  Cluster cluster;
  Pod pod;
  pod.ns = "shop";
  pod.name = "future-0";
  pod.labels = {{"app", "web"}, {"tier", "new"}};
  cluster.pods.push_back(pod);
  pod.name = "web-0";
  pod.labels = {{"app", "web"}};
  cluster.pods.push_back(pod);
  Diagnostics diagnostics;
  FlowError error;
  const auto pods = [&](std::string_view text) {
    const auto selected = select(*parse_end_term(text, error), cluster, {0}, diagnostics);
    return selected ? selected->pods : std::vector<std::size_t>();
  };
  CHECK(pods("pod:shop/app=web") == std::vector<std::size_t>{0, 1});
  CHECK(pods("ns:shop") == std::vector<std::size_t>{0, 1});
  CHECK(pods("pod:shop/tier!=new") == std::vector<std::size_t>{1});
  CHECK(pods("pod:shop/tier notin (old)") == std::vector<std::size_t>{0, 1});
  CHECK(pods("pod:shop/tier=new").empty());
  CHECK(pods("pod:shop/future-0").empty());
  CHECK(diagnostics.all().size() == 2);
}
