// What one source rule becomes: counted without making it, told as a sum that is true, and nothing made where it is too much.
#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "backends/kubeovn/expansion.h"
#include "ir/expansion.h"
#include "tests/bench/clock.h"
#include "tests/command_line.h"
#include "tests/compile.h"

using namespace policyconv;
using testing::contains;
using testing::Result;
using testing::run;
using testing::Workplace;

namespace {

std::string cidr_group(std::size_t number, const std::string& cidrs) {
  return fmt::format("apiVersion: cilium.io/v2alpha1\nkind: CiliumCIDRGroup\nmetadata: {{name: g{:06}, labels: {{of: g{:06}}}}}\n"
                     "spec: {{externalCIDRs: [{}]}}\n---\n", number, number, cidrs);
}

/// Pods of shop with these named ports.
std::string pods(const std::vector<std::pair<std::string, std::uint16_t>>& apps_and_ports) {
  std::string text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
  int i = 0;
  for (const auto& [app, port] : apps_and_ports) {
    text += fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{0}, namespace: shop, labels: {{app: {1}, of: l{0}}}}}\n"
                        "spec: {{nodeName: n1, containers: [{{name: c, image: i, ports: [{{name: web, containerPort: {2}, protocol: TCP}}]}}]}}\n"
                        "status: {{phase: Running, podIPs: [{{ip: 10.16.0.{3}}}]}}\n", i, app, port, i + 10);
    ++i;
  }
  return text;
}

std::string told(const Expansion& expansion) {
  Catalog catalog;
  catalog.policies.push_back({"NetworkPolicy", "shop", "a", {}, true});
  catalog.rules.push_back({PolicyId{}, "spec", Direction::Ingress, Verdict::Allow, {}});
  Diagnostics diagnostics;
  report_too_much(RuleId{}, expansion, 5, catalog, diagnostics);
  const std::string& text = diagnostics.all().front().message;
  return text.substr(text.find("become"));
}

/// How many entries the backend makes of each source rule alone, what keeps it off the cluster among them.
std::vector<std::size_t> made_entries(const kubeovn::LowerState& state) {
  std::vector<std::size_t> made(state.catalog.rules.size());
  for (std::size_t id = 0; id < made.size(); ++id) {
    std::vector<ir::Rule> own;
    std::copy_if(state.program.rules.begin(), state.program.rules.end(), std::back_inserter(own),
                 [&](const ir::Rule& rule) { return rule.origin == static_cast<RuleId>(id); });
    for (auto first = own.begin(); first != own.end();) {
      const auto last = std::find_if(first, own.end(), [&](const ir::Rule& rule) { return rule.subject != first->subject; });
      for (const std::size_t vpc : state.groups[static_cast<std::size_t>(first->subject)].vpcs)
        made[id] += kubeovn::entries_of({first, last}, vpc, state).size();
      first = last;
    }
  }
  return made;
}

/// Rules that name what there is to name; `everywhere` also CIDRs and exceptions that reach into the cluster's ranges.
class RandomRules {
 public:
  RandomRules(std::mt19937& random, bool everywhere) : random_(random), everywhere_(everywhere) {}

  std::string policy() {
    std::string spec = "  endpointSelector: {matchLabels: {app: web}}\n";
    for (const char* const section : {"ingress", "ingressDeny", "egress", "egressDeny"})
      spec += fmt::format("  {}:\n  - {}\n  - {}\n", section, rule(section), rule(section));
    return testing::cnp(spec);
  }

 private:
  std::string one_of(const std::vector<std::string>& all) { return all[random_() % all.size()]; }
  std::string some_of(const std::vector<std::string>& all, std::size_t most) {
    std::string list;
    for (std::size_t count = 1 + random_() % most; count != 0; --count) list += (list.empty() ? "" : ", ") + one_of(all);
    return list;
  }

  std::string cidr_set() {
    const std::string within = one_of({"0.0.0.0/0", "8.0.0.0/5", "10.0.0.0/8"});
    const std::string hole = one_of({"10.0.0.0/16, 10.200.0.1/32", "10.128.0.0/9", "10.15.0.0/16, 10.17.3.0/24, 10.17.4.0/24"});
    const std::string inner = one_of({"10.16.3.4/32, 10.16.200.0/24", "10.96.0.0/32", "10.16.0.0/16"});
    return fmt::format("{{cidr: {}, except: [{}]}}", within, everywhere_ && random_() % 2 == 0 ? inner : hole);
  }

