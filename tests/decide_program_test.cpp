// The evaluator of Programs: on Programs written by hand, and on what the compiler makes of every conformance case,
// against Cilium's own verdicts.
#include <catch2/catch.hpp>
#include <iostream>

#include "tests/compile.h"
#include "tests/verdicts.h"
#include "verify/decide_program.h"

using namespace policyconv;
using conformance::Difference;

namespace {

constexpr ir::GroupId web{0}, db{1}, with_http{2};

/// Two groups of the small cluster, the first also with a port's name, and one rule with `web` as its subject.
ir::Program program_of(ir::Rule rule) {
  const auto pods = [](std::string app) { return ir::Group{{{"app", ir::Op::In, {std::move(app)}}}, std::nullopt}; };
  ir::Program program;
  program.groups = {pods("web"), pods("db"), pods("web")};
  program.groups.back().port = ContainerPort{"http", Protocol::Tcp, 8080};
  program.rules = {std::move(rule)};
  return program;
}

/// "deny: a deny rule matches", or "none".
std::string asked(const ir::Program& program, const std::string& from, const std::string& to, Direction direction,
                  Protocol protocol = Protocol::Tcp, std::uint16_t port = 80) {
  const Cluster cluster = testing::compile("", testing::small_cluster).cluster;
  const verify::ProgramMeaning meaning(program, cluster);
  const auto decision =
      meaning.decide({*verify::parse_end(cluster, from), *verify::parse_end(cluster, to), protocol, port}, direction);
  return decision ? std::string(to_string(decision->verdict)) + ": " + decision->reason : "none";
}

struct Tally {
  std::size_t flows = 0, verdicts = 0, equal = 0, explained = 0, wrong = 0;

  void check(const conformance::Case& source) {
    const conformance::Input input = conformance::read(source);
    Diagnostics diagnostics;
    const ir::Program program = cilium::lower(input.policies, input.cluster, {conformance::semantics(), {}}, diagnostics);
    conformance::Losses losses;
    losses.add(diagnostics);
    const verify::ProgramMeaning meaning(program, input.cluster);
    for (const conformance::Flow& flow : source.flows) {
      ++flows;
      const verify::Flow resolved = conformance::resolve(flow, input.cluster);
      check(source.name + " " + conformance::to_string(flow) + " egress", flow.egress,
            meaning.decide(resolved, Direction::Egress), losses);
      check(source.name + " " + conformance::to_string(flow) + " ingress", flow.ingress,
            meaning.decide(resolved, Direction::Ingress), losses);
    }
  }

  void check(const std::string& what, std::optional<Verdict> cilium, const std::optional<verify::Decision>& got,
             const conformance::Losses& losses) {
    INFO(what);
    REQUIRE(cilium.has_value() == got.has_value());
    if (!cilium) return;
    ++verdicts;
    // Cilium's engine names no rules, so any loss of the case explains what is stricter.
    const bool same = *cilium == got->verdict;
    const bool stricter_and_said = *cilium == Verdict::Allow && !losses.none;
    if (same) ++equal;
    else if (stricter_and_said) ++explained;
    else if (++wrong <= 10) std::cout << what << ": Cilium " << to_string(*cilium) << ", Program " << got->reason << '\n';
  }

  void summarize(const std::string& file) const {
    std::cout << file << ": " << flows << " flows, " << verdicts << " verdicts: " << equal << " equal, " << explained
              << " stricter as reported, " << wrong << " wrong\n";
    CHECK(wrong == 0);
    CHECK(equal > 0);
  }
};

}  // namespace

TEST_CASE("a deny rule beats an allow rule, which beats isolation") {
  ir::Program program = program_of({web, Direction::Egress, Verdict::Allow, db, {Protocol::Tcp, {80, 90}, {}}, {}});
  CHECK(asked(program, "pod:shop/web-0", "pod:shop/db-0", Direction::Egress) == "allow: an allow rule matches");
  CHECK(asked(program, "pod:shop/web-0", "pod:ops/probe-0", Direction::Egress) == "allow: not isolated");
  program.isolations = {{web, Direction::Egress}};
  CHECK(asked(program, "pod:shop/web-0", "pod:shop/db-0", Direction::Egress) == "allow: an allow rule matches");
  CHECK(asked(program, "pod:shop/web-0", "pod:ops/probe-0", Direction::Egress) == "deny: isolated");
  CHECK(asked(program, "pod:shop/web-0", "pod:shop/db-0", Direction::Egress, Protocol::Tcp, 91) == "deny: isolated");
  CHECK(asked(program, "pod:shop/web-0", "pod:shop/db-0", Direction::Egress, Protocol::Udp) == "deny: isolated");
  CHECK(asked(program, "pod:shop/web-0", "pod:shop/db-0", Direction::Ingress) == "allow: not isolated");
  program.rules.push_back({web, Direction::Egress, Verdict::Deny, ir::Anyone{}, {Protocol::Tcp, {80, 80}, {}}, {}});
  CHECK(asked(program, "pod:shop/web-0", "pod:shop/db-0", Direction::Egress) == "deny: a deny rule matches");
}

