// Which of the three ways is recommended, for clusters in which each is the plausible one.
#include "assess/ways.h"

#include <functional>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "assess/features.h"

using namespace policyconv;
using namespace policyconv::assess;

namespace {

/// Two gateways and two pods; the recipe's settings of Kube-OVN.
Dump cluster(const std::string& np = "false", const std::string& lb = "true") {
  Dump dump;
  dump.gateways.resize(2);
  dump.gateways[0].name = "gw-a";
  dump.gateways[1].name = "gw-b";
  dump.gateways[0].address = dump.gateways[1].address = parse_address("10.0.1.2");
  const Address shared = *parse_address("10.0.1.2");
  dump.holders = {{HolderKind::Gateway, "kube-system", "gw-a", "n1", "a", "net-a", shared, true, {}},
                  {HolderKind::Gateway, "kube-system", "gw-b", "n1", "b", "net-b", shared, true, {}},
                  {HolderKind::Pod, "shop", "web-0", "n1", "a", "net-a", *parse_address("10.0.1.9"), true, {}},
                  {HolderKind::Pod, "shop", "web-1", "n1", "b", "net-b", *parse_address("10.0.1.9"), true, {}}};
  dump.components = {{"Deployment", "kube-system", "kube-ovn-controller", "c", "", {"--enable-np=" + np, "--enable-lb=" + lb}, {}, {}}};
  dump.kinds = {{"CiliumNetworkPolicy", 4}};
  return dump;
}

void conflict(Assessment& a, const std::string& address, std::vector<std::size_t> holders) {
  Conflict found;
  found.address = *parse_address(address);
  found.holders = std::move(holders);
  found.shared_nodes = {"n1"};
  a.conflicts.conflicts.push_back(found);
}
void overlap(Assessment& a) {
  Overlap found;
  found.common = *parse_cidr("10.0.1.0/24");
  a.conflicts.overlaps.push_back(found);
}
void gateways_conflict(Assessment& a) {
  conflict(a, "10.0.1.2", {0, 1});
  a.plan.moves.push_back({1, *parse_address("10.0.1.2"), *parse_address("10.0.1.3")});
}
void pods_conflict(Assessment& a) {
  conflict(a, "10.0.1.9", {2, 3});
}
void rules(Assessment& a, std::size_t same, std::size_t stricter = 0, std::size_t refused = 0, std::size_t never = 0, std::size_t idle = 0) {
  a.namespaces.push_back({"shop", same + stricter + refused + idle, same, stricter, 0, refused, idle, never});
}
void lose(Assessment& a, std::string_view feature) { a.features.push_back({std::string(feature), {{Fate::Lost, 1}}, {}, ""}); }
void broken(Assessment& a, Kind kind) { a.health.push_back({kind, Severity::Blocker, "text", "evidence", "remedy", {}}); }

std::string text(Way way) {
  switch (way) {
    case Way::Reorder: return "reorder";
    case Way::UniqueAddresses: return "unique";
    case Way::LeaveChaining: return "leave";
  }
  return {};
}
std::string text(assess::Verdict verdict) {
  switch (verdict) {
    case assess::Verdict::Ready: return "ready";
    case assess::Verdict::Work: return "work";
    case assess::Verdict::Blocked: return "blocked";
  }
  return {};
}

struct Case {
  std::string what, expected;
  std::function<void(Assessment&)> fill;
};

void check(const Dump& dump, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    Assessment a;
    c.fill(a);
    weigh(a, dump);
    INFO(c.what << ": " << fmt::format("{}", fmt::join(a.reasons, " ")));
    CHECK(text(a.recommended) + " " + text(a.verdict) == c.expected);
    CHECK(a.ways.size() == 3);
    CHECK_FALSE(a.reasons.empty());
    for (const std::string& reason : a.reasons) CHECK(reason.ends_with("."));
  }
}

}  // namespace