  std::string peers(const std::string& section) {
    const std::string to = section.starts_with("in") ? "from" : "to";
    switch (random_() % 5) {
      case 0: return fmt::format("{}Endpoints: [{}]", to, some_of({"{matchLabels: {app: db}}", "{}", "{matchLabels: {app: probe}}"}, 3));
      case 1: return fmt::format("{}Entities: [{}]", to, some_of({"host", "remote-node", "kube-apiserver", "cluster", "world", "all"}, 3));
      case 2: return fmt::format("{}CIDRSet: [{}, {}]", to, cidr_set(), cidr_set());
      case 3:
        return fmt::format("{}CIDR: [{}]", to,
                           everywhere_ ? some_of({"10.16.0.0/24", "10.16.0.7/32", "10.97.0.0/16", "100.64.0.2/32", "'fd00::/8'"}, 4)
                                       : some_of({"0.0.0.0/0", "11.0.0.0/8", "'2001:db8::/32'", "10.0.0.0/8", "'::/0'"}, 4));
      default: return fmt::format("{}CIDR: [192.0.2.0/24]", to);
    }
  }

  std::string rule(const std::string& section) {
    const std::string ports = some_of({"{port: '80', protocol: TCP}", "{port: '53'}", "{port: '90', protocol: SCTP}", "{port: web, protocol: TCP}",
                                       "{port: '100', endPort: 200, protocol: UDP}"}, 5);
    switch (random_() % 3) {
      case 0: return fmt::format("{{{}}}", peers(section));
      case 1: return fmt::format("{{{}, toPorts: [{{ports: [{}]}}]}}", peers(section), ports);
      default: return fmt::format("{{{}, icmps: [{{fields: [{{type: 8, family: IPv4}}, {{type: 128, family: IPv6}}]}}]}}", peers(section));
    }
  }

  std::mt19937& random_;
  bool everywhere_;
};

}  // namespace

TEST_CASE("each rule finds its CIDR groups without looking at all of them") {
  const auto input = [](std::size_t count) {
    std::string references, groups;
    for (std::size_t i = 0; i < count; ++i) {
      references += fmt::format("    - {{cidrGroupRef: g{:06}}}\n", i);
      groups += cidr_group(i, fmt::format("11.{}.{}.{}/32", i >> 16U, i >> 8U & 255U, i & 255U));
    }
    return groups + testing::cnp("  endpointSelector: {}\n  egress:\n  - toCIDRSet:\n" + references);
  };
  const std::string small = input(10'000), large = input(40'000);
  const auto time = [](const std::string& text) {
    return bench::processor_seconds([&] { CHECK(contains(run({"migrate", "-", "--emit", "ir"}, text).out, "outside 11.0.39.15/32")); });
  };
  const double quarter = time(small);
  CHECK(time(large) < 7 * quarter + 0.2);  // four times the work; of the square it would be sixteen
}

TEST_CASE("of CIDR groups those are found that are named or selected") {
  const std::string groups = cidr_group(3, "11.0.3.0/24") + cidr_group(1, "11.0.1.0/24, 11.1.1.0/24") + cidr_group(2, "");
  const auto outside = [&](const std::string& element) {
    const testing::Compiled compiled = testing::compile(
        groups + testing::cnp("  endpointSelector: {}\n  egress: [{toCIDRSet: [" + element + "]}]"), testing::small_cluster);
    std::string text = compiled.reported("PC1130") ? "missing " : "";
    for (const ir::Rule& rule : compiled.program.rules) text += to_string(std::get<ir::Outside>(rule.peer).within) + " ";
    return text;
  };
  CHECK(outside("{cidrGroupRef: g000001}") == "11.0.1.0/24 11.1.1.0/24 ");
  CHECK(outside("{cidrGroupRef: g000002}").empty());
  CHECK(outside("{cidrGroupRef: g000003}") == "11.0.3.0/24 ");
  CHECK(outside("{cidrGroupRef: g}") == "missing ");
  CHECK(outside("{cidrGroupRef: g000009}") == "missing ");
  CHECK(outside("{cidrGroupSelector: {}}") == "11.0.1.0/24 11.0.3.0/24 11.1.1.0/24 ");
  CHECK(outside("{cidrGroupSelector: {matchLabels: {of: g000003}}}") == "11.0.3.0/24 ");
  CHECK(outside("{cidrGroupSelector: {matchLabels: {'cidrgroup:of': g000003}}}") == "11.0.3.0/24 ");
  CHECK(outside("{cidrGroupSelector: {matchLabels: {of: g000002}}}").empty());
  CHECK(outside("{cidrGroupSelector: {matchLabels: {'k8s:of': g000003}}}") == "missing ");
  CHECK(outside("{cidrGroupSelector: {matchExpressions: [{key: 'k8s:of', operator: DoesNotExist}, {key: of, operator: NotIn, values: [g000001]}]}}") ==
        "11.0.3.0/24 ");
}