TEST_CASE("a pod's own node gets in unless a rule denies it, and is not let out to") {
  ir::Program program = program_of({web, Direction::Ingress, Verdict::Deny, ir::Entity::Host, {Protocol::Tcp, {22, 22}, {}}, {}});
  program.isolations = {{web, Direction::Egress}, {web, Direction::Ingress}};
  CHECK(asked(program, "node:n1", "pod:shop/web-0", Direction::Ingress) == "allow: own node");
  CHECK(asked(program, "node:n1", "pod:shop/web-0", Direction::Ingress, Protocol::Tcp, 22) == "deny: a deny rule matches");
  CHECK(asked(program, "node:n2", "pod:shop/web-0", Direction::Ingress) == "deny: isolated");
  CHECK(asked(program, "pod:shop/web-0", "node:n1", Direction::Egress) == "deny: isolated");
}

TEST_CASE("peers: groups with ports, addresses outside, entities") {
  const auto reaches = [](ir::Peer peer, const std::string& to) {
    ir::Program program = program_of({web, Direction::Egress, Verdict::Allow, std::move(peer), {}, {}});
    program.isolations = {{web, Direction::Egress}};
    return asked(program, "pod:shop/web-0", to, Direction::Egress).starts_with("allow");
  };
  CHECK(reaches(ir::Anyone{}, "ip:1.1.1.1"));
  CHECK_FALSE(reaches(with_http, "pod:shop/web-1"));  // its http is another number
  CHECK(reaches(web, "pod:shop/web-1"));
  const ir::Outside most{whole(Family::V4), {*parse_cidr("1.1.0.0/16")}};
  CHECK(reaches(most, "ip:1.2.0.0"));
  CHECK_FALSE(reaches(most, "ip:1.1.255.255"));
  CHECK_FALSE(reaches(most, "ip:2001:db8::1"));
  CHECK_FALSE(reaches(most, "pod:shop/db-0"));
  CHECK_FALSE(reaches(most, "node:n2"));
  CHECK(reaches(ir::Entity::Cluster, "pod:shop/db-0"));
  CHECK(reaches(ir::Entity::Cluster, "node:n2"));
  CHECK_FALSE(reaches(ir::Entity::Cluster, "ip:1.1.1.1"));
  CHECK(reaches(ir::Entity::Apiserver, "node:n1"));
  CHECK_FALSE(reaches(ir::Entity::Apiserver, "node:n1/fd00:192::1"));
  CHECK_FALSE(reaches(ir::Entity::Apiserver, "node:n2"));
  CHECK(reaches(ir::Entity::RemoteNode, "node:n2"));
  CHECK_FALSE(reaches(ir::Entity::RemoteNode, "node:n1"));
  CHECK(reaches(ir::Entity::Nodes, "node:n1"));
  CHECK_FALSE(reaches(ir::Entity::Nodes, "pod:shop/db-0"));
}

TEST_CASE("ICMP rules name one type or all of a family") {
  const auto reaches = [](std::optional<std::uint8_t> type, Protocol protocol, std::uint16_t port) {
    ir::Program program = program_of({web, Direction::Egress, Verdict::Allow, ir::Anyone{}, {Protocol::Icmp, {}, type}, {}});
    program.isolations = {{web, Direction::Egress}};
    return asked(program, "pod:shop/web-0", "pod:shop/db-0", Direction::Egress, protocol, port).starts_with("allow");
  };
  CHECK(reaches(8, Protocol::Icmp, 8));
  CHECK_FALSE(reaches(8, Protocol::Icmp, 13));
  CHECK(reaches(std::nullopt, Protocol::Icmp, 13));
  CHECK_FALSE(reaches(std::nullopt, Protocol::Icmp6, 128));
  CHECK_FALSE(reaches(std::nullopt, Protocol::Tcp, 8));
}

TEST_CASE("who is no pod says nothing, and a pod reaches itself") {
  ir::Program program = program_of({web, Direction::Egress, Verdict::Deny, ir::Anyone{}, {}, {}});
  CHECK(asked(program, "pod:shop/web-0", "ip:1.1.1.1", Direction::Ingress) == "none");
  CHECK(asked(program, "node:n1", "pod:shop/web-0", Direction::Egress) == "none");
  CHECK(asked(program, "pod:shop/web-0", "pod:shop/web-0", Direction::Egress) == "allow: the same pod");
}

TEST_CASE("the Programs of the curated corpus mean what Cilium does") {
  Tally tally;
  conformance::for_each_curated_case([&](const conformance::Case& source) { tally.check(source); });
  tally.summarize("curated.jsonl");
}

TEST_CASE("the Programs of the public corpus mean what Cilium does") {
  Tally tally;
  conformance::for_each_public_case([&](const conformance::Case& source) { tally.check(source); });
  tally.summarize("public.jsonl.gz");
}