TEST_CASE("without rules in force, Cilium can go, or step back where it answers Services") {
  check(cluster(), {
      {"nothing used", "leave ready", [](Assessment& a) { gateways_conflict(a); }},
      {"nothing used, no conflict", "leave ready", [](Assessment&) {}},
      {"Hubble alone", "leave ready", [](Assessment& a) { gateways_conflict(a); lose(a, hubble); }},
      {"rules that match nothing", "leave ready", [](Assessment& a) { gateways_conflict(a); rules(a, 0, 0, 0, 0, 3); }},
      {"Services by Cilium", "reorder work", [](Assessment& a) { gateways_conflict(a); lose(a, proxy_replacement); }},
      {"Services by Cilium, already in this order", "reorder ready", [](Assessment& a) {
         gateways_conflict(a);
         lose(a, proxy_replacement);
         broken(a, Kind::KubeOvnFileFirst);
       }},
      {"egress gateways", "unique work", [](Assessment& a) { gateways_conflict(a); lose(a, "Egress gateway"); }},
  });
}

TEST_CASE("conflicts, and policies that convert well: leave chaining") {
  check(cluster("true"), {
      {"all same", "leave ready", [](Assessment& a) { gateways_conflict(a); rules(a, 20); }},
      {"few stricter", "leave work", [](Assessment& a) { gateways_conflict(a); rules(a, 18, 2); }},
      {"refused, but never enforced in a chain", "leave work", [](Assessment& a) { gateways_conflict(a); rules(a, 18, 0, 2, 2); }},
      {"Hubble goes", "leave ready", [](Assessment& a) { gateways_conflict(a); rules(a, 20); lose(a, hubble); }},
      {"conflicts of pods, too", "leave ready", [](Assessment& a) { gateways_conflict(a); pods_conflict(a); rules(a, 20); }},
      {"IPv6 alone", "leave ready", [](Assessment& a) { broken(a, Kind::Ipv6Alone); rules(a, 20); }},
  });
  check(cluster("false"), {{"Kube-OVN's switch first", "leave work", [](Assessment& a) { gateways_conflict(a); rules(a, 20); }}});
  check(cluster("true", "false"), {{"Kube-OVN's load balancer first", "leave work", [](Assessment& a) { gateways_conflict(a); rules(a, 20); }}});
}

TEST_CASE("conflicts, and policies that cannot all be converted: unique addresses") {
  check(cluster(), {
      {"refused", "unique work", [](Assessment& a) { gateways_conflict(a); rules(a, 40, 0, 3); }},
      {"much stricter", "unique work", [](Assessment& a) { gateways_conflict(a); rules(a, 10, 10); }},
      {"encryption", "unique work", [](Assessment& a) { gateways_conflict(a); rules(a, 20); lose(a, "Encryption by WireGuard"); }},
      {"a Subnet is full", "unique work", [](Assessment& a) {
         gateways_conflict(a);
         a.plan.moves.clear();
         a.plan.full.emplace_back().gateway = 1;
         a.plan.full.back().proposed = parse_cidr("10.250.0.0/29");
         rules(a, 40, 0, 3);
       }},
      {"the chain has a fault besides", "unique work", [](Assessment& a) { gateways_conflict(a); rules(a, 40, 0, 3); broken(a, Kind::GatewaysLoseTraffic); }},
  });
}

TEST_CASE("where nothing presses, everything stays") {
  check(cluster(), {
      {"no conflict", "unique ready", [](Assessment& a) { rules(a, 20); }},
      {"no conflict, refused rules", "unique ready", [](Assessment& a) { rules(a, 20, 0, 5); }},
      {"a warning", "unique work", [](Assessment& a) { rules(a, 20); a.health.push_back({Kind::MasqueradeOn, Severity::Warning, "", "", "", {}}); }},
      {"the next gateways press", "leave work", [](Assessment& a) { rules(a, 20); a.conflicts.coming.emplace_back(); }},
      {"an overlap presses", "leave work", [](Assessment& a) { rules(a, 20); overlap(a); }},
  });
}