TEST_CASE("what a rule becomes is told as the sum it is") {
  CHECK(told({{7, 3}}) == "become 21 entries (ports x peers and CIDRs: 3 x 7); the most is 5");
  CHECK(told({{1, 17}, {10, 4}}) == "become 57 entries (ports x peers and CIDRs: 4 x 10 + 17 x 1); the most is 5");
  CHECK(told({{1, 1}, {2, 1}, {3, 1}, {4, 1}}) == "become 10 entries (ports x peers and CIDRs: 1 x 4 + 1 x 3 + 1 x 2 + 1 x 1); the most is 5");
  CHECK(told({{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 2}}) ==
        "become 27 entries (ports x peers and CIDRs: 2 x 6 + 1 x 5 + 1 x 4 + ... + 1 x 1); the most is 5");
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  CHECK(told({{most, 2}}) == fmt::format("become >={0} entries (ports x peers and CIDRs: 2 x {0}); the most is 5", most));
}

TEST_CASE("ports with other peers than the rest of the rule are told apart") {
  // Two numbers for both peers; the name stands for three numbers of the first and one of the second.
  const Workplace here;
  testing::write("cluster.yaml", pods({{"a", 81}, {"a", 82}, {"a", 83}, {"b", 84}, {"web", 80}}));
  const std::string text = testing::cnp("  endpointSelector: {matchLabels: {app: web}}\n  egress:\n"
                                        "  - toEndpoints: [{matchLabels: {app: a}}, {matchLabels: {app: b}}]\n"
                                        "    toPorts: [{ports: [{port: '80', protocol: TCP}, {port: '90', protocol: TCP}, {port: web, protocol: TCP}]}]\n");
  const auto told = [&](const char* most) {
    return run({"migrate", "-", "--cluster", "cluster.yaml", "--cilium", "1.20", "--max-expansion", most}, text).err;
  };
  INFO(told("7"));
  CHECK(contains(told("7"), "would become 8 entries (ports x peers and CIDRs: 2 x 2 + 4 x 1); the most is 7"));
  CHECK_FALSE(contains(told("8"), "PC0142"));
}

TEST_CASE("the backend's factors are those of each kind of traffic") {
  // ICMP has the addresses of its own family alone; of the one in IPv6 sixteen prefixes are left.
  const std::string text = testing::cnp("  endpointSelector: {}\n  egressDeny:\n"
                                        "  - toCIDRSet: [{cidr: 11.0.0.0/8}, {cidr: 13.0.0.0/8}, {cidr: '2001:db8::/32', except: ['2001:db8::/48']}]\n"
                                        "    icmps: [{fields: [{type: 8, family: IPv4}, {type: 128, family: IPv6}]}]\n");
  const Workplace here;
  testing::write("cluster.yaml", testing::small_cluster);
  const Result result = run({"migrate", "-", "--cluster", "cluster.yaml", "--max-expansion", "17"}, text);
  INFO(result.err);
  CHECK(contains(result.err, "would become 18 entries (ports x peers and CIDRs: 1 x 16 + 1 x 2); the most is 17"));
}

TEST_CASE("all of a rule is counted before it is reported") {
  const Workplace here;
  std::vector<std::pair<std::string, std::uint16_t>> ten;
  for (std::uint16_t i = 0; i < 10; ++i) ten.emplace_back("web", static_cast<std::uint16_t>(8000 + i));
  testing::write("cluster.yaml", pods(ten));
  const std::string text = testing::cnp("  endpointSelector: {matchLabels: {app: web}}\n  ingress:\n"
                                        "  - fromCIDR: [11.0.0.1/32, 11.0.0.3/32]\n"
                                        "    toPorts: [{ports: [{port: '80', protocol: TCP}, {port: web, protocol: TCP}, {port: WEB, protocol: TCP}]}]\n");
  CHECK(contains(run({"migrate", "-", "--cluster", "cluster.yaml", "--max-expansion", "19"}, text).err,
                 "would become 42 entries (ports x peers and CIDRs: 21 x 2); the most is 19"));
}

