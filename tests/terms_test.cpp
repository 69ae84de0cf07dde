// Names for sets of ends: exact, telling, and readable by the language of assertions.
#include "verify/terms.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/ranges.h>

#include "verify/flow_syntax.h"
#include "verify/select.h"

using namespace policyconv;
using namespace policyconv::verify;

namespace {

/// Pods "ns/name key=value,key=value", in any order.
Cluster cluster_of(std::vector<std::string> pods) {
  Cluster cluster;
  std::sort(pods.begin(), pods.end());
  for (const std::string& text : pods) {
    Pod pod;
    const std::size_t slash = text.find('/'), blank = std::min(text.find(' '), text.size());
    pod.ns = text.substr(0, slash);
    pod.name = text.substr(slash + 1, blank - slash - 1);
    for (std::size_t at = blank + 1; at < text.size();) {
      const std::size_t equals = text.find('=', at), end = std::min(text.find(',', at), text.size());
      pod.labels[text.substr(at, equals - at)] = text.substr(equals + 1, end - equals - 1);
      at = end + 1;
    }
    cluster.pods.push_back(std::move(pod));
  }
  return cluster;
}

/// Each pod a class of its own, with the pod's number.
std::vector<EndClass> classes_of(const Cluster& cluster) {
  std::vector<EndClass> classes(cluster.pods.size());
  for (std::size_t i = 0; i < classes.size(); ++i) classes[i].pods = {i};
  return classes;
}

std::string described(const Naming& naming, const std::vector<std::size_t>& ends, const std::vector<EndClass>& all,
                      Side side = Side::To) {
  return fmt::format("{}", fmt::join(naming.describe(ends, all, side), "; "));
}

EndClass outside(std::string_view within, std::vector<std::string_view> except = {}) {
  EndClass added;
  added.kind = EndKind::Outside;
  added.within = *parse_cidr(within);
  for (const std::string_view each : except) added.except.push_back(*parse_cidr(each));
  return added;
}

EndClass nodes(EndKind kind, std::vector<std::pair<std::size_t, std::string_view>> addresses) {
  EndClass added;
  added.kind = kind;
  for (const auto& [node, address] : addresses) added.nodes.push_back({node, parse_address(address)});
  return added;
}

/// The pods that a text of describe() names, by the language of assertions.
std::set<std::size_t> named_by(const std::string& text, const Cluster& cluster) {
  const std::size_t except = text.find(" except ");
  const auto pods_of = [&](const std::string& term) {
    FlowError error;
    Diagnostics diagnostics;
    const auto parsed = parse_end_term(term, error);
    INFO(term << ": " << error.text);
    REQUIRE(parsed);
    const auto selected = select(*parsed, cluster, {}, diagnostics);
    REQUIRE(selected);
    return std::set<std::size_t>(selected->pods.begin(), selected->pods.end());
  };
  std::set<std::size_t> pods = pods_of(text.substr(0, except));
  for (std::size_t at = except; at != std::string::npos && at < text.size();) {
    at += text.compare(at, 8, " except ") == 0 ? 8 : 2;
    const std::size_t end = std::min(text.find(", ", at), text.size());
    for (const std::size_t pod : pods_of(text.substr(at, end - at))) pods.erase(pod);
    at = end;
  }
  return pods;
}

}  // namespace

TEST_CASE("pods are named by what they share and others lack") {
  const Cluster cluster = cluster_of({
      "dev/a app=web",
      "dev/b app=db",
      "prod/a app=web,track=canary",
      "prod/b app=web,track=stable,pod-template-hash=1",
      "prod/c app=db,track=stable",
      "prod/d",
      "prod/e app=mq",
      "prod/f app=mq",
  });
  const Naming naming(cluster);
  const std::vector<EndClass> classes = classes_of(cluster);
  const std::pair<std::vector<std::size_t>, std::string_view> cases[] = {
      {{}, ""},
      {{0, 1, 2, 3, 4, 5, 6, 7}, "pod:*"},
      {{0, 1}, "ns:dev"},
      {{2, 3}, "pod:prod/app=web"},
      {{0, 2, 3}, "pod:*/app=web"},
      {{3, 4}, "pod:prod/track=stable"},
      {{4}, "pod:prod/app=db"},
      {{2}, "pod:prod/a"},  // that only it has track=canary may be chance
      {{3}, "pod:prod/b"},
      {{5}, "pod:prod/d"},
      {{0, 1, 4}, "ns:dev; pod:prod/app=db"},
      {{0, 1, 2, 3}, "pod:*/app=web; ns:dev"},
      {{2, 3, 5, 6, 7}, "ns:prod except pod:prod/app=db"},
      {{0, 1, 2, 3, 4, 6, 7}, "pod:* except pod:prod/d"},
  };
  for (const auto& [ends, words] : cases) CHECK(described(naming, ends, classes) == words);
}