TEST_CASE("what was not seen is not ready, and the reasons say so") {
  const auto weighed = [](const Dump& dump, const std::function<void(Assessment&)>& fill) {
    Assessment a;
    fill(a);
    weigh(a, dump);
    return a;
  };
  const std::string said = "Not called ready, because what the dump lacks can speak against it.";
  for (const char* kind : {"pods", "configmaps", "daemonsets.apps", "ciliumnetworkpolicies.cilium.io", "vips.kubeovn.io"}) {
    INFO(kind);
    const Assessment a = weighed(cluster("true"), [&](Assessment& each) { rules(each, 20); each.missing = {kind}; });
    CHECK(text(a.verdict) == "work");
    CHECK(a.reasons.back() == said);
  }
  // Where there is work anyway, nobody takes it for ready.
  CHECK(weighed(cluster("true"), [](Assessment& a) { gateways_conflict(a); rules(a, 18, 2); a.missing = {"pods"}; }).reasons.back() != said);

  Dump unknown = cluster("true");
  unknown.gateways[1].address.reset();
  CHECK(text(weighed(unknown, [](Assessment& a) { rules(a, 20); }).verdict) == "work");
}

TEST_CASE("Cilium still guards pods that it has an endpoint for, though it is not in the path of new ones") {
  const auto fill = [](Assessment& a) { gateways_conflict(a); lose(a, proxy_replacement); broken(a, Kind::KubeOvnFileFirst); };
  Dump dump = cluster();
  Assessment idle, guarding;
  fill(idle);
  weigh(idle, dump);
  dump.endpoints = {"shop/web-0"};
  fill(guarding);
  weigh(guarding, dump);
  CHECK(text(idle.recommended) + " " + text(idle.verdict) == "reorder ready");
  CHECK(text(guarding.recommended) + " " + text(guarding.verdict) == "reorder work");
  CHECK(guarding.reasons[1] == "Chaining itself is broken: 1 finding.");
}

TEST_CASE("only two endpoints on one node make Cilium refuse one") {
  Assessment a;
  gateways_conflict(a);
  pods_conflict(a);
  a.conflicts.conflicts[1].shared_nodes.clear();
  weigh(a, cluster());
  CHECK(a.reasons[0] == "2 addresses are held more than once, 1 of them in a way that makes Cilium refuse a pod.");
  a.conflicts.conflicts.erase(a.conflicts.conflicts.begin());
  weigh(a, cluster());
  CHECK(a.reasons[0] == "1 address is held more than once.");
}

TEST_CASE("a cluster that no way suits is blocked, and told by what") {
  Assessment a;
  gateways_conflict(a);
  pods_conflict(a);
  rules(a, 40, 0, 3);
  weigh(a, cluster());
  CHECK(text(a.verdict) == "blocked");
  CHECK(text(a.recommended) == "leave");
  CHECK(a.ways[0].blockers == std::vector<std::string>{"43 rules of Cilium would be enforced by nobody"});
  CHECK(a.ways[1].blockers == std::vector<std::string>{"1 address is held twice by pods that the plan cannot move; their Subnets need other CIDRs"});
  CHECK(a.ways[2].blockers == std::vector<std::string>{"3 rules that are in force cannot be converted and would be missing"});
}

TEST_CASE("the table of ways has the numbers of this cluster") {
  Assessment a;
  gateways_conflict(a);
  rules(a, 18, 2);
  lose(a, hubble);
  weigh(a, cluster());
  CHECK(a.ways[0].objects_touched == 5);  // kube-ovn-cni and four pods
  CHECK(a.ways[1].objects_touched == 1);  // one gateway moves
  CHECK(a.ways[2].objects_touched == 10); // two settings, four policies, four pods
  CHECK(a.ways[0].lost == "the network policy of Cilium (20 rules) and what Hubble sees");
  CHECK(a.ways[2].lost == "what Hubble sees");
  CHECK(a.reasons[0] == "1 address is held more than once, 1 of them in a way that makes Cilium refuse a pod.");
  CHECK(a.reasons[1] == "18 of 20 rules in force keep their meaning as SecurityGroups.");
}