TEST_CASE("all rules that become too much are told, and the others stay") {
  Sources sources;
  Diagnostics diagnostics;
  const std::string wide = "  endpointSelector: {}\n  egress: [{toCIDR: [11.0.0.1/32, 11.0.0.3/32]}, {toCIDR: [11.0.0.1/32]}, {toCIDR: [11.0.0.5/32, 11.0.0.7/32]}]";
  const std::array<std::uint32_t, 1> file{sources.add("p.yaml", testing::cnp(wide))};
  cilium::ParseOptions parse;
  parse.semantics = semantics_of(20);
  const cilium::Policies policies = cilium::parse_policies(sources, file, parse, diagnostics);
  CHECK(cilium::lower(policies, {}, {parse.semantics, {}, 2}, diagnostics).rules.size() == 5);
  CHECK_FALSE(diagnostics.has_errors());
  CHECK(cilium::lower(policies, {}, {parse.semantics, {}, 1}, diagnostics).rules.size() == 1);
  CHECK(std::count_if(diagnostics.all().begin(), diagnostics.all().end(),
                      [](const Diagnostic& told) { return told.kind == Kind::TooMuchExpansion; }) == 2);
  // Errors that were there before are no reason.
  CHECK(cilium::lower(policies, {}, {parse.semantics, {}, 2}, diagnostics).rules.size() == 5);
}

TEST_CASE("errors of both stages are told in one run, and nothing is made of what is left") {
  const Workplace place;
  testing::write("policies.yaml",
                 "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: wide, namespace: shop}\n"
                 "spec:\n  podSelector: {}\n  ingress:\n  - from:\n    - ipBlock: {cidr: 11.0.0.0/8}\n    - ipBlock: {cidr: 13.0.0.0/8}\n"
                 "    - ipBlock: {cidr: 15.0.0.0/8}\n    ports: [{port: 1}, {port: 3}, {port: 5}]\n"
                 "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: by-label, namespace: shop}\n"
                 "spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}\n");
  testing::write("cluster.yaml", pods({{"web", 80}}) +
                                     "---\napiVersion: v1\nkind: Pod\nmetadata: {name: lost, namespace: unknown}\n"
                                     "spec: {nodeName: n1, containers: [{name: c, image: i}]}\nstatus: {phase: Running, podIPs: [{ip: 10.16.0.99}]}\n");
  const auto migrate = [&](const std::string& most) {
    return run({"migrate", "policies.yaml", "--cluster", "cluster.yaml", "--max-expansion", most});
  };
  const Result both = migrate("8");
  CHECK(contains(both.err, "error[PC0142]"));
  CHECK(contains(both.err, "error[PC2045]"));
  CHECK(both.out.empty());
  CHECK_FALSE(contains(migrate("9").err, "error[PC0142]"));
}

TEST_CASE("no fewer entries are counted than are made, and hardly more") {
  std::mt19937 random(20261123);
  std::size_t all_made = 0, all_counted = 0;
  for (int i = 0; i < 300; ++i) {
    const bool everywhere = i % 2 == 0;
    testing::Options options;
    options.sctp = i % 3 == 0;
    options.kube_ovn_minor = i % 5 == 0 ? 14 : 16;
    const std::string text = RandomRules(random, everywhere).policy();
    testing::Compiled compiled = testing::compile(text, i % 7 == 0 ? "" : testing::small_cluster, options);
    INFO(text);
    REQUIRE_FALSE(compiled.has_errors());
    REQUIRE_FALSE(compiled.reported("PC0301"));
    const kubeovn::Topology topology(compiled.cluster, compiled.diagnostics);
    std::vector<kubeovn::GroupFacts> groups;
    for (const ir::Group& group : compiled.program.groups) {
      const std::vector<std::size_t> members = topology.members(group);
      groups.push_back({topology.vpcs_of(group, members), members});
    }
    kubeovn::LowerOptions target;
    target.release = {options.kube_ovn_minor};
    target.sctp = options.sctp;
    std::set<std::size_t> by_address;
    const kubeovn::LowerState state{compiled.program, compiled.policies.catalog, target, topology, groups, compiled.diagnostics, by_address};
    const std::vector<std::size_t> made = made_entries(state), counted = kubeovn::count_entries(state);
    REQUIRE(made.size() == counted.size());
    for (std::size_t id = 0; id < made.size(); ++id) {
      INFO(compiled.policies.catalog.display(static_cast<RuleId>(id)));
      CHECK(made[id] <= counted[id]);
      if (everywhere) continue;
      CHECK(counted[id] <= 2 * made[id] + 20);
      all_made += made[id];
      all_counted += counted[id];
    }
  }
  INFO(all_counted << " counted, " << all_made << " made");
  CHECK(all_made > 1000);
  CHECK(2 * all_counted < 3 * all_made);
}