TEST_CASE("terms name exactly the pods of the set") {
  std::mt19937 random(11);
  const auto below = [&](std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random); };
  const std::string_view keys[] = {"app", "tier", "name", "zone"};
  std::size_t terms = 0, members = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> pods;
    const std::size_t count = 1 + below(30);
    for (std::size_t i = 0; i < count; ++i) {
      std::string pod = fmt::format("n{}/p{} ", below(4), i);
      for (const std::string_view key : keys)
        if (below(3) != 0) pod += fmt::format("{}={},", key, below(3));
      pods.push_back(pod.substr(0, pod.size() - 1));
    }
    const Cluster cluster = cluster_of(pods);
    const Naming naming(cluster);
    const std::vector<EndClass> classes = classes_of(cluster);
    // Sets as they come about, by a label or two, and sets of chance.
    std::vector<std::size_t> ends;
    const std::size_t way = below(3), key = below(4), value = below(3);
    for (std::size_t i = 0; i < cluster.pods.size(); ++i) {
      const auto label = cluster.pods[i].labels.find(keys[key]);
      const bool fits = label != cluster.pods[i].labels.end() && label->second == std::to_string(value);
      if (way == 0 ? below(2) == 0 : way == 1 ? fits : !fits || cluster.pods[i].ns == "n1") ends.push_back(i);
    }
    std::set<std::size_t> named;
    const std::vector<std::string> texts = naming.describe(ends, classes, Side::To);
    for (const std::string& text : texts) named.merge(named_by(text, cluster));
    INFO(fmt::format("{}", fmt::join(texts, "; ")));
    CHECK(named == std::set<std::size_t>(ends.begin(), ends.end()));
    CHECK(texts.size() <= ends.size());
    if (way == 1) CHECK(texts.size() <= 1);
    terms += texts.size();
    members += ends.size();
  }
  CHECK(terms * 3 < members);
}

TEST_CASE("pods that do not exist yet are named by labels, and spoil no name of those that do") {
  const Cluster cluster = cluster_of({
      "shop/a app=web",
      "shop/b app=web",
      "shop/c app=db",
      "shop/future-0 app=web,tier=x",
      "shop/future-1 tier=x",
      "shop/future-2",
      "shop/future-3 tier=y,zone=1",
  });
  const Naming naming(cluster, {3, 4, 5, 6});
  const std::vector<EndClass> classes = classes_of(cluster);
  const std::pair<std::vector<std::size_t>, std::string_view> cases[] = {
      {{0, 1}, "pod:shop/app=web"},  // future-0 is not in it, and does not exist
      {{0, 1, 3}, "pod:shop/app=web"},
      {{3, 4}, "pod:shop/tier=x"},
      {{4}, "pod:shop/tier=x"},
      {{5}, "pod:shop/(without labels)"},
      {{6}, "pod:shop/tier=y,zone=1"},
      {{0, 1, 2}, "pod:*"},
      {{0, 1, 2, 3, 4, 5, 6}, "pod:*"},
      {{2, 4}, "pod:shop/app=db; pod:shop/tier=x"},
  };
  for (const auto& [ends, words] : cases) CHECK(described(naming, ends, classes) == words);
}

TEST_CASE("nodes are own or others, and named by the address where only some count") {
  Cluster cluster;
  for (const std::string_view name : {"n1", "n2"}) {
    Node node;
    node.name = name;
    node.internal = {*parse_address(name == "n1" ? "192.168.0.1" : "192.168.0.2"),
                     *parse_address(name == "n1" ? "fd00::1" : "fd00::2")};
    node.join = {*parse_address(name == "n1" ? "100.64.0.1" : "100.64.0.2")};
    cluster.nodes.push_back(node);
  }
  const Naming naming(cluster);
  const auto own = EndKind::OwnNode, other = EndKind::OtherNode;
  const std::vector<EndClass> all = {
      nodes(own, {{0, "192.168.0.1"}}),                       // 0: an API server, say
      nodes(other, {{0, "192.168.0.1"}}),                     // 1
      nodes(own, {{1, "192.168.0.2"}}),                       // 2
      nodes(other, {{1, "192.168.0.2"}}),                     // 3
      nodes(own, {{0, "100.64.0.1"}, {1, "100.64.0.2"}}),     // 4
      nodes(other, {{0, "100.64.0.1"}, {1, "100.64.0.2"}}),   // 5
      nodes(own, {{0, "fd00::1"}, {1, "fd00::2"}}),           // 6
      nodes(other, {{0, "fd00::1"}, {1, "fd00::2"}}),         // 7
  };
  const std::pair<std::vector<std::size_t>, std::string_view> cases[] = {
      {{0, 1, 2, 3, 4, 5, 6, 7}, "node:*"},
      {{0, 2, 4, 6}, "node:* (own)"},
      {{6, 7}, "node:*"},                        // of the one family that is talked about
      {{1, 3, 5}, "node:* (others)"},
      {{0, 2, 4, 5}, "node:* (own); node:* join address (others)"},
      {{1, 3}, "node:* InternalIP (others)"},
      {{0, 1}, "node:n1/192.168.0.1"},
      {{0, 1, 4, 5}, "node:* join address; node:n1"},
  };
  for (const auto& [ends, words] : cases) CHECK(described(naming, ends, all) == words);
}

TEST_CASE("addresses outside are prefixes without what is decided otherwise") {
  const Cluster cluster;
  const Naming naming(cluster);
  const std::vector<EndClass> all = {
      outside("0.0.0.0/0", {"10.0.0.0/8", "10.16.0.0/16", "224.0.0.0/4"}),  // 0
      outside("10.0.0.0/8", {"10.1.0.0/16", "10.16.0.0/16"}),               // 1
      outside("10.1.0.0/16", {"10.1.2.0/24"}),                              // 2
      outside("10.1.2.0/24"),                                               // 3
      outside("10.1.2.3/32"),                                               // 4
      outside("224.0.0.0/4"),                                               // 5
      outside("::/0"),                                                      // 6
      outside("203.0.113.0/25"),                                            // 7
      outside("203.0.113.128/25"),                                          // 8
  };
  const std::tuple<std::vector<std::size_t>, Side, std::string_view> cases[] = {
      {{0, 1, 2, 3, 4, 5, 6, 7, 8}, Side::To, "entity:world"},
      {{0, 1, 2, 3, 4, 6, 7, 8}, Side::From, "entity:world"},
      {{0, 1, 2, 3, 4, 6, 7, 8}, Side::To, "cidr:::/0; cidr:0.0.0.0/0 except 224.0.0.0/4"},
      {{0, 1, 2, 3, 4, 5, 7, 8}, Side::To, "cidr:0.0.0.0/0"},
      {{1, 2, 3, 4}, Side::To, "cidr:10.0.0.0/8"},
      {{1}, Side::To, "cidr:10.0.0.0/8 except 10.1.0.0/16"},
      {{1, 3, 4}, Side::To, "cidr:10.1.2.0/24; cidr:10.0.0.0/8 except 10.1.0.0/16"},
      {{2, 3}, Side::To, "cidr:10.1.0.0/16 except 10.1.2.3/32"},
      {{4}, Side::To, "ip:10.1.2.3"},
      {{7, 8}, Side::To, "cidr:203.0.113.0/24"},
      {{0, 2, 3, 4, 5, 7}, Side::To, "cidr:10.1.0.0/16; cidr:0.0.0.0/0 except 10.0.0.0/8, 203.0.113.128/25"},
  };
  for (const auto& [ends, side, words] : cases) CHECK(described(naming, ends, all, side) == words);

  const std::vector<EndClass> apart = {outside("10.1.2.3/32"), outside("198.51.100.0/24"), outside("198.51.100.128/25")};
  CHECK(described(naming, {0, 1}, apart) == "ip:10.1.2.3; cidr:198.51.100.0/24 except 198.51.100.128/25");

  std::vector<EndClass> many = {outside("0.0.0.0/0")};
  for (int i = 0; i < 20; ++i) many.push_back(outside(fmt::format("20.{}.0.0/16", 2 * i)));
  CHECK(described(naming, {0}, many) ==
        "cidr:0.0.0.0/0 except 20.0.0.0/16, 20.2.0.0/16, 20.4.0.0/16, 20.6.0.0/16, 20.8.0.0/16, 20.10.0.0/16, "
        "20.12.0.0/16, 20.14.0.0/16 and 12 more");
}

TEST_CASE("Services go by name, once") {
  Cluster cluster;
  for (const char* name : {"db", "web"}) {
    Service service;
    service.ns = "shop";
    service.name = name;
    cluster.services.push_back(service);
  }
  std::vector<EndClass> all(3);
  for (std::size_t i = 0; i < 3; ++i) all[i].kind = EndKind::Service, all[i].services = {i / 2};
  const Naming naming(cluster);
  CHECK(described(naming, {0, 1, 2}, all) == "svc:shop/db; svc:shop/web");
}

TEST_CASE("thousands of pods and regions are named in no time") {
  std::vector<std::string> pods;
  for (int i = 0; i < 5400; ++i)
    pods.push_back(fmt::format("ns{}/p{} app=a{},tier=t{},release=r{}", i % 600, i, i % 97, i % 5, i % 31));
  const Cluster cluster = cluster_of(pods);
  const std::vector<EndClass> classes = classes_of(cluster);
  const auto start = std::chrono::steady_clock::now();
  const Naming naming(cluster);
  std::mt19937 random(3);
  for (int region = 0; region < 200; ++region) {
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < classes.size(); ++i)
      if (region % 3 == 0 ? cluster.pods[i].labels.at("app") == "a7" : region % 3 == 1 ? i % 9 != 0 : random() % 2 == 0)
        ends.push_back(i);
    CHECK_FALSE(naming.describe(ends, classes, Side::To).empty());
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  CHECK(took.count() < 20);  // sanitizers and busy machines included
}
